//! LEDM pages made of a device's rows.

use crate::device::Device;
use dca_snmp::{Oid, OidRef, oid};
use std::fmt::Write;
use std::time::Duration;

const DESCR: OidRef<'static> = oid!("1.3.6.1.2.1.25.3.2.1.3.1");
const LIFE_COUNT: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1");
const SUPPLIES: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1");
/// Counters that a device of this family has beside the standard ones, and their elements.
const COUNTERS: [(OidRef<'static>, &str); 4] = [
    (oid!("1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2.6.0"), "MonochromeImpressions"),
    (oid!("1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2.7.0"), "ColorImpressions"),
    (oid!("1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2.22.0"), "DuplexSheets"),
    (oid!("1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2.34.0"), "JamEvents"),
];
const MOST_SUPPLIES: u32 = 16;

/// A supply as its row says.
pub(super) struct Supply {
    pub(super) description: String,
    /// PrtMarkerSuppliesTypeTC.
    pub(super) kind: i64,
    /// Where it has one.
    pub(super) percent: Option<i64>,
    /// A letter, where the description names a process colour.
    pub(super) code: Option<&'static str>,
}

pub(super) fn pages(device: &Device, running: Duration) -> Vec<(String, Vec<u8>)> {
    let pages = [
        ("ProductConfigDyn", config(device, running)),
        ("ProductUsageDyn", usage(device, running)),
        ("ConsumableConfigDyn", consumables(device, running)),
        ("ProductStatusDyn", "<x:Status><c:StatusCategory>ready</c:StatusCategory></x:Status>".to_owned()),
    ];
    let path = |page: &str| format!("/DevMgmt/{page}.xml");
    let tree: String = pages
        .iter()
        .map(|(page, _)| format!("<x:SupportedTree><dd:ResourceURI>{}</dd:ResourceURI></x:SupportedTree>", path(page)))
        .collect();
    let pages = pages.into_iter().chain([("DiscoveryTree", tree)]);
    pages.map(|(page, inside)| (path(page), document(page, &inside).into_bytes())).collect()
}

fn document(page: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:{page} xmlns:x=\"urn:{page}\" xmlns:dd=\"urn:dictionary\" \
         xmlns:c=\"urn:categories\">{inside}</x:{page}>\n"
    )
}

pub(super) fn number(device: &Device, of: OidRef<'_>, running: Duration) -> Option<i64> {
    device.value(of, running)?.as_i64()
}

pub(super) fn text(device: &Device, of: OidRef<'_>, running: Duration) -> String {
    let value = device.value(of, running);
    value.and_then(|value| Some(String::from_utf8_lossy(value.as_octets()?).into_owned())).unwrap_or_default()
}

/// Vendor and model, as the device itself says.
pub(super) fn name(device: &Device, running: Duration) -> String {
    let described = text(device, DESCR, running);
    if described.is_empty() { device.model() } else { described }
}

/// prtMarkerLifeCount.
pub(super) fn pages_printed(device: &Device, running: Duration) -> Option<i64> {
    number(device, LIFE_COUNT, running)
}

pub(super) fn supplies(device: &Device, running: Duration) -> Vec<Supply> {
    let cell = |column: u32, row: u32| -> Option<Oid> { SUPPLIES.to_oid().join([column, 1, row]).ok() };
    let number = |column: u32, row: u32| number(device, cell(column, row)?.as_ref(), running);
    let rows = (1..=MOST_SUPPLIES).filter_map(|row| {
        let description = text(device, cell(6, row)?.as_ref(), running);
        let (kind, max, level) = (number(5, row)?, number(8, row)?, number(9, row)?);
        let percent = (max > 0 && (0..=max).contains(&level)).then(|| level * 100 / max);
        let lower = description.to_lowercase();
        let codes = [("black", "K"), ("cyan", "C"), ("magenta", "M"), ("yellow", "Y")];
        let code = codes.into_iter().find(|(word, _)| lower.contains(word)).map(|(_, code)| code);
        Some(Supply { description, kind, percent, code })
    });
    rows.collect()
}

fn config(device: &Device, running: Duration) -> String {
    let (name, serial) = (escaped(&name(device, running)), escaped(device.serial()));
    format!(
        "<x:ProductInformation><dd:MakeAndModel>{name}</dd:MakeAndModel><dd:SerialNumber>{serial}</dd:SerialNumber>\
         </x:ProductInformation>"
    )
}

fn usage(device: &Device, running: Duration) -> String {
    let mut counters = String::new();
    let total = pages_printed(device, running).map(|total| (total, "TotalImpressions"));
    let others = COUNTERS.into_iter().filter_map(|(of, element)| Some((number(device, of, running)?, element)));
    for (value, element) in total.into_iter().chain(others) {
        let _ = write!(counters, "<dd:{element}>{value}</dd:{element}>");
    }
    format!("<x:PrinterSubunit>{counters}</x:PrinterSubunit>")
}

fn consumables(device: &Device, running: Duration) -> String {
    let mut infos = String::new();
    for supply in supplies(device, running) {
        let kind = match supply.kind {
            3 | 21 => "toner",
            5 | 6 => "ink",
            9 => "imageDrum",
            _ => continue,
        };
        let percent = supply.percent.map_or(-1, |percent| percent);
        let code = supply.code.unwrap_or("OPC");
        let _ = write!(
            infos,
            "<x:ConsumableInfo><dd:ConsumableFamilyName>{}</dd:ConsumableFamilyName><dd:ConsumableLabelCode>{code}\
             </dd:ConsumableLabelCode><dd:ConsumablePercentageLevelRemaining>{percent}\
             </dd:ConsumablePercentageLevelRemaining><dd:ConsumableTypeEnum>{kind}</dd:ConsumableTypeEnum>\
             </x:ConsumableInfo>",
            escaped(&supply.description)
        );
    }
    infos
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
