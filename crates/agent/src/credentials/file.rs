//! Ranges with ordered lists of credentials, as a credentials file and `dca.toml` hold them.

use super::{Keyring, Named, UserOptions, Versions, community_credentials, names, user_credentials};
use crate::input::{self, InputError};
use dca_fence::Target;
use dca_snmp::Version;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// One `[[range]]`, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRange {
    /// What people call it.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What it covers; absent: every address that no other range covers.
    #[serde(default)]
    pub(crate) targets: Option<Vec<Spanned<String>>>,
    /// The credentials, tried in this order.
    #[serde(rename = "try")]
    pub(crate) list: Vec<Spanned<RawCredential>>,
}

/// One entry of a `try` list: a community or a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCredential {
    /// The community of SNMPv1 and v2c.
    pub community: Option<RawSecret>,
    /// For a community: which versions, in which order: `["2c", "1"]`.
    pub versions: Option<Vec<String>>,
    /// The user name of SNMPv3.
    pub user: Option<String>,
    /// md5, sha, sha224, sha256, sha384, sha512.
    pub auth: Option<String>,
    /// The authentication password.
    pub auth_pass: Option<RawSecret>,
    /// A file with nothing but the authentication password.
    pub auth_pass_file: Option<PathBuf>,
    /// des, aes128, aes192, aes256.
    #[serde(rename = "priv")]
    pub privacy: Option<String>,
    /// The privacy password.
    #[serde(rename = "priv_pass")]
    pub privacy_pass: Option<RawSecret>,
    /// A file with nothing but the privacy password.
    #[serde(rename = "priv_pass_file")]
    pub privacy_pass_file: Option<PathBuf>,
    /// The v3 context.
    pub context: Option<String>,
}

/// A secret: itself (in a credentials file alone), its name in the secrets folder, or a file that holds nothing else.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, { secret = \"NAME\" } or { file = \"PATH\" }")]
pub enum RawSecret {
    /// The secret itself.
    Value(String),
    /// A file of this name in the secrets folder.
    #[serde(rename_all = "snake_case")]
    Name {
        /// The name.
        secret: String,
    },
    /// A file.
    File {
        /// Relative to the file that names it.
        file: PathBuf,
    },
}

impl fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawSecret(..)")
    }
}

/// Where secrets that are given by name or file are found.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The folder of the file that names them.
    pub base: PathBuf,
    /// The folder with one file per secret.
    pub folder: Option<PathBuf>,
    /// True if a secret may stand in the file itself.
    pub plain: bool,
}

impl Secrets {
    fn value(&self, what: &str, raw: &RawSecret) -> Result<Vec<u8>, String> {
        match raw {
            RawSecret::Value(_) if !self.plain => {
                Err(format!("{what}: expected {{ secret = \"NAME\" }} or {{ file = \"PATH\" }}, not the secret itself"))
            }
            RawSecret::Value(value) => Ok(value.clone().into_bytes()),
            RawSecret::File { file } => self.file(what, file),
            RawSecret::Name { secret } => {
                let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
                if secret.is_empty() || secret.starts_with('.') || !secret.chars().all(is_plain) {
                    return Err(format!("{what}: expected a secret's name of letters, digits, \"-\", \"_\" and \".\""));
                }
                // A configuration that the portal gives could have it sent to a device.
                if secret == crate::vault::KEY {
                    return Err(format!("{what}: {secret:?} is the vault's own key and no secret for devices"));
                }
                let Some(folder) = &self.folder else {
                    return Err(format!("{what}: secret {secret:?} is given by name, expected secrets = \"FOLDER\""));
                };
                self.file(what, &folder.join(secret))
            }
        }
    }

    fn file(&self, what: &str, file: &Path) -> Result<Vec<u8>, String> {
        secret_file(&self.base.join(file)).map_err(|error| format!("{what}: {error}"))
    }
}

/// Reads a file that holds nothing but a secret; the end of the line does not belong to it.
pub fn secret_file(path: &Path) -> Result<Vec<u8>, InputError> {
    let mut octets = input::octets(path)?;
    for end in [b'\n', b'\r'] {
        if octets.last() == Some(&end) {
            octets.pop();
        }
    }
    if octets.is_empty() {
        return Err(InputError::file(path, "expected a secret, found nothing"));
    }
    if octets.contains(&b'\n') {
        return Err(InputError::file(path, "expected one line with nothing but the secret"));
    }
    Ok(octets)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    range: Vec<RawRange>,
}

