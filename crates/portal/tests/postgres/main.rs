//! The whole suite again, on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, reason = "a test")]

#[path = "../portal/agent.rs"]
mod agent;
#[path = "../portal/broker.rs"]
mod broker;
#[path = "../portal/enrol.rs"]
mod enrol;
#[path = "../portal/ingest.rs"]
mod ingest;
#[path = "../portal/mqtt.rs"]
mod mqtt;
#[path = "../portal/orders.rs"]
mod orders;
#[path = "../portal/pages.rs"]
mod pages;
#[path = "../portal/paho.rs"]
mod paho;
#[path = "../portal/place.rs"]
mod place;
#[path = "../portal/server.rs"]
mod server;
#[path = "../portal/store.rs"]
mod store;
#[path = "../portal/trouble.rs"]
mod trouble;
