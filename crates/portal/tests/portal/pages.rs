//! The pages, as a browser asks for them.

use crate::agent::{Agent, reading, tls};
use crate::place::Place;
use dca_wire::v1::{Fact, record::What};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Asks over HTTP/1.1 and gives back head and body.
async fn ask(place: &Place, path: &str, head: &str) -> (String, String) {
    let stream = tokio::net::TcpStream::connect(place.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls(place, None, b"http/1.1")));
    let mut stream = connector.connect(place.address.ip().into(), stream).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

async fn sign_in(place: &Place) -> String {
    let link = place.portal.link().unwrap();
    let path = link.strip_prefix(place.portal.public()).unwrap();
    let (head, _) = ask(place, path, "").await;
    assert!(head.starts_with("http/1.1 303"), "{head}");
    assert!(head.contains("secure; httponly; samesite=lax"), "{head}");
    let (again, _) = ask(place, path, "").await;
    assert!(again.starts_with("http/1.1 401"), "a link is good once: {again}");
    let (head, _) = {
        let link = place.portal.link().unwrap();
        let path = link.strip_prefix(place.portal.public()).unwrap().to_owned();
        let stream = ask_as_is(place, &path).await;
        (stream, ())
    };
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
}

/// With the head as it came: secrets have upper and lower case.
async fn ask_as_is(place: &Place, path: &str) -> String {
    let stream = tokio::net::TcpStream::connect(place.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls(place, None, b"http/1.1")));
    let mut stream = connector.connect(place.address.ip().into(), stream).await.unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn nothing_is_shown_without_the_link() {
    let Some(place) = Place::open().await else { return };
    for path in ["/", "/devices", "/devices/1", "/agents", "/link/guess"] {
        let (head, body) = ask(&place, path, "cookie: __Host-explorer=guess\r\n").await;
        assert!(head.starts_with("http/1.1 401"), "{path}: {head}");
        assert!(body.contains("explorer admin link"), "{path}");
    }
}

#[tokio::test]
async fn the_guard_stands_on_every_answer() {
    let Some(place) = Place::open().await else { return };
    for path in ["/", "/nowhere", "/assets/base.css", "/assets/../secret", "/devices/x", "/link/guess"] {
        let (head, _) = ask(&place, path, "").await;
        for line in
            ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "referrer-policy"]
        {
            assert!(head.contains(line), "{path}: {head}");
        }
    }
}

#[tokio::test]
async fn what_a_printer_says_stays_text() {
    const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u{202e}";
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let mut record = reading(&place, HOSTILE, Some("S-0001<b>"), 1_402_338);
    let Some(What::Reading(reading)) = &mut record.what else { panic!() };
    let fact = || Some(Fact { value: HOSTILE.to_owned(), ..Fact::default() });
    let identity = reading.identity.as_mut().unwrap();
    (identity.vendor, identity.model, identity.location, identity.asset) = (fact(), fact(), fact(), fact());
    reading.supplies[0].description = HOSTILE.to_owned();
    reading.supplies[0].state = HOSTILE.to_owned();
    reading.supplies[0].part_number = Some(HOSTILE.to_owned());
    reading.meters[0].service = HOSTILE.to_owned();
    reading.meters[0].source.as_mut().unwrap().label = Some(HOSTILE.to_owned());
    reading.depth = HOSTILE.to_owned();
    reading.alerts = vec![dca_wire::v1::Alert {
        description: HOSTILE.to_owned(),
        severity: "critical".to_owned(),
        active: true,
        ..Default::default()
    }];
    agent.report(&place, 1, &[(1, record)]).await.unwrap();
    let cookie = sign_in(&place).await;
    for path in ["/", "/devices", "/devices/1", "/agents", "/devices?q=%3Cscript%3Ealert(1)"] {
        let (head, body) = ask(&place, path, &cookie).await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        for live in ["<script", "<img", "<b>S", "<b></dd>", "onerror=alert(2)>"] {
            assert!(!body.contains(live), "{path} has {live}");
        }
    }
    let (_, body) = ask(&place, "/devices/1", &cookie).await;
    assert!(body.contains("1,402,338"));
    let (_, body) = ask(&place, "/devices/1", &format!("{cookie}accept-language: de-DE,de;q=0.9\r\n")).await;
    assert!(body.contains("1.402.338") && body.contains("lang=\"de\"") && body.contains("nicht gemeldet"));
}

#[tokio::test]
async fn unknown_is_said_in_words() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let mut record = reading(&place, "p1", Some("S-0001"), 1);
    let Some(What::Reading(reading)) = &mut record.what else { panic!() };
    (reading.total, reading.status) = (None, None);
    reading.meters.clear();
    reading.supplies[0].percent = None;
    agent.report(&place, 1, &[(1, record)]).await.unwrap();
    let cookie = sign_in(&place).await;
    let (_, list) = ask(&place, "/devices", &cookie).await;
    assert!(
        list.contains("not reported")
            && list.contains(">?</text>")
            && list.contains("Unknown") | list.contains("unknown")
    );
    let (_, page) = ask(&place, "/devices/1", &cookie).await;
    assert!(page.contains("<span class=\"unk-v\">unknown</span>") && page.contains("none set"));
}

#[tokio::test]
async fn days_left_where_the_history_tells() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    // Two hundred pages and a percent a day, for forty days: about fifty days are left.
    let begin = place.clock.now_ms() - 40 * 86_400_000;
    let records: Vec<_> = (0..160_u64)
        .map(|quarter| {
            let mut record = reading(&place, "worn", Some("S-0001"), 10_000 + 50 * quarter);
            record.at_ms = begin + quarter as i64 * 21_600_000;
            let Some(What::Reading(reading)) = &mut record.what else { panic!() };
            reading.supplies[0].class = "consumed".to_owned();
            reading.supplies[0].percent = Some(90.0 - (quarter / 4) as f64);
            (quarter + 1, record)
        })
        .collect();
    agent.report(&place, 1, &records).await.unwrap();
    agent.report(&place, 1, &[(161, reading(&place, "new", Some("S-0002"), 1))]).await.unwrap();
    let cookie = sign_in(&place).await;
    let (_, worn) = ask(&place, "/devices/1", &cookie).await;
    assert!(worn.contains("class=\"band ") && worn.contains(" days ("), "{worn}");
    let (_, german) = ask(&place, "/devices/1", &format!("{cookie}accept-language: de\r\n")).await;
    assert!(german.contains(" Tage ("));
    let (_, new) = ask(&place, "/devices/2", &cookie).await;
    assert!(!new.contains("class=\"band "), "one reading tells nothing");
    // A level of yesterday is no ground for a forecast.
    place.clock.advance(2 * 86_400_000);
    let cookie = sign_in(&place).await;
    let (_, stale) = ask(&place, "/devices/1", &cookie).await;
    assert!(!stale.contains("class=\"band "));
}