pub(super) fn read(path: &Path, versions: Versions) -> Result<Keyring, InputError> {
    let text = input::text(path)?;
    let raw: RawFile = toml::from_str(&text).map_err(|error| input::toml_error(path, &text, &error))?;
    let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let secrets = Secrets { folder: None, base, plain: true };
    keyring(path, &text, &raw.range, &secrets, versions)
}

/// The keyring of some ranges.
pub(crate) fn keyring(
    path: &Path,
    text: &str,
    raw: &[RawRange],
    secrets: &Secrets,
    versions: Versions,
) -> Result<Keyring, InputError> {
    let mut ranges = Vec::new();
    let mut otherwise = None;
    for range in raw {
        let mut list = Vec::new();
        for (at, credential) in range.list.iter().enumerate() {
            let line = input::line_at(text, credential.span().start);
            let made = credential.get_ref().resolve(at + 1, secrets, versions);
            list.extend(made.map_err(|what| InputError::line(path, line, what))?);
        }
        match &range.targets {
            Some(written) => ranges.push((targets(path, text, written)?, list)),
            None if otherwise.is_none() => otherwise = Some(list),
            None => {
                return Err(InputError::file(path, "expected at most one [[range]] without targets, found another"));
            }
        }
    }
    Keyring::of(ranges, otherwise.unwrap_or_default()).map_err(|what| InputError::file(path, what))
}

/// The targets of a range, each error with its line.
pub(crate) fn targets(path: &Path, text: &str, written: &[Spanned<String>]) -> Result<Vec<Target>, InputError> {
    let mut targets = Vec::new();
    for entry in written {
        let target = Target::parse(entry.get_ref()).map_err(|error| {
            let line = input::line_at(text, entry.span().start);
            InputError::line(path, line, format!("target {:?}: {error}", entry.get_ref()))
        })?;
        targets.push(target);
    }
    Ok(targets)
}

impl RawCredential {
    fn resolve(&self, number: usize, secrets: &Secrets, versions: Versions) -> Result<Vec<Named>, String> {
        match (&self.community, &self.user) {
            (Some(community), None) => self.community(community, number, secrets, versions),
            (None, Some(user)) => self.user(user, secrets, versions),
            _ => Err("expected either community or user".into()),
        }
    }

    fn community(
        &self,
        community: &RawSecret,
        number: usize,
        secrets: &Secrets,
        versions: Versions,
    ) -> Result<Vec<Named>, String> {
        if self.auth.is_some() || self.privacy.is_some() || self.context.is_some() {
            return Err("auth, priv and context go with user, not with community".into());
        }
        let name = secrets.value("community", community)?;
        let Some(written) = &self.versions else { return Ok(community_credentials(&name, number, versions)) };
        let mut list = Vec::new();
        for version in written {
            let version = match version.as_str() {
                "1" => Version::V1,
                "2" | "2c" => Version::V2c,
                other => return Err(format!("versions: expected \"2c\" or \"1\", found {other:?}")),
            };
            if matches!(versions, Versions::Any) || versions == Versions::Only(version) {
                list.extend(community_credentials(&name, number, Versions::Only(version)));
            }
        }
        Ok(list)
    }

    fn user(&self, name: &str, secrets: &Secrets, versions: Versions) -> Result<Vec<Named>, String> {
        if self.versions.is_some() {
            return Err("versions goes with community; a user is of SNMPv3".into());
        }
        let auth =
            self.auth.as_deref().map(names::auth_protocol).transpose().map_err(|what| format!("auth: {what}"))?;
        let privacy =
            self.privacy.as_deref().map(names::priv_protocol).transpose().map_err(|what| format!("priv: {what}"))?;
        let auth_pass = pass("auth_pass", secrets, self.auth_pass.as_ref(), self.auth_pass_file.as_deref())?;
        let privacy_pass = pass("priv_pass", secrets, self.privacy_pass.as_ref(), self.privacy_pass_file.as_deref())?;
        if let Versions::Only(Version::V1 | Version::V2c) = versions {
            return Ok(Vec::new());
        }
        let user = UserOptions {
            name,
            auth: both("auth", auth, &auth_pass)?,
            privacy: both("priv", privacy, &privacy_pass)?,
            context: self.context.as_deref().unwrap_or_default(),
        };
        Ok(vec![user_credentials(&user)?])
    }
}

