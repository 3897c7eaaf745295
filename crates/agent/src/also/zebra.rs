//! Zebra label printers on their raw port.

use dca_fence::Allowed;
use dca_lan::Patience;
use dca_lan::zebra::{self, Evidence, Identified, Question};
use dca_printer::dialect::zebra::{self as replies, Answer};
use dca_printer::{Reading, Rows, fuse};
use dca_snmp::{OidRef, oid};

/// Asks, if the device has named itself a Zebra in these rows.
pub(super) async fn ask(at: Allowed, raw: Allowed, rows: &Rows, reading: &mut Reading) {
    let Some(device) = identified(at, raw, rows) else { return };
    let answers = match zebra::ask(device, &Question::USUAL, Patience::default()).await {
        Ok(answers) => answers,
        // Often another client holds the only connection.
        Err(error) => {
            reading.doubts.push(format!("TCP port {}: {error}", raw.addr().port()));
            return;
        }
    };
    let answers = answers.iter().map(|answer| Answer { asked: setting(answer.question), octets: &answer.octets });
    let answers: Vec<Answer<'_>> = answers.collect();
    if answers.iter().all(|answer| answer.octets.is_empty()) {
        reading.doubts.push(format!("TCP port {}: no answer", raw.addr().port()));
        return;
    }
    fuse(reading, replies::read(&answers));
}

fn setting(question: Question) -> Option<&'static str> {
    match question {
        Question::Setting(setting) => Some(setting.name()),
        _ => None,
    }
}

const SYS_OBJECT_ID: OidRef<'static> = oid!("1.3.6.1.2.1.1.2.0");
const TEXTS: [OidRef<'static>; 2] = [oid!("1.3.6.1.2.1.1.1"), oid!("1.3.6.1.2.1.25.3.2.1.3")]; // sysDescr, hrDeviceDescr
const DEVICE_ID: OidRef<'static> = oid!("1.3.6.1.4.1.2699.1.2.1.2.1.1.3"); // ppmPrinterIEEE1284DeviceId
const OWN_TREE: OidRef<'static> = oid!("1.3.6.1.4.1.10642");

fn identified(at: Allowed, raw: Allowed, rows: &Rows) -> Option<Identified> {
    let by = |evidence: Evidence<'_>| Identified::by(evidence, at, raw);
    let text = |root: OidRef<'static>| rows.under(root).filter_map(|(_, value)| value.as_octets());
    let system = rows.get(SYS_OBJECT_ID).and_then(|value| value.as_oid()).and_then(|id| by(Evidence::Object(id)));
    system
        .or_else(|| rows.under(OWN_TREE).find_map(|(oid, _)| by(Evidence::Object(oid.as_ref()))))
        .or_else(|| text(DEVICE_ID).find_map(|id| by(Evidence::DeviceId(&String::from_utf8_lossy(id)))))
        .or_else(|| {
            TEXTS.into_iter().flat_map(text).find_map(|text| by(Evidence::Text(&String::from_utf8_lossy(text))))
        })
}
