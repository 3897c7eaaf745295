//! `dca.toml`: [`RawConfig`] mirrors the file, [`Config`] holds only what is valid.
//!
//! ```toml
//! secrets = "secrets"                 # folder with one file per secret, beside this file
//! profiles = "profiles"               # folder of printer profiles of one's own, beside this file; they win over built-in ones
//!
//! also = ["ledm", "zebra:9101"]       # second ways to ask printers that SNMP has introduced; absent: none
//! pins = "pins"                       # where certificates of printers are remembered, beside this file; absent: nowhere,
//!                                     # by dca run in state_dir
//!
//! [snmp]
//! timeout = 2.0                       # seconds until a device counts as silent
//! retries = 1                         # how often it is asked again within that time
//! rate = 200                          # packets a second, at most; absent: no limit
//! polite = true                       # small datagrams and pauses; absent: false
//!
//! [[range]]
//! name = "Head office"
//! targets = ["192.168.10.0/24", "!192.168.10.7", "plotter.example.com"]
//! try = [{ community = { secret = "office" } }, { user = "reader", auth = "sha256", auth_pass = { secret = "reader" } }]
//! ```
//!
//! For the service, `dca run`, also:
//!
//! ```toml
//! state_dir = "/var/lib/dca"          # what it remembers
//!
//! [portal]
//! proxy = "http://proxy.example:3128" # or "none"; absent: HTTPS_PROXY, ALL_PROXY, NO_PROXY
//! spread = 300                        # after a restart, the first check-in comes at some moment of so many seconds
//!
//! [permit]                            # what the portal may ask for at most; it cannot change this
//! ranges = ["192.168.0.0/16"]         # absent: the ranges of this file
//! orders = ["scan", "read"]           # absent: scan, read, ping, walk, diagnose
//! also = ["ledm"]                     # absent: the second ways of this file
//! ```
//!
//! The file holds names of secrets, never secrets.

use crate::also::Also;
use crate::credentials::file::{self, RawRange};
use crate::credentials::{Keyring, Secrets, Versions};
use crate::input::{self, InputError};
use crate::scope::Targets;
use crate::{Asking, asking};
use dca_printer::Profiles;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConfig {
    /// Folder with one file per secret. Absent: `$CREDENTIALS_DIRECTORY`, as systemd sets it.
    pub secrets: Option<PathBuf>,
    /// A file or folder of printer profiles: they win over built-in ones of the same name. Absent: the built-in ones.
    pub profiles: Option<Spanned<PathBuf>>,
    /// Second ways to ask, such as `zebra` or `ipp:8631`.
    #[serde(default)]
    pub also: Vec<Spanned<String>>,
    /// The file that remembers certificates. Absent: none is remembered.
    pub pins: Option<PathBuf>,
    /// How to ask.
    #[serde(default)]
    pub snmp: RawSnmp,
    /// What the service remembers. Absent: [`STATE`].
    pub state_dir: Option<PathBuf>,
    /// The way to the portal.
    #[serde(default)]
    pub portal: RawPortal,
    /// The most that the portal may ask for.
    #[serde(default)]
    permit: RawPermit,
    #[serde(default)]
    range: Vec<Spanned<RawRange>>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    path: PathBuf,
}

/// Seconds: a restart of everybody's machines at once is not one of everybody's check-ins.
const SPREAD: u64 = 300;

/// Where the service keeps its state, if nothing else is said.
pub const STATE: &str = if cfg!(windows) { r"C:\ProgramData\dca" } else { "/var/lib/dca" };

/// `[portal]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPortal {
    /// `http://`, `https://` or `socks5://[USER:PASSWORD@]HOST:PORT`, or `none`. Absent: as the environment says.
    pub proxy: Option<String>,
    /// Seconds over which the first check-in after a restart is spread, 300 at most and if absent.
    pub spread: Option<u16>,
}

/// `[permit]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPermit {
    ranges: Option<Vec<Spanned<String>>>,
    orders: Option<Vec<Spanned<Errand>>>,
    also: Option<Vec<Spanned<String>>>,
}

/// What an order of the portal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Look for printers.
    Scan,
    /// Read printers at once.
    Read,
    /// An ICMP echo.
    Ping,
    /// A part of a device's tree.
    Walk,
    /// How the agent is.
    Diagnose,
}

impl Errand {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Scan, Self::Read, Self::Ping, Self::Walk, Self::Diagnose];
}

/// The most that the portal may ask for. Only who owns this machine can change it.
#[derive(Debug, Clone)]
pub struct Permit {
    /// Where.
    pub(crate) ranges: Targets,
    /// What.
    pub(crate) orders: BTreeSet<Errand>,
    /// In which second ways.
    pub(crate) also: Vec<Also>,
}

