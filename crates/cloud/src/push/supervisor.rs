//! One session after another, for as long as push is wanted.

use super::hint::{Hint, Meaning, meaning};
use super::mqtt::{Opening, Session, SessionError};
use super::rumqtt::RumqttSession;
use super::{PushSettings, PushState, stream};
use crate::place::{Place, Scheme};
use crate::rhythm::share;
use crate::trust::{HTTP_1, TrustError};
use dca_wire::mqtt::{Bag, Topics};
use dca_wire::v1::Presence;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// A session that lasted so long was a good one: its loss is the broker's, and everybody's.
const SETTLED: Duration = Duration::from_secs(60);
/// The longest that a session may live: credentials and ways out are looked at anew.
const LONGEST_SESSION: Duration = Duration::from_secs(24 * 3_600);
const TWIN: u32 = 1;

pub(super) struct Supervisor {
    settings: PushSettings,
    topics: Topics,
    wss: Arc<ClientConfig>,
    mqtts: Arc<ClientConfig>,
    hints: mpsc::Sender<Hint>,
    state: watch::Sender<PushState>,
    /// Version of the portal's half of the twin, as it was seen last.
    twin: Option<u64>,
}

/// How a session ended.
enum End {
    /// On purpose: its credentials run out.
    Renewal,
    Lost(String),
}

impl Supervisor {
    pub(super) fn new(
        settings: PushSettings,
        hints: mpsc::Sender<Hint>,
        state: watch::Sender<PushState>,
    ) -> Result<Self, TrustError> {
        let (identity, clock) = (Some(&settings.identity), &settings.clock);
        let wss = Arc::new(settings.trust.client(identity, clock, HTTP_1)?);
        let mqtts = Arc::new(settings.trust.client(identity, clock, b"")?);
        let topics = Topics::new(settings.dialect, settings.identity.agent().clone());
        Ok(Self { settings, topics, wss, mqtts, hints, state, twin: None })
    }

    pub(super) async fn run(mut self) {
        let (mut at, mut failures) = (0, 0);
        while let Some(place) = self.settings.places.get(at).cloned() {
            let begun = Instant::now();
            let wait = match self.session(&place).await {
                End::Renewal => Duration::ZERO,
                End::Lost(why) => {
                    tracing::info!(%place, why, "push is lost");
                    self.state.send_replace(PushState::Lost { why });
                    if begun.elapsed() >= SETTLED {
                        failures = 0;
                        share(self.settings.spread, crate::chance())
                    } else {
                        let places = self.settings.places.len();
                        (at, failures) = ((at + 1) % places, failures + 1);
                        // Each place once, before anybody waits.
                        let rounds = failures / places;
                        if at == 0 { back_off(self.settings.spread, rounds, crate::chance()) } else { Duration::ZERO }
                    }
                }
            };
            sleep(wait).await;
        }
    }

    async fn session(&mut self, place: &Place) -> End {
        match self.open(place).await {
            Ok((mut session, life)) => {
                tracing::info!(%place, "push is connected");
                self.state.send_replace(PushState::Connected { at: place.to_string() });
                match timeout(life, self.serve(&mut session)).await {
                    Ok(error) => End::Lost(error.to_string()),
                    Err(_) => End::Renewal,
                }
            }
            Err(why) => End::Lost(why),
        }
    }

    /// An open session, and how long it may last.
    async fn open(&self, place: &Place) -> Result<(RumqttSession, Duration), String> {
        let PushSettings { identity, dialect, access, dialer, clock, .. } = &self.settings;
        let tls = if place.scheme() == Scheme::Wss { &self.wss } else { &self.mqtts };
        let stream = stream::open(dialer, place, tls).await.map_err(|error| error.to_string())?;
        let now_ms = clock.now_ms();
        let credentials = access.credentials(identity, *dialect, place.host(), now_ms)?;
        let life = match credentials.until_ms {
            Some(until_ms) => renew_in(Duration::from_millis(until_ms.abs_diff(now_ms)), crate::chance()),
            None => LONGEST_SESSION,
        };
        let opening = Opening {
            client_id: identity.agent().to_string(),
            credentials,
            filters: self.topics.filters().to_vec(),
            will: (self.events(), self.presence(false)?),
        };
        let mut session = RumqttSession::open(stream, opening).await.map_err(|error| error.to_string())?;
        let hello = session.publish(self.events(), self.presence(true)?).await;
        let twin = session.publish(self.topics.twin_question(TWIN), Vec::new()).await;
        hello.and(twin).map_err(|error| error.to_string())?;
        Ok((session, life))
    }

    async fn serve(&mut self, session: &mut impl Session) -> SessionError {
        loop {
            let message = match session.next().await {
                Ok(message) => message,
                Err(error) => return error,
            };
            match meaning(&self.topics, &message.topic, &message.payload) {
                Meaning::Hint(hint) => self.tell(hint),
                Meaning::Call(hint, topic, answer) => {
                    if let Err(error) = session.publish(topic, answer.into()).await {
                        return error;
                    }
                    hint.into_iter().for_each(|hint| self.tell(hint));
                }
                // What it was at the first connection is what the first check-in tells.
                Meaning::Twin(version) => {
                    if self.twin.replace(version).is_some_and(|known| known != version) {
                        self.tell(Hint::Wake { reason: "twin".to_owned() });
                    }
                }
                Meaning::Nothing => tracing::debug!("a message that means nothing here"),
            }
        }
    }

    fn tell(&self, hint: Hint) {
        if self.hints.try_send(hint).is_err() {
            tracing::debug!("a hint too many");
        }
    }

    fn events(&self) -> String {
        let id: String =
            crate::request_id(self.settings.clock.now_ms()).iter().map(|octet| format!("{octet:02x}")).collect();
        self.topics.events(&Bag::message(&id, "Presence"))
    }

    fn presence(&self, online: bool) -> Result<Vec<u8>, String> {
        let PushSettings { boot_id, version, .. } = &self.settings;
        let presence = Presence { boot_id: boot_id.to_vec(), agent_version: version.clone(), online };
        dca_wire::encode(&presence).map_err(|error| error.to_string())
    }
}

/// Between half the bound and the bound, which doubles from a tenth of the spread to three times it: 30 s to 15 minutes as
/// a rule.
fn back_off(spread: Duration, rounds: usize, chance: u64) -> Duration {
    let bound = (spread / 10 * (1 << rounds.min(5))).min(spread * 3);
    bound / 2 + share(bound / 2, chance)
}

/// Before credentials run out: between 75 and 90 % of their life, so that agents that connected together do not again.
fn renew_in(life: Duration, chance: u64) -> Duration {
    life * 3 / 4 + share(life * 3 / 20, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_and_returns_are_spread() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(renew_in(hour, 0), Duration::from_secs(2_700));
        assert!(renew_in(hour, u64::MAX) <= Duration::from_secs(3_240));
        let spread = Duration::from_secs(300);
        assert_eq!(back_off(spread, 0, 0), Duration::from_secs(15));
        assert_eq!(back_off(spread, 99, 0), Duration::from_secs(450));
        assert!(back_off(spread, 99, u64::MAX) < Duration::from_secs(900));
    }
}
