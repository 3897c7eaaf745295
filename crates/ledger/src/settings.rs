//! What may differ between sites.

use serde::{Deserialize, Serialize};

/// What may differ between sites. The default suits an office in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seconds that the clocks on the wall are ahead of UTC; decides where a day ends and which weekday it is.
    pub utc_offset: i32,
    /// How many times its rated speed a meter may grow before it is a jump. A large sheet that counts twice and a small
    /// one that passes faster are no jump.
    pub over_rated: f64,
    /// Rated speed of a meter that has none, in units a minute. High: it only stops nonsense.
    pub unrated: f64,
    /// A supply taken out with more percent left than this was taken out early.
    pub early: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { utc_offset: 0, over_rated: 2.0, unrated: 2_000.0, early: 10.0 }
    }
}
