//! One device: what it is, the agent that speaks for it, and how that agent misbehaves.

use crate::agent;
use crate::broken;
use crate::chance::Chance;
use crate::kinds;
use crate::model::{DeviceError, Model, Person};
use crate::rows::Rows;
use crate::scheme::{Behaviour, ErrorBit, GetBulk, Sheet, Sleep};
use dca_snmp::message::{Body, Message, PduKind};
use dca_snmp::responder::{Mib, Responder, ResponderSettings};
use dca_snmp::{Binding, Oid, OidRef, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A simulated device. Time starts for it with the first datagram, or where [`started`](Self::started) says.
#[derive(Debug)]
pub struct Device {
    source: Source,
    settings: ResponderSettings,
    behaviour: Behaviour,
    broken_rows: Vec<Oid>,
    seed: u64,
    agent: Responder,
    start: Option<Instant>,
    /// How long it had been running by then.
    head_start: Duration,
    table: Table,
    /// The last question, and when the device is awake to answer it.
    heard: Option<(Instant, Instant)>,
}

/// What a device answers, and how long it takes over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The datagram.
    pub bytes: Vec<u8>,
    /// From the question to the answer.
    pub after: Duration,
}

#[derive(Debug)]
enum Source {
    Model(Box<Model>),
    Recording,
}

impl Device {
    /// A device from a file in the scheme that the crate's documentation describes.
    pub fn parse(text: &str) -> Result<Self, DeviceError> {
        let sheet: Sheet = toml::from_str(text).map_err(|error| DeviceError::Toml(error.to_string()))?;
        let behaviour = sheet.behaviour.clone();
        let settings = agent::settings(&sheet.snmp)?;
        let model = Model::new(sheet, 0)?;
        let oid = |dotted: &String| {
            let key = "behaviour.broken_rows".into();
            dotted.parse().map_err(|_| DeviceError::Value { key, text: dotted.clone(), expected: "an OID" })
        };
        let broken_rows = behaviour.broken_rows.iter().map(oid).collect::<Result<_, _>>()?;
        let table = Table::of(Arc::new(model.fixed()));
        let agent = agent::responder(&settings, Some(&model.person), 0);
        let source = Source::Model(Box::new(model));
        Ok(Self {
            source,
            settings,
            behaviour,
            broken_rows,
            seed: 0,
            agent,
            start: None,
            head_start: Duration::ZERO,
            table,
            heard: None,
        })
    }

