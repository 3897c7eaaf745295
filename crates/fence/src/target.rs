//! One entry of a scope, as people write it.
//!
//! ```text
//! target  = ["!"] place [":" port]            "!" excludes; it wins over every entry that admits
//! place   = address                           10.0.0.5    2001:db8::5    [2001:db8::5]
//!         | address "/" prefix                10.0.0.0/24    [2001:db8::/120]
//!         | address "-" address               10.0.0.5-10.0.0.90    [2001:db8::1-2001:db8::9]
//!         | IPv4 "-" last octet               10.0.0.5-90
//!         | host name                         printer-3.example.com
//! ```
//!
//! An IPv6 place with a port stands in brackets. An IPv4-mapped IPv6 address means the IPv4 address.

use crate::spans::{Span, v4_block, v6_block};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// One entry of a scope: a place, a port if it is not the usual one, admitted or excluded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Written with `!`: what it covers is never touched.
    pub exclude: bool,
    /// What it covers.
    pub place: Place,
    /// The port as written. Without one, an entry admits SNMP's port, and an exclusion closes every port.
    pub port: Option<u16>,
}

/// What a target covers. Addresses are never IPv4-mapped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// One address.
    Address(IpAddr),
    /// A block in CIDR notation (RFC 4632); bits behind the prefix are zero.
    Block(IpAddr, u8),
    /// From the first to the last address, both included.
    Range(IpAddr, IpAddr),
    /// A host name in lower case without a final dot.
    Host(String),
}

/// Why a text is not a target. The message says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing between the blanks.
    #[error("expected an address, a block such as 10.0.0.0/24, a range such as 10.0.0.5-90, or a host name")]
    Empty,
    /// `http://..`, `10.0.0.*`, blanks, anything else that is none of the forms.
    #[error("expected an address, a block such as 10.0.0.0/24, a range such as 10.0.0.5-90, or a host name: {0}")]
    Form(&'static str),
    /// Looks like an address and is none.
    #[error("expected an IPv4 address such as 10.0.0.5 or an IPv6 address such as 2001:db8::5, found \"{0}\"")]
    Address(String),
    /// After the `/`.
    #[error("expected a prefix length from 0 to {most} after the \"/\", found \"{found}\"")]
    Prefix {
        /// 32 for IPv4, 128 for IPv6.
        most: u8,
        /// What stands there.
        found: String,
    },
    /// After the `-`.
    #[error(
        "expected the last address of the range after the \"-\" (10.0.0.5-10.0.0.90 or 10.0.0.5-90), found \"{0}\""
    )]
    RangeEnd(String),
    /// `10.0.0.90-10.0.0.5`.
    #[error("expected a range whose last address is not below its first")]
    Backward,
    /// After the `:`.
    #[error("expected a port from 1 to 65535 after the \":\", found \"{0}\"")]
    Port(String),
    /// `[2001:db8::1`.
    #[error("expected \"]\" and then nothing or \":\" and a port")]
    Bracket,
    /// RFC 1123 §2.1.
    #[error("expected a host name of letters, digits, hyphens and dots, found \"{0}\"")]
    Host(String),
    /// More IPv6 addresses than anybody can visit.
    #[error("expected at most 65536 IPv6 addresses (a /112): name the hosts, or write a smaller block or range")]
    TooLarge,
}

/// The largest IPv6 span that may be visited: a /112.
const MOST_V6: u128 = 1 << 16;

