//! Who answers: the same device, the same one with another board, or another one in its place.

use crate::{Event, Identity, Text, Time};
use serde::{Deserialize, Serialize};

/// How many devices are remembered, so that two that take turns at one address keep their numbers.
const MOST: usize = 4;

/// The devices that answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Devices {
    known: Vec<Device>,
    count: u32,
    /// The settled one.
    current: Option<u32>,
    /// One that answered in the last reading in place of the settled one, and since when.
    other: Option<(u32, Time)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Device {
    number: u32,
    serial: Option<Text>,
    mac: Option<Text>,
    board: u32,
    /// Another hardware address of the same serial number, seen once, and when.
    other_mac: Option<(Text, Time)>,
    last_seen: Time,
}

impl Devices {
    /// Who answered: number of the device and of its board.
    pub(crate) fn recognise(&mut self, at: Time, who: Identity<'_>, tell: &mut Vec<Event>) -> (u32, u32) {
        let serial = who.serial.and_then(Text::new);
        let mac = who.mac.and_then(Text::new);
        let number = self.number(at, serial.as_ref(), mac.as_ref());
        self.settle(at, number, tell);
        let board = match self.known.iter_mut().find(|device| device.number == number) {
            Some(device) => device.board(at, serial, mac, tell),
            None => 0,
        };
        (number, board)
    }

    fn number(&mut self, at: Time, serial: Option<&Text>, mac: Option<&Text>) -> u32 {
        let current = self.known.iter().find(|device| Some(device.number) == self.current);
        if let Some(device) = current.filter(|device| device.may_be(serial, mac)) {
            return device.number;
        }
        if let Some(device) = self.known.iter().find(|device| device.is(serial, mac)) {
            return device.number;
        }
        if self.known.len() >= MOST {
            let settled = self.current;
            let oldest = self.known.iter().filter(|device| Some(device.number) != settled).min_by_key(|d| d.last_seen);
            if let Some(number) = oldest.map(|device| device.number) {
                self.known.retain(|device| device.number != number);
            }
        }
        let number = self.count;
        self.count = self.count.saturating_add(1);
        let (serial, mac) = (serial.cloned(), mac.cloned());
        self.known.push(Device { number, serial, mac, board: 0, other_mac: None, last_seen: at });
        number
    }

    /// A device takes the place of another when it answers twice.
    fn settle(&mut self, at: Time, number: u32, tell: &mut Vec<Event>) {
        let Some(current) = self.current else {
            self.current = Some(number);
            return;
        };
        if number == current {
            self.other = None;
        } else if let Some((other, since)) = self.other.filter(|(other, _)| *other == number) {
            let serial = |number| self.known.iter().find(|device| device.number == number)?.serial.clone();
            tell.push(Event::DeviceSwapped { at: since, from: serial(current), to: serial(other) });
            self.current = Some(number);
            self.other = None;
        } else {
            self.other = Some((number, at));
        }
    }
}

impl Device {
    /// Nothing speaks against it.
    fn may_be(&self, serial: Option<&Text>, mac: Option<&Text>) -> bool {
        match (&self.serial, serial) {
            (Some(known), Some(seen)) => known == seen,
            _ => self.mac.is_none() || mac.is_none() || self.mac.as_ref() == mac,
        }
    }

    /// Something speaks for it, and nothing against it.
    fn is(&self, serial: Option<&Text>, mac: Option<&Text>) -> bool {
        let same = |known: &Option<Text>, seen: Option<&Text>| seen.is_some() && known.as_ref() == seen;
        self.may_be(serial, mac) && (same(&self.serial, serial) || same(&self.mac, mac))
    }

    /// Which board answered. A reading with another hardware address belongs to another board at once; the board is
    /// replaced when a second one says the same.
    fn board(&mut self, at: Time, serial: Option<Text>, mac: Option<Text>, tell: &mut Vec<Event>) -> u32 {
        self.last_seen = at;
        self.serial = self.serial.take().or(serial);
        let (Some(known), Some(seen)) = (&self.mac, &mac) else {
            self.mac = self.mac.take().or(mac);
            return self.board;
        };
        if known == seen {
            self.other_mac = None;
            return self.board;
        }
        match self.other_mac.take().filter(|(other, _)| other == seen) {
            Some((other, since)) => {
                tell.push(Event::BoardReplaced { at: since, from: known.clone(), to: other.clone() });
                self.mac = Some(other);
                self.board = self.board.saturating_add(1);
                self.board
            }
            None => {
                self.other_mac = Some((seen.clone(), at));
                self.board.saturating_add(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `who` lists serial and hardware address of each reading, `-` for not read.
    fn check(who: &str, numbers: &str, told: usize) {
        let mut devices = Devices::default();
        let mut events = Vec::new();
        let known = |text: &'static str| Some(text).filter(|text| *text != "-");
        let found: Vec<String> = (0..)
            .zip(who.split_whitespace())
            .map(|(at, who)| {
                let (serial, mac) = who.split_once('/').unwrap();
                let leak = |text: &str| known(Box::leak(text.to_owned().into_boxed_str()));
                let who = Identity { serial: leak(serial), mac: leak(mac) };
                let (number, board) = devices.recognise(Time::from_unix(at), who, &mut events);
                format!("{number}.{board}")
            })
            .collect();
        assert_eq!(found.join(" "), numbers, "{who}");
        assert_eq!(events.len(), told, "{who}: {events:?}");
        assert!(devices.known.len() <= MOST);
    }

    #[test]
    fn the_same_device_under_all_its_silences() {
        check("S/m S/m S/- -/m -/- S/m", "0.0 0.0 0.0 0.0 0.0 0.0", 0);
        check("-/m S/m S/-", "0.0 0.0 0.0", 0);
    }

    #[test]
    fn another_device_counts_once_it_answers_twice() {
        check("A/a B/b B/b B/b", "0.0 1.0 1.0 1.0", 1);
        check("A/a B/b A/a B/b A/a", "0.0 1.0 0.0 1.0 0.0", 0);
        check("A/a B/b B/b A/a A/a", "0.0 1.0 1.0 0.0 0.0", 2);
        check("-/a -/b -/b", "0.0 1.0 1.0", 1);
        check("A/a -/b -/b", "0.0 1.0 1.0", 1);
    }

    #[test]
    fn another_board_in_the_same_device() {
        check("A/a A/b A/b A/b", "0.0 0.1 0.1 0.1", 1);
        check("A/a A/b A/a A/b A/a", "0.0 0.1 0.0 0.1 0.0", 0);
        check("A/a A/b A/c A/c A/a A/a", "0.0 0.1 0.1 0.1 0.2 0.2", 2);
    }

    #[test]
    fn strangers_without_end_take_no_memory() {
        check("A/a B/- C/- D/- E/- F/- A/a", "0.0 1.0 2.0 3.0 4.0 5.0 0.0", 0);
    }
}
