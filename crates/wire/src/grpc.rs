//! The services of the contract as tonic stubs.
//!
//! Their codec is not tonic's: what is sent goes through [`encode`] and what is received through
//! [`decode_shared`], so that a call cannot carry what the contract forbids, on either side. tonic refuses a message
//! whose head says it is larger than the stub's `max_decoding_message_size` before it is buffered: set it to
//! [`Limited::OCTETS`] of what is awaited, or to the largest of them.

use crate::limits::{Limited, WireError, decode_shared, encode};
use bytes::{Buf, BufMut};
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/grpc/dca.v1.rs"));
}

pub use generated::*;

/// Encodes `E` and decodes `D`, within their limits.
#[derive(Debug)]
pub struct Bounded<E, D>(PhantomData<fn(E) -> D>);

impl<E, D> Default for Bounded<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E: Limited + 'static, D: Limited + 'static> Codec for Bounded<E, D> {
    type Encode = E;
    type Decode = D;
    type Encoder = Outward<E>;
    type Decoder = Inward<D>;

    fn encoder(&mut self) -> Outward<E> {
        Outward(PhantomData)
    }

    fn decoder(&mut self) -> Inward<D> {
        Inward(PhantomData)
    }
}

/// What is sent.
#[derive(Debug)]
pub struct Outward<E>(PhantomData<fn(E)>);

impl<E: Limited> Encoder for Outward<E> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, item: E, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&encode(&item).map_err(|error| Status::internal(error.to_string()))?);
        Ok(())
    }
}

/// What is received.
#[derive(Debug)]
pub struct Inward<D>(PhantomData<fn() -> D>);

impl<D: Limited> Decoder for Inward<D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        let octets = buffer.copy_to_bytes(buffer.remaining());
        decode_shared(octets).map(Some).map_err(refusal)
    }
}

fn refusal(error: WireError) -> Status {
    match error {
        WireError::TooLarge { .. } | WireError::TooMany { .. } => Status::out_of_range(error.to_string()),
        _ => Status::invalid_argument(error.to_string()),
    }
}
