//! `answers export`: the archive of answers as files that need no node: JSON, and pages that link to one another.

use super::super::Failure;
use crate::{
    Result,
    app::App,
    domain::{
        html::escape,
        questions::export::{self, Entry, Text},
    },
    model::Audience,
};
use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// Entries that are read at once.
const STEP: i64 = 500;

/// Who may read the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// People of this node
    Site,
    /// People of the organisation
    Organisation,
    /// Everybody
    Open,
}

/// What to do with the archive of answers.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersVerb {
    /// Write answered questions to a folder: answers.json, and pages that begin with index.html
    Export {
        /// The folder; it is made when there is none
        folder: PathBuf,
        /// Who is to read it: only what they may read is written
        #[arg(long = "for", value_enum, default_value = "organisation")]
        reader: Reader,
        /// Set when more is read
        #[arg(skip)]
        below: Option<i64>,
    },
}

impl AnswersVerb {
    /// The verb that reads on, when an answer says that there is more.
    pub(super) fn next(&self, value: &Value) -> Option<Self> {
        let Self::Export { folder, reader, .. } = self;
        let below = value.get("next").and_then(Value::as_i64)?;
        Some(Self::Export { folder: folder.clone(), reader: *reader, below: Some(below) })
    }

    /// Writes the files here: the server may run elsewhere in the file system.
    pub(super) fn write(&self, name: &str, entries: &[Entry]) -> std::result::Result<Value, Failure> {
        let Self::Export { folder, .. } = self;
        let cannot = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", folder.display()));
        write(folder, name, entries).map_err(cannot)?;
        Ok(json!({ "answers": entries.len(), "folder": folder.display().to_string() }))
    }
}

pub(super) async fn run(app: &App, verb: AnswersVerb) -> Result<Value> {
    let AnswersVerb::Export { reader, below, .. } = verb;
    let reader = match reader {
        Reader::Site => Audience::Site,
        Reader::Organisation => Audience::Organisation,
        Reader::Open => Audience::Open,
    };
    let (site, now) = (app.site().clone(), app.clock().now());
    let read = app.read(move |conn| export::entries(conn, &site, reader, below, STEP, now));
    let (entries, next) = read.await?;
    Ok(json!({ "name": app.config().instance.name, "entries": entries, "next": next }))
}

fn write(folder: &Path, name: &str, entries: &[Entry]) -> std::io::Result<()> {
    let (pages, tags) = (folder.join("questions"), folder.join("tags"));
    for made in [folder, &pages, &tags] {
        std::fs::create_dir_all(made)?;
    }
    let text = serde_json::to_string_pretty(&json!({ "name": name, "answers": entries }))?;
    std::fs::write(folder.join("answers.json"), text)?;
    let mut by_tag: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        std::fs::write(pages.join(format!("{}.html", entry.id)), page(&line(entry), &whole(entry)))?;
        for tag in &entry.tags {
            by_tag.entry(tag).or_default().push(entry);
        }
    }
    let mut index = String::from("<ul>");
    for entry in entries {
        item(&mut index, entry, "questions/");
    }
    index.push_str("</ul><p>");
    for (tag, list) in &by_tag {
        let file = file_of(tag);
        let _ = write!(index, "<a href=\"tags/{file}\">#{}</a> ", escape(tag));
        let mut body = String::from("<p><a href=\"../index.html\">…</a></p><ul>");
        list.iter().for_each(|entry| item(&mut body, entry, "../questions/"));
        body.push_str("</ul>");
        std::fs::write(tags.join(file), page(&format!("#{tag}"), &body))?;
    }
    index.push_str("</p>");
    std::fs::write(folder.join("index.html"), page(name, &index))
}

/// A file name for a hashtag in any script.
fn file_of(tag: &str) -> String {
    let safe =
        tag.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}", u32::from(c)) });
    let name: String = safe.collect();
    format!("{}.html", name.get(..120).unwrap_or(&name))
}

fn item(out: &mut String, entry: &Entry, folder: &str) {
    let _ = write!(out, "<li><a href=\"{folder}{}.html\">{}</a></li>", entry.id, escape(&line(entry)));
}

/// The question in one line.
fn line(entry: &Entry) -> String {
    let text = crate::domain::html::plain_text(&entry.question.content);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(160).collect()
}

fn shown(text: &Text) -> String {
    let language = text.language.as_deref().map(|tag| format!(" lang=\"{}\"", escape(tag))).unwrap_or_default();
    format!(
        "<article{language}><p><b>{}</b> {} · {}</p>{}<p><a href=\"{}\">{}</a></p></article>",
        escape(&text.name),
        escape(&text.author),
        text.published.date(),
        text.content,
        escape(&text.url),
        escape(&text.url),
    )
}

fn whole(entry: &Entry) -> String {
    let mut body = String::from("<p><a href=\"../index.html\">…</a></p>");
    body.push_str(&shown(&entry.question));
    body.push_str("<h2>✅</h2>");
    body.push_str(&shown(&entry.answer));
    if let Some(said) = &entry.still_true {
        let word = if said.holds { "Still true" } else { "Not true any more" };
        let _ = write!(body, "<p><i>{word}, says its author ({}).</i></p>", said.at.date());
    }
    body
}

/// A page without a program, which loads nothing.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>body{{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}}\
         article{{border:1px solid #ccc;border-radius:.5rem;padding:0 1rem;margin:1rem 0}}</style></head>\
         <body><h1>{title}</h1>{body}</body></html>",
        title = escape(title),
    )
}
