//! Simulated printers and networks, for tests, demos and benches.

mod agent;
mod broken;
mod chance;
mod device;
mod fault;
mod fleet;
mod kinds;
mod life;
mod model;
mod net;
mod office;
mod rows;
mod scheme;

pub use device::{Answer, Device};
pub use fault::Fault;
pub use fleet::Fleet;
pub use model::DeviceError;
pub use net::Net;
pub use office::{office, office_from};
