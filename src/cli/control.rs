//! The control socket: verbs of the command line run inside the running server, so that there is one writer, one set of
//! caches and one queue. One line of JSON in, one line out; only the owner of the data folder (or root) may speak. Whoever
//! sends something else is told so, and whoever never ends a line is let go.

use super::{Failure, lock::socket_path};
use crate::app::App;
use serde_json::{Value, json};
use std::{
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

/// Longest request, bytes.
const LINE: u64 = 16 * 1024 * 1024;
/// Time for a request to arrive: a command has all of it before it connects.
const ARRIVAL: Duration = Duration::from_secs(5);
/// Longest answer, bytes: the list of some hundred thousand people.
const ANSWER: u64 = 16 * LINE;
/// Longest path the operating system takes for a socket, with room to spare.
const PATH: usize = 100;

/// Removes the socket when the server ends.
pub struct Control(PathBuf);

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Listens beside the server; ends with the app.
pub fn listen(app: &App) -> Result<Control, Failure> {
    let path = socket_path(app.config());
    let cannot = |e: io::Error| Failure::new(format!("cannot listen on {}: {e}", path.display()));
    let listener = bind(&path).map_err(cannot)?;
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted,
                () = app.stopping().cancelled() => return,
            };
            match stream {
                Ok((stream, _)) => {
                    let app = app.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(&app, stream).await {
                            tracing::debug!(%error, "a control connection ended early");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket rests");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    });
    Ok(Control(path))
}

/// Binds in a folder of the owner's alone, and moves the socket to its place when its mode is right: at no moment can
/// others speak to it, whatever the process may do to new files, also where they may enter the data folder.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let folder = path.with_extension("new");
    let fresh = folder.join("sock");
    // What a killed process left behind: we hold the lock, so nobody listens there.
    let _ = std::fs::remove_file(&fresh);
    let _ = std::fs::remove_dir(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let listener = short(&fresh, |path| UnixListener::bind(path))?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&fresh, path)?;
    std::fs::remove_dir(&folder)?;
    Ok(listener)
}

async fn answer(app: &App, stream: UnixStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    let mut request = (&mut stream).take(LINE);
    tokio::select! {
        read = request.read_until(b'\n', &mut line) => {
            read?;
        }
        () = tokio::time::sleep(ARRIVAL) => return Err(io::ErrorKind::TimedOut.into()),
        () = app.stopping().cancelled() => return Ok(()),
    }
    // What has no end is no request, also where it could be read as one.
    let verb = match line.ends_with(b"\n") {
        true => serde_json::from_slice(&line).map_err(|error| format!("not a request of this version: {error}")),
        false => Err(format!("a request is one line of at most {} MiB", LINE >> 20)),
    };
    let reply = match verb {
        Ok(verb) => match super::data::run(app, verb).await {
            Ok(value) => json!({ "ok": value }),
            Err(failure) => failure.as_json(),
        },
        Err(error) => json!({ "error": error, "code": "invalid" }),
    };
    let mut text = reply.to_string();
    text.push('\n');
    stream.get_mut().write_all(text.as_bytes()).await
}

/// Runs a verb inside the server that listens at `socket`; `None` when nobody does.
pub async fn ask(socket: &Path, verb: &super::data::DataVerb) -> Result<Option<Value>, Failure> {
    let connected = short(socket, |path| std::os::unix::net::UnixStream::connect(path)).and_then(|stream| {
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream)
    });
    let mut stream = match connected {
        Ok(stream) => BufReader::new(stream),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(e) => return Err(Failure::new(format!("cannot speak to the server at {}: {e}", socket.display()))),
    };
    let mut text = serde_json::to_string(verb).map_err(|e| Failure::new(e.to_string()))?;
    text.push('\n');
    if text.len() as u64 > LINE {
        let message = format!("a request to the running server has at most {} MiB; ask for less at once", LINE >> 20);
        return Err(Failure { code: "invalid", message, exit: 4 });
    }
    let mut line = String::new();
    let spoken = async {
        stream.get_mut().write_all(text.as_bytes()).await?;
        (&mut stream).take(ANSWER).read_line(&mut line).await
    };
    match spoken.await {
        Ok(_) => {}
        // It went before it had read all of the request, and did nothing of it: as if nobody had listened.
        Err(e) if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => return Ok(None),
        Err(e) => return Err(e.into()),
    }
    if line.len() as u64 == ANSWER && !line.ends_with('\n') {
        return Err(Failure::new(format!("the answer has more than {} MiB: ask for less", ANSWER >> 20)));
    }
    let reply: Value =
        serde_json::from_str(&line).map_err(|_| Failure::new("the server stopped before it answered"))?;
    match reply.get("ok") {
        Some(value) => Ok(Some(value.clone())),
        None => Err(Failure::from_json(&reply)),
    }
}

/// Whether a server listens at `socket`.
pub fn is_answered(socket: &Path) -> bool {
    !socket.as_os_str().is_empty() && short(socket, |path| std::os::unix::net::UnixStream::connect(path)).is_ok()
}

/// Sockets have short paths: a long one is reached through the open folder.
fn short<T>(path: &Path, f: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() <= PATH {
        return f(path);
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a socket"));
    };
    let folder = std::fs::File::open(folder)?;
    f(&PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name))
}
