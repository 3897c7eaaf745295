//! What agent and portal say to each other.
//!
//! The messages stand in `proto/dca/v1/*.proto` and are compiled into [`v1`]; `docs/WIRE.md` tells what they are for. This
//! crate adds what a `.proto` file cannot say: how large each message may be, what must hold in it, how records are packed
//! into a report, and the topics that carry a hint over MQTT, on Azure IoT Hub and on a plain broker.
//!
//! Everything that comes in goes through [`decode`], and what goes out through [`encode`]: both hold to the limits, so an
//! agent never sends what a portal will not take, and a peer never makes us hold more than the limit says.
//!
//! ```
//! use dca_wire::v1::{Push, Wake, push::What};
//!
//! let push = Push { what: Some(What::Wake(Wake { reason: "config".to_owned() })) };
//! let octets = dca_wire::encode(&push)?;
//! assert_eq!(dca_wire::decode::<Push>(&octets)?, push);
//! # Ok::<(), dca_wire::WireError>(())
//! ```
//!
//! Pure: no socket, clock, file or randomness; nothing of a transport, SNMP, printers or a database. With the feature `grpc`
//! there are also the services' clients and servers (`grpc`), which still need somebody who carries the octets.

mod agent_id;
mod check;
mod entries;
#[cfg(feature = "grpc")]
pub mod grpc;
mod limits;
pub mod mqtt;
mod secret;

pub use agent_id::{AgentId, BadAgentId};
pub use entries::{pack, unpack};
pub use limits::{Limited, WireError, decode, decode_shared, encode};

/// Version of the contract that this crate speaks, for [`v1::Caller::schema`].
pub const SCHEMA: u32 = 1;

/// The compiled `.proto` files, as an encoded `FileDescriptorSet`, for whoever speaks the contract without this crate.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The messages of package `dca.v1`. What a field means stands in the `.proto` files.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/dca.v1.rs"));
}
