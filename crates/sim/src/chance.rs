//! Chance that can be asked twice: a number that depends on the seed and on what is asked about, nothing else.

/// A source of repeatable chance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// 64 bits for one question.
    pub(crate) fn bits(self, about: &str, number: u64) -> u64 {
        // FNV-1a over the question, then the finaliser of splitmix64: neighbours in `number` come out unrelated.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for octet in about.bytes().chain(number.to_le_bytes()) {
            hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ hash >> 31
    }

    /// From 0 up to, but not, 1.
    pub(crate) fn part(self, about: &str, number: u64) -> f64 {
        (self.bits(about, number) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low` up to `high`.
    pub(crate) fn between(self, low: f64, high: f64, about: &str, number: u64) -> f64 {
        low + (high - low) * self.part(about, number)
    }

    /// Fills a pattern: `#` becomes a digit, `@` a letter, `^` a hexadecimal digit.
    pub(crate) fn fill(self, pattern: &str, about: &str) -> String {
        pattern
            .chars()
            .enumerate()
            .map(|(at, letter)| {
                let pick = |from: &str| {
                    let nth = self.bits(about, at as u64) % from.len() as u64;
                    from.chars().nth(nth as usize).unwrap_or(letter)
                };
                match letter {
                    '#' => pick("0123456789"),
                    '@' => pick("ABCDEFGHJKLMNPQRSTUVWXYZ"),
                    '^' => pick("0123456789ABCDEF"),
                    other => other,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer() {
        assert_eq!(Chance(7).bits("jam", 3), Chance(7).bits("jam", 3));
        assert_ne!(Chance(7).bits("jam", 3), Chance(8).bits("jam", 3));
        assert_ne!(Chance(7).bits("jam", 3), Chance(7).bits("jam", 4));
        let mean = (0..10_000).map(|n| Chance(1).part("x", n)).sum::<f64>() / 10_000.0;
        assert!((0.48..0.52).contains(&mean), "{mean}");
    }

    #[test]
    fn patterns_are_filled() {
        let serial = Chance(1).fill("VCF@#^-9", "serial");
        assert_eq!(serial.len(), 8);
        assert!(serial.starts_with("VCF") && serial.ends_with("-9") && !serial.contains(['@', '#', '^']));
    }
}