impl Target {
    /// Reads a target; blanks around it do not matter.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let (exclude, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let (place, port) = split_port(text)?;
        let place = Place::parse(place)?;
        let port = port.map(parse_port).transpose()?;
        // An exclusion is not visited, so it may be as large as it likes.
        let span = place.span();
        if let Some(span) = span
            && !exclude
            && !crate::special::MAPPED.contains(span)
            && span.last - span.first >= MOST_V6
        {
            return Err(TargetError::TooLarge);
        }
        Ok(Self { exclude, place, port })
    }

    /// The host name that the caller has to resolve, if the target is one.
    pub fn host(&self) -> Option<&str> {
        match &self.place {
            Place::Host(name) => Some(name),
            _ => None,
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::parse(text)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exclude {
            f.write_str("!")?;
        }
        match (self.port, &self.place) {
            (None, place) => place.fmt(f),
            (
                Some(port),
                Place::Address(IpAddr::V6(_)) | Place::Block(IpAddr::V6(_), _) | Place::Range(IpAddr::V6(_), _),
            ) => {
                write!(f, "[{}]:{port}", self.place)
            }
            (Some(port), place) => write!(f, "{place}:{port}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => ip.fmt(f),
            Self::Block(ip, prefix) => write!(f, "{ip}/{prefix}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Host(name) => f.write_str(name),
        }
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some((network, prefix)) = text.split_once('/') {
            return Self::parse_block(network, prefix);
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Address(ip.to_canonical()));
        }
        if let Some((first, last)) = text.split_once('-')
            && (first.parse::<IpAddr>().is_ok()
                || first.contains(':')
                || (first.contains('.') && is_dotted_number(first)))
        {
            return Self::parse_range(first, last);
        }
        if text.contains(':') || is_dotted_number(text) {
            return Err(TargetError::Address(shown(text)));
        }
        host_name(text).map(Self::Host)
    }

    fn parse_block(network: &str, prefix: &str) -> Result<Self, TargetError> {
        let ip: IpAddr = network.parse().map_err(|_| match network.split_once(':') {
            Some((_, rest)) if rest.starts_with('/') => TargetError::Form("a URL is not a target, name its host"),
            _ => TargetError::Address(shown(network)),
        })?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = number_below(prefix, u32::from(most))
            .and_then(|bits| u8::try_from(bits).ok())
            .ok_or_else(|| TargetError::Prefix { most, found: shown(prefix) })?;
        Ok(match (ip, ip.to_canonical()) {
            (IpAddr::V6(_), mapped @ IpAddr::V4(_)) if bits >= 96 => Self::Block(masked(mapped, bits - 96), bits - 96),
            (written, _) => Self::Block(masked(written, bits), bits),
        })
    }

    fn parse_range(first: &str, last: &str) -> Result<Self, TargetError> {
        let from: IpAddr = first.parse().map_err(|_| TargetError::Address(shown(first)))?;
        let to: IpAddr = match (from, last.parse::<IpAddr>()) {
            (_, Ok(to)) => to,
            (IpAddr::V4(from), Err(_)) => {
                let [a, b, c, _] = from.octets();
                let octet = number_below(last, 255).and_then(|octet| u8::try_from(octet).ok());
                octet.map(|d| IpAddr::from([a, b, c, d])).ok_or_else(|| TargetError::RangeEnd(shown(last)))?
            }
            (IpAddr::V6(_), Err(_)) => return Err(TargetError::RangeEnd(shown(last))),
        };
        let (from, to) = (from.to_canonical(), to.to_canonical());
        if from.is_ipv4() != to.is_ipv4() {
            return Err(TargetError::RangeEnd(shown(last)));
        }
        if to < from {
            return Err(TargetError::Backward);
        }
        Ok(Self::Range(from, to))
    }

    /// All addresses covered, network and broadcast address included; `None` for a host name.
    pub(crate) fn span(&self) -> Option<Span> {
        use crate::spans::number;
        match self {
            Self::Address(ip) => Some(Span { first: number(*ip), last: number(*ip) }),
            Self::Block(IpAddr::V4(ip), prefix) => Some(v4_block(*ip, u32::from(*prefix))),
            Self::Block(IpAddr::V6(ip), prefix) => Some(v6_block(*ip, u32::from(*prefix))),
            Self::Range(first, last) => Some(Span { first: number(*first), last: number(*last) }),
            Self::Host(_) => None,
        }
    }
}

/// Splits off `:port`. A text with several colons outside brackets is IPv6 and has none.
fn split_port(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (place, after) = rest.split_once(']').ok_or(TargetError::Bracket)?;
        let v6 = place.split(['/', '-']).next().is_some_and(|part| part.parse::<Ipv6Addr>().is_ok());
        if !v6 {
            return Err(TargetError::Address(shown(place)));
        }
        return match (after, after.strip_prefix(':')) {
            ("", _) => Ok((place, None)),
            (_, Some(port)) => Ok((place, Some(port))),
            _ => Err(TargetError::Bracket),
        };
    }
    if text.contains("://") {
        return Err(TargetError::Form("a URL is not a target, name its host"));
    }
    if text.contains('*') {
        return Err(TargetError::Form("for all of 10.0.0.* write 10.0.0.0/24"));
    }
    if text.contains('%') {
        return Err(TargetError::Form("a zone after \"%\" is not supported"));
    }
    if text.contains(|c: char| c.is_whitespace() || c == ',') {
        return Err(TargetError::Form("one target at a time, without blanks and commas"));
    }
    match text.split_once(':') {
        Some((place, port)) if !port.contains(':') => Ok((place, Some(port))),
        _ => Ok((text, None)),
    }
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    number_below(text, 65535)
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port != 0)
        .ok_or_else(|| TargetError::Port(shown(text)))
}

/// Digits only (`u32::from_str` would take a plus sign), no larger than `most`.
fn number_below(text: &str, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    let block = match ip {
        IpAddr::V4(ip) => v4_block(ip, u32::from(prefix)),
        IpAddr::V6(ip) => return Ipv6Addr::from_bits(v6_block(ip, u32::from(prefix)).first).into(),
    };
    crate::spans::address(block.first)
}

