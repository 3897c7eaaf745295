//! Simulated printers and networks, for tests, demos and benches.
