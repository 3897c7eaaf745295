//! The portal as its agents and people meet it: over TLS on its port, with tonic's client and real certificates.

mod agent;
mod enrol;
mod ingest;
mod orders;
mod pages;
mod place;
mod store;
