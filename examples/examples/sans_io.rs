//! The pure manager over a `std::net::UdpSocket`: no runtime, no threads of its own. `cargo run --example sans_io [TARGET]`
//! without a target asks a simulated printer that lives in a thread.

use dca_examples::builtin;
use dca_snmp::{Columns, Credentials, Limits, Manager, OidRef, Outcome, Request, Ticket, oid};
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const SYS_DESCR: OidRef<'static> = oid!("1.3.6.1.2.1.1.1.0");
const SUPPLY: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6");
const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9");

fn main() -> anyhow::Result<()> {
    run(&mut io::stdout(), std::env::args().nth(1))
}

pub(crate) fn run(out: &mut impl Write, target: Option<String>) -> anyhow::Result<()> {
    let at = target.map_or_else(simulated_printer, |target| Ok(target.parse()?))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let (mut manager, who) = (Manager::new(Limits::default(), seed), Credentials::v2c("public"));

    let description = manager.submit(Request::get([SYS_DESCR]), at, &who, Instant::now());
    let supplies = manager.table(Columns::of([SUPPLY, LEVEL]), at, &who, Instant::now());
    let mut outcomes = drive(&mut manager)?;

    if let Some(Outcome::Answer(answer)) = outcomes.remove(&description) {
        writeln!(out, "{:?}", answer?.get::<&str>(SYS_DESCR)?)?;
    }
    if let Some(Outcome::Table(table)) = outcomes.remove(&supplies) {
        for row in &table.rows {
            writeln!(out, "{:?}: {:?}", row.get::<&str>(SUPPLY)?, row.find::<i64>(LEVEL)?)?;
        }
        writeln!(out, "{} rows in {} datagrams", table.rows.len(), table.sent)?;
    }
    Ok(())
}

/// Carries datagrams and time until every question has ended.
fn drive(manager: &mut Manager) -> anyhow::Result<HashMap<Ticket, Outcome>> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let (mut outcomes, mut buffer) = (HashMap::new(), vec![0; 65_535]);
    loop {
        while let Some(datagram) = manager.poll_transmit() {
            if let Err(error) = socket.send_to(&datagram.bytes, datagram.to) {
                manager.handle_unreachable(datagram.to, &error.to_string(), Instant::now());
            }
            manager.handle_timeout(Instant::now()); // the datagram's time-out starts here
        }
        outcomes.extend(std::iter::from_fn(|| manager.poll_done()));
        let Some(due) = manager.poll_timeout() else { return Ok(outcomes) };
        // No time-out at all would be 0.
        let wait = due.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(wait))?;
        match socket.recv_from(&mut buffer) {
            Ok((octets, from)) => {
                manager.handle_datagram(buffer.get(..octets).unwrap_or_default(), from, Instant::now());
            }
            Err(_) => manager.handle_timeout(Instant::now()),
        }
    }
}

/// A device in a thread that ends with the program.
fn simulated_printer() -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let (at, mut device) = (socket.local_addr()?, builtin("color-mfp")?.started(Instant::now()));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_535];
        while let Ok((octets, from)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = device.answer(buffer.get(..octets).unwrap_or_default(), Instant::now()) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    Ok(at)
}
