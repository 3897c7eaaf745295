//! What a message means to the agent.

use dca_wire::mqtt::{Incoming, PAYLOAD, Topics};
use dca_wire::v1::{Push, Wake};
use dca_wire::v1::{SignedOrder, push::What};

/// What the portal says between two check-ins.
#[derive(Debug, Clone, PartialEq)]
pub enum Hint {
    /// Check in.
    Wake {
        /// Why, for the log.
        reason: String,
    },
    /// An order that cannot wait. Its signature is still to be checked.
    Order(SignedOrder),
}

/// What to do about a message.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// Tell the agent.
    Hint(Hint),
    /// Tell it, and answer the call: to this topic, with this.
    Call(Option<Hint>, String, &'static str),
    /// The portal's half of the twin has this version.
    Twin(u64),
    /// Nothing.
    Nothing,
}

/// Most letters of a reason.
const REASON: usize = 100;

/// What a message on `topic` means. Whatever is not understood is nothing: a broker is a stranger.
pub(super) fn meaning(topics: &Topics, topic: &str, payload: &[u8]) -> Meaning {
    if payload.len() > PAYLOAD {
        return Meaning::Nothing;
    }
    match topics.incoming(topic) {
        Ok(Some(Incoming::Message(_))) => match dca_wire::decode::<Push>(payload) {
            Ok(Push { what: Some(What::Wake(Wake { reason })) }) => wake(&reason),
            Ok(Push { what: Some(What::Order(order)) }) => Meaning::Hint(Hint::Order(order)),
            _ => Meaning::Nothing,
        },
        Ok(Some(Incoming::Twin { status: 200, .. })) => {
            desired_version(payload).map_or(Meaning::Nothing, Meaning::Twin)
        }
        Ok(Some(Incoming::Desired { version })) => Meaning::Twin(version),
        Ok(Some(Incoming::Method { name: "wake", request })) => {
            let hint = Hint::Wake { reason: "call".to_owned() };
            Meaning::Call(Some(hint), topics.method_answer(200, request), "{}")
        }
        Ok(Some(Incoming::Method { request, .. })) => {
            Meaning::Call(None, topics.method_answer(404, request), "{\"error\":\"unknown method\"}")
        }
        _ => Meaning::Nothing,
    }
}

fn wake(reason: &str) -> Meaning {
    Meaning::Hint(Hint::Wake { reason: crate::certificate::clean(reason, REASON) })
}

/// `desired.$version` of a twin. The rest of it is not ours to read: configuration comes signed, with the check-in.
fn desired_version(twin: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Twin {
        desired: Desired,
    }
    #[derive(serde::Deserialize)]
    struct Desired {
        #[serde(rename = "$version")]
        version: u64,
    }
    serde_json::from_slice::<Twin>(twin).ok().map(|twin| twin.desired.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_wire::AgentId;
    use dca_wire::mqtt::Dialect;

    fn check(topic: &str, payload: &[u8], expected: Meaning) {
        let topics = Topics::new(Dialect::IotHub, AgentId::parse("a-1").unwrap());
        assert_eq!(meaning(&topics, topic, payload), expected, "{topic}");
    }

    #[test]
    fn what_messages_mean() {
        let reason = "config\u{7}".to_owned();
        let push = dca_wire::encode(&Push { what: Some(What::Wake(Wake { reason })) }).unwrap();
        let wake = || Hint::Wake { reason: "config".to_owned() };
        check("devices/a-1/messages/devicebound/", &push, Meaning::Hint(wake()));
        check("devices/a-2/messages/devicebound/", &push, Meaning::Nothing);
        check("devices/a-1/messages/devicebound/", b"nonsense", Meaning::Nothing);
        check("$iothub/twin/res/200/?$rid=1", br#"{"desired":{"$version":7},"reported":{}}"#, Meaning::Twin(7));
        check("$iothub/twin/res/200/?$rid=1", b"[", Meaning::Nothing);
        check("$iothub/twin/res/429/?$rid=1", b"", Meaning::Nothing);
        check("$iothub/twin/PATCH/properties/desired/?$version=8", b"{}", Meaning::Twin(8));
        let call = Hint::Wake { reason: "call".to_owned() };
        check(
            "$iothub/methods/POST/wake/?$rid=5",
            b"",
            Meaning::Call(Some(call), "$iothub/methods/res/200/?$rid=5".to_owned(), "{}"),
        );
        let unknown =
            Meaning::Call(None, "$iothub/methods/res/404/?$rid=5".to_owned(), "{\"error\":\"unknown method\"}");
        check("$iothub/methods/POST/reboot/?$rid=5", b"", unknown);
    }
}
