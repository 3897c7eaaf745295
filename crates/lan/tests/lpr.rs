//! The print queue: a simulated one, and repliers that do everything wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use dca_fence::{Allowed, Fence};
use dca_lan::lpr::{self, Detail, Job, JobError, Queue};
use dca_lan::{Ended, Patience};
use dca_sim::{Device, Fleet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

fn allowed(at: SocketAddr) -> Allowed {
    Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap()
}

fn queue() -> Queue {
    Queue::named("lp").unwrap()
}

#[tokio::test]
async fn a_simulated_queue_tells_its_state_and_takes_a_job() {
    let device = ("127.9.7.3:0".parse().unwrap(), Device::builtin("label").unwrap());
    let mut fleet = Fleet::on_loopback([device]).await.unwrap();
    let at = allowed(SocketAddr::new(fleet.addresses()[0].ip(), fleet.open_queues(0).unwrap()));
    for (detail, told) in [(Detail::Short, "ZT411"), (Detail::Long, "Serial 99J")] {
        let heard = lpr::state(at, &queue(), detail, Patience::default()).await.unwrap();
        assert_eq!(heard.ended, Ended::Closed);
        assert!(String::from_utf8_lossy(&heard.octets).contains(told), "{heard:?}");
    }
    assert_eq!(fleet.printed(), [], "a question was printed");
    let octets: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    lpr::send(at, &queue(), &Job { name: "test".into(), octets: octets.clone() }).await.unwrap();
    let printed = fleet.printed();
    assert_eq!((printed.len(), printed[0].queue.as_str()), (1, "lp"));
    assert_eq!(printed[0].octets, octets);
}

async fn replier(reply: &'static [u8], endless: bool) -> Allowed {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = allowed(listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        while stream.write_all(reply).await.is_ok() && endless {}
        std::future::pending::<()>().await;
    });
    at
}

#[tokio::test]
async fn a_state_has_bounds() {
    let patience = Patience { answer: Duration::from_millis(500), octets: 4096, ..Patience::default() };
    let endless = lpr::state(replier(b"no entries\n", true).await, &queue(), Detail::Long, patience).await.unwrap();
    assert_eq!((endless.octets.len(), endless.ended), (4096, Ended::TooLong));
    let mute = lpr::state(replier(b"", false).await, &queue(), Detail::Short, patience).await.unwrap();
    assert_eq!((mute.octets.len(), mute.ended), (0, Ended::Late));
}

#[tokio::test]
async fn a_refused_job_is_an_error() {
    let job = Job { name: "test".into(), octets: b"x".to_vec() };
    let error = lpr::send(replier(b"\x01", false).await, &queue(), &job).await.unwrap_err();
    assert!(matches!(error, JobError::Refused { code: 1, .. }), "{error}");
}
