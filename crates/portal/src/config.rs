//! `explorer.toml`: as it stands in the file, and as it is used.

mod broker;

pub use broker::{BrokerAt, BrokerKind};

use crate::ca::is_name;
use broker::RawBroker;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// How the portal runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The one port for agents and people.
    pub listen: SocketAddr,
    /// Metrics, health and readiness; on the loopback interface. None: not served.
    pub metrics: Option<SocketAddr>,
    /// MQTT over TLS without a WebSocket, usually on 8883. None: not served; the one port speaks MQTT in any case.
    pub mqtt: Option<SocketAddr>,
    /// Who carries hints instead of the portal's own MQTT endpoint.
    pub broker: Option<BrokerAt>,
    /// How agents and people reach it: `https://host[:port]`.
    pub public: String,
    /// Host names and addresses in the portal's own certificate.
    pub names: Vec<String>,
    /// Where keys are, and SQLite's file unless configured.
    pub state: PathBuf,
    /// `sqlite:PATH` or `postgres://...`.
    pub database: String,
    /// PEM files of a certificate chain and its key, if not the portal's own.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Seconds between check-ins.
    pub period_s: u32,
    /// How long things are kept.
    pub keep: Keep,
}

/// Retention, in days, per class.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Readings as single rows, before they become a chunk per day.
    pub rows: u32,
    /// Readings.
    pub readings: u32,
    /// The last total of each month and device.
    pub months: u32,
    /// What happened to devices and agents.
    pub events: u32,
    /// Orders and what came of them.
    pub commands: u32,
    /// Diagnostics bundles.
    pub diagnostics: u32,
    /// The audit log.
    pub audit: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { rows: 3, readings: 800, months: 3_650, events: 400, commands: 400, diagnostics: 30, audit: 3_650 }
    }
}

/// Why a configuration is not good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Its text.
    #[error("{}", .0.to_string().trim_end())]
    Toml(#[from] toml::de::Error),
    /// What it says.
    #[error("{}{why}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Wrong {
        /// Where, if it stands there at all.
        line: Option<usize>,
        /// What is wrong, and what would be right.
        why: &'static str,
    },
}

/// What is wrong about the value of `key`.
fn wrong(text: &str, key: &str, why: &'static str) -> ConfigError {
    let is_of = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    ConfigError::Wrong { line: text.lines().position(is_of).map(|place| place + 1), why }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    mqtt: Option<SocketAddr>,
    public: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    state: Option<PathBuf>,
    database: Option<String>,
    certificate: Option<PathBuf>,
    certificate_key: Option<PathBuf>,
    period: Option<u32>,
    broker: Option<RawBroker>,
    #[serde(default)]
    keep: Keep,
}

impl Config {
    /// From a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not good.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path);
        Self::parse(&text.map_err(|error| ConfigError::File { path: path.to_owned(), error })?)
    }

    /// From the text of a file.
    ///
    /// # Errors
    /// If it is not good.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let raw: Raw = toml::from_str(text)?;
        let listen = raw.listen.unwrap_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 8443));
        let public = match raw.public {
            Some(public) => public.trim_end_matches('/').to_owned(),
            None if listen.ip().is_unspecified() => {
                return Err(wrong(
                    text,
                    "public",
                    "public = \"https://HOST[:PORT]\" is missing: how agents and people reach this portal",
                ));
            }
            None => format!("https://{listen}"),
        };
        let host =
            host_of(&public).ok_or_else(|| wrong(text, "public", "public is https://HOST or https://HOST:PORT"))?;
        let mut names = vec![host.to_owned()];
        names.extend(raw.names);
        names.dedup();
        if !names.iter().all(|name| is_name(name)) {
            return Err(wrong(text, "names", "names are host names and addresses"));
        }
        let metrics = raw.metrics.unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 9464));
        if !metrics.ip().is_loopback() {
            return Err(wrong(text, "metrics", "metrics are served on a loopback address only"));
        }
        let certificate = match (raw.certificate, raw.certificate_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong(text, "certificate", "certificate and certificate_key go together")),
        };
        let state = raw.state.unwrap_or_else(|| PathBuf::from("/var/lib/explorer"));
        let database = raw.database.unwrap_or_else(|| sqlite_in(&state));
        let period_s = raw.period.unwrap_or(300);
        if !(1..=3_600).contains(&period_s) {
            return Err(wrong(text, "period", "period is 1 to 3600 seconds"));
        }
        let broker = raw.broker.map(|broker| broker.check(text)).transpose()?;
        if broker.is_some() && raw.mqtt.is_some() {
            return Err(wrong(text, "mqtt", "mqtt is the portal's own endpoint: it goes without [broker]"));
        }
        if raw.keep.rows == 0 {
            return Err(wrong(text, "rows", "keep.rows is at least a day"));
        }
        Ok(Self {
            listen,
            metrics: Some(metrics),
            mqtt: raw.mqtt,
            broker,
            public,
            names,
            state,
            database,
            certificate,
            period_s,
            keep: raw.keep,
        })
    }

    /// A portal on a loopback port that the system chooses, with everything in `state`: for the demo and for tests.
    pub fn local(state: &Path) -> Self {
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        Self {
            listen,
            metrics: None,
            mqtt: None,
            broker: None,
            public: format!("https://{listen}"),
            names: vec![IpAddr::from(Ipv4Addr::LOCALHOST).to_string(), "localhost".to_owned()],
            state: state.to_owned(),
            database: sqlite_in(state),
            certificate: None,
            period_s: 300,
            keep: Keep::default(),
        }
    }
}

