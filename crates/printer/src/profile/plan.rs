//! What is asked of one device: instances by GET, columns by walk, and nothing else.

use super::Profile;
use crate::rows::Rows;
use crate::standard;
use dca_snmp::{Oid, OidRef};

/// Rows that one walk may bring: the largest table read here has a few hundred.
const MAX_ROWS: usize = 2000;

/// The rows of a column that is not walked. Few devices have their printer beyond the fourth hrDevice.
const FIRST_ROWS: std::ops::RangeInclusive<u32> = 1..=4;

/// So many columns a GETBULK of a table with one row may run on.
const RUN: u32 = 4;

/// The questions of a full reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Instances to GET.
    pub gets: Vec<Oid>,
    /// Columns, none of them below another, to be read side by side: whoever reads them one after the other gets the same.
    pub walks: Vec<Oid>,
    /// What is never asked for and never kept, wherever it turns up.
    pub deny: Vec<Oid>,
    /// Rows after which a walk of one subtree is to stop.
    pub max_rows: usize,
}

impl Plan {
    pub(super) fn of(profile: &Profile) -> Self {
        let deny: Vec<Oid> = profile.denied().collect();
        let mut walks = standard::columns();
        walks.extend(profile.columns());
        let (beside, mut walks): (Vec<_>, Vec<_>) = walks.into_iter().partition(|root| runs_into(root, &deny));
        walks.sort();
        walks.dedup_by(|below, above| below.starts_with(above.as_ref()));
        let mut gets: Vec<Oid> = standard::discovery();
        gets.extend(standard::instances());
        gets.extend(profile.instances());
        gets.extend(beside.iter().flat_map(|column| FIRST_ROWS.filter_map(|row| column.join([row]).ok())));
        gets.sort();
        gets.dedup();
        gets.retain(|oid| !walks.iter().any(|root| oid.starts_with(root.as_ref())));
        let mut plan = Self { gets, walks, deny, max_rows: MAX_ROWS };
        let denied: Vec<Oid> = plan.deny.clone();
        let allowed = |oid: &Oid| !denied.iter().any(|root| oid.starts_with(root.as_ref()));
        plan.gets.retain(allowed);
        plan.walks.retain(allowed);
        plan
    }

    /// True if the plan asks for this instance.
    pub fn covers(&self, oid: OidRef<'_>) -> bool {
        !self.denies(oid)
            && (self.gets.iter().any(|asked| *asked == oid)
                || self.walks.iter().any(|root| oid.starts_with(root.as_ref())))
    }

    /// True if this instance must be neither asked for nor kept.
    pub fn denies(&self, oid: OidRef<'_>) -> bool {
        self.deny.iter().any(|root| oid.starts_with(root.as_ref()))
    }

    /// The rows that the plan covers, or that `discovery` asked for: what of a recording the device itself would have
    /// been asked.
    pub fn keep(&self, discovery: &[Oid], rows: &Rows) -> Rows {
        rows.iter()
            .filter(|(oid, _)| self.covers(oid.as_ref()) || (discovery.contains(oid) && !self.denies(oid.as_ref())))
            .map(|(oid, value)| (oid.clone(), value.clone()))
            .collect()
    }
}

/// True if a column shortly behind is denied: a GETBULK of this one would bring it along, so its first rows are asked for
/// by name instead.
fn runs_into(column: &Oid, deny: &[Oid]) -> bool {
    let arcs: Vec<u32> = column.arcs().collect();
    let Some((last, parent)) = arcs.split_last() else { return false };
    let behind = (1..=RUN).filter_map(|step| last.checked_add(step));
    behind.filter_map(|next| Oid::from_arcs(parent.iter().copied().chain([next])).ok()).any(|next| deny.contains(&next))
}
