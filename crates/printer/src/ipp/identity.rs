//! Who the device is, by its IPP attributes.

use super::attributes::Attributes;
use super::{fact, source};
use crate::reading::{Confidence, Fact, Reading};
use crate::standard::brand::Brands;
use crate::standard::serials::{is_serial, labelled};

pub(super) fn read(attributes: &Attributes, reading: &mut Reading) {
    let brands = Brands::get();
    let name = fact(attributes, "printer-make-and-model");
    let identity = &mut reading.identity;
    identity.vendor =
        name.as_ref().and_then(|name| Some(Fact { value: brands.named_in(&name.value)?.name.clone(), ..name.clone() }));
    identity.model = name.map(|name| Fact { value: brands.without_brand(&name.value).to_owned(), ..name });
    identity.serial = fact(attributes, "printer-serial-number").or_else(|| {
        let value = labelled(&attributes.text("printer-device-id")?, &["serialnumber:", "sern:", "sn:"])?;
        Some(Fact { value, source: source("printer-device-id"), confidence: Confidence::B })
    });
    identity.serial = identity.serial.take().filter(|serial| is_serial(&serial.value));
    identity.firmware = fact(attributes, "printer-firmware-string-version");
    identity.location = fact(attributes, "printer-location");
}

#[cfg(test)]
mod tests {
    use crate::ipp::{read, tests::message};

    #[test]
    fn the_serial_is_its_own_attribute_or_the_device_ids() {
        let check = |attributes: &[(u8, &str, &[u8])], serial: Option<&str>| {
            let serial_read = read(&message(attributes)).identity.serial.map(|serial| serial.value);
            assert_eq!(serial_read.as_deref(), serial);
        };
        let id: (u8, &str, &[u8]) = (0x41, "printer-device-id", b"MFG:A;MDL:B;SN:CD678;");
        check(&[(0x41, "printer-serial-number", b"XY12345"), id], Some("XY12345"));
        check(&[id], Some("CD678"));
        check(&[(0x41, "printer-serial-number", b"0000000")], None);
        check(&[], None);
    }
}
