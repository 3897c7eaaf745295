//! 5 and 6: keys from passwords, and an answer of version 3 opened.

use crate::contest::signed_and_encrypted;
use crate::line::{Line, Target};
use crate::run::{Contestant, number, side_by_side};
use crate::witness;
use std::path::PathBuf;

pub(crate) fn keys(runs: usize, tell: &mut dyn FnMut(Line)) {
    for (hash, what) in [("sha1", "password to key, SHA-1"), ("sha256", "password to key, SHA-256")] {
        let contestants = [
            Contestant::here("dca-snmp", hash),
            Contestant::here("async-snmp", hash),
            Contestant::program("OpenSSL", openssl(), hash),
        ];
        let times = side_by_side(runs, 20, &contestants);
        let [us, peer, openssl] = times.as_slice() else { return };
        let milliseconds = |numbers| number(numbers, "ns").map(|ns| ns / 1e6);
        let (us, peer, openssl) = (milliseconds(us), milliseconds(peer), milliseconds(openssl));
        tell(Line::beside(5, what, "ms", &us, ("async-snmp", &peer), Target::TimesAtMost(0.5)));
        tell(Line::beside(5, what, "ms", &us, ("OpenSSL", &openssl), Target::TimesAtMost(1.1)));
    }
}

pub(crate) fn open(runs: usize, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let octets = signed_and_encrypted()?.len();
    let contestants = [
        Contestant::here("dca-snmp", "open"),
        Contestant::program("OpenSSL", openssl(), "open").with([octets]),
        Contestant::program("OpenSSL", openssl(), "open-hmac").with([octets]),
        Contestant::program("OpenSSL", openssl(), "open-kept").with([octets]),
    ];
    let times: Vec<_> = side_by_side(runs, 5_000, &contestants).iter().map(|numbers| number(numbers, "ns")).collect();
    let [us, evp, hmac, kept] = times.as_slice() else { return Ok(()) };
    let what = format!("verify and decrypt {octets} octets");
    let beside = |theirs, target| Line::beside(6, &what, "ns", us, ("OpenSSL", theirs), target);
    tell(beside(evp, Target::TimesAtMost(0.2)).note("EVP, key and context made for each message"));
    tell(beside(hmac, Target::None).note("HMAC() for the digest, as net-snmp does"));
    tell(beside(kept, Target::None).note("keys and contexts kept"));
    Ok(())
}

fn openssl() -> Result<PathBuf, String> {
    witness::compile("openssl", "-lcrypto", "libssl-dev")
}
