//! Whether the state folder is where it was. A copy of it numbers its records as the other one does, and of two records with
//! one number the portal keeps one: who is a copy numbers anew.

use super::desk::Desk;
use dca_cloud::chance;
use std::path::Path;
use std::{fs, io};

/// What the file of the outbox was when it was opened last. In the state folder.
const NAME: &str = "place";

/// True if the outbox is another file than at the last start: the folder was copied, or restored from a backup. An image of
/// the whole disk does not show; that one the portal tells.
pub(super) fn moved(state: &Path) -> bool {
    let Ok(mark) = mark(&state.join("spool.db")) else { return false };
    let place = state.join(NAME);
    let before = fs::read_to_string(&place).ok();
    if before.as_ref() == Some(&mark) {
        return false;
    }
    if let Err(error) = fs::write(&place, &mark) {
        tracing::warn!(%error, "where the state folder is could not be written down");
    }
    before.is_some()
}

/// Numbers what waits, and what comes, in another epoch, and says why.
pub(super) async fn renew(desk: &Desk, what: &str, why: &str) {
    if let Err(error) = desk.spool(|spool| spool.renew_epoch(chance())).await {
        tracing::error!(%error, "the spool could not be renumbered");
    }
    desk.notice(what, why).await;
}

/// What a copy of a file does not share with it.
#[cfg(unix)]
fn mark(file: &Path) -> io::Result<String> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(file)?;
    let born = file.created().ok().and_then(|born| born.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(format!("{} {}\n", file.ino(), born.map_or(0, |born| born.as_nanos())))
}

/// When it was made is all that can be told.
#[cfg(not(unix))]
fn mark(file: &Path) -> io::Result<String> {
    let born = fs::metadata(file)?.created()?;
    Ok(format!("{}\n", born.duration_since(std::time::UNIX_EPOCH).map_or(0, |born| born.as_nanos())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_told_once() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(first.path().join("spool.db"), "records").unwrap();
        assert!(!moved(first.path()), "the first start");
        fs::write(first.path().join("spool.db"), "more records").unwrap();
        assert!(!moved(first.path()), "a restart");
        for name in ["spool.db", NAME] {
            fs::copy(first.path().join(name), second.path().join(name)).unwrap();
        }
        assert!(moved(second.path()));
        assert!(!moved(second.path()));
        assert!(!moved(first.path()), "the one that was copied is where it was");
    }
}
