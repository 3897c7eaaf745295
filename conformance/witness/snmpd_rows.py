"""Rows of a .snmprec file for snmpd, spoken to by its pass_persist directive: FILE."""

import bisect
import sys

TYPES = {"2": "integer", "4": "string", "4x": "octet", "6": "objectid", "64": "ipaddress", "65": "counter",
         "66": "gauge", "67": "timeticks", "70": "counter64"}

with open(sys.argv[1], encoding="utf-8") as file:
    lines = [line.rstrip("\n").split("|", 2) for line in file]
rows = sorted((tuple(map(int, name.split("."))), TYPES[tag], text) for name, tag, text in lines)
names = [row[0] for row in rows]

while True:
    command = sys.stdin.readline().strip()
    if not command:
        break
    if command == "PING":
        print("PONG", flush=True)
        continue
    asked = tuple(map(int, sys.stdin.readline().strip().strip(".").split(".")))
    at = bisect.bisect_right(names, asked) if command == "getnext" else bisect.bisect_left(names, asked)
    if at >= len(rows) or (command == "get" and names[at] != asked):
        print("NONE", flush=True)
        continue
    name, kind, text = rows[at]
    shown = " ".join(text[pair:pair + 2] for pair in range(0, len(text), 2)) if kind == "octet" else text
    print("." + ".".join(map(str, name)), kind, shown, sep="\n", flush=True)
