//! Values as Rust types: what was expected, or an error that says which name, what was expected and what stood there.
//!
//! ```
//! use dca_snmp::{Counter, Oid, TimeTicks, Value, VarBind, oid};
//!
//! let up = VarBind::found(oid!("1.3.6.1.2.1.1.3.0").to_oid(), Value::TimeTicks(360_000));
//! assert_eq!(up.get::<TimeTicks>()?.duration().as_secs(), 3_600);
//! assert_eq!(
//!     up.get::<Counter>().unwrap_err().to_string(),
//!     "1.3.6.1.2.1.1.3.0: expected Counter32 or Counter64, found TimeTicks 360000"
//! );
//! # Ok::<(), dca_snmp::TypedError>(())
//! ```

use crate::ber::Fault;
use crate::oid::{Oid, OidRef};
use crate::request::Response;
use crate::value::{BindingRef, Value, ValueRef, VarBind, VarBindRef};
use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::borrow::Cow;

/// A type that some SNMP values are read as.
///
/// | type | reads |
/// |---|---|
/// | `i64`, `u64`, `i32`, `u32` | every numeric type, if the number fits |
/// | [`Counter`] | Counter32, Counter64 |
/// | [`TimeTicks`] | TimeTicks |
/// | `&str` | OCTET STRING that is UTF-8 |
/// | `Cow<str>`, `String` | any OCTET STRING; octets that are no UTF-8 become U+FFFD |
/// | `&[u8]`, `Vec<u8>` | OCTET STRING, Opaque, NsapAddress |
/// | [`OidRef`], [`Oid`] | OBJECT IDENTIFIER |
/// | `Ipv4Addr` | IpAddress |
/// | [`ValueRef`], [`Value`] | everything |
///
/// Text is what the device sent, control characters included: clean it before it reaches a terminal.
pub trait FromValue<'a>: Sized {
    /// The SNMP types that fit, for error messages.
    const EXPECTED: &'static str;

    /// The value as this type; `None` if it does not fit.
    fn from_value(value: ValueRef<'a>) -> Option<Self>;
}

/// What was counted (RFC 2578 §7.1.6, §7.1.10): from a Counter32 or Counter64, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(pub u64);

/// Hundredths of a second (RFC 2578 §7.1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeTicks(pub u32);

impl TimeTicks {
    /// The same as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.0) * 10)
    }
}

/// A name that has no value of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{oid}: expected {expected}, found {found}")]
pub struct TypedError {
    /// The name.
    pub oid: Oid,
    /// The SNMP types that would have fitted.
    pub expected: &'static str,
    /// What there is.
    pub found: Found,
}

/// What stands where another type was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// The answer does not have this name.
    Nothing,
    /// The device knows no such object.
    NoSuchObject,
    /// The device knows the object, not this instance.
    NoSuchInstance,
    /// Nothing lies beyond.
    EndOfMibView,
    /// Octets that cannot be understood.
    Malformed(Fault),
    /// A value of another type, or a number out of range.
    Value(Value),
}

impl Found {
    /// True if there is nothing to read, as opposed to something else than expected.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Nothing | Self::NoSuchObject | Self::NoSuchInstance | Self::EndOfMibView)
    }
}

impl VarBind {
    /// The value as this type.
    pub fn get<'a, T: FromValue<'a>>(&'a self) -> Result<T, TypedError> {
        read(self.oid.as_ref(), Some(self.binding.as_ref()))
    }

    /// The value as this type; `None` where the device has none.
    pub fn find<'a, T: FromValue<'a>>(&'a self) -> Result<Option<T>, TypedError> {
        present(self.get())
    }
}

impl<'a> VarBindRef<'a> {
    /// The value as this type.
    pub fn get<T: FromValue<'a>>(&self) -> Result<T, TypedError> {
        read(self.oid, Some(self.binding))
    }

    /// The value as this type; `None` where the device has none.
    pub fn find<T: FromValue<'a>>(&self) -> Result<Option<T>, TypedError> {
        present(self.get())
    }
}

impl Response {
    /// The value of this name as this type. Of a name that was answered twice it is the first.
    pub fn get<'a, T: FromValue<'a>>(&'a self, oid: OidRef<'_>) -> Result<T, TypedError> {
        let varbind = self.varbinds.iter().find(|varbind| varbind.oid == oid);
        read(oid, varbind.map(|varbind| varbind.binding.as_ref()))
    }

    /// The value of this name as this type; `None` where the device has none.
    pub fn find<'a, T: FromValue<'a>>(&'a self, oid: OidRef<'_>) -> Result<Option<T>, TypedError> {
        present(self.get(oid))
    }
}

