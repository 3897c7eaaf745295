//! Simulated devices on loopback addresses, to try a collector against.

use anyhow::{Context, ensure};
use clap::Parser;
use dca_sim::{Device, Fleet, Pages, Site, office_from};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Simulated printers (and a few other devices) on loopback addresses.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// UDP port of all devices
    #[arg(long, default_value_t = 16_100)]
    port: u16,
    /// The first address; the next ones follow
    #[arg(long, default_value = "127.1.0.1")]
    base: Ipv4Addr,
    /// How many devices, of all kinds
    #[arg(long, default_value_t = 40)]
    devices: usize,
    /// What their serials, names, counters and supplies follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this kind of device (see --kinds)
    #[arg(long)]
    kind: Option<String>,
    /// List the kinds of devices and end
    #[arg(long)]
    kinds: bool,
    /// Also open the raw port of all printers (TCP; label printers answer host queries there)
    #[arg(long, value_name = "PORT")]
    raw_port: Option<u16>,
    /// Also open the print queue of all printers (TCP; RFC 1179)
    #[arg(long, value_name = "PORT")]
    queue_port: Option<u16>,
    /// Also serve a recorded walk (.snmprec, or snmpwalk -On), on the addresses after the last device
    #[arg(long, value_name = "FILE")]
    serve_walk: Vec<PathBuf>,
    /// TCP port on which each printer also serves LEDM pages and IPP, as they were when it was switched on
    #[arg(long, value_name = "PORT")]
    http: Option<u16>,
    /// The same with TLS and a self-signed certificate
    #[arg(long, value_name = "PORT")]
    https: Option<u16>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout();
    if arguments.kinds {
        return Device::kinds().try_for_each(|kind| writeln!(out, "{kind}")).map_err(Into::into);
    }
    ensure!(arguments.base.is_loopback(), "--base {}: expected an address in 127.0.0.0/8", arguments.base);
    let count = arguments.devices + arguments.serve_walk.len();
    let mut devices = office_from(arguments.base, count, arguments.seed);
    if let Some(kind) = &arguments.kind {
        for (n, (_, device)) in devices.iter_mut().enumerate() {
            let one = Device::builtin(kind).with_context(|| format!("--kind {kind}: not one of --kinds"))?;
            *device = one.seeded(arguments.seed.wrapping_mul(1_000_003).wrapping_add(n as u64 + 1));
        }
    }
    let mut notes: Vec<String> = devices.iter().map(|(_, d)| format!("{}\t{}", d.model(), d.serial())).collect();
    // Recordings take the places of the last ones.
    let places = devices.iter_mut().zip(&mut notes).skip(arguments.devices);
    for (file, ((_, device), note)) in arguments.serve_walk.iter().zip(places) {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let recording = dca_snmp::recording::parse(&text);
        ensure!(!recording.rows.is_empty(), "{}: expected .snmprec or the output of snmpwalk -On", file.display());
        *device = Device::from_rows(recording.rows);
        *note = file.display().to_string();
    }
    let mut sites = Vec::new();
    for (port, secure) in [(arguments.http, false), (arguments.https, true)] {
        let Some(port) = port else { continue };
        for (at, device) in devices.iter().filter(|(_, device)| device.is_printer()) {
            let pages = Pages::default().ledm(device, device.head_start()).ipp(device, device.head_start());
            let at = SocketAddr::new(*at, port);
            sites.push(Site::open(at, secure, pages).await.with_context(|| format!("cannot open TCP {at}"))?);
        }
    }
    let port = arguments.port;
    let mut fleet = Fleet::on_loopback(devices.into_iter().map(|(at, device)| (SocketAddr::new(at, port), device)))
        .await
        .with_context(|| format!("cannot open UDP port {port} on loopback"))?;
    if let Some(port) = arguments.raw_port {
        fleet.open_raw_ports(port).with_context(|| format!("cannot open TCP port {port} on loopback"))?;
    }
    if let Some(port) = arguments.queue_port {
        fleet.open_queues(port).with_context(|| format!("cannot open TCP port {port} on loopback"))?;
    }
    for (at, note) in fleet.addresses().iter().zip(notes) {
        writeln!(out, "{at}\t{note}")?;
    }
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
