//! A printer asked by SNMP, by its pages and by IPP: one reading.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use dca_agent::{Also, Asking, Keyring, Network, Profiles, Progress, Read, Run, Scope, Targets, Versions};
use dca_sim::{Device, Fleet, Pages, Site};
use std::net::SocketAddr;
use std::time::Duration;

struct Quiet;

impl Progress for Quiet {
    fn begin(&mut self, _: u64) {}
    fn done(&mut self, _: SocketAddr, _: bool) {}
}

fn device(kind: &str) -> Device {
    Device::builtin(kind).unwrap()
}

fn at(place: &str) -> SocketAddr {
    format!("{place}:0").parse().unwrap()
}

async fn open(target: &[&str], also: &[String]) -> (Network, Scope) {
    let mut scope = Targets::parse(target.iter().copied()).unwrap().resolve().await.unwrap();
    scope.also(&also.iter().map(|also| also.parse().unwrap()).collect::<Vec<Also>>());
    let keyring = Keyring::typed([], None, Versions::Any).unwrap();
    let asking = Asking { timeout: Duration::from_millis(800), retries: 0, ..Asking::default() };
    (Network::open(asking, keyring, Profiles::builtin(), &scope).unwrap(), scope)
}

async fn read(targets: &[&str], also: &[String]) -> Run<Read> {
    let (network, scope) = open(targets, also).await;
    network.read(&scope, false, &mut Quiet, std::future::pending()).await
}

#[tokio::test]
async fn three_sources_make_one_reading() {
    let fleet = Fleet::on_loopback([(at("127.83.0.1"), device("hp-color"))]).await.unwrap();
    let pages = Pages::default().ledm(&device("hp-color"), Duration::ZERO).ipp(&device("hp-color"), Duration::ZERO);
    let site = Site::open(at("127.83.0.1"), true, pages).await.unwrap();
    let port = site.address().port();
    let target = fleet.addresses()[0].to_string();
    let alone = read(&[&target], &[]).await;
    assert!(site.heard().is_empty(), "no way is on unless it is named");
    let run = read(&[&target], &[format!("ledm:{port}"), format!("ipp:{port}")]).await;
    let (alone, fused) = (&alone.answered[0].reading, &run.answered[0].reading);
    assert_eq!(fused.profile, format!("{}+ledm+ipp", alone.profile));
    assert_eq!(fused.total.as_ref().map(|total| total.value), alone.total.as_ref().map(|total| total.value));
    assert_eq!(fused.supplies.len(), alone.supplies.len(), "the same supplies by each source");
    assert_eq!(fused.doubts, alone.doubts, "the sources agree");
    let heard = site.heard();
    let pages = heard.iter().filter(|request| request.starts_with("GET")).count();
    assert_eq!((pages, heard.len()), (5, 6), "one sweep of pages: {heard:?}");
}

#[tokio::test]
async fn a_source_that_disagrees_is_named() {
    let fleet = Fleet::on_loopback([(at("127.83.0.2"), device("hp-color"))]).await.unwrap();
    let usage = "<U:ProductUsageDyn xmlns:U='urn:u'><PrinterSubunit><TotalImpressions>99999999</TotalImpressions>\
                 </PrinterSubunit></U:ProductUsageDyn>";
    let pages = Pages::default().ledm(&device("hp-color"), Duration::ZERO).with("/DevMgmt/ProductUsageDyn.xml", usage);
    let site = Site::open(at("127.83.0.2"), false, pages).await.unwrap();
    let target = fleet.addresses()[0].to_string();
    let run = read(&[&target], &[format!("ledm:{}", site.address().port())]).await;
    let reading = &run.answered[0].reading;
    let total = reading.total.as_ref().unwrap();
    assert!(total.value < 99_999_999, "the first source is believed");
    let doubt = reading.doubts.iter().find(|doubt| doubt.starts_with("total:")).unwrap();
    assert!(doubt.contains("1.3.6.1") && doubt.contains("/DevMgmt/ProductUsageDyn.xml"), "{doubt}");
}

#[tokio::test]
async fn other_brands_are_not_asked_for_pages() {
    let fleet = Fleet::on_loopback([(at("127.83.0.3"), device("mono-laser"))]).await.unwrap();
    let site = Site::open(at("127.83.0.3"), false, Pages::default()).await.unwrap();
    let target = fleet.addresses()[0].to_string();
    let run = read(&[&target], &[format!("ledm:{}", site.address().port())]).await;
    assert_eq!(run.answered.len(), 1);
    assert!(site.heard().is_empty());
}

#[tokio::test]
async fn ipp_introduces_who_does_not_answer_snmp() {
    let pages = Pages::default().ipp(&device("hp-color"), Duration::ZERO);
    let site = Site::open(at("127.83.0.4"), false, pages).await.unwrap();
    let ipp = format!("ipp:{}", site.address().port());
    let run = read(&["127.83.0.4:9", "127.83.0.5:9"], &[ipp]).await;
    assert_eq!((run.answered.len(), run.failed.len()), (1, 1));
    let one = &run.answered[0];
    assert!(one.reading.is_printer && one.reading.profile == "ipp" && one.reading.total.is_none());
    assert!(one.reading.doubts.iter().any(|doubt| doubt.starts_with("SNMP: ")), "{:?}", one.reading.doubts);
    assert_eq!(one.reading.identity.serial.as_ref().unwrap().value, device("hp-color").serial());
    let run = read(&["127.83.0.4:9"], &[]).await;
    assert!(run.answered.is_empty() && site.heard().len() == 1, "not unless it is named");
}

#[tokio::test]
async fn a_remembered_certificate_is_expected_on_another_day() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pins");
    let fleet = Fleet::on_loopback([(at("127.83.0.6"), device("hp-color"))]).await.unwrap();
    let target = fleet.addresses()[0].to_string();
    let pages = || Pages::default().ledm(&device("hp-color"), Duration::ZERO);
    let first = Site::open(at("127.83.0.6"), true, pages()).await.unwrap();
    let place = first.address();
    let ways = [format!("ledm:{}", place.port())];
    let visit = async || {
        let (network, scope) = open(&[&target], &ways).await;
        network.pins().load(&file).unwrap();
        let run = network.read(&scope, false, &mut Quiet, std::future::pending()).await;
        network.pins().save(&file).unwrap();
        run.answered[0].reading.clone()
    };
    assert!(visit().await.profile.ends_with("+ledm"));
    let remembered = std::fs::read_to_string(&file).unwrap();
    assert!(visit().await.profile.ends_with("+ledm"));
    drop(first);
    // The same place, another certificate.
    let other = loop {
        match Site::open(place, true, pages()).await {
            Ok(site) => break site,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let reading = visit().await;
    assert!(!reading.profile.contains("ledm"), "{}", reading.profile);
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("certificate is another one")), "{:?}", reading.doubts);
    assert!(other.heard().is_empty());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), remembered, "nothing is taken silently");
}
