//! Why there is no stream, as a sentence that says what to do.

use crate::trust::{Distrust, Untrusted};
use rustls::{AlertDescription, CertificateError, OtherError};
use std::io;

/// Why there is no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name has no address.
    #[error("the name {host} cannot be resolved ({why}): check the spelling and this machine's DNS")]
    NoName {
        /// Which name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// No address takes a connection.
    #[error("{at} does not take a connection ({why}): is it running, and does the firewall allow it?")]
    NoConnection {
        /// `host:port`.
        at: String,
        /// What the system says.
        why: String,
    },
    /// It takes a connection and says nothing, or takes none.
    #[error("{at} does not answer in time: a firewall on the way may drop the packets, let TCP to it pass")]
    Silent {
        /// Whom it is about.
        at: String,
    },
    /// The proxy wants to know who asks.
    #[error("the proxy {proxy} wants a password{} (--proxy, proxy in dca.toml, or HTTPS_PROXY)", password_hint(*given))]
    ProxyPassword {
        /// Which one, without its password.
        proxy: String,
        /// It was given one.
        given: bool,
    },
    /// The proxy does not connect.
    #[error("the proxy {proxy} does not connect to {to} ({why}): ask whoever runs it to allow that")]
    ProxyRefuses {
        /// Which one, without its password.
        proxy: String,
        /// `host:port` of where to.
        to: String,
        /// What it says.
        why: String,
    },
    /// There is no MQTT behind a WebSocket.
    #[error("{at} offers no MQTT ({why}): a proxy on the way may not let WebSockets pass")]
    NoWebSocket {
        /// Where.
        at: String,
        /// What it says.
        why: String,
    },
    /// Whoever answers is not believed.
    #[error("{host} is not who it should be: {}", untrusted_hint(untrusted))]
    Untrusted {
        /// Who was expected.
        host: String,
        /// Why.
        untrusted: Untrusted,
    },
    /// It does not take the certificate that it was shown. In TLS 1.3 that comes only after the connection stands.
    #[error("{host} does not take this agent's certificate ({why}): its clock and this machine's have to be right")]
    OwnCertificate {
        /// Who.
        host: String,
        /// What rustls says.
        why: String,
    },
    /// TLS fails for another reason.
    #[error(
        "{host} does not speak TLS as it should ({why}): is the port right, and does nothing on the way change what passes?"
    )]
    Tls {
        /// Who.
        host: String,
        /// What rustls says.
        why: String,
    },
}

fn password_hint(given: bool) -> &'static str {
    if given {
        " and does not take the one it was given: correct it where the proxy is named"
    } else {
        ": name it as SCHEME://USER:PASSWORD@HOST:PORT"
    }
}

fn untrusted_hint(untrusted: &Untrusted) -> String {
    let hint = match untrusted.why {
        Distrust::Stranger => {
            "; if a proxy of this network opens TLS, name its certificate with --ca FILE; a portal with a CA of its own is known by \
             what follows the dot in an activation code"
        }
        Distrust::Time { .. } => {
            ", which is what this machine's clock says: set it right (timedatectl set-ntp true); if it is right, whoever runs the \
             portal has to renew its certificate"
        }
        Distrust::Name => "; use the name that the portal's certificate carries",
        Distrust::Pins => "; if a proxy of this network opens TLS, name its certificate with --ca FILE",
        Distrust::Other(_) => "",
    };
    format!("{untrusted}{hint}")
}

/// Alerts about what a client showed (RFC 8446 section 6.2).
fn is_of_a_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
    )
}

impl DialError {
    pub(super) fn tls(host: &str, error: &io::Error) -> Self {
        let host = host.to_owned();
        let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) else {
            return Self::Tls { host, why: error.to_string() };
        };
        if let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) = cause
            && let Some(untrusted) = other.downcast_ref::<Untrusted>()
        {
            return Self::Untrusted { host, untrusted: untrusted.clone() };
        }
        if let rustls::Error::AlertReceived(alert) = cause
            && is_of_a_certificate(*alert)
        {
            return Self::OwnCertificate { host, why: cause.to_string() };
        }
        let why = match cause {
            rustls::Error::InvalidMessage(_) => "what answers is not TLS".to_owned(),
            other => other.to_string(),
        };
        Self::Tls { host, why }
    }
}
