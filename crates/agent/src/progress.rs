//! How far a run is, for whoever shows it.

use std::net::SocketAddr;

/// Is told how a run goes on. Called from the run's own task, so it should be quick.
pub trait Progress: Send {
    /// So many addresses will be asked.
    fn begin(&mut self, addresses: u64) {
        let _ = addresses;
    }
    /// One address is done. `found` if it is a printer.
    fn done(&mut self, at: SocketAddr, found: bool) {
        let _ = (at, found);
    }
}

/// Nobody watches.
impl Progress for () {}
