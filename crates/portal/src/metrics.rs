//! What the portal counts, for Prometheus.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The figures. Cheap to count, read on a port of their own.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) check_ins: Counter,
    pub(crate) records: Counter,
    pub(crate) readings: Counter,
    pub(crate) refused: Counter,
    pub(crate) unproven: Counter,
    pub(crate) connections: Gauge,
    pub(crate) agents: Gauge,
    pub(crate) silent: Gauge,
    pub(crate) listening: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("explorer");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let check_ins = counter("check_ins", "Check-ins answered");
        let records = counter("records", "Records committed or refused");
        let readings = counter("readings", "Readings of devices committed");
        let refused = counter("records_refused", "Records refused");
        let unproven = counter("calls_refused", "Calls that were refused");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connections = gauge("connections", "Open connections");
        let agents = gauge("agents", "Agents known");
        let silent = gauge("agents_silent", "Agents that should have checked in and did not");
        let listening = gauge("agents_on_mqtt", "Agents connected over MQTT");
        Self { listening, registry, check_ins, records, readings, refused, unproven, connections, agents, silent }
    }
}

impl Metrics {
    /// In the text format of OpenMetrics.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
