//! Decisions read from the input and, when it is used up, drawn from a seed that the input gives.

/// Decides.
pub(crate) struct Dice<'a> {
    octets: &'a [u8],
    chance: fastrand::Rng,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        let seed = octets.iter().fold(0_u64, |seed, octet| seed.wrapping_mul(257).wrapping_add(u64::from(*octet)));
        Self { octets, chance: fastrand::Rng::with_seed(seed) }
    }

    /// A number below this one, which is above 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        match self.octets.split_first() {
            Some((first, rest)) if bound <= 256 => {
                self.octets = rest;
                u32::from(*first) % bound
            }
            _ => self.chance.u32(..bound),
        }
    }

    /// True in so many of 100 cases; no decision at all where it is none.
    pub(crate) fn percent(&mut self, of_100: u32) -> bool {
        of_100 > 0 && self.below(100) < of_100
    }
}
