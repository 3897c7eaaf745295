"""paho-mqtt against the portal's MQTT endpoint, over WebSockets in TLS. Prints a line for each thing that holds; ends at the first that does not."""

import queue
import ssl
import sys
import time

import paho.mqtt.client as mqtt

port, agent, folder, password = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
OWN = f"devices/{agent}/messages/devicebound/#"


class Link:
    def __init__(self, clean=True, certificate=True, password=None, keepalive=60):
        self.heard = queue.Queue()
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=agent,
            clean_session=clean,
            transport="websockets",
            reconnect_on_failure=False,
            manual_ack=True,
        )
        context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        if certificate:
            context.load_cert_chain(f"{folder}/agent.pem", f"{folder}/agent.key")
        client.tls_set_context(context)
        client.ws_set_options(path="/mqtt")
        if password:
            client.username_pw_set(agent, password)
        put = self.heard.put
        client.on_connect = lambda c, u, flags, reason, p: put(("connected", (flags, reason)))
        client.on_disconnect = lambda c, u, flags, reason, p: put(("gone", reason))
        client.on_subscribe = lambda c, u, mid, reasons, p: put(("subscribed", reasons))
        client.on_publish = lambda c, u, mid, reason, p: put(("published", mid))
        client.on_message = lambda c, u, message: put(("message", message))
        client.connect("127.0.0.1", port, keepalive)
        client.loop_start()
        self.client = client
        self.flags, self.reason = self.expect("connected")

    def expect(self, what, seconds=20):
        end = time.monotonic() + seconds
        while True:
            kind, value = self.heard.get(timeout=max(0.01, end - time.monotonic()))
            if kind == what:
                return value
            if kind == "gone" and what != "gone":
                sys.exit(f"{what} expected, connection gone: {value}")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def holds(what, true):
    if not true:
        sys.exit(f"does not hold: {what}")
    print(what, flush=True)


first = Link(clean=False)
holds("connected by certificate", not first.reason.is_failure and not first.flags.session_present)
first.client.subscribe(OWN, qos=1)
holds("own topics granted with QoS 1", [reason.value for reason in first.expect("subscribed")] == [1])
message = first.expect("message")
holds("a hint arrives with QoS 1", message.qos == 1 and not message.dup)

second = Link(clean=False)
first.expect("gone")
holds("a second connection ends the first", second.flags.session_present)
again = second.expect("message")
holds("what was not acknowledged comes again", again.dup and again.mid == message.mid and again.topic == message.topic)
second.client.ack(again.mid, again.qos)
second.client.publish(f"devices/{agent}/messages/events/", b"x", qos=1)
second.expect("published")
holds("own events are acknowledged", True)
second.close()

alive = Link(keepalive=2)
time.sleep(6)
holds("pings keep a connection", alive.client.is_connected())
alive.client.subscribe("devices/another/messages/devicebound/#", qos=1)
alive.expect("gone")
holds("a foreign subscription ends it", True)

foreign = Link()
foreign.client.publish("devices/another/messages/events/", b"x", qos=1)
foreign.expect("gone")
holds("a foreign publication ends it", True)

signed = Link(certificate=False, password=password)
holds("connected by signature", not signed.reason.is_failure)
signed.close()
wrong = Link(certificate=False, password="1.wrong")
holds("a wrong signature is refused", wrong.reason.is_failure)
