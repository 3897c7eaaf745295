//! Which addresses a run is about. What is typed or configured *is* the fence: there is no other way to an
//! [`Allowed`].

use crate::also::Also;
use crate::input::{self, InputError};
use dca_fence::{Allowed, Fence, Place, SNMP_PORT, Target};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// More addresses than anybody means to ask: a private network is a /8 at most.
const MOST: u64 = 1 << 24;

/// A host name and its addresses.
pub(crate) type Resolved = (String, Vec<IpAddr>);

/// Targets as they were written, host names not yet resolved.
#[derive(Debug, Clone, Default)]
pub struct Targets(Vec<Target>);

/// Targets with their host names resolved.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(crate) fence: Fence,
    /// Second ways that are switched on.
    pub(crate) also: Vec<Also>,
    named: BTreeSet<SocketAddr>,
    /// The addresses of the host names.
    pub(crate) resolved: Vec<Resolved>,
    /// Host names that lead nowhere, with the reason.
    pub unresolved: Vec<(String, String)>,
}

impl Targets {
    /// Reads arguments: each a target, or `@file` with one target a line (`#` starts a comment).
    pub fn parse<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, InputError> {
        let mut targets = Vec::new();
        for argument in arguments {
            match argument.strip_prefix('@') {
                Some(file) => targets.extend(from_file(Path::new(file))?),
                None => targets.push(
                    Target::parse(argument)
                        .map_err(|error| InputError::argument(format!("target {argument:?}: {error}")))?,
                ),
            }
        }
        Self::new(targets)
    }

    /// These targets; at least one must admit something.
    pub(crate) fn new(targets: Vec<Target>) -> Result<Self, InputError> {
        if targets.iter().all(|target| target.exclude) {
            let what = "expected at least one target, such as 192.168.10.0/24 (those with \"!\" only exclude)";
            return Err(InputError::argument(what));
        }
        Ok(Self(targets))
    }

    /// The same, where a target without a port means this one.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        for target in self.0.iter_mut().filter(|target| !target.exclude) {
            target.port.get_or_insert(port);
        }
        self
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if some of them are host names.
    pub(crate) fn have_names(&self) -> bool {
        self.0.iter().any(|target| target.host().is_some())
    }

    /// Looks the host names up with the system's resolver and builds the fence.
    ///
    /// A name that admits and cannot be found is listed in [`Scope::unresolved`]; one that excludes stops everything,
    /// because what it was to keep out is not known.
    pub async fn resolve(self) -> Result<Scope, InputError> {
        self.resolve_again(&[]).await
    }

    /// The same some time later: a name that cannot be found now is where it was `before`. A device with another address is
    /// followed, and one without a name server for an hour is not lost.
    pub(crate) async fn resolve_again(self, before: &[Resolved]) -> Result<Scope, InputError> {
        let mut named: BTreeSet<SocketAddr> = self.0.iter().filter_map(single).collect();
        let mut fence = Fence::new(self.0.iter().cloned());
        let (mut resolved, mut unresolved) = (Vec::new(), Vec::new());
        let names: Vec<(String, bool)> =
            fence.names().into_iter().map(|name| (name.host.to_owned(), name.exclude)).collect();
        for (host, exclude) in names {
            let found = tokio::net::lookup_host((host.as_str(), SNMP_PORT)).await;
            let was = before.iter().find(|(name, _)| *name == host).map(|(_, addresses)| addresses.clone());
            let mut addresses: Vec<IpAddr> = match (found, was) {
                (Ok(found), _) => found.map(|at| at.ip()).collect(),
                (Err(error), Some(was)) => {
                    tracing::warn!(host, %error, "a host name cannot be found; its last address stays");
                    was
                }
                (Err(error), None) if exclude => {
                    return Err(InputError::argument(format!("target \"!{host}\": cannot be resolved: {error}")));
                }
                (Err(error), None) => {
                    unresolved.push((host.clone(), error.to_string()));
                    continue;
                }
            };
            if !exclude {
                // A name is one device: of its addresses the first is asked, IPv4 if it has any.
                addresses.sort_by_key(IpAddr::is_ipv6);
                addresses.truncate(1);
            }
            let refused = fence.add_resolved(&host, addresses.iter().copied());
            if let Some(refused) = refused.first() {
                let why = format!("resolves to the special address {refused}, which only a target that names it opens");
                unresolved.push((host.clone(), why));
            }
            resolved.push((host.clone(), addresses.clone()));
            let ports = self.0.iter().filter(|target| !target.exclude && target.host() == Some(&host));
            for port in ports.map(|target| target.port.unwrap_or(SNMP_PORT)) {
                named.extend(addresses.iter().map(|ip| SocketAddr::new(*ip, port)));
            }
        }
        named.retain(|at| fence.admit(*at).is_some());
        if fence.count() == 0 && unresolved.is_empty() {
            let what = "no address is left to ask: expected targets that are not all excluded, and special addresses \
                        (loopback, link-local, multicast) written literally";
            return Err(InputError::argument(what));
        }
        if fence.count() > MOST {
            let what = format!(
                "{} addresses: expected at most {MOST} (a /8); at a thousand addresses a second even those take hours, so name \
                 the networks that have printers",
                fence.count()
            );
            return Err(InputError::argument(what));
        }
        Ok(Scope { fence, also: Vec::new(), named, resolved, unresolved })
    }
}

