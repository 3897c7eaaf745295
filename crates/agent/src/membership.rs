//! Which portal this agent belongs to, and who it is there: what an enrolment brings, kept in the [`Vault`].

use crate::vault::{Vault, VaultError};
use dca_cloud::{Access, PushSettings};
use dca_cloud::{
    AgentId, CertificateDer, Clock, Dialer, Identity, IdentityError, Key, Place, Proxy, Settings, Trust, TrustError,
};
use dca_wire::mqtt::Dialect;
use dca_wire::v1::{ActivateAnswer, Endpoints, RenewAnswer};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// What the vault knows it as.
const NAME: &str = "identity";
/// Over how long agents spread their return to a lost broker.
const SPREAD: Duration = Duration::from_secs(300);

/// The portal and the own identity there. Holds the private key; prints none of it.
#[derive(Clone)]
pub struct Membership {
    portal: Place,
    /// The portal is known by its own CA alone.
    own_ca: bool,
    /// Authorities that the customer named.
    extra: Vec<CertificateDer<'static>>,
    identity: Identity,
    ca_bundle: Vec<CertificateDer<'static>>,
    pins: Vec<[u8; 32]>,
    command_key: Vec<u8>,
    endpoints: Endpoints,
}

/// A membership that cannot be kept or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// The vault says no.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What the portal gave, or what is kept, does not go together.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// The same, for anything else in it.
    #[error("what the portal gave cannot be used: {0}")]
    Portal(&'static str),
    /// What is kept is of another form.
    #[error("the kept identity cannot be read: enrol again")]
    Form,
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    form: u32,
    portal: String,
    own_ca: bool,
    extra: Vec<Vec<u8>>,
    agent: String,
    key: Vec<u8>,
    chain: Vec<Vec<u8>>,
    ca_bundle: Vec<Vec<u8>>,
    pins: Vec<[u8; 32]>,
    command_key: Vec<u8>,
    grpc: String,
    mqtt: Vec<String>,
    mqtt_dialect: String,
    updates: String,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl Membership {
    /// What an enrolment at `portal` brought.
    pub(crate) fn new(
        portal: Place,
        own_ca: bool,
        extra: Vec<CertificateDer<'static>>,
        key: Key,
        answer: ActivateAnswer,
    ) -> Result<Self, MembershipError> {
        let agent = AgentId::parse(&answer.agent_id).map_err(|_| MembershipError::Portal("no agent id"))?;
        let identity = Identity::new(agent, key, certificates(answer.certificate_chain))?;
        let ca_bundle = certificates(answer.ca_bundle);
        if own_ca && ca_bundle.is_empty() {
            return Err(MembershipError::Portal("it is known by its own CA, and does not give it"));
        }
        if answer.command_key.len() != 32 {
            return Err(MembershipError::Portal("no key for its orders"));
        }
        let pins = pins(answer.pins)?;
        let (command_key, endpoints) = (answer.command_key, answer.endpoints.unwrap_or_default());
        Ok(Self { portal, own_ca, extra, identity, ca_bundle, pins, command_key, endpoints })
    }

    /// With the certificate that a renewal brought, for `key`.
    ///
    /// # Errors
    /// If it is for another key or cannot be read.
    pub fn renewed(&self, key: Key, answer: RenewAnswer) -> Result<Self, MembershipError> {
        let agent = self.identity.agent().clone();
        let identity = Identity::new(agent, key, certificates(answer.certificate_chain))?;
        let mut renewed = Self { identity, pins: pins(answer.pins)?, ..self.clone() };
        if !answer.ca_bundle.is_empty() {
            renewed.ca_bundle = certificates(answer.ca_bundle);
        }
        Ok(renewed)
    }

    /// The one that is kept, if there is one.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn load(vault: &Vault) -> Result<Option<Self>, MembershipError> {
        let Some(octets) = vault.find(NAME)? else { return Ok(None) };
        let mut kept: Kept = serde_json::from_slice(&octets).map_err(|_| MembershipError::Form)?;
        if kept.form != 1 {
            return Err(MembershipError::Form);
        }
        let agent = AgentId::parse(&kept.agent).map_err(|_| MembershipError::Form)?;
        let key = Key::from_pkcs8(&kept.key)?;
        let take = |list: &mut Vec<Vec<u8>>| certificates(std::mem::take(list));
        Ok(Some(Self {
            portal: kept.portal.parse().map_err(|_| MembershipError::Form)?,
            own_ca: kept.own_ca,
            extra: take(&mut kept.extra),
            identity: Identity::new(agent, key, take(&mut kept.chain))?,
            ca_bundle: take(&mut kept.ca_bundle),
            pins: std::mem::take(&mut kept.pins),
            command_key: std::mem::take(&mut kept.command_key),
            endpoints: Endpoints {
                grpc: std::mem::take(&mut kept.grpc),
                mqtt: std::mem::take(&mut kept.mqtt),
                mqtt_dialect: std::mem::take(&mut kept.mqtt_dialect),
                updates: std::mem::take(&mut kept.updates),
            },
        }))
    }

    /// Keeps it, sealed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, vault: &Vault) -> Result<(), MembershipError> {
        let list = |certificates: &[CertificateDer<'_>]| certificates.iter().map(|one| one.to_vec()).collect();
        let kept = Kept {
            form: 1,
            portal: self.portal.to_string(),
            own_ca: self.own_ca,
            extra: list(&self.extra),
            agent: self.identity.agent().to_string(),
            key: self.identity.key().pkcs8().to_vec(),
            chain: list(self.identity.chain()),
            ca_bundle: list(&self.ca_bundle),
            pins: self.pins.clone(),
            command_key: self.command_key.clone(),
            grpc: self.endpoints.grpc.clone(),
            mqtt: self.endpoints.mqtt.clone(),
            mqtt_dialect: self.endpoints.mqtt_dialect.clone(),
            updates: self.endpoints.updates.clone(),
        };
        let octets = Zeroizing::new(serde_json::to_vec(&kept).map_err(|_| MembershipError::Form)?);
        Ok(vault.keep(NAME, &octets)?)
    }

    /// Who this agent is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The Ed25519 key that orders and configurations are signed with.
    pub fn command_key(&self) -> &[u8] {
        &self.command_key
    }

    /// The certificates of the portal's own CA.
    pub fn ca_bundle(&self) -> &[CertificateDer<'static>] {
        &self.ca_bundle
    }

    /// Where check-ins and reports go.
    pub fn portal(&self) -> Place {
        self.endpoints.grpc.parse().unwrap_or_else(|_| self.portal.clone())
    }

    /// Where updates are, if the portal said so.
    pub fn updates(&self) -> Option<Place> {
        self.endpoints.updates.parse().ok()
    }

    /// Where push is, in the order to try.
    pub fn push_places(&self) -> Vec<Place> {
        self.endpoints.mqtt.iter().filter_map(|place| place.parse().ok()).collect()
    }

    /// Whom to believe to be the portal.
    pub fn trust(&self) -> Trust {
        self.strict_trust().with_extra(self.extra.iter().cloned())
    }

    /// The same, without the authorities that the customer named.
    pub(crate) fn strict_trust(&self) -> Trust {
        let trust = if self.own_ca { Trust::only(self.ca_bundle.clone()) } else { Trust::platform() };
        trust.with_pins(self.pins.iter().copied())
    }

    /// How to call the portal, through `proxy`.
    pub fn link_settings(&self, proxy: Proxy, clock: Arc<Clock>) -> Settings {
        let (portal, trust, identity) = (self.portal(), self.trust(), Some(self.identity.clone()));
        Settings { portal, trust, proxy, identity, clock }
    }

    /// How to be woken by it. `None` if it offers no push.
    ///
    /// # Errors
    /// If whom to trust cannot be set up.
    pub fn push_settings(
        &self,
        proxy: Proxy,
        clock: &Arc<Clock>,
        boot_id: [u8; 16],
    ) -> Result<Option<PushSettings>, TrustError> {
        let places = self.push_places();
        if places.is_empty() {
            return Ok(None);
        }
        let (dialect, access) = match self.endpoints.mqtt_dialect.as_str() {
            "iothub" => (Dialect::IotHub, Access::Certificate),
            _ => (Dialect::Generic, Access::Signature),
        };
        // A hub is Azure's, whoever the portal's authority is.
        let trust = match dialect {
            Dialect::IotHub => Trust::platform().with_extra(self.extra.iter().cloned()),
            Dialect::Generic => self.trust(),
        };
        let dialer = Dialer::new(proxy, &trust, clock)?;
        let (identity, clock) = (self.identity.clone(), Arc::clone(clock));
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Some(PushSettings {
            places,
            dialect,
            access,
            identity,
            trust,
            dialer,
            clock,
            boot_id,
            version,
            spread: SPREAD,
        }))
    }
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership")
            .field("portal", &self.portal)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

