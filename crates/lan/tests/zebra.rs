//! The raw port of label printers: a simulated one, and repliers that do everything wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use dca_fence::{Allowed, Fence};
use dca_lan::zebra::{self, Answer, Evidence, Identified, Question};
use dca_lan::{Ended, LanError, Patience};
use dca_sim::{Device, Fleet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn allowed(at: SocketAddr) -> Allowed {
    Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap()
}

fn identified(at: SocketAddr) -> Identified {
    let at = allowed(at);
    Identified::by(Evidence::Text("ZebraNet Wired PS"), at, at).unwrap()
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    answer: Duration::from_millis(400),
    quiet: Duration::from_millis(150),
    whole: Duration::from_secs(3),
    octets: 8 << 10,
};

/// Asks a replier that does with each connection what `serve` does.
async fn ask<F>(questions: &[Question], serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> Vec<Answer>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let replier = tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    let answers = zebra::ask(identified(at), questions, PATIENCE).await.unwrap();
    replier.abort();
    answers
}

#[tokio::test]
async fn a_simulated_label_printer_answers_and_prints_nothing() {
    let devices = [("127.9.7.1:0", "label"), ("127.9.7.2:0", "mono-laser")];
    let devices = devices.map(|(at, kind)| (at.parse().unwrap(), Device::builtin(kind).unwrap()));
    let mut fleet = Fleet::on_loopback(devices).await.unwrap();
    let port = fleet.open_raw_ports(0).unwrap();
    let at = SocketAddr::new(fleet.addresses()[0].ip(), port);
    let answers = zebra::ask(identified(at), &Question::USUAL, Patience::default()).await.unwrap();
    assert_eq!(answers.len(), Question::USUAL.len());
    for answer in &answers {
        assert_eq!(answer.ended, Ended::Whole, "{:?}", answer.question);
    }
    assert_eq!(fleet.printed(), [], "a query was printed");
    // What the raw port of any other printer does with what arrives there.
    let mut stream = TcpStream::connect(("127.9.7.2", port)).await.unwrap();
    stream.write_all(b"~HI\r\n").await.unwrap();
    drop(stream);
    while fleet.printed().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(fleet.printed()[0].octets, b"~HI\r\n");
}

#[tokio::test]
async fn nobody_there_is_an_error_and_a_silent_device_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let error = zebra::ask(identified(at), &Question::USUAL, PATIENCE).await.unwrap_err();
    assert!(matches!(error, LanError::Unreachable(_)), "{error}");
    let answers = ask(&Question::USUAL, async |_stream| std::future::pending().await).await;
    assert_eq!(answers.len(), 2, "a silent device is asked twice and no more");
    assert!(answers.iter().all(|answer| answer.octets.is_empty() && answer.ended == Ended::Late));
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let answers =
        ask(&Question::USUAL, async |mut stream| while stream.write_all(&[b'x'; 1024]).await.is_ok() {}).await;
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].octets.len(), answers[0].ended), (PATIENCE.octets, Ended::TooLong));
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_time_for_an_answer() {
    let answers = ask(&Question::USUAL, async |mut stream| {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.ended == Ended::Late && answer.octets.len() < 64), "{answers:?}");
}

#[tokio::test]
async fn an_answer_without_its_end_is_taken_when_it_falls_quiet() {
    let answers = ask(&[Question::Odometer, Question::SerialNumber], async |mut stream| {
        let mut question = [0; 64];
        while stream.read(&mut question).await.is_ok_and(|got| got > 0) {
            stream.write_all(b"\r\n SERIAL NUMBER\r\n 52J\r\n").await.unwrap();
        }
    })
    .await;
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| answer.ended == Ended::Quiet && answer.octets.ends_with(b"52J\r\n")));
}

#[tokio::test]
async fn binary_and_a_closed_connection_are_told_as_they_are() {
    let answers = ask(&Question::USUAL, async |mut stream| {
        stream.write_all(&[0xff, 0, 0x9b, b'2', b'J']).await.unwrap();
    })
    .await;
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].octets.as_slice(), answers[0].ended), (&[0xff, 0, 0x9b, b'2', b'J'][..], Ended::Closed));
}

/// A setting's answer does not say which setting it is, so nothing is asked after one that is not whole.
#[tokio::test]
async fn settings_end_where_an_answer_is_missing() {
    let settings: Vec<Question> =
        Question::USUAL.into_iter().filter(|one| matches!(one, Question::Setting(_))).collect();
    let answers = ask(&settings, async |mut stream| {
        let mut question = [0; 64];
        let _ = stream.read(&mut question).await;
        stream.write_all(b"\"V1\"\r\n").await.unwrap();
        let _ = stream.read(&mut question).await;
        std::future::pending::<()>().await;
    })
    .await;
    let ended: Vec<Ended> = answers.iter().map(|answer| answer.ended).collect();
    assert_eq!(ended, [Ended::Whole, Ended::Late]);
}
