//! One question to each of many addresses through one socket.
//!
//! `ask WHO COUNT BLOCK:PORT IN-FLIGHT RATE`: COUNT times round the block, at most so many questions on their way at a time,
//! RATE packets a second (0: no bound), one second of patience, no retry.

use super::{SYS_OBJECT_ID, async_client, block_on};
use crate::own::{peak_kib, processor};
use anyhow::{Context, bail};
use async_snmp::transport::UdpTransport;
use async_snmp::{Auth, Retry};
use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_snmp::{Credentials, Oid, Request};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn ask(who: &str, count: u64, rest: &[String]) -> anyhow::Result<()> {
    let [block, window, rate] = rest else { bail!("ask WHO COUNT BLOCK:PORT IN-FLIGHT RATE") };
    let (window, rate): (usize, u32) = (window.parse().context("IN-FLIGHT")?, rate.parse().context("RATE")?);
    let fence = Fence::parse([block.as_str()])?;
    let asked = fence.targets().count() as u64 * count;
    let (start, before) = (Instant::now(), processor()?);
    let found = match who {
        "dca-lan" => block_on(ours(&fence, count, window, rate))?,
        "async-snmp" => block_on(async_snmp(&fence, count, window))?,
        _ => bail!("{who} asks nobody here"),
    };
    let (took, busy) = (start.elapsed(), processor()?.saturating_sub(before));
    println!(
        "ms={} found={found} lost={} rate={} cpu={} peak={}",
        took.as_secs_f64() * 1e3,
        asked.saturating_sub(found),
        found as f64 / took.as_secs_f64(),
        busy.as_secs_f64() * 1e3,
        peak_kib()? as f64 * 1024.0 / 1e6
    );
    Ok(())
}

async fn ours(fence: &Fence, count: u64, window: usize, rate: u32) -> anyhow::Result<u64> {
    let settings = Settings {
        timeout: PATIENCE,
        retries: 0,
        rate: (rate > 0).then_some(rate),
        in_flight: window,
        ..Settings::default()
    };
    let (snmp, public) = (Snmp::bind(settings)?, Credentials::v2c("public"));
    let (what, mut found) = (Request::get([SYS_OBJECT_ID.parse::<Oid>()?]), 0);
    for _ in 0..count {
        let everywhere = fence.targets().filter_map(|at| fence.admit(at));
        let mut answers = snmp.ask_each(what.clone(), everywhere, &public);
        while let Some((_, answer)) = answers.next().await {
            found += u64::from(answer.is_ok());
        }
    }
    Ok(found)
}

async fn async_snmp(fence: &Fence, count: u64, window: usize) -> anyhow::Result<u64> {
    // Its documentation says that a shared socket needs a larger receive buffer.
    let transport = UdpTransport::builder().bind("0.0.0.0:0").recv_buffer_size(4 << 20).build().await?;
    let (name, mut found, mut asked) = (SYS_OBJECT_ID.parse::<async_snmp::Oid>()?, 0, JoinSet::new());
    for _ in 0..count {
        for at in fence.targets() {
            if asked.len() >= window
                && let Some(answered) = asked.join_next().await
            {
                found += u64::from(answered?);
            }
            let (transport, name) = (transport.clone(), name.clone());
            asked.spawn(async move { async_ask(at, &transport, &name).await.is_some() });
        }
        while let Some(answered) = asked.join_next().await {
            found += u64::from(answered?);
        }
    }
    Ok(found)
}

async fn async_ask(at: SocketAddr, transport: &UdpTransport, name: &async_snmp::Oid) -> Option<()> {
    let builder = async_client(at, Auth::v2c("public")).request_timeout(PATIENCE).retry(Retry::none());
    builder.build_with(transport).await.ok()?.get(name).await.ok().map(drop)
}
