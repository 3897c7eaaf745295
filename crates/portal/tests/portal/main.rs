//! The portal as its agents and people meet it: over TLS on its port, with tonic's client and real certificates. On SQLite; the
//! same files run on PostgreSQL in `tests/postgres`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, reason = "a test")]

mod agent;
mod broker;
mod enrol;
mod ingest;
mod iothub;
mod mqtt;
mod orders;
mod pages;
mod paho;
mod place;
mod server;
mod store;
mod tls;
mod trouble;
