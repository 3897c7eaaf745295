//! The built-in devices, as files.

macro_rules! kinds {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each.
        pub(crate) const ALL: &[(&str, &str)] = &[$(($name, include_str!(concat!("../devices/", $name, ".toml")))),+];
    };
}

kinds![
    "mono-laser",
    "color-mfp",
    "brother-color",
    "hp-color",
    "sharp-mfp",
    "ricoh-mfp",
    "ink",
    "label",
    "third-device",
    "v3-only",
    "sleepy",
    "liar",
    "no-getbulk",
    "v1-only",
    "switch",
    "nas",
];
