//! Devices that answer nonsense: rows dropped, doubled, moved, retyped, out of range, absurd. Whatever comes, a reading says
//! nothing that its rows do not bear out; `support/supported.rs` works that out anew from the rows and the profile files.
//!
//! `DCA_MUTATIONS` sets the number of walks (20,000 unless set), `DCA_SEED` where the dice start.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

mod support;

use dca_printer::{Profile, Profiles, Rows};
use dca_snmp::{Oid, Value};
use std::path::Path;
use support::device::Device;
use support::supported::unsupported;
use support::{chain, files, profiles, shared, walk};

/// The most rows of a walk that is mutated: a large table has no more kinds of mistakes in it than a small one.
const ROWS: usize = 400;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn nothing_is_reported_that_the_rows_do_not_bear_out() {
    let (walks, seed) = (setting("DCA_MUTATIONS", 20_000), setting("DCA_SEED", 1));
    let built_in = Profiles::builtin();
    let seeds = seeds(&built_in);
    let texts = profiles();
    assert!(seeds.len() >= 40, "only {} walks", seeds.len());
    // Unharmed they must be supported too, or the judge is wrong.
    for (name, profile, rows) in &seeds {
        let why = unsupported(&profile.read(rows), rows, &chain(&texts, profile.name()));
        assert_eq!(why, None, "{name}, unharmed");
    }
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().min(8)) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (seeds, texts) = (&seeds, &texts);
            scope.spawn(move || {
                for number in (thread..walks).step_by(threads as usize) {
                    let mut dice = Dice(
                        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9),
                    );
                    let (name, profile, rows) = &seeds[dice.below(seeds.len())];
                    let rows = mutated(rows, &mut dice);
                    let reading = profile.read(&rows);
                    if let Some(why) = unsupported(&reading, &rows, &chain(texts, profile.name())) {
                        panic!("DCA_SEED={seed}, walk {number} made of {name}: {why}\ndoubts: {:?}", reading.doubts);
                    }
                }
            });
        }
    });
    println!("{walks} mutations of {} walks: all supported", seeds.len());
}

/// A device for each profile, the golden cases, and the recorded walks if they are there.
fn seeds(built_in: &Profiles) -> Vec<(String, Profile, Rows)> {
    let texts = profiles();
    let made_up = texts.iter().map(|(name, file)| {
        let rows = Device::new(&chain(&texts, name)).rows(file);
        (format!("the device of {name}"), built_in.named(name).unwrap().clone(), rows)
    });
    let golden = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), ".snmprec");
    let recorded = shared().map(|shared| files(&shared.join("walks"), ".snmprec")).unwrap_or_default();
    let discovery = built_in.discovery();
    let walks = golden.into_iter().chain(recorded).filter_map(|path| {
        let all = walk(&path);
        let profile = built_in.pick(&all);
        let rows = profile.plan().keep(&discovery, &all);
        (!rows.is_empty() && rows.len() <= ROWS).then(|| (path.display().to_string(), profile, rows))
    });
    made_up.chain(walks).collect()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.roll() % most.max(1) as u64) as usize
    }
}

fn mutated(rows: &Rows, dice: &mut Dice) -> Rows {
    let mut rows: Vec<(Oid, Value)> = rows.iter().map(|(oid, value)| (oid.clone(), value.clone())).collect();
    for _ in 0..=dice.below(4) {
        if rows.is_empty() {
            break;
        }
        let (at, other) = (dice.below(rows.len()), dice.below(rows.len()));
        let parent = |oid: &Oid| oid.arcs().take(oid.as_ref().len() - 1).collect::<Vec<_>>();
        match dice.below(9) {
            0 => drop(rows.remove(at)),
            // A column is not there.
            1 => {
                let gone = parent(&rows[at].0);
                rows.retain(|(oid, _)| parent(oid) != gone);
            }
            // One row's value in another.
            2 => rows[at].1 = rows[other].1.clone(),
            // A row twice, the second time under the next index.
            3 => {
                let mut arcs: Vec<u32> = rows[at].0.arcs().collect();
                let last = arcs.last_mut().unwrap();
                *last = last.wrapping_add(1 + dice.below(3) as u32);
                if let Ok(oid) = Oid::from_arcs(arcs) {
                    let value = rows[at].1.clone();
                    rows.push((oid, value));
                }
            }
            // Cut short: a walk that ended early.
            4 => rows.truncate(at.max(1)),
            5 => rows[at].1 = retyped(&rows[at].1, dice),
            _ => rows[at].1 = absurd(dice),
        }
    }
    rows.into_iter().collect()
}

/// The same number or text in another type.
fn retyped(value: &Value, dice: &mut Dice) -> Value {
    let number = value.as_i64();
    let text = number.map_or_else(|| value.as_octets().unwrap_or_default().to_vec(), |n| n.to_string().into_bytes());
    match (dice.below(5), number) {
        (0, Some(number)) => Value::Integer(number),
        (1, Some(number)) => Value::Counter64(number.unsigned_abs()),
        (2, Some(number)) => Value::Gauge32(number as u32),
        (3, _) => Value::OctetString([b" ", text.as_slice(), b"\0\0"].concat()),
        _ => Value::OctetString(text),
    }
}

fn absurd(dice: &mut Dice) -> Value {
    const NUMBERS: [i64; 16] =
        [0, 1, -1, -2, -3, -100, 50, 100, 101, 255, 1000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX, i64::MIN];
    let number = NUMBERS[dice.below(NUMBERS.len())];
    match dice.below(9) {
        0 => Value::Counter32(dice.roll() as u32),
        1 => Value::Counter64(u64::MAX),
        2 => Value::OctetString(Vec::new()),
        3 => Value::OctetString(number.to_string().into_bytes()),
        4 => Value::OctetString((0..dice.below(40)).map(|_| dice.roll() as u8).collect()),
        5 => Value::OctetString(b"12.5 %".to_vec()),
        6 => Value::Null,
        7 => Value::ObjectIdentifier(Oid::from_arcs([1, 3, dice.below(99) as u32]).unwrap()),
        _ => Value::Integer(number),
    }
}
