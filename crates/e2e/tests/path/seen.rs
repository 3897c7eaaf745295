//! What was done at the points, and what was seen.

use crate::torn::KINDS;
use std::fmt;
use std::time::Duration;

/// A start may take so long.
const START: Duration = Duration::from_secs(2);

/// What is done at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    KillAgent,
    KillPortal,
    KillBoth,
    /// The portal's, on SQLite.
    PowerCut,
    AgentFull,
    /// On SQLite.
    PortalFull,
    StopAgent,
    /// With PostgreSQL.
    EndAll,
    EndPostgres,
}

impl Way {
    const ALL: [Self; 9] = [
        Self::KillAgent,
        Self::KillPortal,
        Self::KillBoth,
        Self::PowerCut,
        Self::AgentFull,
        Self::PortalFull,
        Self::StopAgent,
        Self::EndAll,
        Self::EndPostgres,
    ];

    /// The most are kills of the agent, whose start and end cost least.
    pub(crate) fn any(postgres: bool, random: &mut fastrand::Rng) -> Self {
        match (random.u32(..16), postgres) {
            (0..4, _) => Self::KillAgent,
            (4..6, _) => Self::KillPortal,
            (6..8, _) => Self::KillBoth,
            (8, _) => Self::AgentFull,
            (9, _) => Self::StopAgent,
            (10, false) => Self::PortalFull,
            (_, false) => Self::PowerCut,
            (10..13, true) => Self::EndAll,
            (_, true) => Self::EndPostgres,
        }
    }

    /// Whether the portal ends as well.
    pub(crate) fn ends_portal(self) -> bool {
        matches!(self, Self::KillPortal | Self::KillBoth | Self::PowerCut | Self::PortalFull | Self::EndAll)
    }

    /// Whether PostgreSQL ends as well.
    pub(crate) fn ends_postgres(self) -> bool {
        matches!(self, Self::EndAll | Self::EndPostgres)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KillAgent => "agent killed",
            Self::KillPortal => "portal killed",
            Self::KillBoth => "both killed",
            Self::PowerCut => "power cut of the portal",
            Self::AgentFull => "no room for the agent",
            Self::PortalFull => "no room for the portal",
            Self::StopAgent => "agent told to stop",
            Self::EndAll => "all killed, and PostgreSQL ended",
            Self::EndPostgres => "PostgreSQL ended, the portal not",
        })
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) points: u32,
    ways: [u32; Way::ALL.len()],
    torn_kinds: [u32; KINDS.len()],
    /// The portal had more than the agent knew of.
    pub(crate) between: u32,
    /// The agent knew of a part of what it had to send.
    pub(crate) partly: u32,
    /// Starts that a full disk did not let happen.
    pub(crate) no_start: u32,
    pub(crate) readings: u64,
    starts: u32,
    over: u32,
    slowest_agent: Duration,
    slowest_portal: Duration,
    pub(crate) most_octets: u64,
}

impl Seen {
    pub(crate) fn point(&mut self, way: Way) {
        self.points += 1;
        self.ways[way as usize] += 1;
    }

    /// How often it was this way.
    pub(crate) fn times(&self, way: Way) -> u32 {
        self.ways[way as usize]
    }

    pub(crate) fn torn(&mut self, kind: usize) {
        self.torn_kinds[kind] += 1;
    }

    pub(crate) fn agent_started(&mut self, took: Duration) {
        self.slowest_agent = self.slowest_agent.max(took);
        self.started(took);
    }

    pub(crate) fn portal_started(&mut self, took: Duration) {
        self.slowest_portal = self.slowest_portal.max(took);
        self.started(took);
    }

    fn started(&mut self, took: Duration) {
        self.starts += 1;
        self.over += u32::from(took > START);
    }

    /// Whether a long run met what it was made for: answers that were cut off, and files torn in each way or PostgreSQL ended.
    pub(crate) fn all_kinds(&self) -> bool {
        self.between > 0 && (self.times(Way::EndPostgres) > 0 || self.torn_kinds.iter().all(|count| *count > 0))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} points, {} readings", self.points, self.readings)?;
        for way in Way::ALL.into_iter().filter(|way| self.times(*way) > 0) {
            writeln!(f, "  {:>6} {way}", self.times(way))?;
        }
        for (kind, count) in KINDS.iter().zip(self.torn_kinds).filter(|(_, count)| *count > 0) {
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
            sum.ways.iter_mut().zip(one.ways).for_each(|(sum, one)| *sum += one);
            sum.torn_kinds.iter_mut().zip(one.torn_kinds).for_each(|(sum, one)| *sum += one);
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
