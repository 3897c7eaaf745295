//! `dca doctor`: all that the agent needs, one line each, with what helps where something is missing. At most 10 s.

use crate::config;
use crate::enrol;
use crate::input::InputError;
use crate::membership::{Membership, MembershipError};
use crate::network::Network;
use crate::progress::Progress;
use crate::report::clean;
use crate::scope::Targets;
use crate::vault::Vault;
use dca_cloud::doctor::{Finding, Level, Probe, probe};
use dca_cloud::{Clock, Place, Trust};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// For the sample of printers; for an echo of this machine.
const SAMPLE: Duration = Duration::from_secs(8);
const ECHO: Duration = Duration::from_secs(2);

/// What was typed.
#[derive(Debug)]
pub struct Doctor {
    /// The portal, where this agent is not enrolled.
    pub portal: Option<String>,
    /// A PEM file of authorities to trust as well.
    pub ca: Option<PathBuf>,
    /// The proxy; `None`: as the environment says.
    pub proxy: Option<String>,
    /// The state folder.
    pub state: PathBuf,
    /// Where the vault's own key is, if it has one: `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// The configuration whose printers are asked.
    pub config: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Checkup {
    findings: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    part: &'static str,
    level: &'static str,
    text: String,
}

impl Doctor {
    /// Looks at everything. Nothing is changed, and no printer is touched but those of the configuration.
    ///
    /// # Errors
    /// If what was typed cannot be used.
    pub async fn check_up(self) -> Result<Checkup, InputError> {
        let (identity, membership) = self.identity();
        let cloud = match self.cloud(membership.as_ref())? {
            Some(probe) => probe,
            None => {
                let findings =
                    vec![identity, spool(&self.state), icmp().await, printers(self.config.as_deref()).await?];
                return Ok(Checkup::new(findings));
            }
        };
        let (network, icmp, printers) = tokio::join!(probe(cloud), icmp(), printers(self.config.as_deref()));
        let mut findings = match network {
            Ok(findings) => findings,
            Err(error) => vec![Finding::broken("tls", error.to_string())],
        };
        findings.extend([identity, spool(&self.state), icmp, printers?]);
        Ok(Checkup::new(findings))
    }

    fn identity(&self) -> (Finding, Option<Membership>) {
        if !self.state.is_dir() {
            let text = format!("not enrolled ({} is not there): dca enroll URL CODE", self.state.display());
            return (Finding::limited("identity", text), None);
        }
        let loaded = Vault::open(&self.state, self.credentials.as_deref())
            .map_err(MembershipError::from)
            .and_then(|vault| Membership::load(&vault));
        match loaded {
            Ok(Some(membership)) => {
                let agent = membership.identity().agent();
                let left = membership.identity().valid_until_ms() - dca_cloud::machine_ms();
                let days = left / 86_400_000;
                let finding = if left <= 0 {
                    Finding::broken(
                        "identity",
                        format!("{agent}; its certificate has run out: enrol again, with --again"),
                    )
                } else {
                    Finding::well("identity", format!("{agent}, certificate good for {days} days"))
                };
                (finding, Some(membership))
            }
            Ok(None) => (Finding::limited("identity", "not enrolled: dca enroll URL CODE"), None),
            Err(error) => (Finding::broken("identity", error.to_string()), None),
        }
    }

    fn cloud(&self, membership: Option<&Membership>) -> Result<Option<Probe>, InputError> {
        let typed = self.portal.as_deref().map(Place::portal).transpose();
        let typed = typed.map_err(|error| InputError::argument(error.to_string()))?;
        let Some(portal) = typed.or_else(|| membership.map(Membership::portal)) else { return Ok(None) };
        let extra = match &self.ca {
            Some(file) => enrol::authorities(file)?,
            None => Vec::new(),
        };
        let proxies = [enrol::proxy(self.proxy.as_deref())?, enrol::proxy(self.proxy.as_deref())?];
        let (strict, trust) = match membership {
            Some(known) => (known.strict_trust(), known.trust()),
            None => (Trust::platform(), Trust::platform()),
        };
        Ok(Some(Probe {
            portal,
            push: membership.map(Membership::push_places).unwrap_or_default(),
            relay: None,
            updates: membership.and_then(Membership::updates),
            strict,
            trust: trust.with_extra(extra),
            proxies,
            identity: membership.map(|known| known.identity().clone()),
            clock: Arc::new(Clock::default()),
        }))
    }
}

/// Whether the outbox can be written.
fn spool(state: &Path) -> Finding {
    let file = state.join("spool.db");
    match std::fs::metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::skipped("spool", "nothing was collected yet")
        }
        Err(error) => Finding::broken("spool", format!("{}: {error}", file.display())),
        Ok(found) => match std::fs::OpenOptions::new().append(true).open(&file) {
            Ok(_) => Finding::well("spool", format!("{} KiB", found.len() >> 10)),
            Err(error) => {
                Finding::broken("spool", format!("{}: {error}: run dca as the user of the service", file.display()))
            }
        },
    }
}

