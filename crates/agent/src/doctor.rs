//! `dca doctor`: all that the agent needs, one line each, with what helps where something is missing. At most 10 s.

use crate::config::{self, Config};
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
use dca_spool::{Examined, Spool};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// For the printers, for the spool, and for an echo of this machine: all at once.
const SAMPLE: Duration = Duration::from_secs(8);
const ECHO: Duration = Duration::from_secs(2);
const OTHER_USER: &str = "run dca doctor as the user of the service, or as root";

/// What was typed.
#[derive(Debug)]
pub struct Doctor {
    /// The portal, where this agent is not enrolled.
    pub portal: Option<String>,
    /// A PEM file of authorities to trust as well.
    pub ca: Option<PathBuf>,
    /// The proxy; `None`: as the configuration says, else the environment.
    pub proxy: Option<String>,
    /// The state folder; `None`: as the configuration says.
    pub state: Option<PathBuf>,
    /// Where a service manager lays secrets ready, the vault's own key among them: `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// The service's configuration, whose printers are asked.
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
    pub async fn check_up(mut self) -> Result<Checkup, InputError> {
        let credentials = self.credentials.take();
        let config = self.config.take().map(|file| config::check(&file, credentials.clone())).transpose()?;
        if let Some(config) = &config {
            self.proxy = self.proxy.or_else(|| config.proxy.clone());
        }
        let configured =
            || config.as_ref().map_or_else(|| PathBuf::from(config::STATE), |config| config.state_dir.clone());
        let state = self.state.take().unwrap_or_else(configured);
        let (identity, membership) = identity(&state, credentials.as_deref());
        let network = async {
            match self.cloud(membership.as_ref())? {
                Some(cloud) => {
                    Ok(probe(cloud).await.unwrap_or_else(|error| vec![Finding::broken("tls", error.to_string())]))
                }
                None => Ok(Vec::new()),
            }
        };
        let (network, spool, icmp, printers) = tokio::join!(network, spool(state), icmp(), printers(config));
        let mut findings = network?;
        findings.extend([identity, spool, icmp, printers?]);
        Ok(Checkup::new(findings))
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

fn identity(state: &Path, credentials: Option<&Path>) -> (Finding, Option<Membership>) {
    if !state.is_dir() {
        let text = format!("not enrolled ({} is not there): dca enroll URL CODE", state.display());
        return (Finding::limited("identity", text), None);
    }
    let loaded =
        Vault::open(state, credentials).map_err(MembershipError::from).and_then(|vault| Membership::load(&vault));
    match loaded {
        Ok(Some(membership)) => {
            let agent = membership.identity().agent();
            let left = membership.identity().valid_until_ms() - dca_cloud::machine_ms();
            let days = left / 86_400_000;
            let finding = if left <= 0 {
                Finding::limited(
                    "identity",
                    format!(
                        "{agent}, certificate ran out {} days ago: dca run fetches a new one, so let it run; if the portal \
                             refuses that, dca enroll URL CODE --again",
                        -days
                    ),
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

/// Whether the outbox is sound. While the service runs, it alone may look.
async fn spool(state: PathBuf) -> Finding {
    let file = state.join("spool.db");
    let octets = match std::fs::metadata(&file) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::skipped("spool", "nothing was collected yet");
        }
        Err(error) => return Finding::broken("spool", format!("{}: {error}: {OTHER_USER}", file.display())),
    };
    let name = file.display().to_string();
    let looking = tokio::task::spawn_blocking(move || Spool::examine(&file));
    match timeout(SAMPLE, looking).await {
        Ok(Ok(Ok(Examined::InUse))) => {
            Finding::well("spool", format!("{} KiB, in use by dca run, which checked it at its start", octets >> 10))
        }
        Ok(Ok(Ok(Examined::Sound { records, oldest_ms }))) => {
            let oldest = oldest_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let waits = oldest.map_or(String::new(), |oldest| {
                format!(", the oldest since {}", oldest.strftime("%Y-%m-%d %H:%M UTC"))
            });
            Finding::well("spool", format!("sound, {} KiB, {records} records wait{waits}", octets >> 10))
        }
        Ok(Ok(Ok(Examined::Damaged { why }))) => Finding::broken(
            "spool",
            format!(
                "{name} is damaged ({why}): start dca run, which sets it aside, saves what can be read and reports what cannot; \
                 then check the disk"
            ),
        ),
        Ok(Ok(Err(error))) => Finding::broken("spool", format!("{name}: {error}: {OTHER_USER}")),
        Ok(Err(_)) | Err(_) => Finding::limited(
            "spool",
            format!("{} KiB could not be checked in time: is the disk slow, or about to fail?", octets >> 10),
        ),
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
async fn printers(config: Option<Config>) -> Result<Finding, InputError> {
    let Some(config) = config else { return Ok(Finding::skipped("snmp", "no configuration was named (-c dca.toml)")) };
    let mut found = Count::default();
    let looking = async {
        let scope = config.targets.resolve().await?;
        match Network::open(config.asking, config.keyring, config.profiles, &scope) {
            Ok(network) => {
                network.scan(&scope, &mut found, std::future::pending()).await;
                Ok(None)
            }
            Err(error) => Ok(Some(Finding::broken("snmp", error.to_string()))),
        }
    };
    if let Some(finding) = timeout(SAMPLE, looking).await.unwrap_or(Ok(None))? {
        return Ok(finding);
    }
    Ok(match found {
        Count { printers: 0, asked: 0 } => Finding::broken(
            "snmp",
            "no address of the configuration was asked in time: are its host names found (dns), and is rate not too low?",
        ),
        Count { printers: 0, asked } => {
            let hint = "is a firewall in between, is SNMP on, is the community right? Try: dca scan ADDRESS -c NAME";
            Finding::broken("snmp", format!("no printer answers (addresses asked: {asked}): {hint}"))
        }
        Count { printers, asked } => {
            Finding::well("snmp", format!("printers that answer: {printers} (addresses asked so far: {asked})"))
        }
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
            state: Some(folder.path().join("none")),
            credentials: None,
            config: None,
        };
        let checkup = doctor.check_up().await.unwrap();
        let text = checkup.text();
        assert!(text.contains("dca enroll URL CODE"), "{text}");
        assert!(checkup.is_well(), "{text}");
        assert!(!folder.path().join("none").exists(), "it changes nothing");
    }

    #[test]
    fn text_and_json_are_as_they_were() {
        let checkup = Checkup::new(vec![
            Finding::well("dns", "portal.example is 192.0.2.1"),
            Finding::broken("connect", "portal.example:443 does not\u{1b}[2J answer"),
            Finding::skipped("tls", "needs what connect says above"),
            Finding::limited("mqtt-8883", "orders wait"),
        ]);
        let text = "\
well     dns        portal.example is 192.0.2.1
broken   connect    portal.example:443 does not [2J answer
skipped  tls        needs what connect says above
limited  mqtt-8883  orders wait
";
        assert_eq!(checkup.text(), text);
        let json = "\
{\"findings\":[{\"part\":\"dns\",\"level\":\"well\",\"text\":\"portal.example is 192.0.2.1\"},\
{\"part\":\"connect\",\"level\":\"broken\",\"text\":\"portal.example:443 does not\\u001b[2J answer\"},\
{\"part\":\"tls\",\"level\":\"skipped\",\"text\":\"needs what connect says above\"},\
{\"part\":\"mqtt-8883\",\"level\":\"limited\",\"text\":\"orders wait\"}]}";
        assert_eq!(serde_json::to_string(&checkup).unwrap(), json);
        assert!(!checkup.is_well());
    }

    /// Black holes everywhere, on a clock that stands while anything happens.
    #[tokio::test(start_paused = true)]
    async fn it_never_takes_longer_than_ten_seconds() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((caller, _)) = listener.accept().await {
                held.push(caller);
            }
        });
        // Takes datagrams and never answers.
        let printer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dca.toml");
        let config = format!(
            "state_dir = {:?}\n[portal]\nproxy = \"http://localhost:{port}\"\n[snmp]\ntimeout = 30.0\n[[range]]\n\
             targets = [\"{}\"]\ntry = [{{ community = {{ file = \"community\" }} }}]\n",
            folder.path().join("state"),
            printer.local_addr().unwrap()
        );
        std::fs::write(&file, config).unwrap();
        std::fs::write(folder.path().join("community"), "public").unwrap();
        let portal = Some(format!("localhost:{port}"));
        let doctor = Doctor { portal, ca: None, proxy: None, state: None, credentials: None, config: Some(file) };
        let begun = tokio::time::Instant::now();
        let text = doctor.check_up().await.unwrap().text();
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(text.contains(&format!("through http://localhost:{port}")), "the configuration's proxy: {text}");
        assert!(text.contains("let TCP to it pass") && text.contains("snmp "), "{text}");
    }

    #[tokio::test]
    async fn a_portal_that_is_not_there_is_broken_with_a_hint() {
        let portal = Some(format!("localhost:{}", dca_loopback::free_port()));
        let folder = tempfile::tempdir().unwrap();
        let proxy = Some("none".to_owned());
        let checkup =
            Doctor { portal, ca: None, proxy, state: Some(folder.path().into()), credentials: None, config: None }
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
