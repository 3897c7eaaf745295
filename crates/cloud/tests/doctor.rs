//! What the doctor says of networks that are not as they should be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod support;

use dca_cloud::doctor::{Finding, Level, Probe, probe};
use dca_cloud::{Clock, Place, Proxy, Trust, machine_ms};
use dca_wire::v1::{CheckInAnswer, Courtesy};
use std::sync::Arc;
use std::time::Duration;
use support::{Ca, Portal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn place(port: u16) -> Place {
    Place::portal(&format!("localhost:{port}")).unwrap()
}

fn asked(port: u16, trust: Trust, proxy: &str) -> Probe {
    let proxy = || if proxy.is_empty() { Proxy::none() } else { Proxy::at(proxy, "").unwrap() };
    Probe {
        portal: place(port),
        push: vec![format!("mqtts://localhost:{}", port - 1).parse().unwrap()],
        relay: None,
        updates: None,
        strict: trust.clone(),
        trust,
        proxies: [proxy(), proxy()],
        identity: None,
        clock: Arc::<Clock>::default(),
    }
}

async fn portal(ca: &Ca) -> Portal {
    let answer = |_: &_| {
        let courtesy = Courtesy { server_time_ms: machine_ms(), retry_after_s: 0 };
        Ok(CheckInAnswer { courtesy: Some(courtesy), ..CheckInAnswer::default() })
    };
    Portal::start(ca, 99, Box::new(answer)).await
}

/// Each part is so, and says these words; what is not named here is skipped.
fn check(findings: &[Finding], expected: &[(&str, Level, &str)]) {
    for finding in findings {
        let known = expected.iter().find(|(part, ..)| *part == finding.part);
        let (_, level, words) = known.copied().unwrap_or((finding.part, Level::Skipped, ""));
        assert!(finding.level == level && finding.text.contains(words), "{words:?} in {finding:?} of {findings:#?}");
    }
}

/// A proxy that lets a caller through to the port `open`, and answers `else_` otherwise.
async fn proxy(open: u16, else_: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://user:S3cret@localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = vec![0; 2_000];
                let length = caller.read(&mut head).await.unwrap();
                if !String::from_utf8_lossy(&head[..length]).starts_with(&format!("CONNECT localhost:{open} ")) {
                    let answer = format!("HTTP/1.1 {else_}\r\nContent-Length: 0\r\n\r\n");
                    return caller.write_all(answer.as_bytes()).await.unwrap();
                }
                let mut portal = TcpStream::connect(("127.0.0.1", open)).await.unwrap();
                caller.write_all(b"HTTP/1.1 200 Fine\r\n\r\n").await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut caller, &mut portal).await);
            });
        }
    });
    at
}

#[tokio::test]
async fn a_portal_that_can_be_reached() {
    let ca = Ca::new("Portal CA");
    let portal = portal(&ca).await;
    let trust = Trust::only(vec![ca.certificate.clone()]);
    let findings = probe(asked(portal.port, trust.clone(), "")).await.unwrap();
    let well = [
        ("dns", Level::Well, "localhost is "),
        ("proxy", Level::Well, "directly"),
        ("connect", Level::Well, "takes a connection"),
        ("tls", Level::Well, "issued by CN=Portal CA"),
        ("grpc", Level::Well, "the portal answers"),
        ("mqtt-8883", Level::Limited, "does the firewall allow it?; without it, orders wait for the next check-in"),
        ("ssh", Level::Limited, "needed for Device Web Access only"),
        ("clock", Level::Well, "s from the portal's"),
    ];
    // The portal here tells no date.
    check(&findings[..9], &well);
    let through = proxy(portal.port, "403 Forbidden").await;
    let findings = probe(asked(portal.port, trust, &through)).await.unwrap();
    let mut through = well;
    through[0] = ("dns", Level::Skipped, "the proxy resolves");
    through[1] = ("proxy", Level::Well, "through http://localhost:");
    through[5] = ("mqtt-8883", Level::Limited, "(HTTP status 403 Forbidden): ask whoever runs it to allow that");
    through[6] = ("ssh", Level::Limited, "localhost:22 (HTTP status 403 Forbidden)");
    check(&findings[..9], &through);
    assert!(!format!("{findings:?}").contains("S3cret"));
}

#[tokio::test]
async fn who_opens_tls_is_named() {
    let (ca, other) = (Ca::new("Proxy of the town hall"), Ca::new("Portal CA"));
    let portal = portal(&ca).await;
    let strict = Trust::only(vec![other.certificate.clone()]);
    // Nobody here trusts it: what follows from that is not told twice.
    let findings = probe(asked(portal.port, strict.clone(), "")).await.unwrap();
    let stranger = [
        ("dns", Level::Well, ""),
        ("proxy", Level::Well, ""),
        ("connect", Level::Well, ""),
        ("tls", Level::Broken, "issued by CN=Proxy of the town hall); if a proxy of this network opens TLS"),
        ("grpc", Level::Skipped, "needs what tls says above"),
        ("mqtt-8883", Level::Limited, ""),
        ("ssh", Level::Limited, ""),
    ];
    check(&findings, &stranger);
    // The customer has named it.
    let known = Probe { trust: strict.clone().with_extra([ca.certificate.clone()]), ..asked(portal.port, strict, "") };
    let mut named = stranger;
    named[3] = ("tls", Level::Limited, "opened on the way by CN=Proxy of the town hall, which --ca names");
    named[4] = ("grpc", Level::Well, "");
    check(&probe(known).await.unwrap()[..9], &named);
}

#[tokio::test]
async fn a_wrong_password_is_told_once() {
    let through = proxy(0, "407 Who are you").await;
    let findings = probe(asked(4_443, Trust::only(Vec::new()), &through)).await.unwrap();
    let expected = [
        ("proxy", Level::Well, "through"),
        ("connect", Level::Broken, "does not take the one it was given: correct it"),
    ];
    check(&findings, &expected);
    assert!(!format!("{findings:?}").contains("S3cret"));
}

#[tokio::test(start_paused = true)]
async fn nothing_takes_longer_than_eight_seconds() {
    // It takes connections, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hold = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((caller, _)) = listener.accept().await {
            held.push(caller);
        }
    });
    let proxies = ["http", "https", "socks5"].map(|scheme| format!("{scheme}://localhost:{port}"));
    for proxy in [String::new()].iter().chain(&proxies) {
        let asked = Probe {
            push: vec![
                format!("wss://localhost:{port}").parse().unwrap(),
                format!("mqtts://localhost:{port}").parse().unwrap(),
            ],
            relay: Some(format!("ssh://localhost:{port}").parse().unwrap()),
            updates: Some(place(port)),
            ..asked(port, Trust::only(Vec::new()), proxy)
        };
        let begun = tokio::time::Instant::now();
        let findings = probe(asked).await.unwrap();
        // By a clock that stands while anything else happens.
        assert!(begun.elapsed() < Duration::from_secs(9), "{proxy}: {:?}", begun.elapsed());
        let broken = findings.iter().find(|finding| finding.level == Level::Broken).expect("something is broken");
        assert!(broken.text.contains("does not answer in time: a firewall"), "{findings:#?}");
    }
    hold.abort();
}
