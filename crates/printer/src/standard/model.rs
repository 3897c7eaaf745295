//! The model's name out of a device's own texts, without the brand, the versions and the network card.

use crate::standard::brand::Brands;

/// Where a model's name ends inside sysDescr: versions, lists of parts, further services.
const ENDS: [&str; 8] = [";", " / ", " /p", ",", " version", " ver.", " rev.", " - "];

/// The model in sysDescr; `None` where the text is about the network card or names nothing.
pub(crate) fn in_sys_descr(text: &str, brands: &Brands) -> Option<String> {
    // Keys that some makers put there: PID: the product, "Attached to" the printer behind a print server.
    if let Some(named) = after(text, "PID:").or_else(|| after(text, "attached to ")) {
        return model(&named, brands);
    }
    if brands.names_system(text) {
        return None;
    }
    let name = until(text, &ENDS);
    if is_generic(name) || brands.names_adapter(name) || brands.other_word(name).is_some() {
        return None;
    }
    // A version number at the end of the name: "X 100 1.08".
    let (rest, version) = name.rsplit_once(' ').unwrap_or((name, ""));
    let name = if is_version(version) { rest } else { name };
    // What a text of one brand's name alone says is the vendor.
    model(name, brands)
        .filter(|model| model.contains(|c: char| c.is_ascii_digit()) || brands.printer_in(text).is_some())
}

/// The version that sysDescr shows right behind the model: "Acme X 100 1.08 / Acme Network Printer".
pub(crate) fn version_in_sys_descr(text: &str, brands: &Brands) -> Option<String> {
    if brands.names_system(text) {
        return None;
    }
    if let Some(version) = after(text, "Version: ") {
        return version.split(' ').next().filter(|version| version.contains('.')).map(str::to_owned);
    }
    let (name, services) = text.split_once(" / ")?;
    let version = name.rsplit_once(' ')?.1;
    (is_version(version) && brands.has_printer_word(services)).then(|| version.to_owned())
}

/// A text that is a model's name as a whole, cleaned; hrDeviceDescr carries the serial and firmware on some devices.
pub(crate) fn in_device_descr(text: &str, serial: Option<&str>, brands: &Brands) -> Option<String> {
    let words: Vec<&str> = text
        .split(' ')
        .take_while(|word| !serial.is_some_and(|serial| word.len() >= 5 && serial.starts_with(word)))
        .collect();
    let name = words.join(" ");
    let name = until(&name, &[";", " / ", " /p", ","]);
    if is_generic(name) || brands.names_adapter(name) {
        return None;
    }
    model(name, brands)
}

/// True if `family` names a series of which `concrete` is one: "M408x Series" and "M4080FX".
pub(crate) fn is_family_of(family: &str, concrete: &str) -> bool {
    let (family, concrete) = (family.to_lowercase(), concrete.to_lowercase());
    let Some(at) = family.find('x').filter(|at| *at >= 3) else { return false };
    let digits = family.get(..at).is_some_and(|stem| stem.ends_with(|c: char| c.is_ascii_digit()));
    digits && family.ends_with("series") && family.get(..at).is_some_and(|stem| concrete.starts_with(stem))
}

/// An engine sold to several brands, with no name of its own set.
fn is_generic(name: &str) -> bool {
    name.to_lowercase().starts_with("generic")
}

fn model(text: &str, brands: &Brands) -> Option<String> {
    let name = brands.without_brand(text.trim()).trim();
    (name.chars().any(char::is_alphanumeric) && !name.starts_with('<')).then(|| name.to_owned())
}

fn until<'t>(text: &'t str, ends: &[&str]) -> &'t str {
    let lower = text.to_ascii_lowercase();
    let end = ends.iter().filter_map(|end| lower.find(end)).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim()
}

fn after(text: &str, key: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find(&key.to_ascii_lowercase())?;
    let rest = until(text.get(at + key.len()..)?, &[";", ",", " rev.", " : "]);
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn is_version(text: &str) -> bool {
    text.contains('.')
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_in_the_middle_of_other_things() {
        let brands = Brands::get();
        let check =
            |text: &str, model: Option<&str>| assert_eq!(in_sys_descr(text, brands).as_deref(), model, "{text}");
        check("X 100 1.08 / Network Printer C model", Some("X 100"));
        check("X 4100; SS 100.002, NC 100", Some("X 4100"));
        check("X46dn Laser Printer version NH5.CY kernel 3.0", Some("X46dn Laser Printer"));
        check("ETHERNET CARD,SN:AAA0A00000,FN:1G,PID:Color Thing M452", Some("Color Thing M452"));
        check("Lan 8500e Rev.01.23 PrintServer: Attached to MC342 Rev.02.70 : Copyright", Some("MC342"));
        check("Linux host 5.10", None);
        check("Built-in Print Server 10", None);
        check("", None);
    }

    #[test]
    fn a_family_gives_way_to_one_of_its_models() {
        assert!(is_family_of("M408x Series", "M4080FX"));
        assert!(!is_family_of("M408x Series", "C4080"));
        assert!(!is_family_of("MX-M266", "MX-M266NV"));
        assert!(!is_family_of("L8260 series", "L8260"));
    }

    #[test]
    fn serial_and_firmware_behind_the_model_are_cut() {
        let got = in_device_descr("S58dn 7XQ1R92 LW62.DN4", Some("7XQ1R92-132"), Brands::get());
        assert_eq!(got.as_deref(), Some("S58dn"));
        assert_eq!(in_device_descr("Generic 28C-1", None, Brands::get()), None);
    }
}
