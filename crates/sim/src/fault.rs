//! What a network does to datagrams.

use std::time::Duration;

/// Faults, each a probability from 0 to 1 for one datagram in one direction. The default is a perfect network.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fault {
    /// It does not arrive.
    pub loss: f64,
    /// It arrives twice.
    pub duplicate: f64,
    /// It arrives shorter than it was sent.
    pub truncate: f64,
    /// Some of its octets are others.
    pub garbage: f64,
    /// It takes up to three times as long, so that later ones overtake it.
    pub reorder: f64,
    /// How long each takes at least.
    pub delay: Duration,
    /// How much longer it may take.
    pub jitter: Duration,
}

/// What becomes of one datagram: each copy that arrives, with its delay.
pub(crate) fn suffer(fault: &Fault, datagram: &[u8], dice: &mut fastrand::Rng) -> Vec<(Duration, Vec<u8>)> {
    let copies = if dice.f64() < fault.loss {
        0
    } else if dice.f64() < fault.duplicate {
        2
    } else {
        1
    };
    (0..copies).map(|_| (delay(fault, dice), damage(fault, datagram, dice))).collect()
}

fn delay(fault: &Fault, dice: &mut fastrand::Rng) -> Duration {
    let usual = fault.delay + fault.jitter.mul_f64(dice.f64());
    if dice.f64() < fault.reorder {
        usual + (usual + Duration::from_millis(1)).mul_f64(2.0 * dice.f64())
    } else {
        usual
    }
}

fn damage(fault: &Fault, datagram: &[u8], dice: &mut fastrand::Rng) -> Vec<u8> {
    let mut octets = datagram.to_vec();
    if dice.f64() < fault.truncate {
        octets.truncate(dice.usize(0..=octets.len()));
    }
    if dice.f64() < fault.garbage && !octets.is_empty() {
        for _ in 0..dice.usize(1..=8) {
            let at = dice.usize(0..octets.len());
            if let Some(octet) = octets.get_mut(at) {
                *octet = dice.u8(..);
            }
        }
    }
    octets
}
