//! The portal's own MQTT 3.1.1 endpoint: a hint that wakes an agent before its time.
//!
//! Agents never talk to each other, so there is no topic tree, nothing retained, no fan-out: a map from an agent to what waits
//! for it. Who connects proves itself as it does over gRPC. What waits lives in memory: losing it costs latency only.
//!
//! The rules are those of Azure IoT Hub: an agent's own topics only, QoS 0 and 1, a second connection of an agent ends the first,
//! QoS 2 and foreign topics end the connection. By configuration a broker or Azure IoT Hub itself takes its place.

mod broker;
mod connection;
mod iothub;
mod pipe;
mod session;

pub(crate) use connection::serve;
pub(crate) use pipe::Pipe;
pub use session::Pushed;
pub(crate) use session::Sessions;

use crate::Portal;
use crate::agents::Agent;
use crate::authenticate::Peer;
use crate::config::{BrokerAt, BrokerKind};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use broker::Broker;
use dca_wire::AgentId;
use dca_wire::mqtt::{Bag, Dialect, Topics, WEBSOCKET_PATHS};
use dca_wire::v1::{Push, Wake, push::What};
use iothub::IotHub;
use std::sync::Arc;
use std::time::Duration;

/// Largest packet: a payload with its topic.
const PACKET: usize = dca_wire::mqtt::PAYLOAD + (64 << 10);
/// How long a push waits for the agent's word that it arrived.
const PATIENCE: Duration = Duration::from_secs(5);

/// MQTT over WebSockets, on the paths of the contract.
pub(crate) fn routes(portal: &Arc<Portal>) -> Router {
    let [own, hub] = WEBSOCKET_PATHS;
    Router::new().route(own, get(upgrade)).route(hub, get(upgrade)).with_state(portal.clone())
}

async fn upgrade(
    State(portal): State<Arc<Portal>>,
    Extension(peer): Extension<Peer>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .protocols(["mqtt"])
        // An idle client shall cost little.
        .read_buffer_size(4 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * PACKET)
        .max_message_size(2 * PACKET)
        .max_frame_size(2 * PACKET)
        .on_upgrade(move |socket| serve(portal, peer, Pipe::Socket(Box::new(socket))))
}

/// Who brings hints to agents instead of the portal's own endpoint.
#[derive(Debug)]
pub(crate) enum Carrier {
    Broker(Arc<Broker>),
    IotHub(Arc<IotHub>),
}

impl Carrier {
    pub(crate) fn new(at: BrokerAt) -> Self {
        match at.kind {
            BrokerKind::Mqtt => Self::Broker(Arc::new(Broker::new(at))),
            BrokerKind::IotHub => Self::IotHub(Arc::new(IotHub::new(at))),
        }
    }

    /// The broker that the portal stays connected to.
    pub(crate) fn broker(&self) -> Option<Arc<Broker>> {
        match self {
            Self::Broker(broker) => Some(broker.clone()),
            Self::IotHub(_) => None,
        }
    }

    /// Where agents find it.
    pub(crate) fn agents(&self) -> &[String] {
        match self {
            Self::Broker(broker) => &broker.at.agents,
            Self::IotHub(hub) => &hub.at.agents,
        }
    }

    /// What agents are told to speak there.
    pub(crate) fn dialect(&self) -> &'static str {
        match self {
            Self::Broker(_) => "generic",
            Self::IotHub(_) => "iothub",
        }
    }

    /// Lets a new agent connect, where that has to be said.
    pub(crate) fn admit(&self, agent: AgentId, now_ms: i64) {
        if let Self::IotHub(hub) = self {
            let hub = hub.clone();
            tokio::spawn(async move { hub.enter(&agent, now_ms).await });
        }
    }
}

impl Portal {
    /// Wakes an agent: it checks in at once. Waits a few seconds for its word that the hint arrived.
    pub async fn wake(&self, agent: &AgentId, reason: &str) -> Pushed {
        let topics = Topics::new(Dialect::Generic, agent.clone());
        let id = uuid::Uuid::now_v7().to_string();
        let push = Push { what: Some(What::Wake(Wake { reason: reason.to_owned() })) };
        let Ok(payload) = dca_wire::encode(&push) else { return Pushed::Unknown };
        let topic = topics.to_agent(&Bag::message(&id, "Push"));
        match &self.carrier {
            Some(Carrier::Broker(broker)) => return broker.push(topic, payload).await,
            Some(Carrier::IotHub(hub)) => return hub.wake(agent, self.clock.now_ms()).await,
            None => {}
        }
        let Some(acked) = self.sessions.push(agent.as_str(), topic, payload) else { return Pushed::Unknown };
        let pushed = match tokio::time::timeout(PATIENCE, acked).await {
            Ok(Ok(())) => Pushed::Delivered,
            _ => Pushed::Queued,
        };
        tracing::debug!(%agent, reason, ?pushed, "woken");
        pushed
    }

    /// Wakes without waiting for an answer.
    pub(crate) fn wake_later(self: &Arc<Self>, agent: &Agent, reason: &'static str) {
        if let Ok(id) = AgentId::parse(&agent.id) {
            let portal = self.clone();
            tokio::spawn(async move { portal.wake(&id, reason).await });
        }
    }
}
