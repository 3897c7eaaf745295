//! What durability costs: records of 600 octets, each on the disk before the next, beside the floor that the disk sets.
//!
//! `cargo run --release -p dca-spool --example durable` prints medians of five runs, in turn.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a bench")]

use dca_spool::{Bounds, Class, Item, Spool, Stored};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const RECORDS: u64 = 3_000;

fn main() {
    let (mut floors, mut singles, mut hundreds, mut starts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let folder = tempfile::tempdir_in(".").unwrap();
        floors.push(floor(folder.path()));
        let (spool, _) = Spool::open(&folder.path().join("one.db"), Bounds::default(), 1, 0).unwrap();
        singles.push(rate(RECORDS, |at| assert_eq!(spool.push(vec![item(at)]).unwrap(), Stored::Disk)));
        let many = RECORDS / 10;
        hundreds.push(
            100.0
                * rate(many, |at| {
                    let items = (0..100).map(|one| item(at * 100 + one)).collect();
                    assert_eq!(spool.push(items).unwrap(), Stored::Disk);
                }),
        );
        drop(spool);
        let start = Instant::now();
        Spool::open(&folder.path().join("one.db"), Bounds::default(), 1, 0).unwrap();
        starts.push(start.elapsed().as_secs_f64());
    }
    let (floor, single, hundred) = (median(floors), median(singles), median(hundreds));
    println!("append and fdatasync, 600 octets   {floor:>8.0} a second");
    println!("spool, one record a commit         {single:>8.0} a second   {:.2} of the floor", single / floor);
    println!("spool, a hundred records a commit  {hundred:>8.0} a second");
    println!("opening a spool of {} records   {:>8.0} ms", RECORDS * 11, median(starts) * 1e3);
    full();
}

/// How long a spool takes to open that is as full as it may be.
fn full() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("full.db");
    let (spool, _) = Spool::open(&path, Bounds::default(), 1, 0).unwrap();
    let mut at = 0;
    while spool.size().unwrap().octets < 250 << 20 {
        spool.push((0..100).map(|one| item(at + one)).collect()).unwrap();
        at += 100;
    }
    let most = spool.size().unwrap().most;
    drop(spool);
    let start = Instant::now();
    Spool::open(&path, Bounds::default(), 1, 0).unwrap();
    println!("opening a full spool ({at} records, {} MiB)   {:.0} ms", most >> 20, start.elapsed().as_secs_f64() * 1e3);
}

fn floor(folder: &Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("floor")).unwrap();
    let body = item(7).body;
    rate(RECORDS, |_| {
        file.write_all(&body).unwrap();
        file.sync_data().unwrap();
    })
}

fn rate(times: u64, mut work: impl FnMut(u64)) -> f64 {
    let start = Instant::now();
    (0..times).for_each(&mut work);
    times as f64 / start.elapsed().as_secs_f64()
}

fn item(at: u64) -> Item {
    let mut random = fastrand::Rng::with_seed(at);
    let body = (0..600).map(|_| random.u8(..)).collect();
    let (device, at_ms) = (format!("device {}", at % 1000), at as i64 * 300);
    Item { stream: "readings".to_owned(), class: Class::Billing, device, at_ms, body }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
