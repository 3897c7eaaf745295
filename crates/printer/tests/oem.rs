//! Whose name is on the lid: what devices of many brands, and of brands on another maker's engine, are called. The texts are of
//! the shapes that such devices send; serial numbers and addresses are made up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::{Profiles, Rows};

const PRINTER: &str = "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5";

/// sysObjectID below enterprises, sysDescr and hrDeviceDescr ("" is not answered), further rows; profile, brand, model.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, [&'a str; 3]);

fn check(profiles: &Profiles, (id, descr, device, more, wanted): &Case<'_>) {
    let mut text = format!("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.{id}\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|100\n{more}\n");
    if !descr.is_empty() {
        text += &format!("1.3.6.1.2.1.1.1.0|4|{descr}\n");
    }
    if !device.is_empty() {
        text += &format!("{PRINTER}\n1.3.6.1.2.1.25.3.2.1.3.1|4|{device}\n");
    }
    let recording = dca_snmp::recording::parse(&text);
    assert!(recording.problems.is_empty(), "{text}: {:?}", recording.problems);
    let rows: Rows = recording.rows.into_iter().collect();
    let profile = profiles.pick(&rows);
    let reading = profile.read(&rows);
    let (vendor, model) = (reading.identity.vendor, reading.identity.model);
    let value = |fact: Option<dca_printer::Fact>| fact.map(|fact| fact.value).unwrap_or_default();
    assert_eq!([profile.name(), &value(vendor), &value(model)], *wanted, "{text}");
    assert!(reading.is_printer, "{text}");
    assert_eq!(reading.total.map(|total| total.value), Some(100), "{text}");
}

