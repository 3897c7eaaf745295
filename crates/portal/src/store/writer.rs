//! The one writer: group commit, and each for himself when a group fails.

use super::batch::{Batch, Bulk, Step};
use super::connection::{Connection, Place};
use super::{StoreError, Trouble, Value};
use crate::audit;
use crate::clock::Clock;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Statements and rows in one transaction, about.
const GROUP: usize = 8_000;
/// Rows in one statement, largest first: few statements, of few kinds.
const SIZES: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// A batch and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// Writes until the last handle is dropped. `trouble` says why the last of it was not taken.
pub(super) async fn run(
    place: Arc<Place>,
    connection: Connection,
    mut jobs: mpsc::Receiver<Job>,
    clock: Clock,
    trouble: Trouble,
) {
    let mut writer = Writer { place, connection: Some(connection), texts: HashMap::new(), clock };
    while let Some(first) = jobs.recv().await {
        let mut weight = first.batch.weight();
        let mut group = vec![first];
        // While the last group was written, these came in.
        while weight < GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            weight += job.batch.weight();
            group.push(job);
        }
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
    texts: HashMap<(&'static str, usize), Arc<str>>,
    clock: Clock,
}

impl Writer {
    /// Commits the batches, or nothing.
    async fn transaction(&mut self, batches: impl Iterator<Item = &Batch> + Clone) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.place.connect().await?,
        };
        let outcome = match connection.begin().await {
            Ok(()) => self.fill(&mut connection, batches).await,
            Err(error) => Err(error),
        };
        let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.script(end).await;
        if ended.is_ok() {
            self.connection = Some(connection);
        }
        // What was not committed for certain is not acknowledged; the connection is made anew.
        outcome.and(ended)
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
            self.insert(connection, bulk, &rows).await?;
        }
        Ok(())
    }

    async fn insert(
        &mut self,
        connection: &mut Connection,
        bulk: &'static Bulk,
        rows: &[&[Value]],
    ) -> Result<(), StoreError> {
        let mut left = rows;
        for size in SIZES {
            while let Some((now, later)) = left.split_at_checked(size) {
                let text = self.texts.entry((bulk.head, size)).or_insert_with(|| {
                    let marks = connection.marks();
                    bulk.statement(size, marks).into()
                });
                // Made of constants of this crate and of numbers.
                connection.execute_rows(AssertSqlSafe(text.clone()), now).await?;
                left = later;
            }
        }
        Ok(())
    }
}

/// The rows of each table. Of two with one key the one that counts.
fn by_table<'a>(batches: impl Iterator<Item = &'a Batch>) -> Vec<(&'static Bulk, Vec<&'a [Value]>)> {
    let mut tables: Vec<(&'static Bulk, Vec<&'a [Value]>)> = Vec::new();
    let mut places: HashMap<(usize, &'a [Value]), usize> = HashMap::new();
    for (bulk, row) in batches.flat_map(|batch| &batch.rows) {
        let known = tables.iter().position(|(other, _)| std::ptr::eq(*other, *bulk));
        let table = known.unwrap_or_else(|| {
            tables.push((bulk, Vec::new()));
            tables.len() - 1
        });
        let Some((_, rows)) = tables.get_mut(table) else { continue };
        let key = (table, row.get(..bulk.key).unwrap_or(row));
        match places.get(&key).and_then(|place| rows.get_mut(*place)) {
            Some(_) if bulk.earlier => {}
            Some(earlier) => *earlier = row,
            None => {
                places.insert(key, rows.len());
                rows.push(row);
            }
        }
    }
    tables
}
