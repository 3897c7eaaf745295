//! The MQTT endpoint: its rules, and Mosquitto's own client as a witness.

use crate::agent::{Agent, tls};
use crate::place::Place;
use bytes::BytesMut;
use dca_portal::{Pushed, Status};
use dca_wire::AgentId;
use dca_wire::v1::{Push, Scan, order::What, push::What as Hint};
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAckReason, Packet, SubscribeReturnCode};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::codec::{Decoder, Encoder};

/// A client on the port without WebSockets.
struct Client {
    stream: tokio_rustls::client::TlsStream<tokio::net::TcpStream>,
    codec: Codec,
    buffer: BytesMut,
}

impl Client {
    async fn connect(place: &Place, agent: Option<&Agent>, connect: Connect) -> (Self, Option<Packet>) {
        let stream = tokio::net::TcpStream::connect(place.mqtt()).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(tls(place, agent, b"mqtt")));
        let stream = connector.connect(place.mqtt().ip().into(), stream).await.unwrap();
        let mut client = Self { stream, codec: Codec::new(0), buffer: BytesMut::new() };
        client.send(connect.into()).await;
        let answer = client.receive().await;
        (client, answer)
    }

    async fn send(&mut self, packet: Packet) {
        let mut octets = BytesMut::new();
        self.codec.encode(packet, &mut octets).unwrap();
        let _ = self.stream.write_all(&octets).await;
    }

    /// The next packet; `None` once the portal has ended the connection.
    async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some((packet, _)) = self.codec.decode(&mut self.buffer).unwrap() {
                return Some(packet);
            }
            let read =
                tokio::time::timeout(Duration::from_secs(20), self.stream.read_buf(&mut self.buffer)).await.unwrap();
            if !matches!(read, Ok(1..)) {
                return None;
            }
        }
    }

    async fn subscribe(&mut self, filter: &str) -> Option<Packet> {
        let topic_filters = vec![(filter.to_owned().into(), QoS::AtLeastOnce)];
        self.send(Packet::Subscribe { packet_id: NonZeroU16::MIN, topic_filters }).await;
        self.receive().await
    }

    async fn publish(&mut self, topic: &str, qos: QoS) -> Option<Packet> {
        let publish = Publish {
            dup: false,
            retain: false,
            qos,
            topic: topic.to_owned().into(),
            packet_id: Some(NonZeroU16::MIN),
            payload: b"x".as_slice().into(),
            properties: None,
        };
        self.send(publish.into()).await;
        self.receive().await
    }
}

fn connect(id: &str, clean: bool) -> Connect {
    Connect { clean_session: clean, keep_alive: 60, ..Connect::default() }.client_id(id.to_owned())
}

fn reason(answer: Option<Packet>) -> ConnectAckReason {
    match answer {
        Some(Packet::ConnectAck(ack)) => ack.return_code,
        other => panic!("{other:?}"),
    }
}

fn filter(agent: &Agent) -> String {
    format!("devices/{}/messages/devicebound/#", agent.id)
}

#[tokio::test]
async fn an_order_wakes_an_agent_at_once() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let id = AgentId::parse(&agent.id).unwrap();
    assert_eq!(place.portal.wake(&id, "nobody there").await, Pushed::Unknown);
    let (mut client, answer) = Client::connect(&place, Some(&agent), connect(&agent.id, false)).await;
    assert_eq!(reason(answer), ConnectAckReason::ConnectionAccepted);
    let granted = client.subscribe(&filter(&agent)).await;
    let success = SubscribeReturnCode::Success(QoS::AtLeastOnce);
    assert_eq!(granted, Some(Packet::SubscribeAck { packet_id: NonZeroU16::MIN, status: vec![success] }));
    place.portal.order(&id, What::Scan(Scan {}), 60_000, "test").await.unwrap();
    let Some(Packet::Publish(message)) = client.receive().await else { panic!() };
    let push: Push = dca_wire::decode(&message.payload).unwrap();
    assert!(matches!(push.what, Some(Hint::Wake(_))));
    assert!(message.topic.contains("kind=Push") && !message.dup && message.qos == QoS::AtLeastOnce);

    // Not acknowledged: the next connection gets it again, marked as such, and then it is over.
    drop(client);
    let (mut client, answer) = Client::connect(&place, Some(&agent), connect(&agent.id, false)).await;
    assert!(matches!(answer, Some(Packet::ConnectAck(ack)) if ack.session_present));
    let Some(Packet::Publish(again)) = client.receive().await else { panic!() };
    assert!(again.dup && again.payload == message.payload && again.packet_id == message.packet_id);
    client.send(Packet::PublishAck { packet_id: again.packet_id.unwrap() }).await;
    let waking = tokio::spawn({
        let portal = place.portal.clone();
        let id = id.clone();
        async move { portal.wake(&id, "test").await }
    });
    let Some(Packet::Publish(next)) = client.receive().await else { panic!() };
    assert!(!next.dup);
    client.send(Packet::PublishAck { packet_id: next.packet_id.unwrap() }).await;
    assert_eq!(waking.await.unwrap(), Pushed::Delivered);

    // A second connection ends the first.
    let (_second, answer) = Client::connect(&place, Some(&agent), connect(&agent.id, false)).await;
    assert_eq!(reason(answer), ConnectAckReason::ConnectionAccepted);
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn what_is_not_an_agents_own_ends_its_connection() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let own = format!("devices/{}", agent.id);
    let open = async || {
        let (client, answer) = Client::connect(&place, Some(&agent), connect(&agent.id, true)).await;
        assert_eq!(reason(answer), ConnectAckReason::ConnectionAccepted);
        client
    };
    let events = format!("{own}/messages/events/");
    assert!(matches!(open().await.publish(&events, QoS::AtLeastOnce).await, Some(Packet::PublishAck { .. })));
    assert_eq!(open().await.publish(&events, QoS::ExactlyOnce).await, None);
    assert_eq!(open().await.publish("devices/other/messages/events/", QoS::AtLeastOnce).await, None);
    for foreign in ["#", "devices/#", "devices/+/messages/devicebound/#", "devices/other/#", &own, &format!("{own}x/#")]
    {
        assert_eq!(open().await.subscribe(foreign).await, None, "{foreign}");
    }
    let mut greedy = open().await;
    for number in 0..4 {
        assert!(greedy.subscribe(&format!("{own}/{number}")).await.is_some());
    }
    assert_eq!(greedy.subscribe(&format!("{own}/5")).await, None);
}

