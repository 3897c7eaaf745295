//! Who is calling: by the client certificate of the connection, or by a signature in the call for networks where a proxy
//! breaks TLS open.
//!
//! The signature is `1.{agent}.{key id}.{sent at}.{nonce}.{signature}` in the metadata `dca-signature`, made with the
//! certificate's key over `dca1\n{agent}\n{key id}\n{sent at}\n{nonce}\n{path}`. Five bad ones in a row for an agent and key
//! that belong together deactivate the agent. A stranger who knows only the agent's name cannot do that: without the key's
//! name he meets the limit of his address.

use crate::Portal;
use crate::agents::{Agent, Status, key_id};
use crate::audit::Entry;
use crate::store::{Batch, sql};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dca_wire::v1::Caller;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status as Refusal};

/// Bad signatures in a row that deactivate.
const MOST_FAILURES: i64 = 5;
/// How far the clocks may be apart.
const CLOCK_MS: i64 = 5 * 60_000;
/// Nonces that are remembered at once.
const NONCES: usize = 200_000;
/// Failed attempts of one address: a burst, and one more every 30 seconds.
const BURST: NonZeroU32 = NonZeroU32::new(20).unwrap();
const EVERY: std::time::Duration = std::time::Duration::from_secs(30);

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Agent and key of the client certificate, which the handshake has verified against our own CA.
    pub(crate) certified: Option<Arc<Certified>>,
}

/// What a client certificate says.
#[derive(Debug)]
pub(crate) struct Certified {
    pub(crate) agent: String,
    pub(crate) key: Vec<u8>,
    pub(crate) ends_ms: i64,
}

impl Certified {
    /// From a certificate in DER.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let agent = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
        let ends_ms = certificate.validity().not_after.timestamp().saturating_mul(1_000);
        Some(Self { agent, key: certificate.public_key().raw.to_vec(), ends_ms })
    }
}

/// Who knocks too often, and what was said already.
pub(crate) struct Gate {
    limits: DefaultKeyedRateLimiter<IpAddr>,
    nonces: Mutex<HashMap<(String, String), i64>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Default for Gate {
    fn default() -> Self {
        let quota =
            Quota::with_period(EVERY).map_or_else(|| Quota::per_minute(BURST), |quota| quota.allow_burst(BURST));
        Self { limits: RateLimiter::keyed(quota), nonces: Mutex::default() }
    }
}

impl Gate {
    /// Counts a failure of an address.
    ///
    /// # Errors
    /// If it has had too many.
    pub(crate) fn failed(&self, address: IpAddr) -> Result<(), Refusal> {
        // IPv6: a customer has a whole /64.
        let key = match address {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            address => address,
        };
        self.limits.check_key(&key).map_err(|_| {
            later(
                Code::ResourceExhausted,
                "Too many failed attempts from this address: try again in a few minutes.",
                300,
            )
        })
    }

    /// Forgets what is over.
    pub(crate) fn tidy(&self, now_ms: i64) {
        self.limits.retain_recent();
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.retain(|_, until| *until > now_ms);
    }

    fn first_time(&self, agent: &str, nonce: &str, now_ms: i64) -> bool {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= NONCES {
            nonces.retain(|_, until| *until > now_ms);
        }
        let until = now_ms.saturating_add(2 * CLOCK_MS);
        nonces.len() < NONCES && nonces.insert((agent.to_owned(), nonce.to_owned()), until).is_none()
    }
}

/// A refusal that says when to come back.
pub(crate) fn later(code: Code, text: &str, seconds: u32) -> Refusal {
    let mut metadata = MetadataMap::new();
    metadata.insert("retry-after", seconds.into());
    Refusal::with_metadata(code, text, metadata)
}

/// What a signature says about itself.
struct Claim<'a> {
    agent: &'a str,
    key_id: &'a str,
    sent_at: &'a str,
    nonce: &'a str,
    signature: Vec<u8>,
}

impl<'a> Claim<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut part = |most: usize| parts.next().filter(|part| (1..=most).contains(&part.len()));
        let (version, agent, key_id, sent_at, nonce, signature) =
            (part(1)?, part(64)?, part(16)?, part(16)?, part(64)?, part(128)?);
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        (version == "1" && parts.next().is_none()).then_some(Self { agent, key_id, sent_at, nonce, signature })
    }

    /// By a key, whose SubjectPublicKeyInfo is given. Either form of a signature, of which only one has 64 octets.
    fn is_by(&self, key: &[u8], path: &str) -> bool {
        let Self { agent, key_id, sent_at, nonce, signature } = self;
        let Ok((_, info)) =
            <x509_parser::x509::SubjectPublicKeyInfo<'_> as x509_parser::prelude::FromDer<_>>::from_der(key)
        else {
            return false;
        };
        let point = info.subject_public_key.data.as_ref();
        let message = format!("dca1\n{agent}\n{key_id}\n{sent_at}\n{nonce}\n{path}");
        let fixed = signature.len() == 64
            && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), signature).is_ok();
        fixed || UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message.as_bytes(), signature).is_ok()
    }
}

impl Portal {
    /// The agent that calls `path`, if it is proven and may.
    pub(crate) async fn authenticate(
        &self,
        peer: &Peer,
        metadata: &MetadataMap,
        caller: Option<&Caller>,
        path: &str,
    ) -> Result<Arc<Agent>, Refusal> {
        let claim = metadata.get("dca-signature").map(|claim| claim.to_str().map_err(|_| unproven())).transpose()?;
        let named = caller.map(|caller| caller.agent_id.as_str()).unwrap_or_default();
        self.prove(peer, claim, named, path).await
    }

