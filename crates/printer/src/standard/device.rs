//! Which hrDeviceIndex the printer has. It is 1 on most devices, but a multifunction device may list its scanner first,
//! and some firmware answers the Printer-MIB under an index that hrDeviceTable does not know.

use crate::rows::Rows;
use crate::standard::oids;
use crate::standard::table::{column, number};
use dca_snmp::{Oid, OidRef, Value};

/// The most devices among which the printer is looked for.
const MAX_DEVICES: usize = 16;

/// The printer's hrDeviceIndex: that of the Printer-MIB's own rows, else what the port monitor MIB names, else the first
/// hrDevice that is a printer, else the first hrPrinter row.
pub(crate) fn printer_index(rows: &Rows) -> Option<u32> {
    own_index(rows)
        .or_else(|| {
            let named = column(rows, oids::PORT_HR_DEVICE).find_map(|(.., value)| number(value));
            named.and_then(|index| u32::try_from(index).ok()).filter(|index| *index > 0)
        })
        .or_else(|| printers(rows).next())
        .or_else(|| column(rows, oids::HR_PRINTER_STATUS).find_map(|(index, ..)| index.first().copied()))
        .or_else(|| column(rows, oids::HR_PRINTER_ERRORS).find_map(|(index, ..)| index.first().copied()))
}

/// The hrDevices of the type hrDevicePrinter.
pub(crate) fn printers(rows: &Rows) -> impl Iterator<Item = u32> {
    column(rows, oids::HR_DEVICE_TYPE)
        .filter(|(_, _, value)| is_printer_type(value))
        .filter_map(|(index, ..)| index.first().copied())
}

/// The device of the Printer-MIB's rows. Of several the one that hrDeviceTable calls a printer: copy and scan counters sit
/// under devices of their own.
fn own_index(rows: &Rows) -> Option<u32> {
    let of_table = |entry: OidRef<'static>| {
        // Behind the column: dev.row. A lone arc is a row without its device.
        let indices = rows.under(entry).map(move |(oid, _)| oid.arcs().skip(entry.len() + 1).collect::<Vec<_>>());
        let mut devices: Vec<u32> = Vec::new();
        for device in indices.filter(|index| index.len() == 2).filter_map(|index| index.first().copied()) {
            if !devices.contains(&device) && devices.len() < MAX_DEVICES {
                devices.push(device);
            }
        }
        let printer = devices.iter().find(|device| printers(rows).any(|printer| printer == **device));
        printer.or(devices.first()).copied()
    };
    let own = [oids::MARKER, oids::SUPPLY, oids::INPUT].into_iter().find_map(of_table);
    own.or_else(|| column(rows, oids::SERIAL_NUMBER).find_map(|(index, ..)| index.first().copied()))
}

/// hrDeviceType as an OID, or as its text (seen in the field).
fn is_printer_type(value: &Value) -> bool {
    match value.as_oid() {
        Some(oid) => oid == oids::HR_DEVICE_PRINTER,
        None => value
            .as_octets()
            .filter(|octets| octets.len() < 64)
            .and_then(|octets| std::str::from_utf8(octets).ok()?.trim().parse::<Oid>().ok())
            .is_some_and(|oid| oid == oids::HR_DEVICE_PRINTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::recorded::rows;

    #[test]
    fn the_printer_is_found_among_the_devices() {
        let check = |text: &str, index: Option<u32>| assert_eq!(printer_index(&rows(text)), index, "{text}");
        check(
            "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.3\n1.3.6.1.2.1.25.3.2.1.2.3|6|1.3.6.1.2.1.25.3.1.5",
            Some(3),
        );
        check("1.3.6.1.2.1.25.3.2.1.2.2|4|.1.3.6.1.2.1.25.3.1.5", Some(2));
        check("1.3.6.1.2.1.43.11.1.1.9.0.1|2|5\n1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5", Some(0));
        check("1.3.6.1.2.1.43.11.1.1.9.1|2|5\n1.3.6.1.2.1.25.3.2.1.2.4|6|1.3.6.1.2.1.25.3.1.5", Some(4));
        check("1.3.6.1.4.1.2699.1.2.1.2.1.1.6.1|2|7", Some(7));
        check(
            "1.3.6.1.2.1.43.10.2.1.4.1.1|2|5\n1.3.6.1.2.1.43.10.2.1.4.3.1|2|5\n1.3.6.1.2.1.25.3.2.1.2.3|6|1.3.6.1.2.1.25.3.1.5",
            Some(3),
        );
        check("1.3.6.1.2.1.25.3.5.1.2.9|4x|00", Some(9));
        check("", None);
    }
}
