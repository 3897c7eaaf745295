//! `record`: a walk that can be sent to support.

use crate::interview::{Depth, interview};
use crate::network::{Failed, Network};
use crate::redact::Redactor;
use crate::walk::{Ended, MAX_ROWS, walk};
use dca_fence::Allowed;
use dca_printer::denied;
use dca_snmp::{Oid, Value, oid, recording};
use std::future::Future;
use std::pin::pin;

/// A redacted walk.
#[derive(Debug)]
pub struct Recorded {
    /// The text of the `.snmprec` file.
    pub text: String,
    /// Rows in it.
    pub rows: usize,
    /// Values in which something was replaced.
    pub redacted: usize,
    /// How the walk ended.
    pub ended: Ended,
}

/// Beside what the profiles deny: communities and users that agents keep (SNMP-COMMUNITY-MIB, SNMP-USER-BASED-SM-MIB,
/// SNMP-TARGET-MIB, trap receivers), the neighbours' addresses (ipNetToMedia, ipNetToPhysical, AT), connections, names of jobs'
/// owners (Job Monitoring MIB) and programs (hrSWRun, hrSWInstalled).
const DENIED: [&str; 14] = [
    "1.3.6.1.2.1.3",
    "1.3.6.1.2.1.4.22",
    "1.3.6.1.2.1.4.35",
    "1.3.6.1.2.1.6.13",
    "1.3.6.1.2.1.6.19",
    "1.3.6.1.2.1.7.5",
    "1.3.6.1.2.1.7.7",
    "1.3.6.1.2.1.25.4",
    "1.3.6.1.2.1.25.6",
    "1.3.6.1.4.1.2699.1.1",
    "1.3.6.1.6.3.12",
    "1.3.6.1.6.3.13",
    "1.3.6.1.6.3.15",
    "1.3.6.1.6.3.18",
];

impl Network {
    /// Walks the whole device, the deny-lists of all profiles left out, and redacts what tells whose it is.
    pub async fn record(
        &self,
        at: Allowed,
        stop: impl Future<Output = ()>,
        mut progress: impl FnMut(usize),
    ) -> Result<Recorded, Failed> {
        let mut stop = pin!(stop);
        let (mut device, discovered) = tokio::select! {
            () = &mut stop => return Err(Failed { address: at.to_string(), why: "interrupted".into() }),
            met = self.greet(at) => met?,
        };
        let interview = interview(&mut device, &self.shared.profiles, discovered, Depth::Full).await;
        let mut deny: Vec<Oid> = self.shared.profiles.iter().flat_map(|profile| profile.plan().deny).collect();
        deny.extend(denied());
        deny.extend(DENIED.iter().filter_map(|denied| denied.parse().ok()));
        deny.sort();
        deny.dedup();
        let mut rows: Vec<(Oid, Value)> = Vec::new();
        let ended = walk(&device, &oid!("1.3.6.1").to_oid(), &deny, stop, &mut |oid, value| {
            if rows.len() < MAX_ROWS {
                rows.push((oid, value));
                progress(rows.len());
            }
        })
        .await;
        let communities = self.shared.communities(at);
        let redactor = Redactor::new(&interview.reading, &rows, &communities, chance());
        let mut redacted = 0;
        let mut text = String::new();
        for (oid, value) in &rows {
            let clean = redactor.value(oid.as_ref(), value);
            redacted += usize::from(clean != *value);
            if let Some(line) = recording::snmprec_line(oid, &clean) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        Ok(Recorded { text, rows: rows.len(), redacted, ended })
    }
}

/// A number that nobody can guess, so that replaced texts cannot be searched for their originals.
fn chance() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8)
}
