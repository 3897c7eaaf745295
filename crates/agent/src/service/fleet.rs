//! The printers: sweeps that find them, visits that read them, and what the portal's orders want of them.
//!
//! ```text
//! Plan ──► Scope (the fence, inside the permit) ──► sweep ──► Memory ──► Planner ──► visits ──► readings, absences
//! ```

use super::desk::{ALERTS, Desk, Draft, READINGS};
use super::given::Plan;
use super::ground::{Again, Ground, Look, Place, place};
use super::stopped;
use crate::config::Permit;
use crate::network::Network;
use crate::poll::{Care, Depth, Evidence, Job, Memory, Met, News, Planner, Visit, Whereabouts, with_echo};
use crate::report::wire;
use crate::scope::{Resolved, Scope};
use crate::walk::{Ended, walk};
use crate::{Oid, record};
use dca_fence::Allowed;
use dca_printer::Profiles;
use dca_snmp::recording;
use dca_spool::Class;
use dca_wire::v1::Absence;
use dca_wire::v1::health::Level;
use dca_wire::v1::order_finding::What as Finding;
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::record::What;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Devices that are visited at the same time. A full reading on its way takes some 40 KiB.
const AT_ONCE: usize = 32;
/// Most octets of the rows that a walk brings: a record has 128 KiB.
const WALK: usize = 100 << 10;
const WALK_ROWS: u32 = 5_000;
const ECHO: Duration = Duration::from_secs(5);

/// Addresses that a sentence names.
const NAMED: usize = 20;

/// What is wanted of the printers.
pub(super) enum Want {
    Scan(Reply),
    /// None named: all.
    Read(Vec<String>, Reply),
    Ping(String, Reply),
    Walk {
        device: String,
        oid: String,
        rows: u32,
        reply: Reply,
    },
    /// Another plan is in force.
    Follow(Box<Plan>, oneshot::Sender<Result<(), String>>),
    /// How many devices are known.
    Count(oneshot::Sender<usize>),
}

pub(super) type Reply = oneshot::Sender<Done>;

/// What came of it.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    pub(super) text: String,
    pub(super) finding: Option<Finding>,
}

impl Done {
    pub(super) fn new(outcome: Outcome, text: impl Into<String>) -> Self {
        Self { outcome, text: text.into(), finding: None }
    }
}

pub(super) struct Fleet {
    desk: Desk,
    permit: Permit,
    profiles: Profiles,
    pins: PathBuf,
    plan: Plan,
    ground: Option<Ground>,
    memory: Memory,
    planner: Planner,
    visits: JoinSet<Visited>,
    look: Option<Look>,
    again: Again,
    sweep: Option<JoinHandle<(Network, bool)>>,
    next_sweep: Instant,
    scans: Vec<Reply>,
    reads: Vec<(BTreeSet<u32>, Vec<u32>, Reply)>,
}

/// What a visit brought, and whether an echo came back, if one was sent.
struct Visited {
    job: Job,
    at: SocketAddr,
    began: Instant,
    visit: Visit,
    echo: Option<bool>,
}

impl Fleet {
    /// `pins` is the file that remembers certificates of devices.
    pub(super) fn new(
        desk: Desk,
        permit: Permit,
        profiles: Profiles,
        plan: Plan,
        memory: Memory,
        pins: PathBuf,
    ) -> Self {
        let planner = Planner::new(plan.rhythm);
        let (visits, now) = (JoinSet::new(), Instant::now());
        let (scans, reads) = (Vec::new(), Vec::new());
        Self {
            desk,
            permit,
            profiles,
            pins,
            plan,
            ground: None,
            memory,
            planner,
            visits,
            look: None,
            again: Again::default(),
            sweep: None,
            next_sweep: now,
            scans,
            reads,
        }
    }

