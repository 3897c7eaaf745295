//! Printer-MIB (RFC 3805): input trays, output bins, media paths, channels, interpreters.

use super::{Rows, integer, text};
use crate::life::{Fill, Life};
use crate::model::Model;
use crate::scheme::Says;
use dca_snmp::{OidRef, oid};

const INPUT: OidRef<'_> = oid!("1.3.6.1.2.1.43.8.2.1");
const OUTPUT: OidRef<'_> = oid!("1.3.6.1.2.1.43.9.2.1");
const MEDIA_PATH: OidRef<'_> = oid!("1.3.6.1.2.1.43.13.4.1");
const CHANNEL: OidRef<'_> = oid!("1.3.6.1.2.1.43.14.1.1");
const INTERPRETER: OidRef<'_> = oid!("1.3.6.1.2.1.43.15.1.1");
const MICROMETRES: i64 = 4;
const SHEETS: i64 = 8;

pub(crate) fn fixed(rows: &mut Rows, model: &Model) {
    let sheet = &model.sheet;
    let dev = sheet.device.index;
    for (tray, n) in sheet.trays.iter().zip(1..) {
        let [width, length] = tray.size.map(|millimetres| millimetres * 1_000);
        let columns = [
            (2, tray.kind.code()),
            (3, MICROMETRES),
            (4, length),
            (5, width),
            (6, length),
            (7, width),
            (8, SHEETS),
            (9, tray.capacity),
        ];
        columns.into_iter().for_each(|(column, number)| rows.put(INPUT, [column, dev, n], integer(number)));
        rows.put(INPUT, [12, dev, n], text(&tray.media));
        rows.put(INPUT, [13, dev, n], text(&tray.name));
        rows.put(INPUT, [18, dev, n], text(&tray.name));
        rows.put(INPUT, [21, dev, n], text(&tray.media));
    }
    for (output, n) in sheet.outputs.iter().zip(1..) {
        let columns = [(2, output.kind.code()), (3, SHEETS), (4, output.capacity)];
        columns.into_iter().for_each(|(column, number)| rows.put(OUTPUT, [column, dev, n], integer(number)));
        rows.put(OUTPUT, [7, dev, n], text(&output.name));
        rows.put(OUTPUT, [12, dev, n], text(&output.name));
    }
    for (path, n) in sheet.media_paths.iter().zip(1..) {
        // impressionsPerHour 8; longEdgeBindingDuplex 3, simplex 5
        let columns =
            [(2, 8), (3, MICROMETRES), (4, path.speed), (5, 431_800), (6, 297_000), (7, 148_000), (8, 100_000)];
        columns.into_iter().for_each(|(column, number)| rows.put(MEDIA_PATH, [column, dev, n], integer(number)));
        rows.put(MEDIA_PATH, [9, dev, n], integer(if path.duplex { 3 } else { 5 }));
        rows.put(MEDIA_PATH, [10, dev, n], text(&path.description));
        rows.put(MEDIA_PATH, [11, dev, n], integer(0));
    }
    // chPort9100 11, chIPP 44
    for (kind, n) in [11, 44].into_iter().zip(1..) {
        let columns = [(2, kind), (4, 0), (5, 1), (6, 3), (7, 1), (8, 0)];
        columns.into_iter().for_each(|(column, number)| rows.put(CHANNEL, [column, dev, n], integer(number)));
        rows.put(CHANNEL, [3, dev, n], text(""));
        rows.put(CHANNEL, [9, dev, n], text(if kind == 44 { "URI=ipp:/ipp/print" } else { "" }));
    }
    // langPCL 3, langPS 6
    for ((kind, name), n) in [(3, "PCL"), (6, "PostScript")].into_iter().zip(1..) {
        rows.put(INTERPRETER, [2, dev, n], integer(kind));
        rows.put(INTERPRETER, [5, dev, n], text(name));
    }
}

pub(crate) fn live(rows: &mut Rows, model: &Model, life: &Life<'_>) {
    let sheet = &model.sheet;
    let dev = sheet.device.index;
    for (at, tray) in sheet.trays.iter().enumerate() {
        let Some(wear) = life.tray(at) else { continue };
        let n = at as u32 + 1;
        let level = match tray.says {
            Says::Unknown => -2,
            Says::Some if wear.fill() != Fill::Empty => -3,
            _ => (wear.left() * tray.capacity as f64).ceil() as i64,
        };
        // idle 0; + 8 something to know; on request 1 + 8
        let status = match wear.fill() {
            Fill::Good => 0,
            Fill::Low => 8,
            Fill::Empty => 9,
        };
        rows.put(INPUT, [10, dev, n], integer(level));
        rows.put(INPUT, [11, dev, n], integer(status));
    }
    for (output, n) in sheet.outputs.iter().zip(1..) {
        // Somebody empties the bin every so often.
        let waits = life.power_on_pages() as i64 % (output.capacity / 2).max(1);
        rows.put(OUTPUT, [5, dev, n], integer(output.capacity - waits));
        rows.put(OUTPUT, [6, dev, n], integer(0));
    }
}
