//! Asking devices: the handle in front of the driver task.

use crate::driver::{Ask, Driver, Question, Reply, Withdrawal};
use crate::each::Answers;
use crate::socket::Sockets;
use crate::{LanError, Settings};
use dca_fence::Allowed;
use dca_snmp::{
    Columns, Credentials, Failure, Oid, Outcome, Plan, Planned, Quirks, Request, Response, Survey, Table, VarBindList,
    Walk, WalkEnd, Walked, oid,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait between the handles and the driver. More only costs memory: the driver takes in what it can send.
const WAITING: usize = 64;

/// The way to ask devices. Cheap to clone; all clones share the sockets and the driver task, which ends with the last
/// clone.
///
/// Dropping the future of a question takes the question back.
#[derive(Debug, Clone)]
pub struct Snmp {
    pub(crate) asks: mpsc::Sender<Box<Ask>>,
    giving_way: mpsc::Sender<Box<Ask>>,
    /// Questions whose callers are gone. Unbounded because a drop cannot wait; each call puts at most one here.
    pub(crate) withdrawn: mpsc::UnboundedSender<Withdrawal>,
    pub(crate) shared: Arc<Shared>,
}

/// What handle and driver share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    next: AtomicU64,
    /// Most questions taken in at once.
    pub(crate) in_flight: usize,
    receive_buffer: usize,
    pub(crate) sent: AtomicU64,
    pub(crate) octets_sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) octets_received: AtomicU64,
    pub(crate) ignored: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) unreachable: AtomicU64,
    pub(crate) delayed: AtomicU64,
}

/// What went over the sockets since they were bound. Octets are those of UDP payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Datagrams sent.
    pub sent: u64,
    /// Octets in them.
    pub octets_sent: u64,
    /// Datagrams received, whoever sent them.
    pub received: u64,
    /// Octets in them.
    pub octets_received: u64,
    /// Received datagrams that were no answer to anything asked, not understood, or not believed.
    pub ignored: u64,
    /// Datagrams that the system refused to send (no route, a firewall's veto).
    pub refused: u64,
    /// Datagrams of which ICMP said that they did not arrive (heard on Linux).
    pub unreachable: u64,
    /// How often sending had to wait because the system was short of buffers or neighbour entries.
    pub delayed: u64,
}

