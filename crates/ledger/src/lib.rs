#![doc = include_str!("../README.md")]

mod bound;
mod device;
mod event;
mod forecast;
mod judge;
mod ledger;
mod meter;
mod period;
mod reading;
mod robust;
mod settings;
mod supply;
mod text;
mod time;
mod work;

pub use event::{Broke, Cause, Counted, Event, Evidence, Opened, Origin, Point, Replaced, SetAside};
pub use forecast::{Forecast, NoForecast};
pub use ledger::{Ledger, OutOfOrder};
pub use period::{Gap, Period, Segment, Statement};
pub use reading::{Class, Direction, Identity, MeterPoint, Reading, SupplyPoint, Width};
pub use settings::Settings;
pub use text::Text;
pub use time::Time;
