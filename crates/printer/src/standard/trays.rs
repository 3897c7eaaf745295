//! Paper in and out, covers, panel text: prtInputTable, prtOutputTable, prtCoverTable, prtConsoleDisplayBufferTable.

use crate::reading::{Cover, Input, Output};
use crate::standard::enums::{capacity_unit, cover_status, input_type, output_type};
use crate::standard::table::{Index, Table, column, dotted, percent};
use crate::standard::text::Decoder;
use crate::standard::{Context, oids};

const MAX_ROWS: usize = 64;
/// Percent. As for supplies: what a person would refill.
const LOW: f64 = 10.0;
/// PrtCapacityUnitTC percent.
const UNIT_PERCENT: i64 = 19;

/// Paper sources.
pub(crate) fn inputs(context: &mut Context<'_>) -> Vec<Input> {
    const TYPE: u32 = 2;
    const UNIT: u32 = 8;
    const MAX: u32 = 9;
    const LEVEL: u32 = 10;
    const MEDIA: u32 = 12;
    const NAME: u32 = 13;
    const DESCRIPTION: u32 = 18;
    let table = Table::new(context.rows, oids::INPUT);
    let indices = table.indices(MAX_ROWS, "prtInputTable", context);
    let mut inputs = Vec::with_capacity(indices.len());
    for index in &indices {
        let number = |column| table.number(column, index);
        let (unit, max, level) = (number(UNIT), number(MAX), number(LEVEL));
        let share = match (level, max) {
            (Some(level), _) if unit == Some(UNIT_PERCENT) && level <= 100 => percent(level, 100),
            (Some(level), Some(max)) => percent(level, max),
            _ => None,
        };
        let state = match (level, share) {
            (_, Some(share)) if share > LOW => "ok",
            (_, Some(share)) if share > 0.0 => "low",
            (Some(0), _) => "empty",
            (Some(-1), _) => "unrestricted",
            (Some(-3 | 1..), _) => "present",
            _ => "unknown",
        };
        if let (Some(level), Some(max)) = (level, max)
            && max > 0
            && level > max
            && share.is_none()
        {
            context.doubt(format!("input {}: overrange, level {level} above the capacity {max}", dotted(index)));
        }
        inputs.push(Input {
            index: dotted(index),
            name: name(&table, &[NAME, DESCRIPTION], "input", index, context),
            kind: number(TYPE).and_then(input_type).map(str::to_owned),
            media: text(&table, MEDIA, index, context),
            unit: unit.and_then(capacity_unit).map(str::to_owned),
            capacity: max.filter(|max| *max > 0),
            level: level.filter(|level| *level >= 0),
            percent: share,
            state: state.to_owned(),
            source: table.source(&[LEVEL, MAX, NAME, DESCRIPTION, TYPE], index),
        });
    }
    inputs
}

/// Output bins.
pub(crate) fn outputs(context: &mut Context<'_>) -> Vec<Output> {
    const TYPE: u32 = 2;
    const UNIT: u32 = 3;
    const MAX: u32 = 4;
    const REMAINING: u32 = 5;
    const NAME: u32 = 7;
    const DESCRIPTION: u32 = 12;
    let table = Table::new(context.rows, oids::OUTPUT);
    let indices = table.indices(MAX_ROWS, "prtOutputTable", context);
    let output = |index: &Index| Output {
        index: dotted(index),
        name: name(&table, &[NAME, DESCRIPTION], "output", index, context),
        kind: table.number(TYPE, index).and_then(output_type).map(str::to_owned),
        unit: table.number(UNIT, index).and_then(capacity_unit).map(str::to_owned),
        capacity: table.number(MAX, index).filter(|max| *max > 0),
        remaining: table.number(REMAINING, index).filter(|room| *room >= 0),
        source: table.source(&[REMAINING, MAX, NAME, DESCRIPTION, TYPE], index),
    };
    indices.iter().map(output).collect()
}

