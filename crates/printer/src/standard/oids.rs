//! The objects that are read, by name: MIB-II (RFC 1213), HOST-RESOURCES-MIB (RFC 2790), Printer-MIB (RFC 3805) and the
//! PWG port monitor MIB (PWG 5107.1).

use dca_snmp::{Oid, OidRef, oid};

macro_rules! objects {
    ($($name:ident = $dotted:literal;)+) => {
        $(pub(crate) const $name: OidRef<'static> = oid!($dotted);)+
    };
}

objects! {
    SYS_DESCR = "1.3.6.1.2.1.1.1.0";
    SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0";
    SYS_UP_TIME = "1.3.6.1.2.1.1.3.0";
    SYS_NAME = "1.3.6.1.2.1.1.5.0";
    SYS_LOCATION = "1.3.6.1.2.1.1.6.0";
    IF_TYPE = "1.3.6.1.2.1.2.2.1.3";
    IF_PHYS_ADDRESS = "1.3.6.1.2.1.2.2.1.6";
    HR_DEVICE_TYPE = "1.3.6.1.2.1.25.3.2.1.2";
    HR_DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.3";
    HR_DEVICE_ID = "1.3.6.1.2.1.25.3.2.1.4";
    HR_DEVICE_STATUS = "1.3.6.1.2.1.25.3.2.1.5";
    HR_DEVICE_PRINTER = "1.3.6.1.2.1.25.3.1.5";
    HR_PRINTER = "1.3.6.1.2.1.25.3.5.1";
    HR_PRINTER_STATUS = "1.3.6.1.2.1.25.3.5.1.1";
    HR_PRINTER_ERRORS = "1.3.6.1.2.1.25.3.5.1.2";
    PRINTER_MIB = "1.3.6.1.2.1.43";
    CONFIG_CHANGES = "1.3.6.1.2.1.43.5.1.1.1";
    CURRENT_LOCALIZATION = "1.3.6.1.2.1.43.5.1.1.2";
    CONSOLE_LOCALIZATION = "1.3.6.1.2.1.43.5.1.1.10";
    PRINTER_NAME = "1.3.6.1.2.1.43.5.1.1.16";
    SERIAL_NUMBER = "1.3.6.1.2.1.43.5.1.1.17";
    ALL_EVENTS = "1.3.6.1.2.1.43.5.1.1.19";
    COVER = "1.3.6.1.2.1.43.6.1.1";
    CHARACTER_SET = "1.3.6.1.2.1.43.7.1.1.4";
    INPUT = "1.3.6.1.2.1.43.8.2.1";
    OUTPUT = "1.3.6.1.2.1.43.9.2.1";
    MARKER = "1.3.6.1.2.1.43.10.2.1";
    MARKER_UNIT = "1.3.6.1.2.1.43.10.2.1.3";
    MARKER_POWER_ON = "1.3.6.1.2.1.43.10.2.1.5";
    SUPPLY = "1.3.6.1.2.1.43.11.1.1";
    COLORANT = "1.3.6.1.2.1.43.12.1.1";
    CONSOLE_TEXT = "1.3.6.1.2.1.43.16.5.1.2";
    ALERT = "1.3.6.1.2.1.43.18.1.1";
    PORT_DEVICE_ID = "1.3.6.1.4.1.2699.1.2.1.2.1.1.3";
    PORT_HR_DEVICE = "1.3.6.1.4.1.2699.1.2.1.2.1.1.6";
    PORT_COMMUNITY = "1.3.6.1.4.1.2699.1.2.1.2.1.1.7";
    ENTERPRISES = "1.3.6.1.4.1";
}

/// The questions of the first request to an address, one GET: enough to tell a printer and its brand.
pub fn discovery() -> Vec<Oid> {
    [
        SYS_OBJECT_ID,
        SYS_DESCR,
        SYS_UP_TIME,
        SYS_NAME,
        oid!("1.3.6.1.2.1.25.3.2.1.3.1"),
        oid!("1.3.6.1.2.1.43.5.1.1.17.1"),
        oid!("1.3.6.1.2.1.25.3.5.1.1.1"),
    ]
    .map(OidRef::to_oid)
    .to_vec()
}

/// Single instances that a full reading asks for beyond [`discovery`].
pub fn instances() -> Vec<Oid> {
    // hrDeviceID is an OID (RFC 2790), but some firmware keeps its IEEE 1284 device id there.
    [SYS_LOCATION, oid!("1.3.6.1.2.1.25.3.2.1.4.1")].map(OidRef::to_oid).to_vec()
}

/// The columns that a full reading reads: those that figures are made of, not the tables around them.
pub fn columns() -> Vec<Oid> {
    let single = [
        IF_TYPE,
        IF_PHYS_ADDRESS,
        HR_DEVICE_TYPE,
        HR_DEVICE_DESCR,
        HR_DEVICE_STATUS,
        HR_PRINTER_STATUS,
        HR_PRINTER_ERRORS,
        CONFIG_CHANGES,
        CURRENT_LOCALIZATION,
        CONSOLE_LOCALIZATION,
        PRINTER_NAME,
        SERIAL_NUMBER,
        ALL_EVENTS,
        CHARACTER_SET,
        CONSOLE_TEXT,
        PORT_DEVICE_ID,
        PORT_HR_DEVICE,
    ];
    let of_entries: [(OidRef<'static>, &[u32]); 7] = [
        (COVER, &[2, 3]),
        (INPUT, &[2, 8, 9, 10, 12, 13, 18]),
        (OUTPUT, &[2, 3, 4, 5, 7, 12]),
        (MARKER, &[3, 4, 5, 6]),
        (SUPPLY, &[3, 4, 5, 6, 7, 8, 9]),
        (COLORANT, &[4]),
        (ALERT, &[2, 3, 4, 5, 6, 7, 8]),
    ];
    let entry = |(entry, columns): (OidRef<'static>, &'static [u32])| {
        columns.iter().filter_map(move |column| entry.to_oid().join([*column]).ok())
    };
    single.map(OidRef::to_oid).into_iter().chain(of_entries.into_iter().flat_map(entry)).collect()
}

/// What is looked at every few minutes: is it running, has something happened, how many pages.
pub(crate) const HOT: [OidRef<'static>; 7] = [
    SYS_UP_TIME,
    HR_DEVICE_STATUS,
    HR_PRINTER_STATUS,
    HR_PRINTER_ERRORS,
    CONFIG_CHANGES,
    ALL_EVENTS,
    oid!("1.3.6.1.2.1.43.10.2.1.4"),
];

/// What is used up or opened: prtCoverStatus, prtInputCurrentLevel, prtOutputRemainingCapacity, prtMarkerSuppliesMaxCapacity
/// and its level, prtConsoleDisplayBufferText.
pub(crate) const LEVELS: [OidRef<'static>; 6] = [
    oid!("1.3.6.1.2.1.43.6.1.1.3"),
    oid!("1.3.6.1.2.1.43.8.2.1.10"),
    oid!("1.3.6.1.2.1.43.9.2.1.5"),
    oid!("1.3.6.1.2.1.43.11.1.1.8"),
    oid!("1.3.6.1.2.1.43.11.1.1.9"),
    CONSOLE_TEXT,
];

/// What is never asked for: ppmPrinterSnmpCommunityName holds a secret, sysContact and the operator's and service
/// person's columns hold names of people.
pub fn denied() -> Vec<Oid> {
    [PORT_COMMUNITY, oid!("1.3.6.1.2.1.1.4"), oid!("1.3.6.1.2.1.43.5.1.1.4"), oid!("1.3.6.1.2.1.43.5.1.1.5")]
        .map(OidRef::to_oid)
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_denied_is_asked_for() {
        for denied in denied() {
            for asked in discovery().into_iter().chain(instances()).chain(columns()) {
                assert!(!denied.starts_with(asked.as_ref()) && !asked.starts_with(denied.as_ref()), "{asked} {denied}");
            }
        }
    }
}
