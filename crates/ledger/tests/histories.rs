//! Invariants over generated histories whose truth is known.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[path = "../examples/ninety_days/history.rs"]
mod history;

use dca_ledger::{Cause, Counted, Event, Ledger, Period, Settings};
use history::{Happened, History, Plan, Sample, TOTAL, time};
use proptest::prelude::*;
use std::time::Duration;

const DAYS: usize = 40;
const SILENCE: Duration = Duration::from_secs(2 * 86_400);

fn run(samples: &[Sample]) -> Vec<Event> {
    let mut ledger = Ledger::new(Settings::default());
    let events = samples.iter().flat_map(|sample| sample.with(|reading| ledger.add(reading)).unwrap());
    events.collect()
}

fn steps<'a>(events: &'a [Event], meter: &'a str) -> impl Iterator<Item = &'a Counted> {
    events.iter().filter_map(move |event| match event {
        Event::Counted(step) if step.meter == *meter => Some(step),
        _ => None,
    })
}

impl History {
    /// Pages really printed by the end of the tick before `at`.
    fn pages_by(&self, at: dca_ledger::Time) -> u64 {
        let tick = ((at.unix() - history::START) / history::TICK) as usize;
        self.printed[tick][0]
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_step_is_what_was_printed_and_the_sum_is_never_more(seed: u64) {
        let history = Plan::any(seed, DAYS).play();
        let events = run(&history.samples);
        let mut sum = 0;
        for step in steps(&events, TOTAL) {
            prop_assert_eq!(step.amount, history.pages_by(step.to.at) - history.pages_by(step.from.at), "{:?}", step);
            prop_assert!(step.wrapped || step.to.value - step.from.value == step.amount);
            sum += step.amount;
        }
        let (first, last) = (history.samples.first().unwrap(), history.samples.last().unwrap());
        prop_assert!(sum <= history.pages_by(time(last.tick)) - history.pages_by(time(first.tick)));
    }

    /// Readings that were lost may make two events look like one, but never make pages.
    #[test]
    fn with_readings_lost_at_random_the_sum_is_never_more(seed: u64, keep in 0.05..1.0) {
        let mut plan = Plan::any(seed, DAYS);
        plan.wraps = false; // a fall near the end with much time between is no longer told from a wrap
        let history = plan.play();
        let mut rng = fastrand::Rng::with_seed(seed);
        // The reading that shows who answers after a swap is kept: without it the swap cannot be seen.
        let swaps: Vec<usize> = history.happened.iter().map(|(at, _)| *at).collect();
        let kept: Vec<Sample> = (0..).zip(&history.samples)
            .filter(|(at, _)| rng.f64() < keep || swaps.iter().any(|swap| (swap.saturating_sub(1)..swap + 3).contains(at)))
            .map(|(_, sample)| sample.clone()).collect();
        for step in steps(&run(&kept), TOTAL) {
            prop_assert!(step.amount <= history.pages_by(step.to.at) - history.pages_by(step.from.at), "{:?}", step);
        }
    }

    #[test]
    fn what_happened_is_told_once_and_nothing_else_is(seed: u64) {
        let history = Plan::any(seed, DAYS).play();
        let events = run(&history.samples);
        let settled = |at: &usize| *at > 0 && *at + 3 < history.samples.len();
        let truth: Vec<_> = history.happened.iter().filter(|(at, _)| settled(at))
            .map(|(at, what)| (time(history.samples[*at].tick), *what)).collect();
        let told: Vec<_> = events.iter().filter_map(|event| match event {
            Event::Broke(broke) if broke.meter == *TOTAL => Some((broke.to.at, Happened::Stays(broke.cause))),
            Event::Counted(step) if step.meter == *TOTAL && step.wrapped => Some((step.to.at, Happened::Wrapped)),
            Event::SetAside(aside) if aside.meter == *TOTAL => Some((aside.point.at, Happened::Glitch)),
            _ => None,
        }).filter(|(at, _)| history.samples.len() > 3 && *at < time(history.samples[history.samples.len() - 3].tick))
        .collect();
        prop_assert_eq!(told, truth);
        let device = events.iter().filter(|event| matches!(event, Event::DeviceSwapped { .. })).count();
        let swapped = history.happened.iter().filter(|(at, what)| settled(at) && *what == Happened::Stays(Cause::OtherDevice));
        prop_assert_eq!(device, swapped.count());
    }

    /// Whether a ledger lives for the whole history, or is written down and read back in between, is the same.
    #[test]
    fn a_history_split_anywhere_gives_the_same_events(seed: u64, at: prop::sample::Index) {
        let history = Plan::any(seed, 20).play();
        let at = at.index(history.samples.len());
        let (before, after) = history.samples.split_at(at);
        let mut ledger = Ledger::new(Settings::default());
        let mut events: Vec<Event> = before.iter().flat_map(|sample| sample.with(|reading| ledger.add(reading)).unwrap()).collect();
        let written = serde_json::to_string(&ledger).unwrap();
        let mut ledger: Ledger = serde_json::from_str(&written).unwrap();
        events.extend(after.iter().flat_map(|sample| sample.with(|reading| ledger.add(reading)).unwrap()));
        prop_assert_eq!(events, run(&history.samples));
    }

    #[test]
    fn periods_hold_the_truth_between_their_bounds_and_add_up(seed: u64, cuts in prop::array::uniform3(0..DAYS * 48)) {
        let history = Plan::any(seed, DAYS).play();
        let events = run(&history.samples);
        let mut cuts = cuts.map(|tick| time(tick.min(history.printed.len() - 1)));
        cuts.sort();
        let statement = |from, to| {
            let mut period = Period::new(TOTAL, from, to, SILENCE);
            events.iter().for_each(|event| period.add(event));
            period.statement()
        };
        let [a, b, c] = cuts;
        for (from, to) in [(a, b), (b, c), (a, c)] {
            let bill = statement(from, to);
            let truth = history.pages_by(to) - history.pages_by(from);
            prop_assert!(bill.at_least.is_none_or(|least| least <= truth), "{truth} {bill:?}");
            prop_assert!(bill.at_most.is_none_or(|most| truth <= most), "{truth} {bill:?}");
            if let (Some(counted), Some(opening), Some(closing)) = (bill.counted, bill.opening, bill.closing) {
                prop_assert_eq!(counted, history.pages_by(closing.at) - history.pages_by(opening.at));
            }
        }
        let parts = [statement(a, b), statement(b, c)].map(|bill| bill.counted);
        if let ([Some(first), Some(second)], Some(whole)) = (parts, statement(a, c).counted) {
            prop_assert_eq!(first + second, whole);
        }
    }

    /// Whatever is fed in: no panic, no delta that its own two figures do not support.
    #[test]
    fn nonsense_is_borne(points in prop::collection::vec((any::<i64>(), any::<Option<u8>>(), any::<u64>(), any::<f64>(), any::<f64>()), 0..40)) {
        let mut ledger = Ledger::new(Settings { utc_offset: i32::MAX, ..Settings::default() });
        let mut points = points;
        points.sort_by_key(|(at, ..)| *at);
        for (at, who, value, level, rated) in points {
            let who = who.map(|who| (who % 3).to_string());
            let meter = dca_ledger::MeterPoint {
                key: TOTAL, value, unit: "u", source: "s", width: dca_ledger::Width::Bits32, rated: Some(rated),
            };
            let supply = dca_ledger::SupplyPoint {
                slot: "1", class: dca_ledger::Class::Receptacle, percent: Some(level), serial: None, installed: who.as_deref(),
                direction: None, worn_by: Some(TOTAL),
            };
            let reading = dca_ledger::Reading {
                at: dca_ledger::Time::from_unix(at),
                device: dca_ledger::Identity { serial: who.as_deref(), mac: None },
                meters: &[meter, meter], supplies: &[supply, supply],
            };
            for event in ledger.add(&reading).unwrap_or_default() {
                if let Event::Counted(step) = event {
                    let grew = step.to.value.checked_sub(step.from.value);
                    prop_assert!(step.wrapped || grew == Some(step.amount));
                }
            }
            let _ = ledger.forecast("1", reading.at, Duration::MAX);
        }
    }
}
