//! What a question to a silent address holds. One test only: the counter sees the whole process.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use dca_snmp::{Credentials, Limits, Manager, Oid, Request, Survey, User};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn silence_holds_half_a_kilobyte() {
    let now = Instant::now();
    let names: Vec<Oid> =
        (1..=12).map(|arc| Oid::from_arcs([1, 3, 6, 1, 2, 1, 43, 5, 1, 1, arc, 1]).unwrap()).collect();
    for who in [Credentials::v2c("public"), Credentials::V3(User::new("reader").unwrap())] {
        let survey = Arc::new(Survey::new(Request::get(names.clone()), &who));
        let mut manager = Manager::new(Limits::default(), [1; 32]);
        let region = Region::new(COUNTING);
        for address in 0..4096_u32 {
            let to = SocketAddr::from(((0x0a00_0000 + address).to_be_bytes(), 161));
            manager.survey(&survey, to, now);
            assert_eq!(manager.poll_transmit().unwrap().to, to);
        }
        manager.handle_timeout(now);
        let change = region.change();
        let held = (change.bytes_allocated - change.bytes_deallocated) / 4096;
        assert!((100..512).contains(&held), "{held} octets");
    }
}
