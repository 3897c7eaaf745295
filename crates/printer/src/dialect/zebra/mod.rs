//! Zebra: what a label printer answers to host queries (`~HI`, `~HS`, `~HQES` ...) and to `getvar`, from the ZPL II
//! programming guide.
//!
//! ```text
//! STX GX430t-300dpi,V56.17.17Z,12,2104KB ETX CR LF                  ~HI
//! STX 030,0,0,1245,000,0,0,0,000,0,0,0 ETX CR LF  and two more      ~HS
//! STX PRINTER STATUS  ERRORS: 1 00000000 00010004 ... ETX           ~HQES
//! ```
//!
//! Every answer names itself by its form, so one that comes late, twice or in pieces is not taken for another. Only a
//! setting's (`"V56.17.17Z"`) does not, hence [`Answer::asked`]. What was not answered is not known: a printer that keeps
//! silent is not a healthy one.

mod condition;
mod errors;
mod labelled;
mod length;
mod odometer;
mod pieces;
mod reading;
mod reply;
mod settings;
mod status;

pub use condition::Condition;
pub use errors::ErrorStatus;
pub use odometer::Odometer;
pub use reply::{Identification, Memory, Reply, replies};
pub use status::HostStatus;

use crate::reading::Reading;
use crate::replies::{Form, Undecodable};

pub(crate) const FORM: Form = Form {
    name: "zebra",
    about: "answers to ~HI, ~HS, ~HQES, ~HQOD, ~HQSN, ~HM, ~HQHA, ~HQMA, ~HQPP, ~HD, and to getvar below its question",
    decode: |octets| {
        let (text, settings) = settings::recorded(octets);
        let found = replies(&text);
        if found.is_empty() && settings.is_empty() {
            let what = "expected the answer to a host query (~HI, ~HS, ~HQES ...), or to a getvar below its question";
            return Err(Undecodable(what.into()));
        }
        Ok(vec![reading::of(found, &settings).into()])
    },
};

/// What came of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The setting, if one was asked: its answer does not name itself.
    pub asked: Option<&'a str>,
    /// As received.
    pub octets: &'a [u8],
}

/// What a device has answered in one conversation. Nothing of it is empty because it is healthy.
///
/// Settings count only if the first one asked was asked again at the end and said the same: an answer that came late or
/// twice puts every later one out of step.
pub fn read(answers: &[Answer<'_>]) -> Reading {
    let found = answers.iter().filter(|answer| answer.asked.is_none()).flat_map(|answer| replies(answer.octets));
    let settings = settings::in_step(answers);
    let mut reading = reading::of(found.collect(), settings.as_deref().unwrap_or_default());
    reading.doubts.extend(settings.err().map(str::to_owned));
    reading
}
