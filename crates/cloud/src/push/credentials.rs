//! What a broker is shown: a client certificate in any case, and a password where it wants one.

use crate::identity::Identity;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use dca_wire::AgentId;
use dca_wire::mqtt::Dialect;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::fmt::Write;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a token of Azure IoT Hub is good for, if nothing else is said. It cannot be renewed within a connection.
const TOKEN_LIFE: Duration = Duration::from_secs(3_600);
/// The name that a signature for MQTT is made for, in place of a call's path.
const SIGNED_PATH: &str = "/mqtt";

/// What the broker wants to be shown.
pub enum Access {
    /// The client certificate alone (IoT Hub with X.509, or a broker that takes names from certificates).
    Certificate,
    /// A signature by the certificate's key as password, as beside gRPC calls: the portal's own endpoint, also where TLS is
    /// broken open.
    Signature,
    /// A fixed password.
    Password(Zeroizing<String>),
    /// A token signed with a device key of Azure IoT Hub.
    Token(DeviceKey),
}

/// A symmetric key of Azure IoT Hub. Secret.
pub struct DeviceKey {
    key: Zeroizing<Vec<u8>>,
    life: Duration,
}

/// What goes into the CONNECT packet, and until when it is good.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    /// Milliseconds since 1970; `None`: as long as the connection lasts.
    pub(super) until_ms: Option<i64>,
}

impl DeviceKey {
    /// The key, as the Azure portal shows it (base 64).
    pub fn parse(text: &str) -> Option<Self> {
        let key = BASE64_STANDARD.decode(text.trim()).ok().filter(|key| !key.is_empty())?;
        Some(Self { key: Zeroizing::new(key), life: TOKEN_LIFE })
    }

    /// The same, whose tokens are good for `life` instead of an hour.
    #[must_use]
    pub fn with_life(self, life: Duration) -> Self {
        Self { life, ..self }
    }
}

impl Access {
    pub(super) fn credentials(
        &self,
        identity: &Identity,
        dialect: Dialect,
        host: &str,
        now_ms: i64,
    ) -> Result<Credentials, String> {
        let agent = identity.agent();
        let user = dialect.user_name(host, agent);
        let (password, until_ms) = match self {
            Self::Certificate => (Zeroizing::new(String::new()), None),
            Self::Password(password) => (password.clone(), None),
            Self::Signature => {
                let mut nonce = [0; 12];
                getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
                let nonce = BASE64_URL_SAFE_NO_PAD.encode(nonce);
                let signature = identity.signature(SIGNED_PATH, now_ms, &nonce).map_err(|error| error.to_string())?;
                (Zeroizing::new(signature), None)
            }
            Self::Token(key) => {
                let until_s = now_ms.saturating_add(key.life.as_millis() as i64) / 1_000;
                (token(host, agent, key, until_s)?, Some(until_s.saturating_mul(1_000)))
            }
        };
        Ok(Credentials { user, password, until_ms })
    }
}

/// `SharedAccessSignature sr=..&sig=..&se=..`, as Azure IoT Hub documents it.
fn token(host: &str, agent: &AgentId, key: &DeviceKey, until_s: i64) -> Result<Zeroizing<String>, String> {
    let resource = escape(&format!("{host}/devices/{agent}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.key).map_err(|error| error.to_string())?;
    mac.update(format!("{resource}\n{until_s}").as_bytes());
    let signature = escape(&BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    Ok(Zeroizing::new(format!("SharedAccessSignature sr={resource}&sig={signature}&se={until_s}")))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "Certificate",
            Self::Signature => "Signature",
            Self::Password(_) => "Password(..)",
            Self::Token(_) => "Token(..)",
        })
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python: `hmac.new(b64decode(key), quote(sr, safe='') + '\n' + se, sha256)`, then base 64 and `quote`.
    #[test]
    fn a_token_is_as_iot_hub_documents_it() {
        let key = DeviceKey::parse("MDEyMzQ1Njc4OWFiY2RlZg==").unwrap();
        let agent = AgentId::parse("agent-1").unwrap();
        let token = token("hub.azure-devices.net", &agent, &key, 1_700_000_000).unwrap();
        let expected = "SharedAccessSignature sr=hub.azure-devices.net%2Fdevices%2Fagent-1&sig=aAUPqhDS0U0Wdl9Ml0h3mYLUR%2Fm4t%2BxOm3uzbBtBeQc%3D&se=1700000000";
        assert_eq!(token.as_str(), expected);
    }

    #[test]
    fn keys_that_are_none_are_refused_and_none_is_printed() {
        assert!(DeviceKey::parse("").is_none() && DeviceKey::parse("not base 64!").is_none());
        let key = Access::Token(DeviceKey::parse("MDEyMzQ1Njc4OWFiY2RlZg==").unwrap());
        assert_eq!(format!("{key:?}"), "Token(..)");
    }
}
