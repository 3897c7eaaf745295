//! SNMP v1, v2c and v3 without sockets, clock or threads: bytes and a time go in; bytes, results and the next deadline
//! come out.

pub mod ber;
mod credentials;
#[doc(hidden)]
pub mod literal;
mod manager;
pub mod message;
mod oid;
mod quirk;
pub mod recording;
mod request;
pub mod responder;
mod table;
mod typed;
pub mod usm;
mod value;
mod walk;

pub use credentials::{AuthProtocol, Community, Credentials, CredentialsError, KeyExtension, PrivProtocol, User};
pub use manager::{Counters, Limits, Manager, Outcome, Ticket, Transmit};
pub use message::{ErrorStatus, Version};
pub use oid::{MAX_ARCS, MAX_OCTETS, Oid, OidError, OidRef};
pub use quirk::{Quirk, Quirks};
pub use request::{Failure, Operation, Request, Response, UsmReport};
pub use table::{Columns, Row, Table};
pub use typed::{Counter, Found, FromValue, TimeTicks, TypedError};
pub use value::{Binding, BindingRef, Malformed, MalformedRef, Value, ValueRef, VarBind, VarBindRef};
pub use walk::{Walk, WalkEnd, Walked};
