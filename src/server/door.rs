//! A connection as hyper reads it. It ends when nothing is ever asked for, which hyper, looking for the version first, would
//! wait for without end; and who takes too long with the head of a request hears so before it ends (LIM-09).

use super::HEADER_DEADLINE;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

/// Bytes with which HTTP/2 begins: as long as no other ones came, hyper waits for the version.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What is said to who takes too long.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What the service knows of its connection.
#[derive(Default)]
pub(super) struct Progress {
    /// A request is under way: what is read now is its body.
    busy: AtomicBool,
    /// Nothing may be said but what hyper says: it is over, or speaks something else than HTTP/1.
    quiet: AtomicBool,
}

impl Progress {
    /// The head of a request is there. With `quiet`, what follows is not HTTP/1.
    pub fn asked(&self, quiet: bool) {
        self.busy.store(true, Ordering::Release);
        if quiet {
            self.quiet.store(true, Ordering::Release);
        }
    }
}

/// The connection.
pub(super) struct Door {
    stream: TcpStream,
    progress: Arc<Progress>,
    /// Bytes of the preface that came, until others come.
    preface: usize,
    /// Until a version is known.
    patience: Option<Pin<Box<Sleep>>>,
    /// The head of a request has begun.
    head: bool,
    /// Since when one may come.
    since: Instant,
}

impl Door {
    pub fn of(stream: TcpStream, progress: Arc<Progress>) -> Self {
        let since = Instant::now();
        let patience = Some(Box::pin(sleep_until(since + HEADER_DEADLINE)));
        Self { stream, progress, preface: 0, patience, head: false, since }
    }

    fn came(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.progress.quiet.store(true, Ordering::Release);
            return;
        }
        if self.patience.is_some() {
            let rest = PREFACE.get(self.preface..).unwrap_or_default();
            self.preface += bytes.len();
            if bytes.starts_with(rest) {
                self.progress.quiet.store(true, Ordering::Release);
                self.patience = None;
            } else if !rest.starts_with(bytes) {
                self.patience = None;
            }
        }
        self.head |= !self.progress.busy.load(Ordering::Acquire);
    }

    fn answered(&mut self) {
        self.progress.busy.store(false, Ordering::Release);
        self.head = false;
        self.since = Instant::now();
    }
}

impl AsyncRead for Door {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let door = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut door.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                door.came(buf.filled().get(before..).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                door.progress.quiet.store(true, Ordering::Release);
                Poll::Ready(Err(error))
            }
            Poll::Pending => {
                if door.patience.as_mut().is_some_and(|patience| patience.as_mut().poll(cx).is_ready()) {
                    door.patience = None;
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Door {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let door = self.get_mut();
        door.answered();
        Pin::new(&mut door.stream).poll_write(cx, buf)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let door = self.get_mut();
        door.answered();
        Pin::new(&mut door.stream).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let door = self.get_mut();
        door.progress.quiet.store(true, Ordering::Release);
        Pin::new(&mut door.stream).poll_shutdown(cx)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let late = self.head && self.since.elapsed() >= HEADER_DEADLINE;
        if late && !self.progress.quiet.load(Ordering::Acquire) && !self.progress.busy.load(Ordering::Acquire) {
            // Whoever does not even read hears nothing.
            let _ = self.stream.try_write(TOO_SLOW);
        }
    }
}
