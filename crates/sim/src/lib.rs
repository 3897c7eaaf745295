//! Simulated printers and networks, for tests, demos and benches.
//!
//! A [`Device`] is a TOML file and a seed. Its rows are generated from the file, and what they say is a pure function of
//! the seed and of the time since it was switched on: counters move, supplies fall with the pages and are replaced,
//! trays run empty, paper jams, alerts and error bits come and go. A test may jump a thousand hours.
//!
//! Devices are asked in one of two ways: [`Net`] is a network in memory under virtual time, with [`Fault`]s by seed;
//! [`Fleet`] puts thousands of devices on real loopback addresses behind one socket, and beside SNMP their raw ports and
//! print queues. [`office`] mixes all kinds.
//!
//! ```
//! use dca_sim::{Device, Fault, Net};
//! use std::{net::SocketAddr, time::Instant};
//!
//! let now = Instant::now();
//! let mut net = Net::new(1, Fault { loss: 0.1, ..Fault::default() }, now);
//! let at: SocketAddr = "192.0.2.7:161".parse()?;
//! net.plug(at, Device::builtin("color-mfp").expect("it is one of Device::kinds()"));
//! net.send(b"a datagram that no agent answers", at, now);
//! while let Some(then) = net.next_event() {
//!     assert!(net.poll(then).is_none());
//! }
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! # The device file
//!
//! The built-in ones are in `devices/`; unknown keys are refused with the line they stand on. Words such as
//! `toner_cartridge` are the names of RFC 3805 and its IANA conventions in snake_case.
//!
//! ```toml
//! covers = ["Front cover"]                # prtCoverTable
//!
//! [device]
//! vendor = "ACME"
//! model = "Laser 9"                       # hrDeviceDescr, if there is no host_description
//! serial = "AC#####@"                     # by seed: # a digit, @ a letter, ^ a hexadecimal digit
//! name = "PRN^^^^^^"                      # sysName
//! firmware = "1.2"
//! location = "Ground floor"
//! mac = "00:11:22"                        # the maker's half; the seed draws the rest
//! description = "ACME {model} SN:{serial} FW:{firmware}"    # sysDescr
//! object = "1.3.6.1.4.1.99999.1"          # sysObjectID
//! # optional: asset, printer = false, label_language = true (host queries on the raw port), index (hrDeviceIndex), standard_serial = false, services, ports, charset,
//! # error_octets (of hrPrinterDetectedErrorState, 1 or 2)
//!
//! [snmp]                                  # this is the default, and max_message = 1472
//! versions = ["v1", "v2c"]
//! communities = ["public"]
//! # [[snmp.users]]                        # for "v3"
//! # name = "monitor"
//! # auth = "sha256"                       # md5, sha1, sha224, sha256, sha384, sha512
//! # auth_pass = "..."
//! # privacy = "aes128"                    # des, aes128, aes192, aes256; aes192c, aes256c: Reeder's extension
//! # privacy_pass = "..."
//!
//! [behaviour]                             # departures from the book; none by default
//! getbulk = "right"                       # "silent", "error"
//! # sleep = { idle = 30, wakes = [2.0, 4.0] }       # seconds
//! # lies = ["negative_unsigned", "empty_integer", "padded_integer", "long_length", "trailing_message",
//! #         "trailing_pdu", "null_with_octets"]     # in v1 and v2c
//! # broken_rows = ["1.3.6.1.2.1.43.10.2.1.5.1.1"]   # sent as an IpAddress of five octets
//!
//! [rates]                                 # pages an hour; a day's pages vary by 40 % with the seed
//! work = 60                               # Monday to Friday, `from` 8 `to` 18
//! night = 1
//! weekend = 0
//! starts = 9                              # switched on at this hour of a Monday
//! jams_per_day = 0.2
//!
//! [meters]                                # any names; `share` is how much of each page a meter counts
//! "print.mono" = { start = 41000, share = 0.7 }
//! "print.color" = { start = 17000, share = 0.3 }
//! "scan" = { start = 900, share = 0.2, printed = false }    # not part of `total`
//!
//! [[markers]]
//! technology = "electrophotographic_laser"
//! colorants = ["black", "cyan"]           # prtMarkerColorantTable, in order
//! # optional: unit = "impressions", life = "total" (meters joined by + and -), resolution = 600
//!
//! [[supplies]]
//! description = "Black Toner"
//! type = "toner_cartridge"
//! unit = "percent"
//! capacity = 100                          # -2 where the device does not tell; then `full` gives the scale
//! level = 64                              # at the start, with seed 0; another seed draws another level
//! yield = 12000                           # pages from full to empty; it is replaced soon after
//! wears = "total"                         # meters joined by + and -
//! low = 10                                # percent
//! colorant = "black"
//! # optional: class = "receptacle", says = "some" (-3), "unknown" (-2) or "fill" (a receptacle that fills up)
//!
//! [[trays]]
//! name = "Tray 1"
//! type = "sheet_feed_auto_removable_tray"
//! capacity = 500
//! level = 320
//! share = 1.0                             # of the pages
//! # optional: low, media, size = [210, 297], says
//!
//! [[outputs]]
//! name = "Bin"
//! type = "un_removable_bin"
//! capacity = 250
//!
//! [[media_paths]]
//! description = "Duplex"
//! speed = 2100                            # impressions an hour
//! duplex = true
//!
//! [[alerts]]                              # severity, training, group, code and error bits follow from `when`
//! when = "supply low"                     # "supply 2 empty", "tray low", "tray 1 empty", "jam", "cover open", "always"
//! text = "{description} is low"
//! # optional: severity, training, group, code, location, bits
//!
//! [[private]]                             # the vendor's own tree
//! root = "1.3.6.1.4.1.99999"
//! rows = [                                # one type each: integer, counter32, counter64, gauge32, ticks, text, hex,
//!   { at = "2.1.0", text = "{serial}" },  # object, address, wide_records, short_records
//!   { at = "2.2.0", integer = "{print.mono+print.color}" },
//!   { at = "2.3.0", wide_records = [["6f", "{supply.1.hundredths}"]] },   # id 01 04 vvvvvvvv ... ff
//! ]
//! ```
//!
//! Names in braces: `vendor`, `model`, `serial`, `name`, `mac`, `firmware`, `location`, `asset`, `panel`, `seconds`,
//! `ticks`, `jams`, `total`, any meters joined by `+` and `-`, and `supply.N.` with `level` (as shown), `percent`, `tens`,
//! `hundredths`, `pages` or `replaced`.

mod agent;
mod broken;
mod chance;
mod device;
mod fault;
mod fleet;
mod kinds;
mod life;
mod model;
mod net;
mod office;
mod rows;
mod scheme;
mod services;
mod site;

pub use device::{Answer, Device};
pub use fault::Fault;
pub use fleet::Fleet;
pub use model::DeviceError;
pub use net::Net;
pub use office::{office, office_from};
pub use services::Job;
pub use site::{Pages, Site};
