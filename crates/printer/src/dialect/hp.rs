//! Hewlett-Packard: texts of the PML object tree.

/// A PML string starts with its symbol set in two octets: `01 15` is Roman-8, `FD E8` (65000 and up are Microsoft code
/// pages) is UTF-8. Some firmware leaves it out, so only these two are taken off.
pub(super) fn without_symbol_set(octets: &[u8]) -> &[u8] {
    match octets {
        [0x01, 0x15, text @ ..] | [0xfd, 0xe8, text @ ..] => text,
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_symbol_set_is_taken_off() {
        assert_eq!(without_symbol_set(b"\x01\x15CN123"), b"CN123");
        assert_eq!(without_symbol_set(b"\xfd\xe8CN123"), b"CN123");
        assert_eq!(without_symbol_set(b"CN123"), b"CN123");
        assert_eq!(without_symbol_set(b"\x01"), b"\x01");
    }
}
