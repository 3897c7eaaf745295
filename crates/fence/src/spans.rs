//! A set of addresses as sorted, disjoint, inclusive spans.
//!
//! All addresses live in one number line: an IPv6 address is its 128 bits, an IPv4 address its IPv4-mapped form
//! (`::ffff:a.b.c.d`, RFC 4291 §2.5.5.2). Membership is one binary search however many entries were written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The place of an address on the number line; a mapped IPv6 address and its IPv4 address share theirs.
pub(crate) fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address at a place on the number line.
pub(crate) fn address(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

/// First and last number of an IPv4 block.
pub(crate) const fn v4_block(network: Ipv4Addr, prefix: u32) -> Span {
    let mapped = 0xffff_0000_0000;
    block(mapped | network.to_bits() as u128, prefix + 96)
}

/// First and last number of an IPv6 block.
pub(crate) const fn v6_block(network: Ipv6Addr, prefix: u32) -> Span {
    block(network.to_bits(), prefix)
}

const fn block(at: u128, prefix: u32) -> Span {
    let host = match u128::MAX.checked_shr(prefix) {
        Some(host) => host,
        None => 0,
    };
    Span { first: at & !host, last: at | host }
}

/// The addresses from `first` to `last`, both included. `first <= last` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u128,
    pub(crate) last: u128,
}

impl Span {
    pub(crate) fn contains(self, other: Span) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

/// Sorted, disjoint, not even adjacent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spans(Vec<Span>);

impl From<Span> for Spans {
    fn from(span: Span) -> Self {
        Self(vec![span])
    }
}

impl Spans {
    pub(crate) fn contains(&self, number: u128) -> bool {
        let after = self.0.partition_point(|span| span.first <= number);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|span| number <= span.last)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }

    /// Adds a span and merges it with what it overlaps or touches.
    pub(crate) fn insert(&mut self, new: Span) {
        let from = self.0.partition_point(|span| span.last < new.first && span.last + 1 < new.first);
        let to = self.0.partition_point(|span| span.first <= new.last.saturating_add(1));
        let mut merged = new;
        for span in self.0.iter().take(to).skip(from) {
            merged.first = merged.first.min(span.first);
            merged.last = merged.last.max(span.last);
        }
        self.0.splice(from..to.max(from), [merged]);
    }

    /// What of `span` is not in this set.
    pub(crate) fn missing_from(&self, span: Span) -> Spans {
        let mut left = Vec::new();
        let mut first = span.first;
        let from = self.0.partition_point(|own| own.last < span.first);
        for own in self.0.iter().skip(from).take_while(|own| own.first <= span.last) {
            if first < own.first {
                left.push(Span { first, last: own.first - 1 });
            }
            let Some(next) = own.last.checked_add(1) else { return Spans(left) };
            first = next;
        }
        if first <= span.last {
            left.push(Span { first, last: span.last });
        }
        Spans(left)
    }

    /// This set without the other.
    pub(crate) fn without(&self, other: &Spans) -> Spans {
        Spans(self.iter().flat_map(|span| other.missing_from(span).0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(spans: &Spans) -> BTreeSet<u128> {
        spans.iter().flat_map(|span| span.first..=span.last).collect()
    }

    fn some_spans() -> impl Strategy<Value = Vec<(u128, u128)>> {
        prop::collection::vec((0u128..60, 0u128..8), 0..12)
    }

    fn build(parts: &[(u128, u128)]) -> Spans {
        let mut spans = Spans::default();
        for (first, more) in parts {
            spans.insert(Span { first: *first, last: first + more });
        }
        spans
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(a in some_spans(), b in some_spans()) {
            let model = |parts: &[(u128, u128)]| parts.iter().flat_map(|(f, m)| *f..=f + m).collect::<BTreeSet<_>>();
            let (x, y) = (build(&a), build(&b));
            prop_assert_eq!(set(&x), model(&a));
            prop_assert_eq!(set(&x.without(&y)), model(&a).difference(&model(&b)).copied().collect::<BTreeSet<_>>());
            for number in 0..80 {
                prop_assert_eq!(x.contains(number), model(&a).contains(&number));
            }
            prop_assert!(x.0.windows(2).all(|pair| pair[0].last + 1 < pair[1].first), "merged: {:?}", x);
        }
    }

    #[test]
    fn the_ends_of_the_number_line() {
        let mut spans = Spans::default();
        spans.insert(Span { first: u128::MAX - 1, last: u128::MAX });
        spans.insert(Span { first: 0, last: 0 });
        spans.insert(Span { first: u128::MAX, last: u128::MAX });
        assert_eq!(spans.iter().count(), 2);
        assert!(spans.contains(0) && spans.contains(u128::MAX) && !spans.contains(1));
        assert_eq!(spans.missing_from(Span { first: 5, last: u128::MAX }).0, [Span { first: 5, last: u128::MAX - 2 }]);
        assert_eq!(v6_block(Ipv6Addr::UNSPECIFIED, 0), Span { first: 0, last: u128::MAX });
        assert_eq!(v6_block(Ipv6Addr::LOCALHOST, 128), Span { first: 1, last: 1 });
    }
}