/// `[snmp]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSnmp {
    /// Seconds until a device counts as silent; 0.05 to 60.
    pub timeout: Option<Spanned<f64>>,
    /// How often it is asked again within that time; 0 to 10.
    pub retries: Option<Spanned<u32>>,
    /// Packets a second, at most.
    pub rate: Option<Spanned<u32>>,
    /// Small datagrams, pauses between questions to one device, at most 50 packets a second.
    #[serde(default)]
    pub polite: bool,
}

/// A configuration that can be used as it is.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to ask.
    pub asking: Asking,
    /// Whom.
    pub targets: Targets,
    /// As whom.
    pub keyring: Keyring,
    /// The ranges' names.
    pub ranges: Vec<String>,
    /// Second ways to ask, for [`Scope::also`](crate::Scope::also).
    pub also: Vec<Also>,
    /// The file that remembers certificates, see [`Pins`](crate::Pins).
    pub pins: Option<PathBuf>,
    /// What reads the printers: the built-in profiles and the file's own.
    pub profiles: Profiles,
    /// What the service remembers.
    pub state_dir: PathBuf,
    /// The proxy to the portal, as [`crate::proxy`] takes it.
    pub proxy: Option<String>,
    /// Over how long the first check-in after a restart is spread.
    pub spread: Duration,
    /// The most that the portal may ask for.
    pub permit: Permit,
    /// The folder with one file per secret.
    pub(crate) secrets: Option<PathBuf>,
    /// Where the service manager lays secrets ready, the vault's own key among them.
    pub(crate) credentials: Option<PathBuf>,
}

impl RawConfig {
    /// Reads the text of a file; `path` is for messages and relative paths.
    pub fn parse(path: &Path, text: &str) -> Result<Self, InputError> {
        let raw: Self = toml::from_str(text).map_err(|error| input::toml_error(path, text, &error))?;
        Ok(Self { text: text.to_owned(), path: path.to_owned(), ..raw })
    }

