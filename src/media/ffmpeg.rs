//! The one program beside this one: ffmpeg, where the machine has it. It reads what no decoder in here does: pictures in
//! AVIF and HEIC, the first picture of a film, the length of films and sounds. Without it all else works as it does.
//!
//! It sees foreign bytes, so it gets one file and nothing else: no network, no other file named in it, one thread, bounded
//! pixels, output and time. What it writes is a PNG, which is read like anybody's.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Bytes of a picture that it may write.
const OUTPUT: u64 = 256 * 1024 * 1024;
/// Bytes of what it says of a file.
const WORDS: u64 = 64 * 1024;
/// For how long it may read one file.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a program of a bare name is looked for.
const FOLDERS: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

/// The program, or none.
#[derive(Clone, Debug, Default)]
pub struct Ffmpeg(Option<PathBuf>);

/// What it is told a file is, so that it does not guess: a playlist in the clothes of a film could name other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// MP4 and its relatives, AVIF and HEIC among them.
    Mov,
    /// WebM.
    Matroska,
    /// Ogg.
    Ogg,
    /// MP3.
    Mp3,
    /// FLAC.
    Flac,
    /// WAV.
    Wav,
}

impl Container {
    /// By content type.
    pub fn of(mime: &str) -> Option<Self> {
        Some(match mime {
            "image/avif" | "image/heic" | "video/mp4" | "video/quicktime" | "audio/mp4" => Self::Mov,
            "video/webm" | "audio/webm" => Self::Matroska,
            "audio/ogg" => Self::Ogg,
            "audio/mpeg" => Self::Mp3,
            "audio/flac" => Self::Flac,
            "audio/wav" => Self::Wav,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Mov => "mov",
            Self::Matroska => "matroska",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
            Self::Flac => "flac",
            Self::Wav => "wav",
        }
    }
}

impl Ffmpeg {
    /// The program of this name: a path, or looked for where programs are. None when it is not there, or for an empty name.
    pub fn find(name: &str) -> Self {
        let path = Path::new(name.trim());
        if name.trim().is_empty() {
            return Self(None);
        }
        if path.components().count() > 1 {
            return Self(path.is_file().then(|| path.to_owned()));
        }
        Self(FOLDERS.split(':').map(|folder| Path::new(folder).join(path)).find(|program| program.is_file()))
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Where it is.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// The first picture of a file, as PNG; none when there is no program, or it finds none in time. Blocks.
    pub fn still(&self, file: &Path, kind: Container, pixels: u64) -> Option<Vec<u8>> {
        let mut command = self.command(file, kind, pixels)?;
        command.args(["-an", "-sn", "-dn", "-map_metadata", "-1", "-frames:v", "1", "-c:v", "png"]);
        command.args(["-f", "image2pipe", "pipe:1"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let out = child.stdout.take()?;
        let bytes = ended(child, out, OUTPUT)?;
        bytes.starts_with(b"\x89PNG").then_some(bytes)
    }

    /// The length of a film or sound in milliseconds; none when it is not known. Blocks.
    pub fn length_ms(&self, file: &Path, kind: Container) -> Option<i64> {
        let mut command = self.command(file, kind, u64::from(u32::MAX))?;
        // Without anything to write it says what it sees, and ends with an error.
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let out = child.stderr.take()?;
        duration(&String::from_utf8_lossy(&ended(child, out, WORDS)?))
    }

    fn command(&self, file: &Path, kind: Container, pixels: u64) -> Option<Command> {
        let mut command = Command::new(self.0.as_ref()?);
        command.env_clear().env("PATH", FOLDERS).stdin(Stdio::null());
        command.args(["-hide_banner", "-nostdin", "-protocol_whitelist", "file", "-threads", "1", "-max_pixels"]);
        command.arg(pixels.min(i32::MAX as u64).to_string()).args(["-f", kind.name(), "-i"]).arg(file);
        Some(command)
    }
}

/// What a program writes until it ends; none when that is too much or takes too long. It has ended in any case.
fn ended(mut child: Child, mut out: impl Read + Send + 'static, most: u64) -> Option<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = out.by_ref().take(most + 1).read_to_end(&mut bytes);
        // Nobody listens any more: it took too long.
        let _ = send.send(read.ok().map(|_| bytes));
    });
    let bytes = receive.recv_timeout(PATIENCE).ok().flatten();
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    bytes.filter(|bytes| bytes.len() as u64 <= most)
}

/// `Duration: 00:01:02.50` among what it says of a file.
fn duration(words: &str) -> Option<i64> {
    let text = words.split_once("Duration: ")?.1.split([',', '\n']).next()?.trim();
    let mut parts = text.split(':');
    let mut next = || parts.next();
    let (hours, minutes, seconds) = (next()?.parse::<i64>().ok()?, next()?.parse::<i64>().ok()?, next()?);
    let seconds: f64 = seconds.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0 && *s < 61.0)?;
    let whole = hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60_000)?;
    whole.checked_add((seconds * 1000.0).round() as i64).filter(|ms| *ms >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_among_other_words() {
        let said = "Input #0, mov,mp4, from 'x':\n  Duration: 00:01:02.50, start: 0.000000, bitrate: 12 kb/s\n";
        assert_eq!(duration(said), Some(62_500));
        for odd in ["", "Duration: N/A, start", "Duration: 1:2", "Duration: a:b:c", "Duration: 0:0:1e9"] {
            assert_eq!(duration(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_program_is_found_by_name_or_path_or_not_at_all() {
        assert!(Ffmpeg::find("sh").is_there() && Ffmpeg::find("/bin/sh").is_there());
        for none in ["", " ", "no-such-program", "/no/such/program", "./no-such-program"] {
            assert!(!Ffmpeg::find(none).is_there(), "{none}");
        }
        assert_eq!(Ffmpeg::default().still(Path::new("x"), Container::Mov, 1), None);
    }
}
