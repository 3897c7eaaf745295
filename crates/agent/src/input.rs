//! What people hand in (files and arguments), and what to tell them when it cannot be used.

use dca_printer::Profiles;
use std::fmt;
use std::path::{Path, PathBuf};

/// Something handed in that cannot be used: where it stands, and what was expected there.
///
/// The text never contains a value from a credentials file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// The file, or `None` for an argument.
    pub file: Option<PathBuf>,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// What is wrong and what was expected.
    pub what: String,
}

impl InputError {
    /// For an argument.
    pub fn argument(what: impl Into<String>) -> Self {
        Self { file: None, line: None, what: what.into() }
    }

    /// For a file as a whole.
    pub fn file(file: &Path, what: impl Into<String>) -> Self {
        Self { file: Some(file.into()), line: None, what: what.into() }
    }

    /// For a line of a file.
    pub fn line(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { file: Some(file.into()), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}, line {line}: {}", file.display(), self.what),
            (Some(file), None) => write!(f, "{}: {}", file.display(), self.what),
            (None, _) => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for InputError {}

/// The built-in profiles and these files, or the `.toml` files of these folders; a file wins over a built-in profile of the
/// same name.
pub fn profiles(places: &[PathBuf]) -> Result<Profiles, InputError> {
    let mut texts = Vec::new();
    for file in profile_files(places)? {
        texts.push((file.display().to_string(), text(&file)?));
    }
    let pairs = texts.iter().map(|(file, text)| (file.as_str(), text.as_str()));
    Profiles::with(pairs).map_err(|error| InputError::argument(error.to_string()))
}

/// The files, and those of the folders.
pub(crate) fn profile_files(places: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let files = places.iter().map(|place| if place.is_dir() { toml_files(place) } else { Ok(vec![place.clone()]) });
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

/// A user's own folder of profiles: `dca/profiles` in the folder for settings (`$XDG_CONFIG_HOME`, or `.config` in `$HOME`).
/// None if it is not there or holds no profile.
pub fn own_profiles(config_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // Relative paths in these variables are to be ignored (XDG Base Directory Specification).
    let config = config_home.filter(|path| path.is_absolute()).or_else(|| Some(home?.join(".config")))?;
    let folder = config.join("dca/profiles");
    toml_files(&folder).is_ok().then_some(folder)
}

/// The `.toml` files of a folder, by name; at least one.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let fail = |error: std::io::Error| InputError::file(folder, format!("cannot be listed: {error}"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let file = entry.map_err(fail)?.path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(InputError::file(folder, "expected profiles: files that end with .toml"));
    }
    Ok(files)
}

/// Largest text file that is read: far above any list of ranges or recorded walk.
const MAX_FILE: u64 = 64 << 20;

/// Reads a text file; octets that are not UTF-8 are replaced.
pub(crate) fn text(path: &Path) -> Result<String, InputError> {
    Ok(String::from_utf8_lossy(&octets(path)?).into_owned())
}

/// Reads a file.
pub(crate) fn octets(path: &Path) -> Result<Vec<u8>, InputError> {
    let fail = |error: std::io::Error| InputError::file(path, format!("cannot be read: {error}"));
    let about = std::fs::metadata(path).map_err(fail)?;
    if about.is_dir() {
        return Err(InputError::file(path, "expected a file, found a folder"));
    }
    if about.len() > MAX_FILE {
        return Err(InputError::file(path, format!("expected at most {} MiB", MAX_FILE >> 20)));
    }
    std::fs::read(path).map_err(fail)
}

/// The line of an octet offset, counted from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|octet| *octet == b'\n').count() + 1
}

/// What a TOML parser has to say, without the values it stumbled over: they may be secrets.
pub(crate) fn toml_error(file: &Path, text: &str, error: &toml::de::Error) -> InputError {
    let mut what = String::new();
    let mut quoted = false;
    for letter in error.message().chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                what.push_str(if quoted { "\"…" } else { "\"" });
            }
            '\n' => what.push_str("; "),
            letter if !quoted => what.push(letter),
            _ => {}
        }
    }
    let line = error.span().map(|span| line_at(text, span.start));
    InputError { file: Some(file.into()), line, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toml_error_has_its_line_and_not_the_value() {
        let text = "a = 1\nb = \"hunter2\"\n";
        #[derive(Debug, serde::Deserialize)]
        struct File {
            #[expect(dead_code, reason = "never made")]
            a: u8,
            #[expect(dead_code, reason = "never made")]
            b: u8,
        }
        let error = toml::from_str::<File>(text).unwrap_err();
        let error = toml_error(Path::new("c.toml"), text, &error).to_string();
        assert!(error.starts_with("c.toml, line 2: "), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn profiles_come_from_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let error = profiles(&[folder.path().into()]).unwrap_err().to_string();
        assert!(error.contains("expected profiles"), "{error}");
        std::fs::write(folder.path().join("notes.txt"), "no profile").unwrap();
        for name in ["acme", "zenith"] {
            let text = format!(
                "extends = \"printer-mib\"\nvendor = \"{name}\"\nrecordings = []\n[[match]]\nwords = \"{name}\"\n"
            );
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let both = profiles(&[folder.path().into()]).unwrap();
        assert!(both.named("acme").is_some() && both.named("zenith").is_some() && both.named("kyocera").is_some());
        let one = profiles(&[folder.path().join("acme.toml")]).unwrap();
        assert!(one.named("acme").is_some() && one.named("zenith").is_none());
    }

    #[test]
    fn the_users_own_folder_is_where_settings_are() {
        let home = tempfile::tempdir().unwrap();
        let check =
            |config: Option<&Path>, home: &Path| own_profiles(config.map(Path::to_owned), Some(home.to_owned()));
        let folder = home.path().join(".config/dca/profiles");
        assert_eq!(check(None, home.path()), None);
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(check(None, home.path()), None, "an empty folder is none");
        std::fs::write(folder.join("acme.toml"), "").unwrap();
        assert_eq!(check(None, home.path()), Some(folder.clone()));
        assert_eq!(check(Some(Path::new("relative")), home.path()), Some(folder));
        assert_eq!(check(Some(Path::new("/nowhere")), home.path()), None);
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let error = text(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(error.to_string().contains("expected a file"), "{error}");
    }
}
