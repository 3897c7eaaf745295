//! Where something of the portal is: a URL, taken apart and checked once.

use hyper::http::Uri;
use std::fmt;
use std::str::FromStr;

/// What is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// gRPC, pages and files.
    Https,
    /// MQTT over WebSockets over TLS.
    Wss,
    /// MQTT over TLS.
    Mqtts,
    /// SSH.
    Ssh,
}

/// A host, a port and what is spoken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
}

/// The text is no URL of the portal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address of a portal: expected {expected}")]
pub struct BadPlace {
    text: String,
    expected: &'static str,
}

impl Scheme {
    const ALL: [(&'static str, Self, u16); 4] =
        [("https", Self::Https, 443), ("wss", Self::Wss, 443), ("mqtts", Self::Mqtts, 8883), ("ssh", Self::Ssh, 22)];
}

impl Place {
    /// The portal's own address: https, without a path. A bare host name is taken as one.
    ///
    /// # Errors
    /// If it is none.
    pub fn portal(text: &str) -> Result<Self, BadPlace> {
        let expected = "https://HOST or https://HOST:PORT";
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let bad = || BadPlace { text: crate::certificate::clean(text, 200), expected };
        let place: Self = full.parse().map_err(|_| bad())?;
        if place.scheme == Scheme::Https && place.path == "/" { Ok(place) } else { Err(bad()) }
    }

    /// What is spoken there.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Name or address; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From the slash on.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `host:port`, with brackets where an IPv6 address needs them.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The same host, at another port.
    #[must_use]
    pub fn at(&self, scheme: Scheme, port: u16) -> Self {
        Self { scheme, host: self.host.clone(), port, path: "/".to_owned() }
    }
}

impl FromStr for Place {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let bad = || BadPlace {
            text: crate::certificate::clean(text, 200),
            expected: "https://, wss://, mqtts:// or ssh:// with a host, and no user or password",
        };
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let word = uri.scheme_str().ok_or_else(bad)?;
        let (_, scheme, usual) = Scheme::ALL.into_iter().find(|(name, ..)| *name == word).ok_or_else(bad)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(bad)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None => usual,
        };
        // A port that is no number is no port at all to the parser.
        let whole = authority.as_str().len() == authority.host().len() || authority.port().is_some();
        if host.is_empty() || port == 0 || !whole {
            return Err(bad());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { scheme, host, port, path })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, ..) =
            Scheme::ALL.into_iter().find(|(_, scheme, _)| *scheme == self.scheme).unwrap_or(Scheme::ALL[0]);
        write!(f, "{word}://{}{}", self.authority(), if self.path == "/" { "" } else { &self.path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(text.parse::<Place>().ok().map(|place| place.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn urls_are_taken_apart() {
        check("https://portal.example", Some("https://portal.example:443"));
        check("wss://portal.example/$iothub/websocket", Some("wss://portal.example:443/$iothub/websocket"));
        check("mqtts://[::1]:8884", Some("mqtts://[::1]:8884"));
        check("ssh://relay.example", Some("ssh://relay.example:22"));
        for bad in [
            "",
            "portal.example",
            "http://portal.example",
            "https://",
            "https://user:pass@portal.example",
            "https://portal.example:0",
            "https://portal.example:99999",
            "https://portal.example:x",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_portal_is_a_host_without_a_path() {
        let portal = |text| Place::portal(text).ok().map(|place| place.to_string());
        assert_eq!(portal("portal.example").as_deref(), Some("https://portal.example:443"));
        assert_eq!(portal("https://portal.example:8443/").as_deref(), Some("https://portal.example:8443"));
        for bad in ["https://portal.example/login", "wss://portal.example", "", "https://a b"] {
            assert_eq!(portal(bad), None, "{bad}");
        }
    }
}
