//! Taking out of a walk what tells whose device it is: serial numbers, hardware addresses, names, places, communities,
//! mail addresses. Each is replaced by text of the same shape (digits by digits, letters by letters, the same length), the
//! same text by the same replacement throughout one recording, so the walk still reads like a device's.

use dca_printer::{Fact, Reading};
use dca_snmp::{Oid, OidRef, Value, oid};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Knows what to replace in one recording.
pub(crate) struct Redactor {
    /// Texts, longest first, that are replaced wherever they stand.
    texts: Vec<Vec<u8>>,
    salt: u64,
}

/// Columns whose text is replaced whole, whatever it is.
const WHOLE: [OidRef<'static>; 9] = [
    oid!("1.3.6.1.2.1.1.4"),           // sysContact
    oid!("1.3.6.1.2.1.1.5"),           // sysName
    oid!("1.3.6.1.2.1.1.6"),           // sysLocation
    oid!("1.3.6.1.2.1.2.2.1.6"),       // ifPhysAddress
    oid!("1.3.6.1.2.1.31.1.1.1.18"),   // ifAlias
    oid!("1.3.6.1.2.1.43.5.1.1.16"),   // prtGeneralPrinterName
    oid!("1.3.6.1.2.1.43.5.1.1.17"),   // prtGeneralSerialNumber
    oid!("1.3.6.1.2.1.47.1.1.1.1.11"), // entPhysicalSerialNum
    oid!("1.3.6.1.6.3.10.2.1.1"),      // snmpEngineID: often the hardware address
];

/// Keys of IEEE 1284 device ids and the like, whose value is a serial number.
const SERIAL_KEYS: [&str; 6] = ["SN:", "SERN:", "S/N:", "SER:", "SERIALNUMBER:", "SERIAL NUMBER:"];

/// Shorter texts are not replaced inside others: "1" as an asset number would eat every counter's label.
const LEAST: usize = 4;

/// Shorter numbers may be counts.
const LEAST_DIGITS: usize = 7;

impl Redactor {
    /// From what the reading found out about the device, the rows themselves, and the communities it was asked with.
    pub(crate) fn new(reading: &Reading, rows: &[(Oid, Value)], communities: &[Vec<u8>], salt: u64) -> Self {
        let identity = &reading.identity;
        let facts = [&identity.serial, &identity.hostname, &identity.asset, &identity.location];
        let mut texts: Vec<Vec<u8>> =
            facts.into_iter().flatten().map(|fact: &Fact| fact.value.clone().into_bytes()).collect();
        texts.extend(reading.supplies.iter().filter_map(|supply| Some(supply.serial.as_ref()?.clone().into_bytes())));
        if let Some(mac) = &identity.mac {
            let digits: String = mac.value.chars().filter(char::is_ascii_hexdigit).collect();
            texts.extend(hardware_address(&digits));
        }
        for (oid, value) in rows {
            let Some(octets) = value.as_octets() else { continue };
            texts.extend(serial_numbers(octets).chain(mail_addresses(octets)).map(<[u8]>::to_vec));
            if WHOLE.iter().any(|column| oid.starts_with(*column)) {
                match octets.len() {
                    6 if oid.starts_with(oid!("1.3.6.1.2.1.2.2.1.6")) => {
                        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
                        texts.extend(hardware_address(&digits));
                    }
                    _ => texts.push(octets.trim_ascii().to_vec()),
                }
            }
        }
        texts.extend(communities.iter().filter(|name| !matches!(name.as_slice(), b"public" | b"private")).cloned());
        // A printer that is called by its model gives nothing away.
        let known = [&identity.vendor, &identity.model].map(|fact| fact.as_ref().map(|fact| fact.value.as_bytes()));
        let is_known = |text: &[u8]| known.iter().flatten().any(|known| find(known, text).is_some());
        texts.retain(|text| text.len() >= LEAST && !is_known(text));
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Self { texts, salt }
    }

    /// The value to write down.
    pub(crate) fn value(&self, oid: OidRef<'_>, value: &Value) -> Value {
        match value {
            Value::OctetString(octets) => Value::OctetString(self.octets(oid, octets)),
            Value::Opaque(octets) => Value::Opaque(self.octets(oid, octets)),
            Value::Integer(number) => Value::Integer(self.number(*number).unwrap_or(*number)),
            Value::Counter32(number) => Value::Counter32(self.number(*number).unwrap_or(*number)),
            Value::Gauge32(number) => Value::Gauge32(self.number(*number).unwrap_or(*number)),
            other => other.clone(),
        }
    }

