//! The fence against a naive model: a list of entries, asked one by one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use dca_fence::Fence;
use proptest::prelude::*;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};

/// An entry of the model: first and last address, whether it is a block, port, exclusion.
#[derive(Debug, Clone)]
struct Entry {
    first: u32,
    last: u32,
    block: bool,
    port: Option<u16>,
    exclude: bool,
}

impl Entry {
    fn text(&self) -> String {
        let (first, last) = (Ipv4Addr::from_bits(self.first), Ipv4Addr::from_bits(self.last));
        let place = match (self.block, first == last) {
            (true, _) => format!("{first}/{}", (self.first ^ self.last).leading_zeros()),
            (false, true) => first.to_string(),
            (false, false) => format!("{first}-{last}"),
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{place}{port}", if self.exclude { "!" } else { "" })
    }

    fn covers(&self, at: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&at.to_bits())
    }

    fn admits(&self, at: Ipv4Addr, port: u16) -> bool {
        let ends = self.block && self.last - self.first > 1 && [self.first, self.last].contains(&at.to_bits());
        let inside = |kind: fn(&Ipv4Addr) -> bool| {
            !kind(&at) || [self.first, self.last].iter().all(|end| kind(&Ipv4Addr::from_bits(*end)))
        };
        let metadata = at == Ipv4Addr::new(169, 254, 169, 254) && self.first != self.last;
        self.covers(at)
            && port == self.port.unwrap_or(161)
            && !ends
            && inside(Ipv4Addr::is_loopback)
            && inside(Ipv4Addr::is_link_local)
            && !metadata
    }

    fn excludes(&self, at: Ipv4Addr, port: u16) -> bool {
        self.covers(at) && self.port.is_none_or(|own| own == port)
    }
}

/// Short stretches in which ordinary and special addresses meet.
const STRETCHES: [u32; 4] = [0x0a00_0000, 0x7eff_ffe0, 0xa9fe_a9e0, 0xa9fe_ffe0];

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let port = prop_oneof![3 => Just(None), 1 => Just(Some(161)), 1 => Just(Some(162))];
    let entry = (0..STRETCHES.len(), 0u32..64, 0u32..24, 0u32..6, any::<bool>(), port, prop::bool::weighted(0.25));
    let entry = entry.prop_map(|(stretch, offset, more, bits, block, port, exclude)| {
        let at = STRETCHES[stretch] + offset;
        let (first, last) = if block { (at >> bits << bits, at | ((1 << bits) - 1)) } else { (at, at + more) };
        Entry { first, last, block, port, exclude }
    });
    prop::collection::vec(entry, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn admits_and_visits_what_the_model_does(entries in entries()) {
        let lines: Vec<String> = entries.iter().map(Entry::text).collect();
        let fence = Fence::parse(lines.iter().map(String::as_str)).unwrap();
        let mut open = HashSet::new();
        for (start, port) in STRETCHES.iter().flat_map(|start| [161u16, 162, 163].map(|port| (*start, port))) {
            for at in (start..start + 128).map(Ipv4Addr::from_bits) {
                let model = entries.iter().any(|entry| !entry.exclude && entry.admits(at, port))
                    && !entries.iter().any(|entry| entry.exclude && entry.excludes(at, port));
                let at = SocketAddr::from((at, port));
                prop_assert_eq!(fence.admit(at).is_some(), model, "{} by {:?}", at, lines);
                if model {
                    open.insert(at);
                }
            }
        }
        let visited: Vec<SocketAddr> = fence.targets().collect();
        prop_assert_eq!(visited.len() as u64, fence.count());
        prop_assert_eq!(visited.len(), open.len(), "each once");
        prop_assert_eq!(visited.into_iter().collect::<HashSet<_>>(), open);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}", near in "[!\\[]?[0-9a-f.:]{1,20}[-/:\\]]{0,2}[0-9.]{0,8}") {
        for text in [text, near] {
            if let Ok(target) = dca_fence::Target::parse(&text) {
                prop_assert_eq!(dca_fence::Target::parse(&target.to_string()), Ok(target.clone()), "{}", text);
                let _ = Fence::new([target]).count();
            }
        }
    }
}
