//! The process that is killed. It tells its parent what was pushed and what it sends, a line each:
//!
//! ```text
//! opened MICROSECONDS          pushed ID                   memory ID (not on the disk)
//! batch EPOCH SEQ=ID,SEQ=ID    answer on its input: acked SEQ   octets MOST
//! ```

use dca_spool::{Bounds, Class, Item, Spool, Stored};
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

pub(crate) fn bounds() -> Bounds {
    Bounds { octets: 8 << 20, disk_percent: 0, ..Bounds::default() }
}

fn number(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(crate) fn run(folder: &Path) {
    let (first, most) = (number("DCA_CRASH_FIRST"), number("DCA_CRASH_MOST"));
    let mut random = fastrand::Rng::with_seed(first ^ 0x5eed);
    let start = Instant::now();
    let (spool, recovery) = Spool::open(&folder.join("spool.db"), bounds(), first + 1, 0).unwrap();
    assert_eq!(recovery.damage, None, "a crash is no damage");
    say(&format!("opened {}", start.elapsed().as_micros()));
    let mut id = first;
    let mut lines = std::io::stdin().lock().lines();
    let mut step = 0;
    while most == 0 || id < first + most {
        step += 1;
        let count = if random.u8(..4) == 0 { random.u64(1..30) } else { 1 };
        let items: Vec<Item> = (id..id + count).map(|id| item(id, &mut random)).collect();
        let stored = spool.push(items).unwrap();
        for id in id..id + count {
            say(&format!("{} {id}", if stored == Stored::Disk { "pushed" } else { "memory" }));
        }
        id += count;
        if step % 7 == 0 {
            spool.tend(0).unwrap_or_default();
        }
        if step % 3 == 0 && most == 0 {
            send(&spool, &mut lines, random.usize(1..60));
        }
    }
    say(&format!("octets {}", spool.size().unwrap().most));
    // Limited: nothing more until there is room again.
    let _ = lines.next();
}

/// Sends one batch and waits for the answer. Whether there was one.
fn send(spool: &Spool, lines: &mut impl Iterator<Item = std::io::Result<String>>, most: usize) -> bool {
    let Some(batch) = spool.batch("readings", most, 1 << 20).unwrap() else { return false };
    let id = |body: &[u8]| u64::from_be_bytes(body[..8].try_into().unwrap());
    let entries: Vec<String> = batch.entries.iter().map(|entry| format!("{}={}", entry.seq, id(&entry.body))).collect();
    say(&format!("batch {} {}", batch.epoch, entries.join(",")));
    let Some(Ok(line)) = lines.next() else { std::process::exit(0) };
    let through = line.strip_prefix("acked ").unwrap().parse().unwrap();
    let done = spool.acknowledge("readings", batch.epoch, through, vec![], 0);
    assert!(!done.is_ok_and(|done| done.set_back), "the portal never knows more than was sent");
    say(&format!("octets {}", spool.size().unwrap().most));
    true
}

fn item(id: u64, random: &mut fastrand::Rng) -> Item {
    let mut body = id.to_be_bytes().to_vec();
    body.extend((0..random.usize(..3000)).map(|_| random.u8(..)));
    let device = format!("device {}", id % 50);
    Item { stream: "readings".to_owned(), class: Class::Billing, device, at_ms: id as i64 * 60_000, body }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write for a line: it is there as a whole or not at all.
    out.write_all(format!("\n@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
