//! The body of a report, unpacked within its limits.

use bytes::Bytes;
use dca_wire::v1::report_request::Compression;
use dca_wire::v1::{Entry, ReportRequest};
use std::cell::RefCell;
use std::io::Read;
use zstd::bulk::Decompressor;

thread_local! {
    /// It takes longer to make one than to unpack with it.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The entries of a report, or why it is none.
pub(super) fn entries(report: &ReportRequest) -> Result<Vec<Entry>, String> {
    let length = report.plain_length as usize;
    let plain: Bytes = match report.compression() {
        Compression::None => report.body.clone(),
        // Unpacks into exactly as much room as was announced, which the contract bounds.
        Compression::Zstd => {
            let plain = UNPACKER.with_borrow_mut(|unpacker| match unpacker {
                Some(unpacker) => unpacker.decompress(&report.body, length),
                None => unpacker.insert(Decompressor::new()?).decompress(&report.body, length),
            });
            plain.map_err(|_| "a body that unpacks to its length".to_owned())?.into()
        }
        Compression::Gzip => {
            let mut plain = Vec::new();
            let mut source = flate2::read::GzDecoder::new(report.body.as_ref()).take(length as u64 + 1);
            source.read_to_end(&mut plain).map_err(|_| "a body that unpacks".to_owned())?;
            plain.into()
        }
    };
    dca_wire::unpack(report, plain).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_wire::v1::Caller;
    use std::io::Write;

    fn check(compression: Compression, body: Vec<u8>, plain_length: usize, crc: u32) -> Result<usize, String> {
        let report = ReportRequest {
            caller: Some(Caller::default()),
            stream: "readings".to_owned(),
            first_seq: 1,
            compression: compression.into(),
            plain_length: plain_length as u32,
            body: body.into(),
            crc,
            ..ReportRequest::default()
        };
        entries(&report).map(|entries| entries.len())
    }

    #[test]
    fn each_compression_and_what_is_none() {
        let record = vec![7; 500];
        let (plain, crc, _) = dca_wire::pack([(1, record.as_slice()), (2, record.as_slice())]).unwrap();
        let zstd = zstd::bulk::compress(&plain, 3).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&plain).unwrap();
        let gzip = gzip.finish().unwrap();
        for (kind, body) in [(Compression::None, &plain), (Compression::Zstd, &zstd), (Compression::Gzip, &gzip)] {
            assert_eq!(check(kind, body.clone(), plain.len(), crc), Ok(2), "{kind:?}");
            assert!(check(kind, body.clone(), plain.len(), crc ^ 1).is_err());
            assert!(check(kind, body.clone(), plain.len() - 1, crc).is_err());
            assert!(check(kind, body[..body.len() / 2].to_vec(), plain.len(), crc).is_err());
            assert_eq!(check(kind, body.clone(), plain.len(), crc), Ok(2), "{kind:?} after one that was none");
        }
    }

    #[test]
    fn a_bomb_unpacks_no_further_than_announced() {
        let bomb = zstd::bulk::compress(&vec![0; 100 << 20], 3).unwrap();
        assert!(check(Compression::Zstd, bomb, 1_000, 0).is_err());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&vec![0; 100 << 20]).unwrap();
        assert!(check(Compression::Gzip, gzip.finish().unwrap(), 1_000, 0).is_err());
    }
}
