//! What lies in the write-ahead log of a SQLite database (sqlite.org/walformat.html): to damage it as a power cut may.

use std::path::Path;

/// Octets in front of all frames, and of each page in one.
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// A write-ahead log up to its last commit.
#[derive(Debug, Default)]
pub struct Wal {
    /// Another one after each new beginning of the log.
    pub salt: Vec<u8>,
    /// Octets of a page of the database.
    pub page: usize,
    /// Octets of the log that may already be in the database itself, as its shared memory says: what the log was synced for.
    pub written_back: usize,
    /// In their order.
    pub commits: Vec<Commit>,
}

/// A transaction in it.
#[derive(Debug)]
pub struct Commit {
    /// Octets of the log up to its end.
    pub end: usize,
    /// Pages of the database that it wrote, from 1 on.
    pub pages: Vec<usize>,
}

impl Wal {
    /// The log of the database in this file; empty if there is none.
    pub fn of(database: &Path) -> Self {
        let octets = std::fs::read(beside(database, "-wal")).unwrap_or_default();
        let Some(salt) = octets.get(16..24) else { return Self::default() };
        let page = number(&octets, 8);
        let until = |frames: usize| HEAD + frames * (FRAME_HEAD + page);
        let written_back = until(frames_written_back(database));
        let mut wal = Self { salt: salt.to_owned(), page, written_back, commits: Vec::new() };
        let mut pages = Vec::new();
        let mut sum = Sum { big_endian: number(&octets, 0) & 1 == 1, words: (0, 0) };
        sum.add(octets.get(..24).unwrap_or_default());
        for (at, frame) in octets.get(HEAD..).unwrap_or_default().chunks_exact(FRAME_HEAD + page).enumerate() {
            // Behind the end of the log lie frames that were not committed, or of a log before it.
            let (Some(begin), Some(salts), Some(said), Some(content)) =
                (frame.get(..8), frame.get(8..16), frame.get(16..24), frame.get(24..))
            else {
                break;
            };
            sum.add(begin);
            sum.add(content);
            if salts != salt || !sum.is(said) {
                break;
            }
            pages.push(number(frame, 0));
            if number(frame, 4) > 0 {
                wal.commits.push(Commit { end: until(at + 1), pages: std::mem::take(&mut pages) });
            }
        }
        wal
    }

    /// Octets up to the end of the last commit.
    pub fn end(&self) -> usize {
        self.commits.last().map_or(0, |commit| commit.end)
    }

    /// Pages that commits up to `end` wrote.
    pub fn pages(&self, end: usize) -> impl Iterator<Item = usize> {
        let until = self.commits.iter().take_while(move |commit| commit.end <= end);
        until.flat_map(|commit| commit.pages.iter().copied())
    }
}

/// The checksum over all of a log up to a frame.
struct Sum {
    big_endian: bool,
    words: (u32, u32),
}

impl Sum {
    fn add(&mut self, octets: &[u8]) {
        let word = |octets: &[u8; 4]| match self.big_endian {
            true => u32::from_be_bytes(*octets),
            false => u32::from_le_bytes(*octets),
        };
        let (mut first, mut second) = self.words;
        for pair in octets.as_chunks::<8>().0 {
            let ([a, b], _) = pair.as_chunks::<4>() else { return };
            first = first.wrapping_add(word(a)).wrapping_add(second);
            second = second.wrapping_add(word(b)).wrapping_add(first);
        }
        self.words = (first, second);
    }

    fn is(&self, said: &[u8]) -> bool {
        said == [self.words.0.to_be_bytes(), self.words.1.to_be_bytes()].concat()
    }
}

/// Frames that may already be in the database itself. A database that one program has for itself has no shared memory, and does
/// not say.
fn frames_written_back(database: &Path) -> usize {
    /// `WalCkptInfo.nBackfillAttempted`, behind two headers of 48 octets.
    const ATTEMPTED: usize = 128;
    let shared = std::fs::read(beside(database, "-shm")).unwrap_or_default();
    let octets = shared.get(ATTEMPTED..ATTEMPTED + 4).and_then(|octets| octets.try_into().ok());
    octets.map_or(0, |octets| u32::from_ne_bytes(octets) as usize)
}

/// The file of this name with something behind it.
pub fn beside(database: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn number(frame: &[u8], at: usize) -> usize {
    let octets = frame.get(at..at + 4).and_then(|octets| octets.try_into().ok());
    octets.map_or(0, |octets| u32::from_be_bytes(octets) as usize)
}
