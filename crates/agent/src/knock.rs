//! The first question of a sweep, to every address that is not known yet.
//!
//! The same race as [`race`](crate::discover::race) runs for one address, without a task for each of thousands: every
//! caller asks all addresses by itself, one after another as there is room, and begins a stagger after the one before it. Who
//! answered one caller is not asked by those behind it.
//!
//! ```text
//! communities ── address, address, ... ──┐
//! user        ────── address, ... ───────┼──► next(): let in as whom, or why not
//! ```

use crate::credentials::Named;
use crate::discover::{Caller, Failures, Lost};
use crate::network::Shared;
use crate::scope::Scope;
use dca_fence::Allowed;
use dca_printer::discovery;
use dca_snmp::{Failure, Request, Response};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What comes of the first questions; dropping it takes back what is not answered.
pub(crate) struct Knocking {
    heard: mpsc::Receiver<Heard>,
    answered: Arc<Answered>,
    /// Addresses that more than one caller asks, and some have been told off already.
    open: HashMap<Allowed, Failures>,
    _callers: JoinSet<()>,
}

/// What one caller heard at one address.
struct Heard {
    at: Allowed,
    /// How many callers ask there.
    callers: usize,
    what: Result<(Named, Response), Option<(Named, Failure)>>,
}

/// Outcomes that wait for whoever sweeps.
const WAITING: usize = 64;

/// Who has answered.
#[derive(Default)]
struct Answered(Mutex<HashSet<Allowed>>);

impl Answered {
    /// False if it was known.
    fn add(&self, at: Allowed) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(at)
    }

    fn has(&self, at: Allowed) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&at)
    }
}

impl Knocking {
    /// Begins, with all addresses of the scope whose credentials are not known yet.
    pub(crate) fn begin(shared: &Arc<Shared>, scope: &Scope) -> Self {
        let (tell, heard) = mpsc::channel(WAITING);
        let (scope, answered) = (Arc::new(scope.clone()), Arc::new(Answered::default()));
        let mut tasks = JoinSet::new();
        for list in shared.keyring.lists() {
            let callers = Caller::all(list, shared.asking.stagger());
            let round = Round {
                shared: Arc::clone(shared),
                scope: Arc::clone(&scope),
                list: Arc::clone(list),
                answered: Arc::clone(&answered),
                callers: callers.len(),
                tell: tell.clone(),
            };
            if callers.is_empty() {
                tasks.spawn(round.clone().nobody());
            }
            for caller in callers {
                tasks.spawn(round.clone().ask_as(caller));
            }
        }
        Self { heard, answered, open: HashMap::new(), _callers: tasks }
    }

    /// The next address that is done: as whom it lets us in and what it said, or why it does not.
    pub(crate) async fn next(&mut self) -> Option<(Allowed, Result<(Named, Response), Lost>)> {
        loop {
            let Heard { at, callers, what } = self.heard.recv().await?;
            match what {
                Ok(let_in) if self.answered.add(at) => {
                    self.open.remove(&at);
                    return Some((at, Ok(let_in)));
                }
                Err(None) => return Some((at, Err(Lost::uncovered()))),
                Err(Some((who, failure))) if !self.answered.has(at) => {
                    let failures = self.open.entry(at).or_default();
                    failures.add(who, failure);
                    if failures.count == callers {
                        return Some((at, Err(self.open.remove(&at).unwrap_or_default().lost())));
                    }
                }
                // Another caller was let in before.
                Ok(_) | Err(Some(_)) => {}
            }
        }
    }
}

/// The addresses of one list of credentials.
#[derive(Clone)]
struct Round {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
    list: Arc<[Named]>,
    answered: Arc<Answered>,
    callers: usize,
    tell: mpsc::Sender<Heard>,
}

impl Round {
    fn addresses(&self) -> impl Iterator<Item = Allowed> + Send + '_ {
        let ours = |at: &Allowed| Arc::ptr_eq(&self.shared.keyring.at(at.addr()), &self.list);
        self.scope.addresses().filter(move |at| ours(at) && !self.shared.knows(*at) && !self.answered.has(*at))
    }

    async fn ask_as(self, caller: Caller) {
        tokio::time::sleep(caller.wait).await;
        let (snmp, what) = (&self.shared.probes, Request::get(discovery()));
        let mut answers = match caller.user() {
            Some(user) => snmp.ask_each(what, self.addresses(), user),
            None => snmp.ask_each_as_any(what, self.addresses(), caller.communities(), self.shared.asking.stagger()),
        };
        while let Some((at, answer)) = answers.next().await {
            let what = match answer {
                Ok(response) => caller.who.get(response.who).map(|who| (who.clone(), response)).ok_or(None),
                Err(failure) => Err(caller.who.first().map(|who| (who.clone(), failure))),
            };
            // Whoever sweeps may be gone.
            if self.tell.send(Heard { at, callers: self.callers, what }).await.is_err() {
                return;
            }
        }
    }

    async fn nobody(self) {
        for at in self.addresses() {
            if self.tell.send(Heard { at, callers: 0, what: Err(None) }).await.is_err() {
                return;
            }
        }
    }
}