#[test]
fn a_device_is_called_by_the_brand_on_its_lid() {
    let profiles = Profiles::builtin();
    let cases: &[Case<'_>] = &[
        (
            "11.2.3.9.1",
            "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24090012,CIDATE 10/21/2020",
            "HP LaserJet MFP E72530",
            "",
            ["hp", "HP", "LaserJet MFP E72530"],
        ),
        (
            "11.2.3.9.1",
            "HP ETHERNET MULTI-ENVIRONMENT,SN:CNB0000001,FN:4Q00001,SVCID:31000,PID:HP LaserJet M402dne",
            "",
            "",
            ["hp", "HP", "LaserJet M402dne"],
        ),
        (
            "11.1",
            "",
            "",
            "1.3.6.1.4.1.11.2.3.9.1.1.7.0|4|MFG:HP;MDL:HP OfficeJet Pro 8710;CLS:PRINTER;SN:CN00000001;",
            ["hp", "HP", "OfficeJet Pro 8710"],
        ),
        ("26696.1", "", "", "", ["hp", "HP", ""]),
        ("11.2.3.9.1.2.3.4", "", "", "", ["hp", "HP", ""]),
        (
            "29999.1",
            "HP Officejet Pro 9010 series",
            "HP Officejet Pro 9010 series",
            "",
            ["hp", "HP", "Officejet Pro 9010 series"],
        ),
        ("11.2.3.9.1", "hp LaserJet 4250", "hp LaserJet 4250", "", ["hp", "HP", "LaserJet 4250"]),
        ("11.2.3.9.1", "HP DesignJet T730", "HP DesignJet T730 36in", "", ["hp", "HP", "DesignJet T730 36in"]),
        ("11.2.3.9.1", "HP PageWide XL 4600PS MFP", "", "", ["hp", "HP", "PageWide XL 4600PS MFP"]),
        (
            "1347.41",
            "KYOCERA Document Solutions Printing System",
            "TASKalfa 3554ci",
            "",
            ["kyocera", "Kyocera", "TASKalfa 3554ci"],
        ),
        ("1347.41", "KYOCERA MITA Printing System", "FS-C5150DN", "", ["kyocera", "Kyocera", "FS-C5150DN"]),
        ("1347.41", "TA_UTAX Printing System", "P-4532DN", "", ["kyocera", "UTAX", "P-4532DN"]),
        ("1347.41", "UTAX_TA Printing System", "4006ci", "", ["kyocera", "UTAX", "4006ci"]),
        (
            "1347.41",
            "KYOCERA Document Solutions Printing System",
            "UTAX P-C3560i MFP",
            "",
            ["kyocera", "UTAX", "P-C3560i MFP"],
        ),
        (
            "1347.41",
            "KYOCERA Document Solutions Printing System",
            "TA Triumph-Adler P-C3560i MFP",
            "",
            ["kyocera", "Triumph-Adler", "P-C3560i MFP"],
        ),
        ("1347.41", "TRIUMPH-ADLER Printing System", "DCC 6526", "", ["kyocera", "Triumph-Adler", "DCC 6526"]),
        ("1347.41", "Olivetti Printing System", "d-Copia 4003MF", "", ["kyocera", "Olivetti", "d-Copia 4003MF"]),
        ("1347.41", "Copystar Printing System", "CS 3552ci", "", ["kyocera", "Copystar", "CS 3552ci"]),
        ("1347.41", "", "", "", ["kyocera", "Kyocera", ""]),
        ("1347.41", "", "ECOSYS M2040dn", "", ["kyocera", "Kyocera", "ECOSYS M2040dn"]),
        (
            "367.1.1",
            "RICOH IM C3000 1.12 / RICOH Network Printer C model / RICOH Network Scanner C model / RICOH Network Facsimile C model",
            "RICOH IM C3000",
            "",
            ["ricoh", "Ricoh", "IM C3000"],
        ),
        (
            "367.1.1",
            "LANIER MP C4504 1.14.1 / LANIER Network Printer C model",
            "LANIER MP C4504",
            "",
            ["ricoh", "Lanier", "MP C4504"],
        ),
        (
            "367.1.1",
            "Rex-Rotary MP 2554 1.07 / Rex-Rotary Network Printer C model",
            "",
            "",
            ["ricoh", "Rex-Rotary", "MP 2554"],
        ),
        (
            "367.1.1",
            "infotec MP 3054 1.03 / infotec Network Printer C model",
            "infotec MP 3054",
            "",
            ["ricoh", "Infotec", "MP 3054"],
        ),
        (
            "367.1.1.1.2",
            "Gestetner MP C2503 1.05 / Gestetner Network Printer C model",
            "",
            "",
            ["ricoh", "Gestetner", "MP C2503"],
        ),
        (
            "367.1.1",
            "",
            "",
            "1.3.6.1.4.1.367.3.2.1.1.1.7.0|4x|5341564900\n1.3.6.1.4.1.367.3.2.1.1.1.1.0|4|SAVIN IM 350F",
            ["ricoh", "Savin", "IM 350F"],
        ),
        ("367.1.1", "", "", "1.3.6.1.4.1.367.3.2.1.1.1.7.0|4|Gestetner", ["ricoh", "Gestetner", ""]),
        ("1602.4.2", "Canon LBP7660C /P", "Canon LBP7660C", "", ["canon", "Canon", "LBP7660C"]),
        ("1602.4.7", "Canon iR-ADV C5535 /P", "Canon iR-ADV C5535", "", ["canon", "Canon", "iR-ADV C5535"]),
        ("1602.4.7", "Canon MF640C Series /P", "Canon MF640C Series", "", ["canon", "Canon", "MF640C Series"]),
        ("1602.4.3", "Canon iPF770", "Canon iPF770", "", ["canon", "Canon", "iPF770"]),
        ("1552.1", "Oce PlotWave 340", "Oce PlotWave 340", "", ["printer-mib", "Oce", "PlotWave 340"]),
        ("1552.21", "Océ ColorWave 500", "", "", ["printer-mib", "Oce", "ColorWave 500"]),
        (
            "18334.1.1.1.2.1.120.2.1",
            "KONICA MINOLTA bizhub C258",
            "KONICA MINOLTA bizhub C258",
            "",
            ["konica-minolta", "Konica Minolta", "bizhub C258"],
        ),
        (
            "18334.1.2.1.2.1.120.2.1",
            "Develop ineo+ 258",
            "Develop ineo+ 258",
            "",
            ["konica-minolta", "Develop", "ineo+ 258"],
        ),
        ("18334.1.2.1.2.1.120.2.1", "", "", "", ["konica-minolta", "Develop", ""]),
        (
            "18334.1.1.1.2.1.120.2.1",
            "Olivetti d-Color MF223",
            "Olivetti d-Color MF223",
            "",
            ["konica-minolta", "Olivetti", "d-Color MF223"],
        ),
        (
            "2435.2.3.9.1",
            "Brother NC-8300w, Firmware Ver.1.10  (16.05.10),MID 8C5-F15,FID 2",
            "Brother MFC-L5750DW series",
            "",
            ["brother", "Brother", "MFC-L5750DW series"],
        ),
        (
            "2435.2.3.9.1",
            "Brother NC-350h, Firmware Ver.V  ,MID 84U-F75,FID 2",
            "",
            "1.3.6.1.4.1.2435.2.3.9.1.1.7.0|4|MFG:Brother;CMD:PJL,PCL;MDL:HL-5450DN series;CLS:PRINTER;",
            ["brother", "Brother", "HL-5450DN series"],
        ),
        (
            "1248.1.1.2.1.3.5.69.69.80.83.50",
            "EPSON Built-in 11b/g/n Print Server",
            "EPSON WF-3620 Series",
            "",
            ["epson", "Epson", "WF-3620 Series"],
        ),
        ("1248.1.1.2.1.3.5.69.69.80.83.50", "EPSON AL-M300", "EPSON AL-M300", "", ["epson", "Epson", "AL-M300"]),
        ("2385.3.1.112.1.9", "SHARP MX-3070N", "SHARP MX-3070N", "", ["sharp", "Sharp", "MX-3070N"]),
        ("2385.3.1.150.1.1", "SHARP BP-50C31", "", "", ["sharp", "Sharp", "BP-50C31"]),
        ("2385.3.1.1.1.12", "", "", "", ["sharp", "Sharp", ""]),
        // Padding: blanks and NULs are no part of a name.
        ("1347.41", "UTAX_TA Printing System   ", "  P-4532DN  ", "", ["kyocera", "UTAX", "P-4532DN"]),
        (
            "1602.4.7",
            "Canon MF640C Series /P",
            "",
            "1.3.6.1.2.1.25.3.2.1.3.1|4x|43616e6f6e204d46363430430000",
            ["canon", "Canon", "MF640C"],
        ),
    ];
    cases.iter().for_each(|case| check(&profiles, case));
}
