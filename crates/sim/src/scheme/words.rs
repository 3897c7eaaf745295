//! The words of the device files, and the numbers they stand for in RFC 3805, RFC 2790 and the IANA-PRINTER-MIB.

use serde::Deserialize;

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($variant:ident = $number:literal),+ $(,)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($variant = $number),+ }

        impl $name {
            /// The number in the MIB.
            pub(crate) fn code(self) -> i64 {
                self as i64
            }
        }
    )+};
}

words! {
    /// PrtMarkerMarkTechTC.
    MarkTech {
        Other = 1, Unknown = 2, ElectrophotographicLed = 3, ElectrophotographicLaser = 4, InkjetAqueous = 12,
        ThermalTransfer = 16, ThermalSensitive = 17, ThermalOther = 19,
    }
    /// PrtMarkerCounterUnitTC.
    CounterUnit {
        TenThousandthsOfInches = 3, Micrometers = 4, Characters = 5, Lines = 6, Impressions = 7, Sheets = 8, DotRow = 9,
        Hours = 11, Feet = 16, Meters = 17,
    }
    /// PrtMarkerSuppliesClassTC.
    SupplyClass { Other = 1, Consumed = 3, Receptacle = 4 }
    /// PrtMarkerSuppliesTypeTC.
    SupplyType {
        Other = 1, Unknown = 2, Toner = 3, WasteToner = 4, Ink = 5, InkCartridge = 6, InkRibbon = 7, WasteInk = 8,
        Opc = 9, Developer = 10, Fuser = 15, CleanerUnit = 18, TransferUnit = 20, TonerCartridge = 21, Staples = 32,
    }
    /// PrtMarkerSuppliesSupplyUnitTC.
    SupplyUnit {
        Other = 1, Unknown = 2, Impressions = 7, Sheets = 8, Hours = 11, TenthsOfGrams = 13, TenthsOfMilliliters = 15,
        Meters = 17, Items = 18, Percent = 19,
    }
    /// PrtInputTypeTC.
    InputType {
        Other = 1, Unknown = 2, SheetFeedAutoRemovableTray = 3, SheetFeedAutoNonRemovableTray = 4,
        SheetFeedManual = 5, ContinuousRoll = 6,
    }
    /// PrtOutputTypeTC.
    OutputType { Other = 1, Unknown = 2, RemovableBin = 3, UnRemovableBin = 4, ContinuousRollDevice = 5 }
    /// PrtAlertSeverityLevelTC.
    Severity { Other = 1, Critical = 3, Warning = 4, WarningBinaryChangeEvent = 5 }
    /// PrtAlertTrainingLevelTC.
    Training {
        Other = 1, Unknown = 2, Untrained = 3, Trained = 4, FieldService = 5, Management = 6,
        NoInterventionRequired = 7,
    }
    /// hrPrinterDetectedErrorState: the bit's number, bit 0 being the highest of the first octet.
    ErrorBit {
        LowPaper = 0, NoPaper = 1, LowToner = 2, NoToner = 3, DoorOpen = 4, Jammed = 5, Offline = 6,
        ServiceRequested = 7, InputTrayMissing = 8, OutputTrayMissing = 9, MarkerSupplyMissing = 10,
        OutputNearFull = 11, OutputFull = 12, InputTrayEmpty = 13, OverduePreventMaint = 14,
    }
}

impl SupplyType {
    /// True for what makes the picture, so that hrPrinterDetectedErrorState's lowToner and noToner speak of it.
    pub(crate) fn is_toner(self) -> bool {
        matches!(self, Self::Toner | Self::TonerCartridge | Self::Ink | Self::InkCartridge | Self::InkRibbon)
    }
}
