//! Who a device is, whatever its address: maker and serial number, else its hardware address.

use dca_printer::{Fact, Identity};
use serde::{Deserialize, Serialize};

/// What a device is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The brand, as a reading tells it; empty if unknown.
    pub vendor: String,
    /// The serial number.
    pub serial: Option<String>,
    /// The hardware address, `00:17:c8:01:02:03`.
    pub mac: Option<String>,
}

impl Signature {
    /// Of an identity; `None` for a device that has neither serial number nor hardware address: nobody can tell it from
    /// another one.
    pub fn of(identity: &Identity) -> Option<Self> {
        let value = |fact: &Option<Fact>| fact.as_ref().map(|fact| fact.value.clone());
        let signature = Self {
            vendor: value(&identity.vendor).unwrap_or_default(),
            serial: value(&identity.serial),
            mac: value(&identity.mac),
        };
        (signature.serial.is_some() || signature.mac.is_some()).then_some(signature)
    }

    /// True if both are one device. Serial numbers decide where both have one (with the maker: two makers may give the
    /// same number), hardware addresses where one has none.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.serial, &other.serial) {
            (Some(mine), Some(theirs)) => {
                let makers = self.vendor.is_empty() || other.vendor.is_empty();
                mine == theirs && (makers || self.vendor.eq_ignore_ascii_case(&other.vendor))
            }
            _ => self.mac.is_some() && self.mac == other.mac,
        }
    }
}

/// `serial X1`, or `address 00:17:c8:01:02:03`.
impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.serial, &self.mac) {
            (Some(serial), _) => write!(f, "serial {serial}"),
            (None, Some(mac)) => write!(f, "hardware address {mac}"),
            (None, None) => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_and_maker_before_the_hardware_address() {
        let of = |vendor: &str, serial: Option<&str>, mac: Option<&str>| Signature {
            vendor: vendor.into(),
            serial: serial.map(Into::into),
            mac: mac.map(Into::into),
        };
        let check = |a: &Signature, b: &Signature, same: bool| {
            assert_eq!((a.is(b), b.is(a)), (same, same), "{a:?} {b:?}");
        };
        let one = of("Acme", Some("A1"), Some("00:00:00:00:00:01"));
        check(&one, &of("ACME", Some("A1"), None), true);
        check(&one, &of("Zenith", Some("A1"), None), false);
        // A new network card, and a new main board with the old card.
        check(&one, &of("Acme", Some("A1"), Some("00:00:00:00:00:02")), true);
        check(&one, &of("Acme", Some("A2"), Some("00:00:00:00:00:01")), false);
        check(&one, &of("Acme", None, Some("00:00:00:00:00:01")), true);
        check(&of("Acme", None, None), &of("Acme", None, None), false);
    }
}
