//! Enrolment, proof, lock-out.

use crate::agent::{Agent, channel, origin};
use crate::place::Place;
use dca_portal::Status;
use dca_wire::grpc::enrollment_client::EnrollmentClient;
use dca_wire::v1::{CheckInRequest, RenewRequest, RetireRequest};
use tonic::Code;

const CHECK_IN: &str = "/dca.v1.Agent/CheckIn";

#[tokio::test]
async fn a_code_enrols_one_agent() {
    let Some(place) = Place::open().await else { return };
    let code = place.code().await;
    let mut agent = Agent::new();
    let answer = agent.enrol(&place, &code.to_lowercase()).await.unwrap();
    assert_eq!((answer.command_key.len(), answer.ca_bundle.len()), (32, 1));
    assert!(answer.endpoints.unwrap().grpc.ends_with(&place.address.to_string()));
    let idle = agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    assert!(idle.config.is_none() && idle.orders.is_empty());
    assert_eq!(idle.courtesy.unwrap().server_time_ms, place.clock.now_ms());

    // The same key again: the answer was lost. Another key: somebody else has the code.
    let first = agent.id.clone();
    assert_eq!(agent.enrol(&place, &code).await.unwrap().agent_id, first);
    assert_eq!(Agent::new().enrol(&place, &code).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(place.portal.agents().count(), 1);
}

#[tokio::test]
async fn five_wrong_attempts_void_a_code() {
    let Some(place) = Place::open().await else { return };
    let code = place.code().await;
    let wrong = format!("{}-0000-0000", &code[..9]);
    let attempts = (0..9).map(|_| async { Agent::new().enrol(&place, &wrong).await });
    let outcomes = futures_util::future::join_all(attempts).await;
    assert!(outcomes.iter().all(|outcome| outcome.is_err()), "at once");
    let refusal = Agent::new().enrol(&place, &code).await.unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied, "void: {refusal}");
    // Nobody learns from the answer what was wrong.
    let stranger = Agent::new().enrol(&place, "ZZZZ-ZZZZ-ZZZZ-ZZZZ").await.unwrap_err();
    assert_eq!(stranger.message(), refusal.message());
    assert_eq!(place.portal.agents().count(), 0);
}

#[tokio::test]
async fn a_code_that_is_too_old_is_refused() {
    let Some(place) = Place::open().await else { return };
    let code = place.code().await;
    place.clock.advance(3_600_001);
    assert_eq!(Agent::new().enrol(&place, &code).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_signature_proves_as_well() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let now = place.clock.now_ms();
    let good = agent.signature(CHECK_IN, now, "n1");
    agent.check_in_signed(&place, &good).await.unwrap();
    let check = async |signature: String, what: &str| {
        let refusal = agent.check_in_signed(&place, &signature).await.expect_err(what);
        assert_eq!(refusal.code(), Code::Unauthenticated, "{what}: {refusal}");
        refusal
    };
    check(good, "used twice").await;
    check(agent.signature("/dca.v1.Ingest/Report", now, "n2"), "for another call").await;
    let late = check(agent.signature(CHECK_IN, now - 301_000, "n3"), "an old one").await;
    assert_eq!(late.metadata().get("dca-time").unwrap().to_str().unwrap(), now.to_string());
    check("1.a.b".to_owned(), "half of one").await;
    // One bad one among them; the next good one starts the count anew.
    agent.check_in_signed(&place, &agent.signature(CHECK_IN, now, "n4")).await.unwrap();
}

#[tokio::test]
async fn five_bad_signatures_deactivate_and_a_stranger_cannot() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let now = place.clock.now_ms();
    let status = || place.portal.agents().find(&agent.id).unwrap().known().status;

    // Knows the name alone: another key, whose name does not belong to the agent.
    let stranger = Agent { id: agent.id.clone(), ..Agent::new() };
    for nonce in 0..10 {
        let signature = stranger.signature(CHECK_IN, now, &nonce.to_string());
        assert!(stranger.check_in_signed(&place, &signature).await.is_err());
    }
    assert_eq!(status(), Status::Active);

    // Has a signature of the key, but not the key.
    for nonce in 0..5 {
        let seen = agent.signature(CHECK_IN, now, "seen");
        let bad = seen.replacen(".seen.", &format!(".b{nonce}."), 1);
        assert!(agent.check_in_signed(&place, &bad).await.is_err());
    }
    assert_eq!(status(), Status::Deactivated);
    let refusal = agent.check_in(&place, CheckInRequest::default()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied);

    // It stays so after a restart, until somebody re-activates it.
    let place = place.restart().await;
    assert!(agent.check_in(&place, CheckInRequest::default()).await.is_err());
    place.portal.set_status(&agent.id, Status::Active, "test").await.unwrap();
    agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    dca_portal::audit::verify(place.portal.store()).await.unwrap();
}

