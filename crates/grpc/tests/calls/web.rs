//! Calls as a browser makes them: gRPC-Web over HTTP/1.1. Nothing on the caller's side knows of deadlines.

use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Response, Status};

use super::given::Given;

/// Posts a message as cora. `headers`: more of them, each with its line's end.
pub(crate) async fn post<R: Message + Default>(
    given: &Given,
    method: &str,
    headers: &str,
    message: &impl Message,
) -> Result<Response<R>, Status> {
    let body = message.encode_to_vec();
    let frame = [&[0][..], &u32::try_from(body.len()).unwrap().to_be_bytes(), &body].concat();
    let head = format!(
        "POST /{method} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/grpc-web+proto\r\nsnaglog-actor: cora\r\n\
         content-length: {}\r\nconnection: close\r\n{headers}\r\n",
        given.address,
        frame.len()
    );
    let mut stream = TcpStream::connect(given.address).await.unwrap();
    stream.write_all(&[head.as_bytes(), &frame].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let head = fields(&answer[..end]);
    let body = if head.contains_key("transfer-encoding") { joined(&answer[end..]) } else { answer[end..].to_vec() };
    read(&head, &body)
}

/// The message, or the error: in the head where there is no message, else in the last frame.
fn read<R: Message + Default>(head: &HeaderMap, mut frames: &[u8]) -> Result<Response<R>, Status> {
    let (mut message, mut status) = (None, Status::from_header_map(head));
    while let [kind, a, b, c, d, rest @ ..] = frames {
        let (frame, next) = rest.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        match kind {
            0 => message = Some(R::decode(frame).unwrap()),
            _ => status = Status::from_header_map(&fields(frame)),
        }
        frames = next;
    }
    match status.expect("an answer has a status") {
        status if status.code() == tonic::Code::Ok => Ok(Response::new(message.expect("a message came"))),
        status => Err(status),
    }
}

fn fields(lines: &[u8]) -> HeaderMap {
    let text = std::str::from_utf8(lines).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let parsed = pairs.filter_map(|(name, value)| {
        Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::from_str(value.trim()).ok()?))
    });
    parsed.collect()
}

/// A body that came in chunks.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&chunks[line + 2..line + 2 + length]);
        chunks = &chunks[line + 2 + length + 2..];
    }
}
