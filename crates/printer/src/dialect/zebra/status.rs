//! `~HS`: what it is doing, in three frames of numbers between commas.
//!
//! ```text
//! 030,1,0,1245,003,0,0,0,000,0,0,0   interface, media out, pause, label length in dots, formats waiting, buffer full,
//!                                    diagnostics, partial format, unused, memory corrupt, too cold, too hot
//! 000,0,1,0,1,2,4,0,00000012,1,000   function, unused, head up, ribbon out, thermal transfer, print mode, width mode,
//!                                    label waiting, labels left, prints while formatting, stored graphics
//! 1234,0                             password, static memory
//! ```
//!
//! The password never leaves this file.

use super::condition::Condition;

/// What `~HS` says. A field that is missing, or holds what it cannot, is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct HostStatus {
    pub media_out: Option<bool>,
    pub paused: Option<bool>,
    pub label_length_dots: Option<u32>,
    /// Formats that wait to be printed.
    pub formats_waiting: Option<u32>,
    pub buffer_full: Option<bool>,
    pub memory_corrupt: Option<bool>,
    pub too_cold: Option<bool>,
    pub too_hot: Option<bool>,
    pub head_open: Option<bool>,
    pub ribbon_out: Option<bool>,
    pub thermal_transfer: Option<bool>,
    pub print_mode: Option<&'static str>,
    /// A label waits to be taken (peel-off).
    pub label_waiting: Option<bool>,
    /// Labels left of the batch.
    pub labels_left: Option<u32>,
}

impl HostStatus {
    /// What is wrong by the fields that are known.
    pub fn conditions(&self) -> Vec<Condition> {
        self.checks().into_iter().filter(|(told, _)| *told == Some(true)).map(|(_, condition)| condition).collect()
    }

    /// True if every field that could tell something wrong is known.
    pub fn is_whole(&self) -> bool {
        self.checks().iter().all(|(told, _)| told.is_some())
    }

    fn checks(&self) -> [(Option<bool>, Condition); 8] {
        [
            (self.media_out, Condition::MediaOut),
            (self.ribbon_out, Condition::RibbonOut),
            (self.head_open, Condition::HeadOpen),
            (self.paused, Condition::Paused),
            (self.too_hot, Condition::HeadTooHot),
            (self.too_cold, Condition::HeadTooCold),
            (self.buffer_full, Condition::BufferFull),
            (self.memory_corrupt, Condition::MemoryCorrupt),
        ]
    }

    /// Takes one of the frames; false if the fields are none.
    pub(super) fn take(&mut self, fields: &[&str]) -> bool {
        if !fields
            .iter()
            .all(|field| (1..=8).contains(&field.len()) && field.bytes().all(|c| c.is_ascii_alphanumeric()))
        {
            return false;
        }
        match fields {
            [_, media_out, paused, length, formats, buffer_full, _, _, "000", memory_corrupt, too_cold, too_hot] => {
                self.media_out = flag(media_out);
                self.paused = flag(paused);
                self.label_length_dots = length.parse().ok();
                self.formats_waiting = formats.parse().ok();
                self.buffer_full = flag(buffer_full);
                self.memory_corrupt = flag(memory_corrupt);
                self.too_cold = flag(too_cold);
                self.too_hot = flag(too_hot);
            }
            [_, _, head_open, ribbon_out, transfer, mode, _, waiting, left, _, _] if left.len() == 8 => {
                self.head_open = flag(head_open);
                self.ribbon_out = flag(ribbon_out);
                self.thermal_transfer = flag(transfer);
                self.print_mode = print_mode(mode);
                self.label_waiting = flag(waiting);
                self.labels_left = left.parse().ok();
            }
            _ => return false,
        }
        true
    }
}

/// True for the frame of the password, which holds nothing of use.
pub(super) fn is_password(fields: &[&str]) -> bool {
    matches!(fields, [password, "0" | "1"] if password.len() == 4 && password.bytes().all(|c| c.is_ascii_digit()))
}

fn flag(field: &str) -> Option<bool> {
    match field {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn print_mode(field: &str) -> Option<&'static str> {
    Some(match field {
        "0" => "rewind",
        "1" => "peel_off",
        "2" => "tear_off",
        "3" => "cutter",
        "4" => "applicator",
        "5" => "delayed_cut",
        "6" => "linerless_peel",
        "7" => "linerless_rewind",
        "8" => "partial_cutter",
        "9" => "rfid",
        "K" | "S" | "A" => "kiosk",
        _ => return None,
    })
}
