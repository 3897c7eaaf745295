//! What waits for each agent, and what is under way. No socket: a connection asks what to write and says what came back.

use dca_wire::mqtt::IN_FLIGHT;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Messages that may wait for an agent; the oldest goes first when there are more.
const QUEUE: usize = 100;
/// Filters of an agent.
const FILTERS: usize = 4;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The agent has it.
    Delivered,
    /// It waits for the agent, here or at the broker.
    Queued,
    /// The agent has never connected, or wants no messages, or the broker did not take it: it learns with its next check-in.
    Unknown,
}

/// A message to an agent.
#[derive(Debug)]
struct Message {
    topic: String,
    payload: Vec<u8>,
    acked: Option<oneshot::Sender<()>>,
}

/// A message that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) id: NonZeroU16,
    pub(super) dup: bool,
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug)]
struct Session {
    /// Which connection it belongs to: no two have the same.
    generation: u64,
    connected: bool,
    filters: Vec<String>,
    queue: VecDeque<Message>,
    flight: VecDeque<(NonZeroU16, Message)>,
    last_id: u16,
    wake: Arc<Notify>,
}

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Mutex<HashMap<String, Session>>,
    generations: AtomicU64,
}

/// A connection's hold on its session.
#[derive(Debug)]
pub(super) struct Hold {
    agent: String,
    generation: u64,
    pub(super) wake: Arc<Notify>,
    /// Whether there was a session, for CONNACK.
    pub(super) present: bool,
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent connected. Its connection before is over; what was under way goes out again.
    pub(super) fn take(&self, agent: &str, clean: bool) -> (Hold, Vec<Outgoing>) {
        let mut all = self.all();
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        if let Some(before) = all.get(agent) {
            before.wake.notify_one();
        }
        if clean {
            all.remove(agent);
        }
        let present = all.contains_key(agent);
        let session = all.entry(agent.to_owned()).or_insert_with(|| Session {
            generation,
            connected: true,
            filters: Vec::new(),
            queue: VecDeque::new(),
            flight: VecDeque::new(),
            last_id: 0,
            wake: Arc::new(Notify::new()),
        });
        (session.generation, session.connected, session.wake) = (generation, true, Arc::new(Notify::new()));
        let again = session.flight.iter().map(|(id, message)| message.outgoing(*id, true)).collect();
        (Hold { agent: agent.to_owned(), generation, wake: session.wake.clone(), present }, again)
    }

    /// The session of a hold, as long as it is its own.
    fn with<T>(&self, hold: &Hold, then: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut all = self.all();
        all.get_mut(&hold.agent).filter(|session| session.generation == hold.generation).map(then)
    }

    /// Whether the connection may go on.
    pub(super) fn holds(&self, hold: &Hold) -> bool {
        self.with(hold, |_| ()).is_some()
    }

    /// The connection ended. A clean session ends with it.
    pub(super) fn leave(&self, hold: &Hold, clean: bool) {
        let mut all = self.all();
        let Some(session) = all.get_mut(&hold.agent).filter(|session| session.generation == hold.generation) else {
            return;
        };
        session.connected = false;
        if clean {
            all.remove(&hold.agent);
        }
    }

    /// Ends the connection of an agent that may not speak any more, and forgets what waits for it.
    pub(crate) fn end(&self, agent: &str) {
        if let Some(session) = self.all().remove(agent) {
            session.wake.notify_one();
        }
    }

    /// Adds filters. False if there are too many.
    pub(super) fn subscribe(&self, hold: &Hold, filters: &[String]) -> bool {
        let added = self.with(hold, |session| {
            for filter in filters {
                if !session.filters.contains(filter) {
                    session.filters.push(filter.clone());
                }
            }
            session.filters.len() <= FILTERS
        });
        added.unwrap_or(false)
    }

    pub(super) fn unsubscribe(&self, hold: &Hold, filters: &[String]) {
        self.with(hold, |session| session.filters.retain(|filter| !filters.contains(filter)));
    }

    /// Hands over a message. What is answered comes true when the agent has it. `None` if the agent is not known here, or has
    /// not asked for such messages.
    pub(super) fn push(&self, agent: &str, topic: String, payload: Vec<u8>) -> Option<oneshot::Receiver<()>> {
        let mut all = self.all();
        let session = all.get_mut(agent)?;
        if !session.filters.iter().any(|filter| matches(filter, &topic)) {
            return None;
        }
        let (acked, answer) = oneshot::channel();
        if session.queue.len() >= QUEUE {
            session.queue.pop_front();
        }
        session.queue.push_back(Message { topic, payload, acked: Some(acked) });
        session.wake.notify_one();
        Some(answer)
    }

    /// What is to be written next, as far as the window is open.
    pub(super) fn next(&self, hold: &Hold) -> Vec<Outgoing> {
        self.with(hold, Session::next).unwrap_or_default()
    }

