//! Layering: defaults, then the file, then the environment, then flags. What each value came from is remembered, and a
//! wrong one is refused with the place it stands in (REL-31).

use super::{Config, Database};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// Where settings come from. The caller reads the environment; this module does not.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config FILE`; it has to exist. Without it `watercooler.toml` here or in the data folder is read when present.
    pub file: Option<PathBuf>,
    /// `--data-dir DIR`.
    pub data_dir: Option<PathBuf>,
    /// The whole environment; names that do not begin with `WATERCOOLER_` are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags: dotted key and value.
    pub flags: Vec<(String, String)>,
}

/// Settings with the source of each value.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, checked.
    pub config: Config,
    /// Source of each value that is not the default, by dotted key.
    pub origins: BTreeMap<String, Origin>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// Which layer a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The settings file.
    File,
    /// An environment variable, by name.
    Environment(String),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A wrong setting: where, and what is wrong, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ConfigError {
    /// `FILE:LINE`, the name of an environment variable, or the key.
    pub place: String,
    /// A sentence.
    pub reason: String,
}

impl ConfigError {
    pub(super) fn value(key: &str, reason: impl Into<String>) -> Self {
        Self { place: key.to_owned(), reason: reason.into() }
    }
}

/// The data folder, where nothing else is said.
const DATA: &str = "data";
/// Variables of that prefix which are not settings: where to look for settings.
const NOT_SETTINGS: [&str; 2] = ["CONFIG", "DATA_DIR"];
/// Settings with a flag of their own, which is the same as `--set`.
const OWN_FLAGS: [&str; 4] = ["domain", "listen", "public_url", "database"];
/// How those begin that are for the tests and benches of this program.
const OF_TESTS: [&str; 2] = ["TEST_", "BENCH_"];

impl Sources {
    /// Reads, merges and checks every layer.
    ///
    /// # Errors
    /// The first wrong thing, with its place.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let environment: BTreeMap<&str, &str> = self
            .environment
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("WATERCOOLER_")?, value.as_str())))
            .filter(|(name, _)| !OF_TESTS.iter().any(|begin| name.starts_with(begin)))
            .collect();
        let set = self.flags.iter().rev().find(|(key, _)| key == "data_dir").map(|(_, folder)| folder.into());
        let by_flag: Option<PathBuf> = self.data_dir.clone().or(set);
        let data_dir = by_flag.clone().or_else(|| environment.get("DATA_DIR").map(PathBuf::from));
        let named = self.file.clone().or_else(|| environment.get("CONFIG").map(PathBuf::from));

        let file = find_file(named.as_deref(), data_dir.as_deref())?;
        let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let mut origins = BTreeMap::new();
        let (mut table, text) = match &file {
            Some(path) => read_file(path)?,
            None => Default::default(),
        };
        note_origins("", &table, &Origin::File, &mut origins);

        for (name, value) in &environment {
            if NOT_SETTINGS.contains(name) {
                continue;
            }
            let variable = format!("WATERCOOLER_{name}");
            let path: Vec<String> = name.split("__").map(str::to_ascii_lowercase).collect();
            let layer = single(&path, value).map_err(|reason| ConfigError { place: variable.clone(), reason })?;
            origins.insert(path.join("."), Origin::Environment(variable));
            merge(&mut table, layer);
        }
        for (key, value) in &self.flags {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            let layer = single(&path, value).map_err(|reason| ConfigError { place: flag(key), reason })?;
            origins.insert(key.clone(), Origin::Flag);
            merge(&mut table, layer);
        }

        let mut config = Config::deserialize(Value::Table(table))
            .map_err(|e| ConfigError { place: place(file.as_deref(), ""), reason: describe(e.message()) })?;
        match data_dir {
            // A folder on the command line counts from where the command runs, one in the file from the file.
            Some(dir) => {
                config.data_dir = dir;
                let origin = match by_flag {
                    Some(_) => Origin::Flag,
                    None => Origin::Environment("WATERCOOLER_DATA_DIR".into()),
                };
                origins.insert("data_dir".into(), origin);
            }
            // A file that was found in the usual folder is in it already.
            None if named.is_none() && base == Path::new(DATA) && !origins.contains_key("data_dir") => {
                config.data_dir = base.clone();
            }
            None => config.data_dir = base.join(&config.data_dir),
        }
        if origins.contains_key("database") {
            let from_file = origins.get("database") == Some(&Origin::File);
            let resolved = config.database.resolve(if from_file { &base } else { Path::new("") });
            resolved.map_err(|e| locate(e, file.as_deref(), &text, &origins))?;
        } else {
            config.database = Database::new(format!("sqlite://{}", config.data_dir.join("watercooler.db").display()));
        }
        if !origins.contains_key("domain") {
            config.domain = match &config.public_url {
                Some(url) => url.host_str().map(|h| with_port(h, url.port())).unwrap_or_default(),
                // The node would have another name at every start, and commands beside it yet another one.
                None if config.listen.port() == 0 => {
                    let why = "port 0 is a free one, another each time: say `domain` too, or which port";
                    return Err(locate(ConfigError::value("listen", why), file.as_deref(), &text, &origins));
                }
                None => format!("localhost:{}", config.listen.port()),
            };
        }
        resolve_files(&mut config, &base).map_err(|e| locate(e, file.as_deref(), &text, &origins))?;
        let prepared = config.prepare().and_then(|()| config.federation.no_twins());
        prepared.map_err(|e| locate(e, file.as_deref(), &text, &origins))?;
        Ok(Loaded { config, origins, file })
    }
}