impl Snmp {
    /// Opens the sockets and starts the driver task. To be called inside a tokio runtime with I/O and time enabled.
    pub fn bind(settings: Settings) -> Result<Self, LanError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| LanError::NoRuntime)?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(LanError::Entropy)?;
        let sockets = Sockets::bind(settings.receive_buffer)?;
        let (in_flight, receive_buffer) = (settings.in_flight.max(1), sockets.receive_buffer());
        let shared = Arc::new(Shared { in_flight, receive_buffer, ..Shared::default() });
        let ((asks, asked), (giving_way, last)) = (mpsc::channel(WAITING), mpsc::channel(WAITING));
        let (withdrawn, withdrawals) = mpsc::unbounded_channel();
        runtime.spawn(Driver::new(&settings, seed, sockets, Arc::clone(&shared), [asked, last], withdrawals).run());
        Ok(Self { asks, giving_way, withdrawn, shared })
    }

    /// The same sockets for questions that go only when no other waits to be sent. A sweep's first questions should, or
    /// whoever has answered would wait behind all who have not been asked yet, which at a slow pace takes minutes.
    #[must_use]
    pub fn giving_way(&self) -> Self {
        Self { asks: self.giving_way.clone(), ..self.clone() }
    }

    /// Asks one question.
    pub async fn ask(&self, what: Request, at: Allowed, who: &Credentials) -> Result<Response, Failure> {
        answer(self.put(self.question(Question::Ask(what, who.clone()), at)).await)
    }

    /// Asks many devices the same question, as fast as [`Settings`] allow; [`Answers::next`] gives what each of them said,
    /// in the order in which it becomes known. Cheaper than a task for each: a sweep of thousands takes half a
    /// kilobyte for each question on its way, and nothing for those that wait.
    ///
    /// ```
    /// # use dca_fence::Fence;
    /// # use dca_lan::{Settings, Snmp};
    /// # use dca_snmp::{Credentials, Request, oid};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let device = dca_sim::Device::builtin("color-mfp").ok_or("a built-in device")?;
    /// # let fleet = dca_sim::Fleet::on_loopback([("127.0.0.7:0".parse()?, device)]).await?;
    /// # let block = format!("127.0.0.0/28:{}", fleet.addresses()[0].port());
    /// # let settings = Settings { timeout: Duration::from_millis(300), retries: 0, ..Settings::default() };
    /// let (snmp, fence) = (Snmp::bind(settings)?, Fence::parse([block.as_str()])?);
    /// let everywhere: Vec<_> = fence.targets().filter_map(|at| fence.admit(at)).collect();
    ///
    /// let what = Request::get([oid!("1.3.6.1.2.1.1.5.0")]);
    /// let mut answers = snmp.ask_each(what, everywhere, &Credentials::v2c("public"));
    /// # let mut found = 0;
    /// while let Some((at, answer)) = answers.next().await {
    ///     if let Ok(answer) = answer {
    ///         println!("{at:?}: {:?}", answer.varbinds);
    /// #       found += 1;
    ///     }
    /// }
    /// # assert_eq!(found, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ask_each<I>(&self, what: Request, at: I, who: &Credentials) -> Answers<I::IntoIter>
    where
        I: IntoIterator<Item = Allowed>,
    {
        Answers::new(self.clone(), self.number(), Survey::new(what, who), at.into_iter())
    }

    /// [`ask_each`](Self::ask_each) as each of several communities in turn, as [`ask_as_any`](Self::ask_as_any) does it.
    pub fn ask_each_as_any<I>(
        &self,
        what: Request,
        at: I,
        who: Arc<[Credentials]>,
        stagger: Duration,
    ) -> Answers<I::IntoIter>
    where
        I: IntoIterator<Item = Allowed>,
    {
        Answers::new(self.clone(), self.number(), Survey { ask: what, who, stagger }, at.into_iter())
    }

    /// Asks one question as each of several communities in turn, `stagger` apart, until one is answered;
    /// [`Response::who`] says which. A silent device costs one time-out however many there are.
    pub fn ask_as_any(
        &self,
        what: Request,
        at: Allowed,
        who: Arc<[Credentials]>,
        stagger: Duration,
    ) -> impl Future<Output = Result<Response, Failure>> + Send + '_ {
        // A sweep holds thousands of these futures: all that is large goes on the heap, where the driver frees it.
        let survey = Survey { ask: what, who, stagger };
        let question = self.question(Question::Survey(Arc::new(survey)), at);
        async move { answer(self.put(question).await) }
    }

    /// Reads subtrees. A walk that ends early keeps what it has read, and says where and why it ended.
    pub async fn walk(&self, walk: Walk, at: Allowed, who: &Credentials) -> Walked {
        let root = walk.roots.first().cloned();
        match self.put(self.question(Question::Walk(walk, who.clone()), at)).await {
            Some(Outcome::Walked(walked)) => walked,
            _ => cancelled(root),
        }
    }

    /// Reads columns side by side. A table that ends early keeps what it has read, and says where and why it ended.
    pub async fn table(&self, columns: Columns, at: Allowed, who: &Credentials) -> Table {
        let first = columns.columns.first().cloned();
        match self.put(self.question(Question::Table(columns, who.clone()), at)).await {
            Some(Outcome::Table(table)) => table,
            _ => {
                let Walked { end, quirks, took, sent, .. } = cancelled(first);
                Table { rows: Vec::new(), end, quirks, took, sent, bears: None }
            }
        }
    }

    /// Asks for single values and columns in the fewest datagrams. A plan that ends early keeps what it has read.
    pub async fn plan(&self, plan: Plan, at: Allowed, who: &Credentials) -> Planned {
        match self.put(self.question(Question::Plan(plan, who.clone()), at)).await {
            Some(Outcome::Planned(planned)) => planned,
            _ => {
                let Walked { end, quirks, took, sent, .. } = cancelled(None);
                Planned { values: Err(Failure::Cancelled), rows: Vec::new(), end, quirks, took, sent }
            }
        }
    }

    /// What went over the sockets so far, of all clones.
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            sent: read(&self.shared.sent),
            octets_sent: read(&self.shared.octets_sent),
            received: read(&self.shared.received),
            octets_received: read(&self.shared.octets_received),
            ignored: read(&self.shared.ignored),
            refused: read(&self.shared.refused),
            unreachable: read(&self.shared.unreachable),
            delayed: read(&self.shared.delayed),
        }
    }

    /// Octets of receive buffer that the system granted, as it reports them (Linux: twice what was asked, at most twice
    /// `net.core.rmem_max`).
    pub fn receive_buffer(&self) -> usize {
        self.shared.receive_buffer
    }

    fn question(&self, question: Question, at: Allowed) -> (Box<Ask>, oneshot::Receiver<Box<Outcome>>) {
        let (reply, outcome) = oneshot::channel();
        (Box::new(Ask { question, at, reply: Reply::One(self.number(), reply) }), outcome)
    }

    fn number(&self) -> u64 {
        self.shared.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Gives a question to the driver and waits for its outcome; `None` if the driver ended without one.
    async fn put(&self, (ask, outcome): (Box<Ask>, oneshot::Receiver<Box<Outcome>>)) -> Option<Outcome> {
        let number = match &ask.reply {
            Reply::One(number, _) => Some(*number),
            Reply::Each(..) => None,
        };
        match self.asks.try_send(ask) {
            // Rare, and large: on the heap, since thousands of these futures may wait at the same time.
            Err(TrySendError::Full(ask)) => Box::pin(self.asks.send(ask)).await.ok()?,
            sent => sent.ok()?,
        }
        let mut taking_back = TakeBack { withdrawn: &self.withdrawn, number };
        let outcome = outcome.await.ok();
        taking_back.number = None;
        outcome.map(|outcome| *outcome)
    }
}

pub(crate) fn answer(outcome: Option<Outcome>) -> Result<Response, Failure> {
    match outcome {
        Some(Outcome::Answer(answer)) => answer,
        _ => Err(Failure::Cancelled),
    }
}

/// Tells the driver when the caller goes before the answer is there.
struct TakeBack<'a> {
    withdrawn: &'a mpsc::UnboundedSender<Withdrawal>,
    number: Option<u64>,
}

impl Drop for TakeBack<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Without a driver there is nothing to take back.
            let _ = self.withdrawn.send(Withdrawal::One(number));
        }
    }
}

/// What a walk is that the driver never finished.
fn cancelled(root: Option<Oid>) -> Walked {
    Walked {
        varbinds: VarBindList::default(),
        end: WalkEnd::Failed { at: root.unwrap_or_else(|| oid!("1.3.6.1").to_oid()), why: Failure::Cancelled },
        quirks: Quirks::default(),
        took: Duration::ZERO,
        sent: 0,
    }
}
