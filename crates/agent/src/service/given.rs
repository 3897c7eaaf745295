//! The configuration that the portal gives: signed, and never more than the customer's `[permit]` allows.
//!
//! ```toml
//! [snmp]                              # as in dca.toml
//! timeout = 2.0
//!
//! [schedule]                          # absent: every 5 minutes, hourly, ...; a scan every day
//! hot_minutes = 5                     # status and page count; 1 to 1440
//! warm_minutes = 60                   # levels; 5 to 1440, never more often than hot
//! scan_hours = 24                     # 1 to 720
//!
//! [[range]]                           # as in dca.toml; a community or password may stand here, the text travels sealed
//! targets = ["192.168.10.0/24"]
//! try = [{ community = "office" }]
//! ```
//!
//! `also` stands above all tables, as in `dca.toml`; ways that the customer does not permit are left out.
//!
//! It names no file: what it could make the agent read and send to a device is only what it holds itself, and secrets that
//! the customer laid ready by name. A key that this version does not know is left out and told, so that a portal may be
//! newer than its agents; inside a `[[range]]`, which is the fence, it spoils the whole (docs/decisions/015-portal-given.md).

use crate::config::{Config, RawSnmp};
use crate::credentials::file::{self, RawRange};
use crate::credentials::{Keyring, RawSecret, Secrets, Versions};
use crate::input::{self, InputError};
use crate::poll::Rhythm;
use crate::scope::Targets;
use crate::{Also, Asking};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use dca_wire::v1::SignedConfig;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

const NAME: &str = "the portal's configuration";
/// Once a day, if nothing else is said.
pub(super) const SCAN: Duration = Duration::from_secs(24 * 3600);

/// What is asked, of whom, and how often: of `dca.toml`, or of the portal.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) asking: Asking,
    pub(super) targets: Targets,
    pub(super) keyring: Keyring,
    pub(super) rhythm: Rhythm,
    pub(super) scan: Duration,
    /// Second ways to ask.
    pub(super) also: Vec<Also>,
    /// What stood in it and is not followed, a few words each.
    pub(super) left_out: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    snmp: RawSnmp,
    #[serde(default)]
    schedule: RawSchedule,
    #[serde(default)]
    range: Vec<Spanned<RawRange>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSchedule {
    hot_minutes: Option<u32>,
    warm_minutes: Option<u32>,
    scan_hours: Option<u32>,
}

/// The tables and keys that are known; `None`: whatever is in it is for somebody else to judge.
const KNOWN: [(&str, Option<&[&str]>); 4] = [
    ("also", None),
    ("range", None),
    ("snmp", Some(&["timeout", "retries", "rate", "polite"])),
    ("schedule", Some(&["hot_minutes", "warm_minutes", "scan_hours"])),
];
/// Most names of unknown keys that are told, and letters of one.
const TOLD: usize = 10;
const LETTERS: usize = 60;

impl Plan {
    /// As `dca.toml` has it.
    pub(super) fn local(config: &Config) -> Self {
        Self {
            asking: config.asking,
            targets: config.targets.clone(),
            keyring: config.keyring.clone(),
            rhythm: Rhythm::default(),
            scan: SCAN,
            also: config.also.clone(),
            left_out: Vec::new(),
        }
    }

    /// As the portal has it.
    ///
    /// # Errors
    /// If the signature is not of `command_key`, or something in it cannot be used; a sentence for the portal's people.
    pub(super) fn given(given: &SignedConfig, command_key: &[u8], local: &Config) -> Result<Self, String> {
        let signed = [&given.revision.to_be_bytes()[..], &given.blob].concat();
        UnparsedPublicKey::new(&ED25519, command_key)
            .verify(&signed, &given.signature)
            .map_err(|_| "its signature is not of the key that this agent was enrolled with".to_owned())?;
        let text = std::str::from_utf8(&given.blob).map_err(|_| "it is not UTF-8".to_owned())?;
        Self::parse(text, local).map_err(|error| error.to_string())
    }

