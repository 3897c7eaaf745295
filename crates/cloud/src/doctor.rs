//! What the network lets through: one finding for each thing an agent needs of it, with what to do about it.
//!
//! Nothing here changes anything: gRPC is tried with a call that has no message, MQTT without logging in, because a second
//! session would throw out the agent's own.

use crate::clock::{Clock, WORTH_TELLING, machine_ms};
use crate::dial::{DialError, Dialer, Proxy};
use crate::error::CloudError;
use crate::identity::Identity;
use crate::link::{Link, Settings};
use crate::place::{Place, Scheme};
use crate::push;
use crate::trust::{HTTP_1, HTTP_2, Trust, TrustError};
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// The longest for one finding. All are looked for at once.
const PATIENCE: Duration = Duration::from_secs(8);

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Well,
    /// It works, but not all of it, or not for long.
    Limited,
    /// It does not work.
    Broken,
    /// Not looked at, for a reason that the text tells.
    Skipped,
}

/// One thing, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// dns, proxy, connect, tls, grpc, mqtt-443, mqtt-8883, ssh, cdn, clock ...
    pub part: &'static str,
    /// How it is.
    pub level: Level,
    /// For a person: what was found, and what helps.
    pub text: String,
}

/// What to look at.
pub struct Probe {
    /// The portal.
    pub portal: Place,
    /// Where push is; none: the portal offers none, or it is not known.
    pub push: Vec<Place>,
    /// The relay of Device Web Access; `None`: the portal's host, port 22.
    pub relay: Option<Place>,
    /// Where updates are, if that is known.
    pub updates: Option<Place>,
    /// Whom to believe, without the authorities that the customer named.
    pub strict: Trust,
    /// The same with them.
    pub trust: Trust,
    /// The proxy, once for each of the two ways that are tried.
    pub proxies: [Proxy; 2],
    /// Who asks, if it is enrolled.
    pub identity: Option<Identity>,
    /// The portal's clock.
    pub clock: Arc<Clock>,
}

impl Finding {
    /// As it should be.
    pub fn well(part: &'static str, text: impl Into<String>) -> Self {
        Self { part, level: Level::Well, text: text.into() }
    }

    /// It works, but not all of it.
    pub fn limited(part: &'static str, text: impl Into<String>) -> Self {
        Self { part, level: Level::Limited, text: text.into() }
    }

    /// It does not work.
    pub fn broken(part: &'static str, text: impl Into<String>) -> Self {
        Self { part, level: Level::Broken, text: text.into() }
    }

    /// Not looked at.
    pub fn skipped(part: &'static str, text: impl Into<String>) -> Self {
        Self { part, level: Level::Skipped, text: text.into() }
    }
}

/// Looks at all of it, in at most 8 s.
///
/// # Errors
/// If whom to trust cannot be set up.
pub async fn probe(probe: Probe) -> Result<Vec<Finding>, TrustError> {
    let Probe { portal, push, relay, updates, strict, trust, proxies: [proxy, for_link], identity, clock } = probe;
    let dialer = Dialer::new(proxy, &trust, &clock)?;
    let tls = |trust: &Trust, protocol: &[u8]| trust.client(identity.as_ref(), &clock, protocol).map(Arc::new);
    let (any, known, pages, plain) =
        (tls(&trust, HTTP_2)?, tls(&strict, HTTP_2).ok(), tls(&trust, HTTP_1)?, tls(&trust, b"")?);
    let link = Link::new(Settings {
        portal: portal.clone(),
        trust: trust.clone(),
        proxy: for_link,
        identity: identity.clone(),
        clock: Arc::clone(&clock),
    })?;
    let way = dialer.way(portal.host());
    let relay = relay.unwrap_or_else(|| portal.at(Scheme::Ssh, 22));
    let place = |scheme| push.iter().find(|place| place.scheme() == scheme).cloned();
    let (dns, connect, tls, (grpc, clock), wss, mqtts, ssh, cdn) = tokio::join!(
        dns(&dialer, portal.host()),
        connect(&dialer, &portal),
        opened(&dialer, &portal, &any, known.as_ref()),
        grpc(&link, &portal),
        mqtt("mqtt-443", &dialer, place(Scheme::Wss), &pages),
        mqtt("mqtt-8883", &dialer, place(Scheme::Mqtts), &plain),
        ssh(&dialer, &relay),
        cdn(&dialer, updates, &pages),
    );
    let mut findings = vec![dns, Finding::well("proxy", way), connect, tls, grpc, wss, mqtts, ssh, cdn, clock];
    tell_once(&mut findings);
    Ok(findings)
}

