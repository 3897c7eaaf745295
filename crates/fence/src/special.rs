//! Blocks that a wide entry must not open by accident.
//!
//! An address in one of these blocks is admitted only by an entry that lies wholly inside the block: `127.1.0.0/20`
//! opens loopback addresses, `0.0.0.0/0` does not. Blocks nest: the cloud metadata address has to be written itself,
//! `169.254.0.0/16` does not open it.

use crate::spans::{Span, Spans, v4_block, v6_block};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where IPv4 lives on the number line (RFC 4291 §2.5.5.2). An IPv6 entry around it does not mean IPv4.
pub(crate) const MAPPED: Span = v6(0, 0, 0, 0, 0, 0xffff, 0, 0, 96);

/// RFC 6890 and the registries it set up, as far as a packet sent there would reach somebody unexpected.
const BLOCKS: [Span; 17] = [
    v4(0, 0, 0, 0, 8),                            // this network, unspecified
    v4(127, 0, 0, 0, 8),                          // loopback
    v4(169, 254, 0, 0, 16),                       // link-local
    v4(169, 254, 169, 254, 32),                   // cloud metadata
    v4(224, 0, 0, 0, 4),                          // multicast
    v4(240, 0, 0, 0, 4),                          // reserved
    v4(255, 255, 255, 255, 32),                   // limited broadcast
    v6(0, 0, 0, 0, 0, 0, 0, 0, 96),               // IPv4-compatible, deprecated (RFC 4291 §2.5.5.1)
    v6(0, 0, 0, 0, 0, 0, 0, 0, 128),              // unspecified
    v6(0, 0, 0, 0, 0, 0, 0, 1, 128),              // loopback
    MAPPED,                                       // not opened by an IPv6 entry around it
    v6(0x64, 0xff9b, 0, 0, 0, 0, 0, 0, 96),       // NAT64: an IPv4 address in disguise (RFC 6052)
    v6(0x64, 0xff9b, 1, 0, 0, 0, 0, 0, 48),       // the same, local use (RFC 8215)
    v6(0x2002, 0, 0, 0, 0, 0, 0, 0, 16),          // 6to4: the same (RFC 3056)
    v6(0xfe80, 0, 0, 0, 0, 0, 0, 0, 10),          // link-local
    v6(0xff00, 0, 0, 0, 0, 0, 0, 0, 8),           // multicast
    v6(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254, 128), // cloud metadata
];

/// What of an entry may be touched: its span without the special blocks that it only crosses or surrounds.
pub(crate) fn open(entry: Span) -> Spans {
    let mut closed = Spans::default();
    for block in BLOCKS.into_iter().filter(|block| !block.contains(entry)) {
        closed.insert(block);
    }
    closed.missing_from(entry)
}

/// What of an address that a *name* resolved to may be touched: whoever answers for the name did not write the fence,
/// so no special address, except loopback for the names that mean it (RFC 6761 §6.3).
pub(crate) fn open_resolved(name: &str, at: u128) -> bool {
    let at = Span { first: at, last: at };
    if name == "localhost" || name.ends_with(".localhost") {
        return LOOPBACK.iter().any(|block| block.contains(at));
    }
    !BLOCKS.iter().any(|block| *block != MAPPED && block.contains(at))
}

const LOOPBACK: [Span; 2] = [v4(127, 0, 0, 0, 8), v6(0, 0, 0, 0, 0, 0, 0, 1, 128)];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Span {
    v4_block(Ipv4Addr::new(a, b, c, d), prefix)
}

#[expect(clippy::too_many_arguments, reason = "the eight groups of an IPv6 address")]
const fn v6(a: u16, b: u16, c: u16, d: u16, e: u16, f: u16, g: u16, h: u16, prefix: u32) -> Span {
    v6_block(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}
