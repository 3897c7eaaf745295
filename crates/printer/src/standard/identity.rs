//! Who a device is. Each field has a chain of sources, best first, and says which one spoke.
//!
//! The brand comes from what the device calls itself (sysDescr, hrDeviceDescr, the IEEE 1284 id) before the engine's maker
//! in sysObjectID: many brands sell another maker's engine.

use crate::reading::{Confidence, Fact, Identity, Source};
use crate::rows::Rows;
use crate::standard::brand::{Brand, Brands};
use crate::standard::device_id::DeviceId;
use crate::standard::serials::{is_serial, labelled};
use crate::standard::table::{column, number, source};
use crate::standard::text::Decoder;
use crate::standard::{Context, device, model, oids};
use dca_snmp::{Oid, OidRef};

/// All that the standard MIBs tell.
pub(crate) fn read(context: &mut Context<'_>) -> Identity {
    let texts = Texts::of(context);
    let mac = mac(context);
    let serial = serial(&texts, mac.as_ref(), context);
    Identity {
        vendor: vendor(&texts, context.rows),
        model: model(&texts, serial.as_ref().map(|serial| serial.value.as_str())),
        firmware: firmware(&texts),
        hostname: scalar(context, oids::SYS_NAME),
        asset: None,
        location: scalar(context, oids::SYS_LOCATION),
        serial,
        mac,
    }
}

/// Who a device is, without the rest of a reading.
pub fn identity(rows: &Rows) -> Identity {
    let hints = crate::standard::Hints::default();
    read(&mut Context::new(rows, &hints))
}

/// The brand's name alone, for matching a profile before anything else is read.
pub fn brand(rows: &Rows) -> Option<Fact> {
    let hints = crate::standard::Hints::default();
    vendor(&Texts::of(&Context::new(rows, &hints)), rows)
}

/// The texts in which a device names itself.
pub(crate) struct Texts {
    pub(crate) sys_descr: Option<(Oid, String)>,
    pub(crate) device_descr: Option<(Oid, String)>,
    pub(crate) printer_name: Option<(Oid, String)>,
    pub(crate) device_id: Option<DeviceId>,
}

impl Texts {
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let rows = context.rows;
        let at = |of: OidRef<'_>| of.to_oid().join([context.device]).ok();
        let text = |oid: Option<Oid>, decoder: Decoder| {
            let oid = oid?;
            let text = decoder.text(rows.get(oid.as_ref())?.as_octets()?);
            (!text.is_empty() && !is_redacted(&text)).then_some((oid, text))
        };
        let descriptions = context.descriptions;
        // The Printer-MIB's index may be no hrDevice, or another device's: then the one that is typed a printer speaks,
        // and where nothing is typed the first.
        let typed = device::printers(rows).next();
        let own = typed.is_none() || device::printers(rows).any(|printer| printer == context.device);
        let first = || column(rows, oids::HR_DEVICE_DESCR).next().map(|(_, oid, _)| oid.clone());
        let untyped = column(rows, oids::HR_DEVICE_TYPE).next().is_none();
        let device_descr = text(at(oids::HR_DEVICE_DESCR), descriptions)
            .filter(|_| own)
            .or_else(|| text(oids::HR_DEVICE_DESCR.to_oid().join([typed?]).ok(), descriptions))
            .or_else(|| text(first(), descriptions).filter(|_| untyped));
        Self {
            sys_descr: text(Some(oids::SYS_DESCR.to_oid()), Decoder::default()),
            device_descr,
            printer_name: text(at(oids::PRINTER_NAME), descriptions),
            device_id: DeviceId::find(rows),
        }
    }
}

fn vendor(texts: &Texts, rows: &Rows) -> Option<Fact> {
    let brands = Brands::get();
    let told = |text: &Option<(Oid, String)>, rule: &str| {
        let (oid, text) = text.as_ref()?;
        if brands.names_system(text) {
            return None;
        }
        Some(brand_fact(brands.named_in(text)?, source(oid), rule, Confidence::A))
    };
    let from_id = || {
        let id = texts.device_id.as_ref()?;
        let brand =
            [&id.maker, &id.model, &id.description].into_iter().flatten().find_map(|text| brands.named_in(text))?;
        Some(brand_fact(brand, source(&id.oid), "device_id", Confidence::A))
    };
    let from_object_id = || {
        let id = rows.get(oids::SYS_OBJECT_ID)?.as_oid()?;
        Some(brand_fact(
            brands.of_object_id(id)?,
            source(&oids::SYS_OBJECT_ID.to_oid()),
            "sys_object_id",
            Confidence::B,
        ))
    };
    let from_subtree = || {
        let count = |root: &Oid| rows.under(root.as_ref()).take(1000).count();
        let (rows_in, root, brand) =
            brands.subtrees().map(|(root, brand)| (count(root), root, brand)).max_by_key(|(rows, ..)| *rows)?;
        (rows_in > 0).then(|| brand_fact(brand, source(root), "private_subtree", Confidence::B))
    };
    // A text about the network card names the card's maker: what stands behind the card speaks first.
    let adapter = texts.sys_descr.as_ref().is_some_and(|(_, text)| brands.names_adapter(text));
    let behind = || told(&texts.device_descr, "hr_device_descr").filter(|_| adapter);
    behind()
        .or_else(|| told(&texts.sys_descr, "sys_descr"))
        .or_else(|| told(&texts.device_descr, "hr_device_descr"))
        .or_else(from_id)
        .or_else(from_object_id)
        .or_else(from_subtree)
        .or_else(|| told(&texts.printer_name, "printer_name"))
}