/// What something above already says is the reason is not said again.
fn tell_once(findings: &mut [Finding]) {
    let mut told: Vec<(&'static str, String)> = Vec::new();
    for finding in findings {
        if let Some((part, _)) = told.iter().find(|(_, reason)| finding.text.contains(reason)) {
            *finding = Finding::skipped(finding.part, format!("needs what {part} says above"));
        } else if finding.level == Level::Broken {
            told.push((finding.part, finding.text.clone()));
        }
    }
}

/// An answer, or a sentence instead of one that does not come in time.
async fn in_time<T>(at: &str, answer: impl Future<Output = Result<T, DialError>>) -> Result<T, DialError> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(DialError::Silent { at: at.to_owned() }))
}

async fn dns(dialer: &Dialer, host: &str) -> Finding {
    if !dialer.is_direct(host) {
        return Finding::skipped("dns", "the proxy resolves the portal's name");
    }
    let no_name = |why: String| DialError::NoName { host: host.to_owned(), why };
    match timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => {
            let addresses: Vec<String> = found.take(4).map(|at| at.ip().to_string()).collect();
            Finding::well("dns", format!("{host} is {}", addresses.join(", ")))
        }
        Ok(Err(error)) => Finding::broken("dns", no_name(error.to_string()).to_string()),
        Err(_) => Finding::broken("dns", no_name("no answer in time".to_owned()).to_string()),
    }
}

async fn connect(dialer: &Dialer, portal: &Place) -> Finding {
    match in_time(&portal.authority(), dialer.dial(portal.host(), portal.port())).await {
        Ok(_) => Finding::well("connect", format!("{} takes a connection", portal.authority())),
        Err(error) => Finding::broken("connect", error.to_string()),
    }
}

/// Whether somebody on the way opens TLS: what only the customer's own authorities vouch for is a proxy's.
async fn opened(
    dialer: &Dialer,
    portal: &Place,
    any: &Arc<ClientConfig>,
    known: Option<&Arc<ClientConfig>>,
) -> Finding {
    // Both at once: neither may take the other's time.
    let at = portal.authority();
    let strictly = async {
        match known {
            Some(known) => in_time(&at, dialer.dial_tls(portal.host(), portal.port(), known)).await.map(Some),
            None => Ok(None),
        }
    };
    let (strictly, loosely) = tokio::join!(strictly, in_time(&at, dialer.dial_tls(portal.host(), portal.port(), any)));
    if let Ok(Some(stream)) = &strictly {
        let session = stream.get_ref().1;
        let version = session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default();
        let shown = session.peer_certificates().and_then(|chain| chain.first());
        let issuer = shown.map(crate::certificate::issuer).unwrap_or_default();
        return Finding::well("tls", format!("{version}, certificate issued by {issuer}"));
    }
    match (loosely, strictly) {
        (Ok(_), Err(DialError::Untrusted { untrusted, .. })) => Finding::limited(
            "tls",
            format!(
                "opened on the way by {}, which --ca names; the agent signs its calls, so that the portal still knows it",
                untrusted.issuer
            ),
        ),
        (Ok(_), _) => Finding::well("tls", "by an authority that --ca names"),
        (Err(error), _) => Finding::broken("tls", error.to_string()),
    }
}