/// Whether echo requests may be sent, by one to this machine.
async fn icmp() -> Finding {
    let hint = "printers are found without it; for dca ping, let net.ipv4.ping_group_range cover the service's group, or give it \
                CAP_NET_RAW";
    let own = async {
        let scope = Targets::parse(["127.0.0.1"])?.resolve().await?;
        scope.only().ok_or_else(|| InputError::argument("this machine has no address"))
    };
    match own.await {
        Ok(own) => match crate::ping::ping(own, ECHO).await {
            Ok(_) => Finding::well("icmp", "echo requests may be sent"),
            Err(error) => Finding::limited("icmp", format!("{error}; {hint}")),
        },
        Err(error) => Finding::limited("icmp", error.to_string()),
    }
}

/// Whether printers answer on UDP 161.
async fn printers(file: Option<&Path>) -> Result<Finding, InputError> {
    let Some(file) = file else { return Ok(Finding::skipped("snmp", "no configuration was named (-c dca.toml)")) };
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let config = config::check(file, folder)?;
    let Ok(scope) = timeout(SAMPLE, config.targets.resolve()).await else {
        return Ok(Finding::broken("snmp", "the host names of the configuration are not found in time: is DNS there?"));
    };
    let scope = scope?;
    let network = match Network::open(config.asking, config.keyring, config.profiles, &scope) {
        Ok(network) => network,
        Err(error) => return Ok(Finding::broken("snmp", error.to_string())),
    };
    let mut found = Count::default();
    let _ = timeout(SAMPLE, network.scan(&scope, &mut found, std::future::pending())).await;
    Ok(if found.printers > 0 {
        Finding::well("snmp", format!("{} printers answer (of {} addresses asked so far)", found.printers, found.asked))
    } else {
        let hint = "is a firewall in between, is SNMP on, is the community right? Try: dca scan ADDRESS -c NAME";
        Finding::broken("snmp", format!("no printer of {} addresses answers on UDP 161: {hint}", found.asked))
    })
}

#[derive(Default)]
struct Count {
    asked: u64,
    printers: u64,
}

impl Progress for Count {
    fn done(&mut self, _: SocketAddr, found: bool) {
        self.asked += 1;
        self.printers += u64::from(found);
    }
}

impl Checkup {
    fn new(findings: Vec<Finding>) -> Self {
        let line = |finding: Finding| {
            let level = match finding.level {
                Level::Well => "well",
                Level::Limited => "limited",
                Level::Broken => "broken",
                Level::Skipped => "skipped",
            };
            Line { part: finding.part, level, text: finding.text }
        };
        Self { findings: findings.into_iter().map(line).collect() }
    }

    /// Nothing is broken.
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|line| line.level != "broken")
    }

    /// One line each.
    pub fn text(&self) -> String {
        let line = |line: &Line| format!("{:<8} {:<10} {}\n", line.level, line.part, clean::terminal(&line.text));
        self.findings.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_agent_that_is_not_enrolled_is_told_how() {
        let folder = tempfile::tempdir().unwrap();
        let doctor = Doctor {
            portal: None,
            ca: None,
            proxy: None,
            state: folder.path().join("none"),
            credentials: None,
            config: None,
        };
        let checkup = doctor.check_up().await.unwrap();
        let text = checkup.text();
        assert!(text.contains("dca enroll URL CODE"), "{text}");
        assert!(checkup.is_well(), "{text}");
        assert!(!folder.path().join("none").exists(), "it changes nothing");
    }

    #[tokio::test]
    async fn a_portal_that_is_not_there_is_broken_with_a_hint() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let portal = Some(format!("localhost:{}", free.local_addr().unwrap().port()));
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let proxy = Some("none".to_owned());
        let checkup = Doctor { portal, ca: None, proxy, state: folder.path().into(), credentials: None, config: None }
            .check_up()
            .await
            .unwrap();
        let text = checkup.text();
        assert!(!checkup.is_well() && text.contains("does the firewall allow it?"), "{text}");
        for part in [
            "dns",
            "proxy",
            "connect",
            "tls",
            "grpc",
            "mqtt-443",
            "mqtt-8883",
            "ssh",
            "cdn",
            "clock",
            "spool",
            "icmp",
            "snmp",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
