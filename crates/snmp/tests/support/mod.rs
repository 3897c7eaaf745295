//! What the codec's tests share: messages made by hand, messages made by chance, recorded messages.
#![allow(dead_code, unreachable_pub, reason = "a module of several tests, of which each takes what it needs")]

pub mod agree;
pub mod frame;
pub mod generate;
pub mod mutate;
pub mod vectors;

/// Hex digits, blanks allowed.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    assert_eq!(digits.len() % 2, 0, "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