    /// Until `stop` says so. Then visits are cut short and the memory is saved.
    pub(super) async fn run(mut self, mut wants: mpsc::Receiver<Want>, mut stop: watch::Receiver<bool>) {
        if let Err(why) = self.settle().await {
            self.desk.unwell("config", Level::Broken, &why);
        }
        loop {
            let due = self.planner.due().filter(|_| self.visits.len() < AT_ONCE).map(Instant::from_std);
            let sweeps = self.sweep.is_some() || self.look.is_some();
            let looked = async {
                match &mut self.look {
                    Some(Look { place, sweeps }) => {
                        let place = place.await;
                        (place.unwrap_or_else(|_| Err("looking them up ended early".to_owned())), *sweeps)
                    }
                    None => std::future::pending().await,
                }
            };
            let swept = async {
                match &mut self.sweep {
                    Some(sweep) => sweep.await.ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stopped(&mut stop) => break,
                swept = swept => {
                    self.sweep = None;
                    if let Some((network, whole)) = swept {
                        self.take_stock(&network, whole).await;
                    }
                }
                (place, sweeps) = looked => {
                    self.look = None;
                    self.looked(place, sweeps);
                }
                Some(want) = wants.recv() => self.take(want).await,
                Some(visited) = self.visits.join_next() => {
                    match visited {
                        Ok(visited) => self.visited(visited).await,
                        Err(error) => tracing::error!(%error, "a visit ended early; please report it"),
                    }
                }
                () = until(due) => self.visit(),
                () = tokio::time::sleep_until(self.next_sweep), if !sweeps => self.start_sweep(),
                () = until(self.again.at()), if !sweeps => self.look_up(false),
            }
        }
        if let Some(look) = self.look.take() {
            look.place.abort();
        }
        if let Some(sweep) = self.sweep.take() {
            sweep.abort();
        }
        self.visits.abort_all();
        if let Err(error) = self.memory.save() {
            tracing::error!(%error, "what is known of the devices could not be saved");
        }
    }

    /// Opens the ground of the plan, inside what is permitted, and schedules the devices known there.
    async fn settle(&mut self) -> Result<(), String> {
        self.ground = None;
        // Of another plan.
        if let Some(look) = self.look.take() {
            look.place.abort();
        }
        self.again = Again::default();
        self.planner = Planner::new(self.plan.rhythm);
        if self.plan.targets.is_empty() {
            return Ok(());
        }
        let place = place(self.permit.clone(), self.plan.targets.clone(), self.plan.also.clone(), Vec::new()).await;
        self.again.note(lacking(&place));
        self.stand(place?)?;
        self.next_sweep = Instant::now();
        self.schedule();
        self.desk.well("config");
        Ok(())
    }

    /// Opens the ground at a place.
    fn stand(&mut self, (scope, names): Place) -> Result<(), String> {
        let network = self.network(&scope)?;
        if let Err(error) = network.pins().load(&self.pins) {
            self.desk.unwell("pins", Level::Limited, &error.to_string());
        }
        self.ground = Some(Ground { scope: Arc::new(scope), names, network: Arc::new(network) });
        Ok(())
    }

    fn network(&self, scope: &Scope) -> Result<Network, String> {
        let Plan { asking, keyring, .. } = &self.plan;
        Network::open(*asking, keyring.clone(), self.profiles.clone(), scope).map_err(|error| error.to_string())
    }

    /// Takes devices into the planner that are inside the fence and not in it yet.
    fn schedule(&mut self) {
        let Some(Ground { scope, .. }) = &self.ground else { return };
        let now = Instant::now().into_std();
        for (device, known) in self.memory.devices() {
            if scope.admit(known.at).is_some() && !self.planner.has(device) && !matches!(known.care, Care::Never { .. })
            {
                let gently = matches!(known.care, Care::Gently { .. });
                // What was read in full before this start is not read in full again at once.
                self.planner.add(device, known.learnt.as_ref().map(|_| now), gently, now);
            }
        }
    }

    /// A sweep, once host names have been looked up anew: devices with a name may get another address at any time.
    fn start_sweep(&mut self) {
        self.next_sweep = Instant::now() + self.plan.scan;
        if self.ground.is_none() {
            return;
        }
        if self.plan.targets.have_names() || self.permit.ranges.have_names() {
            self.look_up(true);
        } else {
            self.sweep();
        }
    }

    /// Looks host names up anew. Those that cannot be found stay where they were.
    fn look_up(&mut self, sweeps: bool) {
        let before = self.ground.as_ref().map(|ground| ground.names.clone()).unwrap_or_default();
        let Plan { targets, also, .. } = &self.plan;
        let place = tokio::spawn(place(self.permit.clone(), targets.clone(), also.clone(), before));
        self.look = Some(Look { place, sweeps });
    }

    /// The names have been looked up.
    fn looked(&mut self, place: Result<Place, String>, sweeps: bool) {
        self.again.note(lacking(&place));
        let lost = self.ground.is_none();
        let stays = |names: &[Resolved]| self.ground.as_ref().is_some_and(|ground| *ground.names == *names);
        let moved = match place {
            Ok(place) if stays(&place.1) => Ok(false),
            place => place.and_then(|place| self.stand(place)).map(|()| true),
        };
        match &moved {
            Ok(true) => {
                if lost {
                    self.desk.well("config");
                }
                self.schedule();
            }
            Ok(false) => {}
            Err(why) => tracing::warn!(why, "host names are where they were"),
        }
        if sweeps || moved == Ok(true) {
            self.next_sweep = Instant::now() + self.plan.scan;
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let Some(Ground { scope, .. }) = &self.ground else { return };
        let scope = Arc::clone(scope);
        match self.network(&scope) {
            Ok(network) => {
                let network = network.remembering(&self.memory);
                self.sweep = Some(tokio::spawn(async move {
                    let run = network.scan(&scope, &mut (), std::future::pending()).await;
                    (network, !run.interrupted)
                }));
            }
            Err(why) => self.desk.unwell("snmp", Level::Broken, &why),
        }
    }

    async fn take_stock(&mut self, network: &Network, whole: bool) {
        let Some(Ground { scope, .. }) = &self.ground else { return };
        let scope = Arc::clone(scope);
        match network.take_stock(&scope, &mut self.memory, whole).await {
            Ok(news) => {
                self.desk.well("memory");
                self.tell(news).await;
            }
            Err(error) => self.desk.unwell("memory", Level::Limited, &error.to_string()),
        }
        self.schedule();
        let known = self.memory.devices().filter(|(_, known)| scope.admit(known.at).is_some()).count();
        for reply in self.scans.drain(..) {
            let _ =
                reply.send(Done::new(Outcome::Done, format!("{known} printers are known in the configured ranges")));
        }
    }

    fn visit(&mut self) {
        let now = Instant::now();
        let Some(job) = self.planner.next(now.into_std()) else { return };
        let Some(Ground { scope, network, .. }) = &self.ground else { return };
        let Some((known, at)) = self.memory.get(job.device).and_then(|known| Some((known, scope.admit(known.at)?)))
        else {
            self.planner.remove(job.device);
            return;
        };
        let (network, known, evidence) = (Arc::clone(network), known.clone(), self.memory.evidence(job.device));
        self.visits.spawn(async move {
            let visit = network.visit(at, &known, &job).await;
            let echo = match visit.met {
                Met::Silent { port_closed, .. } => with_echo(at, Evidence { port_closed, ..evidence }).await.echo,
                _ => None,
            };
            Visited { job, at: at.addr(), began: now, visit, echo }
        });
    }

    async fn visited(&mut self, visited: Visited) {
        let Visited { job, at, began, mut visit, echo } = visited;
        let device = job.device;
        self.planner.done(device, began.into_std(), &visit.went());
        let read = match &visit.met {
            Met::Same { reading, complete, .. } => {
                let name = name(device);
                let reading = wire::reading(reading, &name, &at.to_string(), depth(visit.depth), *complete);
                let what = What::Reading(reading);
                self.desk.keep(Draft { stream: READINGS, class: Class::Billing, device: name, what }).await;
                true
            }
            _ => false,
        };
        let news = self.memory.record(device, at, &mut visit, echo);
        self.tell(news).await;
        if let Err(error) = self.memory.save() {
            self.desk.unwell("memory", Level::Limited, &error.to_string());
        }
        let pinned = self.ground.as_ref().map_or(Ok(()), |ground| ground.network.pins().save(&self.pins));
        if let Err(error) = pinned {
            self.desk.unwell("pins", Level::Limited, &error.to_string());
        }
        self.schedule();
        // A shallow visit that was under way when the order came does not answer it.
        let counts = visit.depth == Depth::Full || !read;
        for (waiting, silent, _) in self.reads.iter_mut().filter(|_| counts) {
            if waiting.remove(&device) && !read {
                silent.push(device);
            }
        }
        for (_, silent, reply) in self.reads.extract_if(.., |(waiting, ..)| waiting.is_empty()) {
            let text = match silent.as_slice() {
                [] => "read".to_owned(),
                silent => no_answer(&self.memory, silent),
            };
            let outcome = if silent.is_empty() { Outcome::Done } else { Outcome::Failed };
            let _ = reply.send(Done::new(outcome, text));
        }
    }

    /// Reports what is new of devices.
    async fn tell(&self, news: Vec<News>) {
        for one in news {
            let device = one.device();
            let Some(known) = self.memory.get(device) else { continue };
            tracing::debug!("{}", one.sentence(known));
            let (why, address) = match &one {
                News::New { .. } => continue, // its reading says so
                News::Moved { .. } => ("moved", known.at),
                News::Replaced { .. } => ("replaced", known.at),
                News::Back { .. } => ("back", known.at),
                News::Lost { is, .. } => (word(is), known.at),
            };
            let since_ms = self.desk.now_ms();
            let device_id = name(device);
            let absence =
                Absence { device_id: device_id.clone(), address: address.to_string(), why: why.to_owned(), since_ms };
            let what = What::Absence(absence);
            self.desk.keep(Draft { stream: ALERTS, class: Class::Alert, device: device_id, what }).await;
        }
    }

    async fn take(&mut self, want: Want) {
        match want {
            Want::Scan(reply) => match &self.ground {
                None => drop(reply.send(Done::new(Outcome::Failed, "no range is configured"))),
                Some(_) => {
                    self.scans.push(reply);
                    self.next_sweep = Instant::now();
                }
            },
            Want::Read(devices, reply) => self.read_now(&devices, reply),
            Want::Ping(address, reply) => {
                let Some(at) = self.allowed(&address) else {
                    let why = match address.parse::<IpAddr>() {
                        Ok(ip) => format!("{ip} is not in the configured ranges; if a port stands there, name it too"),
                        Err(_) => format!("{address:?} is not in the configured ranges"),
                    };
                    let _ = reply.send(Done::new(Outcome::Refused, why));
                    return;
                };
                tokio::spawn(async move {
                    let done = match dca_lan::ping(at, ECHO).await {
                        Ok(took) => {
                            let ms = took.as_secs_f64() * 1e3;
                            let text = format!("echo in {ms:.1} ms");
                            Done { outcome: Outcome::Done, text, finding: Some(Finding::PingMs(ms)) }
                        }
                        Err(error) => Done::new(Outcome::Failed, error.to_string()),
                    };
                    let _ = reply.send(done);
                });
            }
            Want::Walk { device, oid, rows, reply } => self.walk(&device, &oid, rows, reply),
            Want::Follow(plan, reply) => {
                let before = std::mem::replace(&mut self.plan, *plan);
                let settled = self.settle().await;
                if settled.is_err() {
                    self.plan = before;
                    if let Err(why) = self.settle().await {
                        self.desk.unwell("config", Level::Broken, &why);
                    }
                }
                let _ = reply.send(settled);
            }
            Want::Count(reply) => drop(reply.send(self.memory.devices().count())),
        }
    }

    fn read_now(&mut self, devices: &[String], reply: Reply) {
        let Some(Ground { scope, .. }) = &self.ground else {
            let _ = reply.send(Done::new(Outcome::Failed, "no range is configured"));
            return;
        };
        let now = Instant::now().into_std();
        let mut waiting = BTreeSet::new();
        for (device, known) in self.memory.devices() {
            let named = devices.is_empty() || devices.contains(&name(device));
            if named && scope.admit(known.at).is_some() && !matches!(known.care, Care::Never { .. }) {
                self.planner.add(device, None, matches!(known.care, Care::Gently { .. }), now);
                waiting.insert(device);
            }
        }
        if waiting.is_empty() {
            let _ = reply.send(Done::new(Outcome::Failed, "no such device is known in the configured ranges"));
        } else {
            self.reads.push((waiting, Vec::new(), reply));
        }
    }

    fn walk(&self, device: &str, oid: &str, rows: u32, reply: Reply) {
        let known = self.memory.devices().find(|(number, _)| name(*number) == device).map(|(_, known)| known.at);
        let at = known
            .and_then(|at| self.ground.as_ref().and_then(|ground| Some((ground.scope.admit(at)?, &ground.network))));
        let Some((at, network)) = at else {
            let _ = reply.send(Done::new(Outcome::Refused, "no such device is known in the configured ranges"));
            return;
        };
        let Ok(root) = oid.parse::<Oid>() else {
            let _ = reply.send(Done::new(Outcome::Failed, format!("{oid:?} is no OID")));
            return;
        };
        let network = Arc::clone(network);
        let rows = rows.clamp(1, WALK_ROWS);
        let deny = record::never(&self.profiles);
        // What rows are handed to cannot change threads.
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let _ = reply.send(runtime.block_on(walked(&network, at, &root, rows, &deny)));
        });
    }