/// What stands at a name as this type; no binding is [`Found::Nothing`].
pub(crate) fn read<'a, T: FromValue<'a>>(oid: OidRef<'_>, binding: Option<BindingRef<'a>>) -> Result<T, TypedError> {
    let found = match binding {
        None => Found::Nothing,
        Some(BindingRef::NoSuchObject) => Found::NoSuchObject,
        Some(BindingRef::NoSuchInstance) => Found::NoSuchInstance,
        Some(BindingRef::EndOfMibView) => Found::EndOfMibView,
        Some(BindingRef::Malformed(bad)) => Found::Malformed(bad.fault),
        Some(BindingRef::Found(value)) => match T::from_value(value) {
            Some(read) => return Ok(read),
            None => Found::Value(value.to_value()),
        },
    };
    Err(TypedError { oid: oid.to_oid(), expected: T::EXPECTED, found })
}

/// Turns the absence of a value into `None`.
pub(crate) fn present<T>(read: Result<T, TypedError>) -> Result<Option<T>, TypedError> {
    match read {
        Err(error) if error.found.is_absent() => Ok(None),
        other => other.map(Some),
    }
}

impl ValueRef<'_> {
    /// The name of its type as RFC 2578 §7.1 and RFC 3416 §3 write it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Integer(_) => "INTEGER",
            Self::OctetString(_) => "OCTET STRING",
            Self::Null => "NULL",
            Self::ObjectIdentifier(_) => "OBJECT IDENTIFIER",
            Self::IpAddress(_) => "IpAddress",
            Self::Counter32(_) => "Counter32",
            Self::Gauge32(_) => "Gauge32",
            Self::TimeTicks(_) => "TimeTicks",
            Self::Opaque(_) => "Opaque",
            Self::NsapAddress(_) => "NsapAddress",
            Self::Counter64(_) => "Counter64",
            Self::UInteger32(_) => "UInteger32",
            Self::Unknown { .. } => "a value of an unknown type",
        }
    }
}

/// Types and numbers; of octets only how many there are, because nobody knows what is in them.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self {
            Self::Nothing => return f.write_str("nothing: the answer does not have this name"),
            Self::NoSuchObject => return f.write_str("noSuchObject"),
            Self::NoSuchInstance => return f.write_str("noSuchInstance"),
            Self::EndOfMibView => return f.write_str("endOfMibView"),
            Self::Malformed(fault) => return write!(f, "a binding that cannot be understood ({fault})"),
            Self::Value(value) => value.as_ref(),
        };
        f.write_str(value.type_name())?;
        match value {
            ValueRef::Null => Ok(()),
            ValueRef::ObjectIdentifier(oid) => write!(f, " {oid}"),
            ValueRef::IpAddress(address) => write!(f, " {address}"),
            ValueRef::OctetString(octets)
            | ValueRef::Opaque(octets)
            | ValueRef::NsapAddress(octets)
            | ValueRef::Unknown { octets, .. } => write!(f, " of {} octets", octets.len()),
            _ => number(value).map_or(Ok(()), |number| write!(f, " {number}")),
        }
    }
}

fn number(value: ValueRef<'_>) -> Option<i128> {
    match value {
        ValueRef::Integer(number) => Some(number.into()),
        ValueRef::Counter32(n) | ValueRef::Gauge32(n) | ValueRef::TimeTicks(n) | ValueRef::UInteger32(n) => {
            Some(n.into())
        }
        ValueRef::Counter64(count) => Some(count.into()),
        _ => None,
    }
}

macro_rules! reads {
    ($($type:ty: $expected:literal, $pattern:pat => $read:expr;)+) => {$(
        impl<'a> FromValue<'a> for $type {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: ValueRef<'a>) -> Option<Self> {
                #[allow(unreachable_patterns, reason = "some take every value")]
                match value {
                    $pattern => $read,
                    _ => None,
                }
            }
        }
    )+};
}