impl Loaded {
    /// What somebody else found wrong with a value, with the place it stands in.
    pub fn wrong(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        let file = self.file.as_deref();
        let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        locate(ConfigError::value(key, reason), file, &text, &self.origins)
    }
}

fn with_port(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Secrets kept in files, and files named relative to the settings file.
fn resolve_files(config: &mut Config, base: &Path) -> Result<(), ConfigError> {
    if let Some(token) = &mut config.metrics.token {
        token.resolve("metrics.token", base)?;
    }
    if let Some(server) = &mut config.mail.server {
        server.resolve("mail.server", base)?;
    }
    if let Some(key) = &mut config.translation.api_key {
        key.resolve("translation.api_key", base)?;
    }
    if let Some(key) = &mut config.media.s3.secret_access_key {
        key.resolve("media.s3.secret_access_key", base)?;
    }
    let peers = config.federation.peer.iter_mut().map(|p| p.ca_file.as_mut()).enumerate();
    let relays = config.push.relay.iter_mut().map(|r| r.ca_file.as_mut()).enumerate();
    let peers = peers.map(|(at, file)| (format!("federation.peer[{at}].ca_file"), file));
    let relays = relays.map(|(at, file)| (format!("push.relay[{at}].ca_file"), file));
    let bucket = ("media.s3.ca_file".to_owned(), config.media.s3.ca_file.as_mut());
    for (key, file) in peers.chain(relays).chain([bucket]).filter_map(|(key, file)| Some((key, file?))) {
        *file = base.join(&*file);
        let pem = std::fs::read(&*file)
            .map_err(|e| ConfigError::value(&key, format!("cannot read {}: {e}", file.display())))?;
        if !super::holds_certificates(&pem) {
            return Err(ConfigError::value(&key, format!("{} holds no certificate in PEM form", file.display())));
        }
    }
    let texts = [&mut config.instance.privacy_policy, &mut config.instance.terms_of_service];
    for path in texts.into_iter().flatten() {
        *path = base.join(&*path);
    }
    super::Texts::read(&config.instance)?;
    if let Some(thumbnail) = &mut config.instance.thumbnail
        && !thumbnail.starts_with("http://")
        && !thumbnail.starts_with("https://")
    {
        let file = base.join(&*thumbnail);
        let wrong =
            |why: String| ConfigError::value("instance.thumbnail", format!("cannot read {}: {why}", file.display()));
        let length = std::fs::metadata(&file).map_err(|e| wrong(e.to_string()))?.len();
        if length > crate::limits::IMAGE_BYTES as u64 {
            return Err(wrong("it has more than 16 MiB".into()));
        }
        if crate::config::picture_type(&file).is_none() {
            return Err(wrong("it is no .png, .jpg, .gif or .webp".into()));
        }
        *thumbnail = file.display().to_string();
    }
    Ok(())
}

fn find_file(named: Option<&Path>, data_dir: Option<&Path>) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = named {
        return match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Some(path.to_owned())),
            Ok(_) => Err(ConfigError { place: path.display().to_string(), reason: "is not a file".into() }),
            Err(e) => Err(ConfigError { place: path.display().to_string(), reason: e.to_string() }),
        };
    }
    let here = PathBuf::from("watercooler.toml");
    let inside = data_dir.unwrap_or(Path::new(DATA)).join("watercooler.toml");
    Ok([here, inside].into_iter().find(|path| path.is_file()))
}

fn read_file(path: &Path) -> Result<(Table, String), ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| ConfigError { place: path.display().to_string(), reason: e.to_string() })?;
    let at = |span: Option<std::ops::Range<usize>>| place(Some(path), &line_of(&text, span));
    let table: Table =
        toml::from_str(&text).map_err(|e| ConfigError { place: at(e.span()), reason: describe(e.message()) })?;
    // Types and unknown keys are judged on the file itself, where positions are known.
    toml::from_str::<Config>(&text).map_err(|e| ConfigError { place: at(e.span()), reason: describe(e.message()) })?;
    Ok((table, text))
}

