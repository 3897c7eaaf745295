//! What the device is doing: hrPrinterStatus, hrDeviceStatus and hrPrinterDetectedErrorState (RFC 2790).

use crate::reading::Status;
use crate::standard::enums::{device_status, error_bit, printer_status};
use crate::standard::table::{column, number};
use crate::standard::{Context, device, oids};
use dca_snmp::{Oid, OidRef, Value};

/// The three values of the printer's own hrDevice.
pub(crate) fn read(context: &mut Context<'_>) -> Status {
    let word = |context: &mut Context<'_>, column: OidRef<'_>, name: &str, words: fn(i64) -> Option<&'static str>| {
        let (_, value) = cell(context, column)?;
        let number = number(value)?;
        let word = words(number);
        if word.is_none() {
            context.doubt(format!("{name} is {number}, which RFC 2790 does not define"));
        }
        word.map(str::to_owned)
    };
    let printer = word(context, oids::HR_PRINTER_STATUS, "hrPrinterStatus", printer_status);
    let device = word(context, oids::HR_DEVICE_STATUS, "hrDeviceStatus", device_status);
    let errors = errors(context);
    Status { printer, device, errors }
}

/// The instance of hrPrinterDetectedErrorState that speaks for the printer.
pub(crate) fn errors_oid(context: &Context<'_>) -> Option<Oid> {
    cell(context, oids::HR_PRINTER_ERRORS).map(|(oid, _)| oid)
}

/// The bits that are set. RFC 2790 has two octets; devices send none, one or two, and a bit that is not sent is not set.
fn errors(context: &mut Context<'_>) -> Option<Vec<String>> {
    let (_, value) = cell(context, oids::HR_PRINTER_ERRORS)?;
    let integer;
    let octets = match value.as_octets() {
        Some(octets) => octets,
        None => {
            let number = u16::try_from(value.as_i64()?).ok()?;
            context.doubt("hrPrinterDetectedErrorState is a number, taken as its octets".to_owned());
            integer = number.to_be_bytes();
            if number > 0xff { integer.as_slice() } else { integer.get(1..).unwrap_or_default() }
        }
    };
    if octets.len() > 2 {
        context.doubt(format!("hrPrinterDetectedErrorState has {} octets, the first two were read", octets.len()));
    }
    let bits = octets.iter().take(2).enumerate().flat_map(|(at, octet)| {
        (0..8_i64).filter(move |bit| octet & 0x80 >> bit != 0).map(move |bit| 8 * at as i64 + bit)
    });
    let mut names = Vec::new();
    for bit in bits {
        match error_bit(bit) {
            Some(name) => names.push(name.to_owned()),
            None => context.doubt(format!("hrPrinterDetectedErrorState has bit {bit}, which RFC 2790 does not define")),
        }
    }
    Some(names)
}

/// The cell at the printer's hrDeviceIndex. Where the Printer-MIB's index is not an hrDevice, the one printer that
/// hrDeviceTable shows, or the only row, stands for it.
fn cell<'a>(context: &Context<'a>, of: OidRef<'_>) -> Option<(Oid, &'a Value)> {
    let at = |index: u32| {
        let oid = of.to_oid().join([index]).ok()?;
        let value = context.rows.get(oid.as_ref())?;
        Some((oid, value))
    };
    at(context.device).or_else(|| device::printers(context.rows).find_map(at)).or_else(|| {
        let mut rows = column(context.rows, of).filter(|(index, ..)| index.len() == 1);
        let first = rows.next();
        first.filter(|_| rows.next().is_none()).map(|(_, oid, value)| (oid.clone(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Hints;
    use crate::standard::recorded::rows;

    #[test]
    fn error_bits_come_in_any_number_of_octets() {
        let check = |value: &str, want: Option<&[&str]>, doubts: usize| {
            let rows = rows(&format!("1.3.6.1.2.1.25.3.5.1.2.1|{value}"));
            let hints = Hints::default();
            let mut context = Context::new(&rows, &hints);
            let got = errors(&mut context);
            assert_eq!(
                got.as_deref(),
                want.map(|names| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{value}"
            );
            assert_eq!(context.doubts.len(), doubts, "{value}: {:?}", context.doubts);
        };
        check("4x|", Some(&[]), 0);
        check("4x|00", Some(&[]), 0);
        check("4x|20", Some(&["low_toner"]), 0);
        check("4x|8000", Some(&["low_paper"]), 0);
        check("4x|0004", Some(&["input_tray_empty"]), 0);
        check("4x|41", Some(&["no_paper", "service_requested"]), 0);
        check(
            "4x|fffe",
            Some(&[
                "low_paper",
                "no_paper",
                "low_toner",
                "no_toner",
                "door_open",
                "jammed",
                "offline",
                "service_requested",
                "input_tray_missing",
                "output_tray_missing",
                "marker_supply_missing",
                "output_near_full",
                "output_full",
                "input_tray_empty",
                "overdue_prevent_maint",
            ]),
            0,
        );
        check("4x|0001", Some(&[]), 1);
        check("4x|08000000", Some(&["door_open"]), 1);
        check("2|8", Some(&["door_open"]), 1);
        check("5|", None, 0);
    }

    #[test]
    fn the_status_is_the_printers_own() {
        let rows = rows(
            "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.3\n1.3.6.1.2.1.25.3.2.1.2.3|6|1.3.6.1.2.1.25.3.1.5\n\
             1.3.6.1.2.1.25.3.2.1.5.1|2|2\n1.3.6.1.2.1.25.3.2.1.5.3|2|5\n1.3.6.1.2.1.25.3.5.1.1.3|2|9",
        );
        let hints = Hints::default();
        let mut context = Context::new(&rows, &hints);
        let status = read(&mut context);
        assert_eq!(status.device.as_deref(), Some("down"));
        assert_eq!(status.printer, None);
        assert_eq!(context.doubts.len(), 1);
    }
}
