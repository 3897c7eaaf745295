//! What the agents report, and the same as a row per value in PostgreSQL.
//!
//! A reading has 60 values as in the reference's measurement: 26 counters, 12 supply levels, 10 states, 12 that never change.
//! In an hour two or three of them change. Ours carries with each of them what it is and where it comes from; a row has numbers
//! for that.

use crate::agent::Agent;
use dca_wire::v1::*;
use prost::Message;
use std::sync::Arc;

/// Readings in a report.
pub(crate) const BATCH: usize = 100;
/// Devices of an agent.
pub(crate) const DEVICES: usize = 20;
const COUNTERS: u64 = 26;
const SUPPLIES: usize = 12;
const STATES: usize = 10;
pub(crate) const VALUES: u64 = 60;
const HOUR_MS: i64 = 3_600_000;
/// How long ago the last reading was, so that all days are over at the end.
const OVER_MS: i64 = 5 * 24 * HOUR_MS;

/// A device of the run: what it shows at the moment.
struct Device {
    name: String,
    chance: fastrand::Rng,
    counters: Vec<u64>,
    levels: Vec<f64>,
    states: Vec<usize>,
}

impl Device {
    fn new(number: usize) -> Self {
        let mut chance = fastrand::Rng::with_seed(number as u64);
        let counters = (0..COUNTERS).map(|_| chance.u64(0..400_000)).collect();
        let levels = (0..SUPPLIES).map(|_| f64::from(chance.u8(5..=100))).collect();
        Self { name: format!("d{number}"), chance, counters, levels, states: vec![0; STATES] }
    }

    /// An hour later: at most hours nothing was printed; otherwise the total and one or two counters rise.
    fn age(&mut self) {
        if self.chance.f64() < 0.45 {
            let pages = self.chance.u64(1..60);
            self.counters[0] += pages;
            for _ in 0..3 {
                let which = self.chance.usize(1..self.counters.len());
                self.counters[which] += self.chance.u64(0..=pages);
            }
            let which = self.chance.usize(0..SUPPLIES);
            if self.chance.f64() < 0.5 {
                self.levels[which] = if self.levels[which] < 2.0 { 100.0 } else { self.levels[which] - 1.0 };
            }
        }
        if self.chance.f64() < 0.3 {
            let which = self.chance.usize(0..STATES);
            self.states[which] = 1 - self.states[which];
        }
    }

    fn record(&self, at_ms: i64) -> Record {
        let source = |oid: String| Some(Source { oid: Some(oid), ..Source::default() });
        let fact = |value: &str, oid: &str| {
            let confidence = Confidence::A.into();
            Some(Fact { value: value.to_owned(), source: source(oid.to_owned()), confidence })
        };
        let meter = |place: usize, value: u64| Meter {
            service: ["print", "copy", "scan", "fax", "other"][place % 5].to_owned(),
            color: ["total", "mono", "full_color"][place % 3].to_owned(),
            size: ["any", "small", "large"][place / 5 % 3].to_owned(),
            sides: "any".to_owned(),
            unit: "impressions".to_owned(),
            persistence: "lifetime".to_owned(),
            value,
            source: source(format!("1.3.6.1.4.1.18334.1.1.1.5.7.2.2.1.5.{place}.1")),
            confidence: Confidence::A.into(),
        };
        let supply = |place: usize, percent: f64| Supply {
            index: format!("1.{}", place + 1),
            description: format!("Toner Cartridge {place}"),
            r#type: "toner".to_owned(),
            class: "consumed".to_owned(),
            color: Some("cyan".to_owned()),
            unit: Some("percent".to_owned()),
            capacity: Some(100),
            level: Some(percent as i64),
            percent: Some(percent),
            state: "ok".to_owned(),
            source: source(format!("1.3.6.1.2.1.43.11.1.1.9.1.{}", place + 1)),
            confidence: Confidence::A.into(),
            ..Supply::default()
        };
        let state = |place: usize, two: [&str; 2]| two[self.states[place]].to_owned();
        let reading = Reading {
            device_id: self.name.clone(),
            address: "192.0.2.10:161".to_owned(),
            is_printer: true,
            profile: "konica-minolta".to_owned(),
            identity: Some(Identity {
                vendor: fact("Konica Minolta", "1.3.6.1.2.1.1.2.0"),
                model: fact("bizhub C360i", "1.3.6.1.2.1.25.3.2.1.3.1"),
                serial: fact(&format!("SER{}", self.name), "1.3.6.1.2.1.43.5.1.1.17.1"),
                firmware: fact("G00-K4", "1.3.6.1.2.1.1.1.0"),
                mac: fact("00:20:6b:01:02:03", "1.3.6.1.2.1.2.2.1.6.1"),
                hostname: fact("printer", "1.3.6.1.2.1.1.5.0"),
                location: fact("Second floor", "1.3.6.1.2.1.1.6.0"),
                ..Identity::default()
            }),
            total: Some(meter(0, self.counters[0])),
            meters: self.counters.iter().enumerate().skip(1).map(|(place, value)| meter(place, *value)).collect(),
            supplies: self.levels.iter().enumerate().map(|(place, percent)| supply(place, *percent)).collect(),
            status: Some(Status {
                printer: Some(state(0, ["idle", "printing"])),
                device: Some(state(1, ["running", "warning"])),
                errors: None,
            }),
            covers: (2..STATES)
                .map(|place| Cover {
                    index: format!("1.{place}"),
                    description: format!("Cover {place}"),
                    state: state(place, ["closed", "open"]),
                    source: source(format!("1.3.6.1.2.1.43.6.1.1.3.1.{place}")),
                })
                .collect(),
            complete: true,
            depth: "full".to_owned(),
            ..Reading::default()
        };
        Record { at_ms, what: Some(record::What::Reading(reading)) }
    }

