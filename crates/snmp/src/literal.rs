//! `oid!` at compile time: dotted decimal to BER octets in `const fn`. Errors are compile errors.
#![allow(clippy::indexing_slicing, clippy::panic, reason = "runs in the compiler, where a panic is the error message")]

/// How many content octets the literal needs.
pub const fn length(text: &str) -> usize {
    run::<0>(text).1
}

/// The content octets of the literal; `N` comes from [`length`].
pub const fn encode<const N: usize>(text: &str) -> [u8; N] {
    run::<N>(text).0
}

const fn run<const N: usize>(text: &str) -> ([u8; N], usize) {
    let bytes = text.as_bytes();
    let (mut out, mut used) = ([0; N], 0);
    let (mut at, mut arcs, mut first) = (0, 0, 0);
    while at < bytes.len() {
        let start = at;
        let mut arc: u64 = 0;
        while at < bytes.len() && bytes[at] != b'.' {
            assert!(bytes[at].is_ascii_digit(), "an OID literal is dotted decimal, such as \"1.3.6.1\"");
            arc = arc * 10 + (bytes[at] - b'0') as u64;
            assert!(arc <= u32::MAX as u64, "an arc is at most 4294967295");
            at += 1;
        }
        assert!(at > start, "an OID literal has no empty arc");
        assert!(at == bytes.len() || at + 1 < bytes.len(), "an OID literal does not end with a dot");
        at += 1;
        arcs += 1;
        assert!(arcs <= super::oid::MAX_ARCS, "an OID has at most 128 arcs");
        if arcs == 1 {
            assert!(arc <= 2, "the first arc is 0, 1 or 2");
            first = arc;
            continue;
        }
        if arcs == 2 {
            assert!(first == 2 || arc < 40, "the second arc is below 40 under 0 and 1");
            arc += first * 40;
            assert!(arc <= u32::MAX as u64, "an arc is at most 4294967295");
        }
        let mut shift = 28;
        while shift > 0 {
            if arc >> shift != 0 {
                if N > 0 {
                    out[used] = (arc >> shift) as u8 & 0x7f | 0x80;
                }
                used += 1;
            }
            shift -= 7;
        }
        if N > 0 {
            out[used] = arc as u8 & 0x7f;
        }
        used += 1;
    }
    assert!(arcs >= 2, "an OID literal has at least two arcs");
    (out, used)
}