    /// Some firmware sends a serial number of digits as a number: other digits, as many.
    fn number<N: ToString + std::str::FromStr + Copy>(&self, number: N) -> Option<N> {
        let text = number.to_string().into_bytes();
        let known = text.len() >= LEAST_DIGITS && self.texts.contains(&text);
        // Other digits may be too many for the type: then the last ones are left away.
        let shape = known.then(|| self.shape(&text))?;
        let digits = std::str::from_utf8(&shape).ok()?;
        digits.parse().ok().or_else(|| digits.get(..digits.len() - 1)?.parse().ok())
    }

    fn octets(&self, oid: OidRef<'_>, octets: &[u8]) -> Vec<u8> {
        if WHOLE.iter().any(|column| oid.starts_with(*column)) {
            return self.shape(octets);
        }
        let mut octets = octets.to_vec();
        for text in &self.texts {
            let mut from = 0;
            while let Some(at) = find(octets.get(from..).unwrap_or_default(), text) {
                let range = from + at..from + at + text.len();
                from = range.end;
                let shape = self.shape(octets.get(range.clone()).unwrap_or_default());
                octets.splice(range, shape);
            }
        }
        octets
    }

    /// Octets of the same shape: digits for digits, letters for letters, the rest of ASCII as it is, other octets for other
    /// octets. Case does not change what a text becomes, so a serial number in two spellings stays one.
    fn shape(&self, octets: &[u8]) -> Vec<u8> {
        let mut seed = DefaultHasher::new();
        (self.salt, octets.to_ascii_lowercase()).hash(&mut seed);
        let text =
            octets.iter().all(|octet| (0x20..0x7f).contains(octet) || matches!(octet, b'\t' | b'\r' | b'\n' | 0));
        let replace = |(place, octet): (usize, &u8)| {
            let mut dice = seed.clone();
            place.hash(&mut dice);
            let chance = dice.finish();
            match octet {
                b'0'..=b'9' => b'0' + (chance % 10) as u8,
                b'a'..=b'z' if text => b'a' + (chance % 26) as u8,
                b'A'..=b'Z' if text => b'A' + (chance % 26) as u8,
                octet if text || *octet == 0 => *octet,
                _ => (chance % 255) as u8 + 1,
            }
        };
        octets.iter().enumerate().map(replace).collect()
    }
}

/// `SN:ABC123;` and its kin.
fn serial_numbers(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    SERIAL_KEYS.into_iter().flat_map(move |key| {
        let places = octets.windows(key.len()).enumerate().filter(move |(at, window)| {
            // `SN:` inside a word is no key.
            let inside = at.checked_sub(1).and_then(|before| octets.get(before)).is_some_and(u8::is_ascii_alphanumeric);
            window.eq_ignore_ascii_case(key.as_bytes()) && !inside
        });
        places.filter_map(move |(at, _)| {
            let tail = octets.get(at + key.len()..)?.trim_ascii_start();
            let stop = |octet: &u8| matches!(octet, b';' | b',' | b' ' | b'\r' | b'\n' | 0);
            let word = tail.split(stop).next()?;
            // `SN:unknown` is none.
            (word.iter().filter(|octet| octet.is_ascii_digit()).count() >= 2).then_some(word)
        })
    })
}

/// Words with an `@` inside.
fn mail_addresses(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let stop = |octet: &u8| matches!(octet, b' ' | b';' | b',' | b'<' | b'>' | b'"' | b'\r' | b'\n' | 0);
    let is_text = octets.iter().all(|octet| (0x20..0x7f).contains(octet) || octet.is_ascii_whitespace() || *octet == 0);
    let words = octets.split(stop).filter(move |_| is_text);
    words.filter(|word| word.iter().position(|octet| *octet == b'@').is_some_and(|at| at > 0 && at + 1 < word.len()))
}

