//! The counters that a Report names (RFC 3414 §5, RFC 3413 §4.1.2).

use crate::oid;
use crate::oid::OidRef;
use crate::request::UsmReport;

impl UsmReport {
    /// The counter's instance, as a Report carries it.
    pub const fn oid(self) -> OidRef<'static> {
        match self {
            Self::UnsupportedSecLevel => oid!("1.3.6.1.6.3.15.1.1.1.0"),
            Self::NotInTimeWindow => oid!("1.3.6.1.6.3.15.1.1.2.0"),
            Self::UnknownUserName => oid!("1.3.6.1.6.3.15.1.1.3.0"),
            Self::UnknownEngineId => oid!("1.3.6.1.6.3.15.1.1.4.0"),
            Self::WrongDigest => oid!("1.3.6.1.6.3.15.1.1.5.0"),
            Self::DecryptionError => oid!("1.3.6.1.6.3.15.1.1.6.0"),
            Self::UnknownContext => oid!("1.3.6.1.6.3.12.1.5.0"),
        }
    }

    /// The report that names this counter. Some agents leave off the instance `.0`.
    pub fn from_oid(oid: OidRef<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|report| {
            let full = report.oid();
            oid == full || (full.starts_with(oid) && oid.len() + 1 == full.len())
        })
    }

    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::UnsupportedSecLevel,
        Self::NotInTimeWindow,
        Self::UnknownUserName,
        Self::UnknownEngineId,
        Self::WrongDigest,
        Self::DecryptionError,
        Self::UnknownContext,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_names_its_report() {
        for report in UsmReport::ALL {
            assert_eq!(UsmReport::from_oid(report.oid()), Some(report));
        }
        assert_eq!(UsmReport::from_oid(oid!("1.3.6.1.6.3.15.1.1.5")), Some(UsmReport::WrongDigest));
        assert_eq!(UsmReport::from_oid(oid!("1.3.6.1.6.3.15.1.1")), None);
        assert_eq!(UsmReport::from_oid(oid!("1.3.6.1.6.3.15.1.1.7.0")), None);
        assert_eq!(UsmReport::from_oid(oid!("1.3.6.1.6.3.12.1.5.0.0")), None);
    }
}
