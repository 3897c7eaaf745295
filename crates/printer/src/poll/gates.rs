//! What a device shows in every poll that tells whether a deeper one is worth while.

use super::Depth;
use crate::rows::Rows;
use crate::standard::oids;
use crate::standard::table::{column, number};
use dca_snmp::OidRef;

/// Where a device stood at one poll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// sysUpTime, in hundredths of a second.
    pub up_time: Option<i64>,
    /// prtAlertAllEvents: alerts since the device was switched on.
    pub events: Option<i64>,
    /// prtGeneralConfigChanges.
    pub changes: Option<i64>,
    /// hrPrinterDetectedErrorState, as sent.
    pub errors: Option<Vec<u8>>,
}

/// Why more is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// sysUpTime fell: it was switched on, or restarted. Once in 497 days the count merely starts over.
    Restarted,
    /// prtGeneralConfigChanges moved.
    Reconfigured,
    /// prtAlertAllEvents moved.
    Alerted,
    /// The error bits are others.
    ErrorsChanged,
    /// A supply has more than before: replaced or refilled. Seen in a reading, not in a [`Mark`].
    SupplyRose,
    /// The total cannot be told from where it came from. Seen in a reading, not in a [`Mark`].
    TotalLost,
}

impl Mark {
    /// The mark in the rows of a poll.
    pub fn of(rows: &Rows) -> Self {
        let first = |of: OidRef<'_>| column(rows, of).find_map(|(.., value)| number(value));
        let errors = column(rows, oids::HR_PRINTER_ERRORS).next();
        Self {
            up_time: rows.get(oids::SYS_UP_TIME).and_then(number),
            events: first(oids::ALL_EVENTS),
            changes: first(oids::CONFIG_CHANGES),
            errors: errors
                .and_then(|(.., value)| Some(value.as_octets()?.get(..2).unwrap_or(value.as_octets()?).to_vec())),
        }
    }

    /// What happened since an earlier mark.
    pub fn since(&self, earlier: &Self) -> Vec<Cause> {
        let moved = |a: &Option<i64>, b: &Option<i64>| a.is_some() && b.is_some() && a != b;
        let fell = self.up_time.zip(earlier.up_time).is_some_and(|(this, before)| this < before);
        [
            (Cause::Restarted, fell),
            (Cause::Reconfigured, moved(&self.changes, &earlier.changes)),
            (Cause::Alerted, moved(&self.events, &earlier.events)),
            (Cause::ErrorsChanged, self.errors != earlier.errors),
        ]
        .into_iter()
        .filter_map(|(cause, is)| is.then_some(cause))
        .collect()
    }
}

impl Cause {
    /// How deep it makes worth asking.
    pub fn depth(self) -> Depth {
        match self {
            Self::Restarted | Self::SupplyRose => Depth::Cold,
            // Rows may have come that were never asked for.
            Self::Reconfigured | Self::TotalLost => Depth::Full,
            Self::Alerted | Self::ErrorsChanged => Depth::Warm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::recorded::rows;

    #[test]
    fn each_row_opens_its_gate() {
        let text = |up: u32, changes: u32, events: u32, bits: &str| {
            format!(
                "1.3.6.1.2.1.1.3.0|67|{up}\n1.3.6.1.2.1.25.3.5.1.2.1|4x|{bits}\n1.3.6.1.2.1.43.5.1.1.1.1|65|{changes}\n\
                 1.3.6.1.2.1.43.5.1.1.19.1|65|{events}"
            )
        };
        let mark = |text: &str| Mark::of(&rows(text));
        let before = mark(&text(500, 3, 7, "00"));
        let check = |after: &str, causes: &[Cause]| assert_eq!(mark(after).since(&before), causes, "{after}");
        check(&text(900, 3, 7, "00"), &[]);
        check(&text(100, 3, 7, "00"), &[Cause::Restarted]);
        check(&text(900, 4, 7, "00"), &[Cause::Reconfigured]);
        check(&text(900, 3, 8, "20"), &[Cause::Alerted, Cause::ErrorsChanged]);
        check(&text(900, 3, 7, "0004"), &[Cause::ErrorsChanged]);
        // What is not answered has not moved.
        check("1.3.6.1.2.1.1.3.0|67|900\n1.3.6.1.2.1.25.3.5.1.2.1|4x|00", &[]);
        assert_eq!(Cause::Restarted.depth().max(Cause::Alerted.depth()), Depth::Cold);
    }
}
