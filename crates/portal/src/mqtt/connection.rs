//! One connection, from CONNECT to its end.

use super::session::{Hold, Outgoing};
use super::{PACKET, Pipe};
use crate::Portal;
use crate::authenticate::Peer;
use bytes::{Bytes, BytesMut};
use dca_wire::v1::Presence;
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAck, ConnectAckReason, Packet, SubscribeReturnCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::codec::{Decoder, Encoder};

/// Of CONNECT: its largest size and how long it may take.
const CONNECT: u32 = 8 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest silence, as Azure IoT Hub has it.
const LONGEST_IDLE: Duration = Duration::from_secs(1_767);

/// Serves a connection until it ends.
pub(crate) async fn serve(portal: Arc<Portal>, peer: Peer, pipe: Pipe) {
    let mut line = Line { pipe, codec: Codec::new(CONNECT), buffer: BytesMut::new() };
    let Ok(Some(Packet::Connect(connect))) = timeout(PATIENCE, line.receive()).await else { return };
    let refusal = match prove(&portal, &peer, &connect).await {
        Ok(()) => ConnectAckReason::ConnectionAccepted,
        Err(refusal) => refusal,
    };
    if refusal != ConnectAckReason::ConnectionAccepted {
        let answer = Packet::ConnectAck(ConnectAck { return_code: refusal, session_present: false });
        line.send([answer]).await;
        return line.pipe.close().await;
    }
    line.codec.set_max_size(PACKET as u32);
    let agent = connect.client_id.to_string();
    let (hold, again) = portal.sessions.take(&agent, connect.clean_session);
    let accepted = ConnectAck { return_code: refusal, session_present: hold.present };
    let first = std::iter::once(Packet::ConnectAck(accepted)).chain(again.into_iter().map(publish));
    if line.send(first).await {
        let idle = match connect.keep_alive {
            0 => LONGEST_IDLE,
            seconds => (Duration::from_secs(seconds.into()) * 3 / 2).min(LONGEST_IDLE),
        };
        while let Some(answers) = step(&portal, &mut line, &hold, &agent, idle).await {
            if !line.send(answers).await {
                break;
            }
        }
    }
    portal.sessions.leave(&hold, connect.clean_session);
    line.pipe.close().await;
}

/// Who connects: by certificate, or by a signature for `/mqtt` as password.
async fn prove(portal: &Portal, peer: &Peer, connect: &Connect) -> Result<(), ConnectAckReason> {
    let claim = match &connect.password {
        Some(password) => Some(std::str::from_utf8(password).map_err(|_| ConnectAckReason::BadUserNameOrPassword)?),
        None => None,
    };
    let agent =
        portal.prove(peer, claim, &connect.client_id, "/mqtt").await.map_err(|_| ConnectAckReason::NotAuthorized)?;
    let own = format!("devices/{}/messages/events", agent.id);
    match &connect.last_will {
        Some(will) if !is_below(&will.topic, &own) => Err(ConnectAckReason::NotAuthorized),
        _ => Ok(()),
    }
}

/// Waits for what happens next. The answer is what to write, `None` the end.
async fn step(portal: &Portal, line: &mut Line, hold: &Hold, agent: &str, idle: Duration) -> Option<Vec<Packet>> {
    let packet = tokio::select! {
        received = timeout(idle, line.receive()) => received.ok()??,
        () = hold.wake.notified() => {
            return portal.sessions.holds(hold).then(|| portal.sessions.next(hold).into_iter().map(publish).collect());
        }
    };
    if !portal.sessions.holds(hold) {
        return None;
    }
    let own = format!("devices/{agent}");
    match packet {
        Packet::Publish(message) => {
            // RETAIN is not kept, as on IoT Hub.
            // What an agent asks of a twin or answers to a method is its own to say, and means nothing here.
            if message.qos == QoS::ExactlyOnce || !is_below(&message.topic, &own) {
                return None;
            }
            if let Ok(presence) = dca_wire::decode::<Presence>(&message.payload) {
                tracing::debug!(agent, online = presence.online, version = presence.agent_version, "presence");
            }
            Some(message.packet_id.map(|packet_id| Packet::PublishAck { packet_id }).into_iter().collect())
        }
        Packet::PublishAck { packet_id } => {
            portal.sessions.acked(hold, packet_id);
            Some(portal.sessions.next(hold).into_iter().map(publish).collect())
        }
        Packet::Subscribe { packet_id, topic_filters } => {
            let names: Vec<String> = topic_filters.iter().map(|(filter, _)| filter.to_string()).collect();
            if !names.iter().all(|filter| is_below(filter, &own)) || !portal.sessions.subscribe(hold, &names) {
                return None;
            }
            let granted = |qos: &QoS| SubscribeReturnCode::Success((*qos).min(QoS::AtLeastOnce));
            let status = topic_filters.iter().map(|(_, qos)| granted(qos)).collect();
            let mut answers = vec![Packet::SubscribeAck { packet_id, status }];
            answers.extend(portal.sessions.next(hold).into_iter().map(publish));
            Some(answers)
        }
        Packet::Unsubscribe { packet_id, topic_filters } => {
            let names: Vec<String> = topic_filters.iter().map(ToString::to_string).collect();
            portal.sessions.unsubscribe(hold, &names);
            Some(vec![Packet::UnsubscribeAck { packet_id }])
        }
        Packet::PingRequest => Some(vec![Packet::PingResponse]),
        // DISCONNECT, QoS 2, a second CONNECT, and what only a server says.
        _ => None,
    }
}

/// Strictly below: `devices/a` is not above `devices/ab`, and no wildcard stands in the agent's place.
fn is_below(topic: &str, above: &str) -> bool {
    topic.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

fn publish(outgoing: Outgoing) -> Packet {
    let Outgoing { id, dup, topic, payload } = outgoing;
    Packet::Publish(Box::new(Publish {
        dup,
        retain: false,
        qos: QoS::AtLeastOnce,
        topic: topic.into(),
        packet_id: Some(id),
        payload: Bytes::from(payload),
        properties: None,
    }))
}

/// Packets on a pipe.
struct Line {
    pipe: Pipe,
    codec: Codec,
    buffer: BytesMut,
}

impl Line {
    /// The next packet. `None` at the end, and for what is none.
    async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some((packet, _)) = self.codec.decode(&mut self.buffer).ok()? {
                if self.buffer.is_empty() {
                    // An idle client holds no buffer.
                    self.buffer = BytesMut::new();
                }
                return Some(packet);
            }
            if !self.pipe.receive(&mut self.buffer).await {
                return None;
            }
        }
    }

    /// Writes packets at once. False if they cannot be written.
    async fn send(&mut self, packets: impl IntoIterator<Item = Packet>) -> bool {
        let mut octets = BytesMut::new();
        for packet in packets {
            if self.codec.encode(packet, &mut octets).is_err() {
                return false;
            }
        }
        octets.is_empty() || self.pipe.send(octets.freeze()).await
    }
}
