//! Every statement of the portal. A test has both databases prepare each of them.
#![allow(missing_docs, reason = "a statement says what it does")]

use super::Bulk;
use std::borrow::Cow;

macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        $(pub const $name: &str = $text;)*
        /// All of them, with their names.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $text)),*];
    };
}

statements! {
    SCHEMA_VERSION = "SELECT version FROM schema_version";
    SCHEMA_FORGET = "DELETE FROM schema_version";
    SCHEMA_SET = "INSERT INTO schema_version (version) VALUES ($1)";

    NODES = "SELECT id, parent, dealer, kind, path, name, config, config_revision FROM node ORDER BY id";
    NODE_ADD = "INSERT INTO node (id, parent, dealer, kind, path, name, config, config_revision) VALUES ($1, $2, $3, $4, $5, $6, NULL, 0)";
    NODE_CONFIG = "UPDATE node SET config = $2, config_revision = $3 WHERE id = $1";
    DEALER_KEY = "SELECT public, sealed FROM dealer_key WHERE dealer = $1";
    DEALER_KEY_ADD = "INSERT INTO dealer_key (dealer, public, sealed) VALUES ($1, $2, $3)";

    CODE_ADD = "INSERT INTO activation_code (selector, digest, dealer, site, created, expires, wrong, used_by) VALUES ($1, $2, $3, $4, $5, $6, 0, NULL)";
    CODE = "SELECT digest, dealer, site, created, expires, wrong, used_by FROM activation_code WHERE selector = $1";
    CODE_TRY = "UPDATE activation_code SET wrong = wrong + 1 WHERE selector = $1 AND wrong < $2";
    CODE_USE = "UPDATE activation_code SET used_by = $2, wrong = wrong - 1 WHERE selector = $1 AND used_by IS NULL";
    CODE_RIGHT = "UPDATE activation_code SET wrong = wrong - 1 WHERE selector = $1";

    AGENTS = "SELECT id, dealer, site, status, key, previous_key, failures, host, version, last_seen, config, config_revision, reported_revision, health FROM agent ORDER BY id";
    AGENT = "SELECT id, dealer, site, status, key, previous_key, failures, host, version, last_seen, config, config_revision, reported_revision, health FROM agent WHERE id = $1";
    AGENT_ADD = "INSERT INTO agent (id, dealer, site, status, key, previous_key, failures, host, system, version, enrolled, certificate_ends, last_seen, config, config_revision, reported_revision, health) VALUES ($1, $2, $3, 'active', $4, NULL, 0, $5, $6, $7, $8, $9, NULL, NULL, 0, 0, NULL)";
    AGENT_RENEW = "UPDATE agent SET key = $2, previous_key = $3, certificate_ends = $4 WHERE id = $1";
    AGENT_SETTLE = "UPDATE agent SET previous_key = NULL WHERE id = $1";
    AGENT_STATUS = "UPDATE agent SET status = $2, failures = 0 WHERE id = $1";
    AGENT_FAILURES = "UPDATE agent SET failures = $2 WHERE id = $1";
    AGENT_SEEN = "UPDATE agent SET last_seen = $2, version = $3, reported_revision = $4, health = $5 WHERE id = $1";
    AGENT_CONFIG = "UPDATE agent SET config = $2, config_revision = $3 WHERE id = $1";

    STREAM = "SELECT acked FROM stream WHERE agent = $1 AND stream = $2 AND epoch = $3";

    DEVICE_LAST = "SELECT COALESCE(MAX(id), 0) FROM device";
    DEVICE_BY_IDENTITY = "SELECT id FROM device WHERE dealer = $1 AND identity = $2";
    DEVICE_BY_ALIAS = "SELECT d.id, d.identity FROM device_alias a JOIN device d ON d.id = a.device WHERE a.agent = $1 AND a.name = $2";
    DEVICE_ADD = "INSERT INTO device (id, dealer, site, agent, identity, vendor, model, serial, mac, hostname, address, asset, location, firmware, first_seen, merged_into) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL)";
    DEVICE_FACTS = "UPDATE device SET site = $2, agent = $3, identity = $4, vendor = COALESCE($5, vendor), model = COALESCE($6, model), serial = COALESCE($7, serial), mac = COALESCE($8, mac), hostname = COALESCE($9, hostname), address = COALESCE($10, address), asset = COALESCE($11, asset), location = COALESCE($12, location), firmware = COALESCE($13, firmware) WHERE id = $1";
    DEVICE_MERGE = "UPDATE device SET merged_into = $2 WHERE id = $1";
    ALIAS_SET = "INSERT INTO device_alias (agent, name, device) VALUES ($1, $2, $3) ON CONFLICT (agent, name) DO UPDATE SET device = excluded.device";
    STATE = "SELECT read_at, summary FROM device_state WHERE device = $1";

    DEVICES = "SELECT d.id, d.vendor, d.model, d.serial, d.hostname, d.address, d.location, d.site, d.agent, s.summary FROM device d LEFT JOIN device_state s ON s.device = d.id WHERE d.merged_into IS NULL AND d.id > $1 ORDER BY d.id LIMIT $2";
    DEVICE_ONE = "SELECT d.id, d.vendor, d.model, d.serial, d.hostname, d.address, d.location, d.site, d.agent, s.summary FROM device d LEFT JOIN device_state s ON s.device = d.id WHERE d.id = $1";

    TEMPLATE_LAST = "SELECT COALESCE(MAX(id), 0) FROM template";
    TEMPLATE_BY_SHAPE = "SELECT id, record FROM template WHERE dealer = $1 AND shape = $2";
    TEMPLATE = "SELECT record FROM template WHERE id = $1";
    TEMPLATE_ADD = "INSERT INTO template (id, dealer, shape, record) VALUES ($1, $2, $3, $4)";
    HOT_LAST = "SELECT at FROM reading_hot WHERE device = $1 ORDER BY at DESC LIMIT 1";
    HOT_FORGET = "DELETE FROM reading_hot WHERE device = $1 AND at >= $2 AND at < $3";
    HOT_OLD = "SELECT DISTINCT device FROM reading_hot WHERE at < $1 AND device > $2 ORDER BY device LIMIT $3";
    HOT_FIRST = "SELECT at FROM reading_hot WHERE device = $1 AND at >= $2 AND at < $3 ORDER BY at LIMIT 1";
    // In one statement: a day is never seen between its rows and its chunk. Rows have NULL for the number of readings.
    DAY = "SELECT at, NULL, delta FROM reading_hot WHERE device = $1 AND at >= $2 AND at < $3 UNION ALL SELECT day, readings, chunk FROM reading_day WHERE device = $1 AND day = $4";
    DAYS = "SELECT day FROM reading_day WHERE device = $1";
    HOT_TIMES = "SELECT at FROM reading_hot WHERE device = $1";
    READ_DEVICES = "SELECT device FROM reading_hot WHERE device > $1 UNION SELECT device FROM reading_day WHERE device > $1 ORDER BY device LIMIT $2";
    DAY_LAST = "SELECT day FROM reading_day WHERE device = $1 ORDER BY day DESC LIMIT 1";
    DAY_SET = "INSERT INTO reading_day (device, day, readings, chunk) VALUES ($1, $2, $3, $4) ON CONFLICT (device, day) DO UPDATE SET readings = excluded.readings, chunk = excluded.chunk";
    DAY_FORGET = "DELETE FROM reading_day WHERE day < $1";

    MONTH_SET = "INSERT INTO meter_month (device, month, at, total, unit) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (device, month) DO UPDATE SET at = excluded.at, total = excluded.total, unit = excluded.unit WHERE excluded.at > meter_month.at";
    MONTHS_OF_DEVICE = "SELECT month, at, total, unit FROM meter_month WHERE device = $1 ORDER BY month DESC LIMIT $2";
    MONTH_FORGET = "DELETE FROM meter_month WHERE at < $1";

    EVENT_LAST = "SELECT COALESCE(MAX(id), 0) FROM event";
    EVENTS_OF_DEVICE = "SELECT at, kind, text FROM event WHERE device = $1 ORDER BY at DESC LIMIT $2";
    EVENTS = "SELECT at, kind, text, agent FROM event ORDER BY at DESC LIMIT $1";
    EVENT_FORGET = "DELETE FROM event WHERE at < $1";

    COMMAND_ADD = "INSERT INTO command (id, dealer, agent, counter, kind, body, signature, state, created, not_after, author) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)";
    COMMANDS_PENDING = "SELECT id, agent, body, signature, not_after FROM command WHERE state = 'pending' AND not_after > $1 ORDER BY counter";
    COMMANDS_OF_AGENT = "SELECT id, agent, body, signature, not_after FROM command WHERE agent = $1 AND state = 'pending' AND not_after > $2 ORDER BY counter";
    COMMAND = "SELECT agent, kind, state, outcome, finding FROM command WHERE id = $1";
    COMMAND_LAST = "SELECT COALESCE(MAX(counter), 0) FROM command WHERE agent = $1";
    COMMAND_DONE = "UPDATE command SET state = $3, done_at = $4, outcome = $5 WHERE id = $1 AND agent = $2 AND state = 'pending'";
    COMMAND_FINDING = "UPDATE command SET finding = $3 WHERE id = $1 AND agent = $2";
    COMMAND_EXPIRE = "UPDATE command SET state = 'expired' WHERE state = 'pending' AND not_after < $1";
    COMMAND_FORGET = "DELETE FROM command WHERE created < $1";
    DIAGNOSTICS_ADD = "INSERT INTO diagnostics (command, agent, at, bundle) VALUES ($1, $2, $3, $4) ON CONFLICT (command) DO NOTHING";
    DIAGNOSTICS_FORGET = "DELETE FROM diagnostics WHERE at < $1";

    AUDIT_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    AUDIT_ADD = "INSERT INTO audit (seq, at, dealer, actor, action, object, detail, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    AUDIT_AFTER = "SELECT seq, at, dealer, actor, action, object, detail, previous, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
    AUDIT_FORGET = "DELETE FROM audit WHERE at < $1 AND seq < (SELECT MAX(seq) FROM audit)";

    CHANGE_ADD = "INSERT INTO change (id, at, kind, subject) SELECT COALESCE(MAX(id), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT) FROM change";
    CHANGE_LAST = "SELECT COALESCE(MAX(id), 0) FROM change";
    CHANGES = "SELECT id, kind, subject FROM change WHERE id > $1 ORDER BY id";
    CHANGE_FORGET = "DELETE FROM change WHERE at < $1 AND id < (SELECT MAX(id) FROM change)";
}

/// Readings of a device, up to a day of them.
pub static READINGS: Bulk = Bulk {
    head: Cow::Borrowed("INSERT INTO reading_hot (device, at, delta)"),
    tail: "ON CONFLICT (device, at) DO NOTHING",
    columns: 3,
    key: 2,
    earlier: true,
};

/// What is known of a device.
pub static STATES: Bulk = Bulk {
    head: Cow::Borrowed("INSERT INTO device_state (device, read_at, summary)"),
    tail: "ON CONFLICT (device) DO UPDATE SET read_at = excluded.read_at, summary = excluded.summary",
    columns: 3,
    key: 1,
    earlier: false,
};

/// How far a stream of an agent got.
pub static STREAMS: Bulk = Bulk {
    head: Cow::Borrowed("INSERT INTO stream (agent, stream, epoch, acked)"),
    tail: "ON CONFLICT (agent, stream, epoch) DO UPDATE SET acked = excluded.acked",
    columns: 4,
    key: 3,
    earlier: false,
};

/// Something that happened.
pub static EVENTS_ADD: Bulk = Bulk {
    head: Cow::Borrowed("INSERT INTO event (id, dealer, agent, device, at, kind, text)"),
    tail: "",
    columns: 7,
    key: 1,
    earlier: false,
};
