//! Tables that fit: one line per row, columns shrink before the line breaks.

use super::{Look, clean};
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, Width, presets,
};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    /// Numbers stand at the right.
    pub(super) right: bool,
    /// Its text may be cut when the line is too long. Figures, addresses and serial numbers may not: a part of one is a
    /// wrong one.
    pub(super) cut: bool,
    /// When the line is too long all the same, columns go in this order, the highest first; 0 stays.
    pub(super) spare: u8,
}

/// A cell's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
    Dim,
}

/// Text and tone.
pub(super) type Styled = (String, Tone);

pub(super) const fn column(title: &'static str) -> Column {
    Column { title, right: false, cut: true, spare: 0 }
}

impl Column {
    pub(super) const fn right(self) -> Self {
        Self { right: true, cut: false, ..self }
    }

    pub(super) const fn whole(self) -> Self {
        Self { cut: false, ..self }
    }

    pub(super) const fn spare(self, rank: u8) -> Self {
        Self { spare: rank, ..self }
    }
}

/// Least width of a column that may be cut.
const LEAST: u16 = 8;
/// Blanks between two columns.
const GAP: u16 = 2;

/// Draws a table. Columns that are empty in every row are left out; of those that may be cut the widest give way first,
/// and where that is not enough the spare ones go.
pub(super) fn draw(columns: &[Column], rows: Vec<Vec<Styled>>, indent: usize, look: Look) -> String {
    let mut used: Vec<bool> = (0..columns.len())
        .map(|at| rows.iter().any(|row| row.get(at).is_some_and(|(text, _)| !text.is_empty())))
        .collect();
    if let Some(width) = look.width {
        spare(columns, &rows, &mut used, width.saturating_sub(indent as u16));
    }
    let columns: Vec<Column> =
        columns.iter().zip(&used).filter(|(_, used)| **used).map(|(column, _)| *column).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_truncation_indicator("…");
    // A cut text ends where the room ends, not at a blank before it; no text here contains this.
    table.set_delimiter('\u{1f}');
    if look.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let title = |column: &Column| {
        let cell = Cell::new(column.title);
        if look.color { cell.add_attribute(Attribute::Bold) } else { cell }
    };
    let mut header = Row::from(columns.iter().map(title).collect::<Vec<_>>());
    header.max_height(1);
    table.set_header(header);
    for row in rows {
        let kept = row.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| styled(cell, look.color));
        let mut row = Row::from(kept.collect::<Vec<_>>());
        row.max_height(1);
        table.add_row(row);
    }
    for (at, column) in columns.iter().enumerate() {
        if let Some(drawn) = table.column_mut(at) {
            drawn.set_padding((0, if at + 1 == columns.len() { 0 } else { GAP }));
            drawn.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
        }
    }
    if let Some(width) = look.width {
        fit(&mut table, &columns, width.saturating_sub(indent as u16));
    }
    let margin = " ".repeat(indent);
    table.lines().map(|line| format!("{margin}{}\n", line.trim_end())).collect()
}

/// Leaves out spare columns while the rest would not fit even cut to the least.
fn spare(columns: &[Column], rows: &[Vec<Styled>], used: &mut [bool], width: u16) {
    let least: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|(text, _)| text.chars().count());
            let content = cells.chain([column.title.len()]).max().unwrap_or(0);
            if column.cut { content.min(LEAST.into()) } else { content }
        })
        .collect();
    loop {
        let needed: usize =
            least.iter().zip(&*used).filter(|(_, used)| **used).map(|(least, _)| least + usize::from(GAP)).sum();
        let candidates = columns.iter().zip(used.iter_mut()).filter(|(column, used)| column.spare > 0 && **used);
        match candidates.max_by_key(|(column, _)| column.spare) {
            Some((_, used)) if needed > usize::from(width + GAP) => *used = false,
            _ => return,
        }
    }
}

/// Shrinks what may be cut until the line fits.
fn fit(table: &mut Table, columns: &[Column], width: u16) {
    let mut widths = table.column_max_content_widths();
    // No blanks at the ends.
    let room = (width + GAP).saturating_sub(GAP * columns.len() as u16);
    loop {
        let total: u32 = widths.iter().map(|width| u32::from(*width)).sum();
        let widest = widths.iter_mut().zip(columns).filter(|(width, column)| column.cut && **width > LEAST);
        match widest.max_by_key(|(width, _)| **width) {
            Some((widest, _)) if total > u32::from(room) => *widest -= 1,
            _ => break,
        }
    }
    table.set_content_arrangement(ContentArrangement::Dynamic);
    for (at, width) in widths.into_iter().enumerate() {
        if let Some(column) = table.column_mut(at) {
            let padding = column.padding_width();
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + padding)));
        }
    }
}

fn styled((text, tone): Styled, color: bool) -> Cell {
    let cell = Cell::new(clean::terminal(&text));
    if !color {
        return cell;
    }
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Warn => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Dim => cell.add_attribute(Attribute::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: Option<u16>) -> Vec<String> {
        let columns = [column("ADDRESS").whole(), column("MODEL"), column("EMPTY"), column("PAGES").right()];
        let row = |address: &str, model: &str, pages: &str| {
            [address, model, "", pages].map(|text| (text.to_owned(), Tone::Plain)).to_vec()
        };
        let rows = vec![
            row("192.0.2.1", "Acme Laser 5000 with a very long name", "121104"),
            row("192.0.2.200", "墨水打印机墨水打印机墨水打印机", "7"),
        ];
        draw(&columns, rows, 0, Look { width, ..Look::default() }).lines().map(str::to_owned).collect()
    }

    #[test]
    fn without_a_limit_nothing_is_cut() {
        let lines = check(None);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("ADDRESS") && !lines[0].contains("EMPTY"), "{lines:#?}");
        assert!(lines[1].contains("very long name"), "{lines:#?}");
    }

    #[test]
    fn spare_columns_go_when_there_is_no_room() {
        let columns = [column("ADDRESS").whole(), column("NAME").spare(1), column("PAGES").right()];
        let row = ["192.0.2.1", "a rather long name", "121104"].map(|text| (text.to_owned(), Tone::Plain)).to_vec();
        let check = |width| draw(&columns, vec![row.clone()], 0, Look { width: Some(width), ..Look::default() });
        assert!(check(40).contains("a rather long name"), "{}", check(40));
        assert!(check(31).contains("a rather lo…"), "{}", check(31));
        assert!(!check(26).contains("NAME"), "{}", check(26));
    }

    #[test]
    fn a_long_text_gives_way_and_figures_do_not() {
        let lines = check(Some(40));
        assert_eq!(lines.len(), 3, "{lines:#?}");
        assert!(lines[1].starts_with("192.0.2.1 ") && lines[1].ends_with("121104"), "{lines:#?}");
        assert!(lines[1].contains('…') && lines[2].contains('…'), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{lines:#?}");
    }
}