    /// As rows: device, metric, time, value.
    fn rows(&self, number: usize, hour: i64, out: &mut String) {
        use std::fmt::Write;
        let constants = (0..VALUES - COUNTERS - (SUPPLIES + STATES) as u64).map(|it| it * 100);
        let numbers = self.counters.iter().copied();
        let levels = self.levels.iter().map(|it| *it as u64);
        let states = self.states.iter().map(|it| *it as u64);
        for (metric, value) in numbers.chain(levels).chain(states).chain(constants).enumerate() {
            let _ = writeln!(out, "{number}\t{metric}\t{}\t{value}", hour * HOUR_MS);
        }
    }
}

/// `reports` reports of each agent, made and packed before any clock runs.
pub(crate) fn prepare(agents: &[Arc<Agent>], reports: usize) -> Vec<(Arc<Agent>, Vec<ReportRequest>)> {
    let hours = i64::try_from(reports * BATCH.div_ceil(DEVICES)).unwrap();
    let begin = dca_portal::Clock::system().now_ms() - OVER_MS - hours * HOUR_MS;
    let of_agent = |(number, agent): (usize, &Arc<Agent>)| {
        let mut devices: Vec<Device> = (0..DEVICES).map(|place| Device::new(number * DEVICES + place)).collect();
        let mut hour = 0;
        let reports = (0..reports).map(|report| {
            let mut records = Vec::new();
            while records.len() < BATCH {
                hour += 1;
                for device in &mut devices {
                    device.age();
                    let seq = (report * BATCH + records.len() + 1) as u64;
                    records.push((seq, device.record(begin + hour * HOUR_MS).encode_to_vec()));
                }
            }
            packed(agent, &records)
        });
        (agent.clone(), reports.collect())
    };
    let numbered: Vec<(usize, &Arc<Agent>)> = agents.iter().enumerate().collect();
    let halves = numbered.split_at(numbered.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| halves.1.iter().copied().map(of_agent).collect::<Vec<_>>());
        let mut prepared: Vec<_> = halves.0.iter().copied().map(of_agent).collect();
        prepared.append(&mut second.join().unwrap());
        prepared
    })
}

fn packed(agent: &Agent, records: &[(u64, Vec<u8>)]) -> ReportRequest {
    let (plain, crc, count) = dca_wire::pack(records.iter().map(|(seq, octets)| (*seq, octets.as_slice()))).unwrap();
    assert_eq!(count, records.len(), "a report takes them all");
    ReportRequest {
        caller: agent.caller(),
        stream: "readings".to_owned(),
        epoch: 1,
        first_seq: records[0].0,
        compression: report_request::Compression::Zstd.into(),
        // Without the room that packing asked for: many of them wait.
        body: zstd::bulk::compress(&plain, 3).unwrap().into_boxed_slice().into(),
        plain_length: plain.len() as u32,
        crc,
    }
}

/// The peer: a row per value in PostgreSQL, with the usual key, by COPY of 100 readings each, which is the fastest way in.
/// What is sent is made beforehand.
pub(crate) struct Rows {
    connection: sqlx::PgConnection,
    devices: Vec<Device>,
    hour: i64,
    pub(crate) readings: u64,
}

impl Rows {
    pub(crate) async fn open(url: &str) -> Self {
        use sqlx::{Connection, Executor};
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let table = "CREATE TABLE value (device BIGINT, metric BIGINT, at BIGINT, value BIGINT, \
                     PRIMARY KEY (device, metric, at))";
        connection.execute(table).await.unwrap();
        Self { connection, devices: (0..960).map(Device::new).collect(), hour: 0, readings: 0 }
    }

    /// Readings a second.
    pub(crate) async fn write(&mut self, seconds: u64) -> f64 {
        const HOURS: i64 = 30;
        let mut texts = Vec::new();
        for hour in self.hour..self.hour + HOURS {
            for (group, devices) in self.devices.chunks_mut(BATCH).enumerate() {
                let mut text = String::new();
                for (place, device) in devices.iter_mut().enumerate() {
                    device.age();
                    device.rows(group * BATCH + place, hour, &mut text);
                }
                texts.push((devices.len(), text));
            }
        }
        self.hour += HOURS;
        let begun = std::time::Instant::now();
        let mut done = 0;
        for (count, text) in texts {
            let mut copy = self.connection.copy_in_raw("COPY value FROM STDIN").await.unwrap();
            copy.send(text.as_bytes()).await.unwrap();
            copy.finish().await.unwrap();
            done += count as u64;
            if begun.elapsed().as_secs() >= seconds {
                break;
            }
        }
        self.readings += done;
        done as f64 / begun.elapsed().as_secs_f64()
    }
}

/// What PostgreSQL does by itself within minutes: room of rows that are gone is free again.
pub(crate) async fn vacuum(url: &str) {
    use sqlx::{Connection, Executor};
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    connection.execute("VACUUM").await.unwrap();
}

/// Octets of all tables of a database with their indexes, as PostgreSQL says, after VACUUM.
pub(crate) async fn size(url: &str) -> f64 {
    use sqlx::{Connection, Row};
    vacuum(url).await;
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let question = "SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class \
                    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let size: i64 = sqlx::query(question).fetch_one(&mut connection).await.unwrap().get(0);
    size as f64
}
