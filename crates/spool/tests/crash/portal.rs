//! The parent: starts the child, plays the portal, kills, and keeps the books.

use crate::child::bounds;
use dca_spool::Spool;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// When the child is killed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    ForTime(Duration),
    /// After so many batches, the next one is not answered.
    UntilSent(u32),
    /// Right after so many answers.
    UntilAnswered(u32),
    UntilPushed(u32),
    /// Not killed: it pushes so many with a limit on the size of files, and ends when nothing more is asked of it.
    Limited {
        blocks: u64,
        pushes: u64,
    },
}

pub(crate) struct Portal {
    folder: PathBuf,
    next_id: u64,
    /// Pushes that were answered.
    durable: BTreeSet<u64>,
    memory: BTreeSet<u64>,
    /// What arrived, by (epoch, seq).
    arrived: BTreeMap<(u64, u64), u64>,
    by_id: BTreeSet<u64>,
    repeated: u64,
    slowest: Duration,
    most: u64,
}

impl Portal {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            next_id: 1,
            durable: BTreeSet::new(),
            memory: BTreeSet::new(),
            arrived: BTreeMap::new(),
            by_id: BTreeSet::new(),
            repeated: 0,
            slowest: Duration::ZERO,
            most: 0,
        }
    }

    /// The same books for a copy of the files.
    pub(crate) fn elsewhere(&self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            next_id: self.next_id,
            durable: self.durable.clone(),
            memory: self.memory.clone(),
            arrived: self.arrived.clone(),
            by_id: self.by_id.clone(),
            repeated: 0,
            slowest: Duration::ZERO,
            most: 0,
        }
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.arrived.len() as u64
    }

    pub(crate) fn in_memory(&self) -> usize {
        self.memory.len()
    }

    pub(crate) fn run(&mut self, run: Run, point: u64) {
        let (mut child, lines) = start(&self.folder, self.next_id, run);
        let mut input = child.stdin.take().unwrap();
        let until = Instant::now() + if let Run::ForTime(time) = run { time } else { Duration::from_secs(20) };
        let (mut sent, mut pushed) = (0, 0);
        while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            let batch = self.note(&line, point);
            if line.starts_with("pushed") {
                pushed += 1;
                if matches!(run, Run::UntilPushed(most) if pushed > most) {
                    break;
                }
            }
            if line.starts_with("octets") && matches!(run, Run::Limited { .. }) {
                break;
            }
            let Some(through) = batch else { continue };
            sent += 1;
            if matches!(run, Run::UntilSent(most) if sent > most) {
                break;
            }
            if writeln!(input, "acked {through}").is_err() {
                break;
            }
            if matches!(run, Run::UntilAnswered(most) if sent > most) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it died counts: its pushes were answered.
        for line in lines {
            self.note(&line, point);
        }
        self.next_id += 100_000;
        self.look(point);
    }

    /// Books a line of the child. The answer is what is to be acknowledged, if it was a batch: the portal has committed it.
    pub(crate) fn note(&mut self, line: &str, point: u64) -> Option<u64> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "pushed" => _ = self.durable.insert(rest.parse().unwrap()),
            "memory" => _ = self.memory.insert(rest.parse().unwrap()),
            "opened" => self.slowest = self.slowest.max(Duration::from_micros(rest.parse().unwrap())),
            "octets" => {
                self.most = self.most.max(rest.parse().unwrap());
                assert!(self.most <= bounds().octets, "point {point}: {} octets", self.most);
            }
            "batch" => return self.commit(rest, point),
            _ => {}
        }
        None
    }

    fn commit(&mut self, batch: &str, point: u64) -> Option<u64> {
        let (epoch, entries) = batch.split_once(' ')?;
        let mut through = 0;
        for entry in entries.split(',') {
            let (seq, id) = entry.split_once('=')?;
            through = seq.parse().unwrap();
            self.arrive((epoch.parse().unwrap(), through), id.parse().unwrap(), point);
        }
        Some(through)
    }

    fn arrive(&mut self, key: (u64, u64), id: u64, point: u64) {
        match self.arrived.insert(key, id) {
            None => assert!(self.by_id.insert(id), "point {point}: record {id} arrived twice, now as {key:?}"),
            Some(before) => {
                assert_eq!(before, id, "point {point}: {key:?} was another record before");
                self.repeated += 1;
            }
        }
    }

    /// The files are within their bound, whatever just happened.
    fn look(&mut self, point: u64) {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let octets: u64 = files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        self.most = self.most.max(octets);
        assert!(octets <= bounds().octets, "point {point}: {octets} octets");
    }

    /// Opens the spool here, takes what is left, and compares the books.
    pub(crate) fn settle(&mut self) {
        let start = Instant::now();
        let (spool, recovery) = Spool::open(&self.folder.join("spool.db"), bounds(), u64::MAX, 0).unwrap();
        self.slowest = self.slowest.max(start.elapsed());
        assert_eq!(recovery.damage, None);
        while let Some(batch) = spool.batch("readings", 1000, 1 << 20).unwrap() {
            for entry in &batch.entries {
                let id = u64::from_be_bytes(entry.body[..8].try_into().unwrap());
                self.arrive((batch.epoch, entry.seq), id, 0);
            }
            let last = batch.entries.last().unwrap().seq;
            spool.acknowledge("readings", batch.epoch, last, vec![], 0).unwrap();
        }
        let dropped: u64 = spool.gaps().unwrap().iter().map(|gap| gap.records).sum();
        let missing: Vec<&u64> = self.durable.difference(&self.by_id).collect();
        assert!(missing.len() as u64 <= dropped, "lost: {missing:?}, counted as dropped: {dropped}");
    }
}

impl std::fmt::Display for Portal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pushed, repeated) = (self.durable.len(), self.repeated);
        write!(f, "{pushed} pushes answered, {} arrived, {repeated} repeated and recognised, ", self.arrived.len())?;
        write!(
            f,
            "{} only in memory, at most {} octets, slowest start {:?}",
            self.memory.len(),
            self.most,
            self.slowest
        )
    }
}

/// Starts this program again as the child; the answer has the lines it says.
pub(crate) fn start(folder: &Path, first: u64, run: Run) -> (Child, Receiver<String>) {
    let program = std::env::current_exe().unwrap();
    let mut command = match run {
        Run::Limited { blocks, .. } => {
            let mut shell = Command::new("sh");
            let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            shell.arg("-c").arg(limit).arg(program);
            shell
        }
        _ => Command::new(program),
    };
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env("DCA_CRASH_FOLDER", folder).env("DCA_CRASH_FIRST", first.to_string());
    if let Run::Limited { pushes, .. } = run {
        command.env("DCA_CRASH_MOST", pushes.to_string());
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(line) = line.strip_prefix('@') {
                let _ = send.send(line.to_owned());
            }
        }
    });
    (child, lines)
}