    /// Checks everything and reads the secrets. `credentials_directory` is used when the file names no folder.
    pub fn resolve(self, credentials_directory: Option<PathBuf>) -> Result<Config, InputError> {
        let (path, text) = (self.path.as_path(), self.text.as_str());
        let line = |start: usize| input::line_at(text, start);
        let asking = self.snmp.resolve(path, text)?;
        let ways = |written: &[Spanned<String>]| {
            let way = |way: &Spanned<String>| {
                way.get_ref().parse::<Also>().map_err(|what| {
                    InputError::line(path, line(way.span().start), format!("also {:?}: {what}", way.get_ref()))
                })
            };
            written.iter().map(way).collect::<Result<Vec<_>, _>>()
        };
        let also = ways(&self.also)?;
        let permitted_also = self.permit.also.as_deref().map_or_else(|| Ok(also.clone()), ways)?;
        if self.range.is_empty() && self.permit.ranges.is_none() {
            return Err(InputError::file(
                path,
                "expected at least one [[range]] with targets and try (or [permit] with ranges, for a portal to fill in)",
            ));
        }
        let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = self.secrets.as_ref().map(|folder| base.join(folder)).or_else(|| credentials_directory.clone());
        let pins = self.pins.as_ref().map(|file| base.join(file));
        let own: Vec<PathBuf> = self.profiles.iter().map(|place| base.join(place.get_ref())).collect();
        let profiles = input::profiles(&own).map_err(|error| match &self.profiles {
            Some(place) => InputError::line(path, line(place.span().start), format!("profiles: {error}")),
            None => error,
        })?;
        let secrets = Secrets { base, folder: folder.clone(), plain: false };
        let (mut targets, mut ranges, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for (at, range) in self.range.into_iter().enumerate() {
            let start = line(range.span().start);
            let range = range.into_inner();
            let Some(written) = &range.targets else {
                return Err(InputError::line(path, start, "expected targets in every [[range]]: they are the fence"));
            };
            if range.list.is_empty() {
                return Err(InputError::line(path, start, "expected at least one entry in try"));
            }
            targets.extend(file::targets(path, text, written)?);
            ranges.push(range.name.clone().unwrap_or_else(|| format!("range {}", at + 1)));
            raw.push(range);
        }
        let keyring = file::keyring(path, text, &raw, &secrets, Versions::Any)?;
        let targets = match targets.is_empty() {
            true => Targets::default(),
            false => Targets::new(targets).map_err(|error| InputError::file(path, error.what))?,
        };
        let permitted = match &self.permit.ranges {
            Some(written) => Targets::new(file::targets(path, text, written)?)
                .map_err(|error| InputError::file(path, format!("[permit] ranges: {}", error.what)))?,
            None => targets.clone(),
        };
        let orders = match &self.permit.orders {
            Some(written) => written.iter().map(|errand| *errand.get_ref()).collect(),
            None => Errand::ALL.into_iter().collect(),
        };
        Ok(Config {
            asking,
            targets,
            keyring,
            ranges,
            also,
            pins,
            profiles,
            state_dir: self.state_dir.unwrap_or_else(|| PathBuf::from(STATE)),
            proxy: self.portal.proxy,
            spread: Duration::from_secs(self.portal.spread.map_or(SPREAD, u64::from).min(SPREAD)),
            permit: Permit { ranges: permitted, orders, also: permitted_also },
            secrets: folder,
            credentials: credentials_directory,
        })
    }
}

impl RawSnmp {
    pub(crate) fn resolve(&self, path: &Path, text: &str) -> Result<Asking, InputError> {
        let line = |start: usize| input::line_at(text, start);
        let mut asking = Asking { polite: self.polite, ..Asking::default() };
        if let Some(timeout) = &self.timeout {
            asking.timeout = asking::seconds(*timeout.get_ref())
                .map_err(|what| InputError::line(path, line(timeout.span().start), format!("timeout: {what}")))?;
        }
        if let Some(retries) = &self.retries {
            asking.retries = asking::retries(*retries.get_ref())
                .map_err(|what| InputError::line(path, line(retries.span().start), format!("retries: {what}")))?;
        }
        if let Some(rate) = &self.rate {
            asking.rate = Some(
                asking::rate(*rate.get_ref())
                    .map_err(|what| InputError::line(path, line(rate.span().start), format!("rate: {what}")))?,
            );
        }
        Ok(asking)
    }
}

/// Reads and checks a configuration file.
pub fn check(path: &Path, credentials_directory: Option<PathBuf>) -> Result<Config, InputError> {
    RawConfig::parse(path, &input::text(path)?)?.resolve(credentials_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<Config, InputError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        std::fs::write(folder.path().join("secrets/office"), "hunter2\n").unwrap();
        RawConfig::parse(&folder.path().join("dca.toml"), text)?.resolve(None)
    }

    #[test]
    fn a_whole_file_is_understood() {
        let config = resolve(
            "secrets = \"secrets\"\nalso = [\"ledm\", \"zebra:9101\"]\npins = \"pins\"\n[snmp]\ntimeout = 1.5\nretries = 2\nrate = 100\npolite = true\n[[range]]\nname = \"Office\"\n\
             targets = [\"192.0.2.0/24\", \"plotter.example.com\"]\ntry = [{ community = { secret = \"office\" } }]\n",
        )
        .unwrap();
        assert_eq!(config.asking.timeout.as_millis(), 1500);
        assert_eq!((config.asking.retries, config.asking.rate, config.asking.polite), (2, Some(100), true));
        assert_eq!(config.asking.packets(), Some(50));
        assert_eq!(config.ranges, ["Office"]);
        let also: Vec<_> = config.also.iter().map(|also| (also.way.name(), also.port)).collect();
        assert_eq!(also, [("ledm", None), ("zebra", Some(9101))]);
        assert!(config.pins.unwrap().ends_with("pins"));
        assert_eq!(config.keyring.at("192.0.2.1:161".parse().unwrap()).len(), 2);
        assert_eq!(config.keyring.at("198.51.100.1:161".parse().unwrap()).len(), 0);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let range = "[[range]]\ntargets = [\"192.0.2.1\"]\n";
        for (text, expected) in [
            (String::new(), "at least one [[range]]"),
            ("[snmp]\ntimeout = 900\n".into(), "line 2: timeout: expected"),
            ("also = [\"ledm\",\n\"http\"]\n".into(), "line 2: also \"http\": expected zebra, ledm, ipp"),
            ("[snmp]\nretires = 1\n".into(), "line 2: unknown field `retires`"),
            (format!("{range}try = [{{ community = \"hunter2\" }}]"), "line 3: community: expected { secret"),
            (format!("{range}try = []"), "line 1: expected at least one entry in try"),
            ("[[range]]\ntry = []\n".into(), "line 1: expected targets in every"),
            (
                format!("secrets = \"secrets\"\n{range}try = [{{ community = {{ secret = \"no\" }} }}]"),
                "cannot be read",
            ),
            (format!("{range}try = [{{ community = {{ secret = \"../x\" }} }}]"), "expected a secret's name"),
            (
                "[[range]]\ntargets = [\"10.0.0.0/99\"]\ntry = [{ user = \"u\" }]".into(),
                "line 2: target \"10.0.0.0/99\"",
            ),
        ] {
            let error = resolve(&text).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
