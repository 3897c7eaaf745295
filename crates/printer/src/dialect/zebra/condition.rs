//! What can be wrong with a label printer, as `~HQES` and `~HS` tell it, in the words of RFC 2790 and RFC 3805.

/// Something wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Condition {
    MediaOut,
    RibbonOut,
    HeadOpen,
    CutterFault,
    HeadTooHot,
    HeadTooCold,
    MotorTooHot,
    BadHeadElement,
    HeadDetection,
    FirmwareConfiguration,
    HeadThermistor,
    Paused,
    BufferFull,
    MemoryCorrupt,
    /// An error bit that the guide does not name.
    UnknownError(u64),
    /// The device says that there is an error, and not which.
    UnnamedError,
    CalibrateMedia,
    CleanHead,
    ReplaceHead,
    MediaNearEnd,
    /// A warning bit that the guide does not name.
    UnknownWarning(u64),
    /// The device says that there is a warning, and not which.
    UnnamedWarning,
}

/// In the words of the standard MIBs.
pub(super) struct Meaning {
    /// hrPrinterDetectedErrorState.
    pub(super) error: Option<&'static str>,
    /// PrtAlertGroupTC.
    pub(super) group: &'static str,
    /// PrtAlertCodeTC.
    pub(super) code: Option<(i64, &'static str)>,
}

impl Condition {
    /// True if it does not keep the printer from printing.
    pub fn is_warning(self) -> bool {
        matches!(
            self,
            Self::CalibrateMedia
                | Self::CleanHead
                | Self::ReplaceHead
                | Self::MediaNearEnd
                | Self::UnknownWarning(_)
                | Self::UnnamedWarning
        )
    }

    /// One sentence without its stop.
    pub fn text(self) -> String {
        match self {
            Self::MediaOut => "media out".into(),
            Self::RibbonOut => "ribbon out".into(),
            Self::HeadOpen => "print head open".into(),
            Self::CutterFault => "cutter fault".into(),
            Self::HeadTooHot => "print head too hot".into(),
            Self::HeadTooCold => "print head too cold".into(),
            Self::MotorTooHot => "motor too hot".into(),
            Self::BadHeadElement => "bad print head element".into(),
            Self::HeadDetection => "print head not detected".into(),
            Self::FirmwareConfiguration => "firmware configuration error".into(),
            Self::HeadThermistor => "print head thermistor open".into(),
            Self::Paused => "paused".into(),
            Self::BufferFull => "receive buffer full".into(),
            Self::MemoryCorrupt => "memory corrupt".into(),
            Self::UnknownError(bit) => format!("error bit {bit:#x}, whose meaning is not known"),
            Self::UnnamedError => "an error that it does not name".into(),
            Self::CalibrateMedia => "media needs calibration".into(),
            Self::CleanHead => "print head needs cleaning".into(),
            Self::ReplaceHead => "print head needs replacement".into(),
            Self::MediaNearEnd => "media near its end".into(),
            Self::UnknownWarning(bit) => format!("warning bit {bit:#x}, whose meaning is not known"),
            Self::UnnamedWarning => "a warning that it does not name".into(),
        }
    }

    pub(super) fn meaning(self) -> Meaning {
        let (error, group, code) = match self {
            Self::MediaOut => (Some("no_paper"), "input", Some((13, "subunitEmpty"))),
            Self::RibbonOut => (Some("no_toner"), "marker_supplies", Some((1103, "markerPrintRibbonEmpty"))),
            Self::HeadOpen => (Some("door_open"), "cover", Some((3, "coverOpen"))),
            Self::Paused => (Some("offline"), "general_printer", Some((22, "subunitOffline"))),
            Self::MediaNearEnd => (Some("low_paper"), "input", Some((12, "subunitAlmostEmpty"))),
            Self::ReplaceHead => (None, "marker", Some((11, "subunitLifeOver"))),
            // It stops by itself and goes on by itself.
            Self::HeadTooHot | Self::HeadTooCold | Self::MotorTooHot => (Some("offline"), "marker", None),
            Self::BadHeadElement | Self::HeadDetection | Self::HeadThermistor => {
                (Some("service_requested"), "marker", None)
            }
            Self::CutterFault | Self::FirmwareConfiguration | Self::MemoryCorrupt => {
                (Some("service_requested"), "general_printer", None)
            }
            // Somebody has to go and look.
            Self::UnknownError(_) | Self::UnnamedError => (Some("service_requested"), "unknown", None),
            Self::CleanHead => (None, "marker", None),
            Self::CalibrateMedia => (None, "input", None),
            Self::BufferFull => (None, "interpreter", None),
            Self::UnknownWarning(_) | Self::UnnamedWarning => (None, "unknown", None),
        };
        Meaning { error, group, code }
    }
}