    /// The agent `named`, if certificate or signature prove it and it may speak.
    pub(crate) async fn prove(
        &self,
        peer: &Peer,
        claim: Option<&str>,
        named: &str,
        path: &str,
    ) -> Result<Arc<Agent>, Refusal> {
        // Either proves it. An agent sends both, because it cannot know whether the certificate arrives.
        let certified = peer.certified.as_ref().and_then(|certified| self.by_certificate(certified));
        let (agent, key) = match (certified, claim) {
            (Some(proven), _) => proven,
            (None, Some(claim)) => self.by_signature(peer, &Claim::parse(claim).ok_or_else(unproven)?, path).await?,
            (None, None) => {
                self.gate.failed(peer.address)?;
                return Err(unproven());
            }
        };
        if agent.id != named {
            return Err(Refusal::permission_denied("The caller names another agent than its certificate."));
        }
        match agent.known().status {
            Status::Active => {}
            Status::Deactivated => {
                return Err(Refusal::permission_denied(
                    "This agent is deactivated. Somebody with the right to has to re-activate it in the portal.",
                ));
            }
            Status::Retired => return Err(Refusal::permission_denied("This agent was retired. Enrol it anew.")),
        }
        self.settle(&agent, &key).await;
        Ok(agent)
    }

    fn by_certificate(&self, certified: &Certified) -> Option<(Arc<Agent>, Vec<u8>)> {
        // A connection may outlive the certificate it was made with.
        if certified.ends_ms < self.clock.now_ms() {
            return None;
        }
        let agent = self.agents.find(&certified.agent)?;
        let ours = {
            let known = agent.known();
            known.key == certified.key || known.previous_key.as_ref() == Some(&certified.key)
        };
        ours.then(|| (agent, certified.key.clone()))
    }

    async fn by_signature(&self, peer: &Peer, claim: &Claim<'_>, path: &str) -> Result<(Arc<Agent>, Vec<u8>), Refusal> {
        let found = self.agents.find(claim.agent).and_then(|agent| {
            let known = agent.known();
            let keys = [Some(&known.key), known.previous_key.as_ref()];
            let key = keys.into_iter().flatten().find(|key| key_id(key) == claim.key_id)?.clone();
            drop(known);
            Some((agent, key))
        });
        let Some((agent, key)) = found else {
            self.gate.failed(peer.address)?;
            return Err(unproven());
        };
        if !claim.is_by(&key, path) {
            self.bad_signature(peer, &agent).await?;
            return Err(unproven());
        }
        let now = self.clock.now_ms();
        let in_time =
            claim.sent_at.parse::<i64>().is_ok_and(|sent_at| now.saturating_sub(sent_at).saturating_abs() <= CLOCK_MS);
        if !in_time {
            let mut refusal = Refusal::unauthenticated(
                "The agent's clock is more than five minutes apart from the portal's. Set the clock.",
            );
            if let Ok(time) = now.to_string().parse() {
                refusal.metadata_mut().insert("dca-time", time);
            }
            return Err(refusal);
        }
        if !self.gate.first_time(claim.agent, claim.nonce, now) {
            return Err(Refusal::unauthenticated("This signature was used before."));
        }
        let failures = std::mem::take(&mut agent.known().failures);
        if failures > 0 {
            let mut batch = Batch::new();
            batch.run(sql::AGENT_FAILURES, [agent.id.as_str().into(), 0.into()]);
            self.write(batch).await?;
        }
        Ok((agent, key))
    }

    async fn bad_signature(&self, peer: &Peer, agent: &Agent) -> Result<(), Refusal> {
        let (failures, deactivates) = {
            let mut known = agent.known();
            known.failures = known.failures.saturating_add(1);
            let deactivates = known.failures >= MOST_FAILURES && known.status == Status::Active;
            if deactivates {
                known.status = Status::Deactivated;
            }
            (known.failures, deactivates)
        };
        let mut batch = Batch::new();
        if deactivates {
            self.sessions.end(&agent.id);
            batch.run(sql::AGENT_STATUS, [agent.id.as_str().into(), Status::Deactivated.word().into()]);
            batch.audit(Entry {
                dealer: agent.dealer,
                actor: "portal".to_owned(),
                action: "agent.deactivate",
                object: agent.id.clone(),
                detail: format!("{failures} bad signatures in a row, the last from {}", peer.address),
            });
        } else {
            batch.run(sql::AGENT_FAILURES, [agent.id.as_str().into(), failures.into()]);
        }
        self.write(batch).await
    }

    /// The first call with a renewed key: the key before is over.
    async fn settle(&self, agent: &Agent, key: &[u8]) {
        let over = {
            let mut known = agent.known();
            known.key == key && known.previous_key.take().is_some()
        };
        if over {
            let mut batch = Batch::new();
            batch.run(sql::AGENT_SETTLE, [agent.id.as_str().into()]);
            // If it is not written, it is settled again after the next start.
            let _ = self.store.commit(batch).await;
        }
    }

    /// Commits, or tells the agent to come back.
    pub(crate) async fn write(&self, batch: Batch) -> Result<(), Refusal> {
        self.store.commit(batch).await.map_err(|error| unavailable(&error))
    }
}

/// The database does not take it.
pub(crate) fn unavailable(error: &crate::store::StoreError) -> Refusal {
    tracing::error!(%error, "the database does not take it");
    later(Code::Unavailable, "The portal cannot store anything at the moment.", 60)
}

fn unproven() -> Refusal {
    Refusal::unauthenticated(
        "Not proven to be an agent of this portal. If it should be one, enrol it anew: dca enroll URL CODE --again.",
    )
}
