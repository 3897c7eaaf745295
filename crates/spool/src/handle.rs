//! The spool as everybody else sees it.

use crate::aside::Refused;
use crate::bounds::Bounds;
use crate::error::SpoolError;
use crate::gaps::{self, Gap};
use crate::item::{Batch, Item, Stored};
use crate::orders::Seen;
use crate::recovery::{self, Recovery};
use crate::store::{Acknowledged, Size, Store, Summary};
use crate::writer::{self, Ask};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Asks that may wait for the writer; who comes after that waits outside.
const QUEUE: usize = 256;

/// An open spool. Cheap to clone; the file is closed with the last one. Every call but [`Spool::post`] waits for the disk:
/// in asynchronous code it belongs on a thread for such work.
#[derive(Clone)]
pub struct Spool {
    inner: Arc<Inner>,
}

struct Inner {
    asks: Option<SyncSender<Ask>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    entry: usize,
}

impl Spool {
    /// Opens the spool at `path`, whose folder is there, or makes it; then its records are numbered in `epoch`, a number
    /// drawn at random. A damaged file is set aside as `.corrupt-{now_ms}` and salvaged; see [`Recovery`].
    ///
    /// # Errors
    /// If another process has it, a later version wrote it, or the disk refuses. A damaged file is no error.
    pub fn open(path: &Path, bounds: Bounds, epoch: u64, now_ms: i64) -> Result<(Self, Recovery), SpoolError> {
        let (store, recovery) = recovery::open(path, bounds, epoch, now_ms)?;
        let entry = store.room.entry;
        let (asks, queue) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new().name("spool".to_owned()).spawn(move || writer::run(store, &queue))?;
        Ok((Self { inner: Arc::new(Inner { asks: Some(asks), writer: Mutex::new(Some(writer)), entry }) }, recovery))
    }

    /// Keeps records in the order given. When this is answered with [`Stored::Disk`], no crash loses them.
    ///
    /// # Errors
    /// If one is too large or has no proper name; none is kept then.
    pub fn push(&self, items: Vec<Item>) -> Result<Stored, SpoolError> {
        let (answer, wait) = sync_channel(1);
        self.send(items, Some(answer))?;
        wait.recv().map_err(|_| SpoolError::Closed)?
    }

    /// The same without waiting: they are on the disk some 20 ms later.
    ///
    /// # Errors
    /// As [`Spool::push`].
    pub fn post(&self, items: Vec<Item>) -> Result<(), SpoolError> {
        self.send(items, None)
    }

    fn send(&self, items: Vec<Item>, answer: Option<writer::Answer>) -> Result<(), SpoolError> {
        items.iter().try_for_each(|item| item.check(self.inner.entry))?;
        let asks = self.inner.asks.as_ref().ok_or(SpoolError::Closed)?;
        asks.send(Ask::Push(items, answer)).map_err(|_| SpoolError::Closed)
    }

    /// The next records of a stream to be sent; the same ones until they are acknowledged. At least one is given, if any
    /// waits, however large it is.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn batch(&self, stream: &str, most_records: usize, most_octets: usize) -> Result<Option<Batch>, SpoolError> {
        let stream = stream.to_owned();
        self.run(move |store| store.batch(&stream, most_records, most_octets))
    }

    /// The portal has all of the stream up to `through`, but for what it `refused`.
    ///
    /// # Errors
    /// If the disk refuses; the records are then sent again, which the portal recognises.
    pub fn acknowledge(
        &self,
        stream: &str,
        epoch: u64,
        through: u64,
        refused: Vec<Refused>,
        now_ms: i64,
    ) -> Result<Acknowledged, SpoolError> {
        let stream = stream.to_owned();
        self.run(move |store| store.acknowledge(&stream, epoch, through, &refused, now_ms))
    }

    /// Numbers everything in another epoch, what waits included: for a spool that was set back to an older copy of itself.
    /// Records may then arrive twice, which is better than new ones being taken for old.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn renew_epoch(&self, epoch: u64) -> Result<(), SpoolError> {
        self.run(move |store| store.renew_epoch(epoch))
    }

    /// What waits in each stream.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn summary(&self) -> Result<Vec<Summary>, SpoolError> {
        self.run(|store| store.summary())
    }

    /// What was dropped and not told yet.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn gaps(&self) -> Result<Vec<Gap>, SpoolError> {
        self.run(|store| gaps::all(&store.db))
    }

    /// Keeps records that tell of the gaps with these ids, and forgets the gaps, in one transaction.
    ///
    /// # Errors
    /// As [`Spool::push`], or if the disk refuses.
    pub fn tell(&self, gaps: Vec<i64>, items: Vec<Item>) -> Result<(), SpoolError> {
        self.run(move |store| store.tell(&gaps, &items))
    }

    /// Brings back refused records whose time has come, looks at the disk, gives back what is free. To be called every
    /// minute or so.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn tend(&self, now_ms: i64) -> Result<(), SpoolError> {
        self.run(move |store| {
            while store.bring_back(now_ms)? > 0 {}
            store.fit()
        })
    }

    /// Drops what happened before `before_ms`. The answer is how many records. For a clock that is trusted.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn expire(&self, before_ms: i64) -> Result<u64, SpoolError> {
        self.run(move |store| store.expire(before_ms))
    }

    /// What the files take.
    ///
    /// # Errors
    /// If the spool is closed.
    pub fn size(&self) -> Result<Size, SpoolError> {
        self.run(|store| Ok(store.size))
    }

    /// An order that was seen before.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn order(&self, id: &[u8]) -> Result<Option<Seen>, SpoolError> {
        let id = id.to_owned();
        self.run(move |store| store.order(&id))
    }

    /// Remembers an order before it is carried out. The answer is whether its counter is higher than that of all before;
    /// if not, it is a replay and not remembered.
    ///
    /// # Errors
    /// If the disk refuses: then the order must not be carried out.
    pub fn take_order(&self, id: &[u8], counter: u64, at_ms: i64) -> Result<bool, SpoolError> {
        let id = id.to_owned();
        self.run(move |store| store.take_order(&id, counter, at_ms))
    }

    /// What an order brought.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish_order(&self, id: &[u8], result: Vec<u8>) -> Result<(), SpoolError> {
        let id = id.to_owned();
        self.run(move |store| store.finish_order(&id, &result))
    }

    /// Orders whose result was not told yet, in their order; one without a result was cut off by a restart or still runs.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn untold_orders(&self, most: usize) -> Result<Vec<(Vec<u8>, Seen)>, SpoolError> {
        self.run(move |store| store.untold_orders(most))
    }

    /// Sets whether the results of these orders have been told.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn mark_told(&self, ids: Vec<Vec<u8>>, told: bool) -> Result<(), SpoolError> {
        self.run(move |store| store.mark_told(&ids, told))
    }

    /// Adds to a number that outlives a restart, and gives it.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add(&self, name: &'static str, by: u64) -> Result<u64, SpoolError> {
        self.run(move |store| store.add(name, by))
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (answer, wait) = sync_channel(1);
        let asks = self.inner.asks.as_ref().ok_or(SpoolError::Closed)?;
        let work = Box::new(move |store: &mut Store| {
            let _ = answer.send(work(store));
        });
        asks.send(Ask::Run(work)).map_err(|_| SpoolError::Closed)?;
        wait.recv().map_err(|_| SpoolError::Closed)?
    }
}

impl Drop for Inner {
    /// Waits until what was posted is on the disk.
    fn drop(&mut self) {
        self.asks = None;
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").finish_non_exhaustive()
    }
}
