//! Agents over gRPC: check-ins on kept connections, idle connections, reports.

use crate::agent::{Agent, Way, origin};
use crate::fleet;
use crate::process::{Questions, say};
use crate::reports;
use dca_wire::grpc::agent_client::AgentClient;
use dca_wire::grpc::ingest_client::IngestClient;
use dca_wire::v1::{CheckInRequest, ReportRequest};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// For what is left of the reports after the turns, so that days are full ones.
const REST: Duration = Duration::from_mins(10);
type Client = AgentClient<crate::agent::Channel>;
type Loads = Vec<(Arc<Agent>, Arc<Mutex<VecDeque<ReportRequest>>>)>;

/// Plays agents until nobody asks any more.
pub(crate) async fn run(agents: &Path) {
    let agents = fleet::load(agents);
    let mut kept: Vec<Client> = Vec::new();
    let mut loads: Vec<(String, Loads)> = Vec::new();
    say("ready");
    let mut questions = Questions::open();
    loop {
        let words = questions.next().await;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["forget"] => {
                kept.clear();
                say("0");
            }
            ["idle", address, root, count] => {
                connect(&agents, &fleet::way(address, root), count.parse().unwrap(), &mut kept).await;
                say(&kept.len().to_string());
            }
            ["check-in", address, root, count, seconds] => {
                let way = fleet::way(address, root);
                let (rate, p99) = check_ins(&agents, &way, count.parse().unwrap(), seconds.parse().unwrap()).await;
                say(&format!("{rate} {p99}"));
            }
            // The same reports for each database.
            ["prepare", count, each, names @ ..] => {
                let prepared = reports::prepare(&agents[..count.parse().unwrap()], each.parse().unwrap());
                for name in names {
                    let copy = prepared.iter().map(|(agent, reports)| {
                        (agent.clone(), Arc::new(Mutex::new(reports.iter().cloned().collect())))
                    });
                    loads.push(((*name).to_owned(), copy.collect()));
                }
                say("0");
            }
            ["report", name, address, root, seconds] => {
                let (_, loads) = loads.iter().find(|(known, _)| known == name).unwrap();
                let way = fleet::way(address, root);
                let rate = report(loads, &way, Duration::from_secs(seconds.parse().unwrap())).await;
                assert!(
                    loads.iter().all(|(_, reports)| !reports.lock().unwrap().is_empty()),
                    "too few reports were prepared: the turn ended early"
                );
                say(&rate.to_string());
            }
            ["rest", name, address, root] => {
                let (_, loads) = loads.iter().find(|(known, _)| known == name).unwrap();
                say(&report(loads, &fleet::way(address, root), REST).await.to_string());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn request(agent: &Agent) -> CheckInRequest {
    CheckInRequest { caller: agent.caller(), agent_version: "4.0.0".to_owned(), ..CheckInRequest::default() }
}

/// A connection to each of the first agents, on which it has checked in once.
async fn connect(agents: &[Arc<Agent>], way: &Way, count: usize, kept: &mut Vec<Client>) {
    const AT_ONCE: usize = 32;
    for group in agents[kept.len()..count].chunks(AT_ONCE) {
        let mut tasks = Vec::new();
        for agent in group {
            let mut client = AgentClient::with_origin(agent.channel(way), origin(way));
            let request = request(agent);
            tasks.push(tokio::spawn(async move {
                client.check_in(request).await.unwrap();
                client
            }));
        }
        for task in tasks {
            kept.push(task.await.unwrap());
        }
    }
}

/// One call at a time on each of `count` connections. Calls a second, and the 99th percentile in microseconds.
async fn check_ins(agents: &[Arc<Agent>], way: &Way, count: usize, seconds: u64) -> (f64, f64) {
    let mut clients = Vec::new();
    connect(agents, way, count, &mut clients).await;
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let tasks: Vec<_> = clients
        .into_iter()
        .zip(agents)
        .map(|(mut client, agent)| {
            let request = request(agent);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while Instant::now() < end {
                    let begun = Instant::now();
                    client.check_in(request.clone()).await.unwrap();
                    taken.push(begun.elapsed());
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    let elapsed = begun.elapsed().as_secs_f64();
    taken.sort();
    (taken.len() as f64 / elapsed, taken[taken.len() * 99 / 100].as_micros() as f64)
}

/// Each agent reports what was prepared for it, one call at a time, for so long, and once at least. Readings a second, from the
/// calls to the answers.
async fn report(loads: &Loads, way: &Way, time: Duration) -> f64 {
    let begun = Instant::now();
    let end = begun + time;
    let tasks: Vec<_> = loads
        .iter()
        .map(|(agent, reports)| {
            let mut client = IngestClient::with_origin(agent.channel(way), origin(way));
            let reports = reports.clone();
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    let Some(report) = reports.lock().unwrap().pop_front() else { break };
                    let answer = client.report(report).await.unwrap().into_inner();
                    assert!(answer.refused.is_empty());
                    done += reports::BATCH;
                    if Instant::now() >= end {
                        break;
                    }
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    done as f64 / begun.elapsed().as_secs_f64()
}
