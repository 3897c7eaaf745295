//! Azure IoT Hub's device endpoint as far as an agent can tell, with its limits: QoS 2 and anything above five filters, or
//! 256 KiB, closes the connection; a token ends with its time; a second connection of a device throws out the first; what is
//! sent to a device that is away waits for it.

use super::support::Ca;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAck, ConnectAckReason, Packet, SubscribeReturnCode};
use sha2::Sha256;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::codec::Framed;

pub(crate) const HOST: &str = "localhost";
const FILTERS: usize = 5;
const MESSAGE: usize = 256 << 10;

#[derive(Default)]
pub(crate) struct State {
    /// What happened, one line each.
    pub(crate) log: Vec<String>,
    /// Waiting for the device: topic and payload.
    queue: Vec<(String, Vec<u8>)>,
    /// Number of the newest connection.
    newest: usize,
    pub(crate) twin: u64,
    /// Connections that it has no room for.
    throttled: usize,
}

pub(crate) struct Hub {
    pub(crate) port: u16,
    pub(crate) state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    /// With a device key, tokens are asked for; without one, a client certificate.
    pub(crate) async fn start(ca: &Ca, key: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(ca.tls(&[]).0));
        let (state, changed) = (Arc::new(Mutex::new(State { twin: 1, ..State::default() })), Arc::new(Notify::new()));
        let (for_task, waker) = (Arc::clone(&state), Arc::clone(&changed));
        let task = tokio::spawn(async move {
            loop {
                let Ok((tcp, _)) = listener.accept().await else { return };
                let (state, changed, key) = (Arc::clone(&for_task), Arc::clone(&waker), key.clone());
                let Ok(stream) = acceptor.accept(tcp).await else { continue };
                tokio::spawn(async move {
                    let why = connection(stream, &state, &changed, key.as_deref()).await;
                    state.lock().unwrap().log.push(format!("closed: {why}"));
                });
            }
        });
        Self { port, state, changed, task }
    }

    /// Sends to the device, or queues it.
    pub(crate) fn send(&self, topic: &str, payload: Vec<u8>) {
        self.state.lock().unwrap().queue.push((topic.to_owned(), payload));
        self.changed.notify_waiters();
    }

    /// Takes none of the next `connections`, as when too many come in one second.
    pub(crate) fn throttle(&self, connections: usize) {
        self.state.lock().unwrap().throttled = connections;
    }

    /// Throws out whoever is connected.
    pub(crate) fn cut(&self) {
        self.state.lock().unwrap().newest += 1;
        self.changed.notify_waiters();
    }

    /// Waits until a line of the log holds `words`, so many times.
    pub(crate) async fn saw(&self, words: &str, times: usize) {
        for _ in 0..1_000 {
            if self.state.lock().unwrap().log.iter().filter(|line| line.contains(words)).count() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{words:?} was not seen {times} times in {:?}", self.state.lock().unwrap().log);
    }
}

async fn connection(
    stream: TlsStream<TcpStream>,
    state: &Mutex<State>,
    changed: &Notify,
    key: Option<&[u8]>,
) -> String {
    let certificate = stream.get_ref().1.peer_certificates().is_some();
    let mut framed = Framed::new(stream, Codec::new(MESSAGE as u32 + 8_192));
    let Some(Ok((Packet::Connect(connect), _))) = framed.next().await else { return "no CONNECT".to_owned() };
    let throttled = {
        let mut state = state.lock().unwrap();
        let throttled = state.throttled > 0;
        state.throttled -= usize::from(throttled);
        throttled
    };
    if throttled {
        let refused = ConnectAck { return_code: ConnectAckReason::ServiceUnavailable, session_present: false };
        let _ = framed.send(Packet::ConnectAck(refused)).await;
        return "throttled".to_owned();
    }
    let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let until_s = match accepted(&connect, key, certificate, now_s) {
        Ok(until_s) => until_s,
        Err(why) => {
            let refused = ConnectAck { return_code: ConnectAckReason::NotAuthorized, session_present: false };
            let _ = framed.send(Packet::ConnectAck(refused)).await;
            return format!("refused, {why}");
        }
    };
    let (own, session_present) = {
        let mut state = state.lock().unwrap();
        state.newest += 1;
        let will = connect.last_will.as_ref().map(|will| will.topic.to_string()).unwrap_or_default();
        let kept = !connect.clean_session;
        state.log.push(format!("connect: keep alive {}, kept {kept}, will {will}", connect.keep_alive));
        (state.newest, state.newest > 1 && kept)
    };
    changed.notify_waiters();
    let welcome = ConnectAck { return_code: ConnectAckReason::ConnectionAccepted, session_present };
    let _ = framed.send(Packet::ConnectAck(welcome)).await;
    let mut filters = 0;
    let mut next_id = 1;
    loop {
        let waiting = {
            let mut state = state.lock().unwrap();
            if state.newest != own {
                return "another connection of this device".to_owned();
            }
            if filters > 0 { std::mem::take(&mut state.queue) } else { Vec::new() }
        };
        for (topic, payload) in waiting {
            let packet_id = NonZeroU16::new(next_id);
            next_id += 1;
            if framed.send(publish(topic, payload, packet_id)).await.is_err() {
                return "broken".to_owned();
            }
        }
        let left = Duration::from_secs(until_s.saturating_sub(now_s));
        let packet = tokio::select! {
            packet = framed.next() => packet,
            () = changed.notified() => continue,
            () = tokio::time::sleep(Duration::from_millis(50)) => continue,
            () = tokio::time::sleep(left) => return "the token ran out".to_owned(),
        };
        let answer = match packet {
            Some(Ok((packet, _))) => answer(packet, &connect.client_id, state, &mut filters),
            _ => return "gone".to_owned(),
        };
        match answer {
            Ok(packets) => {
                for packet in packets {
                    let _ = framed.send(packet).await;
                }
            }
            Err(why) => return why.to_owned(),
        }
    }
}

