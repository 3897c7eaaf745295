//! Push: what the portal says between two check-ins, over MQTT. A hint, so losing it costs latency and nothing else.
//!
//! ```text
//! Push::start ─► supervisor ─► dial, TLS, WebSocket ─► session (MQTT 3.1.1) ─► hints to the agent
//! ```
//!
//! The supervisor opens one session after another and never asks one to recover: each begins with a new connection, a new
//! client and new credentials. WebSockets on 443 come first, TLS on 8883 after; what worked last is tried first.

mod credentials;
mod hint;
mod mqtt;
mod rumqtt;
mod stream;
mod supervisor;

pub use credentials::{Access, DeviceKey};
pub use hint::Hint;
pub(crate) use stream::open as open_stream;

use crate::clock::Clock;
use crate::dial::Dialer;
use crate::identity::Identity;
use crate::place::Place;
use crate::trust::{Trust, TrustError};
use dca_wire::mqtt::Dialect;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How push is set up.
#[derive(Debug)]
pub struct PushSettings {
    /// wss:// and mqtts://, in the order to try.
    pub places: Vec<Place>,
    /// Whose broker it is.
    pub dialect: Dialect,
    /// What the broker wants to be shown, beside the client certificate.
    pub access: Access,
    /// Who connects.
    pub identity: Identity,
    /// Whom to believe to be the broker.
    pub trust: Trust,
    /// The way out.
    pub dialer: Dialer,
    /// The portal's clock.
    pub clock: Arc<Clock>,
    /// Drawn when the agent starts.
    pub boot_id: [u8; 16],
    /// Of the agent, for the portal.
    pub version: String,
    /// Over how long the agents of a lost broker spread their return; 300 s as a rule.
    pub spread: Duration,
}

/// How push is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PushState {
    /// Not connected yet.
    #[default]
    Starting,
    /// Connected, and subscribed.
    Connected {
        /// Where.
        at: String,
    },
    /// Lost, or not to be had. It is tried again.
    Lost {
        /// A sentence for a person.
        why: String,
    },
}

/// Push, running. Ends when it is dropped.
#[derive(Debug)]
pub struct Push {
    state: watch::Receiver<PushState>,
    task: JoinHandle<()>,
}

impl Push {
    /// Starts it. Hints go to `hints`; where that is full they are dropped, because one hint is as good as ten.
    ///
    /// # Errors
    /// If whom to trust cannot be set up.
    pub fn start(settings: PushSettings, hints: mpsc::Sender<Hint>) -> Result<Self, TrustError> {
        let (told, state) = watch::channel(PushState::default());
        let supervisor = supervisor::Supervisor::new(settings, hints, told)?;
        Ok(Self { state, task: tokio::spawn(supervisor.run()) })
    }

    /// How it is, and what changes.
    pub fn state(&self) -> watch::Receiver<PushState> {
        self.state.clone()
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.task.abort();
    }
}
