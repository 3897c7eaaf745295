//! Which device a reading is of. A device is known within its dealer by vendor and serial number; where it shows none, by
//! its MAC address; and where it shows neither, by the name that its agent gave it. A device that first came without a serial
//! number and then shows one stays the same device.

use crate::agents::Agent;
use crate::cache::Cache;
use crate::history::{History, Template};
use crate::store::{Batch, Store, StoreError, Value, sql};
use crate::summary::{Latest, Summary};
use dca_wire::v1::{Fact, Identity, Reading};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Devices that are at hand, about half of it.
const ROOM: usize = 100_000;
/// Longest text of a fact that is kept.
const MOST: usize = 255;

/// What has to be at hand of a device when a reading of it comes in.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: i64,
    /// Where it stood when its facts were last written.
    pub(crate) site: i64,
    /// Of the facts and the place as they were then.
    facts: u64,
    /// Its shape and the template for it.
    pub(crate) template: Option<(u64, Option<Template>)>,
    pub(crate) latest: Latest,
}

/// Finds devices by what their agents call them.
#[derive(Debug)]
pub(crate) struct Devices {
    known: Mutex<Cache<(String, String), Known>>,
    /// One is held while a device is looked up and made, chosen by who the device is: two agents may meet it at once, and others
    /// shall not wait.
    making: [tokio::sync::Mutex<()>; 64],
    last: AtomicI64,
}

impl Devices {
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let last = store.row(sql::DEVICE_LAST, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
        let making = std::array::from_fn(|_| tokio::sync::Mutex::default());
        Ok(Self { known: Mutex::new(Cache::new(ROOM)), making, last: AtomicI64::new(last) })
    }

    /// The device of a reading, with what is at hand of it, if anything; made if it is new. What changed about it goes into the
    /// batch.
    pub(crate) async fn of(
        &self,
        at_hand: Option<Known>,
        store: &Store,
        history: &History,
        agent: &Agent,
        reading: &Reading,
        batch: &mut Batch,
    ) -> Result<Known, StoreError> {
        let site = agent.known().site;
        let stamp = stamp(reading, site);
        let mut known = match at_hand {
            Some(known) if known.facts == stamp => known,
            at_hand => {
                let mut known = self.look_up(store, agent, site, reading, &Facts::of(reading), batch).await?;
                (known.site, known.facts) = (site, stamp);
                // What this report said before is not in the database yet.
                if let Some(before) = at_hand.filter(|before| before.id == known.id) {
                    known.latest = before.latest;
                }
                known
            }
        };
        let shape = shape_stamp(reading);
        if known.template.as_ref().is_none_or(|(of, _)| *of != shape) {
            let template = history.template(store, agent.dealer, 0, reading).await?;
            known.template = Some((shape, template));
        }
        Ok(known)
    }

    /// Takes what is at hand of a device. Until it is put back, what is read of it comes from the database.
    pub(crate) fn take(&self, agent: &Agent, name: &str) -> Option<Known> {
        let key = (agent.id.clone(), name.to_owned());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&key)
    }

    /// Keeps at hand what was found out and committed.
    pub(crate) fn keep(&self, agent: &Agent, name: String, known: Known) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put((agent.id.clone(), name), known);
    }

    /// The device that an agent calls so, out of the database, if it is known.
    pub(crate) async fn named(&self, store: &Store, agent: &Agent, name: &str) -> Result<Option<Known>, StoreError> {
        let Some(row) = store.row(sql::DEVICE_BY_ALIAS, &[agent.id.as_str().into(), name.into()]).await? else {
            return Ok(None);
        };
        let id = row.int(0)?;
        Ok(Some(Known { id, site: 0, facts: 0, template: None, latest: latest(store, id).await? }))
    }

    async fn look_up(
        &self,
        store: &Store,
        agent: &Agent,
        site: i64,
        reading: &Reading,
        facts: &Facts,
        batch: &mut Batch,
    ) -> Result<Known, StoreError> {
        let by_name = format!("agent:{}/{}", agent.id, reading.device_id);
        let proven = facts.identity();
        let mut hasher = DefaultHasher::new();
        (agent.dealer, proven.as_ref().unwrap_or(&by_name)).hash(&mut hasher);
        let place = hasher.finish() as usize % self.making.len();
        let _alone = match self.making.get(place) {
            Some(making) => Some(making.lock().await),
            None => None,
        };
        let alias = store
            .row(sql::DEVICE_BY_ALIAS, &[agent.id.as_str().into(), reading.device_id.as_str().into()])
            .await?
            .map(|row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?)))
            .transpose()?;
        let holder = match &proven {
            Some(identity) => store
                .row(sql::DEVICE_BY_IDENTITY, &[agent.dealer.into(), identity.as_str().into()])
                .await?
                .map(|row| row.int(0))
                .transpose()?,
            None => None,
        };
        let (id, identity) = match (alias, proven, holder) {
            // A reading that shows no serial number is of the device that the agent's name stands for.
            (Some((id, identity)), None, _) => (id, identity),
            // The serial number that was missing.
            (Some((id, identity)), Some(proven), None) if identity == by_name => (id, proven),
            // The one that showed no serial number was a device that is known.
            (Some((id, identity)), Some(proven), Some(holder)) if identity == by_name => {
                batch.run(sql::DEVICE_MERGE, [id.into(), holder.into()]);
                (holder, proven)
            }
            (_, Some(proven), Some(holder)) => (holder, proven),
            (_, proven, None) => {
                let identity = proven.unwrap_or(by_name);
                (self.make(store, agent, site, facts, &identity, &reading.device_id).await?, identity)
            }
            (None, None, Some(holder)) => (holder, by_name),
        };
        batch.run(sql::ALIAS_SET, [agent.id.as_str().into(), reading.device_id.as_str().into(), id.into()]);
        let mut values: Vec<Value> = vec![id.into(), site.into(), agent.id.as_str().into(), identity.as_str().into()];
        values.extend(facts.values());
        batch.run(sql::DEVICE_FACTS, values);
        Ok(Known { id, site: 0, facts: 0, template: None, latest: latest(store, id).await? })
    }

    /// A new device. It is committed on its own: readings that follow find it, whatever becomes of this report.
    async fn make(
        &self,
        store: &Store,
        agent: &Agent,
        site: i64,
        facts: &Facts,
        identity: &str,
        name: &str,
    ) -> Result<i64, StoreError> {
        let id = self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mut values: Vec<Value> =
            vec![id.into(), agent.dealer.into(), site.into(), agent.id.as_str().into(), identity.into()];
        values.extend(facts.values());
        values.push(store.now_ms().into());
        let mut batch = Batch::new();
        batch.run(sql::DEVICE_ADD, values);
        batch.run(sql::ALIAS_SET, [agent.id.as_str().into(), name.into(), id.into()]);
        store.commit(batch).await?;
        Ok(id)
    }
}