    fn parse(text: &str, local: &Config) -> Result<Self, InputError> {
        let path = Path::new(NAME);
        let (text, mut left_out) = known(path, text)?;
        let text = text.as_str();
        let raw: Raw = toml::from_str(text).map_err(|error| input::toml_error(path, text, &error))?;
        let asking = raw.snmp.resolve(path, text)?;
        let ranges: Vec<RawRange> = raw.range.into_iter().map(Spanned::into_inner).collect();
        let mut targets = Vec::new();
        for range in &ranges {
            let written =
                range.targets.as_ref().ok_or_else(|| InputError::file(path, "a [[range]] without targets"))?;
            targets.extend(file::targets(path, text, written)?);
            if range.list.iter().any(|credential| credential.get_ref().names_a_file()) {
                return Err(InputError::file(path, "a secret in a file: the portal may name none"));
            }
        }
        let secrets = Secrets { base: Default::default(), folder: local.secrets.clone(), plain: true };
        let keyring = file::keyring(path, text, &ranges, &secrets, Versions::Any)?;
        let targets = if targets.is_empty() { Targets::default() } else { Targets::new(targets)? };
        let mut rhythm = Rhythm::default();
        if let Some(minutes) = raw.schedule.hot_minutes {
            rhythm.hot = Duration::from_secs(60 * u64::from(minutes.clamp(1, 24 * 60)));
        }
        let warm =
            raw.schedule.warm_minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes.clamp(5, 24 * 60))));
        rhythm.warm = warm.unwrap_or(rhythm.warm).max(rhythm.hot);
        let mut also = Vec::new();
        for written in &raw.also {
            let way =
                written.parse::<Also>().map_err(|what| InputError::file(path, format!("also {written:?}: {what}")))?;
            match local.permit.also.contains(&way) {
                true => also.push(way),
                false => left_out.push(format!("also {written:?}, which the customer does not permit")),
            }
        }
        let hours = raw.schedule.scan_hours.map(|hours| Duration::from_secs(3600 * u64::from(hours.clamp(1, 24 * 30))));
        Ok(Self { asking, targets, keyring, rhythm, scan: hours.unwrap_or(SCAN), also, left_out })
    }
}

/// The text without what this version does not know, and the names of that.
fn known(path: &Path, text: &str) -> Result<(String, Vec<String>), InputError> {
    let mut table: toml::Table = toml::from_str(text).map_err(|error| input::toml_error(path, text, &error))?;
    let mut unknown = Vec::new();
    table.retain(|name, value| match KNOWN.iter().find(|(known, _)| *known == name) {
        None => {
            unknown.push(name.to_owned());
            false
        }
        Some((_, keys)) => {
            if let (Some(keys), Some(inner)) = (keys, value.as_table_mut()) {
                let names: Vec<String> = inner.keys().filter(|key| !keys.contains(&key.as_str())).cloned().collect();
                for key in names {
                    inner.remove(&key);
                    unknown.push(format!("{name}.{key}"));
                }
            }
            true
        }
    });
    if unknown.is_empty() {
        return Ok((text.to_owned(), unknown));
    }
    unknown.truncate(TOLD);
    let told = |name: String| {
        format!("{:?}, which this version does not know", name.chars().take(LETTERS).collect::<String>())
    };
    Ok((table.to_string(), unknown.into_iter().map(told).collect()))
}

