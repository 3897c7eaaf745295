//! The one thread that has the file, and its commits.
//!
//! Whoever waits for the disk is answered by the next commit, which takes along all that came meanwhile: the busier, the more
//! records share one. What nobody waits for is gathered for 20 ms or up to 100 records.

use crate::error::SpoolError;
use crate::item::{Item, Stored};
use crate::memory::{Memory, fitting};
use crate::store::Store;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

/// How long records gather that nobody waits for.
const GATHER: Duration = Duration::from_millis(20);
/// So many are enough.
const GATHERED: usize = 100;
/// How often a disk that refused is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How a push went, for those who wait.
pub(crate) type Answer = SyncSender<Result<Stored, SpoolError>>;

/// What the writer is asked for.
pub(crate) enum Ask {
    /// Keep these, in order.
    Push(Vec<Item>, Option<Answer>),
    /// Anything else.
    Run(Box<dyn FnOnce(&mut Store) + Send>),
}

pub(crate) fn run(mut store: Store, asks: &Receiver<Ask>) {
    let mut memory = Memory::default();
    let mut gathered: Vec<Item> = Vec::new();
    let mut answers: Vec<Answer> = Vec::new();
    let mut until: Option<Instant> = None;
    loop {
        let ask = match until {
            // Somebody waits: what is there goes along, nothing more.
            Some(_) if !answers.is_empty() => asks.try_recv().map_err(|_| RecvTimeoutError::Timeout),
            Some(until) => asks.recv_timeout(until.saturating_duration_since(Instant::now())),
            None if memory.is_empty() => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            None => asks.recv_timeout(AGAIN),
        };
        let mut then = None;
        let mut ended = false;
        match ask {
            Ok(Ask::Push(items, answer)) => {
                gathered.extend(items);
                answers.extend(answer);
                until.get_or_insert_with(|| Instant::now() + GATHER);
                if gathered.len() < GATHERED {
                    continue;
                }
            }
            Ok(Ask::Run(work)) => then = Some(work),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => ended = true,
        }
        until = None;
        commit(&mut store, &mut memory, std::mem::take(&mut gathered), std::mem::take(&mut answers));
        if let Some(work) = then {
            work(&mut store);
        }
        if ended {
            return;
        }
    }
}

/// Puts what waits in memory and then the new records on the disk, and answers.
fn commit(store: &mut Store, memory: &mut Memory, items: Vec<Item>, answers: Vec<Answer>) {
    let stored = match to_disk(store, memory, &items) {
        (_, Ok(())) => Stored::Disk,
        (done, Err(error)) => {
            tracing::error!(%error, "the spool cannot be written: the newest records are kept in memory");
            items.into_iter().skip(done).for_each(|item| memory.keep(item));
            Stored::Memory
        }
    };
    for answer in answers {
        // Who no longer waits does not want to know.
        let _ = answer.send(Ok(stored));
    }
}

/// The answer is how many of `items` are on the disk, and what stopped the others.
fn to_disk(store: &mut Store, memory: &mut Memory, items: &[Item]) -> (usize, Result<(), SpoolError>) {
    let mut done = 0;
    let result = (|| {
        let (records, octets) = (store.room.records(), store.room.octets());
        let lost = memory.lost();
        if !lost.is_empty() {
            store.count_unnumbered(&lost)?;
            memory.lost_is_counted();
        }
        loop {
            let some = memory.first(records, octets);
            if some.is_empty() {
                break;
            }
            store.insert(some)?;
            let count = some.len();
            memory.forget(count);
        }
        while let Some(rest) = items.get(done..).filter(|rest| !rest.is_empty()) {
            let some = fitting(rest, records, octets);
            store.insert(some)?;
            done += some.len();
        }
        Ok(())
    })();
    (done, result)
}
