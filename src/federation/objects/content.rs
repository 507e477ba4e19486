//! The text of a post, whatever it came as (POST-02 to POST-05, POST-20 to POST-25).

use super::attachments;
use crate::{
    domain::{
        html::{Html, cut, escape, plain_text, sanitize_html},
        text::{self, Token},
    },
    federation::json::Json,
    limits,
    time::Timestamp,
};

/// Bytes of an article up to which it is shown whole.
const WHOLE_ARTICLE: usize = 16 * 1024;

/// The raw text of a property; where it is missing, of its language map: the entry in the language of the document, else the
/// first that says something.
pub(super) fn mapped<'j>(json: &'j Json, key: &str, map: &str) -> Option<&'j str> {
    fn said(text: &str) -> bool {
        !text.trim().is_empty()
    }
    if let Some(text) = json.text(key) {
        return Some(text).filter(|text| said(text));
    }
    let entries = || {
        let members = json.one(map).members().filter_map(|(tag, value)| Some((tag, value.as_text()?)));
        members.filter(|(_, text)| said(text))
    };
    let language = language(json);
    let own = entries().find(|(tag, _)| language.is_some() && text::language_tag(tag) == language);
    own.or_else(|| entries().next()).map(|(_, text)| text)
}

/// `content`, as markup: what says that it is plain text or Markdown is rendered first.
fn body(json: &Json) -> Option<String> {
    let content = cut(mapped(json, "content", "contentMap")?, limits::REMOTE_CONTENT);
    let mime = json.text("mediaType").unwrap_or("text/html").split(';').next().unwrap_or("").trim();
    Some(match mime {
        "text/plain" => from_plain(content),
        "text/markdown" => comrak::markdown_to_html(content, &comrak::Options::default()),
        _ => content.to_owned(),
    })
}

/// Plain text as paragraphs with links.
fn from_plain(content: &str) -> String {
    let clean = text::clean_input(content);
    let mut tokens = Vec::new();
    for token in text::scan(&clean) {
        match token {
            Token::Hashtag(name) => tokens.extend([Token::Text("#"), Token::Text(name)]),
            other => tokens.push(other),
        }
    }
    text::to_html(&tokens, |_, _| None, |_| String::new()).into_string()
}

/// The text of a post. `kind` is its type, `url` its page for people.
pub fn read(json: &Json, kind: &str, url: &str) -> Html {
    match kind {
        "Note" | "Question" | "ChatMessage" => match mapped(json, "content", "contentMap") {
            Some(content) if plain_html(json) => sanitize_html(cut(content, limits::REMOTE_CONTENT)),
            Some(_) => sanitize_html(&body(json).unwrap_or_default()),
            None => sanitize_html(&paragraph(mapped(json, "name", "nameMap").unwrap_or(""))),
        },
        _ => converted(json, kind, url),
    }
}

/// Markup already, as nearly always.
fn plain_html(json: &Json) -> bool {
    json.text("mediaType")
        .is_none_or(|m| !matches!(m.split(';').next().map(str::trim), Some("text/plain" | "text/markdown")))
}

/// One escaped paragraph of a name.
fn paragraph(name: &str) -> String {
    let text = plain_text(cut(name, limits::REMOTE_CONTENT));
    if text.is_empty() { String::new() } else { format!("<p>{}</p>", escape(&text)) }
}

/// Title, what there is to know, text, link.
fn converted(json: &Json, kind: &str, url: &str) -> Html {
    let mut out = String::new();
    let title = mapped(json, "name", "nameMap").map(|n| plain_text(cut(n, limits::REMOTE_NAME))).unwrap_or_default();
    let about = if kind == "Page" { attachments::linked_page(json) } else { None };
    if !title.is_empty() {
        match &about {
            Some(page) => {
                out.push_str(&format!("<p><a href=\"{}\"><strong>{}</strong></a></p>", escape(page), escape(&title)))
            }
            None => out.push_str(&format!("<p><strong>{}</strong></p>", escape(&title))),
        }
    } else if let Some(page) = &about {
        out.push_str(&link(page));
    }
    match kind {
        "Event" => out.push_str(&when_and_where(json)),
        "Video" | "Audio" => {
            if let Some(ms) = json.text("duration").and_then(attachments::duration) {
                out.push_str(&format!("<p>{}</p>", clock(ms / 1000)));
            }
        }
        _ => {}
    }
    // The community it was posted to.
    if let Some(place) = super::post::place(json).filter(|_| kind == "Page") {
        out.push_str(&link(&place));
    }
    let preview = json.one("preview");
    let full = if preview.is_object() { body(preview) } else { None }.or_else(|| body(json));
    let summary = mapped(json, "summary", "summaryMap").map(|s| cut(s, limits::REMOTE_CONTENT).to_owned());
    let shown = match (full, summary) {
        (Some(full), Some(summary)) if full.len() > WHOLE_ARTICLE => Some(format!("<p>{summary}</p>")),
        (Some(full), _) => Some(full),
        (None, summary) => summary.map(|s| format!("<p>{s}</p>")),
    };
    out.push_str(&shown.unwrap_or_default());
    out.push_str(&link(url));
    sanitize_html(&out)
}

