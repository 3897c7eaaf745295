//! One set of sockets and the credentials to ask with: what every command on the network starts from.

use crate::also::{Pins, Ways};
use crate::asking::{AT_ONCE, Asking, POLITE_OCTETS};
use crate::credentials::{Keyring, Named};
use crate::discover::{Lost, acquaint, race};
use crate::interview::{Depth, Interview, Part, interview};
use crate::knock::Knocking;
use crate::live::Live;
use crate::poll::Notebook;
use crate::progress::Progress;
use crate::scope::Scope;
use dca_fence::Allowed;
use dca_lan::{Counters, LanError, Settings, Snmp};
use dca_printer::{Profiles, Rows, Verdict};
use dca_snmp::{Credentials, Oid, Response};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The network as the commands use it.
pub struct Network {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) snmp: Snmp,
    /// For the first question to each address of a sweep: devices that have answered are read first.
    pub(crate) probes: Snmp,
    pub(crate) asking: Asking,
    pub(crate) keyring: Keyring,
    pub(crate) profiles: Profiles,
    /// How else a printer is asked that SNMP has introduced.
    pub(crate) ways: Ways,
    /// What every device is asked that answers at all.
    discovery: Vec<Oid>,
    /// What sweeps note for the memory.
    pub(crate) notebook: Option<Notebook>,
    /// Devices that are read at the same time.
    readers: Semaphore,
}

/// What came of asking many addresses.
#[derive(Debug, Clone)]
pub struct Run<T> {
    /// What answered, in the order of the targets.
    pub answered: Vec<T>,
    /// What did not, and why: every address that answered with a failure, and those that were named one by one and are
    /// silent. Silence inside a block or range is usual and only counted.
    pub failed: Vec<Failed>,
    /// Addresses without any answer.
    pub silent: u64,
    /// Addresses that were asked to the end.
    pub asked: u64,
    /// It was stopped before all were asked.
    pub interrupted: bool,
}

/// An address that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Address and port, or the host name as written.
    pub address: String,
    /// One sentence.
    pub why: String,
}

/// How a run went as a whole; the program's exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Success {
    /// Everything that was to answer did.
    All,
    /// Something failed.
    Some,
    /// Nothing answered.
    Nothing,
}

/// Devices that are read at the same time: bounds memory, not speed, since each waits most of its time.
const READERS: usize = 256;

