//! The Data Collector Agent.
fn main() {}
