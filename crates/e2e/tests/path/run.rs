//! One portal, one agent, and the points at which they are cut off.

use crate::common::Ready;
use crate::ground::{Acked, Ground, acknowledged};
use crate::readings::reading;
use crate::seen::{Seen, Way};
use crate::torn::tear;
use anyhow::Context;
use dca_e2e::{Agent, Portal, Programs, until};
use dca_spool::{Bounds, Spool, Stored};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// After so many points all is sent and compared.
const SETTLE: u32 = 250;

pub(crate) struct Run {
    ground: Ground,
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
    pub(crate) fn new(seed: u64, ground: Ground) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_test()?;
        let folder = tempfile::tempdir()?;
        let portal = ground.portal(&programs, &folder.path().join("portal"))?;
        // It asks nobody: this is a closed port of loopback, and what it reports lies in its spool already.
        let agent = Agent::new(&programs, &folder.path().join("agent"), &["127.88.9.1:9".to_owned()])?;
        let config = std::fs::read_to_string(agent.config())?.replace("spread = 1", "spread = 0");
        std::fs::write(agent.config(), config)?;
        agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
        Ok(Self {
            ground,
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
            let way = self.point().with_context(|| format!("point {point}"))?;
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
    fn point(&mut self) -> anyhow::Result<Way> {
        let way = Way::any(self.ground.is_postgres(), &mut self.random);
        self.seen.point(way);
        let limit = self.random.u32(64..4_000);
        let limited = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let limited = ["sh", "-c", limited.as_str()];
        if way == Way::PortalFull {
            self.portal.kill()?;
            self.portal.through(&limited);
            self.seen.no_start += u32::from(self.portal.restart().is_err());
        }
        if way == Way::AgentFull {
            self.agent.through(&limited);
        }
        // A third is cut off while it starts, the others while it sends. One that has no room may never be ready; one that is told
        // to stop before it listens to that ends at once.
        if way == Way::AgentFull || way != Way::StopAgent && self.random.u32(..3) == 0 {
            self.agent.start()?;
            self.wait(200);
        } else {
            let took = self.ready.start(&mut self.agent)?;
            self.seen.agent_started(took);
            let most = if self.random.u32(..4) == 0 { 400 } else { 60 };
            self.wait(most);
        }
        // The agent sees it and goes on, for a while.
        if way == Way::KillPortal {
            self.portal.kill()?;
            self.wait(100);
        }
        if way == Way::EndPostgres {
            self.ground.end();
            self.wait(100);
            if self.random.bool() {
                self.ground.begin();
                self.wait(400);
            }
        }
        match way {
            Way::StopAgent => self.agent.stop(Duration::from_secs(5))?,
            _ => self.agent.kill()?,
        }
        self.agent.through(&[]);
        if way.ends_portal() {
            self.portal.kill()?;
            self.portal.through(&[]);
        }
        if way.ends_postgres() {
            self.ground.end();
            self.ground.begin();
        }
        if way.ends_portal() {
            // It needs the agent dead, to see what it knew.
            if way == Way::PowerCut {
                let known = self.known()?;
                if let Some(kind) = tear(&self.portal.database(), &known, &mut self.random)? {
                    self.seen.torn(kind);
                }
            }
            let began = Instant::now();
            self.portal.restart()?;
            self.seen.portal_started(began.elapsed());
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
        self.ground.stored(&self.portal)
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
        until(Duration::from_secs(120), "an agent that knows that all is stored", || {
            self.ready.start(&mut self.agent)?;
            until(Duration::from_secs(120), "all that was pushed in the portal", || {
                self.agent.check()?;
                Ok((readings(&self.stored()?) == self.pushed).then_some(()))
            })?;
            // It may have been stored before this start: then it has still to be heard of, and who is told to stop does not wait for that.
            std::thread::sleep(Duration::from_millis(300));
            self.agent.stop(Duration::from_secs(5))?;
            self.knew = readings(&self.known()?);
            Ok((self.knew == self.pushed).then_some(()))
        })?;
        self.seen.readings = self.portal.stored()?;
        let said = std::fs::read_to_string(self.agent.log())?.matches("could not be removed").count();
        let points = self.seen.times(Way::AgentFull) as usize;
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
