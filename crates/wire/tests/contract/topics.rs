use super::ID;
use dca_wire::AgentId;
use dca_wire::mqtt::{Bag, Dialect, Incoming, Topics};
use expect_test::expect;
use proptest::prelude::*;

fn topics(dialect: Dialect) -> Topics {
    Topics::new(dialect, AgentId::parse("a1").unwrap())
}

#[test]
fn the_topic_table() {
    let mut table = String::new();
    let bag = Bag::message("m1", "Presence");
    for dialect in [Dialect::IotHub, Dialect::Generic] {
        let topics = topics(dialect);
        table += &format!("{dialect:?}\n  user {}\n", dialect.user_name("hub.example", &AgentId::parse("a1").unwrap()));
        topics.filters().iter().for_each(|filter| table += &format!("  sub {filter}\n"));
        let published =
            [topics.events(&bag), topics.twin_question(1), topics.twin_report(2), topics.method_answer(200, "r/1")];
        published.iter().for_each(|topic| table += &format!("  pub {topic}\n"));
    }
    expect![[r#"
        IotHub
          user hub.example/a1/?api-version=2021-04-12
          sub devices/a1/messages/devicebound/#
          sub $iothub/twin/res/#
          sub $iothub/twin/PATCH/properties/desired/#
          sub $iothub/methods/POST/#
          pub devices/a1/messages/events/%24.mid=m1&%24.ct=application%2Fprotobuf&kind=Presence&schema=1
          pub $iothub/twin/GET/?$rid=1
          pub $iothub/twin/PATCH/properties/reported/?$rid=2
          pub $iothub/methods/res/200/?$rid=r%2F1
        Generic
          user a1
          sub devices/a1/messages/devicebound/#
          sub devices/a1/twin/res/#
          sub devices/a1/twin/PATCH/properties/desired/#
          sub devices/a1/methods/POST/#
          pub devices/a1/messages/events/%24.mid=m1&%24.ct=application%2Fprotobuf&kind=Presence&schema=1
          pub devices/a1/twin/GET/?$rid=1
          pub devices/a1/twin/PATCH/properties/reported/?$rid=2
          pub devices/a1/methods/res/200/?$rid=r%2F1
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_comes_in() {
    for (dialect, hub) in [(Dialect::IotHub, "$iothub"), (Dialect::Generic, "devices/a1")] {
        let topics = topics(dialect);
        let known = |topic: &str, expected: Incoming<'_>| {
            let topic = topic.replace("HUB", hub);
            assert_eq!(topics.incoming(&topic), Ok(Some(expected)), "{topic}");
        };
        known("HUB/twin/res/204/?$rid=7&$version=3", Incoming::Twin { status: 204, request: "7", version: Some(3) });
        known("HUB/twin/res/429/?$rid=7", Incoming::Twin { status: 429, request: "7", version: None });
        known("HUB/twin/PATCH/properties/desired/?$version=5", Incoming::Desired { version: 5 });
        known("HUB/methods/POST/wake/?$rid=a", Incoming::Method { name: "wake", request: "a" });
        known("devices/a1/messages/devicebound", Incoming::Message(Bag::default()));
        let Ok(Some(Incoming::Message(bag))) =
            topics.incoming("devices/a1/messages/devicebound/%24.mid=x%26y&kind=Push")
        else {
            panic!("a message")
        };
        assert_eq!((bag.value("$.mid"), bag.value("kind"), bag.value("none")), (Some("x&y"), Some("Push"), None));
    }
}

#[test]
fn what_is_not_for_this_agent_means_nothing() {
    for dialect in [Dialect::IotHub, Dialect::Generic] {
        let topics = topics(dialect);
        let foreign = [
            "",
            "devices/a2/messages/devicebound/",
            "devices/a11/twin/res/200/?$rid=1",
            "$iothub/twin/res/x/?$rid=1",
            "$iothub/methods/POST//?$rid=1",
            "$iothub/methods/POST/a/b/?$rid=1",
            "$iothub/twin/res/200/",
            "$SYS/x",
        ];
        for topic in foreign {
            assert_eq!(topics.incoming(topic), Ok(None), "{dialect:?} {topic}");
        }
        assert!(topics.incoming("devices/a1/messages/devicebound/a=%zz").is_err());
        assert!(topics.incoming(&format!("devices/a1/messages/devicebound/{}", "a&".repeat(33))).is_err());
    }
}

#[test]
fn an_agent_id_means_nothing_in_a_topic_or_a_path() {
    assert!(AgentId::parse(ID).is_ok());
    for bad in ["", "A", "a/b", "a+b", "#", "..", "ä", "a b", &"a".repeat(65)] {
        assert!(AgentId::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_bag_comes_back_as_it_was(id: String, kind: String) {
        let bag = Bag::message(&id, &kind);
        let text = bag.encode();
        prop_assert!(!text.contains(['/', '+', '#']));
        if text.len() <= 4_096 {
            prop_assert_eq!(Bag::parse(&text), Ok(bag));
        }
    }

    #[test]
    fn any_topic_is_borne(topic: String) {
        let _ = topics(Dialect::Generic).incoming(&format!("devices/a1/{topic}"));
        let _ = topics(Dialect::IotHub).incoming(&format!("$iothub/{topic}"));
    }
}
