//! The contestants: each does the same thing with another library, COUNT times, and prints `name=number` words.

mod decode;
mod encode;
mod many;
mod message;
mod office;
mod usm;
mod walk;

use anyhow::{Context, bail};
use async_snmp::client::TargetClientBuilder;
use async_snmp::{Auth, Client, Target};
use std::hint::black_box;
use std::time::{Duration, Instant};

pub(crate) use message::answer;
pub(crate) use usm::signed_and_encrypted;
pub(crate) use walk::{PASSWORD, USER};

/// What is walked, and how many rows it has.
pub(crate) const ROOT: &str = "1.3.6.1.4.1.99999";
pub(crate) const ROWS: usize = 4_000;
const SYS_OBJECT_ID: &str = "1.3.6.1.2.1.1.2.0";
const SYS_NAME: &str = "1.3.6.1.2.1.1.5.0";

/// Decodings and the like that warm up.
const WARM_UP: u64 = 50;

/// `WHAT WHO COUNT ...`.
pub(crate) fn one(words: &[String]) -> anyhow::Result<()> {
    let [what, who, count, rest @ ..] = words else { bail!("usage: one WHAT WHO COUNT ...") };
    let count: u64 = count.parse().context("COUNT")?;
    match what.as_str() {
        "decode" => timed(count, decode::by_name(who, false)?),
        "decode-arcs" => timed(count, decode::by_name(who, true)?),
        "encode" => timed(count, encode::by_name(who)?),
        "sha1" | "sha256" => timed(count, usm::password_to_key(who, what)?),
        "open" => timed(count, usm::open(who)?),
        "walk" => walk::walk(who, false, count, rest)?,
        "walk-again" => walk::walk(who, true, count, rest)?,
        "read" => office::read(who, count, rest)?,
        "ask" => many::ask(who, count, rest)?,
        _ => bail!("no contest {what}"),
    }
    Ok(())
}

/// Drives one contestant on one thread.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// async-snmp as its users make it.
fn async_client(at: impl Into<Target>, auth: Auth) -> TargetClientBuilder {
    Client::builder(at, auth).request_timeout(Duration::from_secs(2))
}

/// Runs it a few times to warm up, then `count` times, and prints how long one took.
fn timed(count: u64, mut run: impl FnMut() -> u64) {
    let mut round = |count: u64| {
        (0..count).for_each(|_| {
            black_box(run());
        })
    };
    round(WARM_UP);
    let start = Instant::now();
    round(count);
    println!("ns={}", start.elapsed().as_nanos() as f64 / count.max(1) as f64);
}