#[tokio::test]
async fn an_address_that_fails_too_often_is_slowed_down() {
    let Some(place) = Place::open().await else { return };
    let mut last = Code::Ok;
    for _ in 0..30 {
        last = Agent::new().enrol(&place, "ZZZZ-ZZZZ-ZZZZ-ZZZZ").await.unwrap_err().code();
    }
    assert_eq!(last, Code::ResourceExhausted);
    let agent = Agent::enrolled_at_once(&place).await;
    assert_eq!(agent.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_renewed_key_takes_over_with_its_first_call() {
    let Some(place) = Place::open().await else { return };
    let old = Agent::enrolled(&place).await;
    let fresh = Agent::new();
    let mut client = EnrollmentClient::with_origin(old.channel(&place), origin(&place));
    let answer = client.renew(RenewRequest { caller: old.caller(), csr: fresh.csr() }).await.unwrap().into_inner();
    let fresh = Agent { id: old.id.clone(), chain: answer.certificate_chain, ..fresh };
    // The answer may have been lost: both are good until the new one spoke.
    old.check_in(&place, CheckInRequest::default()).await.unwrap();
    fresh.check_in(&place, CheckInRequest::default()).await.unwrap();
    assert_eq!(old.check_in(&place, CheckInRequest::default()).await.unwrap_err().code(), Code::Unauthenticated);
    let place = place.restart().await;
    fresh.check_in(&place, CheckInRequest::default()).await.unwrap();
    assert!(old.check_in(&place, CheckInRequest::default()).await.is_err());
}

#[tokio::test]
async fn renewals_whose_answers_are_lost_lock_nobody_out() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let mut client = EnrollmentClient::with_origin(agent.channel(&place), origin(&place));
    for _ in 0..3 {
        client.renew(RenewRequest { caller: agent.caller(), csr: Agent::new().csr() }).await.unwrap();
    }
    agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    let place = place.restart().await;
    agent.check_in(&place, CheckInRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_retired_agent_is_refused() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let mut client = EnrollmentClient::with_origin(agent.channel(&place), origin(&place));
    client.retire(RetireRequest { caller: agent.caller(), reason: "sold".to_owned() }).await.unwrap();
    let refusal = agent.check_in(&place, CheckInRequest::default()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn nobody_speaks_for_another() {
    let Some(place) = Place::open().await else { return };
    let (one, other) = (Agent::enrolled(&place).await, Agent::enrolled(&place).await);
    let liar = Agent { id: other.id.clone(), ..one };
    let refusal = liar.check_in(&place, CheckInRequest::default()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::PermissionDenied);
    // Without a certificate and without a signature.
    let mut client = EnrollmentClient::with_origin(channel(&place, None), origin(&place));
    let request = RenewRequest { caller: liar.caller(), csr: liar.csr() };
    assert_eq!(client.renew(request).await.unwrap_err().code(), Code::Unauthenticated);
}

impl Agent {
    async fn enrolled_at_once(place: &Place) -> Result<(), tonic::Status> {
        Agent::new().enrol(place, "ZZZZ-ZZZZ-ZZZZ-ZZZZ").await.map(drop)
    }
}
