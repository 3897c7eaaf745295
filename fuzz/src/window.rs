//! Both clocks of the user-based security model against RFC 3414 §2.2, §2.3 and §3.2 step 7, written down a second time
//! in whole milliseconds, as plainly as the text has it.

use dca_snmp::usm::{EngineClock, RemoteClock};
use std::time::{Duration, Instant};

const MOST: i64 = 2_147_483_647;
const WINDOW: i64 = 150;

/// An authoritative engine: boots, and the millisecond at which it started.
struct Authority {
    boots: i64,
    started: i64,
}

impl Authority {
    /// §2.2.2: time that has reached its end starts over, and counts as a boot.
    fn read(&self, now: i64) -> (i64, i64) {
        let seconds = (now - self.started).max(0) / 1000;
        ((self.boots + seconds / (MOST + 1)).min(MOST), seconds % (MOST + 1))
    }

    /// §3.2 step 7a.
    fn is_outside(&self, boots: i64, time: i64, now: i64) -> bool {
        let (own_boots, own_time) = self.read(now);
        own_boots == MOST || boots != own_boots || (time - own_time).abs() > WINDOW
    }
}

/// What a manager keeps of one engine: §2.3 names the three variables.
struct Notion {
    boots: i64,
    /// snmpEngineTime as it was at `heard`.
    time: i64,
    heard: i64,
    latest_received: i64,
    /// Before the first authentic message anything is newer than the notion.
    synchronised: bool,
}

impl Notion {
    fn time(&self, now: i64) -> i64 {
        (self.time + (now - self.heard).max(0) / 1000).min(MOST)
    }

    fn take(&mut self, boots: i64, time: i64, now: i64) {
        *self = Self { boots, time, heard: now, latest_received: time, synchronised: true };
    }

    /// §3.2 step 7b.
    fn is_fresh(&mut self, boots: i64, time: i64, now: i64) -> bool {
        if !self.synchronised || boots > self.boots || (boots == self.boots && time > self.latest_received) {
            self.take(boots, time, now);
        }
        let old = boots < self.boots || (boots == self.boots && time < self.time(now) - WINDOW);
        !(self.boots == MOST || old)
    }
}

/// The input is a list of operations: an octet for which, then its numbers.
pub fn window(octets: &[u8]) {
    let mut input = Input(octets);
    let (origin, mut now) = (Instant::now(), 0);
    let instant = |now: i64| origin + Duration::from_millis(now.unsigned_abs());
    let mut authority = Authority { boots: input.number(), started: 0 };
    let mut engine = EngineClock::new(narrow(authority.boots), instant(0));
    let mut notion = Notion { boots: 0, time: 0, heard: 0, latest_received: 0, synchronised: false };
    let mut remote = RemoteClock::unproven(0, 0, instant(0));
    let mut stamps = Vec::new();
    for _ in 0..400 {
        let Some(operation) = input.octet() else { return };
        match operation % 8 {
            0 => now += input.number() * if operation & 8 == 0 { 1 } else { 1000 },
            // Around the window's edges.
            1 => now += (145 + i64::from(input.octet().unwrap_or(0)) % 10) * 1000 + i64::from(operation) % 3 * 499,
            2 => {
                let boots = if operation & 8 == 0 { (authority.boots + 1).min(MOST) } else { input.number() };
                authority = Authority { boots, started: now };
                engine = EngineClock::new(narrow(boots), instant(now));
            }
            3 => stamps.push(authority.read(now)),
            // An authentic message of the engine, new or old.
            4 if !stamps.is_empty() => {
                let (boots, time) = stamps[usize::from(input.octet().unwrap_or(0)) % stamps.len()];
                let fresh = notion.is_fresh(boots, time, now);
                assert_eq!(remote.receive(narrow(boots), narrow(time), instant(now)), fresh, "{boots} {time} at {now}");
            }
            5 => {
                let (boots, time) = (input.number(), input.number());
                let fresh = notion.is_fresh(boots, time, now);
                assert_eq!(remote.receive(narrow(boots), narrow(time), instant(now)), fresh, "{boots} {time} at {now}");
            }
            6 => {
                let (boots, time) = authority.read(now);
                notion.take(boots, time, now);
                remote.resynchronise(narrow(boots), narrow(time), instant(now));
                // Who has just been told the time is believed, unless the engine believes nobody.
                let (boots, time) = remote.read(instant(now));
                assert_eq!(engine.accepts(boots, time, instant(now)), i64::from(boots) != MOST);
            }
            // A question, stamped by the manager or by anybody.
            _ => {
                let (boots, time) = match operation & 8 {
                    0 => remote.read(instant(now)),
                    _ => (narrow(input.number()), narrow(input.number())),
                };
                let outside = authority.is_outside(boots.into(), time.into(), now);
                assert_eq!(engine.accepts(boots, time, instant(now)), !outside, "{boots} {time} at {now}");
            }
        }
        let (boots, time) = engine.read(instant(now));
        assert_eq!((boots.into(), time.into()), authority.read(now), "the engine at {now}");
        let (boots, time) = remote.read(instant(now));
        assert_eq!((boots.into(), time.into()), (notion.boots, notion.time(now)), "the notion at {now}");
        assert_eq!(remote.is_authentic(), notion.synchronised);
    }
}

fn narrow(number: i64) -> u32 {
    u32::try_from(number).expect("31 bits")
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number of 31 bits: small, near its end, or any.
    fn number(&mut self) -> i64 {
        match self.octet().unwrap_or(0) {
            small @ 0..200 => small.into(),
            near @ 200..240 => MOST - i64::from(near - 200),
            shift => (i64::from(self.octet().unwrap_or(0)) << (shift - 240) * 2) & MOST,
        }
    }
}