fn model(texts: &Texts, serial: Option<&str>) -> Option<Fact> {
    let brands = Brands::get();
    let descr = texts.sys_descr.as_ref().and_then(|(oid, text)| {
        Some(fact(model::in_sys_descr(text, brands)?, source(oid), "sys_descr", Confidence::B))
    });
    let device = texts.device_descr.as_ref().and_then(|(oid, text)| {
        Some(fact(model::in_device_descr(text, serial, brands)?, source(oid), "hr_device_descr", Confidence::A))
    });
    let id = || {
        let id = texts.device_id.as_ref()?;
        let name = id.model.as_deref().map(|model| brands.without_brand(model).to_owned())?;
        Some(fact(name, source(&id.oid), "device_id", Confidence::A))
    };
    // prtGeneralPrinterName can be set by anyone: it is trusted only where nothing better speaks.
    let name = || {
        let (oid, text) = texts.printer_name.as_ref()?;
        Some(fact(brands.without_brand(text).to_owned(), source(oid), "printer_name", Confidence::C))
    };
    match (device, descr) {
        (Some(family), Some(one)) if model::is_family_of(&family.value, &one.value) => Some(one),
        (Some(device), _) => Some(device),
        (None, descr) => id().or(descr).or_else(name),
    }
}

fn serial(texts: &Texts, mac: Option<&Fact>, context: &mut Context<'_>) -> Option<Fact> {
    let sign = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let is_mac = |text: &str| mac.is_some_and(|mac| sign(&mac.value) == sign(text));
    let at = |device: Option<u32>| {
        let mut rows = column(context.rows, oids::SERIAL_NUMBER);
        let (_, oid, value) = rows.find(|(index, ..)| device.is_none_or(|device| index.first() == Some(&device)))?;
        Some((oid.clone(), context.descriptions.text(value.as_octets()?)))
    };
    let general = at(Some(context.device)).or_else(|| at(None));
    if let Some((oid, text)) = general.filter(|(_, text)| !text.is_empty() && !is_redacted(text)) {
        if is_serial(&text) && !is_mac(&text) {
            return Some(fact(text, source(&oid), "prt_general_serial_number", Confidence::A));
        }
        context.doubt(format!("prtGeneralSerialNumber is {text:?}, which is no serial number"));
    }
    let id = texts.device_id.as_ref().and_then(|id| Some((id.oid.clone(), id.serial.clone()?)));
    let descr = || {
        let (oid, text) = texts.sys_descr.as_ref().filter(|(_, text)| !Brands::get().names_system(text))?;
        Some((oid.clone(), labelled(text, &["s/n", "sn:"])?))
    };
    let usable = |(oid, text): (Oid, String), rule: &str| {
        (is_serial(&text) && !is_mac(&text)).then(|| fact(text, source(&oid), rule, Confidence::B))
    };
    id.and_then(|found| usable(found, "device_id")).or_else(|| usable(descr()?, "sys_descr"))
}

fn firmware(texts: &Texts) -> Option<Fact> {
    let (oid, text) = texts.sys_descr.as_ref()?;
    Some(fact(model::version_in_sys_descr(text, Brands::get())?, source(oid), "sys_descr", Confidence::B))
}

/// The first address of a real interface: six octets, no group address, assigned by a maker if one such is there.
fn mac(context: &Context<'_>) -> Option<Fact> {
    /// ifType (IANA): ethernetCsmacd and its kin, iso88023Csmacd, ieee80211, gigabitEthernet.
    const LAN: [i64; 6] = [6, 7, 62, 69, 71, 117];
    let addresses = column(context.rows, oids::IF_PHYS_ADDRESS).take(64).filter_map(|(index, oid, value)| {
        let octets = octets_of_mac(value.as_octets()?)?;
        let kind = oids::IF_TYPE.to_oid().join(index).ok().and_then(|of| number(context.rows.get(of.as_ref())?));
        let real = octets.iter().any(|octet| *octet != 0) && octets.first().is_some_and(|first| first & 1 == 0);
        (real && kind.is_none_or(|kind| LAN.contains(&kind))).then(|| (oid.clone(), octets))
    });
    // Bit 2 of the first octet marks an address that no maker assigned: a virtual interface, as a rule.
    let (oid, octets) = addresses.min_by_key(|(_, octets)| octets.first().is_some_and(|first| first & 2 != 0))?;
    let text = octets.map(|octet| format!("{octet:02x}")).join(":");
    Some(Fact { value: text, source: source(&oid), confidence: Confidence::A })
}

