//! I/O towards printers: SNMP socket driver, ping.
