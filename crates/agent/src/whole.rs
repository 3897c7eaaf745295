//! Files that are replaced as a whole: whoever reads one finds what was or what is, never half of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file, for nobody else to read. Once this returns it is there even after a power cut.
pub(crate) fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    // Windows does not rename what is open.
    drop(file);
    fs::rename(&beside, path)?;
    // The name has to last as well. Windows opens no folders, and its file system writes names down by itself.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_text_or_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        for text in ["a long first text", "", "second"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        // What lies in the way of the new one leaves the old one as it is.
        fs::create_dir(path.with_extension("new")).unwrap();
        replace(&path, b"third").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
    }
}
