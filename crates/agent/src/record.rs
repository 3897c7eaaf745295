//! `record`: a walk that can be sent to support.

use crate::interview::{Depth, interview};
use crate::network::{Failed, Network};
use crate::redact::Redactor;
use crate::walk::{Ended, MAX_ROWS, walk};
use dca_fence::Allowed;
use dca_printer::{Profiles, denied};
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
        let deny = never(&self.shared.profiles);
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
        let (text, redacted) = written(&rows, &redactor);
        Ok(Recorded { text, rows: rows.len(), redacted, ended })
    }
}

/// What is never recorded: the deny-lists of all profiles, and more.
pub(crate) fn never(profiles: &Profiles) -> Vec<Oid> {
    let mut deny: Vec<Oid> = profiles.iter().flat_map(|profile| profile.plan().deny).collect();
    deny.extend(denied());
    deny.extend(DENIED.iter().filter_map(|denied| denied.parse().ok()));
    deny.sort();
    deny.dedup();
    deny
}

/// The text of the recording, and in how many values something was replaced.
fn written(rows: &[(Oid, Value)], redactor: &Redactor) -> (String, usize) {
    let (mut text, mut redacted) = (String::new(), 0);
    for (oid, value) in rows {
        let clean = redactor.value(oid.as_ref(), value);
        redacted += usize::from(clean != *value);
        if let Some(line) = recording::snmprec_line(oid, &clean) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    (text, redacted)
}

/// A number that nobody can guess, so that replaced texts cannot be searched for their originals.
fn chance() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_printer::Rows;
    use std::path::{Path, PathBuf};

    fn walks(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => found.extend(walks(&path)),
                false if path.extension().is_some_and(|ending| ending == "snmprec") => found.push(path),
                false => {}
            }
        }
        found
    }

    /// Where real devices keep what tells whose they are; written down anew, so that a column forgotten above is found.
    const WHOSE: [&str; 10] = [
        "1.3.6.1.2.1.1.4.0",
        "1.3.6.1.2.1.1.5.0",
        "1.3.6.1.2.1.1.6.0",
        "1.3.6.1.2.1.2.2.1.6",
        "1.3.6.1.2.1.43.5.1.1.17",
        "1.3.6.1.2.1.47.1.1.1.1.11",
        "1.3.6.1.4.1.253.8.53.3.2.1.3.1",
        "1.3.6.1.4.1.641.2.1.2.1.6",
        "1.3.6.1.4.1.641.6.2.3.1.5",
        "1.3.6.1.4.1.674.10898.100.2.1.2.1.6",
    ];

    /// Where they keep communities and other secrets.
    const SECRET: [&str; 5] = [
        "1.3.6.1.4.1.2699.1.2.1.2.1.1.7",
        "1.3.6.1.4.1.253.8.51.1.2.1.13",
        "1.3.6.1.4.1.10642.200.5",
        "1.3.6.1.4.1.18334.1.1.2.1.5.6",
        "1.3.6.1.6.3.18.1",
    ];

    /// The walks are not part of this repository: `DCA_SHARED` names their folder.
    #[test]
    fn no_recorded_walk_keeps_whose_it_is() {
        let given = std::env::var_os("DCA_SHARED").unwrap_or_else(|| "../shared".into());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(given).join("walks");
        if !folder.is_dir() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there is no {}", folder.display());
            return;
        }
        let profiles = Profiles::builtin();
        let deny = never(&profiles);
        let (mut seen, mut looked_for) = (0, 0);
        for path in walks(&folder) {
            let all = recording::parse(&std::fs::read_to_string(&path).unwrap()).rows;
            let recorded: Rows = all.iter().cloned().collect();
            let profile = profiles.pick(&recorded);
            let reading = profile.read(&profile.plan().keep(&profiles.discovery(), &recorded));
            let rows: Vec<(Oid, Value)> = all
                .iter()
                .filter(|(oid, _)| !deny.iter().any(|root| oid.starts_with(root.as_ref())))
                .cloned()
                .collect();
            let redactor = Redactor::new(&reading, &rows, &[b"0ff1ce-7".to_vec()], 7);
            let (text, _) = written(&rows, &redactor);
            let clean = recording::parse(&text).rows;
            assert_eq!(clean.len(), rows.len(), "{}", path.display());
            let below = |oid: &Oid, roots: &[&str]| {
                roots.iter().any(|root| oid.starts_with(root.parse::<Oid>().unwrap().as_ref()))
            };
            assert!(!clean.iter().any(|(oid, _)| below(oid, &SECRET)), "{} keeps a secret", path.display());
            let name = [&reading.identity.vendor, &reading.identity.model]
                .map(|fact| fact.as_ref().map(|fact| fact.value.to_lowercase()).unwrap_or_default());
            for (oid, value) in all.iter().filter(|(oid, _)| below(oid, &WHOSE)) {
                let gone = match value {
                    Value::OctetString(octets) => octets.trim_ascii().to_vec(),
                    other => other.as_i64().map(|number| number.to_string().into_bytes()).unwrap_or_default(),
                };
                let lower = String::from_utf8_lossy(&gone).to_lowercase();
                // Nothing to hide: blanks, zeros, a recorder's own words, and the name of the model.
                let digits = gone.iter().filter(|octet| octet.is_ascii_alphanumeric() && **octet != b'0').count();
                let says_nothing = lower.starts_with('<') || lower.contains("null") || lower.contains("none");
                let is_name = name.iter().any(|name| name.contains(&lower));
                if gone.len() < 6
                    || (digits < 4 && gone.is_ascii())
                    || gone.iter().all(|octet| *octet == 0)
                    || says_nothing
                    || is_name
                {
                    continue;
                }
                looked_for += 1;
                for (at, value) in &clean {
                    let kept = match value {
                        Value::OctetString(octets) | Value::Opaque(octets) => octets.to_ascii_lowercase(),
                        other => other.as_i64().map(|number| number.to_string().into_bytes()).unwrap_or_default(),
                    };
                    let kept = kept.windows(gone.len()).any(|window| window.eq_ignore_ascii_case(&gone));
                    assert!(!kept, "{}: {at} keeps what {oid} says: {lower:?}", path.display());
                }
            }
            seen += 1;
        }
        assert!(seen >= 100 && looked_for >= 60, "{seen} walks, {looked_for} texts");
    }
}
