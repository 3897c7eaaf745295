//! Which proxy, and for whom: as configured, or as the environment says (HTTPS_PROXY, ALL_PROXY, NO_PROXY).

use hyper::http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::fmt;

/// What lies between the agent and the portal. Holds passwords; prints none.
pub struct Proxy(Option<Matcher>);

/// The text is no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no proxy can be read from what was given: expected http://, https:// or socks5:// and HOST:PORT, with USER:PASSWORD@ if it wants them"
)]
pub struct BadProxy;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    Https,
    Socks5,
}

/// The proxy for one host.
pub(super) struct Via {
    kind: Kind,
    host: String,
    port: u16,
    intercept: Intercept,
}

impl Proxy {
    /// None, whatever the environment says.
    pub fn none() -> Self {
        Self(None)
    }

    /// As HTTPS_PROXY, else ALL_PROXY, and NO_PROXY say, in capital or small letters.
    ///
    /// # Errors
    /// If one of them names a proxy that cannot be used: to go around it would be wrong.
    pub fn environment() -> Result<Self, BadProxy> {
        let variable =
            |name: &str| std::env::var(name).or_else(|_| std::env::var(name.to_lowercase())).unwrap_or_default();
        let (https, all, no) = (variable("HTTPS_PROXY"), variable("ALL_PROXY"), variable("NO_PROXY"));
        let named = if https.is_empty() { all } else { https };
        if named.is_empty() { Ok(Self::none()) } else { Self::at(&named, &no) }
    }

    /// The proxy at `url`, for all but the hosts that `except` lists: names with all below them, addresses and networks, by
    /// commas, as in NO_PROXY.
    ///
    /// # Errors
    /// If it is none.
    pub fn at(url: &str, except: &str) -> Result<Self, BadProxy> {
        let matcher = Matcher::builder().https(url.to_owned()).no("").build();
        let any = Uri::from_static("https://portal.invalid/");
        matcher.intercept(&any).and_then(Via::new).ok_or(BadProxy)?;
        Ok(Self(Some(Matcher::builder().https(url.to_owned()).no(except.to_owned()).build())))
    }

    pub(super) fn for_host(&self, host: &str) -> Option<Via> {
        let authority = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let uri = Uri::builder().scheme("https").authority(authority).path_and_query("/").build().ok()?;
        self.0.as_ref()?.intercept(&uri).and_then(Via::new)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Proxy(..)" } else { "Proxy(none)" })
    }
}

impl Via {
    fn new(intercept: Intercept) -> Option<Self> {
        let uri = intercept.uri();
        let (kind, usual) = match uri.scheme_str()? {
            "http" => (Kind::Http, 80),
            "https" => (Kind::Https, 443),
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            _ => return None,
        };
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(usual);
        Some(Self { kind, host, port, intercept })
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn uri(&self) -> &Uri {
        self.intercept.uri()
    }

    pub(super) fn basic(&self) -> Option<&HeaderValue> {
        self.intercept.basic_auth()
    }

    pub(super) fn user(&self) -> Option<(&str, &str)> {
        self.intercept.raw_auth()
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Https => "https",
            Kind::Socks5 => "socks5",
        };
        let colon = self.host.contains(':');
        let (open, close) = if colon { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, except: &str, host: &str, expected: Option<&str>) {
        let proxy = Proxy::at(url, except).unwrap();
        let via = proxy.for_host(host);
        assert_eq!(via.map(|via| via.to_string()).as_deref(), expected, "{url} except {except:?} for {host}");
    }

    #[test]
    fn the_proxy_of_a_host() {
        check("http://proxy:3128", "", "portal.example", Some("http://proxy:3128"));
        check("proxy:3128", "", "portal.example", Some("http://proxy:3128"));
        check("https://user:secret@proxy", "", "portal.example", Some("https://proxy:443"));
        check("socks5h://[::1]", "", "192.0.2.1", Some("socks5://[::1]:1080"));
        check("http://proxy:3128", "example", "portal.example", None);
        check("http://proxy:3128", ".portal.example, other", "portal.example", None);
        check("http://proxy:3128", "tal.example", "portal.example", Some("http://proxy:3128"));
        check("http://proxy:3128", "192.0.2.0/24", "192.0.2.9", None);
        check("http://proxy:3128", "2001:db8::/32", "2001:db8::1", None);
        check("http://proxy:3128", "*", "portal.example", None);
    }

    #[test]
    fn what_is_no_proxy_is_not_passed_over() {
        for bad in ["", "ftp://proxy:21", "socks4://proxy", "http://", "http://a b"] {
            assert!(Proxy::at(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_used_and_not_printed() {
        let proxy = Proxy::at("http://user:se%63ret@proxy:1", "").unwrap();
        let via = proxy.for_host("portal.example").unwrap();
        assert_eq!(via.basic().unwrap(), "Basic dXNlcjpzZWNyZXQ=");
        assert!(!format!("{proxy:?} {via}").contains("secret"));
    }
}
