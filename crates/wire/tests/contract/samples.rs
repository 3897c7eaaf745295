use super::{ID, caller, courtesy};
use dca_wire::v1::*;
use dca_wire::{Limited, decode, encode};
use expect_test::expect_file;
use prost::Message;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// This version's sample of a message; the same is decoded again, and in every later version.
fn keep<M: Limited + PartialEq + std::fmt::Debug>(message: &M) {
    let octets = encode(message).unwrap();
    assert_eq!(&decode::<M>(&octets).unwrap(), message);
    let hex: Vec<String> =
        octets.chunks(32).map(|line| line.iter().map(|octet| format!("{octet:02x}")).collect()).collect();
    let file = folder().join(dca_wire::SCHEMA.to_string()).join(format!("{}.hex", M::NAME));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    expect_file![file].assert_eq(&(hex.join("\n") + "\n"));
}

fn word(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn each_message_has_a_sample_of_this_version() {
    let text = str::to_owned;
    keep(&ActivateRequest {
        caller: caller(),
        activation_code: text("7Q4K-P2MX-9TBD"),
        csr: vec![0x30, 0x82],
        host: Some(HostFacts {
            host_name: text("print-01"),
            os: text("linux"),
            os_version: text("12"),
            architecture: text("x86_64"),
            agent_version: text("4.0.0"),
            time_zone: text("Europe/Berlin"),
        }),
        fleet_hint: text("head office"),
    });
    keep(&ActivateAnswer {
        courtesy: courtesy(),
        agent_id: text(ID),
        certificate_chain: vec![vec![0x30], vec![0x31]],
        ca_bundle: vec![vec![0x32]],
        pins: vec![vec![3; 32]],
        command_key: vec![4; 32],
        update_root: text("{}").into_bytes(),
        endpoints: Some(Endpoints {
            grpc: text("https://portal.example"),
            mqtt: vec![text("wss://portal.example/mqtt"), text("mqtts://portal.example:8883")],
            mqtt_dialect: text("generic"),
            updates: text("https://updates.example/dca"),
        }),
    });
    keep(&RenewRequest { caller: caller(), csr: vec![0x30, 0x82] });
    keep(&RenewAnswer {
        courtesy: courtesy(),
        certificate_chain: vec![vec![0x30]],
        ca_bundle: vec![vec![0x32]],
        pins: vec![],
    });
    keep(&RetireRequest { caller: caller(), reason: text("uninstalled") });
    keep(&RetireAnswer { courtesy: courtesy() });
    keep(&CheckInRequest {
        caller: caller(),
        agent_version: text("4.0.0"),
        config_revision: 7,
        spool: vec![StreamSummary {
            stream: text("readings"),
            records: 3,
            octets: 2_000,
            oldest_ms: 1_796_083_100_000,
            dead: 1,
            dropped: 2,
        }],
        health: vec![Health {
            part: text("mqtt"),
            level: health::Level::Limited.into(),
            text: text("8883 is closed, 443 is open"),
            since_ms: 1_796_000_000_000,
        }],
        update: Some(UpdateState {
            phase: update_state::Phase::Current.into(),
            version: text("4.0.0"),
            text: String::new(),
        }),
        results: vec![OrderResult {
            order_id: vec![5; 16],
            outcome: order_result::Outcome::Done.into(),
            text: text("40 devices"),
            at_ms: 1_796_083_190_000,
        }],
        clock: Some(Clock { skew_ms: -250, uptime_s: 86_400, agent_uptime_s: 3_600 }),
        key_uses: 12,
    });
    let order = signed_order();
    keep(&CheckInAnswer {
        courtesy: courtesy(),
        next_poll_s: 300,
        jitter_s: 30,
        config: Some(SignedConfig { revision: 8, blob: text("[scan]\n").into_bytes(), signature: vec![6; 64] }),
        orders: vec![order.clone()],
        upload_budget: 1_000_000,
        drain: true,
        copied: Some(Copied { seen_ms: 1_796_083_000_000, other: text("192.0.2.7") }),
    });
    keep(&DiagnosticsChunk { caller: caller(), order_id: vec![5; 16], data: vec![0x1f, 0x8b] });
    keep(&DiagnosticsAnswer { courtesy: courtesy(), octets: 2 });
    keep(&order_message());
    keep(&Push { what: Some(push::What::Order(order)) });
    keep(&Presence { boot_id: vec![1; 16], agent_version: text("4.0.0"), online: true });
    keep(&Record { at_ms: 1_796_083_200_000, what: Some(record::What::Reading(reading())) });
    let record = encode(&Record { at_ms: 1, what: Some(record::What::Gap(gap())) }).unwrap();
    let (body, crc, count) = dca_wire::pack([(41, record.as_slice()), (43, record.as_slice())]).unwrap();
    assert_eq!(count, 2);
    keep(&decode::<Entries>(&body).unwrap());
    let report = ReportRequest {
        caller: caller(),
        stream: text("readings"),
        epoch: 99,
        first_seq: 41,
        compression: report_request::Compression::None.into(),
        plain_length: body.len() as u32,
        body: body.clone().into(),
        crc,
    };
    keep(&report);
    let entries = dca_wire::unpack(&report, body.into()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [41, 43]);
    keep(&ReportAnswer {
        courtesy: courtesy(),
        stream: text("readings"),
        epoch: 99,
        acked_through: 43,
        refused: vec![Refusal { seq: 41, code: refusal::Code::UnknownKind.into(), text: text("newer than I am") }],
    });
    keep(&TunnelReportRequest {
        caller: caller(),
        grant_id: vec![8; 16],
        state: tunnel_report_request::State::Open.into(),
        octets_up: 10,
        octets_down: 20_000,
        audit_head: vec![9; 32],
        text: String::new(),
    });
    keep(&TunnelReportAnswer { courtesy: courtesy(), close: true });
}

fn order_message() -> Order {
    Order {
        id: vec![5; 16],
        agent_id: ID.to_owned(),
        not_before_ms: 1,
        not_after_ms: 2,
        counter: 3,
        what: Some(order::What::OpenTunnel(OpenTunnel {
            grant_id: vec![8; 16],
            device_id: "d1".to_owned(),
            target: "192.0.2.10".to_owned(),
            port: 443,
            ends_at_ms: 1_796_085_000_000,
            operator: "a.person@dealer.example".to_owned(),
            reason: "jam".to_owned(),
            relay: "relay.example:443".to_owned(),
            relay_host_key: "ssh-ed25519 AAAA".to_owned(),
            user_certificate: "ssh-ed25519-cert-v01@openssh.com AAAA".to_owned(),
        })),
    }
}

fn signed_order() -> SignedOrder {
    SignedOrder { order: encode(&order_message()).unwrap(), signature: vec![7; 64] }
}

fn gap() -> Gap {
    Gap {
        stream: "readings".to_owned(),
        first_seq: 1,
        last_seq: 40,
        records: 38,
        why: "thinned".to_owned(),
        from_ms: 1,
        to_ms: 2,
    }
}

fn reading() -> Reading {
    let text = str::to_owned;
    let source =
        || Some(Source { oid: word("1.3.6.1.2.1.43.10.2.1.4.1.1"), rule: word("life_count"), ..Source::default() });
    let fact = |value: &str| Some(Fact { value: text(value), source: source(), confidence: Confidence::A.into() });
    let meter = Meter {
        service: text("print"),
        color: text("mono"),
        size: text("any"),
        sides: text("any"),
        unit: text("impressions"),
        persistence: text("lifetime"),
        value: 53_631,
        source: source(),
        confidence: Confidence::B.into(),
    };
    Reading {
        device_id: text("d1"),
        address: text("192.0.2.10:161"),
        is_printer: true,
        profile: text("printer-mib"),
        identity: Some(Identity { vendor: fact("ACME"), serial: fact("4711"), ..Identity::default() }),
        total: Some(Meter { value: 121_104, ..meter.clone() }),
        meters: vec![meter],
        supplies: vec![Supply {
            index: text("1.1"),
            description: text("Cyan Toner"),
            r#type: text("toner"),
            class: text("consumed"),
            color: word("cyan"),
            unit: word("percent"),
            capacity: Some(100),
            level: Some(0),
            percent: Some(0.0),
            state: text("empty"),
            part_number: None,
            serial: word("C1"),
            pages_left: None,
            source: source(),
            confidence: Confidence::A.into(),
            installed: word("2026-03-01T10:30:00"),
        }],
        status: Some(Status {
            printer: word("idle"),
            device: word("running"),
            errors: Some(Errors { names: vec![text("low_toner")] }),
        }),
        alerts: vec![Alert {
            index: text("1.5"),
            severity: text("warning"),
            training: word("untrained"),
            group: word("marker_supplies"),
            code: Some(1_104),
            code_name: word("markerTonerAlmostEmpty"),
            description: text("Cyan is low"),
            location: Some(-2),
            active: true,
            source: source(),
            service_code: word("C-3102"),
        }],
        console: vec![text("Bereit")],
        inputs: vec![Tray { index: text("1.1"), name: text("Tray 1"), level: Some(250), ..Tray::default() }],
        outputs: vec![Tray { index: text("1.1"), name: text("Bin"), ..Tray::default() }],
        covers: vec![Cover {
            index: text("1.1"),
            description: text("Front"),
            state: text("cover_closed"),
            source: None,
        }],
        counts: vec![Count { what: text("jam"), place: word("inside"), value: 12, source: source() }],
        maintenance: vec![Maintenance {
            part: text("drum"),
            percent: Some(89.0),
            pages_left: Some(11_000),
            source: source(),
        }],
        details: vec![Detail { what: text("memory"), value: text("512"), unit: word("MB"), source: source() }],
        quirks: vec![text("a counter with its sign bit set")],
        doubts: vec![],
        complete: true,
        depth: text("full"),
        removed: vec![Removed {
            index: text("r1"),
            description: text("Cyan Toner"),
            serial: word("C0"),
            installed: word("2025-11-20T08:00:00+01:00"),
            pages: Some(4_200),
            percent: Some(0.0),
            source: source(),
        }],
    }
}

/// Samples of every version that was ever released decode, and nothing of them is lost: they encode to the same octets.
#[test]
fn samples_of_every_version_are_decoded_for_ever() {
    let mut seen = 0;
    for version in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(version).unwrap().map(|entry| entry.unwrap().path()) {
            let hex: String = std::fs::read_to_string(&file).unwrap().split_whitespace().collect();
            let octets: Vec<u8> =
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
            again(file.file_stem().unwrap().to_str().unwrap(), &octets);
            seen += 1;
        }
    }
    assert!(seen >= 19, "{seen} samples");
}

fn again(name: &str, octets: &[u8]) {
    macro_rules! any_of {
        ($($message:ident)*) => {
            match name {
                $(stringify!($message) => decode::<$message>(octets).unwrap().encode_to_vec(),)*
                other => panic!("a sample of {other}, which is no message"),
            }
        };
    }
    let encoded = any_of! {
        ActivateRequest ActivateAnswer RenewRequest RenewAnswer RetireRequest RetireAnswer
        CheckInRequest CheckInAnswer DiagnosticsChunk DiagnosticsAnswer Order Push Presence
        Record Entries ReportRequest ReportAnswer TunnelReportRequest TunnelReportAnswer
    };
    assert_eq!(encoded, octets, "{name}");
}

#[test]
fn an_unchanged_check_in_takes_few_octets() {
    let answer = CheckInAnswer { courtesy: courtesy(), next_poll_s: 300, jitter_s: 30, ..CheckInAnswer::default() };
    assert!(encode(&answer).unwrap().len() < 200);
    let request = CheckInRequest { caller: caller(), config_revision: 7, key_uses: 9, ..CheckInRequest::default() };
    assert!(encode(&request).unwrap().len() < 200);
}
