//! Zebra label printers on their raw port, TCP 9100: questions that change nothing, to devices known to be Zebra's.
//!
//! The port is the one for printing: a printer of another maker prints what arrives there, and a Zebra obeys it. Hence two
//! types. A [`Question`] is one of a closed set of host queries and of settings that are only read; there is no call that
//! sends anything else. An [`Identified`] is an address whose device has named itself a Zebra over another protocol
//! before; there is no call that takes less.
//!
//! ```text
//! ~HI                                  STX GX430t-300dpi,V56.17.17Z,12,2104KB ETX CR LF
//! ~HS                                  three frames of STX ... ETX
//! ! U1 getvar "appl.name" CR LF        "V56.17.17Z"
//! ```
//!
//! What the answers mean is `dca_printer`'s to know.

mod question;
mod session;

pub use question::{Question, Setting};
pub use session::{Answer, ask};

use dca_fence::Allowed;
use dca_snmp::{OidRef, oid};

/// The usual port.
pub const PORT: u16 = 9100;

/// The raw port of a device that has named itself a Zebra. Nobody else can make one:
///
/// ```compile_fail
/// let fence = dca_fence::Fence::parse(["10.0.0.5:9100"]).unwrap();
/// let forged = dca_lan::zebra::Identified(fence.admit("10.0.0.5:9100".parse().unwrap()).unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified(Allowed);

/// What a device has said of itself over SNMP or on its own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// sysObjectID, or the name of a row that it answered.
    Object(OidRef<'a>),
    /// An IEEE 1284 device id.
    DeviceId(&'a str),
    /// sysDescr, hrDeviceDescr, or the title of its web page.
    Text(&'a str),
}

/// The maker's own tree (IANA enterprise number).
const TREE: OidRef<'static> = oid!("1.3.6.1.4.1.10642");

impl Identified {
    /// The proof, if the evidence is one. `raw` is the port to ask on, `heard_at` where the evidence comes from: both
    /// must be one address.
    pub fn by(evidence: Evidence<'_>, heard_at: Allowed, raw: Allowed) -> Option<Self> {
        let is_zebra = match evidence {
            Evidence::Object(oid) => oid.starts_with(TREE),
            Evidence::DeviceId(id) => maker(id).is_some_and(names_zebra),
            Evidence::Text(text) => names_zebra(text),
        };
        (is_zebra && heard_at.addr().ip() == raw.addr().ip()).then_some(Self(raw))
    }

    /// Where it is.
    pub fn at(self) -> Allowed {
        self.0
    }
}

/// `MFG:` of a device id, in both spellings.
fn maker(id: &str) -> Option<&str> {
    let pairs = id.split(';').filter_map(|pair| pair.split_once(':'));
    let mut makers = pairs.filter(|(key, _)| {
        // Two octets of length may stand before the first key.
        let key = key.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic()).trim();
        key.eq_ignore_ascii_case("MFG") || key.eq_ignore_ascii_case("MANUFACTURER")
    });
    makers.next().map(|(_, maker)| maker)
}

/// The maker's name as a word of its own: `ZebraNet` is its print server, `zebrafish` is not.
fn names_zebra(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case("zebra") || word.eq_ignore_ascii_case("zebranet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_fence::Fence;

    fn check(evidence: Evidence<'_>, identified: bool) {
        let fence = Fence::parse(["192.0.2.1", "192.0.2.1:9100", "192.0.2.2:9100"]).unwrap();
        let at = |text: &str| fence.admit(text.parse().unwrap()).unwrap();
        let by = |raw: &str| Identified::by(evidence, at("192.0.2.1:161"), at(raw)).is_some();
        assert_eq!(by("192.0.2.1:9100"), identified, "{evidence:?}");
        assert!(!by("192.0.2.2:9100"), "of another address: {evidence:?}");
    }

    #[test]
    fn only_what_names_itself_is_identified() {
        check(Evidence::Object(oid!("1.3.6.1.4.1.10642.1.1")), true);
        check(Evidence::Object(oid!("1.3.6.1.4.1.106420.1")), false);
        check(Evidence::Object(oid!("1.3.6.1.4.1.683.6")), false);
        check(Evidence::DeviceId("MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZT410;"), true);
        check(Evidence::DeviceId("\0\u{40}MFG:Zebra;MDL:X"), true);
        check(Evidence::DeviceId("MFG:Acme;MDL:Zebra compatible;"), false);
        check(Evidence::Text("ZebraNet Wired PS"), true);
        check(Evidence::Text("Zebra Wired Print Server"), true);
        check(Evidence::Text("zebrafish microscope"), false);
        check(Evidence::Text(""), false);
    }
}
