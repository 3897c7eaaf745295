//! Other ways than SNMP: a printer's pages, which the portal may wish for and only the customer permits.

use super::fake::{Fake, key};
use super::{config, start, state, until};
use dca_sim::{Device, Fleet, Pages, Site};
use dca_wire::v1::{Reading, SignedConfig};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The first full reading that an agent with this configuration reports.
async fn first_reading(folder: &Path, permit: &str, given: &str) -> Reading {
    let portal = Fake::default();
    let signature = key().sign(&[&7_u64.to_be_bytes()[..], given.as_bytes()].concat()).as_ref().to_vec();
    portal.book().config = Some(SignedConfig { revision: 7, blob: given.as_bytes().to_vec(), signature });
    let running = start(config(folder, permit), &portal);
    let full = || portal.readings().into_iter().find(|reading| reading.depth == "full");
    until("a full reading", || full().is_some()).await;
    running.end().await;
    full().unwrap()
}

#[tokio::test]
async fn pages_are_read_where_the_customer_permits_it_and_their_certificates_are_remembered() {
    let device = || Device::builtin("hp-color").unwrap();
    let at: SocketAddr = "127.84.0.6:0".parse().unwrap();
    let fleet = Fleet::on_loopback([(at, device())]).await.unwrap();
    let site = Site::open(at, true, Pages::default().ledm(&device(), Duration::ZERO)).await.unwrap();
    let address = fleet.addresses()[0].to_string();
    let also = format!("also = [\"ledm:{}\"]\n", site.address().port());
    let permit = format!("[permit]\nranges = [\"{address}\"]\n");
    let given = format!("{also}[[range]]\ntargets = [\"{address}\"]\ntry = [{{ community = \"public\" }}]\n");

    let reading = first_reading(state().path(), &permit, &given).await;
    assert!(!reading.profile.contains("ledm"), "{}", reading.profile);
    assert_eq!(site.heard(), Vec::<String>::new(), "not one request that the customer does not permit");

    let (folder, permit) = (state(), format!("{permit}{also}"));
    let reading = first_reading(folder.path(), &permit, &given).await;
    assert!(
        reading.profile.ends_with("+ledm") && reading.doubts.is_empty(),
        "{} {:?}",
        reading.profile,
        reading.doubts
    );
    let asked = site.heard().len();
    assert!(asked > 0);
    let pins = folder.path().join("pins");
    let seen = std::fs::read_to_string(&pins).unwrap();
    let line = seen.lines().last().unwrap();
    assert!(line.starts_with(&site.address().to_string()), "{seen}");

    // Another certificate than the one that was seen first is no answer, and is told.
    drop(folder);
    let folder = state();
    let pins = folder.path().join("pins");
    let other = format!("{} {}\n", site.address(), "00".repeat(32));
    std::fs::write(&pins, &other).unwrap();
    let reading = first_reading(folder.path(), &permit, &given).await;
    let told = |doubt: &String| doubt.contains("the certificate is another one than before");
    assert!(!reading.profile.contains("ledm") && reading.doubts.iter().any(told), "{:?}", reading.doubts);
    assert_eq!(site.heard().len(), asked);
    assert!(std::fs::read_to_string(&pins).unwrap().contains(other.trim()));
}