/// Six octets, or their text with colons or dashes.
fn octets_of_mac(octets: &[u8]) -> Option<[u8; 6]> {
    if let Ok(six) = <[u8; 6]>::try_from(octets) {
        return Some(six);
    }
    let text = std::str::from_utf8(octets).ok().filter(|text| text.len() <= 24)?;
    let parsed: Option<Vec<u8>> = text.trim().split([':', '-']).map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    <[u8; 6]>::try_from(parsed?.as_slice()).ok()
}

fn scalar(context: &Context<'_>, of: OidRef<'_>) -> Option<Fact> {
    let text = Decoder::default().text(context.rows.get(of)?.as_octets()?);
    let useful = !text.is_empty() && !is_redacted(&text);
    useful.then(|| Fact { value: text, source: source(&of.to_oid()), confidence: Confidence::A })
}

/// `<private>` and the like: a recorder's redaction, not the device's text.
fn is_redacted(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

fn fact(value: String, source: Source, rule: &str, confidence: Confidence) -> Fact {
    Fact { value, source: Source { rule: Some(rule.to_owned()), ..source }, confidence }
}

fn brand_fact(brand: &Brand, source: Source, rule: &str, confidence: Confidence) -> Fact {
    fact(brand.name.clone(), source, rule, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::recorded::rows;

    fn identity(text: &str) -> Identity {
        super::identity(&rows(text))
    }

    #[test]
    fn the_mac_is_the_first_real_one() {
        let check = |text: &str, mac: Option<&str>| {
            assert_eq!(identity(text).mac.map(|mac| mac.value).as_deref(), mac, "{text}");
        };
        let entry = "1.3.6.1.2.1.2.2.1";
        check(&format!("{entry}.6.1|4x|0080771234AB"), Some("00:80:77:12:34:ab"));
        check(
            &format!("{entry}.6.1|4x|\n{entry}.6.2|4x|000000000000\n{entry}.6.3|4x|0080771234ab"),
            Some("00:80:77:12:34:ab"),
        );
        check(&format!("{entry}.6.1|4x|0280771234ab\n{entry}.6.2|4x|0080771234ab"), Some("00:80:77:12:34:ab"));
        check(&format!("{entry}.6.1|4x|0280771234ab"), Some("02:80:77:12:34:ab"));
        check(&format!("{entry}.3.1|2|24\n{entry}.6.1|4x|0080771234ab"), None);
        check(&format!("{entry}.6.1|4x|ffffffffffff"), None);
        check(&format!("{entry}.6.1|4|00-80-77-12-34-AB"), Some("00:80:77:12:34:ab"));
    }

    #[test]
    fn a_serial_is_never_a_placeholder_or_the_mac() {
        let check = |text: &str, serial: Option<&str>| {
            assert_eq!(identity(text).serial.map(|serial| serial.value).as_deref(), serial, "{text}");
        };
        let own = "1.3.6.1.2.1.43.5.1.1.17.1";
        let id = "1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1";
        check(&format!("{own}|4|AB12345"), Some("AB12345"));
        check(&format!("{own}|4|0000000\n{id}|4|MFG:A;MDL:B;SN:CD678;"), Some("CD678"));
        check(&format!("{own}|4|\n1.3.6.1.2.1.1.1.0|4|CARD,SN:VNB3J99999,FN:1F"), Some("VNB3J99999"));
        check(&format!("{own}|4|0080771234AB\n1.3.6.1.2.1.2.2.1.6.1|4x|0080771234ab"), None);
        check(&format!("{own}|4|<private>"), None);
    }

    #[test]
    fn the_model_is_the_printers_not_another_devices() {
        let check = |text: &str, model: Option<&str>| {
            assert_eq!(identity(text).model.map(|model| model.value).as_deref(), model, "{text}");
        };
        let (kind, descr) = ("1.3.6.1.2.1.25.3.2.1.2", "1.3.6.1.2.1.25.3.2.1.3");
        let devices = format!("{descr}.1|4|Scanner Unit 3\n{descr}.2|4|Model 500");
        let types = format!("{kind}.1|6|1.3.6.1.2.1.25.3.1.1\n{kind}.2|6|1.3.6.1.2.1.25.3.1.5");
        check(&format!("{devices}\n{types}"), Some("Model 500"));
        check(&format!("{devices}\n{types}\n1.3.6.1.2.1.43.11.1.1.9.1.1|2|5"), Some("Model 500"));
        check(&format!("{devices}\n1.3.6.1.2.1.43.11.1.1.9.2.1|2|5"), Some("Model 500"));
        check(&format!("{devices}\n{kind}.1|6|1.3.6.1.2.1.25.3.1.3\n1.3.6.1.2.1.43.11.1.1.9.0.1|2|5"), None);
    }

    #[test]
    fn a_redaction_is_not_a_name() {
        assert_eq!(identity("1.3.6.1.2.1.1.5.0|4|<private>").hostname, None);
        assert_eq!(identity("1.3.6.1.2.1.1.5.0|4|PRN01").hostname.map(|name| name.value).as_deref(), Some("PRN01"));
    }
}
