//! How large a message may be, and the only ways in and out.

use bytes::{Buf, Bytes};
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// A message that travels on its own, with its limits.
pub trait Limited: Message + Default {
    /// What it is called in an error.
    const NAME: &'static str;
    /// Most octets, encoded.
    const OCTETS: usize;
    /// Most fields on its top level, each element of a list counted. Decoding turns two octets into a whole struct, so
    /// that octets alone bound no memory.
    const FIELDS: usize;
    /// The same for all messages directly inside it together, where these hold lists. Together, because a message that is
    /// there twice is decoded into one.
    const INSIDE: Option<usize>;

    /// What does not hold in it, if anything.
    fn problem(&self) -> Option<&'static str>;
}

/// A message that is not sent, or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Larger than its limit.
    #[error("{message} of {octets} octets, at most {most} are allowed")]
    TooLarge {
        /// Which message.
        message: &'static str,
        /// How large it is.
        octets: usize,
        /// How large it may be.
        most: usize,
    },
    /// More fields than its limit, on its top level or directly inside.
    #[error("{message} with more than {most} fields")]
    TooMany {
        /// Which message.
        message: &'static str,
        /// How many it may have.
        most: usize,
    },
    /// Not the encoding of this message.
    #[error("{message} cannot be read: {why}")]
    Unreadable {
        /// Which message.
        message: &'static str,
        /// What the decoder says.
        why: String,
    },
    /// Something in it does not hold.
    #[error("{message}: {why}")]
    Invalid {
        /// Which message.
        message: &'static str,
        /// What does not hold.
        why: &'static str,
    },
}

/// The octets of a message.
///
/// # Errors
/// If it is larger than its limits, or does not hold: what no peer would take is not sent.
pub fn encode<M: Limited>(message: &M) -> Result<Vec<u8>, WireError> {
    measure::<M>(message.encoded_len())?;
    hold(message)?;
    let octets = message.encode_to_vec();
    count::<M>(&octets)?;
    Ok(octets)
}

/// The message that was received. Fields that this version does not know are skipped.
///
/// # Errors
/// If the octets are more than its limits, no such message, or one that does not hold.
pub fn decode<M: Limited>(octets: &[u8]) -> Result<M, WireError> {
    read(octets, octets)
}

/// [`decode`], for octets that the message goes on to share: the bodies of reports and the records in them.
///
/// # Errors
/// As [`decode`].
pub fn decode_shared<M: Limited>(octets: Bytes) -> Result<M, WireError> {
    read(&octets.clone(), octets)
}

/// The message in `source`, which has these octets.
fn read<M: Limited>(octets: &[u8], source: impl Buf) -> Result<M, WireError> {
    measure::<M>(octets.len())?;
    count::<M>(octets)?;
    let message = M::decode(source).map_err(unreadable::<M>)?;
    hold(&message)?;
    Ok(message)
}

fn measure<M: Limited>(octets: usize) -> Result<(), WireError> {
    if octets > M::OCTETS {
        return Err(WireError::TooLarge { message: M::NAME, octets, most: M::OCTETS });
    }
    Ok(())
}

fn hold<M: Limited>(message: &M) -> Result<(), WireError> {
    match message.problem() {
        Some(why) => Err(WireError::Invalid { message: M::NAME, why }),
        None => Ok(()),
    }
}

fn unreadable<M: Limited>(why: prost::DecodeError) -> WireError {
    WireError::Unreadable { message: M::NAME, why: why.to_string() }
}

/// Counts the fields of the message, and of the messages directly inside it, without decoding what is in them.
fn count<M: Limited>(mut octets: &[u8]) -> Result<(), WireError> {
    let too_many = |most| WireError::TooMany { message: M::NAME, most };
    let mut fields = 0;
    let mut inside = 0;
    while let Some(inner) = next_field(&mut octets).map_err(unreadable::<M>)? {
        fields += 1;
        if fields > M::FIELDS {
            return Err(too_many(M::FIELDS));
        }
        let (Some(most), Some(mut inner)) = (M::INSIDE, inner) else { continue };
        while next_field(&mut inner).map_err(unreadable::<M>)?.is_some() {
            inside += 1;
            if inside > most {
                return Err(too_many(most));
            }
        }
    }
    Ok(())
}

/// Steps over one field. The answer is what is in it, if it is of a kind that has a length; `None` at the end.
fn next_field<'a>(octets: &mut &'a [u8]) -> Result<Option<Option<&'a [u8]>>, prost::DecodeError> {
    if octets.is_empty() {
        return Ok(None);
    }
    let (tag, wire_type) = decode_key(octets)?;
    let mut inner = *octets;
    skip_field(wire_type, tag, octets, DecodeContext::default())?;
    if wire_type != WireType::LengthDelimited {
        return Ok(Some(None));
    }
    let length = decode_varint(&mut inner)?;
    Ok(Some(inner.get(..usize::try_from(length).unwrap_or(usize::MAX))))
}