reads! {
    i64: "a number of 64 bits", value => number(value)?.try_into().ok();
    u64: "a number of 64 bits that is not negative", value => number(value)?.try_into().ok();
    i32: "a number of 32 bits", value => number(value)?.try_into().ok();
    u32: "a number of 32 bits that is not negative", value => number(value)?.try_into().ok();
    Counter: "Counter32 or Counter64", value @ (ValueRef::Counter32(_) | ValueRef::Counter64(_)) =>
        number(value)?.try_into().ok().map(Self);
    TimeTicks: "TimeTicks", ValueRef::TimeTicks(ticks) => Some(Self(ticks));
    &'a str: "an OCTET STRING of UTF-8 text", ValueRef::OctetString(octets) => core::str::from_utf8(octets).ok();
    Cow<'a, str>: "an OCTET STRING", ValueRef::OctetString(octets) => Some(String::from_utf8_lossy(octets));
    String: "an OCTET STRING", ValueRef::OctetString(octets) => Some(String::from_utf8_lossy(octets).into_owned());
    &'a [u8]: "an OCTET STRING, Opaque or NsapAddress",
        ValueRef::OctetString(octets) | ValueRef::Opaque(octets) | ValueRef::NsapAddress(octets) => Some(octets);
    Vec<u8>: "an OCTET STRING, Opaque or NsapAddress",
        ValueRef::OctetString(octets) | ValueRef::Opaque(octets) | ValueRef::NsapAddress(octets) =>
        Some(octets.to_vec());
    OidRef<'a>: "an OBJECT IDENTIFIER", ValueRef::ObjectIdentifier(oid) => Some(oid);
    Oid: "an OBJECT IDENTIFIER", ValueRef::ObjectIdentifier(oid) => Some(oid.to_oid());
    Ipv4Addr: "an IpAddress", ValueRef::IpAddress(address) => Some(address);
    ValueRef<'a>: "any value", value => Some(value);
    Value: "any value", value => Some(value.to_value());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oid;
    use crate::value::Binding;

    fn at(binding: Binding) -> VarBind {
        VarBind { oid: oid!("1.3.6.1").to_oid(), binding }
    }

    fn refused<'a, T: FromValue<'a> + fmt::Debug>(varbind: &'a VarBind, told: &str) {
        assert_eq!(varbind.get::<T>().unwrap_err().to_string(), format!("1.3.6.1: {told}"));
    }

    #[test]
    fn numbers_are_read_where_they_fit() {
        let wide = at(Binding::Found(Value::Counter64(u64::MAX)));
        assert_eq!(wide.get::<u64>().unwrap(), u64::MAX);
        assert_eq!(wide.get::<Counter>().unwrap(), Counter(u64::MAX));
        refused::<i64>(&wide, "expected a number of 64 bits, found Counter64 18446744073709551615");
        let negative = at(Binding::Found(Value::Integer(-3)));
        assert_eq!((negative.get::<i64>().unwrap(), negative.get::<i32>().unwrap()), (-3, -3));
        refused::<u64>(&negative, "expected a number of 64 bits that is not negative, found INTEGER -3");
        refused::<u32>(&negative, "expected a number of 32 bits that is not negative, found INTEGER -3");
        refused::<Counter>(&negative, "expected Counter32 or Counter64, found INTEGER -3");
        refused::<&str>(&negative, "expected an OCTET STRING of UTF-8 text, found INTEGER -3");
    }

    #[test]
    fn octets_are_read_and_never_shown() {
        let octets = at(Binding::Found(Value::OctetString(b"\x1b[2J\xff".to_vec())));
        assert_eq!(octets.get::<&[u8]>().unwrap(), b"\x1b[2J\xff");
        assert_eq!(octets.get::<Cow<'_, str>>().unwrap(), "\x1b[2J\u{fffd}");
        refused::<&str>(&octets, "expected an OCTET STRING of UTF-8 text, found OCTET STRING of 5 octets");
        refused::<i64>(&octets, "expected a number of 64 bits, found OCTET STRING of 5 octets");
        let digits = at(Binding::Found(Value::OctetString(b"42".to_vec())));
        refused::<i64>(&digits, "expected a number of 64 bits, found OCTET STRING of 2 octets");
    }

    #[test]
    fn absence_is_none_and_nothing_else_is() {
        for binding in [Binding::NoSuchObject, Binding::NoSuchInstance, Binding::EndOfMibView] {
            assert_eq!(at(binding).find::<i64>().unwrap(), None);
        }
        assert!(at(Binding::Found(Value::Null)).find::<i64>().is_err());
        let response = Response {
            varbinds: vec![at(Binding::Found(Value::IpAddress(Ipv4Addr::LOCALHOST)))],
            quirks: crate::Quirks::NONE,
            took: Duration::ZERO,
            sent: 1,
            who: 0,
        };
        assert_eq!(response.get::<Ipv4Addr>(oid!("1.3.6.1")).unwrap(), Ipv4Addr::LOCALHOST);
        assert_eq!(response.find::<Ipv4Addr>(oid!("1.3.6.2")).unwrap(), None);
        let missing = response.get::<Ipv4Addr>(oid!("1.3.6.2")).unwrap_err();
        let told = "1.3.6.2: expected an IpAddress, found nothing: the answer does not have this name";
        assert_eq!(missing.to_string(), told);
    }
}
