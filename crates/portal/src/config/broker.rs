//! `[broker]`: who carries hints to agents instead of the portal's own MQTT endpoint.

use super::{ConfigError, host_of, wrong};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where a broker is and how the portal proves itself there.
#[derive(Clone)]
pub struct BrokerAt {
    /// As it stands in the file.
    pub url: String,
    /// What it is.
    pub kind: BrokerKind,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// PEM file of the certificates that it may prove itself with; none: no TLS, on loopback only.
    pub trust: Option<PathBuf>,
    /// The portal's name there; of a hub, the shared access policy.
    pub user: Option<String>,
    /// The password that goes with it; of a hub, the policy's key in base64.
    pub password: Option<Zeroizing<String>>,
    /// `wss://...` and `mqtts://...`, where agents find it, in the order to try.
    pub agents: Vec<String>,
}

/// What carries hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// A broker that the portal is a client of, by MQTT 3.1.1.
    Mqtt,
    /// Azure IoT Hub, by its service interface.
    IotHub,
}

impl std::fmt::Debug for BrokerAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerAt").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBroker {
    url: String,
    #[serde(default)]
    agents: Vec<String>,
    trust: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
}

impl RawBroker {
    pub(super) fn check(self, text: &str) -> Result<BrokerAt, ConfigError> {
        let Self { url, mut agents, trust, user, password_file } = self;
        let no = |why| wrong(text, "url", why);
        let expected = "url is mqtts://HOST[:PORT], iothub://HOST, or mqtt://HOST[:PORT] on loopback";
        let (scheme, authority) = url.split_once("://").ok_or_else(|| no(expected))?;
        let (usual, kind) = match scheme {
            "mqtts" => (8883, BrokerKind::Mqtt),
            "mqtt" => (1883, BrokerKind::Mqtt),
            "iothub" => (443, BrokerKind::IotHub),
            _ => return Err(no(expected)),
        };
        let plain = scheme == "mqtt";
        let host = host_of(&format!("https://{authority}")).ok_or_else(|| no("url names no host"))?.to_owned();
        let port = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((_, port)) => port.parse().map_err(|_| no("the port in url is a number"))?,
            None => usual,
        };
        let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if plain && !loopback {
            return Err(no("a broker on another machine is reached by mqtts://, with TLS"));
        }
        if plain == trust.is_some() {
            return Err(no(
                "mqtts:// and iothub:// go with trust, a PEM file of whom to trust (on Debian /etc/ssl/certs/ca-certificates.crt)",
            ));
        }
        if kind == BrokerKind::IotHub && agents.is_empty() {
            agents = vec![format!("wss://{host}/$iothub/websocket"), format!("mqtts://{host}:8883")];
        }
        let secure = |place: &String| place.starts_with("wss://") || place.starts_with("mqtts://");
        if agents.is_empty() || !agents.iter().all(secure) {
            return Err(wrong(
                text,
                "agents",
                "agents is a list of wss:// and mqtts:// places where agents find the broker",
            ));
        }
        let password = match password_file {
            Some(path) => {
                let read = std::fs::read_to_string(&path).map_err(|error| ConfigError::File { path, error })?;
                Some(Zeroizing::new(read.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => None,
        };
        if kind == BrokerKind::IotHub {
            let named =
                |user: &String| user.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
            if !user.as_ref().is_some_and(named) {
                return Err(no("iothub:// goes with user, the name of a shared access policy of the hub"));
            }
            if !password
                .as_ref()
                .is_some_and(|key| BASE64_STANDARD.decode(key.as_bytes()).is_ok_and(|key| !key.is_empty()))
            {
                return Err(no("iothub:// goes with password_file, which holds a key of the policy as Azure shows it"));
            }
        }
        Ok(BrokerAt { url, kind, host, port, trust, user, password, agents })
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use crate::config::BrokerKind;

    #[test]
    fn a_hub_needs_a_policy_and_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let check = |more: &str| {
            let text = format!(
                "public = 'https://a'\n[broker]\nurl = 'iothub://office.azure-devices.net'\ntrust = '/ca.pem'\npassword_file = {key:?}\n{more}"
            );
            Config::parse(&text).map_err(|error| error.to_string())
        };
        std::fs::write(&key, "not base64!").unwrap();
        assert!(check("user = 'explorer'").unwrap_err().contains("as Azure shows it"));
        std::fs::write(&key, "c2VjcmV0\n").unwrap();
        assert!(check("").unwrap_err().contains("a shared access policy"));
        assert!(check("user = \"a\\r\\nb\"").unwrap_err().contains("a shared access policy"));
        let at = check("user = 'explorer'").unwrap().broker.unwrap();
        assert_eq!((at.kind, at.host.as_str(), at.port), (BrokerKind::IotHub, "office.azure-devices.net", 443));
        let places = ["wss://office.azure-devices.net/$iothub/websocket", "mqtts://office.azure-devices.net:8883"];
        assert_eq!(at.agents, places);
        assert!(!format!("{at:?}").contains("c2VjcmV0"));
    }
}
