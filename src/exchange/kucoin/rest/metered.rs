//! A stream that counts what was written to it: whether a request can have left is then a fact.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

use crate::net::tls::Stream;

/// Bytes that a stream has taken. Shared with who asks.
#[derive(Clone, Default, Debug)]
pub(super) struct Written(Rc<Cell<u64>>);

impl Written {
    /// Bytes so far.
    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }

    fn add(&self, taken: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = taken {
            self.0.set(self.0.get().saturating_add(u64::try_from(*bytes).unwrap_or(u64::MAX)));
        }
    }
}

/// The stream hyper speaks over. Under TLS a byte counts from when TLS takes it, so that the count is
/// never below what has left.
pub(super) struct Metered {
    stream: TokioIo<Stream>,
    written: Written,
}

impl Metered {
    /// Counts from zero.
    pub(super) fn new(stream: Stream) -> (Self, Written) {
        let written = Written::default();
        (Self { stream: TokioIo::new(stream), written: written.clone() }, written)
    }
}

impl Read for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written.add(&taken);
        taken
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written.add(&taken);
        taken
    }
}