    /// The agent has it.
    pub(super) fn acked(&self, hold: &Hold, id: NonZeroU16) {
        self.with(hold, |session| {
            let place = session.flight.iter().position(|(known, _)| *known == id);
            if let Some((_, message)) = place.and_then(|place| session.flight.remove(place)) {
                message.acked.map(|acked| acked.send(()));
            }
        });
    }

    /// How many agents are connected.
    pub(crate) fn connected(&self) -> usize {
        self.all().values().filter(|session| session.connected).count()
    }
}

impl Session {
    fn next(&mut self) -> Vec<Outgoing> {
        let mut out = Vec::new();
        while self.flight.len() < usize::from(IN_FLIGHT) {
            let Some(message) = self.queue.pop_front() else { break };
            let id = self.free_id();
            out.push(message.outgoing(id, false));
            self.flight.push_back((id, message));
        }
        out
    }

    /// Not in use: there are far fewer under way than numbers.
    fn free_id(&mut self) -> NonZeroU16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if let Some(id) = NonZeroU16::new(self.last_id)
                && !self.flight.iter().any(|(used, _)| *used == id)
            {
                return id;
            }
        }
    }
}

impl Message {
    fn outgoing(&self, id: NonZeroU16, dup: bool) -> Outgoing {
        Outgoing { id, dup, topic: self.topic.clone(), payload: self.payload.clone() }
    }
}

/// MQTT 3.1.1 section 4.7: `+` is one level, `#` all that follow.
fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOPIC: &str = "devices/a/messages/devicebound/x";

    fn ids(outgoing: &[Outgoing]) -> Vec<(u16, bool)> {
        outgoing.iter().map(|it| (it.id.get(), it.dup)).collect()
    }

    fn subscribed(sessions: &Sessions, clean: bool) -> Hold {
        let (hold, _) = sessions.take("a", clean);
        assert!(sessions.subscribe(&hold, &["devices/a/messages/devicebound/#".to_owned()]));
        hold
    }

    #[test]
    fn filters() {
        let check = |filter, topic| matches(filter, topic);
        assert!(check("devices/a/#", "devices/a/b/c") && check("devices/a/#", "devices/a") && check("a/+/c", "a/b/c"));
        assert!(!check("a/+/c", "a/b/d") && !check("a/b", "a/b/c") && !check("a/b/c", "a/b") && !check("a/+", "a"));
    }

    #[test]
    fn what_is_under_way_goes_out_again_on_the_next_connection() {
        let sessions = Sessions::default();
        assert!(sessions.push("a", TOPIC.to_owned(), vec![1]).is_none(), "nobody there yet");
        let hold = subscribed(&sessions, false);
        let mut first = sessions.push("a", TOPIC.to_owned(), vec![1]).unwrap();
        let _second = sessions.push("a", TOPIC.to_owned(), vec![2]).unwrap();
        assert_eq!(ids(&sessions.next(&hold)), [(1, false), (2, false)]);
        sessions.acked(&hold, NonZeroU16::new(1).unwrap());
        assert!(first.try_recv().is_ok());
        let (again, resent) = sessions.take("a", false);
        assert!(again.present && !sessions.holds(&hold), "the older connection is over");
        assert_eq!(ids(&resent), [(2, true)]);
        assert!(sessions.next(&hold).is_empty());
        let (clean, resent) = sessions.take("a", true);
        assert!(!clean.present && resent.is_empty());
        sessions.leave(&clean, true);
        assert!(sessions.push("a", TOPIC.to_owned(), vec![3]).is_none());
    }

    #[test]
    fn bounds() {
        let sessions = Sessions::default();
        let hold = subscribed(&sessions, false);
        for _ in 0..500 {
            sessions.push("a", TOPIC.to_owned(), Vec::new());
        }
        assert_eq!(sessions.next(&hold).len(), 16);
        assert!(sessions.next(&hold).is_empty());
        assert!(sessions.subscribe(&hold, &["1", "2", "3"].map(str::to_owned)));
        assert!(!sessions.subscribe(&hold, &["4".to_owned()]));
        sessions.end("a");
        assert!(!sessions.holds(&hold));
    }

    proptest! {
        #[test]
        fn never_two_under_way_with_one_number(steps in proptest::collection::vec((0_u8..3, 0_usize..16), 0..400)) {
            let sessions = Sessions::default();
            let hold = subscribed(&sessions, false);
            let mut flight: Vec<NonZeroU16> = Vec::new();
            for (step, which) in steps {
                match step {
                    0 => drop(sessions.push("a", TOPIC.to_owned(), Vec::new())),
                    1 => {
                        for out in sessions.next(&hold) {
                            prop_assert!(!flight.contains(&out.id));
                            flight.push(out.id);
                        }
                        prop_assert!(flight.len() <= 16);
                    }
                    _ if which < flight.len() => sessions.acked(&hold, flight.remove(which)),
                    _ => {}
                }
            }
        }
    }
}
