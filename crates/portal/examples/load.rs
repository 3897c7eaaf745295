//! What the portal carries on this machine, beside named peers in the same run: `cargo xtask bench portal`.
//!
//! Load and server share the cores, here and for the peers.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../tests/portal/agent.rs"]
mod agent;
#[path = "../tests/portal/place.rs"]
mod place;
#[path = "../tests/portal/server.rs"]
mod server;

use agent::{Agent, origin, reading};
use dca_wire::grpc::agent_client::AgentClient;
use dca_wire::grpc::agent_server::{self, AgentServer};
use dca_wire::grpc::ingest_client::IngestClient;
use dca_wire::v1::*;
use place::Place;
use prost::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status, Streaming};

const SECONDS: u64 = 5;
const AGENTS: usize = 48;
const DEVICES: usize = 20;
/// Figures in a reading, as in the reference's measurement.
const VALUES: u64 = 60;
/// Readings in a report.
const BATCH: usize = 100;

/// Answers a check-in and does nothing else.
#[derive(Clone)]
struct Bare;

#[tonic::async_trait]
impl agent_server::Agent for Bare {
    async fn check_in(&self, _: Request<CheckInRequest>) -> Result<Response<CheckInAnswer>, Status> {
        let courtesy = Some(Courtesy { server_time_ms: 1, retry_after_s: 0 });
        Ok(Response::new(CheckInAnswer { courtesy, ..CheckInAnswer::default() }))
    }

    async fn put_diagnostics(
        &self,
        _: Request<Streaming<DiagnosticsChunk>>,
    ) -> Result<Response<DiagnosticsAnswer>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let place = Place::open().await.unwrap();
    let mut agents = Vec::new();
    for _ in 0..AGENTS {
        agents.push(Agent::enrolled(&place).await);
    }
    let agents: Vec<Arc<Agent>> = agents.into_iter().map(Arc::new).collect();

    let (ours, ours_p99) = check_ins(&place, &agents).await;
    let bare = bare_place(&place).await;
    let (peer, peer_p99) = check_ins(&bare, &agents).await;
    line("check-ins/s", ours, "bare tonic", peer, 0.5, true);
    line("check-in p99, us", ours_p99, "bare tonic", peer_p99, 2.0, false);
    println!("check-ins/s of 1,000,000 agents: {:.0} % of 3,334", ours / 3_334.0 * 100.0);

    let stored = readings(&place, &agents).await;
    let octets = octets_per_reading(&place).await;
    match row_per_value().await {
        Some((rate, size)) => {
            line("readings/s, end to end", stored, "row per value, PostgreSQL COPY", rate, 30.0, true);
            line("octets per reading, as chunks", octets, "row per value, PostgreSQL", size, 1.0 / 60.0, false);
        }
        None => println!("readings/s {stored:.0}, octets per reading {octets:.1}; PostgreSQL is not installed"),
    }
}

/// One figure: ours, the peer's, the ratio, the target.
fn line(what: &str, ours: f64, peer: &str, theirs: f64, target: f64, at_least: bool) {
    let ratio = ours / theirs;
    let met = if at_least { ratio >= target } else { ratio <= target };
    let word = if at_least { "at least" } else { "at most" };
    let met = if met { "met" } else { "SHORT" };
    println!("{what}: {ours:.1}, {peer} {theirs:.1}, ratio {ratio:.4}, {word} {target:.4}: {met}");
}

/// Kept-alive connections, one call at a time on each. Calls a second, and the 99th percentile in microseconds.
async fn check_ins(place: &Place, agents: &[Arc<Agent>]) -> (f64, f64) {
    let mut tasks = Vec::new();
    let end = Instant::now() + Duration::from_secs(SECONDS);
    for agent in agents {
        let request =
            CheckInRequest { caller: agent.caller(), agent_version: "4.0.0".to_owned(), ..Default::default() };
        let mut client = AgentClient::with_origin(agent.channel(place), origin(place));
        client.check_in(request.clone()).await.unwrap();
        tasks.push(tokio::spawn(async move {
            let mut taken = Vec::new();
            while Instant::now() < end {
                let begun = Instant::now();
                client.check_in(request.clone()).await.unwrap();
                taken.push(begun.elapsed());
            }
            taken
        }));
    }
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    taken.sort();
    let p99 = taken[taken.len() * 99 / 100].as_micros() as f64;
    (taken.len() as f64 / SECONDS as f64, p99)
}

/// tonic alone behind the same TLS, at an address of its own.
async fn bare_place(place: &Place) -> Place {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialized_der().to_vec()).into(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let router = tonic::service::Routes::new(AgentServer::new(Bare)).into_axum_router();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = stream.set_nodelay(true);
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let service = hyper::service::service_fn(move |request| {
                    tonic::codegen::Service::call(&mut router.clone(), request)
                });
                let builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                let _ = builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
    place.elsewhere(address, certificate.der().clone())
}