/// gRPC, and the clock by the date of its answer.
async fn grpc(link: &Link, portal: &Place) -> (Finding, Finding) {
    let unknown = || Finding::skipped("clock", "the portal's time is not known");
    match timeout(PATIENCE, link.probe()).await {
        Ok(Ok(date)) => {
            let clock = date.as_deref().and_then(date_ms).map_or_else(unknown, clock);
            (Finding::well("grpc", "the portal answers"), clock)
        }
        Ok(Err(error @ CloudError::Unreachable { .. })) => (Finding::broken("grpc", error.to_string()), unknown()),
        Ok(Err(error)) => (Finding::limited("grpc", error.to_string()), unknown()),
        Err(_) => (Finding::broken("grpc", DialError::Silent { at: portal.authority() }.to_string()), unknown()),
    }
}

fn clock(portal_ms: i64) -> Finding {
    let off = portal_ms - machine_ms();
    let seconds = off.abs() / 1_000;
    if u128::from(off.unsigned_abs()) < WORTH_TELLING.as_millis() {
        return Finding::well("clock", format!("{seconds} s from the portal's"));
    }
    let way = if off > 0 { "behind" } else { "ahead of" };
    Finding::limited(
        "clock",
        format!(
            "{seconds} s {way} the portal's: the agent corrects for it, but set it right (timedatectl set-ntp true)"
        ),
    )
}

/// Milliseconds since 1970 of a date as HTTP writes it (RFC 9110 section 5.6.7).
fn date_ms(text: &str) -> Option<i64> {
    let date = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(date).ok()?.as_millisecond())
}

async fn mqtt(part: &'static str, dialer: &Dialer, place: Option<Place>, tls: &Arc<ClientConfig>) -> Finding {
    let Some(place) = place else { return Finding::skipped(part, "the portal does not offer it") };
    match in_time(&place.authority(), push::open_stream(dialer, &place, tls)).await {
        Ok(_) => Finding::well(part, format!("{place} can be reached")),
        // Without push an order waits for the next check-in.
        Err(error) => Finding::limited(part, format!("{error}; without it, orders wait for the next check-in")),
    }
}

async fn ssh(dialer: &Dialer, relay: &Place) -> Finding {
    let at = relay.authority();
    let other = |why: String| DialError::NoConnection { at: relay.authority(), why };
    let banner = async {
        let mut stream = dialer.dial(relay.host(), relay.port()).await?;
        let mut first = [0; 4];
        stream.read_exact(&mut first).await.map_err(|error| other(error.to_string()))?;
        if &first == b"SSH-" { Ok(()) } else { Err(other("what answers is not SSH".to_owned())) }
    };
    match in_time(&at, banner).await {
        Ok(()) => Finding::well("ssh", format!("{at} answers")),
        Err(error) => Finding::limited("ssh", format!("{error}; needed for Device Web Access only")),
    }
}

async fn cdn(dialer: &Dialer, updates: Option<Place>, tls: &Arc<ClientConfig>) -> Finding {
    let Some(place) = updates else { return Finding::skipped("cdn", "the portal names no place for updates") };
    match in_time(&place.authority(), dialer.dial_tls(place.host(), place.port(), tls)).await {
        Ok(_) => Finding::well("cdn", format!("{} can be reached", place.authority())),
        Err(error) => Finding::limited("cdn", format!("{error}; updates come from there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_http_is_read() {
        assert_eq!(date_ms("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        assert_eq!(date_ms("yesterday"), None);
    }

    #[test]
    fn a_clock_that_is_off_is_told() {
        assert_eq!(clock(machine_ms() + 5_000).level, Level::Well);
        let behind = clock(machine_ms() + 3_600_000);
        assert!(behind.level == Level::Limited && behind.text.contains("behind the portal's"), "{behind:?}");
    }
}