impl Scope {
    /// Puts the scope inside another one: it admits only what both admit.
    #[must_use]
    pub fn within(mut self, outer: &Self) -> Self {
        self.fence.within(outer.fence.clone());
        self.named.retain(|at| self.fence.admit(*at).is_some());
        self
    }

    /// The addresses to ask, in the order written, each once.
    pub fn addresses(&self) -> impl Iterator<Item = Allowed> + '_ {
        self.fence.targets().filter_map(|at| self.fence.admit(at))
    }

    /// The address as one that may be asked, if the scope has it.
    pub fn admit(&self, at: SocketAddr) -> Option<Allowed> {
        self.fence.admit(at)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.fence.count()
    }

    /// True if the address was written on its own (an address or a host name), not as part of a block or range. That
    /// it is silent is then worth telling.
    pub fn is_named(&self, at: SocketAddr) -> bool {
        self.named.contains(&at)
    }

    /// The only address, where there is exactly one.
    pub fn only(&self) -> Option<Allowed> {
        let mut all = self.addresses();
        all.next().filter(|_| all.next().is_none())
    }
}

fn from_file(path: &Path) -> Result<Vec<Target>, InputError> {
    let text = input::text(path)?;
    let mut targets = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let entry = line.split('#').next().unwrap_or(line).trim();
        if !entry.is_empty() {
            let target = Target::parse(entry).map_err(|error| InputError::line(path, at + 1, error.to_string()))?;
            targets.push(target);
        }
    }
    if targets.is_empty() {
        return Err(InputError::file(path, "expected at least one target, one a line"));
    }
    Ok(targets)
}

/// The address of a target that is one address.
fn single(target: &Target) -> Option<SocketAddr> {
    let ip = match target.place {
        Place::Address(ip) | Place::Block(ip @ IpAddr::V4(_), 32) | Place::Block(ip @ IpAddr::V6(_), 128) => ip,
        _ => return None,
    };
    (!target.exclude).then(|| SocketAddr::new(ip, target.port.unwrap_or(SNMP_PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(arguments: &[&str]) -> Result<Scope, InputError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Targets::parse(arguments.iter().copied())?.resolve().await })
    }

    #[test]
    fn addresses_of_blocks_are_not_named() {
        let scope = scope(&["192.0.2.0/30", "192.0.2.9:1161", "!192.0.2.2"]).unwrap();
        let all: Vec<String> = scope.addresses().map(|at| at.to_string()).collect();
        assert_eq!(all, ["192.0.2.1:161", "192.0.2.9:1161"]);
        assert!(!scope.is_named("192.0.2.1:161".parse().unwrap()));
        assert!(scope.is_named("192.0.2.9:1161".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_a_target_is_named() {
        for (arguments, expected) in [
            (&["10.0.0.300"][..], "10.0.0.300"),
            (&["10.0.0.0/33"], "0 to 32"),
            (&["!10.0.0.1"], "at least one target"),
            (&["@/no/such/file"], "/no/such/file: cannot be read"),
            (&["10.0.0.1", "!10.0.0.0/8"], "no address is left"),
            (&["0.0.0.0/0"], "expected at most 16777216 (a /8)"),
            (&["10.0.0.0/8", "192.168.0.0/16"], "16842748 addresses"),
        ] {
            let error = scope(arguments).unwrap_err().to_string();
            assert!(error.contains(expected), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_name_may_stand_for_loopback_if_it_means_it() {
        let scope = scope(&["localhost:1161"]).unwrap();
        assert_eq!(scope.only().map(Allowed::addr), Some("127.0.0.1:1161".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_any_more_is_where_it_was() {
        let was = [("gone.invalid".to_owned(), vec!["192.0.2.7".parse().unwrap()])];
        let targets = Targets::parse(["192.0.2.1", "gone.invalid:1161"]).unwrap();
        let scope = targets.clone().resolve_again(&was).await.unwrap();
        let all: Vec<String> = scope.addresses().map(|at| at.to_string()).collect();
        assert_eq!((all, scope.unresolved.len()), (vec!["192.0.2.1:161".to_owned(), "192.0.2.7:1161".to_owned()], 0));
        assert_eq!(scope.resolved, was);
        // Known from nowhere it admits nothing; excluded it stops everything, unless it is known where it was.
        assert_eq!(targets.resolve().await.unwrap().unresolved.len(), 1);
        let excluded = Targets::parse(["192.0.2.0/29", "!gone.invalid"]).unwrap();
        assert!(excluded.clone().resolve().await.is_err());
        let scope = excluded.resolve_again(&was).await.unwrap();
        assert!(scope.admit("192.0.2.7:161".parse().unwrap()).is_none() && scope.count() > 0);
    }

    #[tokio::test]
    async fn a_name_with_another_address_is_followed() {
        let was = [("localhost".to_owned(), vec!["127.9.9.9".parse().unwrap()])];
        let scope = Targets::parse(["localhost"]).unwrap().resolve_again(&was).await.unwrap();
        assert_eq!(scope.only().map(Allowed::addr), Some("127.0.0.1:161".parse().unwrap()));
    }

    #[test]
    fn a_file_of_targets_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets");
        std::fs::write(&path, "# office\n192.0.2.1\n\n192.0.2.0/40  # typo\n").unwrap();
        let error = scope(&[&format!("@{}", path.display())]).unwrap_err();
        assert_eq!(error.line, Some(4));
    }
}
