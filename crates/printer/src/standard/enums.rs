//! The textual conventions of the Printer-MIB (RFC 3805), IANA-PRINTER-MIB and HOST-RESOURCES-MIB (RFC 2790), as words in
//! snake_case. A number that a convention does not define has no word.

macro_rules! words {
    ($($(#[$doc:meta])+ $name:ident { $($number:literal => $word:literal,)+ })+) => {
        $($(#[$doc])+
        pub(crate) fn $name(number: i64) -> Option<&'static str> {
            match number { $($number => Some($word),)+ _ => None }
        })+
    };
}

words! {
    /// hrPrinterStatus.
    printer_status { 1 => "other", 2 => "unknown", 3 => "idle", 4 => "printing", 5 => "warmup", }
    /// hrDeviceStatus.
    device_status { 1 => "unknown", 2 => "running", 3 => "warning", 4 => "testing", 5 => "down", }
    /// hrPrinterDetectedErrorState, by bit: 0 is 80 (hex) of the first octet.
    error_bit {
        0 => "low_paper", 1 => "no_paper", 2 => "low_toner", 3 => "no_toner", 4 => "door_open", 5 => "jammed",
        6 => "offline", 7 => "service_requested", 8 => "input_tray_missing", 9 => "output_tray_missing",
        10 => "marker_supply_missing", 11 => "output_near_full", 12 => "output_full", 13 => "input_tray_empty",
        14 => "overdue_prevent_maint",
    }
    /// PrtMarkerCounterUnitTC.
    counter_unit {
        3 => "ten_thousandths_of_inches", 4 => "micrometers", 5 => "characters", 6 => "lines", 7 => "impressions",
        8 => "sheets", 9 => "dot_row", 11 => "hours", 16 => "feet", 17 => "meters",
    }
    /// PrtMarkerSuppliesTypeTC.
    supply_type {
        1 => "other", 2 => "unknown", 3 => "toner", 4 => "waste_toner", 5 => "ink", 6 => "ink_cartridge",
        7 => "ink_ribbon", 8 => "waste_ink", 9 => "opc", 10 => "developer", 11 => "fuser_oil", 12 => "solid_wax",
        13 => "ribbon_wax", 14 => "waste_wax", 15 => "fuser", 16 => "corona_wire", 17 => "fuser_oil_wick",
        18 => "cleaner_unit", 19 => "fuser_cleaning_pad", 20 => "transfer_unit", 21 => "toner_cartridge",
        22 => "fuser_oiler", 23 => "water", 24 => "waste_water", 25 => "glue_water_additive", 26 => "waste_paper",
        27 => "binding_supply", 28 => "banding_supply", 29 => "stitching_wire", 30 => "shrink_wrap",
        31 => "paper_wrap", 32 => "staples", 33 => "inserts", 34 => "covers", 35 => "matte_toner", 36 => "matte_ink",
    }
    /// PrtMarkerSuppliesClassTC.
    supply_class { 1 => "other", 3 => "consumed", 4 => "receptacle", }
    /// PrtMarkerSuppliesSupplyUnitTC, with the convention's own spelling.
    supply_unit {
        1 => "other", 2 => "unknown", 3 => "ten_thousandths_of_inches", 4 => "micrometers", 7 => "impressions",
        8 => "sheets", 11 => "hours", 12 => "thousandths_of_ounces", 13 => "tenths_of_grams",
        14 => "hundreths_of_fluid_ounces", 15 => "tenths_of_milliliters", 16 => "feet", 17 => "meters", 18 => "items",
        19 => "percent",
    }
    /// PrtCapacityUnitTC.
    capacity_unit {
        1 => "other", 2 => "unknown", 3 => "ten_thousandths_of_inches", 4 => "micrometers", 8 => "sheets",
        16 => "feet", 17 => "meters", 18 => "items", 19 => "percent",
    }
    /// PrtInputTypeTC.
    input_type {
        1 => "other", 2 => "unknown", 3 => "sheet_feed_auto_removable_tray", 4 => "sheet_feed_auto_non_removable_tray",
        5 => "sheet_feed_manual", 6 => "continuous_roll", 7 => "continuous_fan_fold", 8 => "sheet_feed_pull",
    }
    /// PrtOutputTypeTC.
    output_type {
        1 => "other", 2 => "unknown", 3 => "removable_bin", 4 => "un_removable_bin", 5 => "continuous_roll_device",
        6 => "mail_box", 7 => "continuous_fan_fold",
    }
    /// PrtCoverStatusTC.
    cover_status {
        1 => "other", 2 => "unknown", 3 => "cover_open", 4 => "cover_closed", 5 => "interlock_open",
        6 => "interlock_closed",
    }
    /// PrtAlertSeverityLevelTC.
    alert_severity { 1 => "other", 3 => "critical", 4 => "warning", 5 => "warning_binary_change_event", }
    /// PrtAlertTrainingLevelTC.
    alert_training {
        1 => "other", 2 => "unknown", 3 => "untrained", 4 => "trained", 5 => "field_service", 6 => "management",
        7 => "no_intervention_required",
    }
    /// PrtAlertGroupTC.
    alert_group {
        1 => "other", 2 => "unknown", 3 => "host_resources_mib_storage_table", 4 => "host_resources_mib_device_table",
        5 => "general_printer", 6 => "cover", 7 => "localization", 8 => "input", 9 => "output", 10 => "marker",
        11 => "marker_supplies", 12 => "marker_colorant", 13 => "media_path", 14 => "channel", 15 => "interpreter",
        16 => "console_display_buffer", 17 => "console_lights", 18 => "alert", 30 => "fin_device", 31 => "fin_supply",
        32 => "fin_supply_media_input", 33 => "fin_attribute",
    }
    /// The finishing devices of PrtAlertCodeTC's codes 30000 and above, by hundreds.
    finisher {
        2 => "stapler", 3 => "stitcher", 4 => "folder", 5 => "binder", 6 => "trimmer", 7 => "dieCutter",
        8 => "puncher", 9 => "perforater", 10 => "slitter", 11 => "separationCutter", 12 => "imprinter",
        13 => "wrapper", 14 => "bander", 15 => "makeEnvelope", 16 => "stacker", 17 => "sheetRotator", 18 => "inserter",
    }
    /// The part of PrtAlertCodeTC that the Printer-MIB itself defines, in the convention's own camelCase.
    printer_code {
        1 => "other", 2 => "unknown", 3 => "coverOpen", 4 => "coverClosed", 5 => "interlockOpen",
        6 => "interlockClosed", 7 => "configurationChange", 8 => "jam", 9 => "subunitMissing",
        10 => "subunitLifeAlmostOver", 11 => "subunitLifeOver", 12 => "subunitAlmostEmpty", 13 => "subunitEmpty",
        14 => "subunitAlmostFull", 15 => "subunitFull", 16 => "subunitNearLimit", 17 => "subunitAtLimit",
        18 => "subunitOpened", 19 => "subunitClosed", 20 => "subunitTurnedOn", 21 => "subunitTurnedOff",
        22 => "subunitOffline", 23 => "subunitPowerSaver", 24 => "subunitWarmingUp", 25 => "subunitAdded",
        26 => "subunitRemoved", 27 => "subunitResourceAdded", 28 => "subunitResourceRemoved",
        29 => "subunitRecoverableFailure", 30 => "subunitUnrecoverableFailure",
        31 => "subunitRecoverableStorageError", 32 => "subunitUnrecoverableStorageError",
        33 => "subunitMotorFailure", 34 => "subunitMemoryExhausted", 35 => "subunitUnderTemperature",
        36 => "subunitOverTemperature", 37 => "subunitTimingFailure", 38 => "subunitThermistorFailure",
        501 => "doorOpen", 502 => "doorClosed", 503 => "powerUp", 504 => "powerDown", 505 => "printerNMSReset",
        506 => "printerManualReset", 507 => "printerReadyToPrint",
        801 => "inputMediaTrayMissing", 802 => "inputMediaSizeChange", 803 => "inputMediaWeightChange",
        804 => "inputMediaTypeChange", 805 => "inputMediaColorChange", 806 => "inputMediaFormPartsChange",
        807 => "inputMediaSupplyLow", 808 => "inputMediaSupplyEmpty", 809 => "inputMediaChangeRequest",
        810 => "inputManualInputRequest", 811 => "inputTrayPositionFailure", 812 => "inputTrayElevationFailure",
        813 => "inputCannotFeedSizeSelected",
        901 => "outputMediaTrayMissing", 902 => "outputMediaTrayAlmostFull", 903 => "outputMediaTrayFull",
        904 => "outputMailboxSelectFailure",
        1001 => "markerFuserUnderTemperature", 1002 => "markerFuserOverTemperature",
        1003 => "markerFuserTimingFailure", 1004 => "markerFuserThermistorFailure",
        1005 => "markerAdjustingPrintQuality",
        1101 => "markerTonerEmpty", 1102 => "markerInkEmpty", 1103 => "markerPrintRibbonEmpty",
        1104 => "markerTonerAlmostEmpty", 1105 => "markerInkAlmostEmpty", 1106 => "markerPrintRibbonAlmostEmpty",
        1107 => "markerWasteTonerReceptacleAlmostFull", 1108 => "markerWasteInkReceptacleAlmostFull",
        1109 => "markerWasteTonerReceptacleFull", 1110 => "markerWasteInkReceptacleFull",
        1111 => "markerOpcLifeAlmostOver", 1112 => "markerOpcLifeOver", 1113 => "markerDeveloperAlmostEmpty",
        1114 => "markerDeveloperEmpty", 1115 => "markerTonerCartridgeMissing",
        1301 => "mediaPathMediaTrayMissing", 1302 => "mediaPathMediaTrayAlmostFull",
        1303 => "mediaPathMediaTrayFull", 1304 => "mediaPathCannotDuplexMediaSelected",
        1501 => "interpreterMemoryIncrease", 1502 => "interpreterMemoryDecrease",
        1503 => "interpreterCartridgeAdded", 1504 => "interpreterCartridgeDeleted",
        1505 => "interpreterResourceAdded", 1506 => "interpreterResourceDeleted",
        1507 => "interpreterResourceUnavailable", 1509 => "interpreterComplexPageEncountered",
        1801 => "alertRemovalOfBinaryChangeEntry",
    }
}

/// PrtAlertCodeTC's own name of a code. A finisher's code is `30000 + 100 x device + generic code` and is named after
/// both: 30213 is staplerEmpty.
pub(crate) fn alert_code(code: i64) -> Option<String> {
    if !(30_000..32_000).contains(&code) {
        return printer_code(code).map(str::to_owned);
    }
    let device = finisher((code - 30_000) / 100)?;
    let generic = printer_code(code % 100).filter(|_| (3..=38).contains(&(code % 100)))?;
    let what = generic.strip_prefix("subunit").unwrap_or(generic);
    let mut name = device.to_owned();
    let mut letters = what.chars();
    name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
    name.push_str(letters.as_str());
    Some(name)
}

/// A camelCase name as a sentence: `markerTonerAlmostEmpty` becomes "Marker toner almost empty".
pub(crate) fn sentence(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for (at, c) in name.chars().enumerate() {
        match c {
            '_' => out.push(' '),
            _ if at == 0 => out.push(c.to_ascii_uppercase()),
            _ if c.is_ascii_uppercase() => {
                out.push(' ');
                out.push(c.to_ascii_lowercase());
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alert_codes_have_their_own_names() {
        let check = |code: i64, name: Option<&str>| assert_eq!(alert_code(code).as_deref(), name, "{code}");
        check(8, Some("jam"));
        check(808, Some("inputMediaSupplyEmpty"));
        check(1104, Some("markerTonerAlmostEmpty"));
        check(30_203, Some("staplerCoverOpen"));
        check(30_213, Some("staplerEmpty"));
        check(31_812, Some("inserterAlmostEmpty"));
        check(30_101, None);
        check(30_299, None);
        check(0, None);
        check(-1, None);
    }

    #[test]
    fn names_become_sentences() {
        assert_eq!(sentence("markerTonerAlmostEmpty"), "Marker toner almost empty");
        assert_eq!(sentence("media_path"), "Media path");
    }
}
