"""pysnmp's responder with the rows of a .snmprec file: PORT FILE, then users as NAME,AUTH,AUTHPASS,PRIV,PRIVPASS.

Protocols are pysnmp's names (USM_AUTH_..., USM_PRIV_...). Everything on the wire is pysnmp's; this file only holds rows.
"""

import bisect
import sys

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance
from pysnmp.smi.instrum import AbstractMibInstrumController

NUMBERS = {"2": rfc1902.Integer32, "65": rfc1902.Counter32, "66": rfc1902.Gauge32, "67": rfc1902.TimeTicks,
           "70": rfc1902.Counter64}


def value(tag, text):
    if tag in NUMBERS:
        return NUMBERS[tag](int(text))
    if tag == "6":
        return rfc1902.ObjectIdentifier(text)
    if tag == "64":
        return rfc1902.IpAddress(text)
    return rfc1902.OctetString(hexValue=text) if tag == "4x" else rfc1902.OctetString(text.encode())


class Rows(AbstractMibInstrumController):
    """Sorted rows, read only."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("|", 2) for line in file]
        self.rows = sorted((tuple(map(int, name.split("."))), value(tag, text)) for name, tag, text in rows)
        self.names = [name for name, _ in self.rows]

    def read_variables(self, *asked, **_):
        return [(name, self.find(tuple(name))) for name, _ in asked]

    def read_next_variables(self, *asked, **_):
        return [self.after(tuple(name)) for name, _ in asked]

    def find(self, name):
        at = bisect.bisect_left(self.names, name)
        return self.rows[at][1] if at < len(self.names) and self.names[at] == name else noSuchInstance

    def after(self, name):
        at = bisect.bisect_right(self.names, name)
        name, found = self.rows[at] if at < len(self.rows) else (name, endOfMibView)
        return rfc1902.ObjectName(name), found


def main(port, path, *users):
    agent = engine.SnmpEngine()
    config.add_transport(agent, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(("127.0.0.1", int(port))))
    config.add_v1_system(agent, "everybody", "public")
    allowed = [(1, "everybody", "noAuthNoPriv"), (2, "everybody", "noAuthNoPriv")]
    for user in users:
        name, auth, auth_pass, cipher, cipher_pass = user.split(",")
        level = "noAuthNoPriv" if not auth else "authNoPriv" if not cipher else "authPriv"
        protocols = [getattr(config, protocol or none) for protocol, none in
                     ((auth, "USM_AUTH_NONE"), (cipher, "USM_PRIV_NONE"))]
        config.add_v3_user(agent, name, protocols[0], auth_pass or None, protocols[1], cipher_pass or None)
        allowed.append((3, name, level))
    for model, name, level in allowed:
        config.add_vacm_user(agent, model, name, level, (1,))
    contexts = context.SnmpContext(agent)
    contexts.unregister_context_name(b"")
    contexts.register_context_name(b"", Rows(path))
    for responder in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
        responder(agent, contexts)
    agent.transport_dispatcher.job_started(1)
    agent.transport_dispatcher.run_dispatcher()


main(*sys.argv[1:])
