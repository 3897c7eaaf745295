//! The calls over real TLS and HTTP/2, against a portal of its own CA on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod support;

use dca_cloud::{Authority, Clock, CloudError, Identity, Link, Place, Proxy, Settings, Trust, machine_ms};
use dca_wire::v1::{CheckInAnswer, CheckInRequest, Courtesy};
use std::sync::Arc;
use support::{Answer, Ca, Portal};
use tonic::Status;

fn good() -> Answer {
    Box::new(|_| Ok(answer(machine_ms())))
}

fn answer(server_time_ms: i64) -> CheckInAnswer {
    let courtesy = Courtesy { server_time_ms, retry_after_s: 0 };
    CheckInAnswer { courtesy: Some(courtesy), ..CheckInAnswer::default() }
}

fn link(port: u16, trust: Trust, identity: Identity) -> Link {
    link_off(port, trust, identity, 0)
}

/// A link of an agent whose clock is `off_ms` ahead of the portal's.
fn link_off(port: u16, trust: Trust, identity: Identity, off_ms: i64) -> Link {
    let portal = Place::portal(&format!("localhost:{port}")).unwrap();
    let (proxy, clock) = (Proxy::none(), Arc::new(Clock::with_skew(off_ms)));
    Link::new(Settings { portal, trust, proxy, identity: Some(identity), clock }).unwrap()
}

async fn check_in(link: &Link) -> Result<CheckInAnswer, CloudError> {
    let caller = Some(link.caller([7; 16]));
    link.check_in(CheckInRequest { caller, ..CheckInRequest::default() }).await
}

#[tokio::test]
async fn a_check_in_shows_certificate_and_signature_and_corrects_the_clock() {
    let ca = Ca::new("Portal CA");
    let portal = Portal::start(&ca, 9, Box::new(|_| Ok(answer(machine_ms() + 3_600_000)))).await;
    let link = link(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"));
    check_in(&link).await.unwrap();
    check_in(&link).await.unwrap();
    let skew = link.clock().skew_ms();
    assert!((3_590_000..3_610_000).contains(&skew), "{skew}");
    let seen = portal.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].connection, 0, "one connection is kept");
    assert!(seen[0].certificate);
    assert_eq!((seen[0].caller.agent_id.as_str(), &seen[0].caller.boot_id[..]), ("agent-1", &[7; 16][..]));
    let sent_at = |number: usize| -> i64 {
        let signature = seen[number].signature.clone().unwrap();
        signature.split('.').nth(3).unwrap().parse().unwrap()
    };
    assert!(sent_at(1) - sent_at(0) > 3_000_000, "the second is signed by the portal's clock");
}