fn place(file: Option<&Path>, line: &str) -> String {
    match file {
        Some(path) => format!("{}{line}", path.display()),
        None => "settings".into(),
    }
}

/// How a setting is called on the command line.
fn flag(key: &str) -> String {
    match OWN_FLAGS.contains(&key) {
        true => format!("--{}", key.replace('_', "-")),
        false => format!("--set {key}"),
    }
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let Some(span) = span else { return String::new() };
    let before = text.get(..span.start.min(text.len())).unwrap_or_default();
    format!(":{}", before.matches('\n').count() + 1)
}

/// Puts file and line before an error that only knows its key (`media.attachments`, `federation.peer[1].domain`).
fn locate(error: ConfigError, file: Option<&Path>, text: &str, origins: &BTreeMap<String, Origin>) -> ConfigError {
    let key = error.place.clone();
    let mut whole = key.split('[').next().unwrap_or_default();
    let origin = loop {
        match (origins.get(whole), whole.rsplit_once('.')) {
            (Some(origin), _) => break Some(origin),
            (None, Some((head, _))) => whole = head,
            (None, None) => break None,
        }
    };
    match (origin, file) {
        (Some(Origin::File), Some(path)) => {
            let line = line_of(text, span_of(text, &key));
            ConfigError { place: place(Some(path), &line), reason: format!("`{key}`: {}", error.reason) }
        }
        (Some(Origin::Environment(name)), _) => ConfigError { place: name.clone(), reason: error.reason },
        (Some(Origin::Flag), _) => ConfigError { place: flag(whole), reason: error.reason },
        _ => error,
    }
}

/// Where the value of a key stands in the file, or as much of its way as is there.
fn span_of(text: &str, key: &str) -> Option<std::ops::Range<usize>> {
    use toml::de::{DeTable, DeValue};
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut found = None;
    for step in key.split('.') {
        let (name, number) = match step.split_once('[') {
            Some((name, number)) => (name, number.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let Some(mut value) = table.get(name) else { break };
        if let (DeValue::Array(list), Some(number)) = (value.get_ref(), number) {
            value = list.get(number)?;
        }
        found = Some(value.span());
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    found
}

/// The message of the parser, with the nearest right name for an unknown key, and in words that say what is wanted.
fn describe(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    if message == "invalid socket address syntax" || message.ends_with("expected socket address") {
        return "an address with its port is wanted, such as 127.0.0.1:8080 or [::1]:8080".into();
    }
    if message.starts_with("relative URL without a base") {
        return "a whole address is wanted, such as https://example.org".into();
    }
    let Some(rest) = message.strip_prefix("unknown field `") else { return message };
    let mut words = rest.split('`').step_by(2);
    let unknown = words.next().unwrap_or_default();
    let nearest = words
        .filter(|name| !name.is_empty())
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= 1.max(name.len() / 2))
        .min();
    match nearest {
        Some((_, name)) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`; `watercooler config reference` lists the keys"),
    }
}

/// A table with one value at `path`. The text is read as what the key wants: a string, a TOML value, or a list with commas.
fn single(path: &[String], text: &str) -> Result<Table, String> {
    let nested = |value: Value| {
        path.iter().rev().fold(value, |inner, key| Value::Table(Table::from_iter([(key.clone(), inner)])))
    };
    let list = Value::Array(
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| Value::String(item.into())).collect(),
    );
    let as_toml = toml::from_str::<Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v"));
    let brackets = as_toml.is_some() && text.trim_start().starts_with(['[', '{']);
    let mut failures = Vec::new();
    for value in [Some(Value::String(text.to_owned())), as_toml, Some(list)].into_iter().flatten() {
        let candidate = nested(value);
        match Config::deserialize(candidate.clone()) {
            Ok(_) => {
                if let Value::Table(table) = candidate {
                    return Ok(table);
                }
            }
            Err(e) => failures.push(describe(e.message())),
        }
    }
    // Of the readings, the one that was meant says what is wrong: in brackets a TOML value, else the first of the right shape.
    let shaped = match brackets {
        true => 1,
        false => failures.iter().position(|why| !why.starts_with("invalid type")).unwrap_or(0),
    };
    Err(failures.into_iter().nth(shaped).unwrap_or_else(|| "is empty".into()))
}

fn merge(into: &mut Table, layer: Table) {
    for (key, value) in layer {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            // One proxy for everything stays that of the purposes that a later layer does not name.
            (Some(Value::String(old)), Value::Table(mut new)) if key == "proxy" && !old.is_empty() => {
                new.entry("default").or_insert_with(|| Value::String(std::mem::take(old)));
                into.insert(key, Value::Table(new));
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn note_origins(prefix: &str, table: &Table, origin: &Origin, origins: &mut BTreeMap<String, Origin>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => note_origins(&key, inner, origin, origins),
            _ => {
                origins.insert(key, origin.clone());
            }
        }
    }
}
