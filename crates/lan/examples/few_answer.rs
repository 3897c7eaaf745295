//! Some addresses of a range answer SNMP v2c, the rest stay silent: the other side of `sweep`.
//!
//! `few_answer TARGET COUNT [silent]` answers on COUNT addresses spread evenly over TARGET until it is ended. On loopback
//! the system refuses for the others at once ("port unreachable"); with `silent` they swallow questions, as absent
//! devices behind a router do.

#![allow(clippy::print_stdout, reason = "a program")]

use dca_fence::Fence;
use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, PduFields, PduKind, encode_community};
use dca_snmp::{Value, Version, oid};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (target, count, silent) = match arguments.as_slice() {
        [target, count] => (target, count, false),
        [target, count, word] if word == "silent" => (target, count, true),
        _ => return Err("usage: few_answer TARGET COUNT [silent]".into()),
    };
    let fence = Fence::parse([target.as_str()])?;
    let count: u64 = count.parse()?;
    let step = usize::try_from((fence.count() / count.max(1)).max(1))?;

    // The system prefers the socket of an address to the one of all addresses.
    let port = fence.targets().next().map_or(0, |at| at.port());
    let _swallow = silent.then(|| bind((Ipv4Addr::UNSPECIFIED, port).into())).transpose()?;
    let mut devices = JoinSet::new();
    for at in fence.targets().skip(step / 2).step_by(step).take(usize::try_from(count)?) {
        let socket = Arc::new(bind(at)?);
        devices.spawn(async move { serve(&socket).await });
    }
    println!("{} devices", devices.len());
    while devices.join_next().await.is_some() {}
    Ok(())
}

fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}

async fn serve(socket: &UdpSocket) {
    let mut buffer = [0; 2048];
    while let Ok((octets, from)) = socket.recv_from(&mut buffer).await {
        if let Some(answer) = buffer.get(..octets).and_then(answer) {
            // Whoever asked may be gone.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// The answer of a device whose every object is an OID.
fn answer(datagram: &[u8]) -> Option<Vec<u8>> {
    let Ok(Message::Community(message)) = Message::decode(datagram) else { return None };
    let Body::Pdu(pdu) = message.body else { return None };
    let asked: Vec<_> = pdu.varbinds().collect();
    let value = Value::ObjectIdentifier(oid!("1.3.6.1.4.1.99999.1").to_oid());
    let mut writer = Writer::new();
    let fields = PduFields::ask(PduKind::Response, pdu.request_id);
    let varbinds = asked.iter().map(|varbind| (varbind.oid, dca_snmp::BindingRef::Found(value.as_ref())));
    encode_community(&mut writer, Version::V2c, message.community, fields, varbinds);
    Some(writer.octets().to_vec())
}
