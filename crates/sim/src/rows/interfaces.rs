//! The interfaces group (RFC 1213 §3.5): Ethernet ports, then the loopback.

use super::{Rows, counter, integer, text};
use crate::life::Life;
use crate::model::Model;
use dca_snmp::{OidRef, Value, oid};

const ENTRY: OidRef<'_> = oid!("1.3.6.1.2.1.2.2.1");
const ETHERNET: i64 = 6;
const LOOPBACK: i64 = 24;

pub(crate) fn fixed(rows: &mut Rows, model: &Model) {
    let ports = model.sheet.device.ports;
    rows.put(oid!("1.3.6.1.2.1.2.1"), [0], integer(ports + 1));
    for n in 1..=ports + 1 {
        let loopback = n > ports;
        let mut mac = model.person.mac.to_vec();
        if let Some(last) = mac.last_mut() {
            *last = last.wrapping_add((n - 1) as u8);
        }
        rows.put(ENTRY, [1, n], integer(n));
        rows.put(ENTRY, [2, n], text(&if loopback { "lo0".into() } else { format!("eth{}", n - 1) }));
        rows.put(ENTRY, [3, n], integer(if loopback { LOOPBACK } else { ETHERNET }));
        rows.put(ENTRY, [4, n], integer(if loopback { 16_436 } else { 1_500 }));
        rows.put(ENTRY, [5, n], Value::Gauge32(if loopback { 0 } else { 1_000_000_000 }));
        rows.put(ENTRY, [6, n], Value::OctetString(if loopback { Vec::new() } else { mac }));
        rows.put(ENTRY, [7, n], integer(1));
        rows.put(ENTRY, [8, n], integer(1));
        rows.put(ENTRY, [9, n], Value::TimeTicks(0));
    }
}

pub(crate) fn live(rows: &mut Rows, model: &Model, life: &Life<'_>) {
    // Chatter of the network, and the jobs: about 60 kB a page.
    let chatter = life.at.as_secs() * 90;
    let jobs = life.power_on_pages() * 60_000;
    for n in 1..=model.sheet.device.ports {
        let heard = chatter.wrapping_mul(u64::from(n)) + if n == 1 { jobs } else { 0 };
        rows.put(ENTRY, [10, n], counter(heard));
        rows.put(ENTRY, [11, n], counter(heard / 700));
        rows.put(ENTRY, [14, n], counter(0));
        rows.put(ENTRY, [16, n], counter(chatter / 8 + jobs / 40));
        rows.put(ENTRY, [17, n], counter(chatter / 900));
        rows.put(ENTRY, [20, n], counter(0));
    }
}
