//! MQTT 3.1.1 in two dialects: Azure IoT Hub's, and the same on a plain broker.
//!
//! Agents never talk to each other: all they publish goes to the portal, all they receive comes from it. One code path
//! serves both dialects. They differ in one prefix: what IoT Hub keeps under `$iothub/` stands under `devices/{id}/` on a
//! plain broker, where nobody would fan it out per client.
//!
//! | | IoT Hub | plain broker |
//! |---|---|---|
//! | agent to portal | `devices/{id}/messages/events/{bag}` | the same |
//! | portal to agent | `devices/{id}/messages/devicebound/{bag}` | the same |
//! | twin | `$iothub/twin/...` | `devices/{id}/twin/...` |
//! | methods | `$iothub/methods/...` | `devices/{id}/methods/...` |
//!
//! What IoT Hub forbids is done nowhere: QoS 2 and more than five filters close the connection, RETAIN is not kept,
//! payloads end at 256 KiB and clean sessions lose what was queued. Message id, content type and version of the contract
//! stand in the property bag, because 3.1.1 has no properties of its own.

mod bag;
mod topics;

pub use bag::{BadBag, Bag};
pub use topics::{Dialect, Incoming, Topics};

/// Most octets of a payload; IoT Hub takes 256 KiB with its topic.
pub const PAYLOAD: usize = 240 << 10;
/// Seconds between two packets at most. Proxies and address translators forget a connection after five minutes, or less.
pub const KEEP_ALIVE: u16 = 240;
/// Most messages under way at once.
pub const IN_FLIGHT: u16 = 16;
/// Where MQTT is spoken over WebSockets, on our own endpoint and on IoT Hub. Subprotocol `mqtt`.
pub const WEBSOCKET_PATHS: [&str; 2] = ["/mqtt", "/$iothub/websocket"];