fn answer(
    packet: Packet,
    device: &str,
    state: &Mutex<State>,
    filters: &mut usize,
) -> Result<Vec<Packet>, &'static str> {
    let mut state = state.lock().unwrap();
    match packet {
        Packet::Publish(publish) => {
            let topic = publish.topic.to_string();
            if publish.qos == QoS::ExactlyOnce {
                return Err("QoS 2");
            }
            if topic.len() + publish.payload.len() > MESSAGE {
                return Err("more than 256 KiB");
            }
            let events = topic.starts_with(&format!("devices/{device}/messages/events/"));
            if !events && !topic.starts_with("$iothub/twin/") && !topic.starts_with("$iothub/methods/res/") {
                return Err("a topic that is not the device's");
            }
            state.log.push(format!("publish: {topic}"));
            let mut packets: Vec<Packet> =
                publish.packet_id.map(|packet_id| Packet::PublishAck { packet_id }).into_iter().collect();
            if let Some(request) = topic.strip_prefix("$iothub/twin/GET/?$rid=") {
                let twin = format!(r#"{{"desired":{{"$version":{}}},"reported":{{}}}}"#, state.twin);
                let answer = format!("$iothub/twin/res/200/?$rid={request}");
                packets.push(self::publish(answer, twin.into_bytes(), None));
            }
            Ok(packets)
        }
        Packet::Subscribe { packet_id, topic_filters } => {
            *filters += topic_filters.len();
            let known = |filter: &str| {
                filter == format!("devices/{device}/messages/devicebound/#")
                    || ["$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"]
                        .contains(&filter)
            };
            if *filters > FILTERS {
                return Err("more than five filters");
            }
            if !topic_filters.iter().all(|(filter, _)| known(filter)) {
                return Err("a filter that is not documented");
            }
            state.log.push(format!("subscribe: {}", topic_filters.len()));
            let status = topic_filters.iter().map(|_| SubscribeReturnCode::Success(QoS::AtLeastOnce)).collect();
            Ok(vec![Packet::SubscribeAck { packet_id, status }])
        }
        Packet::PublishAck { .. } => {
            state.log.push("acknowledged".to_owned());
            Ok(Vec::new())
        }
        Packet::PingRequest => Ok(vec![Packet::PingResponse]),
        Packet::Disconnect => Err("disconnected"),
        _ => Err("a packet that has no place here"),
    }
}

fn publish(topic: String, payload: Vec<u8>, packet_id: Option<NonZeroU16>) -> Packet {
    let qos = if packet_id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let (topic, payload) = (topic.into(), payload.into());
    Packet::Publish(Box::new(Publish { dup: false, retain: false, qos, topic, packet_id, payload, properties: None }))
}

/// Until when, in seconds since 1970.
fn accepted(connect: &Connect, key: Option<&[u8]>, certificate: bool, now_s: u64) -> Result<u64, &'static str> {
    let device = connect.client_id.to_string();
    let user = connect.username.as_ref().map(ToString::to_string).unwrap_or_default();
    if user != format!("{HOST}/{device}/?api-version=2021-04-12") {
        return Err("the user name");
    }
    let Some(key) = key else { return if certificate { Ok(now_s + 3_600) } else { Err("no certificate") } };
    let password = connect.password.as_ref().and_then(|octets| std::str::from_utf8(octets).ok()).ok_or("no token")?;
    let fields = password.strip_prefix("SharedAccessSignature ").ok_or("no token")?;
    let field = |name: &str| fields.split('&').find_map(|pair| pair.strip_prefix(name)).ok_or("a field is missing");
    let (resource, signature, until) = (field("sr=")?, field("sig=")?, field("se=")?);
    if resource != format!("{HOST}%2Fdevices%2F{device}") {
        return Err("another device's token");
    }
    let until_s: u64 = until.parse().map_err(|_| "no time")?;
    if !token(&device, key, until_s).contains(&format!("&sig={signature}&")) {
        Err("the signature")
    } else if until_s <= now_s {
        Err("the token has run out")
    } else {
        Ok(until_s)
    }
}

/// A token for `device`, as the hub expects it.
pub(crate) fn token(device: &str, key: &[u8], until_s: u64) -> String {
    let resource = format!("{HOST}%2Fdevices%2F{device}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{resource}\n{until_s}").as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={until_s}")
}
