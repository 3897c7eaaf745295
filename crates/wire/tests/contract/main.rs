//! The contract as reviewed files: `samples/fields.txt` lists every field ever used, `samples/{schema}/*.hex` holds one
//! encoded sample of each message for each version of the contract. A change shows in the diff; none is ever taken away.
//!
//! `UPDATE_EXPECT=1 cargo test -p dca-wire` writes what is new.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod fields;
mod hostile;
mod samples;
mod topics;

use dca_wire::v1::*;

const ID: &str = "0193b0a2-7c1e-7d7a-9d0a-3a0c5e8f4b11";

fn caller() -> Option<Caller> {
    Some(Caller {
        agent_id: ID.to_owned(),
        boot_id: vec![1; 16],
        request_id: vec![2; 16],
        sent_at_ms: 1_796_083_200_000,
        schema: dca_wire::SCHEMA,
    })
}

fn courtesy() -> Option<Courtesy> {
    Some(Courtesy { server_time_ms: 1_796_083_200_500, retry_after_s: 0 })
}
