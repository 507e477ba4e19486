//! `org ...`: the organisation's charter. Files are read and written here, where the person is; the operation runs inside
//! the server, or on the opened database. Signing with a key from a file needs neither.

mod act;

pub use act::run;

use super::Failure;
use crate::{
    Error, Result,
    crypto::PrivateKey,
    domain::charter::{fingerprint, steward},
    time::Clock,
};
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    io::{ErrorKind, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What to do with the organisation.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgVerb {
    /// Found an organisation with this node as its first
    Init {
        /// Name of the organisation
        #[arg(long)]
        name: String,
        /// Which part of it this node is
        #[arg(long, default_value = "")]
        department: String,
        /// An address or range it may have, for instance 10.20.0.0/16; several times for several. None: public only
        #[arg(long = "address", value_name = "RANGE")]
        addresses: Vec<String>,
        #[command(flatten)]
        about: About,
        /// A rule that differs from its default, such as open_allowed=true (repeatable)
        #[arg(long = "rule", value_name = "KEY=VALUE")]
        rules: Vec<String>,
        /// Write the signing key into this file and do not keep it on this node
        #[arg(long, value_name = "FILE")]
        #[serde(skip)]
        key_file: Option<PathBuf>,
        /// Set when there is a key file
        #[arg(skip)]
        offline: bool,
    },
    /// Invite a node: prints a code that works once, within 24 hours
    Invite {
        /// Right side of its handles
        #[arg(long)]
        domain: String,
        /// Which part of the organisation it is
        #[arg(long, default_value = "")]
        department: String,
        /// An address or range it may have, for instance 10.20.0.0/16; several times for several. None: public only
        #[arg(long = "address", value_name = "RANGE")]
        addresses: Vec<String>,
        #[command(flatten)]
        about: About,
        /// Its port, when it is not the usual one
        #[arg(long)]
        port: Option<u16>,
        /// It is on plain http
        #[arg(long)]
        http: bool,
        /// It may prepare changes too, and sign them once it holds the key
        #[arg(long)]
        steward: bool,
    },
    /// Join the organisation that gave this code
    Join {
        /// The code, from wc1- to its end
        code: String,
        /// Which part of the organisation this node is, where the invitation does not say
        #[arg(long, default_value = "")]
        department: String,
        #[command(flatten)]
        about: About,
    },
    /// Leave the organisation
    Leave {
        /// Even when nobody can be told, or the signing key is here
        #[arg(long)]
        force: bool,
    },
    /// Refuse a node from now on, at all nodes
    Remove {
        /// Its domain
        domain: String,
        /// Why, for everybody to read
        #[arg(long, default_value = "removed by a steward")]
        reason: String,
        /// Erase what it wrote instead of hiding it, also of a node that was removed before
        #[arg(long)]
        purge: bool,
        /// Leave what it wrote where it is instead of hiding it, also of a node that was removed before
        #[arg(long, conflicts_with = "purge")]
        #[serde(default)]
        keep: bool,
    },
    /// Let nobody act in the name of an actor any more, at all nodes: its keys count no more, and it is shown as one who left
    Revoke {
        /// Its handle, or its id such as https://fab.example/users/eve
        actor: String,
        /// Why, for everybody to read
        #[arg(long, default_value = "", conflicts_with = "undo")]
        reason: String,
        /// Let its keys count again
        #[arg(long)]
        undo: bool,
    },
    /// Say who belongs, who has which version, and what is to be done
    Status,
    /// List a server of other software (Mastodon, GoToSocial and others), which cannot join by itself
    Add {
        /// Right side of its handles
        domain: String,
        /// Which part of the organisation it is
        #[arg(long, default_value = "")]
        department: String,
        /// An address or range it may have, for instance 10.20.0.0/16; several times for several. None: public only
        #[arg(long = "address", value_name = "RANGE")]
        addresses: Vec<String>,
        #[command(flatten)]
        about: About,
        /// Address of its instance actor [default: https://DOMAIN/actor]
        #[arg(long, value_name = "URL")]
        actor: Option<String>,
        /// Posts of the organisation may go there: it federates with the organisation only and has no public pages
        #[arg(long)]
        closed: bool,
    },
    /// Change a rule: name, default_audience, open_allowed, directory, k, media_off_site, retention.CLASS
    Set {
        /// KEY=VALUE
        rule: String,
    },
    /// Let a word mean another one in skills
    Alias {
        /// What is typed, such as k8s
        word: String,
        /// What is meant, such as kubernetes; none ends the alias
        means: Option<String>,
    },
    /// Sign a new version that changes nothing but its dates
    Renew,
    /// Make the changes again that another steward's version overtook
    Redo,
    /// Write the next version, unsigned, with all changes that wait
    Draft {
        /// The file to write
        file: PathBuf,
    },
    /// Sign a drafted version: with a key file (needs no node), or with the key on this node
    Sign {
        /// The draft; the signed version replaces it
        file: PathBuf,
        /// File with the signing key, or with the recovery key when a new key takes over
        #[arg(long, value_name = "FILE")]
        #[serde(skip)]
        key_file: Option<PathBuf>,
        /// Make a new signing key, write it into this file, and let it take over
        #[arg(long, value_name = "FILE", requires = "key_file")]
        #[serde(skip)]
        new_key_file: Option<PathBuf>,
        /// Read from the file
        #[arg(skip)]
        draft: Option<Value>,
    },
    /// Bring a signed version into force and give it to the others
    Adopt {
        /// The signed version
        #[serde(skip)]
        file: PathBuf,
        /// Read from the file
        #[arg(skip)]
        document: Option<Value>,
    },
    /// Replace the signing key by a new one
    RotateKey {
        /// Sign with the recovery key, which is asked for
        #[arg(long)]
        recovery: bool,
        /// End a theft: go on after this version, the last one that was yours, and undo what was signed since
        #[arg(long, value_name = "VERSION", requires = "recovery")]
        #[serde(default)]
        after: Option<i64>,
        /// Write the new key into this file and do not keep it on this node
        #[arg(long, value_name = "FILE")]
        #[serde(skip)]
        key_file: Option<PathBuf>,
        /// Set when there is a key file
        #[arg(skip)]
        offline: bool,
        /// Read from the terminal
        #[arg(skip)]
        secret: Option<String>,
    },
    /// Keep the signing key on this node from now on
    HoldKey {
        /// The file it is in
        #[serde(skip)]
        file: PathBuf,
        /// Read from the file
        #[arg(skip)]
        secret: Option<String>,
    },
    /// Print the domains for other servers to import
    Export {
        /// In which form
        #[arg(long, value_enum, default_value = "csv")]
        form: ListForm,
        /// Leave out this domain: that of the server that imports the list
        #[arg(long, value_name = "DOMAIN")]
        without: Option<String>,
    },
    /// Print the charter as it was signed
    Show,
}

/// What is said about a node.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub struct About {
    /// Whom to write to about it
    #[arg(long, default_value = "")]
    contact: String,
    /// PEM file of a certificate authority trusted for this node only
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    ca_file: Option<PathBuf>,
    /// Read from the file
    #[arg(skip)]
    ca: Option<String>,
}

