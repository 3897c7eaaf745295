//! Engine boots and time, and the window within which a message counts as fresh (RFC 3414 §2.2, §2.3 and §3.2 step 7).
//!
//! The agent is authoritative: its [`EngineClock`] is the truth. A manager keeps a [`RemoteClock`] for each agent and
//! lets only authentic messages move it.

use std::time::Instant;

/// Seconds by which a message may be late (RFC 3414 §2.2.3).
pub const TIME_WINDOW: u32 = 150;

/// snmpEngineBoots that has reached its end: such an engine refuses every authenticated message (RFC 3414 §2.2.2).
pub const MAX_BOOTS: u32 = 2_147_483_647;

/// The clock of an authoritative engine.
#[derive(Debug, Clone)]
pub struct EngineClock {
    boots: u32,
    started: Instant,
}

impl EngineClock {
    /// An engine that has booted `boots` times and starts counting seconds at `started`.
    pub fn new(boots: u32, started: Instant) -> Self {
        Self { boots: boots.min(MAX_BOOTS), started }
    }

    /// snmpEngineBoots and snmpEngineTime. Time that passes 2^31-1 seconds counts as a boot and starts over.
    pub fn read(&self, now: Instant) -> (u32, u32) {
        let seconds = now.saturating_duration_since(self.started).as_secs();
        let period = u64::from(MAX_BOOTS) + 1;
        let boots = u64::from(self.boots).saturating_add(seconds / period).min(MAX_BOOTS.into());
        (boots as u32, (seconds % period) as u32)
    }

    /// True if an authentic message with these values is fresh (§3.2 step 7a).
    pub fn accepts(&self, boots: u32, time: u32, now: Instant) -> bool {
        let (own_boots, own_time) = self.read(now);
        own_boots != MAX_BOOTS && boots == own_boots && time.abs_diff(own_time) <= TIME_WINDOW
    }
}

/// What a manager knows of an agent's clock.
#[derive(Debug, Clone)]
pub struct RemoteClock {
    boots: u32,
    time: u32,
    /// When `time` was learnt.
    heard: Instant,
    /// latestReceivedEngineTime: guards against a replay within the same boot.
    latest: u32,
    authentic: bool,
}

impl RemoteClock {
    /// From a message without a digest, as discovery brings it: good enough to send with, replaced by the first
    /// authentic message whatever it says.
    pub fn unproven(boots: u32, time: u32, now: Instant) -> Self {
        Self { boots, time, heard: now, latest: 0, authentic: false }
    }

    /// Boots and time to send with.
    pub fn read(&self, now: Instant) -> (u32, u32) {
        let passed = now.saturating_duration_since(self.heard).as_secs();
        let time = u64::from(self.time).saturating_add(passed).min(MAX_BOOTS.into());
        (self.boots, time as u32)
    }

    /// True once an authentic message has set it.
    pub fn is_authentic(&self) -> bool {
        self.authentic
    }

    /// Learns from a message whose digest is right, then says whether it is fresh (§3.2 step 7b).
    pub fn receive(&mut self, boots: u32, time: u32, now: Instant) -> bool {
        if !self.authentic || boots > self.boots || (boots == self.boots && time > self.latest) {
            self.set(boots, time, now);
        }
        let (own_boots, own_time) = self.read(now);
        own_boots != MAX_BOOTS && boots == own_boots && time.saturating_add(TIME_WINDOW) >= own_time
    }

    /// Takes over boots and time from a notInTimeWindows report, even backwards: devices exist that forget their boots
    /// when switched off. Only for a report whose digest is right and whose msgID is that of a request still
    /// outstanding, so that no recorded report can be played back.
    pub fn resynchronise(&mut self, boots: u32, time: u32, now: Instant) {
        self.set(boots, time, now);
    }

    fn set(&mut self, boots: u32, time: u32, now: Instant) {
        *self = Self { boots, time, heard: now, latest: time, authentic: true };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// The tests' only look at a clock: any instant will do as the origin.
    #[expect(clippy::disallowed_methods, reason = "std has no other way to make an Instant")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn an_agent_accepts_its_boot_and_150_seconds_either_way() {
        let start = origin();
        let clock = EngineClock::new(7, start);
        let now = after(start, 1000);
        assert_eq!(clock.read(now), (7, 1000));
        for (boots, time, fresh) in [
            (7, 1000, true),
            (7, 850, true),
            (7, 849, false),
            (7, 1150, true),
            (7, 1151, false),
            (6, 1000, false),
            (8, 1000, false),
        ] {
            assert_eq!(clock.accepts(boots, time, now), fresh, "{boots} {time}");
        }
    }

    #[test]
    fn an_agent_at_the_end_of_its_boots_accepts_nothing() {
        let start = origin();
        assert!(!EngineClock::new(MAX_BOOTS, start).accepts(MAX_BOOTS, 0, start));
        assert_eq!(EngineClock::new(u32::MAX, start).read(start), (MAX_BOOTS, 0));
        let clock = EngineClock::new(7, start);
        assert_eq!(clock.read(after(start, u64::from(MAX_BOOTS))), (7, MAX_BOOTS));
        assert_eq!(clock.read(after(start, u64::from(MAX_BOOTS) + 1)), (8, 0));
    }

    #[test]
    fn a_manager_follows_time_and_reboots_but_not_replays() {
        let start = origin();
        let mut clock = RemoteClock::unproven(0, 0, start);
        assert!(!clock.is_authentic());
        assert!(clock.receive(3, 5000, start));
        assert!(clock.is_authentic());
        let now = after(start, 200);
        assert_eq!(clock.read(now), (3, 5200));
        assert!(!clock.receive(3, 5000, now), "older than the window");
        assert!(!clock.receive(3, 4000, now), "older still");
        assert!(clock.receive(3, 5190, now), "newer than all before: the agent's clock is the slower one");
        assert_eq!(clock.read(now), (3, 5190));
        assert!(clock.receive(3, 5040, now), "overtaken on the way, within the window");
        assert_eq!(clock.read(now), (3, 5190), "which does not turn the clock back");
        assert!(!clock.receive(3, 5039, now));
        assert!(!clock.receive(2, 9999, now), "an earlier boot");
        assert!(clock.receive(4, 3, now), "a reboot");
        assert_eq!(clock.read(after(now, 10)), (4, 13));
        assert!(!clock.receive(3, 5200, now), "the boot before");
    }

    #[test]
    fn a_forged_discovery_does_not_bind() {
        let start = origin();
        let mut clock = RemoteClock::unproven(MAX_BOOTS, MAX_BOOTS, start);
        assert!(clock.receive(3, 10, start));
        assert_eq!(clock.read(start), (3, 10));
    }

    #[test]
    fn a_manager_refuses_an_engine_at_the_end_of_its_boots() {
        let start = origin();
        let mut clock = RemoteClock::unproven(3, 0, start);
        assert!(!clock.receive(MAX_BOOTS, 1, start));
    }

    #[test]
    fn resynchronising_goes_backwards() {
        let start = origin();
        let mut clock = RemoteClock::unproven(3, 0, start);
        assert!(clock.receive(3, 9000, start));
        assert!(!clock.receive(1, 20, start));
        clock.resynchronise(1, 20, start);
        assert!(clock.receive(1, 20, start));
        assert!(clock.receive(1, 21, start));
    }
}
