//! The print queue, RFC 1179 §5: takes jobs, tells the queue's state. Every printer has a queue under any name.

use super::{Job, MOST_OCTETS, Printed};
use crate::device::Face;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

type Stream = BufStream<TcpStream>;

pub(super) async fn serve(stream: TcpStream, at: IpAddr, face: &Face, printed: &Printed) -> io::Result<()> {
    let mut stream = BufStream::new(stream);
    let Some((command, operands)) = line(&mut stream).await? else { return Ok(()) };
    let queue = operands.split_whitespace().next().unwrap_or_default().to_owned();
    match command {
        2 => receive(&mut stream, at, queue, printed).await,
        3 | 4 => {
            let state = if face.error_bits().is_empty() { "ready and printing" } else { "needs attention" };
            let more = if command == 4 { format!("Serial {}\n", face.person().serial) } else { String::new() };
            let text = format!("{} {state}\n{more}no entries\n", face.model());
            stream.write_all(text.as_bytes()).await?;
            stream.flush().await
        }
        _ => acknowledge(&mut stream, 1).await,
    }
}

/// RFC 1179 §6: control files and data files, each acknowledged.
async fn receive(stream: &mut Stream, at: IpAddr, queue: String, printed: &Printed) -> io::Result<()> {
    acknowledge(stream, 0).await?;
    while let Some((command, operands)) = line(stream).await? {
        let octets = operands.split_whitespace().next().and_then(|count| count.parse::<usize>().ok());
        let Some(octets) = octets.filter(|octets| matches!(command, 2 | 3) && *octets <= MOST_OCTETS) else {
            return acknowledge(stream, 1).await;
        };
        acknowledge(stream, 0).await?;
        let mut file = vec![0; octets];
        stream.read_exact(&mut file).await?;
        let end = stream.read_u8().await?;
        if command == 3 {
            printed.add(Job { at, queue: queue.clone(), octets: file });
        }
        acknowledge(stream, end).await?;
    }
    Ok(())
}

async fn acknowledge(stream: &mut Stream, with: u8) -> io::Result<()> {
    stream.write_all(&[with]).await?;
    stream.flush().await
}

/// A command: one octet, operands, line feed.
async fn line(stream: &mut Stream) -> io::Result<Option<(u8, String)>> {
    let mut line = Vec::new();
    (&mut *stream).take(1024).read_until(b'\n', &mut line).await?;
    let Some((command, operands)) = line.split_first().filter(|_| line.ends_with(b"\n")) else { return Ok(None) };
    Ok(Some((*command, String::from_utf8_lossy(operands).into_owned())))
}
