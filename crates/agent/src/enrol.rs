//! `dca enroll URL CODE`: a code becomes an identity. The key is made here and stays here.

use crate::input::InputError;
use crate::membership::{Membership, MembershipError};
use crate::vault::Vault;
use dca_cloud::{
    ActivationCode, CertificateDer, Clock, CloudError, IdentityError, Key, Link, Place, Proxy, Settings, Trust,
    TrustError,
};
use dca_wire::v1::{ActivateRequest, HostFacts};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was typed.
pub struct Enrolment {
    portal: Place,
    code: ActivationCode,
    ca: Option<PathBuf>,
    proxy: Proxy,
    again: bool,
}

/// Why an agent is not enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// What was typed cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It is enrolled already.
    #[error("this agent is enrolled already, as {0}: --again forgets that identity and takes a new one")]
    Already(String),
    /// The portal did not give an identity.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// Trust cannot be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No key can be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What it gave cannot be kept.
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

/// The proxy that was typed, else the environment's.
///
/// # Errors
/// If it is none.
pub fn proxy(typed: Option<&str>) -> Result<Proxy, InputError> {
    match typed {
        Some("none") => Ok(Proxy::none()),
        Some(url) => Proxy::at(url, "").map_err(|error| InputError::argument(format!("--proxy: {error}"))),
        None => {
            Proxy::environment().map_err(|error| InputError::argument(format!("HTTPS_PROXY or ALL_PROXY: {error}")))
        }
    }
}

impl Enrolment {
    /// At the portal `url` with `code`; `ca` is a PEM file of authorities to trust as well; `again` replaces an identity.
    ///
    /// # Errors
    /// If one of them is not what it should be. The text never holds the code.
    pub fn new(url: &str, code: &str, ca: Option<PathBuf>, proxy: Proxy, again: bool) -> Result<Self, InputError> {
        let portal = Place::portal(url).map_err(|error| InputError::argument(error.to_string()))?;
        let code = ActivationCode::parse(code).map_err(|error| InputError::argument(error.to_string()))?;
        Ok(Self { portal, code, ca, proxy, again })
    }

    /// Enrols this agent, and keeps who it is in the folder `state`, sealed with the key among the `credentials` if there is
    /// one: the service needs the same.
    ///
    /// # Errors
    /// See [`EnrolError`].
    pub async fn run(self, state: &Path, credentials: Option<&Path>) -> Result<Membership, EnrolError> {
        let vault = Vault::open(state, credentials).map_err(MembershipError::from)?;
        match Membership::load(&vault) {
            Ok(Some(known)) if !self.again => return Err(EnrolError::Already(known.identity().agent().to_string())),
            Err(error) if !self.again => return Err(error.into()),
            _ => {}
        }
        let extra = match &self.ca {
            Some(file) => authorities(file)?,
            None => Vec::new(),
        };
        let authority = self.code.authority();
        let trust = authority.map_or_else(Trust::platform, Trust::authority).with_extra(extra.iter().cloned());
        let clock = Arc::new(Clock::default());
        let settings = Settings { portal: self.portal.clone(), trust, proxy: self.proxy, identity: None, clock };
        let link = Link::new(settings)?;
        let key = Key::generate()?;
        let request = ActivateRequest {
            caller: Some(link.caller(dca_cloud::request_id(dca_cloud::machine_ms()))),
            activation_code: self.code.code().to_owned(),
            csr: key.request()?,
            host: Some(host_facts()),
            fleet_hint: String::new(),
        };
        let answer = link.activate(request).await?;
        let membership = Membership::new(self.portal, authority.is_some(), extra, key, answer)?;
        membership.keep(&vault)?;
        Ok(membership)
    }
}

/// The authorities in a PEM file.
pub(crate) fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, InputError> {
    let pem = std::fs::read(file).map_err(|error| InputError::file(file, format!("cannot be read: {error}")))?;
    dca_cloud::certificates(&pem).map_err(|error| InputError::file(file, error.to_string()))
}

/// What the portal shows of the machine, so that a person recognises it.
pub(crate) fn host_facts() -> HostFacts {
    let line =
        |file: &str| std::fs::read_to_string(file).ok().map(|text| text.trim().chars().take(100).collect::<String>());
    let named = |text: &str| {
        let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(name.trim_matches('"').chars().take(100).collect::<String>())
    };
    let release = std::fs::read_to_string("/etc/os-release").ok();
    HostFacts {
        host_name: line("/proc/sys/kernel/hostname").or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default(),
        os: std::env::consts::OS.to_owned(),
        os_version: release.as_deref().and_then(named).unwrap_or_default(),
        architecture: std::env::consts::ARCH.to_owned(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        time_zone: jiff::tz::TimeZone::system().iana_name().unwrap_or_default().to_owned(),
    }
}
