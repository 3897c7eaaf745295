//! The agents of a run: enrolled once over gRPC, kept in a file for the processes that play them.

use crate::agent::{Agent, Way};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dca_portal::Portal;
use std::path::Path;
use std::sync::Arc;

/// For codes.
const HOUR_MS: i64 = 3_600_000;
/// Enrolments at once.
const AT_ONCE: usize = 32;

/// Enrols `count` agents and adds them to the file.
pub(crate) async fn enrol(portal: &Arc<Portal>, way: &Way, count: usize, file: &Path) {
    let site = portal.site("Dealer", "Customer", "Site", "bench").await.unwrap();
    let mut lines = std::fs::read_to_string(file).unwrap_or_default();
    for begin in (0..count).step_by(AT_ONCE) {
        let mut tasks = Vec::new();
        for _ in begin..count.min(begin + AT_ONCE) {
            let (portal, way, site) = (portal.clone(), way.clone(), site.clone());
            tasks.push(tokio::spawn(async move {
                let code = portal.code(&site, HOUR_MS, "bench").await.unwrap();
                let mut agent = Agent::new();
                agent.enrol(&way, &code).await.unwrap();
                agent
            }));
        }
        for task in tasks {
            let agent = task.await.unwrap();
            let (key, chain) = (agent.key.serialized_der(), &agent.chain[0]);
            lines.push_str(&format!("{} {} {}\n", agent.id, STANDARD.encode(key), STANDARD.encode(chain)));
        }
    }
    std::fs::write(file, lines).unwrap();
}

/// The agents in a file.
pub(crate) fn load(file: &Path) -> Vec<Arc<Agent>> {
    let octets = |word: Option<&str>| STANDARD.decode(word.unwrap()).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut agents: Vec<_> = text
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let id = words.next().unwrap().to_owned();
            let key = rustls::pki_types::PrivatePkcs8KeyDer::from(octets(words.next()));
            let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key, &rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
            Arc::new(Agent { key, id, chain: vec![octets(words.next())], ..Agent::new() })
        })
        .collect();
    // As the portal counts them: who is first here is first there.
    agents.sort_by(|a: &Arc<Agent>, b| a.id.cmp(&b.id));
    agents
}

/// As a worker is told of it.
pub(crate) fn way(address: &str, root: &str) -> Way {
    Way { address: address.parse().unwrap(), root: STANDARD.decode(root).unwrap().into() }
}