fn sqlite_in(state: &Path) -> String {
    format!("sqlite:{}", state.join("explorer.db").display())
}

/// The host in `https://HOST[:PORT]`.
pub(crate) fn host_of(public: &str) -> Option<&str> {
    let authority = public.strip_prefix("https://")?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    is_name(host).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_full_and_what_is_wrong() {
        let good = Config::parse("public = 'https://portal.example:444/'\nnames = ['10.0.0.7']\n[keep]\nreadings = 90")
            .unwrap();
        assert_eq!(good.public, "https://portal.example:444");
        assert_eq!(good.names, ["portal.example", "10.0.0.7"]);
        assert_eq!((good.keep.readings, good.keep.rows), (90, 3));
        for wrong in [
            "",
            "public = 'http://portal.example'",
            "public = 'https://portal.example/path'",
            "public = 'https://a'\nmetrics = '0.0.0.0:9464'",
            "public = 'https://a'\ncertificate = 'a.pem'",
            "public = 'https://a'\nperiod = 0",
            "public = 'https://a'\nunknown = 0",
            "public = 'https://a'\n[keep]\nrows = 0",
            "public = 'https://a'\n[broker]\nurl = 'mqtt://b'\nagents = ['wss://b/mqtt']",
            "public = 'https://a'\n[broker]\nurl = 'mqtts://b'\nagents = ['wss://b/mqtt']",
            "public = 'https://a'\n[broker]\nurl = 'mqtt://127.0.0.1'\nagents = ['ws://b/mqtt']",
            "public = 'https://a'\n[broker]\nurl = 'iothub://a.azure-devices.net'\ntrust = '/etc/ssl/cert.pem'",
            "public = 'https://a'\nmqtt = '0.0.0.0:8883'\n[broker]\nurl = 'mqtt://127.0.0.1'\nagents = ['wss://b/mqtt']",
        ] {
            assert!(Config::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mistake_is_shown_with_its_line() {
        let check = |text: &str| Config::parse(text).map(drop).map_err(|error| error.to_string());
        assert_eq!(
            check("public = 'https://a'\n\nmetrics = '0.0.0.0:9464'"),
            Err("line 3: metrics are served on a loopback address only".to_owned())
        );
        assert_eq!(
            check("# period\npublic='https://a'\nperiod = 0").unwrap_err(),
            "line 3: period is 1 to 3600 seconds"
        );
        assert!(check("public = 'https://a'\nperid = 7").unwrap_err().contains("line 2"));
        assert!(check("listen = '0.0.0.0'").unwrap_err().contains("line 1"));
        let missing = check("").unwrap_err();
        assert!(missing.starts_with("public =") && missing.contains("is missing"), "{missing}");
    }
}
