//! Push against a double of Azure IoT Hub that holds to its limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

#[path = "support/hub.rs"]
mod hub;
mod support;

use dca_cloud::{Access, AgentId, Clock, DeviceKey, Dialer, Hint, Proxy, Push, PushSettings, PushState, Trust};
use dca_wire::mqtt::Dialect;
use dca_wire::v1::{Push as Message, SignedOrder, Wake, push::What};
use hub::Hub;
use std::sync::Arc;
use std::time::Duration;
use support::Ca;
use tokio::sync::mpsc;

const EVENTS: &str = "publish: devices/agent-1/messages/events/";
const DEVICEBOUND: &str = "devices/agent-1/messages/devicebound/";
/// The device key of the tests, in base 64.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn start(ca: &Ca, port: u16, access: Access, clock: &Arc<Clock>) -> (Push, mpsc::Receiver<Hint>) {
    let trust = Trust::only(vec![ca.certificate.clone()]);
    let settings = PushSettings {
        places: vec![format!("mqtts://localhost:{port}").parse().unwrap()],
        dialect: Dialect::IotHub,
        access,
        identity: ca.identity("agent-1"),
        dialer: Dialer::new(Proxy::none(), &trust, clock).unwrap(),
        trust,
        clock: Arc::clone(clock),
        boot_id: [7; 16],
        version: "4".to_owned(),
        spread: Duration::from_millis(200),
    };
    let (hints, received) = mpsc::channel(8);
    (Push::start(settings, hints).unwrap(), received)
}

fn wake(reason: &str) -> Vec<u8> {
    let wake = Wake { reason: reason.to_owned() };
    dca_wire::encode(&Message { what: Some(What::Wake(wake)) }).unwrap()
}

async fn hint(received: &mut mpsc::Receiver<Hint>) -> Hint {
    tokio::time::timeout(Duration::from_secs(10), received.recv()).await.expect("a hint within 10 s").unwrap()
}

fn reason(reason: &str) -> Hint {
    Hint::Wake { reason: reason.to_owned() }
}

#[tokio::test]
async fn wakes_orders_calls_and_the_twin_arrive() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, None).await;
    let (push, mut received) = start(&ca, hub.port, Access::Certificate, &Arc::default());
    hub.saw("subscribe: 4", 1).await;
    hub.saw("connect: keep alive 240, kept true, will devices/agent-1/messages/events/", 1).await;
    hub.saw(EVENTS, 1).await;
    assert!(matches!(*push.state().borrow(), PushState::Connected { .. }));
    hub.send(DEVICEBOUND, wake("config"));
    assert_eq!(hint(&mut received).await, reason("config"));
    let order = SignedOrder { order: vec![1, 2, 3], signature: vec![0; 64] };
    hub.send(DEVICEBOUND, dca_wire::encode(&Message { what: Some(What::Order(order.clone())) }).unwrap());
    assert_eq!(hint(&mut received).await, Hint::Order(order));
    hub.saw("acknowledged", 2).await;
    hub.send("$iothub/methods/POST/wake/?$rid=9", b"{}".to_vec());
    assert_eq!(hint(&mut received).await, reason("call"));
    hub.saw("publish: $iothub/methods/res/200/?$rid=9", 1).await;
    hub.send("$iothub/methods/POST/reboot/?$rid=10", b"{}".to_vec());
    hub.saw("publish: $iothub/methods/res/404/?$rid=10", 1).await;
    hub.send("$iothub/twin/PATCH/properties/desired/?$version=2", b"{}".to_vec());
    assert_eq!(hint(&mut received).await, reason("twin"));
    // Nonsense, and what is another's, is passed over.
    hub.send(DEVICEBOUND, b"nonsense".to_vec());
    hub.send("devices/agent-2/messages/devicebound/", wake("not mine"));
    hub.send(DEVICEBOUND, wake("after"));
    assert_eq!(hint(&mut received).await, reason("after"));
    let log = hub.state.lock().unwrap().log.join("\n");
    assert!(!log.contains("closed"), "{log}");
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_what_waited_arrives() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, None).await;
    let (push, mut received) = start(&ca, hub.port, Access::Certificate, &Arc::default());
    hub.saw("subscribe: 4", 1).await;
    let mut state = push.state();
    for round in 1..=5 {
        // What comes after the twin's answer shows that this one arrived.
        hub.saw("publish: $iothub/twin/GET", round).await;
        hub.send(DEVICEBOUND, wake("before"));
        assert_eq!(hint(&mut received).await, reason("before"));
        hub.cut();
        hub.state.lock().unwrap().twin += 1;
        hub.saw("closed: another connection", round).await;
        hub.send(DEVICEBOUND, wake("while away"));
        hub.saw("subscribe: 4", round + 1).await;
        let both = [hint(&mut received).await, hint(&mut received).await];
        assert!(both.contains(&reason("while away")) && both.contains(&reason("twin")), "{both:?}");
    }
    state.wait_for(|state| matches!(state, PushState::Connected { .. })).await.unwrap();
}

