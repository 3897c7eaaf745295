//! One portal, one agent, and the points at which they are cut off.

use crate::common::Ready;
use crate::readings::reading;
use crate::torn::{Acked, KINDS, acknowledged, tear};
use anyhow::Context;
use dca_e2e::{Agent, Portal, Programs, until};
use dca_spool::{Bounds, Spool, Stored};
use std::fmt;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A start may take so long.
const START: Duration = Duration::from_secs(2);
/// After so many points all is sent and compared.
const SETTLE: u32 = 250;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    points: u32,
    kinds: [u32; 7],
    torn_kinds: [u32; 4],
    pub(crate) torn: u32,
    /// The portal had more than the agent knew of.
    pub(crate) between: u32,
    /// The agent knew of a part of what it had to send.
    partly: u32,
    /// Starts that a full disk did not let happen.
    no_start: u32,
    readings: u64,
    starts: u32,
    over: u32,
    slowest_agent: Duration,
    slowest_portal: Duration,
    most_octets: u64,
}

/// What is done at a point.
const WAYS: [&str; 7] = [
    "agent killed",
    "portal killed",
    "both killed",
    "power cut of the portal",
    "no room for the agent",
    "no room for the portal",
    "agent told to stop",
];

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} points, {} readings", self.points, self.readings)?;
        for (way, count) in WAYS.iter().zip(self.kinds) {
            writeln!(f, "  {count:>6} {way}")?;
        }
        for (kind, count) in KINDS.iter().zip(self.torn_kinds) {
            writeln!(f, "  {count:>6} {kind}")?;
        }
        writeln!(
            f,
            "  {:>6} times stored, and the agent did not know; {} times a part was sent",
            self.between, self.partly
        )?;
        writeln!(f, "  {:>6} starts were refused for lack of room", self.no_start)?;
        let (agent, portal) = (self.slowest_agent, self.slowest_portal);
        writeln!(
            f,
            "  slowest start: agent {agent:.2?}, portal {portal:.2?}; {} of {} over 2 s",
            self.over, self.starts
        )?;
        write!(f, "  spool at most {} octets", self.most_octets)
    }
}

impl std::iter::Sum for Seen {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.points += one.points;
            sum.kinds.iter_mut().zip(one.kinds).for_each(|(sum, one)| *sum += one);
            sum.torn_kinds.iter_mut().zip(one.torn_kinds).for_each(|(sum, one)| *sum += one);
            sum.torn += one.torn;
            sum.between += one.between;
            sum.partly += one.partly;
            sum.no_start += one.no_start;
            sum.readings += one.readings;
            sum.starts += one.starts;
            sum.over += one.over;
            sum.slowest_agent = sum.slowest_agent.max(one.slowest_agent);
            sum.slowest_portal = sum.slowest_portal.max(one.slowest_portal);
            sum.most_octets = sum.most_octets.max(one.most_octets);
            sum
        })
    }
}

pub(crate) struct Run {
    portal: Portal,
    agent: Agent,
    ready: Ready,
    random: fastrand::Rng,
    /// When the readings' time begins.
    begin_ms: i64,
    pushed: u64,
    /// Readings that the agent knew to be stored at the last point.
    knew: u64,
    seen: Seen,
    // The last to go.
    _folder: TempDir,
}

