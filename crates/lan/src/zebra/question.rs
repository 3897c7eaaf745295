//! All that may be sent.

use std::borrow::Cow;

/// A question that a printer answers and does not act upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// `~HI`: model, firmware, dots per millimetre, memory.
    Identification,
    /// `~HS`: what it is doing, in three frames.
    Status,
    /// `~HQES`: error and warning bits.
    Errors,
    /// `~HQOD`: how much it has printed.
    Odometer,
    /// `~HQSN`: serial number.
    SerialNumber,
    /// `~HM`: memory.
    Memory,
    /// `~HQHA`: hardware address.
    HardwareAddress,
    /// `~HQMA`: when it asks for maintenance.
    Maintenance,
    /// `~HQPP`: its plug-and-play texts.
    PlugAndPlay,
    /// `~HD`: temperatures and speeds.
    Head,
    /// `~HQPH`: how far the print head has run, and those before it.
    HeadLife,
    /// The value of a setting.
    Setting(Setting),
}

/// Settings that may be read (`getvar`). None of them is a secret or a user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it; see Setting::name")]
pub enum Setting {
    Firmware,
    ProductName,
    UniqueId,
    SerialNumber,
    FriendlyName,
    PrintLength,
    LabelCount,
    UserLabelCount,
    HeadClean,
    HostStatus,
    HeadResolution,
    HeadTemperature,
    MediaStatus,
    HeadLatch,
    LinkOsVersion,
}

impl Question {
    /// Those that a reading has use for, in the order of asking.
    ///
    /// Of the settings, an answer does not say which question it belongs to. The first is asked again at the end: only
    /// if it says the same is nobody out of step.
    pub const USUAL: [Self; 20] = [
        Self::Identification,
        Self::Status,
        Self::Errors,
        Self::Odometer,
        Self::SerialNumber,
        Self::Memory,
        Self::HardwareAddress,
        Self::PlugAndPlay,
        Self::HeadLife,
        Self::Setting(Setting::Firmware),
        Self::Setting(Setting::PrintLength),
        Self::Setting(Setting::ProductName),
        Self::Setting(Setting::LabelCount),
        Self::Setting(Setting::UserLabelCount),
        Self::Setting(Setting::UniqueId),
        Self::Setting(Setting::SerialNumber),
        Self::Setting(Setting::FriendlyName),
        Self::Setting(Setting::HeadClean),
        Self::Setting(Setting::HostStatus),
        Self::Setting(Setting::Firmware),
    ];

    /// As people write it: `~HI`, `getvar appl.name`.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Identification => "~HI".into(),
            Self::Status => "~HS".into(),
            Self::Errors => "~HQES".into(),
            Self::Odometer => "~HQOD".into(),
            Self::SerialNumber => "~HQSN".into(),
            Self::Memory => "~HM".into(),
            Self::HardwareAddress => "~HQHA".into(),
            Self::Maintenance => "~HQMA".into(),
            Self::PlugAndPlay => "~HQPP".into(),
            Self::Head => "~HD".into(),
            Self::HeadLife => "~HQPH".into(),
            Self::Setting(setting) => format!("getvar {}", setting.name()).into(),
        }
    }

    pub(super) fn octets(self) -> Vec<u8> {
        match self {
            Self::Setting(setting) => format!("! U1 getvar \"{}\"\r\n", setting.name()).into_bytes(),
            query => format!("{}\r\n", query.name()).into_bytes(),
        }
    }

    /// The frames of STX and ETX that the answer has; a setting's answer stands in double quotes.
    pub(super) fn frames(self) -> usize {
        if self == Self::Status { 3 } else { 1 }
    }
}

impl Setting {
    /// The name that the device knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firmware => "appl.name",
            Self::ProductName => "device.product_name",
            Self::UniqueId => "device.unique_id",
            Self::SerialNumber => "device.serial_number",
            Self::FriendlyName => "device.friendly_name",
            Self::PrintLength => "odometer.total_print_length",
            Self::LabelCount => "odometer.total_label_count",
            Self::UserLabelCount => "odometer.user_label_count",
            Self::HeadClean => "odometer.headclean",
            Self::HostStatus => "device.host_status",
            Self::HeadResolution => "head.resolution.in_dpi",
            Self::HeadTemperature => "head.temperature",
            Self::MediaStatus => "media.status",
            Self::HeadLatch => "head.latch",
            Self::LinkOsVersion => "appl.link_os_version",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The language has commands that print (`^XA`), change (`setvar`, `do`) and restart (`~J`): none can be spelled.
    #[test]
    fn nothing_but_queries_can_be_spelled() {
        let settings = [
            Setting::Firmware,
            Setting::ProductName,
            Setting::UniqueId,
            Setting::PrintLength,
            Setting::LabelCount,
            Setting::HeadResolution,
            Setting::HeadTemperature,
            Setting::MediaStatus,
            Setting::HeadLatch,
            Setting::LinkOsVersion,
        ];
        let queries = [Question::Maintenance, Question::Head];
        let all = Question::USUAL.into_iter().chain(queries).chain(settings.map(Question::Setting));
        for question in all {
            let octets = question.octets();
            let text = std::str::from_utf8(&octets).unwrap();
            let line = text.strip_suffix("\r\n").unwrap();
            assert!(line.chars().all(|letter| letter.is_ascii_graphic() || letter == ' '), "{text:?}");
            assert!(!line.contains(['^', '{']), "{text:?}");
            let is_query = line.strip_prefix("~H").is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_uppercase()));
            let name = line.strip_prefix("! U1 getvar \"").and_then(|rest| rest.strip_suffix('"'));
            let is_setting = name.is_some_and(|name| name.bytes().all(|c| matches!(c, b'a'..=b'z' | b'.' | b'_')));
            assert!(is_query || is_setting, "{text:?}");
        }
    }
}
