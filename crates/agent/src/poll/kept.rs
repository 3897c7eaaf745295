//! What the last full reading of a device brought, packed. It is wanted when the device's file is written and when it is
//! asked in a second way; until then a thousand devices need not fill the memory with it.

use dca_printer::Rows;
use dca_snmp::recording;

/// Rows as lines of a recording, compressed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(Vec<u8>);

/// Most octets of the lines: twice what a device's file holds of them.
const MOST: usize = 1 << 20;
const LEVEL: i32 = 1;

impl Kept {
    /// Of more rows than fit nothing is kept: the device is read in full again when they are wanted.
    pub(crate) fn of(rows: &Rows) -> Self {
        let lines: Vec<String> = rows.iter().filter_map(|(oid, value)| recording::snmprec_line(oid, value)).collect();
        let text = lines.join("\n");
        if text.is_empty() || text.len() > MOST {
            return Self::default();
        }
        Self(zstd::bulk::compress(text.as_bytes(), LEVEL).unwrap_or_default())
    }

    fn text(&self) -> String {
        // Into as much room as it needs, which the frame says.
        let length = zstd::zstd_safe::get_frame_content_size(&self.0).ok().flatten().unwrap_or(0);
        let room = usize::try_from(length).unwrap_or(MOST).min(MOST);
        let octets = if self.0.is_empty() { Ok(Vec::new()) } else { zstd::bulk::decompress(&self.0, room) };
        octets.ok().and_then(|octets| String::from_utf8(octets).ok()).unwrap_or_default()
    }

    /// As they stand in a device's file.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    pub(crate) fn rows(&self) -> Rows {
        recording::parse(&self.text()).rows.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_snmp::Value;

    #[test]
    fn rows_come_back_as_they_were() {
        let row = |at: u32| (format!("1.3.6.1.2.1.43.11.1.1.9.1.{at}").parse().unwrap(), Value::Integer(at.into()));
        let mut rows: Rows = (1..500).map(row).collect();
        rows.insert("1.3.6.1.2.1.1.5.0".parse().unwrap(), Value::OctetString(b"a name\n\xff".to_vec()));
        let kept = Kept::of(&rows);
        assert_eq!(kept.rows(), rows);
        assert_eq!(kept.lines().len(), rows.len());
        assert!(kept.text().capacity() < 2 * kept.text().len(), "no more room than it needs");
        assert!(kept.0.len() < 5_000, "{}", kept.0.len());
        assert!(Kept::of(&Rows::new()).rows().is_empty() && Kept::default().lines().is_empty());
    }
}