/// A reading of `VALUES` figures with their sources, of which few change from one to the next.
fn large(place: &Place, device: usize, at: i64, hour: u64) -> Record {
    let mut record = reading(place, &format!("d{device}"), Some(&format!("SER{device:06}")), 1_000 + hour * 3);
    record.at_ms = at;
    let Some(record::What::Reading(reading)) = &mut record.what else { unreachable!() };
    reading.meters = (0..VALUES)
        .map(|number| Meter {
            service: "print".to_owned(),
            color: format!("kind {number}"),
            unit: "impressions".to_owned(),
            value: 50_000 + number * 977 + if number < 3 { hour } else { 0 },
            source: Some(Source {
                oid: Some(format!("1.3.6.1.4.1.18334.1.1.1.5.7.2.2.1.5.{number}.1")),
                ..Source::default()
            }),
            confidence: Confidence::A.into(),
            ..Meter::default()
        })
        .collect();
    record
}

/// Readings a second, from the agents' calls to the commit.
async fn readings(place: &Place, agents: &[Arc<Agent>]) -> f64 {
    let begin = place.clock.now_ms() - 40 * 86_400_000;
    // What agents have to do is done before the clock runs.
    let mut loads = Vec::new();
    for (number, agent) in agents.iter().enumerate() {
        let mut reports = Vec::new();
        for report in 0..60_u64 {
            let records: Vec<(u64, Vec<u8>)> = (0..BATCH)
                .map(|place_| {
                    let seq = report * BATCH as u64 + place_ as u64;
                    let (device, hour) = (number * DEVICES + place_ % DEVICES, seq / DEVICES as u64);
                    let at = begin + i64::try_from(hour).unwrap() * 3_600_000;
                    (seq + 1, large(place, device, at, hour).encode_to_vec())
                })
                .collect();
            let (plain, crc, _) =
                dca_wire::pack(records.iter().map(|(seq, octets)| (*seq, octets.as_slice()))).unwrap();
            reports.push(ReportRequest {
                caller: agent.caller(),
                stream: "readings".to_owned(),
                epoch: 1,
                first_seq: records[0].0,
                compression: report_request::Compression::Zstd.into(),
                body: zstd::bulk::compress(&plain, 3).unwrap(),
                plain_length: plain.len() as u32,
                crc,
            });
        }
        loads.push((agent.clone(), reports));
    }
    let mut tasks = Vec::new();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(3 * SECONDS);
    for (agent, reports) in loads {
        let mut client = IngestClient::with_origin(agent.channel(place), origin(place));
        tasks.push(tokio::spawn(async move {
            let mut done = 0;
            for report in reports {
                if Instant::now() > end {
                    break;
                }
                let answer = client.report(report).await.unwrap().into_inner();
                assert!(answer.refused.is_empty());
                done += BATCH;
            }
            done
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

/// Of everything that is stored, once days are chunks.
async fn octets_per_reading(place: &Place) -> f64 {
    place.portal.compact().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.db");
    place.portal.store().copy_to(&format!("sqlite:{}", file.display())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut readings = 0;
    let mut last = 0;
    loop {
        let rows =
            place.portal.store().rows(dca_portal::store::sql::DEVICES, &[last.into(), 1_000.into()]).await.unwrap();
        let Some(row) = rows.last() else { break };
        last = row.int(0).unwrap();
        for row in &rows {
            let from = place.clock.now_ms() - 41 * 86_400_000;
            let (records, unreadable) =
                place.portal.records(row.int(0).unwrap(), from, place.clock.now_ms()).await.unwrap();
            assert_eq!(unreadable, 0);
            readings += records.len();
        }
    }
    let size: u64 = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().metadata().unwrap().len()).sum();
    size as f64 / readings as f64
}

/// The peer: a row per value in PostgreSQL, by COPY, with the usual key. Readings a second, octets per reading.
async fn row_per_value() -> Option<(f64, f64)> {
    use sqlx::{Connection, Executor, Row};
    let url = server::database()?;
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let table =
        "CREATE TABLE value (device BIGINT, metric BIGINT, at BIGINT, value BIGINT, PRIMARY KEY (device, metric, at))";
    connection.execute(table).await.unwrap();
    let begun = Instant::now();
    let mut readings = 0_u64;
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let mut text = String::new();
        for reading in readings..readings + BATCH as u64 {
            for metric in 0..VALUES {
                text.push_str(&format!(
                    "{}\t{metric}\t{}\t{}\n",
                    reading % 960,
                    reading / 960,
                    50_000 + reading + metric * 977
                ));
            }
        }
        let mut copy = connection.copy_in_raw("COPY value FROM STDIN").await.unwrap();
        copy.send(text.as_bytes()).await.unwrap();
        copy.finish().await.unwrap();
        readings += BATCH as u64;
    }
    let rate = readings as f64 / begun.elapsed().as_secs_f64();
    let size: i64 = connection.fetch_one("SELECT pg_total_relation_size('value')").await.unwrap().get(0);
    Some((rate, size as f64 / readings as f64))
}
