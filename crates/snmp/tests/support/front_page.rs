// The network under the snippets of the front page: devices in memory, and a clock that is told.
use dca_snmp::responder::{Responder, ResponderSettings};
use dca_snmp::*;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One printer behind every address.
struct Device {
    responder: Responder,
    mib: BTreeMap<Oid, Value>,
}

fn device(users: Vec<User>) -> Device {
    let text = |text: &str| Value::OctetString(text.as_bytes().to_vec());
    let supplies = oid!("1.3.6.1.2.1.43.11.1.1").to_oid();
    let mut mib = BTreeMap::from([
        (oid!("1.3.6.1.2.1.1.1.0").to_oid(), text("ACME Laser 9")),
        (oid!("1.3.6.1.2.1.1.3.0").to_oid(), Value::TimeTicks(360_000)),
        (oid!("1.3.6.1.2.1.1.5.0").to_oid(), text("PRN-1")),
        (oid!("1.3.6.1.2.1.43.10.2.1.4.1.1").to_oid(), Value::Counter32(121_104)),
    ]);
    for (row, name) in (1..).zip(["Black Toner", "Waste Box"]) {
        mib.insert(supplies.join([6, 1, row]).unwrap(), text(name));
    }
    mib.insert(supplies.join([9, 1, 1]).unwrap(), Value::Integer(64));
    Device { responder: Responder::new(ResponderSettings { users, ..Default::default() }, [9; 32]), mib }
}

/// The driver: sends, receives and tells the time until all questions have ended.
fn run(manager: &mut Manager, device: &mut Device) -> HashMap<Ticket, Outcome> {
    let (mut now, mut done) = (Instant::now(), HashMap::new());
    loop {
        while let Some(datagram) = manager.poll_transmit() {
            manager.handle_timeout(now);
            if let Some(answer) = device.responder.handle(&datagram.bytes, &device.mib, now) {
                manager.handle_datagram(&answer, datagram.to, now);
            }
        }
        done.extend(std::iter::from_fn(|| manager.poll_done()));
        let Some(due) = manager.poll_timeout() else { return done };
        now = due.max(now) + Duration::from_millis(1);
        manager.handle_timeout(now);
    }
}