impl Run {
    pub(crate) fn new(seed: u64) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_test()?;
        let folder = tempfile::tempdir()?;
        let portal = Portal::start(&programs, &folder.path().join("portal"), 30)?;
        // It asks nobody: this is a closed port of loopback, and what it reports lies in its spool already.
        let agent = Agent::new(&programs, &folder.path().join("agent"), &["127.88.9.1:9".to_owned()])?;
        let config = std::fs::read_to_string(agent.config())?.replace("spread = 1", "spread = 0");
        std::fs::write(agent.config(), config)?;
        agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
        Ok(Self {
            portal,
            agent,
            ready: Ready::new(folder.path())?,
            random: fastrand::Rng::with_seed(seed),
            begin_ms: i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?,
            pushed: 0,
            knew: 0,
            seen: Seen::default(),
            _folder: folder,
        })
    }

    pub(crate) fn points(mut self, points: u32) -> anyhow::Result<Seen> {
        for point in 1..=points {
            let settles = point % SETTLE == 0 || point == points;
            self.push().context("put into the spool")?;
            let way = WAYS[self.point().with_context(|| format!("point {point}"))?];
            let compared = self.compare().and_then(|()| if settles { self.settle() } else { Ok(()) });
            compared.with_context(|| format!("point {point}, {way}"))?;
            if settles {
                println!("{}", self.seen);
            }
        }
        Ok(self.seen)
    }

    /// Puts readings into the spool while the agent is dead.
    fn push(&mut self) -> anyhow::Result<()> {
        let now_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
        let path = self.agent.state().join("spool.db");
        let (spool, recovery) = Spool::open(&path, Bounds::default(), self.random.u64(..), now_ms)?;
        assert_eq!(recovery.damage, None, "a crash is no damage");
        for _ in 0..self.random.u32(1..4) {
            // A report takes 500.
            let count = if self.random.u32(..40) == 0 { 1_200 } else { self.random.u64(1..80) };
            let items = (self.pushed..self.pushed + count).map(|number| reading(number, self.begin_ms)).collect();
            assert_eq!(spool.push(items)?, Stored::Disk);
            self.pushed += count;
        }
        let size = spool.size()?;
        self.seen.most_octets = self.seen.most_octets.max(size.most);
        assert!(size.most <= Bounds::default().octets, "the spool is above its bound: {size:?}");
        Ok(())
    }

    /// At its end the agent is dead and the portal runs, without limits. The answer is which way it was.
    fn point(&mut self) -> anyhow::Result<usize> {
        // Kills are the most of it; a power cut needs the agent dead, to see what it knew.
        let way = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 4, 5, 6][self.random.usize(..16)];
        self.seen.points += 1;
        self.seen.kinds[way] += 1;
        let limit = self.random.u32(64..4_000);
        let limited = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let limited = ["sh", "-c", limited.as_str()];
        if way == 5 {
            self.portal.kill()?;
            self.portal.through(&limited);
            self.seen.no_start += u32::from(self.portal.restart().is_err());
        }
        if way == 4 {
            self.agent.through(&limited);
        }
        // A third is cut off while it starts, the others while it sends. One that has no room may never be ready; one that is told
        // to stop before it listens to that ends at once.
        if way == 4 || way != 6 && self.random.u32(..3) == 0 {
            self.agent.start()?;
            self.wait(200);
        } else {
            let took = self.ready.start(&mut self.agent)?;
            self.seen.starts += 1;
            self.seen.over += u32::from(took > START);
            self.seen.slowest_agent = self.seen.slowest_agent.max(took);
            let most = if self.random.u32(..4) == 0 { 400 } else { 60 };
            self.wait(most);
        }
        let portal_dies = matches!(way, 1 | 2 | 3 | 5);
        if way == 1 {
            // The agent sees it and goes on, for a while.
            self.portal.kill()?;
            self.wait(100);
        }
        match way {
            6 => self.agent.stop(Duration::from_secs(5))?,
            _ => self.agent.kill()?,
        }
        self.agent.through(&[]);
        if portal_dies {
            self.portal.kill()?;
            self.portal.through(&[]);
            if way == 3 {
                let known = self.known()?;
                if let Some(kind) = tear(&self.portal.database(), &known, &mut self.random)? {
                    self.seen.torn_kinds[kind] += 1;
                    self.seen.torn += 1;
                }
            }
            let began = Instant::now();
            self.portal.restart()?;
            let took = began.elapsed();
            self.seen.starts += 1;
            self.seen.over += u32::from(took > START);
            self.seen.slowest_portal = self.seen.slowest_portal.max(took);
        }
        Ok(way)
    }

    fn wait(&mut self, most_ms: u64) {
        std::thread::sleep(Duration::from_micros(self.random.u64(..most_ms * 1_000)));
    }

    /// What the agent, which is dead, knows to be stored: it no longer has it. What it is told of goes in portions, and the lane
    /// says so only with the last one.
    fn known(&self) -> anyhow::Result<Acked> {
        let query = "SELECT stream, epoch, coalesce((SELECT min(record.id & 0xffffffffffff) - 1 FROM record
                     WHERE record.id >> 48 = lane.id), last_seq) FROM lane";
        acknowledged(&self.agent.state().join("spool.db"), query)
    }

    /// What is stored.
    fn stored(&self) -> anyhow::Result<Acked> {
        acknowledged(&self.portal.database(), "SELECT stream, epoch, acked FROM stream")
    }

    /// Nothing that the agent knows to be stored is missing.
    fn compare(&mut self) -> anyhow::Result<()> {
        let known = self.known()?;
        let there = self.stored()?;
        for (key, through) in &known {
            let stored = there.get(key).copied().unwrap_or(0);
            assert!(
                stored >= *through,
                "the agent was told of {through}, there are {stored} of {key:?}: {}",
                self.seen
            );
        }
        let (knows, stored) = (readings(&known), readings(&there));
        self.seen.between += u32::from(stored > knows);
        self.seen.partly += u32::from(self.knew < knows && knows < self.pushed);
        self.knew = knows;
        Ok(())
    }

    /// All is sent; then each reading that was pushed is there, once.
    fn settle(&mut self) -> anyhow::Result<()> {
        self.ready.start(&mut self.agent)?;
        until(Duration::from_secs(120), "all that was pushed in the portal", || {
            self.agent.check()?;
            Ok((readings(&self.stored()?) == self.pushed).then_some(()))
        })?;
        self.agent.stop(Duration::from_secs(5))?;
        self.knew = readings(&self.known()?);
        assert_eq!(self.knew, self.pushed, "left: acknowledged to the agent; right: pushed");
        self.seen.readings = self.portal.stored()?;
        let said = std::fs::read_to_string(self.agent.log())?.matches("could not be removed").count();
        let points = self.seen.kinds[4] as usize;
        assert!(said <= 4 * points, "it sends no more until there is room: {said} times in {points} points");
        assert_eq!(self.seen.readings, self.pushed, "left: in the database, each once; right: pushed");
        Ok(())
    }
}

/// How many readings these acknowledgements are for.
fn readings(acked: &Acked) -> u64 {
    let readings = acked.iter().filter(|((stream, _), _)| stream == "readings");
    readings.map(|(_, through)| through.cast_unsigned()).sum()
}
