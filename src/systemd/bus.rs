//! The few words of D-Bus needed to read unit properties: one connection, `Properties.Get` calls sent
//! together, their answers. A `systemctl` child costs 20 ms, a dozen properties this way 2 ms.
//!
//! **Limits**: little-endian messages of at most 64 KiB, answers of type s, b, u, i and t; whatever is
//! not that is an error, and the caller asks `systemctl` instead.
//! **Source**: D-Bus Specification 0.41, "Message Protocol" and "Authentication Protocol".

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::clock;

/// Where the system bus listens, by its specification.
pub const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";
/// Bytes a message may have; unit properties are short texts.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Messages read at most: answers, and signals that come between them.
const MESSAGES_MAX: usize = 4096;
/// Length of the fixed part of a header.
const HEADER_BYTES: usize = 16;
/// Message type METHOD_RETURN.
const METHOD_RETURN: u8 = 2;
/// Message type ERROR.
const ERROR: u8 = 3;
/// Header field REPLY_SERIAL.
const REPLY_SERIAL: u8 = 5;

/// A method call with text arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call<'a> {
    /// Bus name of the receiver.
    pub destination: &'a str,
    /// Object path.
    pub path: &'a str,
    /// Interface of the method.
    pub interface: &'a str,
    /// Method.
    pub member: &'a str,
    /// Arguments, each of type s.
    pub arguments: &'a [&'a str],
}

/// Sends all calls and returns the text of each answer in order: the value of the variant it holds,
/// or None where the receiver answered with an error.
pub fn call_all(
    socket: &Path,
    calls: &[Call<'_>],
    timeout: Duration,
) -> Result<Vec<Option<String>>> {
    let deadline = clock::monotonic() + timeout;
    let mut stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(timeout))?;
    let mut reader = Reader { stream: stream.try_clone()?, deadline };
    let user: String = rustix::process::geteuid()
        .as_raw()
        .to_string()
        .bytes()
        .map(|b| format!("{b:02x}"))
        .collect();
    stream.write_all(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
    let answer = reader.line()?;
    if !answer.starts_with(b"OK ") {
        return Err(Error::from(ErrorKind::PermissionDenied));
    }
    let hello = Call {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "Hello",
        arguments: &[],
    };
    let mut bytes = b"BEGIN\r\n".to_vec();
    for (call, serial) in std::iter::once(&hello).chain(calls).zip(1u32..) {
        bytes.extend(encode(call, serial));
    }
    stream.write_all(&bytes)?;
    let mut answers: Vec<Option<Option<String>>> = vec![None; calls.len()];
    for _ in 0..MESSAGES_MAX {
        if answers.iter().all(Option::is_some) {
            break;
        }
        let message = reader.message()?;
        // Serial 1 was Hello, whose answer only says our name.
        let Some(index) = (message.reply_serial as usize).checked_sub(2) else { continue };
        match (message.kind, answers.get_mut(index)) {
            (METHOD_RETURN, Some(answer)) => *answer = Some(Some(variant_text(&message.body)?)),
            (ERROR, Some(answer)) => *answer = Some(None),
            _ => {}
        }
    }
    answers.into_iter().collect::<Option<Vec<_>>>().ok_or_else(malformed)
}

/// Reads within a deadline.
struct Reader {
    stream: UnixStream,
    deadline: Duration,
}

impl Reader {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let left = self.deadline.saturating_sub(clock::monotonic());
            if left.is_zero() {
                return Err(Error::from(ErrorKind::TimedOut));
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(rest)? {
                0 => return Err(Error::from(ErrorKind::UnexpectedEof)),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// A line of the authentication protocol, at most 255 bytes.
    fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") && line.len() < 255 {
            let mut byte = [0];
            self.fill(&mut byte)?;
            line.extend(byte);
        }
        Ok(line)
    }

    fn message(&mut self) -> Result<Message> {
        let mut header = [0; HEADER_BYTES];
        self.fill(&mut header)?;
        let rest = rest_length(&header)?;
        let mut bytes = header.to_vec();
        bytes.resize(HEADER_BYTES + rest, 0);
        self.fill(bytes.get_mut(HEADER_BYTES..).ok_or_else(malformed)?)?;
        decode(&bytes)
    }
}

/// What is needed of a received message.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Message {
    kind: u8,
    reply_serial: u32,
    body: Vec<u8>,
}

/// Bytes that follow a fixed header: the fields, padded to 8, and the body.
fn rest_length(header: &[u8]) -> Result<usize> {
    let mut cursor = Cursor { bytes: header, at: 4 };
    let body = cursor.u32()? as usize;
    cursor.at = 12;
    let fields = cursor.u32()? as usize;
    let little_endian = header.first() == Some(&b'l');
    if !little_endian || body > MESSAGE_BYTES_MAX || fields > MESSAGE_BYTES_MAX {
        return Err(malformed());
    }
    Ok(fields.next_multiple_of(8) + body)
}

fn decode(bytes: &[u8]) -> Result<Message> {
    let kind = bytes.get(1).copied().ok_or_else(malformed)?;
    let mut cursor = Cursor { bytes, at: 12 };
    let end = HEADER_BYTES + cursor.u32()? as usize;
    let mut reply_serial = 0;
    while cursor.at < end {
        cursor.align(8);
        let code = cursor.u8()?;
        let signature = cursor.signature()?;
        let value = cursor.value(&signature)?;
        if code == REPLY_SERIAL {
            reply_serial = value.parse().map_err(|_| malformed())?;
        }
    }
    let body = bytes.get(end.next_multiple_of(8)..).ok_or_else(malformed)?.to_vec();
    Ok(Message { kind, reply_serial, body })
}

