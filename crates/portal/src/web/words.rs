//! The words of the pages, in English and German. One type holds both, so that none can be missing.

use dca_wire::v1::Supply;
use std::borrow::Cow;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $german:literal;)*) => {
        /// What stands on the pages.
        #[derive(Debug)]
        pub(super) struct Words {
            pub(super) language: Language,
            $($(#[$doc])* pub(super) $name: &'static str,)*
        }

        static ENGLISH: Words = Words { language: Language::English, $($name: $english,)* };
        static GERMAN: Words = Words { language: Language::German, $($name: $german,)* };
    };
}

words! {
    lang: "en", "de";
    skip: "Skip to content", "Zum Inhalt";
    menu: "Menu", "Menü";
    work: "Work", "Arbeit";
    network: "Network", "Netz";
    overview: "Overview", "Übersicht";
    devices: "Devices", "Geräte";
    agents: "Agents", "Agenten";
    search: "Search devices and serials", "Geräte und Seriennummern suchen";
    instance: "This portal", "Dieses Portal";
    page_made: "Page made", "Stand der Seite";
    own_age: "Figures carry their own age", "Jede Zahl trägt ihr Alter";
    needs_you: "Needs you now", "Jetzt zu tun";
    hurts_first: "sorted by what hurts first", "das Dringendste zuerst";
    nothing: "Nothing needs you now.", "Im Moment ist nichts zu tun.";
    figures: "Figures", "Zahlen";
    read_within: "Devices read within the hour", "In der letzten Stunde gelesen";
    of: "of", "von";
    none_yet: "none read yet", "noch keines gelesen";
    first_sweep: "appears with the first sweep", "erscheint mit dem ersten Suchlauf";
    supplies_low: "Supplies low or empty", "Verbrauchsmaterial knapp oder leer";
    on: "on", "bei";
    devices_with_levels: "devices that report levels", "Geräten, die Stände melden";
    agents_speak: "Agents that speak", "Agenten, die sich melden";
    open_alerts: "Open alerts", "Offene Meldungen";
    as_devices_say: "as the devices say", "laut den Geräten";
    customers: "Customers", "Kunden";
    customer: "Customer", "Kunde";
    sites: "Sites", "Standorte";
    happened: "What happened", "Was geschah";
    device: "Device", "Gerät";
    state: "State", "Zustand";
    toner: "Toner", "Toner";
    place: "Place", "Ort";
    total: "Total", "Gesamt";
    read: "Read", "Gelesen";
    next: "Next", "Weiter";
    shown: "shown", "gezeigt";
    more_follow: "more follow", "weitere folgen";
    no_device: "No device has been read yet", "Noch kein Gerät wurde gelesen";
    install_agent: "Install an agent where the printers are", "Installieren Sie einen Agenten dort, wo die Drucker stehen";
    install_how: "Make a code on the portal's machine, and type the line it prints on a machine in the customer's network. The agent calls out only and opens nothing.", "Erzeugen Sie auf der Maschine des Portals einen Code und geben Sie die ausgegebene Zeile auf einem Rechner im Netz des Kunden ein. Der Agent ruft nur hinaus und öffnet nichts.";
    nothing_found: "No device matches.", "Kein Gerät passt dazu.";
    supplies: "Supplies", "Verbrauchsmaterial";
    meters: "Meters", "Zähler";
    figure: "Figure", "Zahl";
    answered: "It answered", "Antwort";
    source: "Source", "Quelle";
    trust: "Trust", "Verlass";
    said: "What the printer said", "Was der Drucker sagte";
    reading_of: "reading of", "Lesung von";
    alerts: "Alerts", "Meldungen";
    no_alerts: "none", "keine";
    identity: "Identity", "Kenndaten";
    vendor: "Vendor", "Hersteller";
    model: "Model", "Modell";
    serial: "Serial", "Seriennummer";
    address: "Address", "Adresse";
    hostname: "Hostname", "Hostname";
    mac: "MAC address", "MAC-Adresse";
    firmware: "Firmware", "Firmware";
    asset: "Asset tag", "Inventarnummer";
    location: "Location", "Aufstellort";
    read_by: "Read by", "Gelesen von";
    not_reported: "not reported", "nicht gemeldet";
    unknown: "unknown", "unbekannt";
    none_set: "none set", "nicht gesetzt";
    never: "never", "nie";
    recent: "Readings of the last day", "Lesungen des letzten Tages";
    months: "Last total of each month", "Letzter Gesamtstand je Monat";
    month: "Month", "Monat";
    time: "Time", "Zeit";
    depth: "Depth", "Umfang";
    unreadable: "readings cannot be shown: what they lean on is damaged", "Lesungen sind nicht darstellbar: ihre Grundlage ist beschädigt";
    agent: "Agent", "Agent";
    version: "Version", "Version";
    seen: "Checked in", "Gemeldet";
    waits: "Waits in its queue", "Wartet in seiner Schlange";
    well: "Connected", "Verbunden";
    silent: "Silent", "Schweigt";
    deactivated: "Deactivated", "Deaktiviert";
    retired: "Retired", "Stillgelegt";
    no_agent: "No agent has enrolled yet", "Noch kein Agent ist angemeldet";
    queue_note: "While it runs, its queue keeps what it reads.", "Solange er läuft, bewahrt seine Schlange, was er liest.";
    sign_in: "Open the link", "Öffnen Sie den Link";
    sign_in_how: "This portal shows itself to whoever opens the link that it printed when it started. The link is good once, for 30 minutes. A new one: explorer admin link.", "Dieses Portal zeigt sich dem, der den Link öffnet, den es beim Start ausgegeben hat. Der Link gilt einmal, 30 Minuten lang. Einen neuen gibt: explorer admin link.";
    gone: "There is no such page", "Diese Seite gibt es nicht";
    gone_how: "It may have been moved or merged. The overview shows what there is.", "Sie wurde vielleicht verschoben oder zusammengelegt. Die Übersicht zeigt, was es gibt.";
    failed: "The portal cannot read its database", "Das Portal kann seine Datenbank nicht lesen";
    failed_how: "Try again in a minute. If it stays so, the portal's log says why.", "Versuchen Sie es in einer Minute noch einmal. Bleibt es so, steht der Grund im Protokoll des Portals.";
    ready: "Ready", "Bereit";
    printing: "Printing", "Druckt";
    warming: "Warming up", "Wärmt auf";
    asleep: "Sleeping", "Schläft";
    warning: "Needs attention", "Zu prüfen";
    down: "Down", "Außer Betrieb";
    stale: "Reading stale", "Lesung veraltet";
    low: "low", "niedrig";
    empty: "empty", "leer";
    full: "full or nearly so", "voll oder fast voll";
    room_left: "room left", "Platz frei";
    level_ok: "enough, level not reported", "genug, Stand nicht gemeldet";
    just_now: "just now", "gerade eben";
    appearance: "Appearance", "Darstellung";
    as_system: "As system", "Wie System";
    light: "Light", "Hell";
    dark: "Dark", "Dunkel";
    part_number: "part", "Teil";
    pages_left: "pages left", "Seiten übrig";
    band: "band: in 8 of 10 cases it runs out within it", "Band: in 8 von 10 Fällen geht es darin zur Neige";
    days: "d", "T";
    taking_nothing: "The database takes nothing at the moment. Agents keep what they read and try again. Why:", "Die Datenbank nimmt zurzeit nichts auf. Die Agenten bewahren, was sie lesen, und versuchen es wieder. Grund:";
    others: "more; those that need you come first", "weitere; zuerst die, die Sie brauchen";
}

impl Words {
    /// By what the browser prefers. English, if it wants neither.
    pub(super) fn of(accept: &str) -> &'static Self {
        let mut best = (0.0, &ENGLISH);
        for wish in accept.split(',').take(20) {
            let mut parts = wish.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
            let words = match tag.split('-').next() {
                Some("de") => &GERMAN,
                Some("en") => &ENGLISH,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, words);
            }
        }
        best.1
    }

    fn german(&self) -> bool {
        self.language == Language::German
    }

    /// A whole number with its thousands.
    pub(super) fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let separator = if self.german() { '.' } else { ',' };
        let mut out = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }

    /// A percentage.
    pub(super) fn percent(&self, percent: f64) -> String {
        format!("{:.0}\u{a0}%", percent.clamp(0.0, 100.0))
    }

    /// Days until something runs out: at the earliest, as expected, at the latest.
    pub(super) fn days_left(&self, [earliest, expected, latest]: [u64; 3]) -> String {
        const SCALE: u64 = 60;
        let german = self.german();
        let unit = match (expected, german) {
            (1, false) => "day",
            (1, true) => "Tag",
            (_, false) => "days",
            (_, true) => "Tage",
        };
        match (earliest > SCALE, latest > SCALE, german) {
            (true, _, false) => format!("more than {SCALE} days"),
            (true, _, true) => format!("mehr als {SCALE} Tage"),
            (false, true, false) => format!("{expected} {unit} ({earliest} or more)"),
            (false, true, true) => format!("{expected} {unit} ({earliest} oder mehr)"),
            (false, false, false) => format!("{expected} {unit} ({earliest} to {latest})"),
            (false, false, true) => format!("{expected} {unit} ({earliest} bis {latest})"),
        }
    }

    /// How much of a device was read.
    pub(super) fn depth<'a>(&self, depth: &'a str) -> &'a str {
        let words = match depth {
            "identity" => ["identity", "Kenndaten"],
            "hot" => ["state and billed meters", "Zustand und Abrechnungszähler"],
            "warm" => ["levels too", "auch Stände"],
            "cold" => ["all that it has", "alles, was es hat"],
            "full" => ["everything", "alles"],
            other => return other,
        };
        let [english, german] = words;
        if self.german() { german } else { english }
    }

    /// What happened, by the words of the contract; others as they are.
    pub(super) fn event(&self, kind: &str) -> String {
        let words = match kind {
            "absent" => ["does not answer", "antwortet nicht"],
            "gap" => ["records are missing", "Datensätze fehlen"],
            "clone_seen" => ["agent was copied", "Agent wurde kopiert"],
            "agent_started" => ["agent started", "Agent gestartet"],
            "agent_stopped" => ["agent stopped", "Agent beendet"],
            "agent_config_applied" => ["configuration in force", "Konfiguration in Kraft"],
            "agent_config_refused" => ["configuration refused", "Konfiguration abgelehnt"],
            "agent_clock_jumped" => ["clock was set", "Uhr wurde gestellt"],
            "agent_spool_damaged" => ["queue was damaged", "Schlange war beschädigt"],
            other => return other.replace('_', " "),
        };
        let [english, german] = words;
        (if self.german() { german } else { english }).to_owned()
    }

    /// How long ago.
    pub(super) fn ago(&self, ms: i64) -> String {
        let minutes = ms.max(0) / 60_000;
        let (count, unit) = match minutes {
            0 => return self.just_now.to_owned(),
            1..60 => (minutes.to_string(), "min"),
            60..2_880 => ((minutes / 60).to_string(), if self.german() { "Std." } else { "h" }),
            _ => ((minutes / 1_440).to_string(), if self.german() { "Tagen" } else { "d" }),
        };
        if self.german() { format!("vor {count}\u{a0}{unit}") } else { format!("{count}\u{a0}{unit} ago") }
    }

    /// A moment, UTC.
    pub(super) fn moment(&self, at_ms: i64) -> String {
        let Ok(time) = jiff::Timestamp::from_millisecond(at_ms) else { return self.unknown.to_owned() };
        let format = if self.german() { "%d.%m.%Y, %H:%M UTC" } else { "%d %b %Y, %H:%M UTC" };
        time.strftime(format).to_string()
    }

    /// So many records.
    pub(super) fn records(&self, count: u64) -> String {
        let word = match (count, self.german()) {
            (1, false) => "record",
            (1, true) => "Datensatz",
            (_, false) => "records",
            (_, true) => "Datensätze",
        };
        format!("{} {word}", self.number(count))
    }

    /// A count with what is counted, unless those are impressions, which nobody has to be told.
    pub(super) fn count(&self, count: u64, unit: &str) -> String {
        let number = self.number(count);
        if unit.is_empty() || unit == "impressions" { number } else { format!("{number}\u{a0}{}", self.counted(unit)) }
    }

    /// A word of a meter.
    fn counted<'a>(&self, word: &'a str) -> Cow<'a, str> {
        if !self.german() {
            return word.replace('_', " ").into();
        }
        let german = match word {
            "print" => "Druck",
            "copy" => "Kopie",
            "fax_in" => "Fax empfangen",
            "fax_out" => "Fax gesendet",
            "other" => "Sonstiges",
            "document_feeder" => "Einzug",
            "flatbed" => "Vorlagenglas",
            "image" => "Bild",
            "system_totals" => "Gerät",
            "total" => "gesamt",
            "mono" => "schwarzweiß",
            "full_color" => "Vollfarbe",
            "highlight_color" => "Schmuckfarbe",
            "single_color" => "einfarbig",
            "two_color" => "zweifarbig",
            "black" => "Schwarz",
            "yellow" => "Gelb",
            "small" => "klein",
            "large" => "groß",
            "simplex" => "einseitig",
            "duplex" => "beidseitig",
            "impressions" => "Seiten",
            "sheets" => "Blatt",
            "images" => "Bilder",
            "meters" => "Meter",
            "scan" => "Scan",
            "fax" => "Fax",
            "hours" => "Stunden",
            other => return other.replace('_', " ").into(),
        };
        german.into()
    }

    /// What a supply is, if it does not say so itself.
    pub(super) fn supply(&self, supply: &Supply) -> String {
        if !supply.description.trim().is_empty() {
            return supply.description.clone();
        }
        format!("{} {}", supply.color.as_deref().unwrap_or_default(), supply.r#type.replace('_', " ")).trim().to_owned()
    }

    /// How much of a supply there is, where no figure says so.
    pub(super) fn level(&self, state: &str) -> String {
        let word = match state {
            "ok" => self.level_ok,
            "empty" => self.empty,
            "low" => self.low,
            "full" | "nearly_full" => self.full,
            _ => self.unknown,
        };
        word.to_owned()
    }

    /// What a meter counts: the words of the reading, without those that say nothing.
    pub(super) fn meter(&self, meter: &dca_wire::v1::Meter) -> String {
        let parts =
            [(&meter.service, "system_totals"), (&meter.color, "total"), (&meter.size, "any"), (&meter.sides, "any")];
        let said: Vec<String> = parts
            .iter()
            .filter(|(word, usual)| word != usual && !word.is_empty())
            .map(|(word, _)| self.counted(word).into_owned())
            .collect();
        if said.is_empty() { self.total.to_owned() } else { said.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let check = |accept: &str| Words::of(accept).lang;
        assert_eq!(check(""), "en");
        assert_eq!(check("de-AT,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(check("fr,en;q=0.4,de;q=0.7"), "de");
        assert_eq!(check("en,de"), "en");
        assert_eq!(check("de;q=0"), "en");
    }

    #[test]
    fn numbers_and_ages() {
        let (english, german) = (Words::of("en"), Words::of("de"));
        assert_eq!(english.number(1_402_338), "1,402,338");
        assert_eq!(german.number(1_402_338), "1.402.338");
        assert_eq!((english.number(0), english.number(999)), ("0".to_owned(), "999".to_owned()));
        assert_eq!(english.ago(4 * 60_000), "4\u{a0}min ago");
        assert_eq!(german.ago(27 * 3_600_000), "vor 27\u{a0}Std.");
        assert_eq!(english.ago(-5), "just now");
        assert_eq!((german.records(1), english.records(2)), ("1 Datensatz".to_owned(), "2 records".to_owned()));
    }

    #[test]
    fn what_is_counted() {
        let (english, german) = (Words::of("en"), Words::of("de"));
        let word = |text: &str| text.to_owned();
        let meter = dca_wire::v1::Meter {
            service: word("print"),
            color: word("single_color"),
            size: word("a4"),
            sides: word("any"),
            ..Default::default()
        };
        assert_eq!(english.meter(&meter), "print, single color, a4");
        assert_eq!(german.meter(&meter), "Druck, einfarbig, a4");
        assert_eq!(english.count(28_884, "meters"), "28,884\u{a0}meters");
        assert_eq!(german.count(28_884, "meters"), "28.884\u{a0}Meter");
        assert_eq!((german.count(7, "impressions"), german.count(7, "")), (word("7"), word("7")));
    }
}
