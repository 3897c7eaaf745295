use super::{add, hour, ledger, total};
use dca_ledger::{Class, Forecast, Ledger, NoForecast, SupplyPoint};
use std::time::Duration;

/// What the device shows of a true level.
type Show = fn(f64) -> f64;

const DAY: Duration = Duration::from_secs(86_400);

/// An office prints `pages` on each weekday between 8 and 18, read every hour. The level falls from `full` by one percent
/// each 50 pages and is shown as `show` says. Days from 0, a Monday.
struct Office {
    ledger: Ledger,
    pages: u64,
    hour: i64,
    show: Show,
    /// Pages at which the cartridge went in.
    fresh: f64,
}

impl Office {
    fn new(show: Show) -> Self {
        Self { ledger: ledger(), pages: 1_000, hour: 0, show, fresh: 1_000.0 }
    }

    fn run(&mut self, days: i64, pages_a_day: u64) -> &mut Self {
        for _ in 0..days * 24 {
            let (day, hour_of_day) = (self.hour / 24, self.hour % 24);
            if day % 7 < 5 && (8..18).contains(&hour_of_day) {
                self.pages += pages_a_day / 10;
            }
            self.hour += 1;
            let level = (self.show)(self.left().max(0.0));
            let supply = SupplyPoint {
                slot: "1.1",
                class: Class::Consumed,
                percent: Some(level),
                serial: None,
                installed: None,
                direction: None,
                worn_by: Some("total"),
            };
            add(&mut self.ledger, hour(self.hour), &[total(self.pages)], &[supply]);
        }
        self
    }

    fn exchange(&mut self) -> &mut Self {
        self.fresh = self.pages as f64;
        self
    }

    fn left(&self) -> f64 {
        100.0 - (self.pages as f64 - self.fresh) / 50.0
    }

    fn forecast(&self, lead: u32) -> Result<Forecast, NoForecast> {
        self.ledger.forecast("1.1", hour(self.hour), DAY * lead)
    }
}

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found}, expected {expected} within {within}");
}

#[test]
fn weekends_count_for_nothing() {
    // 100 pages a working day are 2 %. After 3 weeks 70 % are left: 35 working days, 7 weeks.
    let mut office = Office::new(|left| left.ceil());
    let forecast = office.run(21, 100).forecast(5).unwrap();
    near(forecast.percent_left, 70.0, 1.0);
    near(forecast.work_left, 3_500.0, 150.0);
    near(forecast.days_left, 47.75, 2.5); // it ends on a Friday evening
    assert!(forecast.earliest < forecast.empty && forecast.empty < forecast.latest);
    assert_eq!(forecast.order_by, forecast.earliest.before(DAY * 5));
    // On Friday evening one working day is left: it is Monday before it is empty.
    let last = office.run(46, 100).run(1, 0).forecast(5).unwrap();
    near(office.left(), 2.0, 0.0);
    near(last.days_left, 2.75, 0.75);
    assert!(last.order_by < hour(office.hour), "too late already");
}

#[test]
fn between_two_steps_of_ten_percent_pages_tell_the_level() {
    let shows: [(&str, Show); 3] = [
        ("up", |left| (left / 10.0).ceil() * 10.0),
        ("to the nearest", |left| (left / 10.0).round() * 10.0),
        ("down", |left| (left / 10.0).floor() * 10.0),
    ];
    for (rounded, show) in shows {
        let mut office = Office::new(show);
        // The first cartridges teach how this device rounds.
        for _ in 0..4 {
            office.run(70, 100).exchange();
        }
        office.run(3 * 7 + 3, 100);
        let forecast = office.forecast(0).unwrap();
        assert!((forecast.percent_left - office.left()).abs() < 2.0, "{rounded}: {forecast:?} {}", office.left());
    }
}

#[test]
fn a_fresh_cartridge_starts_with_what_the_one_before_taught() {
    let mut office = Office::new(|left| left.ceil());
    let forecast = office.run(70, 100).exchange().run(1, 100).forecast(0).unwrap();
    near(forecast.days_left, 66.75, 6.0); // a weekend lies behind it
}

#[test]
fn what_is_not_used_is_not_forecast() {
    let mut office = Office::new(|left| left.ceil());
    assert_eq!(office.run(1, 100).forecast(0), Err(NoForecast::TooLittleHistory));
    office.run(20, 100).run(70, 0);
    assert_eq!(office.forecast(0), Err(NoForecast::NotUsed));
}
