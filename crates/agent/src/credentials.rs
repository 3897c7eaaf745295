//! Who asks whom: ordered lists of credentials, one list for all addresses or one per range.

pub(crate) mod file;
mod names;

pub use file::{RawCredential, RawSecret, Secrets};
pub use names::{auth_protocol, priv_protocol};

use crate::input::InputError;
use dca_fence::{Fence, SNMP_PORT, Target};
use dca_snmp::{AuthProtocol, Credentials, PrivProtocol, User, Version};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// Credentials with a name that may be shown.
#[derive(Debug, Clone)]
pub struct Named {
    /// Such as `v2c, community 1` or `v3, user reader`; never a community.
    pub label: Arc<str>,
    /// What a request is signed with.
    pub credentials: Credentials,
}

/// The credentials of a run: for each address an ordered list.
#[derive(Debug, Clone)]
pub struct Keyring {
    /// The first entry whose fence covers an address decides.
    ranges: Vec<(Fence, Arc<[Named]>)>,
    otherwise: Arc<[Named]>,
}

/// A choice of SNMP versions. With none forced, communities ask v2c and then v1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// Whatever the credentials can do.
    #[default]
    Any,
    /// This one alone.
    Only(Version),
}

/// A v3 user as it was typed.
#[derive(Default)]
pub struct UserOptions<'a> {
    /// The user's name.
    pub name: &'a str,
    /// Authentication protocol and password.
    pub auth: Option<(AuthProtocol, &'a [u8])>,
    /// Privacy protocol and password.
    pub privacy: Option<(PrivProtocol, &'a [u8])>,
    /// The context; empty for the default one.
    pub context: &'a str,
}

/// Most credentials for one address: each one multiplies what a silent host is sent.
const MOST: usize = 16;

impl Keyring {
    /// The same list for every address. Without a user and without communities that is the community `public`.
    pub fn typed<'a>(
        communities: impl IntoIterator<Item = &'a str>,
        user: Option<UserOptions<'_>>,
        versions: Versions,
    ) -> Result<Self, InputError> {
        let communities: Vec<&str> = communities.into_iter().collect();
        let mut list = Vec::new();
        if let Some(user) = user {
            if matches!(versions, Versions::Only(Version::V1 | Version::V2c)) {
                return Err(InputError::argument("a user (--user) is of SNMPv3: expected -3, or no version at all"));
            }
            list.push(user_credentials(&user).map_err(InputError::argument)?);
        } else if versions == Versions::Only(Version::V3) {
            return Err(InputError::argument("SNMPv3 (-3) needs a user: expected --user NAME or --credentials FILE"));
        }
        let default = if list.is_empty() && communities.is_empty() { Some("public") } else { None };
        for (at, community) in communities.into_iter().chain(default).enumerate() {
            if versions == Versions::Only(Version::V3) {
                return Err(InputError::argument(
                    "a community (-c) is of SNMPv1 and v2c: expected -1, -2, or no version",
                ));
            }
            list.extend(community_credentials(community.as_bytes(), at + 1, versions));
        }
        Ok(Self { ranges: Vec::new(), otherwise: bounded(list).map_err(InputError::argument)? })
    }

    /// From a credentials file; [`RawCredential`] has all words.
    ///
    /// ```toml
    /// [[range]]
    /// targets = ["192.168.10.0/24", "!192.168.10.7"]
    /// try = [{ community = "office" }, { user = "reader", auth = "sha256", auth_pass_file = "auth.txt" }]
    ///
    /// [[range]]                       # no targets: every other address
    /// try = [{ community = "public", versions = ["2c"] }]
    /// ```
    pub fn from_file(path: &Path, versions: Versions) -> Result<Self, InputError> {
        file::read(path, versions)
    }

    pub(crate) fn of(ranges: Vec<(Vec<Target>, Vec<Named>)>, otherwise: Vec<Named>) -> Result<Self, String> {
        let ranges = ranges.into_iter().map(|(targets, list)| Ok((Fence::new(targets), bounded(list)?)));
        Ok(Self { ranges: ranges.collect::<Result<_, String>>()?, otherwise: bounded(otherwise)? })
    }

    /// The credentials to try at an address, in order. Empty if no range covers it.
    pub fn at(&self, at: SocketAddr) -> Arc<[Named]> {
        // A range without a port is meant whatever the port.
        let usual = SocketAddr::new(at.ip(), SNMP_PORT);
        let covers = |fence: &Fence| fence.admit(at).is_some() || fence.admit(usual).is_some();
        let range = self.ranges.iter().find(|(fence, _)| covers(fence));
        range.map_or_else(|| self.otherwise.clone(), |(_, list)| list.clone())
    }

    /// All lists there are, each once.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Arc<[Named]>> {
        self.ranges.iter().map(|(_, list)| list).chain([&self.otherwise])
    }

    /// Says which addresses a host name in the ranges has.
    pub(crate) fn add_resolved(&mut self, host: &str, addresses: &[IpAddr]) {
        for (fence, _) in &mut self.ranges {
            fence.add_resolved(host, addresses.iter().copied());
        }
    }

    /// The longest list there is.
    pub fn most(&self) -> usize {
        self.ranges.iter().map(|(_, list)| list.len()).chain([self.otherwise.len()]).max().unwrap_or(0)
    }
}