impl Network {
    /// Opens the sockets; inside a tokio runtime. Host names in the keyring's ranges get the addresses found for `scope`.
    pub fn open(asking: Asking, mut keyring: Keyring, profiles: Profiles, scope: &Scope) -> Result<Self, LanError> {
        for (host, addresses) in &scope.resolved {
            keyring.add_resolved(host, addresses);
        }
        let most = keyring.most().max(1);
        let snmp = Snmp::bind(Settings {
            timeout: asking.first_try(),
            retries: asking.retries,
            rate: asking.packets(),
            max_message: if asking.polite { POLITE_OCTETS } else { Settings::default().max_message },
            // Only the race of credentials uses it: everything else asks one question at a time.
            in_flight_per_device: most,
            in_flight: asking.at_once() * most,
            ..Settings::default()
        })?;
        let discovery = profiles.discovery();
        let (probes, ways, readers) = (snmp.giving_way(), Ways::of(scope, asking.packets()), Semaphore::new(READERS));
        let shared = Shared { snmp, probes, asking, keyring, profiles, ways, discovery, notebook: None, readers };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What went over the sockets so far.
    pub fn counters(&self) -> Counters {
        self.shared.snmp.counters()
    }

    /// The certificates that devices show over TLS: to be loaded before, and saved after.
    pub fn pins(&self) -> &Pins {
        &self.shared.ways.pins
    }

    /// Discovers and interviews every address of the scope. `keep` makes a result of an interview, or drops it.
    pub(crate) async fn sweep<T: Send + 'static>(
        &self,
        scope: &Scope,
        depth: Depth,
        progress: &mut dyn Progress,
        stop: impl Future<Output = ()>,
        keep: fn(Allowed, Interview) -> T,
    ) -> Run<T> {
        progress.begin(scope.count());
        let mut run = Run { answered: Vec::new(), failed: Vec::new(), silent: 0, asked: 0, interrupted: false };
        for (host, why) in &scope.unresolved {
            run.failed.push(Failed { address: host.clone(), why: format!("the host name cannot be used: {why}") });
        }
        let (mut answered, mut failed) = (Vec::new(), Vec::new());
        let mut known = scope.addresses().filter(|at| self.shared.knows(*at));
        let mut knocking = Knocking::begin(&self.shared, scope);
        let mut knocked = false;
        let mut tasks = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            while tasks.len() < AT_ONCE
                && let Some(at) = known.next()
            {
                let shared = Arc::clone(&self.shared);
                tasks.spawn(async move { (at, shared.device(at, depth).await) });
            }
            if knocked && tasks.is_empty() {
                break;
            }
            let (at, seen) = tokio::select! {
                () = &mut stop => {
                    run.interrupted = true;
                    break;
                }
                heard = knocking.next(), if !knocked && tasks.len() < AT_ONCE => match heard {
                    None => {
                        knocked = true;
                        continue;
                    }
                    Some((at, Err(lost))) if !self.shared.goes_on_without_snmp(depth) => {
                        (at, self.shared.shut_out(at, lost))
                    }
                    Some((at, met)) => {
                        let shared = Arc::clone(&self.shared);
                        tasks.spawn(async move { (at, shared.go_on(at, met, depth).await) });
                        continue;
                    }
                },
                done = tasks.join_next(), if !tasks.is_empty() => match done {
                    None => continue,
                    Some(Ok(done)) => done,
                    Some(Err(error)) => {
                        tracing::error!(%error, "a task ended early");
                        run.failed.push(Failed { address: "?".into(), why: "an internal error; please report it".into() });
                        continue;
                    }
                },
            };
            run.asked += 1;
            let found = matches!(&seen, Seen::Answered(interview) if interview.verdict.is_printer);
            progress.done(at.addr(), found);
            match seen {
                Seen::Answered(interview) => answered.push((at, keep(at, *interview))),
                Seen::Failed(why) => failed.push((at, Failed { address: at.to_string(), why })),
                Seen::Silent(why) => {
                    run.silent += 1;
                    if scope.is_named(at.addr()) {
                        failed.push((at, Failed { address: at.to_string(), why }));
                    }
                }
            }
        }
        run.answered.extend(in_order(scope, answered));
        run.failed.extend(in_order(scope, failed));
        run
    }

    /// Finds the credentials that a device answers to, and gives what it answered.
    pub(crate) async fn greet(&self, at: Allowed) -> Result<(Live, Part), Failed> {
        let Shared { snmp, asking, keyring, discovery, .. } = &*self.shared;
        match race(snmp, at, &keyring.at(at.addr()), asking.stagger()).await {
            Ok((who, response)) => Ok(acquaint(
                Live { snmp: snmp.clone(), at, who, polite: asking.polite, bears: None },
                response,
                discovery,
            )
            .await),
            Err(Lost::Failed(why) | Lost::Silent(why)) => Err(Failed { address: at.to_string(), why }),
        }
    }
}

impl<T> Run<T> {
    /// How it went. `complete` tells whether an answer is whole.
    pub fn success(&self, complete: impl Fn(&T) -> bool) -> Success {
        match () {
            () if self.answered.is_empty() => Success::Nothing,
            () if self.interrupted || !self.failed.is_empty() || !self.answered.iter().all(complete) => Success::Some,
            () => Success::All,
        }
    }
}

/// What one address gave.
enum Seen {
    Answered(Box<Interview>),
    Failed(String),
    Silent(String),
}

impl Shared {
    /// Asks one address.
    async fn device(self: Arc<Self>, at: Allowed, depth: Depth) -> Seen {
        let met = race(&self.snmp, at, &self.list(at), self.asking.stagger()).await;
        self.go_on(at, met, depth).await
    }

    /// What follows the first question.
    async fn go_on(self: Arc<Self>, at: Allowed, met: Result<(Named, Response), Lost>, depth: Depth) -> Seen {
        match met {
            Ok((who, response)) => self.meet(at, who, response, depth).await,
            Err(lost) if self.goes_on_without_snmp(depth) => {
                self.note(at, &lost);
                self.meet_beyond_snmp(at, lost).await
            }
            Err(lost) => self.shut_out(at, lost),
        }
    }