    /// The names of the built-in devices, in the order in which an office mixes them.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        kinds::ALL.iter().map(|(name, _)| *name)
    }

    /// A built-in device; see [`kinds`](Self::kinds).
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = kinds::ALL.iter().find(|(kind, _)| *kind == name)?;
        Self::parse(text).ok()
    }

    /// A device that serves recorded rows, such as `dca_snmp::recording::parse` gives, unchanged: to v1 and v2c with the
    /// community `public`, and to v3 once it has users (see [`with_settings`](Self::with_settings)). Of two rows with
    /// the same OID the first is served.
    pub fn from_rows(rows: impl IntoIterator<Item = (Oid, Value)>) -> Self {
        let fixed = Arc::new(Rows::from_unsorted(rows));
        let settings = ResponderSettings::default();
        Self {
            source: Source::Recording,
            agent: agent::responder(&settings, None, 0),
            settings,
            behaviour: Behaviour::default(),
            broken_rows: Vec::new(),
            seed: 0,
            start: None,
            head_start: Duration::ZERO,
            table: Table::of(fixed),
            heard: None,
        }
    }

    /// The same with other versions, communities and users than it had.
    #[must_use]
    pub fn with_settings(mut self, settings: ResponderSettings) -> Self {
        self.settings = settings;
        self.seeded_in_place(self.seed);
        self
    }

    /// The same kind of device as another individual: serial, name, hardware address, age, supplies and days follow
    /// from the seed. Seed 0 is the device as the file has it. A recording stays as it is.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seeded_in_place(seed);
        self
    }

    /// Another individual of the same kind, cheaper than parsing the file again.
    #[must_use]
    pub fn sibling(&self, seed: u64) -> Self {
        let source = match &self.source {
            Source::Model(model) => Source::Model(model.clone()),
            Source::Recording => Source::Recording,
        };
        Self {
            source,
            settings: self.settings.clone(),
            behaviour: self.behaviour.clone(),
            broken_rows: self.broken_rows.clone(),
            seed,
            agent: agent::responder(&self.settings, None, seed),
            start: None,
            head_start: Duration::ZERO,
            table: Table::of(self.table.fixed.clone()),
            heard: None,
        }
        .seeded(seed)
    }

    /// The device had been running for so long when its time starts.
    #[must_use]
    pub fn running_for(mut self, head_start: Duration) -> Self {
        self.head_start = head_start;
        self
    }

    /// How long it had been running when its time starts.
    pub fn head_start(&self) -> Duration {
        self.head_start
    }

    /// The device's time starts at this moment: it was switched on then, or as much earlier as
    /// [`running_for`](Self::running_for) says.
    #[must_use]
    pub fn started(mut self, at: Instant) -> Self {
        self.start = Some(at);
        self
    }

    /// What speaks for the device beside its SNMP agent, from the moment it was [`started`](Self::started); nothing for a
    /// recording.
    pub(crate) fn face(&self) -> Option<Face> {
        let (Source::Model(model), Some(start)) = (&self.source, self.start) else { return None };
        Some(Face { model: model.clone(), start, head_start: self.head_start, turn: Arc::default() })
    }

    /// The serial number; empty for a recording.
    pub fn serial(&self) -> &str {
        match &self.source {
            Source::Model(model) => &model.person.serial,
            Source::Recording => "",
        }
    }

    /// Vendor and model; empty for a recording.
    pub fn model(&self) -> String {
        match &self.source {
            Source::Model(model) => {
                let device = &model.sheet.device;
                let named = device.model.to_lowercase().starts_with(&device.vendor.to_lowercase());
                if named { device.model.clone() } else { format!("{} {}", device.vendor, device.model) }
            }
            Source::Recording => String::new(),
        }
    }

    /// True if it is a printer; a recording is not asked and counts as one.
    pub fn is_printer(&self) -> bool {
        match &self.source {
            Source::Model(model) => model.sheet.device.printer,
            Source::Recording => true,
        }
    }

    /// The answer to a datagram, if the device gives one. Use [`respond`](Self::respond) where its delay matters.
    pub fn answer(&mut self, datagram: &[u8], now: Instant) -> Option<Vec<u8>> {
        self.respond(datagram, now).map(|answer| answer.bytes)
    }

    /// The answer to a datagram and the time that the device takes.
    pub fn respond(&mut self, datagram: &[u8], now: Instant) -> Option<Answer> {
        let start = *self.start.get_or_insert(now);
        let after = self.wake(now);
        if let Source::Model(model) = &self.source {
            self.table.refresh(model, self.head_start.saturating_add(now.saturating_duration_since(start)));
        }
        let bytes = self.agent.handle(datagram, &self.table, now)?;
        if self.behaviour.getbulk != GetBulk::Right && kind(datagram) == Some(PduKind::GetBulk) {
            let refused = (self.behaviour.getbulk == GetBulk::Error).then(|| broken::refuse(datagram)).flatten()?;
            return Some(Answer { bytes: refused, after });
        }
        let bytes = if self.behaviour.lies.is_empty() && self.broken_rows.is_empty() {
            bytes
        } else {
            broken::distort(&bytes, &self.behaviour.lies, &self.broken_rows)
        };
        Some(Answer { bytes, after })
    }

    /// The value of an instance at a time since it was switched on, as the device would answer it.
    pub fn value(&self, oid: OidRef<'_>, running: Duration) -> Option<Value> {
        let live = match &self.source {
            Source::Model(model) => model.live(running),
            Source::Recording => Rows::default(),
        };
        live.get(oid).or_else(|| self.table.fixed.get(oid)).cloned()
    }

    fn seeded_in_place(&mut self, seed: u64) {
        self.seed = seed;
        if let Source::Model(model) = &mut self.source
            && let Ok(other) = model.reseeded(seed)
        {
            self.table = Table::of(Arc::new(other.fixed()));
            **model = other;
        }
        let person = match &self.source {
            Source::Model(model) => Some(&model.person),
            Source::Recording => None,
        };
        self.agent = agent::responder(&self.settings, person, seed);
    }

    /// How long the device needs before it answers.
    fn wake(&mut self, now: Instant) -> Duration {
        let Some(Sleep { idle, wakes: [shortest, longest] }) = self.behaviour.sleep else {
            return Duration::ZERO;
        };
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds.min(86_400.0)).unwrap_or_default();
        let awake_at = match self.heard {
            Some((last, awake_at)) if now.saturating_duration_since(last) < seconds(idle) => awake_at,
            _ => {
                let nth = self.start.map_or(0, |start| now.saturating_duration_since(start).as_millis() as u64);
                now + seconds(Chance(self.seed).between(shortest, longest, "wakes", nth))
            }
        };
        self.heard = Some((now, awake_at));
        awake_at.saturating_duration_since(now)
    }
}