fn bounded(list: Vec<Named>) -> Result<Arc<[Named]>, String> {
    match list.len() {
        0..=MOST => Ok(list.into()),
        more => {
            Err(format!("expected at most {MOST} credentials for one address (v1 and v2c count each), found {more}"))
        }
    }
}

fn community_credentials(community: &[u8], number: usize, versions: Versions) -> Vec<Named> {
    let named = |credentials: Credentials, version: &str| Named {
        label: format!("{version}, community {number}").into(),
        credentials,
    };
    let v2c = || named(Credentials::v2c(community), "v2c");
    let v1 = || named(Credentials::v1(community), "v1");
    match versions {
        Versions::Only(Version::V1) => vec![v1()],
        Versions::Only(Version::V2c) => vec![v2c()],
        Versions::Only(_) => Vec::new(),
        Versions::Any => vec![v2c(), v1()],
    }
}

fn user_credentials(options: &UserOptions<'_>) -> Result<Named, String> {
    let fail = |error: dca_snmp::CredentialsError| format!("user {:?}: {error}", options.name);
    let mut user = User::new(options.name).map_err(fail)?;
    if let Some((protocol, pass)) = options.auth {
        user = user.auth(protocol, pass).map_err(|error| format!("authentication password: {error}"))?;
    }
    if let Some((protocol, pass)) = options.privacy {
        user = user.privacy(protocol, pass).map_err(|error| format!("privacy password: {error}"))?;
    }
    if !options.context.is_empty() {
        user = user.context(options.context);
    }
    Ok(Named { label: format!("v3, user {}", options.name).into(), credentials: Credentials::V3(user) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(keyring: &Keyring) -> Vec<String> {
        keyring.at("192.0.2.1:161".parse().unwrap()).iter().map(|named| named.label.to_string()).collect()
    }

    #[test]
    fn communities_ask_v2c_then_v1_in_the_order_typed() {
        let keyring = Keyring::typed(["a", "b"], None, Versions::Any).unwrap();
        assert_eq!(labels(&keyring), ["v2c, community 1", "v1, community 1", "v2c, community 2", "v1, community 2"]);
    }

    #[test]
    fn public_is_tried_when_nothing_is_typed() {
        let keyring = Keyring::typed([], None, Versions::Only(Version::V1)).unwrap();
        assert_eq!(labels(&keyring), ["v1, community 1"]);
        let list = keyring.at("192.0.2.1:161".parse().unwrap());
        assert!(matches!(&list[0].credentials, Credentials::V1(name) if name.octets() == b"public"));
    }

    #[test]
    fn a_user_alone_does_not_try_public() {
        let user = UserOptions { name: "reader", ..UserOptions::default() };
        assert_eq!(labels(&Keyring::typed([], Some(user), Versions::Any).unwrap()), ["v3, user reader"]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let user = || Some(UserOptions { name: "reader", ..UserOptions::default() });
        for (keyring, expected) in [
            (Keyring::typed([], None, Versions::Only(Version::V3)), "--user"),
            (Keyring::typed([], user(), Versions::Only(Version::V1)), "-3"),
            (Keyring::typed(["x"], user(), Versions::Only(Version::V3)), "-c"),
            (Keyring::typed(["x"; 9], None, Versions::Any), "at most 16"),
        ] {
            let error = keyring.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let short = UserOptions { name: "u", auth: Some((AuthProtocol::Sha256, b"short")), ..UserOptions::default() };
        let error = Keyring::typed([], Some(short), Versions::Any).unwrap_err().to_string();
        assert!(error.contains("shorter than 8") && !error.contains("short\""), "{error}");
    }

    #[test]
    fn nothing_secret_is_printed() {
        let user = UserOptions {
            name: "reader",
            auth: Some((AuthProtocol::Md5, b"hunter2hunter2")),
            ..UserOptions::default()
        };
        let keyring = Keyring::typed(["hunter2"], Some(user), Versions::Any).unwrap();
        assert!(!format!("{keyring:?}").contains("hunter2"));
    }
}
