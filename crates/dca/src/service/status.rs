//! `dca status`: what the service wrote down last.

use super::load;
use crate::terminal::{complain, many, print};
use anyhow::Result;
use dca_agent::Success;
use dca_agent::service::Status;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn status(file: &Path, json: bool) -> Result<Success> {
    let config = load(file)?;
    let status = Status::read(&config.state_dir)?;
    let stale = status.is_stale(now_ms());
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&status)?))?;
    } else {
        print(&text(&status))?;
    }
    if stale {
        complain("the service has written nothing for minutes: does dca run still run?");
    }
    Ok(if status.is_well() && !stale { Success::All } else { Success::Some })
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn text(status: &Status) -> String {
    let now = now_ms();
    let ago = |ms: i64| format!("{} s ago", (now - ms).max(0) / 1000);
    let (used, bound) = status.spool;
    let mut lines = vec![
        format!("agent     {} (dca {}, process {})", status.agent_id, status.version, status.process),
        format!("as of     {}", ago(status.written_ms)),
        format!(
            "portal    {}, {}",
            status.portal.replace('_', " "),
            status.answered_ms.map_or("has not answered yet".to_owned(), |at| format!("answered {}", ago(at)))
        ),
        format!("devices   {}", status.devices),
        format!(
            "waiting   {}; {} dropped; {} of {} MiB",
            many(status.waiting, "record"),
            status.dropped,
            used >> 20,
            bound >> 20
        ),
    ];
    lines.extend(status.trouble.iter().map(|why| format!("trouble   {why}")));
    lines.extend(status.health.iter().map(|why| format!("not well  {why}")));
    lines.push(String::new());
    lines.join("\n")
}