    fn allowed(&self, address: &str) -> Option<Allowed> {
        let Ground { scope, .. } = self.ground.as_ref()?;
        match address.parse::<SocketAddr>() {
            Ok(at) => scope.admit(at),
            Err(_) => scope.admit((address.parse::<IpAddr>().ok()?, dca_fence::SNMP_PORT).into()),
        }
    }
}

async fn walked(network: &Network, at: Allowed, root: &Oid, rows: u32, deny: &[Oid]) -> Done {
    let live = match network.greet(at).await {
        Ok((live, _)) => live,
        Err(failed) => return Done::new(Outcome::Failed, failed.why),
    };
    let mut text = String::new();
    let (mut count, enough) = (0, tokio::sync::Notify::new());
    let ended = walk(&live, root, deny, enough.notified(), &mut |oid, value| {
        if let Some(line) = recording::snmprec_line(&oid, &value)
            && count < rows
            && text.len() + line.len() < WALK
        {
            text.push_str(&line);
            text.push('\n');
            count += 1;
        } else {
            enough.notify_one();
        }
    })
    .await;
    let outcome = if count > 0 || ended == Ended::Complete { Outcome::Done } else { Outcome::Failed };
    let how = match ended {
        Ended::Complete => String::new(),
        Ended::Interrupted => ", there are more".to_owned(),
        other => format!(", ended early: {other:?}"),
    };
    Done { outcome, text: format!("{count} rows{how}"), finding: Some(Finding::Walk(text)) }
}

