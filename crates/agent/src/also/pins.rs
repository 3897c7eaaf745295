//! The certificates that devices have shown over TLS: what was seen first is expected from then on.
//!
//! ```text
//! # address and port, SHA-256 of the certificate
//! 192.168.10.21:443 5d41402abc4b2a76b9719d911017c592ae4fd5c5b9fb2d1fdb8b1b1a2c3d4e5f
//! ```

use crate::input::{self, InputError};
use crate::whole;
use dca_lan::{Pin, Web};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembered certificates. Without a file they are remembered as long as this lives.
#[derive(Debug, Default)]
pub struct Pins(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_place: BTreeMap<SocketAddr, Pin>,
    has_new: bool,
}

const HEAD: &str =
    "# Certificates that devices have shown: address and port, SHA-256. Delete a line to take the next one.\n";

impl Pins {
    /// Adds what a file remembers; one that is not there yet remembers nothing.
    pub fn load(&self, path: &Path) -> Result<(), InputError> {
        if !path.exists() {
            return Ok(());
        }
        let text = input::text(path)?;
        let mut known = self.known();
        for (at, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            if entry.is_empty() {
                continue;
            }
            let wrong = || InputError::line(path, at + 1, "expected ADDRESS:PORT and 64 hexadecimal digits");
            let (place, pin) = entry.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let place = place.parse().map_err(|_| wrong())?;
            known.by_place.insert(place, pin.trim().parse().map_err(|_| wrong())?);
        }
        Ok(())
    }

    /// Writes the file, if there is anything new to remember.
    pub fn save(&self, path: &Path) -> Result<(), InputError> {
        let mut known = self.known();
        if !known.has_new {
            return Ok(());
        }
        let lines: String = known.by_place.iter().map(|(place, pin)| format!("{place} {pin}\n")).collect();
        whole::replace(path, (HEAD.to_owned() + &lines).as_bytes())
            .map_err(|error| InputError::file(path, format!("cannot be written: {error}")))?;
        known.has_new = false;
        Ok(())
    }

    /// What an address showed, by port.
    pub(super) fn of(&self, ip: IpAddr) -> BTreeMap<u16, Pin> {
        let known = self.known();
        known.by_place.iter().filter(|(place, _)| place.ip() == ip).map(|(place, pin)| (place.port(), *pin)).collect()
    }

    /// Remembers what a device has shown. A certificate that is known stays: another one was no answer.
    pub(super) fn learn(&self, web: &Web) {
        let mut known = self.known();
        let before = known.by_place.len();
        for (port, pin) in web.pins() {
            known.by_place.entry(SocketAddr::new(web.at().addr().ip(), *port)).or_insert(*pin);
        }
        known.has_new |= known.by_place.len() > before;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins");
        let line = |place: &str| format!("{place} {}\n", "0a".repeat(32));
        let pins = Pins::default();
        pins.load(&path).unwrap();
        std::fs::write(&path, format!("# note\n\n{}{}", line("192.0.2.7:443"), line("[2001:db8::7]:631"))).unwrap();
        pins.load(&path).unwrap();
        assert_eq!(pins.of("192.0.2.7".parse().unwrap()).keys().collect::<Vec<_>>(), [&443]);
        pins.save(&path).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# note"), "nothing new, nothing written");
        pins.known().has_new = true;
        pins.save(&path).unwrap();
        let again = Pins::default();
        again.load(&path).unwrap();
        assert_eq!(again.known().by_place, pins.known().by_place);
        for bad in ["192.0.2.7:443", "192.0.2.7 00", "192.0.2.7:443 zz"] {
            std::fs::write(&path, format!("\n{bad}\n")).unwrap();
            assert_eq!(Pins::default().load(&path).unwrap_err().line, Some(2), "{bad}");
        }
    }
}