fn link(url: &str) -> String {
    let url = escape(url);
    format!("<p><a href=\"{url}\">{url}</a></p>")
}

/// Time and place of an Event.
fn when_and_where(json: &Json) -> String {
    let day = |t: Timestamp| t.to_datetime().format("%Y-%m-%d %H:%M UTC").to_string();
    let start = json.time("startTime").map(day);
    let end = json.time("endTime").map(day);
    let when = match (start, end) {
        (Some(start), Some(end)) => format!("{start} – {end}"),
        (start, end) => start.or(end).unwrap_or_default(),
    };
    let location = json.one("location");
    let address = location.one("address");
    let mut parts: Vec<&str> = Vec::new();
    for part in [
        location.as_text().or_else(|| location.text("name")),
        address.as_text(),
        address.text("streetAddress"),
        address.text("postalCode"),
        address.text("addressLocality"),
        address.text("addressCountry"),
    ] {
        parts.extend(part.map(|p| cut(p, limits::REMOTE_NAME).trim()).filter(|p| !p.is_empty()));
    }
    let place = parts.join(", ");
    [when, place].iter().filter(|l| !l.is_empty()).map(|line| format!("<p>{}</p>", escape(line))).collect()
}

/// `1:02:03` or `2:03`.
fn clock(seconds: i64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// The content warning, plain text. The summary of an Article and its kin is an abstract, not a warning, unless it
/// hides something.
pub fn spoiler(json: &Json, kind: &str, sensitive: bool) -> String {
    let warns = matches!(kind, "Note" | "Question" | "ChatMessage")
        || (sensitive && mapped(json, "content", "contentMap").is_some());
    match mapped(json, "summary", "summaryMap").filter(|_| warns) {
        Some(summary) => plain_text(cut(summary, limits::REMOTE_SUMMARY)),
        None => String::new(),
    }
}

/// The language: the key of `contentMap` under which `content` stands, else its first; else what `content` or the document
/// says; else the first key of `nameMap` or `summaryMap`; else what the context says (POST-04).
pub fn language(json: &Json) -> Option<String> {
    let content = json.text("content");
    let map = json.one("contentMap");
    let own = map
        .members()
        .find(|(_, v)| content.is_some() && v.as_text() == content)
        .or_else(|| map.members().find(|(_, v)| v.as_text().is_some()))
        .map(|(tag, _)| tag);
    let named = |key| {
        let language: &Json = json.one(key);
        language.as_text().or_else(|| language.text("identifier"))
    };
    let first = |map| json.one(map).members().find(|(_, v)| v.as_text().is_some()).map(|(tag, _)| tag);
    let value = |key| json.one(key).get("@language").as_text();
    let context = || json.values("@context").find_map(|c| c.get("@language").as_text());
    // A tag that means no language says nothing: the next one counts.
    let known = |tag: Option<&str>| tag.and_then(text::language_tag);
    known(own)
        .or_else(|| known(value("content")))
        .or_else(|| known(named("language")))
        .or_else(|| known(named("inLanguage")))
        .or_else(|| known(first("nameMap")))
        .or_else(|| known(first("summaryMap")))
        .or_else(|| known(context()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_post_04_language_tags_are_normalised() {
        for (given, tag) in [
            ("en", Some("en")),
            ("EN_us", Some("en-US")),
            ("zh-hant-tw", Some("zh-Hant-TW")),
            ("und", None),
            ("", None),
            ("english", None),
            ("<b>", None),
        ] {
            assert_eq!(text::language_tag(given).as_deref(), tag, "{given}");
        }
    }
}
