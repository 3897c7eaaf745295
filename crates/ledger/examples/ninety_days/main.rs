//! Ninety days of a mixed fleet whose truth is known: how far forecasts are off and how many alarms are false, beside
//! what is usually done: a straight line through two points, any rise of a level is a new cartridge, any fall of a
//! meter a reset.
//!
//! `cargo xtask bench ledger`, or `cargo run --release -p dca-ledger --example ninety_days [DEVICES]`
#![allow(clippy::print_stdout, clippy::indexing_slicing, reason = "an example; the indices are its own")]

mod history;
mod line;
mod score;

use dca_ledger::{Event, Ledger, Period, Settings};
use history::{Cartridge, History, Plan, SLOTS, TICKS_A_DAY, TOTAL, WASTE, time};
use line::Line;
use score::{Changes, Forecasts, Orders, print_changes, print_forecasts, print_orders};
use std::time::Duration;

const DAYS: usize = 90;
/// The simulation goes on so that what was forecast on the last day is known.
const BEYOND: usize = 100;
const DAY: Duration = Duration::from_secs(86_400);
/// How long an order takes to arrive.
const LEAD: usize = 4;

#[derive(Default)]
struct Totals {
    ours: Side,
    line: Side,
    truth_printed: u64,
    bills: usize,
    truth_changes: usize,
    truth_early: usize,
    truth_meter: usize,
    bill_known: u64,
    bills_wrong: [usize; 2],
    bills_open: usize,
}

/// What one of the two methods achieved.
#[derive(Default)]
struct Side {
    forecasts: Forecasts,
    changes: Changes,
    early: Changes,
    meter: Changes,
    orders: Orders,
}

fn main() {
    let devices = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(400);
    let mut totals = Totals::default();
    for seed in 0..devices {
        let plan = Plan::any(seed, DAYS + BEYOND);
        play(&plan.play(), &mut totals);
    }
    println!("{devices} devices, {DAYS} days, levels in steps of 1, 5 and 10 %, read every half hour to once a day\n");
    print_forecasts(&totals.ours.forecasts, &totals.line.forecasts);
    print_changes("exchanged supplies", totals.truth_changes, &totals.ours.changes, &totals.line.changes);
    print_changes("taken out early (over 10 % left)", totals.truth_early, &totals.ours.early, &totals.line.early);
    print_changes("meter: changes", totals.truth_meter, &totals.ours.meter, &totals.line.meter);
    print_orders(LEAD, &totals.ours.orders, &totals.line.orders);
    print_bills(&totals);
}

fn play(history: &History, totals: &mut Totals) {
    let mut ledger = Ledger::new(Settings::default());
    let mut lines: [Line; 5] = Default::default();
    let mut period = Period::new(TOTAL, time(0), time(DAYS * TICKS_A_DAY), 3 * DAY);
    let mut told = Vec::new();
    let mut line_told = Vec::new();
    let mut line_meter = Vec::new();
    let mut ordered = vec![[None; 2]; history.cartridges.len()];
    let mut next_morning = TICKS_A_DAY + 16;
    let mut meter = None;
    let mut naive_bill = 0;
    for (at, sample) in history.samples.iter().enumerate() {
        while sample.tick > next_morning {
            morning(next_morning, history, &ledger, &lines, &mut ordered, totals);
            next_morning += TICKS_A_DAY;
        }
        let events = sample.with(|reading| ledger.add(reading)).unwrap_or_default();
        events.iter().for_each(|event| period.add(event));
        told.extend(events);
        for (slot, line) in lines.iter_mut().enumerate() {
            let shown = sample.levels[slot];
            let newest = history.cartridges.iter().filter(|it| it.slot == slot && it.from <= sample.tick);
            line.restart(newest.map(|it| it.from).max());
            if let Some(left) = line.add(sample.tick, shown) {
                line_told.push((slot, sample.tick, left));
            }
        }
        match meter.replace(sample.values[0]) {
            Some(before) if before > sample.values[0] => line_meter.push(at),
            Some(before) if sample.tick <= DAYS * TICKS_A_DAY => naive_bill += sample.values[0] - before,
            _ => {}
        }
    }
    count_changes(history, &told, &line_told, totals);
    count_meter(history, &told, &line_meter, totals);
    count_orders(history, &ordered, totals);
    count_bill(history, &period, naive_bill, totals);
}

/// Every morning at eight: one forecast for each supply.
fn morning(
    tick: usize,
    history: &History,
    ledger: &Ledger,
    lines: &[Line; 5],
    ordered: &mut [[Option<usize>; 2]],
    totals: &mut Totals,
) {
    if tick >= DAYS * TICKS_A_DAY {
        return;
    }
    let now = time(tick);
    for (at, cartridge) in history.cartridges.iter().enumerate() {
        if !(cartridge.from..cartridge.to).contains(&tick) || cartridge.empty.is_some_and(|empty| empty <= tick) {
            continue;
        }
        let slot = cartridge.slot;
        let forecast = ledger.forecast(SLOTS[slot].0, now, DAY * LEAD as u32).ok();
        // The usual way has no idea of a receptacle's direction: it is given the truth.
        let line = lines[slot].days_left(tick, slot == WASTE && history.waste_direction == dca_ledger::Direction::Fill);
        if forecast.as_ref().is_some_and(|forecast| forecast.order_by <= now) {
            ordered[at][0].get_or_insert(tick);
        }
        if line.is_some_and(|days| days <= LEAD as f64) {
            ordered[at][1].get_or_insert(tick);
        }
        let Some(truth) = cartridge.empty.map(|empty| (empty - tick) as f64 / TICKS_A_DAY as f64) else { continue };
        let band = forecast.as_ref().map(|forecast| {
            let days = |at: dca_ledger::Time| (at.unix() - now.unix()) as f64 / 86_400.0;
            (days(forecast.earliest), days(forecast.latest))
        });
        let ours = forecast.map(|forecast| forecast.days_left);
        totals.ours.forecasts.add(ours, truth, line.is_some(), band);
        totals.line.forecasts.add(line, truth, ours.is_some(), None);
    }
}

