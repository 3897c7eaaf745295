//! Names of the USM's protocols, as people and net-snmp write them.

use dca_snmp::{AuthProtocol, KeyExtension, PrivProtocol};

/// `md5`, `sha` (SHA-1), `sha224`, `sha256`, `sha384`, `sha512`; case and hyphens do not matter.
pub fn auth_protocol(name: &str) -> Result<AuthProtocol, String> {
    Ok(match plain(name).as_str() {
        "md5" => AuthProtocol::Md5,
        "sha" | "sha1" => AuthProtocol::Sha1,
        "sha224" => AuthProtocol::Sha224,
        "sha256" => AuthProtocol::Sha256,
        "sha384" => AuthProtocol::Sha384,
        "sha512" => AuthProtocol::Sha512,
        _ => return Err(format!("expected md5, sha, sha224, sha256, sha384 or sha512, found {name:?}")),
    })
}

/// `des`, `aes` (AES-128), `aes128`, `aes192`, `aes256`. The longer keys find their extension by trying both; `aes256-c`
/// (Reeder, as net-snmp calls it) and `aes256-b` (Blumenthal) name it.
pub fn priv_protocol(name: &str) -> Result<PrivProtocol, String> {
    use KeyExtension::{Blumenthal, Either, Reeder};
    Ok(match plain(name).as_str() {
        "des" => PrivProtocol::Des,
        "aes" | "aes128" => PrivProtocol::Aes128,
        "aes192" => PrivProtocol::Aes192(Either),
        "aes192b" => PrivProtocol::Aes192(Blumenthal),
        "aes192c" => PrivProtocol::Aes192(Reeder),
        "aes256" => PrivProtocol::Aes256(Either),
        "aes256b" => PrivProtocol::Aes256(Blumenthal),
        "aes256c" => PrivProtocol::Aes256(Reeder),
        _ => return Err(format!("expected des, aes128, aes192 or aes256 (or with -b, -c), found {name:?}")),
    })
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '-' | '_')).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        assert_eq!(auth_protocol("SHA-256"), Ok(AuthProtocol::Sha256));
        assert_eq!(auth_protocol("sha"), Ok(AuthProtocol::Sha1));
        assert!(auth_protocol("sha3").unwrap_err().contains("sha512"));
        assert_eq!(priv_protocol("AES"), Ok(PrivProtocol::Aes128));
        assert_eq!(priv_protocol("AES-256-C"), Ok(PrivProtocol::Aes256(KeyExtension::Reeder)));
        assert_eq!(priv_protocol("aes192"), Ok(PrivProtocol::Aes192(KeyExtension::Either)));
        assert!(priv_protocol("3des").is_err());
    }
}
