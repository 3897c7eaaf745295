//! Agents over MQTT in WebSockets in TLS, with their certificates: the same program against the portal and against mosquitto.

use crate::agent::{Agent, Way, tls};
use crate::fleet;
use crate::process::{Process, Questions, say};
use crate::serve::loopback_certificate;
use bytes::{Bytes, BytesMut};
use dca_portal::wire::mqtt::{Bag, Dialect, Topics};
use dca_wire::AgentId;
use dca_wire::v1::{Push, Wake, push::What};
use futures_util::{SinkExt, StreamExt};
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAckReason, Packet};
use rustls::ClientConfig;
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};
use tokio_util::codec::{Decoder, Encoder};

/// Messages on their way, of one client.
const WINDOW: u16 = 16;
const PAYLOAD: &[u8] = &[b'x'; 512];

/// A client of a broker.
struct Link {
    socket: WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>>,
    codec: Codec,
    buffer: BytesMut,
}

/// As an agent does, but for the session tickets: after a restart of the other side there are none.
fn identity(way: &Way, agent: &Agent) -> Arc<ClientConfig> {
    let mut config = tls(way, Some(agent), b"http/1.1");
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

impl Link {
    async fn open(way: &Way, config: Arc<ClientConfig>, id: &str) -> Self {
        let stream = TcpStream::connect(way.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = tokio_rustls::TlsConnector::from(config).connect(way.address.ip().into(), stream).await.unwrap();
        let mut request = format!("wss://{}/mqtt", way.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("mqtt"));
        let small = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(small)).await.unwrap();
        let mut link = Self { socket, codec: Codec::new(0), buffer: BytesMut::new() };
        let connect = Connect { clean_session: true, keep_alive: 600, ..Connect::default() };
        link.send([connect.client_id(id.to_owned()).into()]).await;
        match link.receive().await {
            Some(Packet::ConnectAck(ack)) if ack.return_code == ConnectAckReason::ConnectionAccepted => link,
            other => panic!("{other:?}"),
        }
    }

    async fn send(&mut self, packets: impl IntoIterator<Item = Packet>) {
        let mut octets = BytesMut::new();
        for packet in packets {
            self.codec.encode(packet, &mut octets).unwrap();
        }
        self.socket.send(Message::Binary(octets.freeze())).await.unwrap();
    }

    /// The next packet; `None` once the other side is gone.
    async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some((packet, _)) = self.codec.decode(&mut self.buffer).unwrap() {
                return Some(packet);
            }
            if let Message::Binary(octets) = self.socket.next().await?.ok()? {
                self.buffer.extend_from_slice(&octets);
            }
        }
    }

    /// The next message, acknowledged.
    async fn message(&mut self) -> Option<()> {
        loop {
            if let Packet::Publish(message) = self.receive().await? {
                self.send([Packet::PublishAck { packet_id: message.packet_id? }]).await;
                return Some(());
            }
        }
    }

    async fn subscribe(&mut self, id: &str) {
        let topic_filters = vec![(format!("devices/{id}/messages/devicebound/#").into(), QoS::AtLeastOnce)];
        self.send([Packet::Subscribe { packet_id: NonZeroU16::MIN, topic_filters }]).await;
        assert!(matches!(self.receive().await, Some(Packet::SubscribeAck { .. })));
    }
}

fn publish(topic: &str, id: u16, payload: &'static [u8]) -> Packet {
    Publish {
        dup: false,
        retain: false,
        qos: QoS::AtLeastOnce,
        topic: topic.to_owned().into(),
        packet_id: NonZeroU16::new(id),
        payload: Bytes::from_static(payload),
        properties: None,
    }
    .into()
}

