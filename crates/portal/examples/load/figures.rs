//! The figures, in order, as issue and docs/benchmarks.md number them.

use crate::agent::{Agent, Way, origin};
use crate::line::{Line, Measured, Target};
use crate::mqtt::{self, Mosquitto};
use crate::process::{Worker, median, share};
use crate::{fleet, reports, serve, server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dca_portal::{Clock, Portal};
use dca_wire::AgentId;
use dca_wire::grpc::agent_client::AgentClient;
use dca_wire::v1::{CheckInRequest, Scan, order::What};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Agents of the run, each with a certificate.
const AGENTS: usize = 2_000;
/// Connections at once where calls are counted.
const BUSY: usize = 48;
/// Agents that report at once: more than wait for one commit.
const REPORTING: usize = 192;
/// Check-ins a second of 1,000,000 agents.
const MILLION: f64 = 1_000_000.0 / 300.0;
/// Hints to each of [`BUSY`] agents in a turn.
const HINTS: usize = 480;
/// Orders that are given.
const ORDERS: usize = 20;

type Tell<'a> = &'a mut dyn FnMut(Line);

/// One portal with its agents.
struct Run {
    folder: tempfile::TempDir,
    /// As `explorer admin` has it: on the same database, beside the one that serves.
    admin: Arc<Portal>,
    runs: usize,
    seconds: u64,
}

impl Run {
    fn agents(&self) -> PathBuf {
        self.folder.path().join("agents")
    }

    fn portal(&self, database: &str) -> Worker {
        Worker::start("portal", &[self.folder.path().to_str().unwrap(), database])
    }

    fn worker(&self, role: &str) -> Worker {
        Worker::start(role, &[self.agents().to_str().unwrap()])
    }
}

/// As a worker is told of it.
fn address(worker: &Worker) -> String {
    worker.ready.join(" ")
}

fn way(worker: &Worker) -> Way {
    fleet::way(&worker.ready[0], &worker.ready[1])
}

/// Measures those that are wanted and hands over each line as it is known.
pub(crate) async fn all(wanted: &dyn Fn(&str) -> bool, runs: usize, seconds: u64, tell: Tell<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let admin = Portal::open(serve::config(folder.path(), "sqlite"), Clock::system()).await.unwrap();
    let run = Run { folder, admin, runs, seconds };
    let mut portal = run.portal("sqlite");
    fleet::enrol(&run.admin, &way(&portal), 1, &run.agents()).await;
    let mut one = run.worker("calls");
    one.ask(&format!("idle {} 1", address(&portal)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let empty = portal.process.resident_kib();
    drop(one);
    let more = if wanted("4d") || wanted("5a") { AGENTS } else { REPORTING };
    fleet::enrol(&run.admin, &way(&portal), more - 1, &run.agents()).await;
    drop(portal);
    portal = run.portal("sqlite");

    if wanted("4a") || wanted("4e") {
        check_ins(&run, &portal, wanted, tell);
    }
    if wanted("4b") || wanted("4c") {
        readings(&run, &mut portal, wanted, tell).await;
    }
    if wanted("4d") {
        drop(portal);
        portal = run.portal("sqlite");
        idle(&run, &portal, empty, tell);
    }
    if wanted("5a") {
        drop(portal);
        portal = run.portal("sqlite");
        embedded(&run, &mut portal, tell);
    }
    if wanted("5b") {
        orders(&run, &portal, tell).await;
    }
}

fn check_ins(run: &Run, portal: &Worker, wanted: &dyn Fn(&str) -> bool, tell: Tell<'_>) {
    let bare = bare(run);
    let mut client = run.worker("calls");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut shares = Vec::new();
    for _ in 0..run.runs {
        for (worker, results) in [(portal, &mut ours), (&bare, &mut theirs)] {
            let since = (worker.process.ticks(), client.process.ticks());
            results.push(client.ask(&format!("check-in {} {BUSY} {}", address(worker), run.seconds)));
            shares.push(share(&worker.process, &client.process, since));
        }
    }
    let of = |results: &[Vec<f64>], column: usize| median(results.iter().map(|result| result[column]).collect());
    let (rate, peer_rate) = (of(&ours, 0), of(&theirs, 0));
    let (p99, peer_p99) = (of(&ours, 1), of(&theirs, 1));
    if wanted("4a") {
        let share = |first: usize| median(shares.iter().skip(first).step_by(2).copied().collect());
        let note = format!("server's share of the processors {:.0} %, the peer's {:.0} %", share(0), share(1));
        let peer = |value: f64| -> Measured { Ok(value) };
        let line = Line::beside(
            "4a",
            "check-ins",
            "/s",
            &Ok(rate),
            ("bare tonic", &peer(peer_rate)),
            Target::TimesAtLeast(0.5),
        );
        tell(line.note(note));
        let target = Target::TimesAtMost(2.0);
        tell(Line::beside("4a", "check-in, 99th percentile", "us", &Ok(p99), ("bare tonic", &peer(peer_p99)), target));
    }
    if wanted("4e") {
        let line = Line::alone("4e", "of 1,000,000 agents' check-ins", "%", &Ok(rate / MILLION * 100.0), Target::None);
        tell(line);
    }
}

fn bare(run: &Run) -> Worker {
    Worker::start("bare", &[&STANDARD.encode(run.admin.ca().certificate())])
}

async fn readings(run: &Run, sqlite: &mut Worker, wanted: &dyn Fn(&str) -> bool, tell: Tell<'_>) {
    /// Reports of each agent for a second of a turn; more than can be taken.
    const A_SECOND: usize = 10;
    const PEER: &str = "row per value";
    let url = server::lasting_database();
    let mut postgres = None;
    let mut rows = None;
    if let Some(url) = &url {
        run.admin.store().copy_to(url).await.unwrap();
        postgres = Some(run.portal(url));
        let other = server::lasting_database().unwrap();
        rows = Some((reports::Rows::open(&other).await, other));
    }
    // Agents and their enrolment are there already.
    let sqlite_before = copied(run, "before.db").await;
    let before = match &url {
        Some(url) => reports::size(url).await,
        None => 0.0,
    };
    let mut client = run.worker("calls");
    let each = 1 + run.runs * usize::try_from(run.seconds).unwrap() * A_SECOND;
    client.ask(&format!("prepare {REPORTING} {each} sqlite postgres"));
    // Once each, so that devices are known.
    client.ask(&format!("report sqlite {} 0", address(sqlite)));
    if let Some(postgres) = &postgres {
        client.ask(&format!("report postgres {} 0", address(postgres)));
    }
    let (mut on_sqlite, mut on_postgres, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let mut shares = Vec::new();
    for _ in 0..run.runs {
        on_sqlite.push(client.ask(&format!("report sqlite {} {}", address(sqlite), run.seconds))[0]);
        sqlite.ask("compact");
        if let (Some(postgres), Some((rows, _)), Some(url)) = (&mut postgres, &mut rows, &url) {
            let since = (postgres.process.ticks(), client.process.ticks());
            on_postgres.push(client.ask(&format!("report postgres {} {}", address(postgres), run.seconds))[0]);
            shares.push(share(&postgres.process, &client.process, since));
            postgres.ask("compact");
            reports::vacuum(url).await;
            theirs.push(rows.write(run.seconds).await);
        }
    }
    let missing = || Err("PostgreSQL is not installed".to_owned());
    let of = |results: &[f64]| if results.is_empty() { missing() } else { Ok(median(results.to_vec())) };
    if wanted("4b") {
        let peer = of(&theirs);
        let line =
            |what, ours: &[f64]| Line::beside("4b", what, "/s", &of(ours), (PEER, &peer), Target::TimesAtLeast(30.0));
        let first = line("readings of 60 values, end to end, on PostgreSQL", &on_postgres);
        tell(if shares.is_empty() {
            first
        } else {
            first.note(format!("portal {:.0} %, agents the rest, without PostgreSQL's own", median(shares)))
        });
        tell(line("the same on SQLite", &on_sqlite));
    }
    if wanted("4c") {
        let peer = match &rows {
            Some((rows, url)) => Ok(reports::size(url).await / rows.readings as f64),
            None => missing(),
        };
        let ours = match (&mut postgres, &url) {
            (Some(postgres), Some(url)) => {
                client.ask(&format!("rest postgres {}", address(postgres)));
                postgres.ask("compact");
                let portal = Portal::open(serve::config(run.folder.path(), url), Clock::system()).await.unwrap();
                Ok((reports::size(url).await - before) / stored(&portal).await)
            }
            _ => missing(),
        };
        let target = Target::TimesAtMost(1.0 / 60.0);
        tell(Line::beside("4c", "octets per reading, on PostgreSQL", "", &ours, (PEER, &peer), target));
        client.ask(&format!("rest sqlite {}", address(sqlite)));
        sqlite.ask("compact");
        let grown = copied(run, "after.db").await - sqlite_before;
        let ours = Ok(grown / stored(&run.admin).await);
        tell(Line::beside("4c", "the same on SQLite", "", &ours, (PEER, &peer), target));
    }
}

/// Octets of a copy of the database, without the pages that stand free in it.
async fn copied(run: &Run, name: &str) -> f64 {
    let copy = run.folder.path().join(name);
    run.admin.store().copy_to(&format!("sqlite:{}", copy.display())).await.unwrap();
    // The last of it is written when the connection ends, which takes a moment.
    let log = run.folder.path().join(format!("{name}-wal"));
    for _ in 0..100 {
        if !log.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::fs::metadata(&copy).unwrap().len() as f64
}

/// How many readings there are.
async fn stored(portal: &Portal) -> f64 {
    let days = "SELECT CAST(COALESCE(SUM(readings), 0) AS BIGINT) FROM reading_day";
    let rows = "SELECT COUNT(*) FROM reading_hot";
    let mut all = 0;
    for question in [days, rows] {
        all += portal.store().row(question, &[]).await.unwrap().unwrap().int(0).unwrap();
    }
    all as f64
}

fn idle(run: &Run, portal: &Worker, empty: f64, tell: Tell<'_>) {
    let bare = bare(run);
    let mut client = run.worker("calls");
    client.ask(&format!("idle {} 1", address(&bare)));
    let bare_empty = bare.process.resident_kib();
    client.ask("forget");
    let mut measure = |worker: &Worker, empty: f64| {
        client.ask(&format!("idle {} {AGENTS}", address(worker)));
        std::thread::sleep(Duration::from_secs(2));
        let full = worker.process.resident_kib();
        client.ask("forget");
        (full - empty) / AGENTS as f64
    };
    let ours = Ok(measure(portal, empty));
    let theirs = Ok(measure(&bare, bare_empty));
    let what = "memory per idle agent, of 2,000";
    tell(Line::beside("4d", what, "KiB", &ours, ("bare tonic", &theirs), Target::TimesAtMost(1.5)));
}

fn embedded(run: &Run, portal: &mut Worker, tell: Tell<'_>) {
    let Some(broker) = Mosquitto::start(run.admin.ca().certificate()) else {
        tell(Line::alone("5a", "MQTT", "", &Err("mosquitto is not installed".to_owned()), Target::None));
        return;
    };
    let theirs = format!("{} {}", broker.way.address, STANDARD.encode(&broker.way.root));
    let ours = address(portal);
    let (mut publishes, mut connects) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let (mut hints, mut shares) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new(), Vec::new(), Vec::new()]);
    let mut client = run.worker("mqtt");
    for _ in 0..run.runs {
        for (which, address) in [&ours, &theirs].into_iter().enumerate() {
            let server = if which == 0 { &portal.process } else { &broker.process };
            let since = (client.process.ticks(), server.ticks());
            publishes[which].push(client.ask(&format!("publish {address} {BUSY} {}", run.seconds))[0]);
            shares[which].push(share(&client.process, server, since));
            let since = (client.process.ticks(), server.ticks());
            connects[which].push(client.ask(&format!("connects {address} 32 {}", run.seconds))[0]);
            shares[2 + which].push(share(&client.process, server, since));
        }
    }
    drop(client);

    // Idle first, then spoken to.
    let mut memory = Vec::new();
    let mut clients = Vec::new();
    for (which, address) in [&ours, &theirs].into_iter().enumerate() {
        let server = if which == 0 { &portal.process } else { &broker.process };
        let mut client = run.worker("mqtt");
        client.ask(&format!("idle {address} 1"));
        let before = server.resident_kib();
        client.ask(&format!("idle {address} {AGENTS}"));
        std::thread::sleep(Duration::from_secs(1));
        memory.push((server.resident_kib() - before) / AGENTS as f64);
        drop(client);
        let mut client = run.worker("mqtt");
        client.ask(&format!("idle {address} {BUSY}"));
        client.ask("listen");
        clients.push(client);
    }
    let mut publisher = Worker::start("publisher", &[&broker.plain, run.agents().to_str().unwrap()]);
    for _ in 0..run.runs {
        for (which, client) in clients.iter_mut().enumerate() {
            client.ask(&format!("arrive {}", BUSY * HINTS));
            let worker = if which == 0 { &mut *portal } else { &mut publisher };
            worker.tell(&format!("push {BUSY} {HINTS}"));
            let arrived = client.heard();
            worker.heard();
            let [seconds, missing] = [arrived[0], arrived[1]];
            hints[which].push(((BUSY * HINTS) as f64 - missing) / seconds);
        }
    }
    let of = |results: &[Vec<f64>; 2], which: usize| -> Measured { Ok(median(results[which].clone())) };
    let line = |what, unit, results: &[Vec<f64>; 2], target| {
        Line::beside("5a", what, unit, &of(results, 0), ("mosquitto", &of(results, 1)), target)
    };
    let least = Target::TimesAtLeast(1.0);
    let load = |first: usize| {
        let share = |which: usize| median(shares[which].clone());
        format!("the agents' share of the processors {:.0} %, with the peer {:.0} %", share(first), share(first + 1))
    };
    tell(line("QoS 1 from agents, wss, 512 octets", "/s", &publishes, least).note(load(0)));
    tell(line("QoS 1 to agents, wss, hints", "/s", &hints, least));
    tell(line("connects, wss, full handshake", "/s", &connects, least).note(load(2)));
    let (ours, theirs) = (Ok(memory[0]), Ok(memory[1]));
    let what = "memory per idle client, wss, of 2,000";
    tell(Line::beside("5a", what, "KiB", &ours, ("mosquitto", &theirs), Target::TimesAtMost(1.0)));
}

/// An order as `explorer admin command` gives it, in a process beside the portal that serves.
async fn orders(run: &Run, portal: &Worker, tell: Tell<'_>) {
    let way = way(portal);
    let agents = fleet::load(&run.agents());
    let listening = &agents[0];
    let mut hints = mqtt::hints(&way, listening).await;
    let mut client = AgentClient::with_origin(listening.channel(&way), origin(&way));
    let mut taken = Vec::new();
    for _ in 0..ORDERS {
        let begun = Instant::now();
        let id = give(run, listening).await;
        while hints.recv().await.is_some() {
            if has(&mut client, listening, &id).await {
                break;
            }
        }
        taken.push(begun.elapsed().as_secs_f64());
    }
    let longest = taken.iter().copied().fold(0.0, f64::max);
    let what = "order given to order in the agent's hands, MQTT";
    tell(Line::alone("5b", &format!("{what}, longest of {ORDERS}"), "s", &Ok(longest), Target::AtMost(1.0)));
    tell(Line::alone("5b", &format!("{what}, median"), "s", &Ok(median(taken)), Target::AtMost(1.0)));

    let deaf = &agents[1];
    let mut client = AgentClient::with_origin(deaf.channel(&way), origin(&way));
    let mut arrived = 0.0;
    for _ in 0..ORDERS {
        let id = give(run, deaf).await;
        // A check-in is due every five minutes; this one comes as soon as it can be expected to know.
        tokio::time::sleep(Duration::from_millis(500)).await;
        arrived += f64::from(u8::from(has(&mut client, deaf, &id).await));
    }
    let what = "orders in the next check-in, without MQTT";
    tell(Line::alone("5b", what, "", &Ok(arrived), Target::Exactly(ORDERS as f64)));
}

async fn give(run: &Run, agent: &Agent) -> [u8; 16] {
    let id = AgentId::parse(&agent.id).unwrap();
    run.admin.order(&id, What::Scan(Scan {}), 60_000, "bench").await.unwrap()
}

async fn has(client: &mut AgentClient<crate::agent::Channel>, agent: &Agent, id: &[u8; 16]) -> bool {
    use dca_wire::v1::{OrderResult, order_result::Outcome};
    use prost::Message;
    let request = CheckInRequest { caller: agent.caller(), ..CheckInRequest::default() };
    let answer = client.check_in(request.clone()).await.unwrap().into_inner();
    let orders = answer.orders.iter().filter_map(|order| dca_wire::v1::Order::decode(order.order.as_slice()).ok());
    let found = orders.into_iter().any(|order| order.id == id);
    if found {
        let result = OrderResult { order_id: id.to_vec(), outcome: Outcome::Done.into(), ..OrderResult::default() };
        client.check_in(CheckInRequest { results: vec![result], ..request }).await.unwrap();
    }
    found
}