/// The ways in which a hardware address is written.
fn hardware_address(digits: &str) -> Vec<Vec<u8>> {
    if digits.len() != 12 || digits.bytes().all(|digit| digit == b'0') {
        return Vec::new();
    }
    let pairs: Vec<&str> = (0..6).filter_map(|at| digits.get(2 * at..2 * at + 2)).collect();
    let raw: Vec<u8> = pairs.iter().filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    // The maker's half tells the model, the other half the device: it also stands alone in host names (BRW008077112233).
    let tail = pairs.get(3..).map(|tail| tail.concat().into_bytes());
    [pairs.join(":"), pairs.join("-"), pairs.join(" "), pairs.concat()]
        .into_iter()
        .map(String::into_bytes)
        .chain([raw])
        .chain(tail)
        .collect()
}

/// Where `text` first stands, case aside.
fn find(octets: &[u8], text: &[u8]) -> Option<usize> {
    if text.is_empty() {
        return None;
    }
    octets.windows(text.len()).position(|window| window.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_printer::{Confidence, Source};

    fn redact(rows: &[(&str, &[u8])]) -> Vec<Vec<u8>> {
        let fact =
            |value: &str| Some(Fact { value: value.to_owned(), source: Source::default(), confidence: Confidence::A });
        let mut reading = Reading::default();
        reading.identity.serial = fact("E7X445566");
        reading.identity.mac = fact("00:80:77:12:ab:ef");
        let rows: Vec<(Oid, Value)> =
            rows.iter().map(|(oid, text)| (oid.parse().unwrap(), Value::OctetString(text.to_vec()))).collect();
        let redactor = Redactor::new(&reading, &rows, &[b"0ff1ce".to_vec(), b"public".to_vec()], 7);
        let value = |(oid, value): &(Oid, Value)| redactor.value(oid.as_ref(), value).as_octets().unwrap().to_vec();
        rows.iter().map(value).collect()
    }

    #[test]
    fn what_identifies_is_gone_and_the_shape_stays() {
        let rows: [(&str, &[u8]); 9] = [
            ("1.3.6.1.2.1.1.1.0", b"Brother HL; MAC 00-80-77-12-AB-EF; public"),
            ("1.3.6.1.2.1.1.5.0", b"BRN00807712abef"),
            ("1.3.6.1.2.1.2.2.1.6.1", &[0, 0x80, 0x77, 0x12, 0xab, 0xef]),
            ("1.3.6.1.2.1.43.5.1.1.17.1", b"E7X445566"),
            ("1.3.6.1.4.1.2435.1.0", b"MFG:Brother;SN:e7x445566;CLS:PRINTER;"),
            ("1.3.6.1.4.1.2435.2.0", b"S/N: QQ778899, it@customer.example"),
            ("1.3.6.1.4.1.2435.3.0", b"community 0ff1ce"),
            ("1.3.6.1.4.1.2435.4.0", &[1, 2, 0, 0x80, 0x77, 0x12, 0xab, 0xef, 9]),
            ("1.3.6.1.4.1.2435.5.0", b"Total pages 445566"),
        ];
        let clean = redact(&rows);
        let all: Vec<String> = clean.iter().map(|octets| String::from_utf8_lossy(octets).to_lowercase()).collect();
        for gone in ["e7x445566", "12-ab-ef", "12abef", "qq778899", "customer", "0ff1ce"] {
            assert!(all.iter().all(|text| !text.contains(gone)), "{gone}: {all:#?}");
        }
        assert!(clean.iter().all(|octets| !octets.windows(3).any(|window| window == [0x12, 0xab, 0xef])));
        for (clean, (_, was)) in clean.iter().zip(&rows) {
            assert_eq!(clean.len(), was.len());
        }
        assert!(all[0].starts_with("brother hl; mac ") && all[0].ends_with("; public"), "{}", all[0]);
        assert!(all[4].starts_with("mfg:brother;sn:") && all[4].ends_with(";cls:printer;"), "{}", all[4]);
        assert_eq!(clean[8], b"Total pages 445566", "figures stay");
        let serial = all[3].clone();
        assert!(all[4].contains(&serial), "the same text becomes the same replacement: {serial} {}", all[4]);
        assert!(serial.chars().zip("E7X445566".chars()).all(|(a, b)| a.is_ascii_digit() == b.is_ascii_digit()));
    }
}
