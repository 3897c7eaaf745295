//! Power cuts: what was synced is there, what was not is there in part.
//!
//! The child is stopped at a random moment and its files are copied. Up to the commit that was there when the child last
//! waited for us everything is synced; of what the log holds after that, any part may be missing or rubbish, and so may be
//! pages of the file of which the log still has the synced content. SQLite syncs the log before it writes the file from it
//! (sqlite.org/wal.html, checkpointing): where the file has changed since, all of the log is there.

use crate::child::bounds;
use crate::portal::{Portal, Run, start};
use dca_e2e::wal::Wal;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Cuts so many times. The answer is how often each kind of damage was done.
pub(crate) fn run(points: u32, random: &mut fastrand::Rng) -> BTreeMap<&'static str, u32> {
    let mut kinds = BTreeMap::from([("log cut", 0), ("log zeroed", 0), ("log garbled", 0), ("page torn", 0)]);
    let mut left = points;
    while left > 0 {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, lines) = start(folder.path(), 1, Run::ForTime(Duration::ZERO));
        let mut input = child.stdin.take().unwrap();
        let mut portal = Portal::new(folder.path());
        // One child is good for some points; each continues from where the files are.
        for _ in 0..left.min(20) {
            left -= 1;
            cut(&mut child, &mut input, &lines, &mut portal, folder.path(), random, &mut kinds);
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    kinds
}

fn cut(
    child: &mut Child,
    input: &mut impl Write,
    lines: &Receiver<String>,
    portal: &mut Portal,
    folder: &Path,
    random: &mut fastrand::Rng,
    kinds: &mut BTreeMap<&'static str, u32>,
) {
    // It waits for an answer to a batch: all it ever committed is synced.
    let mut through = 0;
    for line in lines {
        if let Some(batch) = portal.note(&line, 0) {
            through = batch;
            break;
        }
    }
    let synced = Wal::of(&folder.join("spool.db"));
    let file = std::fs::read(folder.join("spool.db")).unwrap();
    writeln!(input, "acked {through}").unwrap();
    std::thread::sleep(Duration::from_micros(random.u64(..30_000)));
    stop(child);
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    signal(child, "CONT");
    let log = Wal::of(&copy.path().join("spool.db"));
    if log.salt == synced.salt {
        // What was answered after that moment is not in the books yet: its lines are read only when this copy was judged.
        let written = std::fs::read(copy.path().join("spool.db")).unwrap() != file;
        damage(copy.path(), if written { &log } else { &synced }, random, kinds);
    }
    portal.elsewhere(copy.path()).settle();
}

fn damage(folder: &Path, synced: &Wal, random: &mut fastrand::Rng, kinds: &mut BTreeMap<&'static str, u32>) {
    let path = folder.join("spool.db-wal");
    let mut log = std::fs::read(&path).unwrap();
    let from = synced.end().min(log.len());
    let at = if from < log.len() { random.usize(from..log.len()) } else { from };
    let kind = random.usize(..4);
    match kind {
        0 => log.truncate(at),
        1 => log[at..].fill(0),
        2 => log[at..].iter_mut().for_each(|octet| *octet = random.u8(..)),
        _ => {
            let file = folder.join("spool.db");
            let mut octets = std::fs::read(&file).unwrap();
            for page in synced.pages(synced.end()) {
                if random.bool() {
                    continue;
                }
                let start = (page - 1) * synced.page + random.usize(..8) * 512;
                if let Some(sector) = octets.get_mut(start..start + 512) {
                    sector.fill(0x5a);
                }
            }
            std::fs::write(&file, octets).unwrap();
        }
    }
    std::fs::write(&path, log).unwrap();
    let name = ["log cut", "log zeroed", "log garbled", "page torn"][kind];
    *kinds.get_mut(name).unwrap() += 1;
    assert!(std::fs::metadata(&path).unwrap().len() <= bounds().octets);
}

/// Stops it, and waits until none of its threads runs: the signal is only asked for when `kill` is back.
fn stop(child: &Child) {
    signal(child, "STOP");
    let stopped = |task: &Path| {
        // pid (name) state: the name may have anything in it.
        let stat = std::fs::read_to_string(task.join("stat")).unwrap();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    for _ in 0..10_000 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        if tasks.into_iter().all(|task| stopped(&task.unwrap().path())) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the child does not stop");
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}