/// `10.0.0.256`, `10.0.0`, `0x7f.1`, `017.0.0.1`: forms that some resolvers take for an address, so never a name.
fn is_dotted_number(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or(text);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hex {
        Some(rest) => rest.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// RFC 1123 §2.1, with the underscore that real networks have.
fn host_name(text: &str) -> Result<String, TargetError> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(TargetError::Host(shown(text)));
    }
    Ok(name.to_ascii_lowercase())
}

/// A piece of input that is safe to print: escaped and short.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target is printed back as expected; an error has the expected words in its message.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        match Target::parse(text) {
            Ok(target) => {
                assert_eq!(target.to_string(), expected, "{text:?}");
                assert_eq!(Target::parse(expected), Ok(target), "{text:?} survives being printed");
            }
            Err(error) => assert!(error.to_string().contains(expected), "{text:?} gives {error}"),
        }
    }

    #[test]
    fn every_form() {
        check("10.0.0.5", "10.0.0.5");
        check("  10.0.0.5:16100 ", "10.0.0.5:16100");
        check("10.0.0.0/24", "10.0.0.0/24");
        check("10.0.0.77/24:162", "10.0.0.0/24:162");
        check("10.0.0.5-10.0.1.90", "10.0.0.5-10.0.1.90");
        check("10.0.0.5-90", "10.0.0.5-10.0.0.90");
        check("10.0.0.5-90:16100", "10.0.0.5-10.0.0.90:16100");
        check("!10.0.0.7", "!10.0.0.7");
        check("! 10.0.0.7:161", "!10.0.0.7:161");
        check("2001:DB8::5", "2001:db8::5");
        check("[2001:db8::5]", "2001:db8::5");
        check("[2001:db8::5]:16100", "[2001:db8::5]:16100");
        check("2001:db8::/120", "2001:db8::/120");
        check("[2001:db8::/120]:16100", "[2001:db8::/120]:16100");
        check("2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9");
        check("[2001:db8::1-2001:db8::9]:16100", "[2001:db8::1-2001:db8::9]:16100");
        check("Printer-3.Example.COM.", "printer-3.example.com");
        check("10-0-0-5.example.com:16100", "10-0-0-5.example.com:16100");
        check("hp_lj", "hp_lj");
        check("!nas:161", "!nas:161");
    }

    #[test]
    fn mapped_addresses_mean_ipv4() {
        check("::ffff:10.0.0.5", "10.0.0.5");
        check("[::ffff:10.0.0.5]:16100", "10.0.0.5:16100");
        check("::ffff:10.0.0.5/120", "10.0.0.0/24");
        check("::ffff:10.0.0.5-::ffff:10.0.0.9", "10.0.0.5-10.0.0.9");
    }

    #[test]
    fn errors_name_what_was_expected() {
        check("", "expected an address, a block");
        check("!", "expected an address, a block");
        check(
            "10.0.0.256",
            "expected an IPv4 address such as 10.0.0.5 or an IPv6 address such as 2001:db8::5, found \"10.0.0.256\"",
        );
        for number in ["10.0.0", "010.0.0.1", "1", "0x7f.1", "0x7f000001", "2130706433", "10.0.0.1.", "a.1"] {
            check(number, "expected an IPv4 address");
        }
        check("10.0.0.0/33", "expected a prefix length from 0 to 32 after the \"/\", found \"33\"");
        check("10.0.0.0/+8", "expected a prefix length");
        check("10.0.0.0/255.255.255.0", "expected a prefix length");
        check("2001:db8::/129", "from 0 to 128");
        check("2001:db8::/64", "expected at most 65536 IPv6 addresses");
        check("2001:db8::-2001:db8::1:0", "expected at most 65536 IPv6 addresses");
        check("!2001:db8::/32", "!2001:db8::/32");
        check("10.0.0.5-", "expected the last address of the range");
        check("10.0.0.5-256", "expected the last address of the range");
        check("10.0.0.5-2001:db8::1", "expected");
        check("2001:db8::1-9", "expected the last address of the range");
        check("10.0.0.9-10.0.0.5", "expected a range whose last address is not below its first");
        check("10.0.0.9-5", "expected a range whose last address is not below its first");
        check("10.0.0.5:0", "expected a port from 1 to 65535 after the \":\", found \"0\"");
        check("10.0.0.5:65536", "expected a port");
        check("10.0.0.5:", "expected a port");
        check("printer:snmp", "expected a port");
        check("[2001:db8::5", "expected \"]\"");
        check("[2001:db8::5]161", "expected \"]\"");
        check("[10.0.0.5]:161", "expected an IPv4 address");
        check("2001:db8::5::", "expected an IPv4 address");
        check("http://10.0.0.5/", "a URL is not a target");
        check("10.0.0.*", "10.0.0.0/24");
        check("fe80::1%eth0", "zone");
        check("10.0.0.1, 10.0.0.2", "one target at a time");
        check("drucker-größe", "expected a host name");
        check("-printer", "expected a host name");
        check("a..b", "expected a host name");
        check("a\u{1b}[2J", "found \"a\\u{1b}[2J\"");
    }
}