/// The device as its other services know it.
#[derive(Debug, Clone)]
pub(crate) struct Face {
    model: Box<Model>,
    start: Instant,
    head_start: Duration,
    /// Held by the client that is served.
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl Face {
    /// Serial, name, hardware address.
    pub(crate) fn person(&self) -> &Person {
        &self.model.person
    }

    pub(crate) fn model(&self) -> String {
        self.model.sheet.device.model.clone()
    }

    pub(crate) fn firmware(&self) -> String {
        self.model.sheet.device.firmware.clone()
    }

    pub(crate) fn is_printer(&self) -> bool {
        self.model.sheet.device.printer
    }

    /// True if it answers host queries on its raw port.
    pub(crate) fn label_language(&self) -> bool {
        self.model.sheet.device.label_language
    }

    /// Meters joined by `+` and `-`, as they are at this moment.
    pub(crate) fn meter(&self, names: &str) -> Option<u64> {
        self.model.moment(self.running()).life.meter(names)
    }

    /// The bits that hrPrinterDetectedErrorState shows at this moment.
    pub(crate) fn error_bits(&self) -> Vec<ErrorBit> {
        let moment = self.model.moment(self.running());
        moment.alerts.iter().flat_map(|alert| alert.rule.bits.iter().copied()).collect()
    }

    fn running(&self) -> Duration {
        // Figures move once a second, as over SNMP.
        let running = self.head_start.saturating_add(self.start.elapsed());
        Duration::from_secs(running.as_secs())
    }
}

/// The rows of one moment. They move once a second, as a device's own figures do.
#[derive(Debug)]
struct Table {
    fixed: Arc<Rows>,
    live: Rows,
    moment: Option<u64>,
    /// Where the last row was found, in those that are fixed and in those that move.
    places: [AtomicUsize; 2],
}

impl Table {
    fn of(fixed: Arc<Rows>) -> Self {
        Self { fixed, live: Rows::default(), moment: None, places: Default::default() }
    }

    fn refresh(&mut self, model: &Model, at: Duration) {
        let second = at.as_secs();
        if self.moment != Some(second) {
            self.live = model.live(at);
            self.moment = Some(second);
        }
    }
}

impl Mib for Table {
    fn get(&self, oid: OidRef<'_>) -> Binding {
        if let Some(value) = self.live.get(oid).or_else(|| self.fixed.get(oid)) {
            return Binding::Found(value.clone());
        }
        // Some instance of the same object: its column is there (RFC 3416 §4.2.1).
        let column: Vec<u32> = oid.arcs().take(oid.len().saturating_sub(1)).collect();
        let Ok(column) = Oid::from_arcs(column) else {
            return Binding::NoSuchObject;
        };
        match self.next(column.as_ref()) {
            Some((next, _)) if next.starts_with(column.as_ref()) => Binding::NoSuchInstance,
            _ => Binding::NoSuchObject,
        }
    }

    fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)> {
        let [fixed, live] = &self.places;
        let next = |place: &AtomicUsize, rows: &'_ Rows| {
            let at = rows.place_after(after, place.load(Relaxed));
            place.store(at, Relaxed);
            at
        };
        let (fixed, live) = (next(fixed, &self.fixed), next(live, &self.live));
        let nearest = match (self.fixed.at(fixed), self.live.at(live)) {
            (Some(a), Some(b)) => Some(if b.0 <= a.0 { b } else { a }),
            (one, other) => one.or(other),
        };
        nearest.cloned()
    }
}

/// The PDU of a v1 or v2c message, or of a v3 message in the clear.
fn kind(datagram: &[u8]) -> Option<PduKind> {
    match Message::decode(datagram).ok()? {
        Message::Community(message) => match message.body {
            Body::Pdu(pdu) => Some(pdu.kind),
            Body::TrapV1(_) => None,
        },
        Message::V3(_) => None,
    }
}
