//! From an activation code to a certificate, its renewal, and the end of an agent.
//!
//! A code is 80 bits in Crockford's base 32, `XXXX-XXXX-XXXX-XXXX`. The first half finds it, so that a wrong attempt counts
//! against the code that was meant; of the whole only a keyed digest is kept. After five wrong attempts it is void. Every
//! refusal reads the same, whatever was wrong.

use crate::Portal;
use crate::agents::{Agent, Status};
use crate::audit::Entry;
use crate::authenticate::{Peer, unavailable};
use crate::ca::Issued;
use crate::keys::{KeyError, random};
use crate::mqtt;
use crate::store::{Batch, Store, StoreError, sql};
use crate::tenancy::Node;
use dca_wire::AgentId;
use dca_wire::v1::{
    ActivateAnswer, ActivateRequest, Endpoints, RenewAnswer, RenewRequest, RetireAnswer, RetireRequest,
};
use std::sync::Arc;
use tonic::Status as Refusal;

/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Wrong attempts after which a code is void.
const MOST_WRONG: i64 = 5;
/// How long after a code was made the agent that used it may ask again: its answer may have been lost.
const AGAIN_MS: i64 = 24 * 3_600_000;

/// An activation code. Whoever has it can enrol an agent: it is not printed but by [`Code::secret`].
pub struct Code(String);

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// If the machine gives no randomness.
    pub fn draw() -> Result<Self, KeyError> {
        let digits = random::<16>()?.map(|octet| DIGITS.get(usize::from(octet % 32)).map_or('0', |it| char::from(*it)));
        Ok(Self(digits.iter().collect()))
    }

    /// As a person typed it: any case, with or without dashes; O is 0, I and L are 1. What follows a dot is the fingerprint of
    /// the portal's CA, and the agent's concern.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().split('.').next()?;
        let mut code = String::with_capacity(16);
        for digit in text.chars().filter(|digit| *digit != '-') {
            let digit = match digit.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                digit => digit,
            };
            if !digit.is_ascii() || !DIGITS.contains(&(digit as u8)) || code.len() == 16 {
                return None;
            }
            code.push(digit);
        }
        (code.len() == 16).then_some(Self(code))
    }

    /// For the person who enrols.
    pub fn secret(&self) -> String {
        let groups: Vec<String> =
            self.0.as_bytes().chunks(4).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
        groups.join("-")
    }

    fn selector(&self) -> &str {
        self.0.split_at_checked(8).map_or("", |(selector, _)| selector)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(...)")
    }
}

/// Makes a code for one agent at a site, good for `life_ms`.
///
/// # Errors
/// If the database or the keys folder fails.
pub(crate) async fn make_code(
    store: &Store,
    keys: &crate::keys::Keys,
    site: &Node,
    life_ms: i64,
    actor: &str,
) -> Result<Code, crate::tenancy::PlaceError> {
    let (code, now) = (Code::draw()?, store.now_ms());
    let mut batch = Batch::new();
    batch.run(
        sql::CODE_ADD,
        [
            code.selector().into(),
            keys.digest(&code.0).into(),
            site.dealer.into(),
            site.id.into(),
            now.into(),
            now.saturating_add(life_ms).into(),
        ],
    );
    batch.audit(Entry {
        dealer: site.dealer,
        actor: actor.to_owned(),
        action: "agent.code",
        object: site.path.clone(),
        detail: format!("a code for {}", site.name),
    });
    store.commit(batch).await?;
    Ok(code)
}