fn pass(
    what: &str,
    secrets: &Secrets,
    raw: Option<&RawSecret>,
    file: Option<&Path>,
) -> Result<Option<Vec<u8>>, String> {
    match (raw, file) {
        (Some(_), Some(_)) => Err(format!("expected {what} or {what}_file, found both")),
        (Some(raw), None) => secrets.value(what, raw).map(Some),
        (None, Some(file)) => secrets.file(what, file).map(Some),
        (None, None) => Ok(None),
    }
}

fn both<'a, P>(what: &str, protocol: Option<P>, pass: &'a Option<Vec<u8>>) -> Result<Option<(P, &'a [u8])>, String> {
    match (protocol, pass) {
        (Some(protocol), Some(pass)) => Ok(Some((protocol, pass))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{what} needs a password: expected {what}_pass or {what}_pass_file")),
        (None, Some(_)) => Err(format!("{what}_pass needs a protocol: expected {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Keyring, InputError> {
        let path = Path::new("creds.toml");
        let raw: RawFile = toml::from_str(text).map_err(|error| input::toml_error(path, text, &error))?;
        let secrets = Secrets { base: PathBuf::new(), folder: None, plain: true };
        keyring(path, text, &raw.range, &secrets, Versions::Any)
    }

    fn labels(keyring: &Keyring, at: &str) -> Vec<String> {
        keyring.at(at.parse().unwrap()).iter().map(|named| named.label.to_string()).collect()
    }

    const OFFICE: &str = r#"
[[range]]
targets = ["192.0.2.0/24", "!192.0.2.9"]
try = [{ community = "office", versions = ["1"] },
       { user = "reader", auth = "sha256", auth_pass = "long enough", priv = "aes128", priv_pass = "long enough" }]
[[range]]
try = [{ community = "public" }]
"#;

    #[test]
    fn the_first_range_that_covers_an_address_decides() {
        let keyring = check(OFFICE).unwrap();
        assert_eq!(labels(&keyring, "192.0.2.1:1161"), ["v1, community 1", "v3, user reader"]);
        assert_eq!(labels(&keyring, "192.0.2.9:161"), ["v2c, community 1", "v1, community 1"]);
        assert_eq!(labels(&keyring, "198.51.100.1:161"), ["v2c, community 1", "v1, community 1"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_without_the_secret() {
        for (entry, expected) in [
            ("{ community = \"hunter2\", auth = \"md5\" }", "line 3: auth, priv and context go with user"),
            ("{ community = 5 }", "expected a text"),
            ("{ comunity = \"hunter2\" }", "line 3: unknown field `comunity`"),
            ("{ user = \"u\", auth = \"md6\", auth_pass = \"hunter2hunter2\" }", "line 3: auth: expected md5"),
            ("{ user = \"u\", auth = \"md5\" }", "line 3: auth needs a password"),
            (
                "{ user = \"u\", priv = \"des\", priv_pass = \"hunter2hunter2\" }",
                "line 3: privacy password: privacy needs",
            ),
            ("{ user = \"u\", auth = \"md5\", auth_pass = \"hunter2\" }", "shorter than 8"),
            ("{ community = { secret = \"office\" } }", "expected secrets = "),
            ("{ community = { file = \"/no/such\" } }", "/no/such: cannot be read"),
            ("{ community = \"hunter2\", versions = [\"3\"] }", "line 3: versions: expected"),
        ] {
            let error =
                check(&format!("[[range]]\ntargets = [\"192.0.2.1\"]\ntry = [{entry}]\n")).unwrap_err().to_string();
            assert!(error.contains(expected) && error.starts_with("creds.toml, line"), "{entry}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = check("[[range]]\ntry = []\ntargets = [\"192.0.2.1\",\n\"192.0.2.1/33\"]\n").unwrap_err();
        assert_eq!((error.line, error.what.contains("192.0.2.1/33")), (Some(4), true), "{error}");
    }
}