#[tokio::test]
async fn who_is_trusted() {
    let (ca, other) = (Ca::new("Portal CA"), Ca::new("Somebody"));
    let portal = Portal::start(&ca, 99, good()).await;
    let named = Authority::of(&ca.certificate).unwrap();
    let pin: [u8; 32] = [1; 32];
    let cases = [
        (Trust::only(vec![ca.certificate.clone()]), None),
        (Trust::authority(named), None),
        (Trust::platform().with_extra([ca.certificate.clone()]), None),
        (Trust::authority(Authority::of(&other.certificate).unwrap()), Some("not trusted")),
        (Trust::only(vec![other.certificate.clone()]), Some("issued by CN=Portal CA")),
        (Trust::only(Vec::new()), Some("not trusted")),
        (Trust::platform().with_extra([other.certificate.clone()]), Some("--ca FILE")),
        (Trust::only(vec![ca.certificate.clone()]).with_pins([pin]), Some("not one of the portal's keys")),
        (Trust::authority(named).with_pins([pin]).with_extra([ca.certificate.clone()]), None),
    ];
    for (number, (trust, expected)) in cases.into_iter().enumerate() {
        let found = check_in(&link(portal.port, trust, ca.identity("agent-1"))).await;
        match (expected, found) {
            (None, found) => assert!(found.is_ok(), "case {number}: {found:?}"),
            (Some(words), Err(error @ CloudError::Unreachable { .. })) => {
                assert!(error.to_string().contains(words), "case {number}: {error}");
            }
            (_, found) => panic!("case {number}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_portal_says_becomes_what_to_do() {
    let ca = Ca::new("Portal CA");
    let refuse = |status: fn() -> Status| -> Answer { Box::new(move |_| Err(status())) };
    let later = || {
        let mut status = Status::resource_exhausted("busy");
        status.metadata_mut().insert("retry-after", "77".parse().unwrap());
        status
    };
    for (answer, expected) in [
        (refuse(|| Status::permission_denied("deactivated")), "the portal refuses: deactivated"),
        (refuse(later), "the portal asks to come back in 77 s"),
        (refuse(|| Status::unimplemented("what?")), "do not understand each other"),
        (Box::new(|_: &_| Ok(CheckInAnswer::default())) as Answer, "do not understand each other"),
    ] {
        let portal = Portal::start(&ca, 9, answer).await;
        let link = link(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"));
        let error = check_in(&link).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_put_right_by_the_refusal() {
    let ca = Ca::new("Portal CA");
    let portal = Portal::start(
        &ca,
        9,
        Box::new(|metadata| {
            let signature = metadata.get("dca-signature").unwrap().to_str().unwrap();
            let sent_at: i64 = signature.split('.').nth(3).unwrap().parse().unwrap();
            let time = machine_ms() + 86_400_000;
            if (time - sent_at).abs() < 300_000 {
                return Ok(answer(time));
            }
            let mut status = Status::unauthenticated("your clock is wrong");
            status.metadata_mut().insert("dca-time", time.into());
            Err(status)
        }),
    )
    .await;
    let link = link(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"));
    // The agent's certificate is valid for longer than the clock is wrong.
    check_in(&link).await.unwrap();
    assert_eq!(portal.seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_certificate_that_ran_out_is_left_out_and_the_signature_proves() {
    let ca = Ca::new("Portal CA");
    // TLS 1.3 refuses a client's certificate once the connection stands, 1.2 while it is made.
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let portal = Portal::start_with(ca.tls_of(&[version], &[b"h2"]), 99, good()).await;
        left_out_once_it_ran_out(&ca, &portal).await;
    }
}

async fn left_out_once_it_ran_out(ca: &Ca, portal: &Portal) {
    let (trust, hour) = (Trust::only(vec![ca.certificate.clone()]), 3_600_000);
    // How long ago the certificate ran out, and how far the agent's clock is ahead.
    for (number, (ago, off)) in [(-hour, 0), (hour, 0), (hour, -3 * hour), (-hour, 3 * hour)].into_iter().enumerate() {
        let identity = ca.identity_until("agent-1", machine_ms() - ago);
        let link = link_off(portal.port, trust.clone(), identity, off);
        check_in(&link).await.unwrap_or_else(|error| panic!("case {number}: {error}"));
        let seen = portal.seen.lock().unwrap().last().cloned().unwrap();
        assert!(seen.signature.is_some() && seen.certificate == (ago < 0 && off == 0), "case {number}");
        // The portal's time is known by then. Which certificate a connection had, one that resumes it has as well.
        link.drain();
        check_in(&link).await.unwrap();
        let seen = portal.seen.lock().unwrap().last().cloned().unwrap();
        assert_eq!(seen.certificate, ago < 0 && off == 0, "case {number}");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_year_off_is_named() {
    let ca = Ca::new("Portal CA");
    let portal = Portal::start(&ca, 99, good()).await;
    let year = 366 * 86_400_000;
    for off in [-55 * year, 3_000 * year] {
        let link = link_off(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"), off);
        let error = check_in(&link).await.unwrap_err().to_string();
        let says = "which is what this machine's clock says: set it right (timedatectl";
        assert!(error.contains("not valid at ") && error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_broke_is_opened_again() {
    let ca = Ca::new("Portal CA");
    let portal = Portal::start(&ca, 1, good()).await;
    let link = link(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"));
    check_in(&link).await.unwrap();
    check_in(&link).await.unwrap();
    link.drain();
    check_in(&link).await.unwrap();
    let connections: Vec<usize> = portal.seen.lock().unwrap().iter().map(|seen| seen.connection).collect();
    assert!(connections.ends_with(&[1, 2]) || connections.ends_with(&[1, 1, 2]), "{connections:?}");
}

#[tokio::test]
async fn a_bundle_is_sent_in_chunks() {
    let ca = Ca::new("Portal CA");
    let portal = Portal::start(&ca, 9, good()).await;
    let link = link(portal.port, Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1"));
    for octets in [0, 1, 1_000_000] {
        let answer = link.put_diagnostics(link.caller([7; 16]), vec![1; 16], vec![0x55; octets]).await.unwrap();
        assert_eq!(answer.octets, octets as u64);
    }
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let ca = Ca::new("Portal CA");
    let found =
        check_in(&link(dca_loopback::free_port(), Trust::only(vec![ca.certificate.clone()]), ca.identity("agent-1")))
            .await;
    let error = found.unwrap_err().to_string();
    assert!(error.contains("does not take a connection"), "{error}");
}