async fn latest(store: &Store, device: i64) -> Result<Latest, StoreError> {
    let state = store.row(sql::STATE, &[device.into()]).await?.map(|row| row.blob(1)).transpose()?;
    Ok(state.map_or_else(Latest::default, |octets| Summary::read(&octets).into()))
}

/// What a reading says about who the device is.
#[derive(Debug)]
struct Facts {
    vendor: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    mac: Option<String>,
    hostname: Option<String>,
    address: Option<String>,
    asset: Option<String>,
    location: Option<String>,
    firmware: Option<String>,
}

impl Facts {
    fn of(reading: &Reading) -> Self {
        let identity = reading.identity.as_ref();
        let short = |text: &str| {
            let text: String = text.trim().chars().take(MOST).collect();
            Some(text).filter(|text| !text.is_empty())
        };
        let fact = |fact: Option<&Fact>| fact.and_then(|fact| short(&fact.value));
        Self {
            vendor: fact(identity.and_then(|it| it.vendor.as_ref())),
            model: fact(identity.and_then(|it| it.model.as_ref())),
            serial: fact(identity.and_then(|it| it.serial.as_ref())),
            mac: fact(identity.and_then(|it| it.mac.as_ref())),
            hostname: fact(identity.and_then(|it| it.hostname.as_ref())),
            address: short(&reading.address),
            asset: fact(identity.and_then(|it| it.asset.as_ref())),
            location: fact(identity.and_then(|it| it.location.as_ref())),
            firmware: fact(identity.and_then(|it| it.firmware.as_ref())),
        }
    }

    /// In the order of the columns.
    fn values(&self) -> [Value; 9] {
        let Self { vendor, model, serial, mac, hostname, address, asset, location, firmware } = self;
        [vendor, model, serial, mac, hostname, address, asset, location, firmware].map(|it| it.as_deref().into())
    }

    /// What proves the device within its dealer.
    fn identity(&self) -> Option<String> {
        let letters = |text: &str| {
            text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
        };
        if let Some(serial) = self.serial.as_deref().map(letters).filter(|serial| proves(serial)) {
            // Spelled differently from reading to reading, a vendor would make two of one.
            let vendor = self.vendor.as_deref().map(letters).unwrap_or_default();
            return Some(format!("serial:{vendor}/{serial}"));
        }
        let mac = self.mac.as_deref().map(letters)?;
        let unique = mac.len() == 12 && mac.bytes().all(|it| it.is_ascii_hexdigit()) && proves(&mac);
        unique.then(|| format!("mac:{mac}"))
    }
}

/// Whether a serial number can be one: nobody's serial is `0000000000` or `x`.
fn proves(serial: &str) -> bool {
    let first = serial.chars().next();
    serial.chars().count() >= 4 && !serial.chars().all(|it| Some(it) == first)
}

/// Changes when a fact of the device changes, or where it stands.
fn stamp(reading: &Reading, site: i64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (site, &reading.address).hash(&mut hasher);
    if let Some(Identity { vendor, model, serial, firmware, mac, hostname, asset, location }) = &reading.identity {
        for fact in [vendor, model, serial, firmware, mac, hostname, asset, location] {
            fact.as_ref().map(|fact| &fact.value).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Changes when the reading has other rows.
fn shape_stamp(reading: &Reading) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&reading.profile, &reading.depth, reading.meters.len(), reading.supplies.len()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vendor: &str, serial: &str, mac: &str) -> Option<String> {
        let fact = |value: &str| Some(Fact { value: value.to_owned(), ..Fact::default() });
        let identity = Identity { vendor: fact(vendor), serial: fact(serial), mac: fact(mac), ..Identity::default() };
        Facts::of(&Reading { identity: Some(identity), ..Reading::default() }).identity()
    }

    #[test]
    fn identity() {
        assert_eq!(check("HP", " CN-12 34", "").as_deref(), Some("serial:hp/cn1234"));
        assert_eq!(check("HP", "0000000000", "00:11:22:AA:bb:cc").as_deref(), Some("mac:001122aabbcc"));
        assert_eq!(check("HP", "x", "00:00:00:00:00:00"), None);
        assert_eq!(check("", "", "not a mac"), None);
    }
}
