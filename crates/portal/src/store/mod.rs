//! Where the portal keeps what it knows: SQLite in a file, or PostgreSQL by URL, with the same SQL text.
//!
//! Whoever wants to write hands a [`Batch`] over; the writer puts all that are waiting into one transaction, so that a thousand
//! agents share one flush of the disk, and answers each after the commit. On PostgreSQL there are two writers, for batches that
//! are nothing but rows. Reading goes through connections of its own and never waits for a writer.

mod batch;
mod claim;
mod connection;
mod copy;
mod insert;
mod schema;
pub mod sql;
mod value;
mod writer;

pub use batch::{Batch, Bulk};
pub(crate) use claim::Claim;
pub use value::{Row, Value};

use crate::clock::Clock;
use connection::{Place, Pool};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Batches that may wait for the writer.
const QUEUE: usize = 4096;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address of the database is of no kind we know.
    #[error("the database is sqlite:PATH or postgres://USER@HOST/NAME")]
    Address,
    /// The database says no, or cannot be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A statement that had to change a row changed none: somebody else was there first.
    #[error("changed meanwhile")]
    Conflict,
    /// The schema is of a later version of this program.
    #[error("the database has schema {found}, this program knows {known}: use the newer program")]
    Newer {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// Nothing is written: the database is being moved.
    #[error("the database is being moved")]
    Held,
    /// Something is in it already.
    #[error("the database to move to is not new")]
    NotNew,
    /// Another portal has it.
    #[error(
        "another explorer serves this database: stop it first; `explorer admin` works beside it \
         (after a power cut of another machine, PostgreSQL may need some minutes to notice)"
    )]
    Served,
    /// Whether another portal has it cannot be told.
    #[error("the lock beside the database: {0}")]
    Lock(std::io::Error),
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
    /// What was read back is not what was written.
    #[error("damaged: {0}")]
    Damaged(&'static str),
}

impl StoreError {
    /// Whether a number was taken that has to be the only one of its kind: another one will do.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// A handle on the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    place: Arc<Place>,
    readers: Pool,
    writer: mpsc::Sender<writer::Job>,
    clock: Clock,
    held: Arc<AtomicBool>,
    trouble: Trouble,
}

/// Why the database did not take what was last written; nothing while it does.
#[derive(Debug, Clone, Default)]
struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    fn note(&self, outcome: &Result<(), StoreError>) {
        let why = match outcome {
            Err(error @ StoreError::Database(_)) => Some(error.to_string()),
            Ok(()) => None,
            // It was asked for what cannot be; that says nothing of the database.
            Err(_) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Store {
    /// Opens the database at `url`, makes it or brings it up to date.
    ///
    /// # Errors
    /// If it cannot be reached, or was made by a later version.
    pub async fn open(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let place = Arc::new(Place::parse(url)?);
        let mut connection = place.connect().await?;
        schema::migrate(&mut connection).await?;
        let (writer, jobs) = mpsc::channel(QUEUE);
        let trouble = Trouble::default();
        let queue = Arc::new(writer::Queue::new(jobs, place.writers()));
        let mut first = Some(connection);
        for _ in 0..place.writers() {
            tokio::spawn(writer::run(place.clone(), first.take(), queue.clone(), clock.clone(), trouble.clone()));
        }
        let held = Arc::new(AtomicBool::new(false));
        Ok(Self { readers: place.pool(), place, writer, clock, held, trouble })
    }

    /// Commits a batch, whole or not at all. When this answers, it is on the disk.
    ///
    /// # Errors
    /// If it was not committed.
    pub async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.enqueue(batch).await?.await.map_err(|_| StoreError::Closed)?
    }

    /// Hands a batch to the writer; the answer comes after its commit.
    ///
    /// # Errors
    /// If the writer has ended.
    pub async fn enqueue(&self, batch: Batch) -> Result<oneshot::Receiver<Result<(), StoreError>>, StoreError> {
        if self.held.load(Ordering::Relaxed) {
            return Err(StoreError::Held);
        }
        let (done, answer) = oneshot::channel();
        self.writer.send(writer::Job { batch, done }).await.map_err(|_| StoreError::Closed)?;
        Ok(answer)
    }

    /// Takes nothing more through this handle and its clones, once what was handed over is committed. Whoever reports is told to
    /// come back.
    ///
    /// # Errors
    /// If the last of it was not committed.
    pub async fn hold(&self, last: Batch) -> Result<(), StoreError> {
        let last = self.enqueue(last).await?;
        self.held.store(true, Ordering::Relaxed);
        last.await.map_err(|_| StoreError::Closed)?
    }

    /// The rows of a question out of [`sql`].
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn rows(&self, question: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.readers.rows(question, values).await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn row(&self, question: &'static str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(question, values).await?.into_iter().next())
    }

    /// Why the database did not take what was last written, such as a full disk; `None` while it does.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What time it is where the store stands.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Whether the database takes each statement of [`sql`].
    ///
    /// # Errors
    /// The first that it does not take.
    pub async fn prepare_all(&self) -> Result<(), StoreError> {
        let mut connection = self.place.connect().await?;
        for (_, statement) in sql::ALL {
            connection.prepare(statement).await?;
        }
        Ok(())
    }

    /// Whether everything could be moved to the database at `url`.
    ///
    /// # Errors
    /// If it does not answer, or is not new.
    pub(crate) async fn could_move_to(&self, url: &str) -> Result<(), StoreError> {
        copy::target(url).await.map(drop)
    }

    /// Closes the readers. The writer ends with the last handle.
    pub async fn close(&self) {
        self.readers.close().await;
    }
}
