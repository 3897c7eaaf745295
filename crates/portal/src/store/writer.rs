//! Who writes: group commit, and each for himself when a group fails.

use super::batch::{Batch, Bulk, Step};
use super::connection::{Connection, Place};
use super::{StoreError, Trouble, Value};
use crate::audit;
use crate::clock::Clock;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Statements and rows in one transaction, about.
const GROUP: usize = 8_000;

/// A batch and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// What is to be written, for all writers.
#[derive(Debug)]
pub(super) struct Queue {
    jobs: Mutex<mpsc::Receiver<Job>>,
    /// One for each writer. Rows may be written beside rows and take one; statements stand in an order and take all.
    turns: Arc<Semaphore>,
    writers: u32,
}

impl Queue {
    pub(super) fn new(jobs: mpsc::Receiver<Job>, writers: u32) -> Self {
        Self { jobs: Mutex::new(jobs), turns: Arc::new(Semaphore::new(writers as usize)), writers }
    }

    /// What waits, up to a whole transaction, in the order in which it came; `None` once the last handle is gone.
    async fn next(&self) -> Option<(Vec<Job>, OwnedSemaphorePermit)> {
        let mut jobs = self.jobs.lock().await;
        let first = jobs.recv().await?;
        let mut weight = first.batch.weight();
        let mut group = vec![first];
        // While the last group was written, these came in.
        while weight < GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            weight += job.batch.weight();
            group.push(job);
        }
        // Whoever takes the next group waits until this one has its turn.
        let rows_only = group.iter().all(|job| job.batch.steps.is_empty());
        let turns = if rows_only { 1 } else { self.writers };
        let turn = self.turns.clone().acquire_many_owned(turns).await.ok()?;
        Some((group, turn))
    }
}

/// Writes until the last handle is dropped. `trouble` says why the last of it was not taken.
pub(super) async fn run(
    place: Arc<Place>,
    connection: Option<Connection>,
    queue: Arc<Queue>,
    clock: Clock,
    trouble: Trouble,
) {
    let mut writer = Writer { place, connection, clock };
    while let Some((group, _turn)) = queue.next().await {
        if let [_, _, ..] = group.as_slice()
            && writer.transaction(group.iter().map(|job| &job.batch)).await.is_ok()
        {
            trouble.note(&Ok(()));
            group.into_iter().for_each(|job| drop(job.done.send(Ok(()))));
            continue;
        }
        // One alone; or one of them is at fault, and the others shall not suffer for it.
        for job in group {
            let outcome = writer.transaction([&job.batch].into_iter()).await;
            trouble.note(&outcome);
            let _ = job.done.send(outcome);
        }
    }
}

struct Writer {
    place: Arc<Place>,
    /// Gone after an error of the connection itself.
    connection: Option<Connection>,
    clock: Clock,
}

impl Writer {
    /// Commits the batches, or nothing.
    async fn transaction(&mut self, batches: impl Iterator<Item = &Batch> + Clone) -> Result<(), StoreError> {
        let mut connection = self.begin().await?;
        let outcome = self.fill(&mut connection, batches).await;
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.script(end).await;
        if ended.is_ok() {
            self.connection = Some(connection);
        }
        // What was not committed for certain is not acknowledged; the connection is made anew.
        outcome.and(ended)
    }

    /// A connection on which a transaction has begun. One that was kept may have ended since, when the database was started anew.
    async fn begin(&mut self) -> Result<Connection, StoreError> {
        if let Some(mut kept) = self.connection.take()
            && kept.begin().await.is_ok()
        {
            return Ok(kept);
        }
        let mut connection = self.place.connect().await?;
        connection.begin().await?;
        Ok(connection)
    }

    async fn fill(
        &mut self,
        connection: &mut Connection,
        batches: impl Iterator<Item = &Batch> + Clone,
    ) -> Result<(), StoreError> {
        for step in batches.clone().flat_map(|batch| &batch.steps) {
            match step {
                Step::Run { sql, values, wanted } => {
                    if !wanted.holds(connection.execute(*sql, values).await?) {
                        return Err(StoreError::Conflict);
                    }
                }
                Step::Audit(entry) => {
                    let head = connection.rows(super::sql::AUDIT_HEAD, &[]).await?;
                    let values = audit::next(head.first(), entry, self.clock.now_ms())?;
                    connection.execute(super::sql::AUDIT_ADD, &values).await?;
                }
            }
        }
        for (bulk, rows) in by_table(batches) {
            connection.insert(bulk, &rows).await?;
        }
        Ok(())
    }
}

/// The rows of each table, in the order of tables and keys, so that two who write at once never wait for each other. Of two with
/// one key the one that counts.
fn by_table<'a>(batches: impl Iterator<Item = &'a Batch>) -> Vec<(&'static Bulk, Vec<&'a [Value]>)> {
    let mut tables: Vec<(&'static Bulk, Vec<&'a [Value]>)> = Vec::new();
    for (bulk, row) in batches.flat_map(|batch| &batch.rows) {
        match tables.iter_mut().find(|(other, _)| std::ptr::eq(*other, *bulk)) {
            Some((_, rows)) => rows.push(row),
            None => tables.push((bulk, vec![row])),
        }
    }
    tables.sort_by_key(|(bulk, _)| &bulk.head);
    for (bulk, rows) in &mut tables {
        fn key<'r>(bulk: &Bulk, row: &&'r [Value]) -> &'r [Value] {
            row.get(..bulk.key).unwrap_or(row)
        }
        if !bulk.earlier {
            rows.reverse();
        }
        rows.sort_by(|a, b| key(bulk, a).cmp(key(bulk, b)));
        rows.dedup_by(|later, first| key(bulk, later) == key(bulk, first));
    }
    tables
}
