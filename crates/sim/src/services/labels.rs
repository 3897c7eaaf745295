//! The raw port: a label printer answers host queries there, every other device prints what arrives.

use super::{Job, MOST_OCTETS, Printed};
use crate::device::Face;
use crate::scheme::ErrorBit;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) async fn serve(mut stream: TcpStream, at: IpAddr, face: &Face, printed: &Printed) -> io::Result<()> {
    let (mut buffer, mut printing) = (Vec::new(), Vec::new());
    let mut space = [0; 2048];
    loop {
        while let Some(line) = take_line(&mut buffer) {
            match Some(line.trim_ascii()).filter(|_| face.label_language()).and_then(|line| answer(face, line)) {
                Some(answer) => stream.write_all(&answer).await?,
                None => printing.extend(line),
            }
        }
        let got = stream.read(&mut space).await.unwrap_or(0);
        buffer.extend_from_slice(space.get(..got).unwrap_or_default());
        if got == 0 || printing.len() + buffer.len() > MOST_OCTETS {
            printing.append(&mut buffer);
            break;
        }
    }
    if !printing.is_empty() {
        printed.add(Job { at, queue: "raw".into(), octets: printing });
    }
    Ok(())
}

fn take_line(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = buffer.iter().position(|octet| *octet == b'\n')?;
    Some(buffer.drain(..=end).collect())
}

fn answer(face: &Face, line: &[u8]) -> Option<Vec<u8>> {
    let line = std::str::from_utf8(line).ok()?;
    if let Some(name) = line.strip_prefix("! U1 getvar \"").and_then(|rest| rest.strip_suffix('"')) {
        return Some(format!("\"{}\"\r\n", setting(face, name)).into_bytes());
    }
    let person = face.person();
    let centimeters = face.meter("length.cm").unwrap_or(0);
    let inches = centimeters * 100 / 254;
    let lines = |heading: &str, lines: &[String]| {
        let body: String = lines.iter().map(|line| format!("   {line:<37}\r\n")).collect();
        vec![format!("\r\n\r\n  {heading:<42}\r\n{body}")]
    };
    let frames = match line {
        "~HI" => vec![format!("{},{},8,8176KB", face.model(), face.firmware())],
        "~HS" => status(face),
        "~HQES" => lines("PRINTER STATUS", &errors(face)),
        "~HQOD" => lines(
            "PRINT METERS",
            &[
                format!("TOTAL NONRESETTABLE: {inches:>15} \""),
                format!("USER RESETTABLE CNTR1: {inches:>13} \""),
                format!("USER RESETTABLE CNTR2: {inches:>13} \""),
            ],
        ),
        "~HQSN" => lines("SERIAL NUMBER", std::slice::from_ref(&person.serial)),
        "~HQHA" => {
            let octets = person.mac.map(|octet| format!("{octet:02X}"));
            lines("MAC ADDRESS", &[octets.join(":")])
        }
        "~HQPP" => lines(
            "PLUG AND PLAY MESSAGES",
            &["MFG: Zebra Technologies".to_owned(), "CMD: ZPL".to_owned(), format!("MDL: {}", face.model())],
        ),
        "~HQPH" => vec![format!(
            "\r\n  LAST CLEANED: {inches:>18} \"\r\n  HEAD LIFE HISTORY\r\n  #  DISTANCE\r\n  1: {inches:>18} \"\r\n"
        )],
        "~HM" => vec!["8176,6144,6144".to_owned()],
        _ => return None,
    };
    let frame = |text: &String| format!("\u{2}{text}\u{3}\r\n");
    Some(frames.iter().map(frame).collect::<String>().into_bytes())
}

fn setting(face: &Face, name: &str) -> String {
    match name {
        "appl.name" => face.firmware(),
        "device.product_name" => face.model(),
        "device.unique_id" | "device.serial_number" | "device.friendly_name" => face.person().serial.clone(),
        "odometer.total_print_length" => {
            let centimeters = face.meter("length.cm").unwrap_or(0);
            format!("{} INCHES, {centimeters} CENTIMETERS", centimeters * 100 / 254)
        }
        "odometer.total_label_count" | "odometer.user_label_count" => face.meter("labels").unwrap_or(0).to_string(),
        _ => "?".to_owned(),
    }
}

/// Media out, ribbon out, head open, paused.
fn conditions(face: &Face) -> [bool; 4] {
    let bits = face.error_bits();
    let is = |bit: ErrorBit| bits.contains(&bit);
    [
        is(ErrorBit::NoPaper) || is(ErrorBit::InputTrayEmpty),
        is(ErrorBit::NoToner),
        is(ErrorBit::DoorOpen),
        is(ErrorBit::Offline),
    ]
}

fn errors(face: &Face) -> [String; 2] {
    let [media, ribbon, head, paused] = conditions(face);
    let bits = u32::from(media) | u32::from(ribbon) << 1 | u32::from(head) << 2 | u32::from(paused) << 16;
    let line = |label: &str, bits: u32| format!("{label} {} 00000000 {bits:08X}", u8::from(bits != 0));
    [line("ERRORS:        ", bits), line("WARNINGS:      ", 0)]
}

fn status(face: &Face) -> Vec<String> {
    let [media, ribbon, head, paused] = conditions(face).map(u8::from);
    vec![
        format!("030,{media},{paused},0812,000,0,0,0,000,0,0,0"),
        format!("000,0,{head},{ribbon},1,2,4,0,00000000,1,000"),
        "1234,0".to_owned(),
    ]
}
