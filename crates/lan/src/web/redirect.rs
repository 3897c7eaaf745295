//! Where a redirect leads, as far as it is followed: to another scheme or port of the same address.

use super::WebFailure;
use super::exchange::shown;
use hyper::Uri;
use std::net::{IpAddr, SocketAddr};

/// What is taken of a Location; its path is not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) port: u16,
    pub(super) secure: bool,
}

/// Reads the Location of an answer from `at`.
///
/// A device that redirects to its own name instead of its address is not followed: whom that name belongs to is not
/// known here. Nor is a step down from HTTPS, nor one to the very place that was asked, which would never end.
pub(super) fn read(location: &str, at: SocketAddr, was_secure: bool) -> Result<Redirect, WebFailure> {
    let refused = |why: &str| WebFailure::Elsewhere(format!("{} {why}", shown(location)));
    let uri: Uri = location.parse().map_err(|_| refused("is no address"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refused("names a page that was not asked for"));
    };
    let secure = match scheme {
        "http" | "ipp" => false,
        "https" | "ipps" => true,
        _ => return Err(refused("is neither http nor https")),
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()) != Some(at.ip().to_canonical()) {
        return Err(refused("is another host"));
    }
    if was_secure && !secure {
        return Err(refused("leads away from HTTPS"));
    }
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    if (port, secure) == (at.port(), was_secure) {
        return Err(refused("names a page that was not asked for"));
    }
    Ok(Redirect { port, secure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_and_port_of_the_same_address_are_taken() {
        let check = |at: &str, secure: bool, location: &str, expected: Result<(u16, bool), &str>| {
            let got = read(location, at.parse().unwrap(), secure);
            match (got, expected) {
                (Ok(got), Ok((port, secure))) => assert_eq!(got, Redirect { port, secure }, "{location}"),
                (Err(got), Err(why)) => assert!(got.to_string().contains(why), "{location}: {got}"),
                (got, _) => panic!("{location}: {got:?}"),
            }
        };
        let at = "192.0.2.7:80";
        check(at, false, "https://192.0.2.7/DevMgmt/X.xml", Ok((443, true)));
        check(at, false, "https://192.0.2.7:8443/", Ok((8443, true)));
        check(at, false, "http://192.0.2.7:8080/", Ok((8080, false)));
        check("[2001:db8::7]:80", false, "https://[2001:db8::7]/", Ok((443, true)));
        check(at, false, "https://192.0.2.8/", Err("another host"));
        check(at, false, "https://printer.example/", Err("another host"));
        check(at, false, "https://192.0.2.7@192.0.2.8/", Err("another host"));
        check(at, false, "//192.0.2.8/", Err("not asked for"));
        check(at, false, "/login", Err("not asked for"));
        check(at, false, "http://192.0.2.7/login", Err("not asked for"));
        check(at, false, "", Err("no address"));
        check(at, false, "file:///etc/passwd", Err(""));
        check(at, false, "gopher://192.0.2.7/", Err("neither"));
        check("192.0.2.7:443", true, "http://192.0.2.7/", Err("away from HTTPS"));
    }
}
