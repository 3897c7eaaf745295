//! Walking 4,000 rows: all rows are kept, with name and value.
//!
//! `walk WHO COUNT ADDRESS VERSION REPETITIONS`: COUNT times a new session, one Get that opens it (for v3 discovery and
//! keys), and one walk, which is timed. REPETITIONS 0 is what the library does by itself; where it does nothing, 25.
//! `walk-again` is the same with one session for all walks.

use super::{ROOT, ROWS, SYS_NAME, async_client, block_on};
use anyhow::{Context, bail, ensure};
use async_snmp::{Auth, UsmConfig};
use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_snmp::{AuthProtocol, Credentials, Oid, PrivProtocol, Request, User, ValueRef, Walk};
use std::time::{Duration, Instant};

/// The user that snmpd knows.
pub(crate) const USER: &str = "bench";
pub(crate) const PASSWORD: &str = "maplesyrup";

/// How one contestant walks.
#[derive(Debug, Clone, Copy)]
struct Way<'a> {
    at: &'a str,
    v3: bool,
    repetitions: u32,
    /// Sessions, and walks in each.
    sessions: u64,
    walks: u64,
}

pub(crate) fn walk(who: &str, again: bool, count: u64, rest: &[String]) -> anyhow::Result<()> {
    let [at, version, repetitions] = rest else { bail!("walk WHO COUNT ADDRESS VERSION REPETITIONS") };
    let (sessions, walks) = if again { (1, count) } else { (count, 1) };
    let way = Way { at, v3: version == "v3", repetitions: repetitions.parse()?, sessions, walks };
    let took = match who {
        "dca-lan" => block_on(ours(way))?,
        "snmp2" => block_on(snmp2(way))?,
        "snmp2 (sync)" => snmp2_sync(way)?,
        "async-snmp" => block_on(async_snmp(way))?,
        _ => bail!("{who} walks nothing here"),
    };
    println!("ms={}", took.as_secs_f64() * 1e3 / count as f64);
    Ok(())
}

async fn ours(way: Way<'_>) -> anyhow::Result<Duration> {
    let fence = Fence::parse([way.at])?;
    let at = fence.targets().find_map(|at| fence.admit(at)).context("an address")?;
    let mut took = Duration::ZERO;
    for _ in 0..way.sessions {
        let who = if way.v3 {
            let user = User::new(USER)?.auth(AuthProtocol::Sha256, PASSWORD.as_bytes())?;
            Credentials::V3(user.privacy(PrivProtocol::Aes128, PASSWORD.as_bytes())?)
        } else {
            Credentials::v2c("public")
        };
        let snmp = Snmp::bind(Settings::default())?;
        snmp.ask(Request::get([SYS_NAME.parse::<Oid>()?]), at, &who).await?;
        for _ in 0..way.walks {
            let mut walk = Walk::new(ROOT.parse::<Oid>()?);
            walk.max_repetitions = (way.repetitions > 0).then_some(way.repetitions);
            let start = Instant::now();
            let walked = snmp.walk(walk, at, &who).await;
            took += start.elapsed();
            let octets: usize = walked.varbinds.iter().map(|row| octets(row.value())).sum();
            let rows = walked.varbinds.len();
            ensure!(rows == ROWS && octets > ROWS, "{rows} rows of {octets} octets, {:?}", walked.end);
        }
    }
    Ok(took)
}

async fn async_snmp(way: Way<'_>) -> anyhow::Result<Duration> {
    let mut took = Duration::ZERO;
    for _ in 0..way.sessions {
        let auth: Auth = if way.v3 {
            let (auth, privacy) = (async_snmp::AuthProtocol::Sha256, async_snmp::PrivProtocol::Aes128);
            UsmConfig::new(USER).auth_priv(auth, PASSWORD, privacy, PASSWORD)?.into()
        } else {
            Auth::v2c("public")
        };
        let client = async_client(way.at, auth).connect().await?;
        client.get(&SYS_NAME.parse()?).await?;
        for _ in 0..way.walks {
            let root = ROOT.parse()?;
            let start = Instant::now();
            let walk = if way.repetitions > 0 { client.bulk_walk(root, way.repetitions) } else { client.walk(root) };
            let rows = walk?.collect().await?;
            took += start.elapsed();
            ensure!(rows.len() == ROWS, "{} rows", rows.len());
        }
    }
    Ok(took)
}

fn octets(value: Option<ValueRef<'_>>) -> usize {
    match value {
        Some(ValueRef::Integer(number)) => number.to_be_bytes().len(),
        Some(ValueRef::Counter32(count)) => count.to_be_bytes().len(),
        Some(ValueRef::OctetString(octets)) => octets.len(),
        _ => 0,
    }
}

