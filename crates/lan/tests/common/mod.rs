//! Devices for the tests of the driver: they answer SNMP v2c with our own codec, or listen in silence.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test uses its part, and may panic"
)]

use dca_fence::{Allowed, Fence};
use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, PduFields, PduKind, encode_community};
use dca_snmp::{BindingRef, ValueRef, Version};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A device that hears everything and says nothing. Datagrams wait in its socket until counted.
pub(crate) struct Silent(UdpSocket);

impl Silent {
    pub(crate) fn at(ip: &str) -> Self {
        let socket = UdpSocket::bind((ip.parse::<IpAddr>().unwrap(), 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self(socket)
    }

    pub(crate) fn allowed(&self) -> Allowed {
        allow(self.0.local_addr().unwrap())
    }

    /// How many datagrams have come since the last time.
    pub(crate) fn heard(&self) -> usize {
        let mut buffer = [0; 2048];
        std::iter::from_fn(|| self.0.recv_from(&mut buffer).ok()).count()
    }
}

/// A device that answers each question with the integer 42 for every name.
pub(crate) struct Answering {
    at: SocketAddr,
    asked: Arc<AtomicU64>,
}

impl Answering {
    /// Starts it on the test's runtime.
    pub(crate) fn at(ip: &str) -> Self {
        let socket = UdpSocket::bind((ip.parse::<IpAddr>().unwrap(), 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (at, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let socket = tokio::net::UdpSocket::from_std(socket).unwrap();
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok((octets, from)) = socket.recv_from(&mut buffer).await {
                counter.fetch_add(1, Ordering::Relaxed);
                socket.send_to(&answer(&buffer[..octets]), from).await.unwrap();
            }
        });
        Self { at, asked }
    }

    pub(crate) fn allowed(&self) -> Allowed {
        allow(self.at)
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// The permission for this one address and port.
pub(crate) fn allow(at: SocketAddr) -> Allowed {
    Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap()
}

fn answer(datagram: &[u8]) -> Vec<u8> {
    let Ok(Message::Community(message)) = Message::decode(datagram) else { panic!("not v1 or v2c") };
    let Body::Pdu(pdu) = message.body else { panic!("a trap") };
    let names: Vec<_> = pdu.varbinds().map(|varbind| varbind.oid).collect();
    let varbinds = names.into_iter().map(|name| (name, BindingRef::Found(ValueRef::Integer(42))));
    let mut writer = Writer::new();
    let fields = PduFields::ask(PduKind::Response, pdu.request_id);
    encode_community(&mut writer, Version::V2c, message.community, fields, varbinds);
    writer.octets().to_vec()
}
