//! What was forgiven: departures from the encoding rules that devices in the field make and that do not change the
//! meaning. Each is recorded, none is silent, so that support can say "counter sent with the sign bit set" without
//! a packet capture.

use core::fmt;

macro_rules! quirks {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// One kind of departure that the decoder looks through.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Quirk { $($(#[doc = $doc])+ $name,)+ }

        impl Quirk {
            /// Every kind, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// A short sentence for a diagnosis page.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

quirks! {
    /// An unsigned number sent as a negative one: `41 04 ff ff ff ff`.
    NegativeUnsigned => "unsigned number sent with the sign bit set",
    /// A number of no octets at all, taken as 0: `02 00`.
    EmptyInteger => "number without octets taken as 0",
    /// Needless leading octets in a number: `02 05 00 00 00 00 05`.
    PaddedInteger => "number with needless leading octets",
    /// An INTEGER outside 32 bits, kept as sent.
    WideInteger => "INTEGER outside 32 bits",
    /// An OID of no octets, taken as 0.0.
    EmptyOid => "OID without octets taken as 0.0",
    /// A subidentifier with needless leading `80`.
    PaddedOid => "OID with needless leading octets in a subidentifier",
    /// Octets inside a NULL or an exception value.
    NullWithOctets => "NULL or exception value with octets inside",
    /// A length in more octets than it needs: `84 00 00 00 05`. RFC 3417 §8 allows it.
    LongLength => "length in more octets than it needs",
    /// Octets after the message.
    TrailingMessage => "octets after the message",
    /// Octets after the last field of the PDU, of the message or of a v3 header, inside what encloses it.
    TrailingPdu => "octets after the last field of a structure",
    /// Octets after the value inside one binding.
    TrailingBinding => "octets after a value inside its binding",
    /// A request-id of five octets, taken by its low 32 bits.
    WideRequestId => "request-id sent as an unsigned number",
    /// An error-index below 0, taken as 0.
    NegativeErrorIndex => "error-index below 0",
    /// A tag that SNMP does not define; the octets are kept.
    UnknownTag => "value of an unknown type",
    /// An answer that names another object than the one asked for in its place; its value is not used.
    OtherName => "answer with another name than was asked",
    /// One name of a Get that the device keeps answering with an error; it counts as absent.
    NameRefused => "error for one name of many, taken as absent",
    /// An answer with fewer bindings than were asked for; the rest was asked again.
    ShortAnswer => "answer with fewer bindings than asked",
    /// A binding that cannot be understood; its octets and the reason stand in its place, the others were read.
    MalformedBinding => "a binding that cannot be understood, the others read",
    /// No usable answer to GETBULK where GETNEXT works.
    BulkBroken => "GETBULK does not work, GETNEXT does",
}

/// A set of [`Quirk`]s: one word, no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Quirks(u32);

impl Quirks {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Adds one kind.
    pub fn note(&mut self, quirk: Quirk) {
        self.0 |= 1 << quirk as u8;
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// True if the kind is in the set.
    pub const fn has(self, quirk: Quirk) -> bool {
        self.0 & 1 << quirk as u8 != 0
    }

    /// True if nothing was forgiven.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.iter().copied().filter(move |quirk| self.has(*quirk))
    }
}

impl fmt::Debug for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        let mut set = Self::NONE;
        quirks.into_iter().for_each(|quirk| set.note(quirk));
        set
    }
}
