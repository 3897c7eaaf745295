//! The agent that speaks for a device: `dca_snmp`'s responder, set up as the device's file says.

use crate::model::{DeviceError, Person};
use crate::scheme::{self, Snmp, VersionWord};
use dca_snmp::responder::{Responder, ResponderSettings};
use dca_snmp::{AuthProtocol, Community, KeyExtension, PrivProtocol, User, Version};

/// Versions, communities and users of a file. Deriving a user's keys takes milliseconds: do it once for each file.
pub(crate) fn settings(snmp: &Snmp) -> Result<ResponderSettings, DeviceError> {
    let versions = snmp.versions.iter().map(|version| match version {
        VersionWord::V1 => Version::V1,
        VersionWord::V2c => Version::V2c,
        VersionWord::V3 => Version::V3,
    });
    Ok(ResponderSettings {
        versions: versions.collect(),
        communities: snmp.communities.iter().map(|name| Community::from(name.as_str())).collect(),
        users: snmp.users.iter().map(user).collect::<Result<_, _>>()?,
        max_message: snmp.max_message,
        ..ResponderSettings::default()
    })
}

/// The agent of one individual: its engine id is made of the maker's number and the hardware address (RFC 3411 §5).
pub(crate) fn responder(settings: &ResponderSettings, person: Option<&Person>, seed: u64) -> Responder {
    let mut settings = settings.clone();
    if let Some(person) = person {
        let enterprise = person.object.arcs().nth(6).unwrap_or(0) | 0x8000_0000;
        settings.engine_id = [enterprise.to_be_bytes().as_slice(), &[3], &person.mac].concat();
    }
    // Each run of a simulation may be repeated to the octet: its salts follow from the seed as everything else.
    let mut salt = [0; 32];
    salt.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
    Responder::new(settings, salt)
}

fn user(user: &scheme::User) -> Result<User, DeviceError> {
    let wrong = |text: &str, expected| DeviceError::Value { key: "snmp.users".into(), text: text.into(), expected };
    let mut made = User::new(&user.name).map_err(|_| wrong(&user.name, "a name of 1 to 32 octets"))?;
    if let Some(auth) = &user.auth {
        let words = "md5, sha1, sha224, sha256, sha384 or sha512";
        let protocol = auth_protocol(auth).ok_or_else(|| wrong(auth, words))?;
        let passphrase = user.auth_pass.as_deref().unwrap_or_default();
        made = made
            .auth(protocol, passphrase.as_bytes())
            .map_err(|_| wrong(&user.name, "an `auth_pass` of at least 8 octets"))?;
    }
    if let Some(privacy) = &user.privacy {
        let words = "des, aes128, aes192, aes256, aes192c or aes256c";
        let protocol = privacy_protocol(privacy).ok_or_else(|| wrong(privacy, words))?;
        let passphrase = user.privacy_pass.as_deref().unwrap_or_default();
        made = made
            .privacy(protocol, passphrase.as_bytes())
            .map_err(|_| wrong(&user.name, "`auth`, and a `privacy_pass` of at least 8 octets"))?;
    }
    Ok(made)
}

fn auth_protocol(word: &str) -> Option<AuthProtocol> {
    Some(match word {
        "md5" => AuthProtocol::Md5,
        "sha1" => AuthProtocol::Sha1,
        "sha224" => AuthProtocol::Sha224,
        "sha256" => AuthProtocol::Sha256,
        "sha384" => AuthProtocol::Sha384,
        "sha512" => AuthProtocol::Sha512,
        _ => return None,
    })
}

fn privacy_protocol(word: &str) -> Option<PrivProtocol> {
    Some(match word {
        "des" => PrivProtocol::Des,
        "aes128" => PrivProtocol::Aes128,
        "aes192" => PrivProtocol::Aes192(KeyExtension::Blumenthal),
        "aes256" => PrivProtocol::Aes256(KeyExtension::Blumenthal),
        "aes192c" => PrivProtocol::Aes192(KeyExtension::Reeder),
        "aes256c" => PrivProtocol::Aes256(KeyExtension::Reeder),
        _ => return None,
    })
}