#[tokio::test]
async fn who_connects_is_proven() {
    let Some(place) = Place::open().await else { return };
    let (agent, other) = (Agent::enrolled(&place).await, Agent::enrolled(&place).await);
    let check = async |agent: Option<&Agent>, connect: Connect| reason(Client::connect(&place, agent, connect).await.1);
    assert_eq!(check(None, connect(&agent.id, true)).await, ConnectAckReason::NotAuthorized);
    assert_eq!(check(Some(&other), connect(&agent.id, true)).await, ConnectAckReason::NotAuthorized);
    let signed = |path: &str, nonce: &str| {
        let signature = agent.signature(path, place.clock.now_ms(), nonce);
        Connect {
            password: Some(signature.into_bytes().into()),
            username: Some("x".into()),
            ..connect(&agent.id, true)
        }
    };
    assert_eq!(check(None, signed("/mqtt", "n1")).await, ConnectAckReason::ConnectionAccepted);
    assert_eq!(check(None, signed("/mqtt", "n1")).await, ConnectAckReason::NotAuthorized, "used twice");
    assert_eq!(check(None, signed("/dca.v1.Agent/CheckIn", "n2")).await, ConnectAckReason::NotAuthorized);

    // Who is deactivated is cut off.
    let (mut client, _) = Client::connect(&place, Some(&agent), connect(&agent.id, true)).await;
    place.portal.set_status(&agent.id, Status::Deactivated, "test").await.unwrap();
    assert_eq!(client.receive().await, None);
    assert_eq!(check(Some(&agent), connect(&agent.id, true)).await, ConnectAckReason::NotAuthorized);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_sub_is_woken() {
    let Some(place) = Place::open().await else { return };
    if Command::new("mosquitto_sub").arg("--help").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and mosquitto_sub is not installed");
        eprintln!("SKIPPED: 1 test, mosquitto_sub is not installed");
        return;
    }
    let agent = Agent::enrolled(&place).await;
    let folder = tempfile::tempdir().unwrap();
    let sub = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &place.mqtt().port().to_string(), "-V", "mqttv311", "-q", "1", "-c"])
        .args(["-i", &agent.id, "-t", &filter(&agent), "-C", "2", "-F", "%t", "-W", "20"])
        .arg("--cafile")
        .arg(pem(folder.path(), "ca.pem", "CERTIFICATE", place.portal.ca().certificate()))
        .arg("--cert")
        .arg(pem(folder.path(), "agent.pem", "CERTIFICATE", &agent.chain[0]))
        .arg("--key")
        .arg(pem(folder.path(), "agent.key", "PRIVATE KEY", agent.key.serialized_der()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = AgentId::parse(&agent.id).unwrap();
    let mut delivered = 0;
    for _ in 0..200 {
        if place.portal.wake(&id, "test").await == Pushed::Delivered {
            delivered += 1;
        }
        if delivered == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(delivered, 2);
    let output = tokio::task::spawn_blocking(|| sub.wait_with_output()).await.unwrap().unwrap();
    let topics = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        topics.lines().filter(|topic| topic.starts_with(filter(&agent).trim_end_matches('#'))).count(),
        2,
        "{topics}"
    );
}

/// Writes a file in PEM.
pub(crate) fn pem(folder: &Path, name: &str, label: &str, der: &[u8]) -> PathBuf {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let path = folder.join(name);
    std::fs::write(&path, format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))).unwrap();
    path
}
