//! The profiles that come with the crate.

macro_rules! builtin {
    ($($name:literal)+) => {
        &[$((concat!("profiles/", $name, ".toml"), include_str!(concat!("../../profiles/", $name, ".toml")))),+]
    };
}

/// File name and text.
pub(super) const BUILTIN: &[(&str, &str)] = builtin![
    "brother" "canon" "dell" "epson" "fujifilm" "hp" "konica-minolta" "kyocera" "lexmark" "oki" "printer-mib" "ricoh"
    "samsung" "sharp" "toshiba" "xerox" "zebra"
];
