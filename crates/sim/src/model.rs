//! A device file, checked and made personal by a seed: what the rows are generated from.

use crate::chance::Chance;
use crate::life::{Life, Moment, Rule, parse_condition};
use crate::rows::{self, Rows, private::Prepared};
use crate::scheme::Sheet;
use dca_snmp::Oid;
use std::sync::Arc;
use std::time::Duration;

/// Why a device file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Not the scheme of the crate's documentation; the text names the line and the key.
    #[error("{0}")]
    Toml(String),
    /// A key whose text is not what must stand there.
    #[error("{key}: {text:?}: expected {expected}")]
    Value {
        /// Where.
        key: String,
        /// What stands there.
        text: String,
        /// What should.
        expected: &'static str,
    },
}

/// The names of one device, patterns filled.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) serial: String,
    pub(crate) name: String,
    pub(crate) mac: [u8; 6],
    pub(crate) object: Oid,
}

/// A device that lives.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) sheet: Arc<Sheet>,
    pub(crate) person: Person,
    rules: Arc<[Rule]>,
    private: Arc<[Prepared]>,
    seed: u64,
}

impl Model {
    pub(crate) fn new(sheet: Sheet, seed: u64) -> Result<Self, DeviceError> {
        let mut rules = Vec::new();
        for alert in &sheet.alerts {
            let conditions = parse_condition(&alert.when, &sheet).ok_or_else(|| DeviceError::Value {
                key: "alerts.when".into(),
                text: alert.when.clone(),
                expected: "`supply low`, `supply 2 empty`, `tray low`, `tray 1 empty`, `jam`, `cover open` or `always`, \
                           with a number that the device has",
            })?;
            rules.extend(conditions.into_iter().map(|condition| Rule::new(alert, condition, &sheet)));
        }
        let private = rows::private::prepare(&sheet.private)?;
        let person = Person::new(&sheet, seed)?;
        let model = Self { sheet: Arc::new(sheet), person, rules: rules.into(), private: private.into(), seed };
        model.check()?;
        Ok(model)
    }

    /// The same device with another serial, name, address, age and supplies.
    pub(crate) fn reseeded(&self, seed: u64) -> Result<Self, DeviceError> {
        Ok(Self { person: Person::new(&self.sheet, seed)?, seed, ..self.clone() })
    }

    pub(crate) fn moment(&self, at: Duration) -> Moment<'_> {
        Life::new(&self.sheet, &self.rules, self.seed, at).moment()
    }

    /// The rows that never change.
    pub(crate) fn fixed(&self) -> Rows {
        let mut rows = Rows::default();
        rows::system::fixed(&mut rows, self);
        rows::interfaces::fixed(&mut rows, self);
        rows::host::fixed(&mut rows, self);
        if self.sheet.device.printer {
            rows::printer::fixed(&mut rows, self);
            rows::media::fixed(&mut rows, self);
        }
        let moment = self.moment(Duration::ZERO);
        self.private.iter().filter(|row| row.is_fixed()).for_each(|row| row.put(&mut rows, self, &moment));
        rows.sorted()
    }

    /// The rows of one moment.
    pub(crate) fn live(&self, at: Duration) -> Rows {
        let moment = self.moment(at);
        let life = &moment.life;
        let mut rows = Rows::default();
        rows::system::live(&mut rows, life);
        rows::interfaces::live(&mut rows, self, life);
        rows::host::live(&mut rows, self, &moment);
        if self.sheet.device.printer {
            rows::printer::live(&mut rows, self, &moment);
            rows::media::live(&mut rows, self, life);
        }
        self.private.iter().filter(|row| !row.is_fixed()).for_each(|row| row.put(&mut rows, self, &moment));
        rows.sorted()
    }

    /// Everything that a file can say wrong beyond its form.
    fn check(&self) -> Result<(), DeviceError> {
        let moment = self.moment(Duration::ZERO);
        let meters = "meters that the device has, joined by `+` and `-`";
        let known = |key: &str, names: &str| match moment.life.meter(names) {
            Some(_) => Ok(()),
            None => Err(DeviceError::Value { key: key.into(), text: names.into(), expected: meters }),
        };
        self.sheet.markers.iter().try_for_each(|marker| known("markers.life", &marker.life))?;
        self.sheet.supplies.iter().try_for_each(|supply| known("supplies.wears", &supply.wears))?;
        self.private.iter().try_for_each(|row| row.check(self, &moment))
    }
}

impl Person {
    fn new(sheet: &Sheet, seed: u64) -> Result<Self, DeviceError> {
        let device = &sheet.device;
        let chance = Chance(seed);
        let wrong =
            |key: &str, text: &str, expected| DeviceError::Value { key: key.into(), text: text.into(), expected };
        let prefix: Vec<u8> = device.mac.split(':').filter_map(|octet| u8::from_str_radix(octet, 16).ok()).collect();
        let [a, b, c] = *prefix.as_slice() else {
            return Err(wrong("device.mac", &device.mac, "the maker's three octets, such as `00:17:c8`"));
        };
        let [d, e, f, ..] = chance.bits("mac", 0).to_be_bytes();
        let object = device.object.parse().map_err(|_| wrong("device.object", &device.object, "an OID"))?;
        let serial = chance.fill(&device.serial, "serial");
        let name = chance.fill(&device.name, "name");
        Ok(Self { serial, name, mac: [a, b, c, d, e, f], object })
    }
}