impl Portal {
    /// `Enrollment.Activate`.
    pub(crate) async fn activate(&self, peer: &Peer, request: ActivateRequest) -> Result<ActivateAnswer, Refusal> {
        let refused = || -> Refusal {
            match self.gate.failed(peer.address) {
                Ok(()) => Refusal::permission_denied(
                    "This activation code is not good: mistyped, used, expired, or void after five wrong attempts. Ask for \
                     a new one.",
                ),
                Err(too_many) => too_many,
            }
        };
        let code = Code::parse(&request.activation_code).ok_or_else(refused)?;
        // The attempt is counted before it is judged: fifty at once are five.
        let mut attempt = Batch::new();
        attempt.must(sql::CODE_TRY, [code.selector().into(), MOST_WRONG.into()]);
        match self.store.commit(attempt).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Err(refused()),
            Err(error) => return Err(unavailable(&error)),
        }
        let row = self.store.row(sql::CODE, &[code.selector().into()]).await.map_err(|error| unavailable(&error))?;
        let offer = row.as_ref().map(Offer::read).transpose().map_err(|error| unavailable(&error))?;
        let offer = offer.ok_or_else(refused)?;
        if !self.keys.digest_matches(&code.0, &offer.digest) {
            if offer.wrong >= MOST_WRONG {
                self.audit(offer.dealer, "portal", "agent.code_void", code.selector(), "five wrong attempts").await;
            }
            return Err(refused());
        }
        let now = self.clock.now_ms();
        if offer.expires < now {
            return Err(refused());
        }
        match &offer.used_by {
            Some(agent) => self.activate_again(agent, &code, &offer, &request, now).await?.ok_or_else(refused),
            None => self.activate_first(&code, &offer, &request, now).await,
        }
    }

    async fn activate_first(
        &self,
        code: &Code,
        offer: &Offer,
        request: &ActivateRequest,
        now: i64,
    ) -> Result<ActivateAnswer, Refusal> {
        let agent = uuid::Uuid::now_v7().to_string();
        let issued = self.certify(&request.csr, &agent, now)?;
        let host = request.host.clone().unwrap_or_default();
        let short = |text: &str| text.chars().filter(|it| !it.is_control()).take(100).collect::<String>();
        let system = format!("{} {} {}", short(&host.os), short(&host.os_version), short(&host.architecture));
        let mut batch = Batch::new();
        batch.must(sql::CODE_USE, [code.selector().into(), agent.as_str().into()]);
        batch.run(
            sql::AGENT_ADD,
            [
                agent.as_str().into(),
                offer.dealer.into(),
                offer.site.into(),
                issued.key.clone().into(),
                short(&host.host_name).into(),
                system.into(),
                short(&host.agent_version).into(),
                now.into(),
                issued.ends_ms.into(),
            ],
        );
        batch.audit(Entry {
            dealer: offer.dealer,
            actor: format!("code {}", code.selector()),
            action: "agent.enrol",
            object: agent.clone(),
            detail: short(&host.host_name),
        });
        self.write(batch).await?;
        self.agents.reload(&self.store, &agent).await.map_err(|error| unavailable(&error))?;
        tracing::info!(agent, "agent enrolled");
        self.activated(agent, offer.dealer, issued).await
    }

    /// The agent that used the code asks again with the same key: its answer was lost.
    async fn activate_again(
        &self,
        agent: &str,
        code: &Code,
        offer: &Offer,
        request: &ActivateRequest,
        now: i64,
    ) -> Result<Option<ActivateAnswer>, Refusal> {
        let issued = self.certify(&request.csr, agent, now)?;
        let same = self.agents.find(agent).is_some_and(|agent| {
            let known = agent.known();
            known.key == issued.key && known.status == Status::Active
        });
        if !same || now.saturating_sub(offer.created) > AGAIN_MS {
            return Ok(None);
        }
        let mut batch = Batch::new();
        batch.run(sql::CODE_RIGHT, [code.selector().into()]);
        self.write(batch).await?;
        self.activated(agent.to_owned(), offer.dealer, issued).await.map(Some)
    }

    async fn activated(&self, agent_id: String, dealer: i64, issued: Issued) -> Result<ActivateAnswer, Refusal> {
        let ca = self.ca.certificate().to_vec();
        if let (Some(carrier), Ok(agent)) = (&self.carrier, AgentId::parse(&agent_id)) {
            carrier.admit(agent, self.clock.now_ms());
        }
        Ok(ActivateAnswer {
            courtesy: self.courtesy(),
            agent_id,
            certificate_chain: vec![issued.certificate, ca.clone()],
            ca_bundle: vec![ca],
            pins: Vec::new(),
            command_key: self.command_public_key(dealer).await?,
            update_root: Vec::new(),
            endpoints: Some(Endpoints {
                grpc: self.public().to_owned(),
                mqtt: self.mqtt_places(),
                mqtt_dialect: self.carrier.as_ref().map_or("generic", mqtt::Carrier::dialect).to_owned(),
                updates: String::new(),
            }),
        })
    }

    /// Where MQTT is spoken: on the one port, and on the port of its own if there is one.
    fn mqtt_places(&self) -> Vec<String> {
        if let Some(carrier) = &self.carrier {
            return carrier.agents().to_vec();
        }
        let public = self.public();
        let authority = public.strip_prefix("https://").unwrap_or(public);
        let mut places = vec![format!("wss://{authority}/mqtt")];
        if let (Some(address), Some(host)) = (self.config.mqtt, crate::config::host_of(public)) {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            places.push(format!("mqtts://{host}:{}", address.port()));
        }
        places
    }

    fn certify(&self, csr: &[u8], agent: &str, now: i64) -> Result<Issued, Refusal> {
        let wanted = "A certificate request for a P-256 key, signed by it, is wanted.";
        self.ca.issue(csr, agent, now).map_err(|_| Refusal::invalid_argument(wanted))
    }

    /// `Enrollment.Renew`.
    pub(crate) async fn renew(&self, agent: &Arc<Agent>, request: &RenewRequest) -> Result<RenewAnswer, Refusal> {
        let issued = self.certify(&request.csr, &agent.id, self.clock.now_ms())?;
        let previous = {
            let known = agent.known();
            // The key that asks, which the agent still has if it never gets this answer, as it may not have got the one before.
            let asks = known.previous_key.as_ref().unwrap_or(&known.key);
            Some(asks.clone()).filter(|key| *key != issued.key)
        };
        let mut batch = Batch::new();
        batch.run(
            sql::AGENT_RENEW,
            [agent.id.as_str().into(), issued.key.clone().into(), previous.clone().into(), issued.ends_ms.into()],
        );
        self.write(batch).await?;
        {
            let mut known = agent.known();
            known.key = issued.key;
            known.previous_key = previous;
        }
        let ca = self.ca.certificate().to_vec();
        Ok(RenewAnswer {
            courtesy: self.courtesy(),
            certificate_chain: vec![issued.certificate, ca.clone()],
            ca_bundle: vec![ca],
            pins: Vec::new(),
        })
    }

    /// `Enrollment.Retire`.
    pub(crate) async fn retire(&self, agent: &Arc<Agent>, request: &RetireRequest) -> Result<RetireAnswer, Refusal> {
        let mut batch = Batch::new();
        batch.run(sql::AGENT_STATUS, [agent.id.as_str().into(), Status::Retired.word().into()]);
        batch.audit(Entry {
            dealer: agent.dealer,
            actor: agent.id.clone(),
            action: "agent.retire",
            object: agent.id.clone(),
            detail: request.reason.clone(),
        });
        self.write(batch).await?;
        agent.known().status = Status::Retired;
        Ok(RetireAnswer { courtesy: self.courtesy() })
    }
}

/// A code as it is kept.
struct Offer {
    digest: Vec<u8>,
    dealer: i64,
    site: i64,
    created: i64,
    expires: i64,
    wrong: i64,
    used_by: Option<String>,
}

impl Offer {
    fn read(row: &crate::store::Row) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.blob(0)?,
            dealer: row.int(1)?,
            site: row.int(2)?,
            created: row.int(3)?,
            expires: row.int(4)?,
            wrong: row.int(5)?,
            used_by: row.maybe_text(6)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = Code::draw().unwrap();
        let shown = code.secret();
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {shown}.00ff ")] {
            assert_eq!(Code::parse(&typed).unwrap().0, code.0);
        }
        assert_eq!(Code::parse("oooo-iiii-llll-0000").unwrap().0, "0000111111110000");
        for wrong in ["", "AAAA", "UUUU-UUUU-UUUU-UUUU", "AAAA-AAAA-AAAA-AAAA-A", "ÄAAA-AAAA-AAAA-AAAA"] {
            assert!(Code::parse(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{code:?}").contains(&code.0));
    }
}