/// A device's name towards the portal.
fn name(device: u32) -> String {
    device.to_string()
}

fn depth(depth: Depth) -> &'static str {
    match depth {
        Depth::Identity => "identity",
        Depth::Hot => "hot",
        Depth::Warm => "warm",
        Depth::Cold => "cold",
        Depth::Full => "full",
    }
}

fn word(is: &Whereabouts) -> &'static str {
    match is {
        Whereabouts::Here => "back",
        Whereabouts::Moved { .. } => "moved",
        Whereabouts::Replaced { .. } => "replaced",
        Whereabouts::Missed { .. } => "silent",
        Whereabouts::Asleep { .. } => "asleep",
        Whereabouts::SnmpOff { .. } => "snmp_off",
        Whereabouts::WrongCredentials { .. } => "wrong_credentials",
        Whereabouts::Gone { .. } => "off",
    }
}

fn no_answer(memory: &Memory, silent: &[u32]) -> String {
    let mut named: Vec<String> =
        silent.iter().filter_map(|device| Some(memory.get(*device)?.at.to_string())).take(NAMED).collect();
    if silent.len() > named.len() {
        named.push(format!("{} more", silent.len() - named.len()));
    }
    format!("no answer from {}; all others were read", named.join(", "))
}

/// Whether a name could not be found.
fn lacking(place: &Result<Place, String>) -> bool {
    place.as_ref().map_or(true, |(scope, _)| !scope.unresolved.is_empty())
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