/// The text of the single variant in a body.
fn variant_text(body: &[u8]) -> Result<String> {
    let mut cursor = Cursor { bytes: body, at: 0 };
    let signature = cursor.signature()?;
    cursor.value(&signature)
}

/// Reads marshalled values. Alignment counts from the start of `bytes`, which header and body share.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or_else(malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.align(N);
        self.take(N)?.try_into().map_err(|_| malformed())
    }

    fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn signature(&mut self) -> Result<String> {
        let length = self.u8()?;
        self.text(usize::from(length))
    }

    /// Text and the NUL after it.
    fn text(&mut self, length: usize) -> Result<String> {
        let text = self.take(length)?.to_vec();
        self.take(1)?;
        String::from_utf8(text).map_err(|_| malformed())
    }

    fn value(&mut self, signature: &str) -> Result<String> {
        match signature {
            "s" | "o" => {
                let length = self.u32()? as usize;
                self.text(length)
            }
            "g" => self.signature(),
            "b" => self.u32().map(|flag| (flag != 0).to_string()),
            "u" => self.u32().map(|number| number.to_string()),
            "i" => self.array().map(|bytes| i32::from_le_bytes(bytes).to_string()),
            "t" => self.array().map(|bytes| u64::from_le_bytes(bytes).to_string()),
            _ => Err(malformed()),
        }
    }
}

/// Marshals a METHOD_CALL.
fn encode(call: &Call<'_>, serial: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for argument in call.arguments {
        put_text(&mut body, argument);
    }
    let mut bytes = vec![b'l', 1, 0, 1];
    bytes.extend(length(body.len()));
    bytes.extend(serial.to_le_bytes());
    bytes.extend([0; 4]);
    for (code, signature, text) in [
        (1, b'o', call.path),
        (2, b's', call.interface),
        (3, b's', call.member),
        (6, b's', call.destination),
    ] {
        pad(&mut bytes, 8);
        bytes.extend([code, 1, signature, 0]);
        put_text(&mut bytes, text);
    }
    if !call.arguments.is_empty() {
        pad(&mut bytes, 8);
        bytes.extend([8, 1, b'g', 0, u8::try_from(call.arguments.len()).unwrap_or(u8::MAX)]);
        bytes.extend(call.arguments.iter().map(|_| b's'));
        bytes.push(0);
    }
    let fields = length(bytes.len() - HEADER_BYTES);
    for (slot, byte) in bytes.iter_mut().skip(12).zip(fields) {
        *slot = byte;
    }
    pad(&mut bytes, 8);
    bytes.extend(body);
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    pad(bytes, 4);
    bytes.extend(length(text.len()));
    bytes.extend(text.bytes());
    bytes.push(0);
}

fn pad(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("our calls carry names, not megabytes").to_le_bytes()
}

fn malformed() -> Error {
    Error::from(ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A METHOD_RETURN to `serial` with a variant of type s.
    fn reply(serial: u32, text: &str) -> Vec<u8> {
        let mut body = vec![1, b's', 0];
        put_text(&mut body, text);
        let mut bytes = vec![b'l', METHOD_RETURN, 1, 1];
        bytes.extend(length(body.len()));
        bytes.extend(7u32.to_le_bytes());
        bytes.extend(length(8));
        bytes.extend([REPLY_SERIAL, 1, b'u', 0]);
        bytes.extend(serial.to_le_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_call_has_the_bytes_of_the_specification() {
        let call = Call {
            destination: "d.e",
            path: "/p",
            interface: "i.f",
            member: "Get",
            arguments: &["abc", ""],
        };
        let bytes = encode(&call, 3);
        let (header, body) = bytes.split_at(bytes.len() - 13);
        assert_eq!(body, b"\x03\0\0\0abc\0\0\0\0\0\0");
        let expected: &[u8] = b"l\x01\0\x01\x0d\0\0\0\x03\0\0\0\x48\0\0\0\
            \x01\x01o\0\x02\0\0\0/p\0\0\0\0\0\0\
            \x02\x01s\0\x03\0\0\0i.f\0\0\0\0\0\
            \x03\x01s\0\x03\0\0\0Get\0\0\0\0\0\
            \x06\x01s\0\x03\0\0\0d.e\0\0\0\0\0\
            \x08\x01g\0\x02ss\0";
        assert_eq!(header, expected);
        assert_eq!(rest_length(&bytes).unwrap(), bytes.len() - HEADER_BYTES);
    }

    #[test]
    fn an_answer_is_read_and_a_truncated_one_refused() {
        let bytes = reply(9, "active");
        let message = decode(&bytes).unwrap();
        assert_eq!((message.kind, message.reply_serial), (METHOD_RETURN, 9));
        assert_eq!(variant_text(&message.body).unwrap(), "active");
        for end in 0..bytes.len() {
            let cut = bytes.get(..end).unwrap();
            assert!(decode(cut).and_then(|message| variant_text(&message.body)).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_not_a_panic(
            at in 0usize..40, byte: u8, noise in prop::collection::vec(any::<u8>(), 0..80)
        ) {
            let mut bytes = reply(2, "active");
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            for bytes in [bytes, noise] {
                let _ = rest_length(&bytes);
                if let Ok(message) = decode(&bytes) {
                    let _ = variant_text(&message.body);
                }
            }
        }
    }
}
