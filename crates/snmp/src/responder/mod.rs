//! The agent's half: datagrams with questions go in, datagrams with answers come out. For simulated devices and tests.
//!
//! ```text
//! v1, v2c   community known? ── no: silence       ─► answer
//! v3        engine, user, level, digest, time window, privacy, context ── each wrong: its Report ─► answer
//! ```
//!
//! It reads only: a Set is refused. Time comes with each datagram and chance once, as a seed.

mod answer;
mod mib;
mod secure;

pub use mib::Mib;

use crate::ber::Writer;
use crate::credentials::{Community, User};
use crate::message::{Body, CommunityMessage, Message, Version, encode_community};
use crate::request::UsmReport;
use answer::Answer;
use secure::Engine;
use std::time::Instant;
use subtle::ConstantTimeEq;

/// Who may ask a [`Responder`], and how it presents itself.
#[derive(Debug, Clone)]
pub struct ResponderSettings {
    /// The versions it answers.
    pub versions: Vec<Version>,
    /// The communities that may read, for v1 and v2c alike.
    pub communities: Vec<Community>,
    /// The users that may read, each with exactly its own security level. A key extension that is left open is
    /// Blumenthal's.
    pub users: Vec<User>,
    /// snmpEngineID: 5 to 32 octets, different for every agent (RFC 3411 §5).
    pub engine_id: Vec<u8>,
    /// snmpEngineBoots at the start.
    pub boots: u32,
    /// Names of contexts besides the default one, which has no name. All show the same objects.
    pub contexts: Vec<Vec<u8>>,
    /// The largest message it sends, in octets; at least 484, which every engine takes (RFC 3412 §6).
    pub max_message: usize,
}

impl Default for ResponderSettings {
    /// All versions, the community `public`, no user, one Ethernet frame.
    fn default() -> Self {
        Self {
            versions: vec![Version::V1, Version::V2c, Version::V3],
            communities: vec![Community::from("public")],
            users: Vec::new(),
            // Enterprise 0 with the high bit set, format 5 (octets), "responder": RFC 3411 §5.
            engine_id: b"\x80\0\0\0\x05responder".to_vec(),
            boots: 1,
            contexts: Vec::new(),
            max_message: 1472,
        }
    }
}

/// One agent.
#[derive(Debug)]
pub struct Responder {
    settings: ResponderSettings,
    engine: Engine,
    writer: Writer,
}

impl Responder {
    /// An agent that has just been switched on: its engine time starts with the first v3 datagram. `seed` is drawn at
    /// random by the caller and starts the salts.
    pub fn new(mut settings: ResponderSettings, seed: [u8; 32]) -> Self {
        settings.max_message = settings.max_message.clamp(MIN_MESSAGE, MAX_MESSAGE);
        let engine = Engine::new(&settings, seed);
        Self { settings, engine, writer: Writer::new() }
    }

    /// Answers one datagram; `None` is silence.
    pub fn handle(&mut self, datagram: &[u8], mib: &dyn Mib, now: Instant) -> Option<Vec<u8>> {
        match Message::decode(datagram).ok()? {
            Message::Community(message) => self.community(&message, mib),
            Message::V3(message) if self.settings.versions.contains(&Version::V3) => {
                self.engine.handle(datagram, &message, &self.settings, mib, now)
            }
            Message::V3(_) => None,
        }
    }

    /// Switches off and on: engine time starts over at `now` with this many boots, and the counters with 0. A device
    /// that forgets its boots is one that is given the same number again.
    pub fn reboot(&mut self, boots: u32, now: Instant) {
        self.engine.reboot(boots, now);
    }

    /// snmpEngineBoots and snmpEngineTime.
    pub fn engine_time(&self, now: Instant) -> (u32, u32) {
        self.engine.time(now)
    }

    /// How often this was reported since the last boot.
    pub fn reported(&self, report: UsmReport) -> u32 {
        self.engine.reported(report)
    }

    fn community(&mut self, message: &CommunityMessage<'_>, mib: &dyn Mib) -> Option<Vec<u8>> {
        let known = |community: &Community| bool::from(community.octets().ct_eq(message.community));
        if !self.settings.versions.contains(&message.version) || !self.settings.communities.iter().any(known) {
            return None;
        }
        let Body::Pdu(pdu) = &message.body else { return None };
        let limit = self.settings.max_message;
        let mut answer = Answer::to(pdu, message.version, mib, limit)?;
        loop {
            encode_community(&mut self.writer, message.version, message.community, answer.fields(), answer.varbinds());
            if answer.fits(self.writer.octets().len(), limit) {
                return Some(self.writer.octets().to_vec());
            }
            if !answer.shorten() {
                return None;
            }
        }
    }
}

/// msgMaxSize has no smaller value (RFC 3412 §6).
const MIN_MESSAGE: usize = 484;
/// What fits a UDP datagram over IPv4.
const MAX_MESSAGE: usize = 65_507;
