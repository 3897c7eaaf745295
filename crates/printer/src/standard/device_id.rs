//! IEEE 1284 device ids: `MFG:Acme;MDL:X 100;CLS:PRINTER;SN:123;`, with a length of two octets in front on some devices.

use crate::rows::Rows;
use crate::standard::brand::Brands;
use crate::standard::oids;
use crate::standard::table::column;
use crate::standard::text::{Decoder, clean};
use dca_snmp::Oid;

/// The keys that are of use here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceId {
    pub(crate) oid: Oid,
    pub(crate) maker: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) serial: Option<String>,
}

impl DeviceId {
    /// The device id of the port monitor MIB, else one of a maker's own instances, else a text where RFC 2790 has an OID.
    pub(crate) fn find(rows: &Rows) -> Option<Self> {
        let ports = column(rows, oids::PORT_DEVICE_ID).map(|(_, oid, value)| (oid.clone(), value));
        let own = Brands::get().device_ids().filter_map(|oid| Some((oid.clone(), rows.get(oid.as_ref())?)));
        let misplaced = column(rows, oids::HR_DEVICE_ID).map(|(_, oid, value)| (oid.clone(), value));
        ports
            .take(16)
            .chain(own)
            .chain(misplaced.take(16))
            .find_map(|(oid, value)| Self::parse(oid, value.as_octets()?))
    }

    /// `None` if the octets hold neither a maker nor a model.
    fn parse(oid: Oid, octets: &[u8]) -> Option<Self> {
        let octets = octets.get(..octets.len().min(1024))?;
        let text = String::from_utf8_lossy(octets);
        let mut id = Self { oid, maker: None, model: None, description: None, class: None, serial: None };
        for pair in text.split(';') {
            let Some((key, value)) = pair.split_once(':') else { continue };
            // The length octets, if any, stand before the first key.
            let key = key.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).trim().to_ascii_uppercase();
            let value = clean(&Decoder::default().text(value.as_bytes()));
            let slot = match key.as_str() {
                "MFG" | "MANUFACTURER" => &mut id.maker,
                "MDL" | "MODEL" => &mut id.model,
                "DES" | "DESCRIPTION" => &mut id.description,
                "CLS" | "CLASS" => &mut id.class,
                "SN" | "SER" | "SERN" | "SERIALNUMBER" => &mut id.serial,
                _ => continue,
            };
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value);
            }
        }
        (id.maker.is_some() || id.model.is_some()).then_some(id)
    }

    /// True if the id says that this is a printer.
    pub(crate) fn says_printer(&self) -> bool {
        self.class.as_deref().is_some_and(|class| class.eq_ignore_ascii_case("printer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_snmp::oid;

    #[test]
    fn a_device_id_where_an_oid_belongs_is_one() {
        let rows = |value: &str| crate::standard::recorded::rows(&format!("1.3.6.1.2.1.25.3.2.1.4.1|{value}"));
        let id = DeviceId::find(&rows("4|MFG:Acme;MDL:X 100;CLS:PRINTER;")).unwrap();
        assert_eq!((id.maker.as_deref(), id.says_printer()), (Some("Acme"), true));
        assert_eq!(DeviceId::find(&rows("6|1.3.6.1.4.1.99999.1")), None);
    }

    #[test]
    fn keys_are_found_in_both_spellings() {
        let id = DeviceId::parse(
            oid!("1.3.6").to_oid(),
            b"\x00\x40MANUFACTURER:Acme;MODEL:X 100;CLASS:PRINTER;SERN:A1;SN:B2",
        )
        .unwrap();
        assert_eq!(id.maker.as_deref(), Some("Acme"));
        assert_eq!(id.model.as_deref(), Some("X 100"));
        assert_eq!(id.serial.as_deref(), Some("A1"));
        assert!(id.says_printer());
        assert_eq!(DeviceId::parse(oid!("1.3.6").to_oid(), b"no keys here"), None);
    }
}