/// Plays agents until nobody asks any more.
pub(crate) async fn run(agents: &Path) {
    let agents = fleet::load(agents);
    let arrived = Arc::new(AtomicU64::new(0));
    let mut kept = Vec::new();
    say("ready");
    let mut questions = Questions::open();
    loop {
        let words = questions.next().await;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["connects", address, root, at_once, seconds] => {
                let way = fleet::way(address, root);
                let rate = connects(&agents, &way, at_once.parse().unwrap(), seconds.parse().unwrap()).await;
                say(&rate.to_string());
            }
            ["publish", address, root, count, seconds] => {
                let way = fleet::way(address, root);
                say(&publishes(&agents, &way, count.parse().unwrap(), seconds.parse().unwrap()).await.to_string());
            }
            ["idle", address, root, count] => {
                let way = fleet::way(address, root);
                for group in agents[..count.parse().unwrap()].chunks(16) {
                    let links = group.iter().map(|agent| {
                        let (way, agent) = (way.clone(), agent.clone());
                        tokio::spawn(async move {
                            let mut link = Link::open(&way, identity(&way, &agent), &agent.id).await;
                            link.subscribe(&agent.id).await;
                            link
                        })
                    });
                    for link in links.collect::<Vec<_>>() {
                        kept.push(link.await.unwrap());
                    }
                }
                say(&kept.len().to_string());
            }
            // Takes what comes from here on.
            ["listen"] => {
                for mut link in kept.drain(..) {
                    let arrived = arrived.clone();
                    tokio::spawn(async move {
                        while link.message().await.is_some() {
                            arrived.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                say("0");
            }
            // How long until so many more have arrived.
            ["arrive", count] => {
                let end = arrived.load(Ordering::Relaxed) + count.parse::<u64>().unwrap();
                say("0");
                let begun = Instant::now();
                while arrived.load(Ordering::Relaxed) < end && begun.elapsed() < Duration::from_secs(60) {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                let missing = end.saturating_sub(arrived.load(Ordering::Relaxed));
                say(&format!("{} {missing}", begun.elapsed().as_secs_f64()));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Connections made, accepted and closed a second.
async fn connects(agents: &[Arc<Agent>], way: &Way, at_once: usize, seconds: u64) -> f64 {
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let tasks: Vec<_> = agents[..at_once]
        .iter()
        .map(|agent| {
            let (way, agent) = (way.clone(), agent.clone());
            tokio::spawn(async move {
                let config = identity(&way, &agent);
                let mut done = 0;
                while Instant::now() < end {
                    let mut link = Link::open(&way, config.clone(), &agent.id).await;
                    link.send([Packet::Disconnect]).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Messages of 512 octets acknowledged a second, `count` agents, each with a full window.
async fn publishes(agents: &[Arc<Agent>], way: &Way, count: usize, seconds: u64) -> f64 {
    let mut links = Vec::new();
    for agent in &agents[..count] {
        let topic = format!("devices/{}/messages/events/", agent.id);
        links.push((Link::open(way, identity(way, agent), &agent.id).await, topic));
    }
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let tasks: Vec<_> = links
        .into_iter()
        .map(|(mut link, topic)| {
            tokio::spawn(async move {
                let mut done = 0;
                for id in 1..=WINDOW {
                    link.send([publish(&topic, id, PAYLOAD)]).await;
                }
                while Instant::now() < end {
                    if let Packet::PublishAck { packet_id } = link.receive().await.unwrap() {
                        done += 1;
                        link.send([publish(&topic, packet_id.get(), PAYLOAD)]).await;
                    }
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// Hints that reach an agent: where it is told that an order waits.
pub(crate) async fn hints(way: &Way, agent: &Agent) -> mpsc::Receiver<()> {
    let mut link = Link::open(way, identity(way, agent), &agent.id).await;
    link.subscribe(&agent.id).await;
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        while link.message().await.is_some() {
            let _ = sender.send(()).await;
        }
    });
    receiver
}

/// A portal beside mosquitto: publishes what the portal's own endpoint would push, over plain TCP on loopback.
pub(crate) async fn publisher(address: &str, agents: &Path) {
    let agents = fleet::load(agents);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut codec = Codec::new(0);
    let mut out = BytesMut::new();
    let connect = Connect { clean_session: true, keep_alive: 600, ..Connect::default() };
    codec.encode(connect.client_id("portal".to_owned()).into(), &mut out).unwrap();
    stream.write_all(&out).await.unwrap();
    say("ready");
    let push = Push { what: Some(What::Wake(Wake { reason: "bench".to_owned() })) };
    let payload: &'static [u8] = Box::leak(dca_wire::encode(&push).unwrap().into_boxed_slice());
    let mut questions = Questions::open();
    let mut input = BytesMut::new();
    loop {
        let words = questions.next().await;
        let [_, count, each] = words.as_slice() else { panic!("{words:?}") };
        let (count, each): (usize, usize) = (count.parse().unwrap(), each.parse().unwrap());
        let topics: Vec<Topics> = agents[..count]
            .iter()
            .map(|agent| Topics::new(Dialect::Generic, AgentId::parse(&agent.id).unwrap()))
            .collect();
        let (mut sent, mut acked, total) = (0_usize, 0_usize, count * each);
        while acked < total {
            out.clear();
            // mosquitto takes twenty of a client at a time.
            while sent < total && sent - acked < 20 {
                let bag = Bag::message(&sent.to_string(), "Push");
                let id = (sent % 60_000) as u16 + 1;
                codec.encode(publish(&topics[sent % count].to_agent(&bag), id, payload), &mut out).unwrap();
                sent += 1;
            }
            stream.write_all(&out).await.unwrap();
            stream.read_buf(&mut input).await.unwrap();
            while let Some((packet, _)) = codec.decode(&mut input).unwrap() {
                acked += usize::from(matches!(packet, Packet::PublishAck { .. }));
            }
        }
        say(&total.to_string());
    }
}

/// Debian's mosquitto with the agents' certificates, names out of them, and topics of their own.
pub(crate) struct Mosquitto {
    pub(crate) process: Process,
    pub(crate) way: Way,
    pub(crate) plain: String,
    _folder: tempfile::TempDir,
}

impl Mosquitto {
    pub(crate) fn start(clients: &[u8]) -> Option<Self> {
        let program =
            ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let (certificate, key) = loopback_certificate();
        let clients = pem("CERTIFICATE", clients);
        std::fs::write(file("clients.pem"), clients).unwrap();
        std::fs::write(file("own.pem"), pem("CERTIFICATE", certificate.der())).unwrap();
        std::fs::write(file("own.key"), key.serialize_pem()).unwrap();
        std::fs::write(file("acl"), "pattern readwrite devices/%c/#\n").unwrap();
        let (secure, plain) = (dca_loopback::free_port(), dca_loopback::free_port());
        let at = folder.path().display();
        let config = format!(
            "per_listener_settings true\npersistence false\nlog_dest none\nuser root\nset_tcp_nodelay true\n\
             max_queued_messages 0\n\
             listener {secure} 127.0.0.1\nsocket_domain ipv4\nprotocol websockets\ncafile {at}/clients.pem\ncertfile {at}/own.pem\n\
             keyfile {at}/own.key\nrequire_certificate true\nallow_anonymous true\nacl_file {at}/acl\n\
             listener {plain} 127.0.0.1\nprotocol mqtt\nallow_anonymous true\n"
        );
        std::fs::write(file("mosquitto.conf"), config).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "prlimit", "--nofile=8192", program, "-c"]).arg(file("mosquitto.conf"));
        let process = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        let way = Way { address: format!("127.0.0.1:{secure}").parse().unwrap(), root: certificate.der().clone() };
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            if std::net::TcpStream::connect(("127.0.0.1", plain)).is_ok() {
                break;
            }
        }
        Some(Self { process, way, plain: format!("127.0.0.1:{plain}"), _folder: folder })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