/// Exchanges told within a day of a true one are found.
fn count_changes(history: &History, told: &[Event], line: &[(usize, usize, f64)], totals: &mut Totals) {
    let in_days = |cartridge: &&Cartridge| cartridge.to < history.printed.len();
    let truth: Vec<(usize, usize)> = history.cartridges.iter().filter(in_days).map(|it| (it.slot, it.to)).collect();
    let early: Vec<(usize, usize)> =
        history.cartridges.iter().filter(in_days).filter(|it| it.left > 10.0).map(|it| (it.slot, it.to)).collect();
    let ours: Vec<(usize, usize, bool)> = told
        .iter()
        .filter_map(|event| match event {
            Event::Replaced(replaced) => {
                let slot = SLOTS.iter().position(|(slot, _)| replaced.slot == **slot)?;
                Some((slot, tick_of(replaced.at), replaced.early))
            }
            _ => None,
        })
        .collect();
    totals.truth_changes += in_time(&truth);
    totals.truth_early += in_time(&early);
    let all = |early: bool| ours.iter().filter(move |it| it.2 || !early).map(|it| (it.0, it.1));
    let lined = |early: bool| line.iter().filter(move |it| it.2 > 10.0 || !early).map(|it| (it.0, it.1));
    totals.ours.changes.add(&truth, all(false));
    totals.line.changes.add(&truth, lined(false));
    totals.ours.early.add(&early, all(true));
    totals.line.early.add(&early, lined(true));
}

fn in_time(truth: &[(usize, usize)]) -> usize {
    truth.iter().filter(|(_, tick)| *tick < DAYS * TICKS_A_DAY).count()
}

fn count_meter(history: &History, told: &[Event], line: &[usize], totals: &mut Totals) {
    let tick = |sample: usize| history.samples.get(sample).map_or(usize::MAX, |sample| sample.tick);
    let stays = history.happened.iter().filter(|(_, what)| matches!(what, history::Happened::Stays(_)));
    let truth: Vec<(usize, usize)> = stays.map(|(at, _)| (0, tick(*at))).collect();
    totals.truth_meter += in_time(&truth);
    let ours = told.iter().filter_map(|event| match event {
        Event::Broke(broke) if broke.meter == *TOTAL => Some((0, tick_of(broke.to.at))),
        _ => None,
    });
    totals.ours.meter.add(&truth, ours);
    totals.line.meter.add(&truth, line.iter().map(|sample| (0, tick(*sample))));
}

fn count_orders(history: &History, ordered: &[[Option<usize>; 2]], totals: &mut Totals) {
    for (cartridge, ordered) in history.cartridges.iter().zip(ordered) {
        let Some(empty) = cartridge.empty.filter(|empty| *empty < DAYS * TICKS_A_DAY) else { continue };
        // Those that were in from the start begin with an order that nobody could have placed in time.
        if cartridge.from == 0 {
            continue;
        }
        for (side, ordered) in [&mut totals.ours.orders, &mut totals.line.orders].into_iter().zip(ordered) {
            side.add(ordered.map(|tick| (empty as f64 - tick as f64) / TICKS_A_DAY as f64 - LEAD as f64));
        }
    }
}

fn count_bill(history: &History, period: &Period, naive: u64, totals: &mut Totals) {
    let statement = period.statement();
    let Some(last) = statement.closing else { return };
    let Some(first) = statement.opening else { return };
    let printed = history.printed[tick_of(last.at)][0] - history.printed[tick_of(first.at)][0];
    let known: u64 = statement.segments.iter().map(|segment| segment.counted).sum();
    totals.truth_printed += printed;
    totals.bill_known += known;
    totals.bills += 1;
    totals.bills_open += usize::from(statement.counted.is_none());
    totals.bills_wrong[0] +=
        usize::from(statement.counted.is_some_and(|counted| counted != printed) || known > printed);
    totals.bills_wrong[1] += usize::from(naive != printed);
}

fn print_bills(totals: &Totals) {
    let share = 100.0 * totals.bill_known as f64 / totals.truth_printed as f64;
    println!("\npages of {DAYS} days, {} meters (line: growth from reading to reading, a fall is none)", totals.bills);
    println!("  wrong figures                        {:>6}{:>8}", totals.bills_wrong[0], totals.bills_wrong[1]);
    println!("  said to be broken into segments      {:>6}       0", totals.bills_open);
    println!("  counted in segments, % of the truth  {share:>6.2}");
}

fn tick_of(at: dca_ledger::Time) -> usize {
    ((at.unix() - history::START) / history::TICK) as usize
}