#[tokio::test]
async fn a_token_is_made_by_the_portals_clock() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, Some(b"0123456789abcdef".to_vec())).await;
    // Two hours behind: the token has run out before it is shown.
    let clock = Arc::new(Clock::with_skew(-7_200_000));
    let access = Access::Token(DeviceKey::parse(KEY).unwrap());
    let (push, _received) = start(&ca, hub.port, access, &clock);
    hub.saw("closed: refused, the token has run out", 2).await;
    let mut state = push.state();
    let lost = state.wait_for(|state| matches!(state, PushState::Lost { .. })).await.unwrap().clone();
    assert!(format!("{lost:?}").contains("refuses"), "{lost:?}");
    clock.measured(0, Duration::ZERO, 0);
    hub.saw("subscribe: 4", 1).await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_runs_out() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, Some(b"0123456789abcdef".to_vec())).await;
    let key = DeviceKey::parse(KEY).unwrap().with_life(Duration::from_secs(8));
    let (push, mut received) = start(&ca, hub.port, Access::Token(key), &Arc::default());
    let state = push.state();
    let mut lost = state.clone();
    let lost = tokio::spawn(async move { drop(lost.wait_for(|state| matches!(state, PushState::Lost { .. })).await) });
    for round in 1..=2 {
        hub.saw("subscribe: 4", round).await;
        hub.send(DEVICEBOUND, wake("still there"));
        assert_eq!(hint(&mut received).await, reason("still there"));
    }
    // It goes before it is thrown out, and to nobody does it look like a loss.
    let log = hub.state.lock().unwrap().log.join("\n");
    assert!(!log.contains("ran out") && !log.contains("refused") && !lost.is_finished(), "{log}");
}

#[tokio::test]
async fn two_of_one_name_throw_each_other_out_and_each_comes_back() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, None).await;
    let first = start(&ca, hub.port, Access::Certificate, &Arc::default());
    hub.saw("subscribe: 4", 1).await;
    let second = start(&ca, hub.port, Access::Certificate, &Arc::default());
    hub.saw("closed: another connection", 3).await;
    // Once the clone is gone, the first has its place to itself.
    drop(second);
    let (push, mut received) = first;
    push.state().wait_for(|state| matches!(state, PushState::Connected { .. })).await.unwrap();
    hub.send(DEVICEBOUND, wake("alone"));
    assert_eq!(hint(&mut received).await, reason("alone"));
}

#[tokio::test]
async fn who_is_throttled_comes_back() {
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, None).await;
    hub.throttle(3);
    let (push, _received) = start(&ca, hub.port, Access::Certificate, &Arc::default());
    hub.saw("closed: throttled", 3).await;
    let mut state = push.state();
    state.wait_for(|state| matches!(state, PushState::Connected { .. })).await.unwrap();
}

#[tokio::test]
async fn the_double_holds_to_the_limits_of_iot_hub() {
    use futures_util::{SinkExt, StreamExt};
    use rmqtt_codec::types::{MQTT_LEVEL_311, Protocol, Publish, QoS};
    use rmqtt_codec::v3::{Codec, Connect, Packet};
    use std::num::NonZeroU16;
    let ca = Ca::new("Hub CA");
    let hub = Hub::start(&ca, Some(b"0123456789abcdef".to_vec())).await;
    let trust = Trust::only(vec![ca.certificate.clone()]);
    let publish = |qos, octets: usize| {
        let topic = "devices/agent-1/messages/events/".into();
        let (packet_id, payload) = (NonZeroU16::new(1), vec![0; octets].into());
        Packet::Publish(Box::new(Publish {
            dup: false,
            retain: false,
            qos,
            topic,
            packet_id,
            payload,
            properties: None,
        }))
    };
    let filters = |number: u16| Packet::Subscribe {
        packet_id: NonZeroU16::MIN,
        topic_filters: (0..number).map(|_| ("$iothub/twin/res/#".into(), QoS::AtLeastOnce)).collect(),
    };
    let foreign = Packet::Subscribe { packet_id: NonZeroU16::MIN, topic_filters: vec![("#".into(), QoS::AtLeastOnce)] };
    for (packet, why) in [
        (publish(QoS::ExactlyOnce, 1), "QoS 2"),
        (publish(QoS::AtLeastOnce, 256 << 10), "more than 256 KiB"),
        (filters(6), "more than five filters"),
        (foreign, "a filter that is not documented"),
    ] {
        let dialer = Dialer::new(Proxy::none(), &trust, &Arc::default()).unwrap();
        let stream = dialer.dial("localhost", hub.port).await.unwrap();
        let config = ca.client();
        let stream =
            tokio_rustls::TlsConnector::from(config).connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let mut framed = tokio_util::codec::Framed::new(stream, Codec::new(1 << 20));
        let agent = AgentId::parse("agent-1").unwrap();
        let now_s = dca_cloud::machine_ms() / 1_000;
        let connect = Connect {
            protocol: Protocol(MQTT_LEVEL_311),
            client_id: agent.to_string().into(),
            username: Some(Dialect::IotHub.user_name(hub::HOST, &agent).into()),
            password: Some(hub::token("agent-1", b"0123456789abcdef", now_s as u64 + 60).into()),
            ..Connect::default()
        };
        framed.send(Packet::Connect(Box::new(connect))).await.unwrap();
        assert!(matches!(framed.next().await, Some(Ok((Packet::ConnectAck(_), _)))));
        framed.send(packet).await.unwrap();
        hub.saw(&format!("closed: {why}"), 1).await;
    }
}