/// What is kept of a row; snmp2 lends the rest for as long as the datagram lives.
enum Kept {
    Number(u64),
    Octets(Vec<u8>),
    Other,
}

/// The rows so far of a walk that the caller has to write himself.
struct Rows<'a> {
    root: &'a snmp2::Oid<'static>,
    kept: Vec<(snmp2::Oid<'static>, Kept)>,
}

impl Rows<'_> {
    /// Takes the bindings below the root; false when there are no more.
    fn take(&mut self, answer: snmp2::Pdu<'_>) -> bool {
        let before = self.kept.len();
        for (name, value) in answer.varbinds {
            if !name.starts_with(self.root) || self.kept.last().is_some_and(|(last, _)| *last == name) {
                return false;
            }
            let kept = match value {
                snmp2::Value::Integer(number) => Kept::Number(number as u64),
                snmp2::Value::Counter32(n) | snmp2::Value::Unsigned32(n) => Kept::Number(n.into()),
                snmp2::Value::OctetString(octets) => Kept::Octets(octets.to_vec()),
                _ => Kept::Other,
            };
            self.kept.push((name.to_owned(), kept));
        }
        self.kept.len() > before
    }

    fn next(&self) -> snmp2::Oid<'static> {
        self.kept.last().map_or_else(|| self.root.clone(), |(name, _)| name.clone())
    }

    fn check(&self) -> anyhow::Result<()> {
        let octets: usize = self.kept.iter().map(|(_, kept)| kept.octets()).sum();
        ensure!(self.kept.len() == ROWS && octets > ROWS, "{} rows of {octets} octets", self.kept.len());
        Ok(())
    }
}

impl Kept {
    fn octets(&self) -> usize {
        match self {
            Self::Number(number) => number.to_be_bytes().len(),
            Self::Octets(octets) => octets.len(),
            Self::Other => 0,
        }
    }
}

async fn snmp2(way: Way<'_>) -> anyhow::Result<Duration> {
    let (root, name, mut took) = (oid(ROOT)?, oid(SYS_NAME)?, Duration::ZERO);
    for _ in 0..way.sessions {
        let mut session = Box::new(if way.v3 {
            let mut session = snmp2::AsyncSession::new_v3(way.at, 1, security()).await?;
            session.init().await.map_err(|error| anyhow::anyhow!("{error}"))?;
            session
        } else {
            snmp2::AsyncSession::new_v2c(way.at, b"public", 1).await?
        });
        // The first answer of version 3 may only tell the time.
        if session.get(&name).await.is_err() {
            session.get(&name).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        for _ in 0..way.walks {
            let mut rows = Rows { root: &root, kept: Vec::new() };
            let start = Instant::now();
            loop {
                let answer = session.getbulk(&[&rows.next()], 0, repetitions(way)).await;
                if !rows.take(answer.map_err(|error| anyhow::anyhow!("{error}"))?) {
                    break;
                }
            }
            took += start.elapsed();
            rows.check()?;
        }
    }
    Ok(took)
}

fn snmp2_sync(way: Way<'_>) -> anyhow::Result<Duration> {
    let (root, name, mut took) = (oid(ROOT)?, oid(SYS_NAME)?, Duration::ZERO);
    let patience = Some(Duration::from_secs(2));
    for _ in 0..way.sessions {
        let mut session = Box::new(snmp2::SyncSession::new_v2c(way.at, b"public", patience, 1)?);
        session.get(&name).map_err(|error| anyhow::anyhow!("{error}"))?;
        for _ in 0..way.walks {
            let mut rows = Rows { root: &root, kept: Vec::new() };
            let start = Instant::now();
            while rows.take(
                session.getbulk(&[&rows.next()], 0, repetitions(way)).map_err(|error| anyhow::anyhow!("{error}"))?,
            ) {}
            took += start.elapsed();
            rows.check()?;
        }
    }
    Ok(took)
}

/// snmp2 leaves it to its caller.
fn repetitions(way: Way<'_>) -> u32 {
    if way.repetitions > 0 { way.repetitions } else { 25 }
}

fn security() -> snmp2::v3::Security {
    use snmp2::v3::{Auth, AuthProtocol, Cipher, Security};
    let auth = Auth::AuthPriv { cipher: Cipher::Aes128, privacy_password: PASSWORD.as_bytes().to_vec() };
    Security::new(USER.as_bytes(), PASSWORD.as_bytes()).with_auth_protocol(AuthProtocol::Sha256).with_auth(auth)
}

fn oid(text: &str) -> anyhow::Result<snmp2::Oid<'static>> {
    let arcs: Vec<u64> = text.split('.').map(str::parse).collect::<Result<_, _>>()?;
    snmp2::Oid::from(&arcs).map_err(|error| anyhow::anyhow!("{text}: {error:?}"))
}