impl crate::credentials::RawCredential {
    fn names_a_file(&self) -> bool {
        let secrets = [&self.community, &self.auth_pass, &self.privacy_pass];
        secrets.into_iter().any(|secret| matches!(secret, Some(RawSecret::File { .. })))
            || self.auth_pass_file.is_some()
            || self.privacy_pass_file.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RawConfig;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    fn local() -> Config {
        let text = "[permit]\nranges = [\"192.0.2.0/24\"]\nalso = [\"ledm\"]\n";
        RawConfig::parse(Path::new("dca.toml"), text).unwrap().resolve(None).unwrap()
    }

    fn check(text: &str, spoil: impl Fn(&mut SignedConfig)) -> Result<Plan, String> {
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let signature = key.sign(&[&5_u64.to_be_bytes()[..], text.as_bytes()].concat()).as_ref().to_vec();
        let mut given = SignedConfig { revision: 5, blob: text.as_bytes().to_vec(), signature };
        spoil(&mut given);
        Plan::given(&given, key.public_key().as_ref(), &local())
    }

    const RANGE: &str =
        "[[range]]\ntargets = [\"192.0.2.0/25\", \"198.51.100.1\"]\ntry = [{ community = \"office\" }]\n";

    #[tokio::test]
    async fn what_the_portal_gives_stays_inside_what_is_permitted() {
        let plan = check(RANGE, |_| ()).unwrap();
        let outer = local().permit.ranges.resolve().await.unwrap();
        let scope = plan.targets.resolve().await.unwrap().within(&outer);
        let admits = |at: &str| scope.admit(at.parse().unwrap()).is_some();
        assert!(admits("192.0.2.9:161"));
        assert!(!admits("198.51.100.1:161"), "the portal may not widen it");
        assert!(!admits("192.0.2.200:161"), "nor does the permit open what nobody asked for");
    }

    #[test]
    fn what_is_not_known_or_not_permitted_is_left_out_and_told() {
        let text = format!(
            "also = [\"ledm\", \"zebra\"]\nstate_dir = \"/\"\n[permit]\nranges = [\"0.0.0.0/0\"]\n[thresholds]\ntoner = 10\n\
             [schedule]\nhot_minutes = 10\nwarm_minutes = 6\nsundays = false\n{RANGE}"
        );
        let plan = check(&text, |_| ()).unwrap();
        assert_eq!((plan.rhythm.hot.as_secs(), plan.rhythm.warm.as_secs()), (600, 600));
        assert_eq!(plan.also.iter().map(|also| also.way.name()).collect::<Vec<_>>(), ["ledm"]);
        let told = plan.left_out.join("; ");
        for name in [
            "\"state_dir\"",
            "\"permit\"",
            "\"thresholds\"",
            "\"schedule.sundays\"",
            "also \"zebra\", which the customer",
        ] {
            assert!(told.contains(name), "{name}: {told}");
        }
        assert!(check(RANGE, |_| ()).unwrap().left_out.is_empty());
    }

    #[test]
    fn only_what_is_signed_is_taken() {
        for spoil in [
            |given: &mut SignedConfig| given.revision = 6,
            |given: &mut SignedConfig| given.blob.push(b'\n'),
            |given: &mut SignedConfig| given.signature.clear(),
        ] {
            assert!(check(RANGE, spoil).err().unwrap().contains("signature"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_sentence() {
        for (text, expected) in [
            ("[[range]]\ntargets = [\"192.0.2.1\"]\ntry = [{ community = { file = \"/etc/shadow\" } }]", "in a file"),
            (
                "[[range]]\ntargets = [\"192.0.2.1\"]\ntry = [{ user = \"u\", auth_pass_file = \"/etc/shadow\" }]",
                "in a file",
            ),
            ("[[range]]\ntargets = [\"192.0.2.1\"]\ntry = []\nonly = 1", "unknown field `only`"),
            ("also = [\"telnet\"]", "also \"telnet\": expected zebra"),
            (
                "[[range]]\ntargets = [\"192.0.2.1\"]\ntry = [{ community = { secret = \"vault-key\" } }]",
                "the vault's own key",
            ),
            ("[[range]]\ntry = []", "without targets"),
            ("[[range]]\ntargets = [\"999\"]\ntry = []", "target \"999\""),
        ] {
            let error = check(text, |_| ()).err().unwrap();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