/// A form of the list of domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListForm {
    /// For the administration of Mastodon
    Csv,
    /// One domain a line
    Plain,
    /// For GoToSocial, as import or subscription
    Json,
    /// Rules for the federation filter of Mitra
    Mitra,
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|e| Error::invalid("file", "invalid", format!("cannot read {}: {e}", path.display())))
}

fn read_json(path: &Path) -> Result<Value> {
    serde_json::from_str(&read(path)?)
        .map_err(|e| Error::invalid("file", "invalid", format!("{} is no JSON: {e}", path.display())))
}

/// A new file for a secret, readable by its owner only.
fn write_secret(path: &Path, secret: &str) -> std::result::Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        writeln!(file, "{secret}")?;
        file.sync_all()
    });
    written.map_err(|e| Failure::new(format!("cannot write {}: {e}", path.display())))
}

/// Whether a file for a secret can be made: tried before there is a secret that stands nowhere else.
fn new_file(path: Option<&PathBuf>) -> std::result::Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made.and_then(|_| fs::remove_file(path)) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::new(format!("{} exists already", path.display())))
        }
        Err(e) => Err(Failure::new(format!("cannot write {}: {e}", path.display()))),
    }
}

impl OrgVerb {
    /// Reads files and asks for secrets here: the server may run elsewhere in the file system.
    ///
    /// # Errors
    /// Naming the file.
    pub fn prepare(&mut self) -> std::result::Result<(), Failure> {
        match self {
            Self::Init { about, key_file, offline, .. } => {
                about.read()?;
                new_file(key_file.as_ref())?;
                *offline = key_file.is_some();
            }
            Self::Invite { about, .. } | Self::Join { about, .. } | Self::Add { about, .. } => about.read()?,
            Self::Sign { file, draft, .. } => *draft = Some(read_json(file)?),
            Self::Adopt { file, document } => *document = Some(read_json(file)?),
            Self::HoldKey { file, secret } => *secret = Some(read(file)?),
            Self::RotateKey { recovery, key_file, offline, secret, .. } => {
                new_file(key_file.as_ref())?;
                *offline = key_file.is_some();
                if *recovery {
                    *secret = Some(ask_for("Recovery key")?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What needs no node at all: signing with a key from a file.
    ///
    /// # Errors
    /// When the key is not the one that must sign, or a file cannot be written.
    pub fn run_alone(&self) -> std::result::Result<Option<Value>, Failure> {
        let Self::Sign { file, key_file: Some(key_file), new_key_file, draft: Some(draft) } = self else {
            return Ok(None);
        };
        new_file(new_key_file.as_ref())?;
        let key = secret_key(&read(key_file)?)?;
        let next = new_key_file.as_ref().map(|_| PrivateKey::generate_ed25519()).transpose()?;
        let signed = steward::sign_draft(draft.clone(), &key, next.as_ref(), Clock::real().now())?;
        if let (Some(path), Some(next)) = (new_key_file, next) {
            write_secret(path, &next.secret_multikey()?)?;
        }
        write_document(file, &signed.document)?;
        Ok(Some(json!({
            "file": file.display().to_string(),
            "version": signed.charter.version,
            "nodes": signed.charter.nodes.len(),
            "fingerprint": fingerprint(signed.charter.signing_key()),
            "next": "watercooler org adopt FILE",
        })))
    }

    /// Writes files here, and says what a person must know.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(&self, mut value: Value, as_json: bool) -> std::result::Result<Value, Failure> {
        let mut take = |name: &str| value.as_object_mut().and_then(|v| v.remove(name));
        match self {
            Self::Init { key_file: Some(path), .. } | Self::RotateKey { key_file: Some(path), .. } => {
                if let Some(Value::String(secret)) = take("signing_key")
                    && let Err(failure) = write_secret(path, &secret)
                    && let Some(members) = value.as_object_mut()
                {
                    // What is done is done: neither key stands anywhere else.
                    members.insert("signing_key".into(), secret.into());
                    members
                        .insert("warning".into(), format!("{}: keep the signing key yourself", failure.message).into());
                }
            }
            Self::Draft { file } => {
                if let Some(draft) = take("draft") {
                    write_document(file, &draft)?;
                }
            }
            Self::Sign { file, .. } => {
                if let Some(document) = take("document") {
                    write_document(file, &document)?;
                }
            }
            Self::Export { .. } if !as_json => return Ok(take("list").unwrap_or_default()),
            Self::Show if !as_json => {
                return serde_json::to_string_pretty(&value)
                    .map(Value::String)
                    .map_err(|e| Failure::new(e.to_string()));
            }
            _ => {}
        }
        Ok(value)
    }
}

impl About {
    fn read(&mut self) -> Result<()> {
        if let Some(path) = &self.ca_file {
            let pem = read(path)?;
            crate::net::check_ca(pem.as_bytes())
                .map_err(|_| Error::invalid("ca_file", "invalid", "there is no certificate in PEM form in it"))?;
            self.ca = Some(pem);
        }
        Ok(())
    }
}

/// How far the copies of what the others list are, one line for each node: what `org status` says of it while `org join`
/// copies.
pub fn progress(status: &Value) -> Vec<String> {
    let number = |copy: &Value, name: &str| copy.get(name).and_then(Value::as_i64).unwrap_or(0);
    let line = |node: &Value| {
        let (domain, copy) = (node.get("domain")?.as_str()?, node.get("directory")?);
        let part = |done: &str, of: &str| format!("{} of {}", number(copy, done), number(copy, of));
        let questions = part("questions_copied", "questions_of");
        Some(format!("{domain}: {} people and projects, {questions} questions", part("copied", "of")))
    };
    let nodes = status.get("nodes").and_then(Value::as_array);
    nodes.into_iter().flatten().filter_map(line).collect()
}

fn write_document(path: &Path, document: &Value) -> std::result::Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(|e| Failure::new(e.to_string()))?;
    fs::write(path, text + "\n").map_err(|e| Failure::new(format!("cannot write {}: {e}", path.display())))
}

fn ask_for(what: &str) -> std::result::Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn secret_key(text: &str) -> Result<PrivateKey> {
    PrivateKey::from_secret_multikey(text)
        .map_err(|_| Error::invalid("key", "invalid", "this is no key as `org init` prints it: it begins with z3u2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_on_the_way_is_told_for_each_node_that_has_a_directory() {
        let status = json!({ "nodes": [
            { "domain": "hq.example" },
            { "domain": "lyon.example", "directory": { "copied": 200, "of": 1_300, "questions_copied": 0, "questions_of": 40 } },
            { "domain": "oslo.example", "directory": {} },
        ] });
        assert_eq!(
            progress(&status),
            [
                "lyon.example: 200 of 1300 people and projects, 0 of 40 questions",
                "oslo.example: 0 of 0 people and projects, 0 of 0 questions"
            ]
        );
        assert!(progress(&json!({ "error": "no_organisation" })).is_empty());
    }
}
