//! The figures, in order: which contestants, and what ours must be beside theirs.

mod codec;
mod many;
mod office;
mod usm;
mod walk;

use crate::line::Line;

/// Measures those that are wanted and hands over each line as it is known.
pub(crate) fn all(runs: usize, wanted: &dyn Fn(u8) -> bool, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    if wanted(1) || wanted(2) || wanted(3) {
        codec::decode(runs, wanted, tell)?;
    }
    if wanted(3) || wanted(4) {
        codec::encode(runs, wanted, tell);
    }
    if wanted(5) {
        usm::keys(runs, tell);
    }
    if wanted(6) {
        usm::open(runs, tell)?;
    }
    if wanted(7) || wanted(8) {
        walk::walk(runs, wanted, tell)?;
    }
    if (9..=11).any(wanted) {
        many::all(runs, wanted, tell)?;
    }
    if wanted(12) {
        office::read(runs, tell)?;
    }
    Ok(())
}