/// Doors and interlocks.
pub(crate) fn covers(context: &mut Context<'_>) -> Vec<Cover> {
    const DESCRIPTION: u32 = 2;
    const STATUS: u32 = 3;
    let table = Table::new(context.rows, oids::COVER);
    let indices = table.indices(MAX_ROWS, "prtCoverTable", context);
    let cover = |index: &Index| Cover {
        index: dotted(index),
        description: name(&table, &[DESCRIPTION], "cover", index, context),
        state: table.number(STATUS, index).and_then(cover_status).unwrap_or("unknown").to_owned(),
        source: table.source(&[STATUS, DESCRIPTION], index),
    };
    indices.iter().map(cover).collect()
}

/// The lines of the operator panel, empty ones left out.
pub(crate) fn console(context: &mut Context<'_>) -> Vec<String> {
    let decoder = Decoder::for_console(context.rows, context.device);
    let lines = column(context.rows, oids::CONSOLE_TEXT).take(MAX_ROWS);
    lines.filter_map(|(.., value)| Some(decoder.text(value.as_octets()?))).filter(|line| !line.is_empty()).collect()
}

fn text(table: &Table<'_>, column: u32, index: &Index, context: &Context<'_>) -> Option<String> {
    let text = context.descriptions.text(table.octets(column, index)?);
    // "-" and the like say that there is no name.
    text.contains(char::is_alphanumeric).then_some(text)
}

/// The first name that the device has, else the row's number.
fn name(table: &Table<'_>, columns: &[u32], what: &str, index: &Index, context: &Context<'_>) -> String {
    let named = columns.iter().find_map(|column| text(table, *column, index, context));
    named.unwrap_or_else(|| format!("{what} {}", index.last().unwrap_or(&0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Hints;
    use crate::standard::recorded::rows;

    #[test]
    fn a_tray_says_how_much_is_in_it() {
        let check = |unit: i64, max: i64, level: i64, share: Option<f64>, state: &str| {
            let entry = "1.3.6.1.2.1.43.8.2.1";
            let rows = rows(&format!("{entry}.8.1.2|2|{unit}\n{entry}.9.1.2|2|{max}\n{entry}.10.1.2|2|{level}"));
            let inputs = inputs(&mut Context::new(&rows, &Hints::default()));
            assert_eq!((inputs[0].percent, inputs[0].state.as_str()), (share, state), "{unit} {max} {level}");
            assert_eq!(inputs[0].name, "input 2");
        };
        check(8, 500, 250, Some(50.0), "ok");
        check(8, 500, 50, Some(10.0), "low");
        check(8, 500, 0, Some(0.0), "empty");
        check(8, -2, 0, None, "empty");
        check(8, 500, -3, None, "present");
        check(8, 500, -2, None, "unknown");
        check(8, -2, -1, None, "unrestricted");
        check(8, 100, 250, None, "present");
        check(19, -2, 40, Some(40.0), "ok");
    }

    #[test]
    fn covers_and_panel_are_read() {
        let rows = rows(
            "1.3.6.1.2.1.43.6.1.1.2.1.1|4|Front Cover\n1.3.6.1.2.1.43.6.1.1.3.1.1|2|3\n\
             1.3.6.1.2.1.43.16.5.1.2.1.1|4|Ready\n1.3.6.1.2.1.43.16.5.1.2.1.2|4|\n\
             1.3.6.1.2.1.43.9.2.1.5.1.1|2|-3\n1.3.6.1.2.1.43.9.2.1.4.1.1|2|150",
        );
        let hints = Hints::default();
        let mut context = Context::new(&rows, &hints);
        assert_eq!(covers(&mut context)[0].state, "cover_open");
        assert_eq!(console(&mut context), ["Ready"]);
        let outputs = outputs(&mut context);
        assert_eq!((outputs[0].capacity, outputs[0].remaining), (Some(150), None));
    }
}
