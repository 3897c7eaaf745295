//! CSV: `scan` has a row per device, `read` a row per figure, because devices have different figures.

use super::clean;
use crate::read::Read;
use crate::scan::Found;
use dca_printer::{Confidence, Fact, Source};

/// A header and one row per device.
pub fn scan_csv(found: &[Found], all: bool) -> String {
    let header =
        "address,is_printer,vendor,model,serial,firmware,mac,hostname,asset,location,total,unit,status,errors,why";
    let mut text = format!("{header}\r\n");
    for device in found.iter().filter(|device| all || device.is_printer) {
        let identity = &device.identity;
        let facts = [
            &identity.vendor,
            &identity.model,
            &identity.serial,
            &identity.firmware,
            &identity.mac,
            &identity.hostname,
            &identity.asset,
            &identity.location,
        ];
        let mut cells = vec![device.address.clone(), device.is_printer.to_string()];
        cells.extend(facts.map(value));
        cells.push(device.total.as_ref().map(|total| total.value.to_string()).unwrap_or_default());
        cells.push(device.total.as_ref().map(|total| total.unit.clone()).unwrap_or_default());
        cells.push(device.status.printer.clone().or(device.status.device.clone()).unwrap_or_default());
        cells.push(device.status.errors.clone().unwrap_or_default().join(" "));
        cells.push(device.why.clone());
        line(&mut text, &cells);
    }
    text
}

/// A header and one row per figure: who, what, how much, and where it comes from.
pub fn readings_csv(reads: &[Read]) -> String {
    let header = "address,read_at,vendor,model,serial,kind,index,name,value,unit,percent,state,oid,confidence";
    let mut text = format!("{header}\r\n");
    for read in reads {
        let reading = &read.reading;
        let identity = &reading.identity;
        let who = [
            read.address.clone(),
            read.read_at.clone(),
            value(&identity.vendor),
            value(&identity.model),
            value(&identity.serial),
        ];
        let mut row = |cells: [String; 9]| line(&mut text, &[who.as_slice(), cells.as_slice()].concat());
        let none = String::new;
        if let Some(total) = &reading.total {
            let (oid, confidence) = proof(&total.source, Some(total.confidence));
            row([
                "total".into(),
                none(),
                none(),
                total.value.to_string(),
                total.unit.clone(),
                none(),
                none(),
                oid,
                confidence,
            ]);
        }
        for meter in &reading.meters {
            let name = [&meter.service, &meter.color, &meter.size, &meter.sides, &meter.persistence];
            let name = name.map(String::as_str).join(" ");
            let (oid, confidence) = proof(&meter.source, Some(meter.confidence));
            row([
                "meter".into(),
                none(),
                name,
                meter.value.to_string(),
                meter.unit.clone(),
                none(),
                none(),
                oid,
                confidence,
            ]);
        }
        for supply in &reading.supplies {
            let level = supply.level.map(|level| level.to_string()).unwrap_or_default();
            let percent = supply.percent.map(|percent| percent.to_string()).unwrap_or_default();
            let (oid, confidence) = proof(&supply.source, Some(supply.confidence));
            row([
                "supply".into(),
                supply.index.clone(),
                supply.description.clone(),
                level,
                supply.unit.clone().unwrap_or_default(),
                percent,
                supply.state.clone(),
                oid,
                confidence,
            ]);
        }
        for part in &reading.maintenance {
            let (oid, confidence) = proof(&part.source, None);
            let pages = part.pages_left.map(|pages| pages.to_string()).unwrap_or_default();
            let unit = if part.pages_left.is_some() { "pages left" } else { "" };
            let percent = part.percent.map(|percent| percent.to_string()).unwrap_or_default();
            row([
                "maintenance".into(),
                none(),
                part.part.clone(),
                pages,
                unit.into(),
                percent,
                none(),
                oid,
                confidence,
            ]);
        }
        for count in &reading.counts {
            let (oid, confidence) = proof(&count.source, None);
            let name = [Some(count.what.as_str()), count.place.as_deref()];
            let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
            row(["count".into(), none(), name, count.value.to_string(), none(), none(), none(), oid, confidence]);
        }
        for alert in reading.alerts.iter().filter(|alert| alert.active) {
            let (oid, confidence) = proof(&alert.source, None);
            let code = alert.code.map(|code| code.to_string()).unwrap_or_default();
            let name = alert.description.clone();
            row([
                "alert".into(),
                alert.index.clone(),
                name,
                code,
                none(),
                none(),
                alert.severity.clone(),
                oid,
                confidence,
            ]);
        }
    }
    text
}

fn value(fact: &Option<Fact>) -> String {
    fact.as_ref().map(|fact| fact.value.clone()).unwrap_or_default()
}

fn proof(source: &Source, confidence: Option<Confidence>) -> (String, String) {
    let oid = source.oid.clone().or_else(|| source.url.clone()).unwrap_or_default();
    (oid, confidence.map(|confidence| format!("{confidence:?}")).unwrap_or_default())
}

fn line(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| clean::csv(cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}
