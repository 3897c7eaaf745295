//! The answer to IPP Get-Printer-Attributes, made of a device's rows.

use super::ledm::{name, pages_printed, supplies};
use crate::device::Device;
use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, StatusCode};
use ipp::parser::IppParseError;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use std::time::Duration;

/// Where it is asked for.
pub(super) const PATH: &str = "/ipp/print";

pub(super) fn attributes(device: &Device, running: Duration) -> Option<Vec<u8>> {
    response(device, running).ok()
}

fn response(device: &Device, running: Duration) -> Result<Vec<u8>, IppParseError> {
    let mut response = IppRequestResponse::new_response(IppVersion::v1_1(), StatusCode::SuccessfulOk, 1)?;
    let mut add = |name: &str, value: IppValue| -> Result<(), IppParseError> {
        let attribute = IppAttribute::with_name(name, value)?;
        response.attributes_mut().add(DelimiterTag::PrinterAttributes, attribute);
        Ok(())
    };
    add("printer-make-and-model", IppValue::TextWithoutLanguage(name(device, running).try_into()?))?;
    add("printer-serial-number", IppValue::TextWithoutLanguage(device.serial().try_into()?))?;
    add("printer-state", IppValue::Enum(3))?;
    add("printer-state-reasons", IppValue::Keyword("none".try_into()?))?;
    if let Some(pages) = pages_printed(device, running).and_then(|pages| i32::try_from(pages).ok()) {
        add("printer-impressions-completed", IppValue::Integer(pages))?;
    }
    let (mut names, mut types, mut levels) = (Vec::new(), Vec::new(), Vec::new());
    for supply in supplies(device, running) {
        let kind = match supply.kind {
            3 => "toner",
            21 => "toner-cartridge",
            5 => "ink",
            6 => "ink-cartridge",
            9 => "opc",
            _ => continue,
        };
        names.push(IppValue::NameWithoutLanguage(supply.description.as_str().try_into()?));
        types.push(IppValue::Keyword(kind.try_into()?));
        levels.push(IppValue::Integer(supply.percent.and_then(|percent| i32::try_from(percent).ok()).unwrap_or(-2)));
    }
    if !names.is_empty() {
        add("marker-names", IppValue::Array(names))?;
        add("marker-types", IppValue::Array(types))?;
        add("marker-levels", IppValue::Array(levels))?;
    }
    Ok(response.to_bytes().to_vec())
}
