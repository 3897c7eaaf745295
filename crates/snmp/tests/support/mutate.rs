//! Sound messages made unsound: flipped bits, cuts, splices, edited lengths.

use fastrand::Rng;

/// One to four edits of a message; a splice takes its other half from `donor`.
pub fn mutate(rng: &mut Rng, message: &[u8], donor: &[u8]) -> Vec<u8> {
    let mut octets = message.to_vec();
    for _ in 0..rng.usize(1..=4) {
        if octets.is_empty() {
            octets = donor.to_vec();
        }
        if octets.is_empty() {
            return octets;
        }
        let at = rng.usize(..octets.len());
        match rng.u8(..8) {
            0 => octets[at] ^= 1 << rng.u8(..8),
            1 => octets[at] = *rng.choice(&[0, 1, 2, 4, 5, 6, 0x1f, 0x30, 0x41, 0x7f, 0x80, 0x81, 0x84, 0xff]).unwrap(),
            2 => octets.truncate(at),
            3 => {
                octets.truncate(at);
                octets.extend(donor.get(rng.usize(..=donor.len())..).unwrap_or_default());
            }
            4 => octets.insert(at, rng.u8(..)),
            5 => drop(octets.remove(at)),
            6 => octets[at] = octets[at].wrapping_add(rng.u8(..3)).wrapping_sub(1),
            // A length in the long form, right or wrong.
            _ => {
                let width = rng.u8(1..=5);
                let content: Vec<u8> = (0..width).map(|_| if rng.bool() { 0 } else { rng.u8(..) }).collect();
                octets.splice(at..=at, [0x80 | width].into_iter().chain(content));
            }
        }
        octets.truncate(65_507);
    }
    octets
}
