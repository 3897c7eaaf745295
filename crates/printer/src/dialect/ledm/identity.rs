//! ProductConfigDyn: who the device is.

use super::page::Element;
use super::source;
use crate::reading::{Confidence, Fact, Reading};
use crate::standard::brand::Brands;
use crate::standard::serials::is_serial;

const PAGE: &str = "ProductConfigDyn";

pub(super) fn read(config: Element<'_>, reading: &mut Reading) {
    let brands = Brands::get();
    let told = |path: &str| {
        let value = config.text(path)?;
        Some(Fact { value, source: source(PAGE, path), confidence: Confidence::B })
    };
    let make_and_model = told("ProductInformation/MakeAndModel");
    let identity = &mut reading.identity;
    identity.vendor = make_and_model
        .as_ref()
        .and_then(|fact| Some(Fact { value: brands.named_in(&fact.value)?.name.clone(), ..fact.clone() }));
    identity.model = make_and_model.map(|fact| Fact { value: brands.without_brand(&fact.value).to_owned(), ..fact });
    identity.serial = told("ProductInformation/SerialNumber").filter(|serial| is_serial(&serial.value));
    // A date alone is a poor version, but the one that some firmware shows.
    identity.firmware = told("ProductInformation/Version/Revision").or_else(|| told("ProductInformation/Version/Date"));
    identity.asset = told("ProductSettings/AssetNumber");
}
