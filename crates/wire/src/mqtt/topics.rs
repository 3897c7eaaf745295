//! Which topics an agent publishes to, subscribes to, and what one that comes in means.

use super::bag::{BadBag, Bag};
use crate::AgentId;

/// Whose broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Azure IoT Hub.
    IotHub,
    /// Mosquitto, EMQX, the portal's own endpoint.
    Generic,
}

/// The topics of one agent.
#[derive(Debug, Clone)]
pub struct Topics {
    dialect: Dialect,
    agent: AgentId,
}

/// What a topic that comes in means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A message of the portal with its properties: an encoded [`Push`](crate::v1::Push).
    Message(Bag),
    /// The answer to a question about the twin.
    Twin {
        /// 200, 204, 400, 429 ...
        status: u16,
        /// Of the question.
        request: &'a str,
        /// Of the twin, where it is told.
        version: Option<u64>,
    },
    /// The portal's half of the twin changed.
    Desired {
        /// Of the twin since.
        version: u64,
    },
    /// A call that waits for an answer.
    Method {
        /// Which.
        name: &'a str,
        /// To be repeated in the answer.
        request: &'a str,
    },
}

impl Topics {
    /// The topics of `agent`.
    pub fn new(dialect: Dialect, agent: AgentId) -> Self {
        Self { dialect, agent }
    }

    /// What to subscribe to, with QoS 1. Four: IoT Hub takes five at most, and no others.
    pub fn filters(&self) -> [String; 4] {
        let Self { agent, .. } = self;
        let hub = self.hub();
        [
            format!("devices/{agent}/messages/devicebound/#"),
            format!("{hub}/twin/res/#"),
            format!("{hub}/twin/PATCH/properties/desired/#"),
            format!("{hub}/methods/POST/#"),
        ]
    }

    /// Where messages to the portal go, and the will.
    pub fn events(&self, bag: &Bag) -> String {
        format!("devices/{}/messages/events/{}", self.agent, bag.encode())
    }

    /// Where the portal sends a message to, on a plain broker. IoT Hub makes its own.
    pub fn to_agent(&self, bag: &Bag) -> String {
        format!("devices/{}/messages/devicebound/{}", self.agent, bag.encode())
    }

    /// Asks for the twin. To be done after each connection: changes made meanwhile are not sent again.
    pub fn twin_question(&self, request: u32) -> String {
        format!("{}/twin/GET/?$rid={request}", self.hub())
    }

    /// Reports the agent's half of the twin.
    pub fn twin_report(&self, request: u32) -> String {
        format!("{}/twin/PATCH/properties/reported/?$rid={request}", self.hub())
    }

    /// Answers a call. `request` came with it.
    pub fn method_answer(&self, status: u16, request: &str) -> String {
        format!("{}/methods/res/{status}/?$rid={}", self.hub(), super::bag::escape(request))
    }

    /// What a topic means. `None` if it is not one of this agent's.
    ///
    /// # Errors
    /// If it is one, and its properties cannot be read.
    pub fn incoming<'a>(&self, topic: &'a str) -> Result<Option<Incoming<'a>>, BadBag> {
        let agent = topic.strip_prefix("devices/").and_then(|rest| rest.strip_prefix(self.agent.as_str()));
        if let Some(bag) = agent.and_then(|rest| rest.strip_prefix("/messages/devicebound")) {
            let bag = bag.strip_prefix('/').unwrap_or(bag);
            return Bag::parse(bag).map(|bag| Some(Incoming::Message(bag)));
        }
        let rest = match self.dialect {
            Dialect::IotHub => topic.strip_prefix("$iothub"),
            Dialect::Generic => agent,
        };
        Ok(rest.and_then(|rest| rest.strip_prefix('/')).and_then(hub_topic))
    }

    fn hub(&self) -> String {
        match self.dialect {
            Dialect::IotHub => "$iothub".to_owned(),
            Dialect::Generic => format!("devices/{}", self.agent),
        }
    }
}

fn hub_topic(topic: &str) -> Option<Incoming<'_>> {
    let (path, query) = topic.split_once("/?")?;
    let value = |key: &str| {
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == key)).map(|(_, value)| value)
    };
    let number = |key| value(key).and_then(|value| value.parse().ok());
    if let Some(status) = path.strip_prefix("twin/res/") {
        let (status, request) = (status.parse().ok()?, value("$rid")?);
        return Some(Incoming::Twin { status, request, version: number("$version") });
    }
    if path == "twin/PATCH/properties/desired" {
        return Some(Incoming::Desired { version: number("$version")? });
    }
    let name = path.strip_prefix("methods/POST/").filter(|name| !name.is_empty() && !name.contains('/'))?;
    Some(Incoming::Method { name, request: value("$rid")? })
}

impl Dialect {
    /// User name of the CONNECT packet: IoT Hub wants its own host and API version in it.
    pub fn user_name(self, host: &str, agent: &AgentId) -> String {
        match self {
            Self::IotHub => format!("{host}/{agent}/?api-version=2021-04-12"),
            Self::Generic => agent.to_string(),
        }
    }
}
