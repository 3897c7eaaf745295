//! The DCA as a library: what each command of `dca` does, without its terminal.
//!
//! ```text
//! arguments, files ──► Targets ──► Scope (the fence)  ┐
//!                  ──► Keyring (who asks whom)        ├──► Lan ──► scan, read, walk, record, ping ──► report ──► text
//! ```
//!
//! Functions return data and take a [`Progress`]; nothing here prints, reads arguments or ends the process.

mod also;
mod asking;
pub mod config;
mod credentials;
mod decode;
mod discover;
mod doctor;
mod enrol;
mod input;
mod interview;
mod knock;
mod live;
mod membership;
mod network;
mod ping;
pub mod poll;
mod progress;
mod queue;
mod read;
mod record;
mod recorded;
mod redact;
pub mod report;
mod scan;
mod scope;
pub mod service;
pub mod vault;
mod walk;
mod whole;
mod workbench;

pub use also::{Also, Pins, Way};
pub use asking::{Asking, rate, retries, seconds};
pub use credentials::file::secret_file;
pub use credentials::{
    Keyring, Named, RawCredential, RawSecret, Secrets, UserOptions, Versions, auth_protocol, priv_protocol,
};
pub use dca_cloud::doctor::{Finding, Level};
pub use dca_fence::Allowed;
pub use dca_lan::LanError;
pub use dca_printer::{Form, Profiles};
pub use dca_snmp::{AuthProtocol, Oid, PrivProtocol, Value, Version, recording};
pub use decode::{FromReply, decode, decode_together};
pub use doctor::{Checkup, Doctor};
pub use enrol::{EnrolError, Enrolment, proxy};
pub use input::{InputError, own_profiles, profiles};
pub use membership::{Membership, MembershipError};
pub use network::{Failed, Network, Run, Success};
pub use ping::ping;
pub use progress::Progress;
pub use queue::{Agreed, Detail, Proposal, QUEUE_PORT, Queue, queue_state, send_job};
pub use read::Read;
pub use record::Recorded;
pub use recorded::{FromFile, read_walk};
pub use scan::Found;
pub use scope::{Scope, Targets};
pub use walk::Ended;
pub use workbench::{Checked, Trial, Unread, check_profiles, draft, try_profile};