    fn goes_on_without_snmp(&self, depth: Depth) -> bool {
        depth == Depth::Full && self.ways.reach_beyond_snmp()
    }

    /// Nobody was let in, and that was all.
    fn shut_out(&self, at: Allowed, lost: Lost) -> Seen {
        self.note(at, &lost);
        match lost {
            Lost::Silent(why) => Seen::Silent(why),
            Lost::Failed(why) => Seen::Failed(why),
        }
    }

    fn note(&self, at: Allowed, lost: &Lost) {
        if let (Some(notebook), Lost::Failed(why)) = (&self.notebook, lost) {
            notebook.refused(at, why);
        }
    }

    /// True if it is known who is answered there: such a device is asked before those that may not be there.
    pub(crate) fn knows(&self, at: Allowed) -> bool {
        self.notebook.as_ref().is_some_and(|notebook| notebook.prefers(at.addr()).is_some())
    }

    /// As whom an address is asked: first as whom it answered before.
    fn list(&self, at: Allowed) -> Arc<[Named]> {
        let list = self.keyring.at(at.addr());
        let preferred = self.notebook.as_ref().and_then(|notebook| notebook.prefers(at.addr()));
        match preferred.and_then(|label| list.iter().position(|named| *named.label == *label)) {
            None | Some(0) => list,
            Some(place) => {
                let mut list = list.to_vec();
                if let Some(first) = list.get_mut(..=place) {
                    first.rotate_right(1);
                }
                list.into()
            }
        }
    }

    /// Asks a device in another way that SNMP did not reach.
    async fn meet_beyond_snmp(self: Arc<Self>, at: Allowed, lost: Lost) -> Seen {
        let _permit = self.readers.acquire().await;
        let (Lost::Silent(why) | Lost::Failed(why)) = &lost;
        match self.ways.introduce(at, why).await {
            Some(reading) => {
                let verdict = Verdict { is_printer: true, why: "it answers IPP as a printer".to_owned() };
                Seen::Answered(Box::new(Interview {
                    verdict,
                    reading,
                    rows: Rows::new(),
                    complete: true,
                    context: None,
                    bears: None,
                }))
            }
            None => match lost {
                Lost::Silent(why) => Seen::Silent(why),
                Lost::Failed(why) => Seen::Failed(why),
            },
        }
    }

    /// Interviews a device that has answered.
    async fn meet(self: Arc<Self>, at: Allowed, who: Named, response: Response, depth: Depth) -> Seen {
        tracing::debug!(%at, with = %who.label, "answered");
        let label = who.label.clone();
        let (mut device, part) = acquaint(
            Live { snmp: self.snmp.clone(), at, who, polite: self.asking.polite, bears: None },
            response,
            &self.discovery,
        )
        .await;
        let _permit = self.readers.acquire().await;
        let mut interview = interview(&mut device, &self.profiles, part, depth).await;
        if let Some(notebook) = &self.notebook {
            notebook.met(at, &label, depth, &interview, &self.profiles);
        }
        if depth == Depth::Full && interview.verdict.is_printer {
            self.ways.ask(at, &interview.rows, &mut interview.reading).await;
        }
        Seen::Answered(Box::new(interview))
    }

    /// The communities that are tried at an address.
    pub(crate) fn communities(&self, at: Allowed) -> Vec<Vec<u8>> {
        let list = self.keyring.at(at.addr());
        let names = list.iter().filter_map(|named| match &named.credentials {
            Credentials::V1(name) | Credentials::V2c(name) => Some(name.octets().to_vec()),
            _ => None,
        });
        names.collect()
    }
}

/// Results in the order of their addresses in the scope.
fn in_order<T>(scope: &Scope, results: Vec<(Allowed, T)>) -> impl Iterator<Item = T> {
    let mut results: BTreeMap<Allowed, T> = results.into_iter().collect();
    let order: Vec<Allowed> = scope.addresses().filter(|at| results.contains_key(at)).collect();
    order.into_iter().filter_map(move |at| results.remove(&at))
}

/// The socket address of something allowed, for results.
pub(crate) fn address(at: Allowed) -> String {
    let at: SocketAddr = at.addr();
    at.to_string()
}
