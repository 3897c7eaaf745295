//! snmp-parser with asn1-rs as a second opinion: whenever it accepts a message and is right about it, we agree.
//!
//! It is strict where devices are sloppy, so its refusal says nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

mod support;

use fastrand::Rng;
use support::agree::compare;

#[test]
fn recorded_messages_mean_the_same() {
    let mut compared = 0;
    for message in support::vectors::recorded().unwrap_or_default() {
        compared += usize::from(compare(&message.octets));
    }
    eprintln!("{compared} recorded messages compared");
}

#[test]
fn generated_messages_mean_the_same() {
    let mut rng = Rng::with_seed(1);
    let mut compared = 0;
    for _ in 0..5_000 {
        compared += usize::from(compare(&support::generate::message(&mut rng, 12).octets));
    }
    assert!(compared > 4_000, "it refuses few of what we encode: {compared} of 5000 compared");
}

#[test]
fn mutated_messages_mean_the_same() {
    let mut rng = Rng::with_seed(2);
    let corpus: Vec<Vec<u8>> = (0..200).map(|_| support::generate::message(&mut rng, 6).octets).collect();
    let mut compared = 0;
    for _ in 0..100_000 {
        let (message, donor) = (rng.choice(&corpus).unwrap(), rng.choice(&corpus).unwrap());
        let mutated = support::mutate::mutate(&mut rng.fork(), message, donor);
        compared += usize::from(compare(&mutated));
    }
    assert!(compared > 5_000, "{compared} compared");
}