fn certificates(octets: Vec<Vec<u8>>) -> Vec<CertificateDer<'static>> {
    octets.into_iter().map(CertificateDer::from).collect()
}

fn pins(octets: Vec<Vec<u8>>) -> Result<Vec<[u8; 32]>, MembershipError> {
    let pins = octets.into_iter().map(|pin| pin.try_into().map_err(|_| MembershipError::Portal("a pin is 32 octets")));
    pins.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(name: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
    }

    /// Of a portal that is known by its own authority, behind a customer's proxy that opens TLS.
    fn membership(dialect: &str, mqtt: &[&str], own: &[u8], customers: &[u8]) -> Membership {
        let key = Key::generate().unwrap();
        let pair = rcgen::KeyPair::try_from(key.pkcs8().as_slice()).unwrap();
        let certificate = rcgen::CertificateParams::new(["a-1".to_owned()]).unwrap().self_signed(&pair).unwrap();
        let answer = ActivateAnswer {
            agent_id: "a-1".to_owned(),
            certificate_chain: vec![certificate.der().to_vec()],
            ca_bundle: vec![own.to_vec()],
            command_key: vec![7; 32],
            pins: vec![vec![9; 32]],
            endpoints: Some(Endpoints {
                mqtt: mqtt.iter().map(|place| (*place).to_owned()).collect(),
                mqtt_dialect: dialect.to_owned(),
                ..Endpoints::default()
            }),
            ..ActivateAnswer::default()
        };
        let extra = vec![CertificateDer::from(customers.to_vec())];
        Membership::new("https://portal.example".parse().unwrap(), true, extra, key, answer).unwrap()
    }

    #[test]
    fn a_hub_is_believed_for_the_systems_authorities_and_a_broker_for_the_portals() {
        let (own, customers) = (authority("portal"), authority("customer"));
        let extra = || [CertificateDer::from(customers.clone())];
        let settings = |dialect: &str| {
            let membership = membership(dialect, &["wss://hub.example:443/$iothub/websocket"], &own, &customers);
            membership.push_settings(Proxy::none(), &Arc::new(Clock::default()), [1; 16]).unwrap().unwrap()
        };
        let hub = settings("iothub");
        assert!(matches!((hub.dialect, hub.access), (Dialect::IotHub, Access::Certificate)));
        assert_eq!(hub.trust, Trust::platform().with_extra(extra()), "neither the portal's authority nor its pins");
        let broker = settings("generic");
        assert!(matches!((broker.dialect, broker.access), (Dialect::Generic, Access::Signature)));
        let portals = Trust::only(vec![CertificateDer::from(own.clone())]).with_extra(extra());
        assert_eq!(broker.trust, portals.with_pins([[9; 32]]));
        assert!(matches!(settings("some later one").dialect, Dialect::Generic));
    }

    #[test]
    fn without_a_place_there_is_no_push() {
        let none = membership("generic", &["no place"], &authority("portal"), &authority("customer"));
        assert!(none.push_settings(Proxy::none(), &Arc::new(Clock::default()), [1; 16]).unwrap().is_none());
    }
}
