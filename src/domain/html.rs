//! HTML that is safe to hand to a client: one allowlist for everything that comes from elsewhere (POST-02, WEB-01),
//! escaping for our own text, and the way back to plain text for search. The type [`Html`] can only be made here and in
//! [`super::text`], so that unsanitised markup cannot be stored by mistake.
//!
//! Two ways lead to the same result. The general one is an HTML5 parser with an allowlist. Most posts are plain
//! paragraphs with links, though: [`fast_path`] reads exactly the well-nested subset for which the parser changes
//! nothing but attributes, and gives up at the first doubt. A property test compares the two.

mod cost;
mod fallback;

pub use fallback::with_quote_fallback;

use cost::affordable;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Sanitised markup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Markup composed by `domain::text`, whose parts were escaped one by one.
    pub(super) fn composed(markup: String) -> Self {
        Self(markup)
    }
    /// Markup read back from our own database, where only sanitised markup is written.
    pub fn stored(markup: String) -> Self {
        Self(markup)
    }
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The markup, for storing.
    pub fn into_string(self) -> String {
        self.0
    }
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Elements that stay. Everything else is unwrapped, `script` and `style` go with their contents.
const TAGS: [&str; 26] = [
    "p",
    "br",
    "span",
    "a",
    "del",
    "s",
    "pre",
    "code",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "ul",
    "ol",
    "li",
    "blockquote",
    "ruby",
    "rt",
    "rp",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];
/// Blocks that are unwrapped and keep their text apart from what stands beside them.
const BLOCKS: [&str; 32] = [
    "address",
    "article",
    "aside",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "legend",
    "main",
    "menu",
    "nav",
    "option",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
];
const SCHEMES: [&str; 9] = ["http", "https", "gemini", "gopher", "xmpp", "magnet", "ipfs", "ipns", "mailto"];
const REL: &str = "nofollow noopener";

/// Whether a class means something to clients: microformats and the few of Mastodon's own.
fn class_allowed(class: &str) -> bool {
    matches!(class, "mention" | "hashtag" | "ellipsis" | "invisible" | "quote-inline")
        || ["h-", "p-", "u-", "dt-", "e-"].iter().any(|p| class.len() > p.len() && class.starts_with(p))
}

fn filter_classes(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for class in value.split_ascii_whitespace().filter(|c| class_allowed(c)) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(class);
    }
    out
}

/// Makes markup of unknown origin safe: the allowlist of POST-02 and nothing else; links get `rel` and `target` of ours.
/// The caller has cut the text to its limit before (section 0).
pub fn sanitize_html(markup: &str) -> Html {
    Html(match fast_path(markup) {
        Some(done) => done,
        None => general_path(markup),
    })
}

/// Escapes text for use in an element or in a double-quoted attribute.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    escape_into(&mut out, text);
    Cow::Owned(out)
}

/// Appends escaped text.
pub(super) fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

fn general_path(markup: &str) -> String {
    if !affordable(markup) {
        return format!("<p>{}</p>", escape(&plain_text(markup)));
    }
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(TAGS.into_iter().chain(BLOCKS).collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "class"])),
            ("span", HashSet::from(["class"])),
            ("p", HashSet::from(["class"])),
            ("ol", HashSet::from(["start", "reversed"])),
            ("li", HashSet::from(["value"])),
        ]))
        .generic_attributes(HashSet::from(["lang", "translate"]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some(REL))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(|_, attribute, value| match attribute {
            "class" => Some(Cow::Owned(filter_classes(value))),
            _ => Some(Cow::Borrowed(value)),
        });
    unwrap_blocks(builder.clean(markup).to_string())
}

/// Takes the [`BLOCKS`] out of clean markup: where one begins or ends between two texts, the line breaks.
fn unwrap_blocks(clean: String) -> String {
    let is_block = |tag: &str| {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        BLOCKS.contains(&name)
    };
    if !clean.split('<').skip(1).any(is_block) {
        return clean;
    }
    let mut out = String::with_capacity(clean.len());
    // Whether the line has text already, and whether it ends before the next one.
    let (mut begun, mut ends) = (false, false);
    let mut rest = clean.as_str();
    while !rest.is_empty() {
        let (text, tail) = rest.split_at_checked(rest.find('<').unwrap_or(rest.len())).unwrap_or((rest, ""));
        if !text.trim().is_empty() {
            if std::mem::take(&mut ends) {
                out.push_str("<br>");
            }
            begun = true;
        }
        // White space at the end of a line would be white space at the beginning of the next.
        if !ends || !text.trim().is_empty() {
            out.push_str(text);
        }
        let (tag, tail) = tail.split_at_checked(tag_end(tail)).unwrap_or((tail, ""));
        rest = tail;
        let Some(inner) = tag.strip_prefix('<') else { continue };
        let name = inner.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        if is_block(inner) {
            (begun, ends) = (false, begun || ends);
            continue;
        }
        match name {
            "p" | "br" | "pre" | "ul" | "ol" | "li" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                (begun, ends) = (false, false);
            }
            _ if ends && !inner.starts_with('/') => {
                out.push_str("<br>");
                ends = false;
            }
            _ => {}
        }
        out.push_str(tag);
    }
    out
}

/// Behind the end of the tag that this begins with; values of attributes are quoted and may hold anything but quotes.
fn tag_end(markup: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in markup.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    markup.len()
}

/// What may hold what in the fast path.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Paragraph,
    List,
    Item,
    Quote,
    Inline,
}

struct Open<'m> {
    name: &'m str,
    kind: Kind,
}

/// The well-nested subset: paragraphs, lists, quotes, simple inline elements, double-quoted attributes, the common
/// entities. `None` at the first thing outside of it.
fn fast_path(markup: &str) -> Option<String> {
    if markup.starts_with('\u{feff}') {
        return None;
    }
    let mut out = String::with_capacity(markup.len() + 128);
    let mut stack: Vec<Open<'_>> = Vec::with_capacity(8);
    let mut rest = markup;
    while !rest.is_empty() {
        let next = rest.bytes().position(|b| b == b'<').unwrap_or(rest.len());
        let (text, tail) = rest.split_at_checked(next)?;
        copy_text(&mut out, text)?;
        rest = tail;
        if rest.is_empty() {
            break;
        }
        rest = match rest.strip_prefix("</") {
            Some(tail) => {
                let open = stack.pop()?;
                out.push_str("</");
                out.push_str(open.name);
                out.push('>');
                tail.strip_prefix(open.name)?.strip_prefix('>')?
            }
            None => copy_tag(&mut out, &mut stack, rest.get(1..)?)?,
        };
    }
    stack.is_empty().then_some(out)
}

fn copy_text(out: &mut String, mut text: &str) -> Option<()> {
    while let Some(at) = text.bytes().position(|b| matches!(b, b'&' | b'>' | b'\r' | 0 | 0xC2)) {
        let (plain, tail) = text.split_at_checked(at)?;
        out.push_str(plain);
        let (written, tail) = if let Some(tail) = tail.strip_prefix('>') {
            ("&gt;", tail)
        } else if let Some(tail) = tail.strip_prefix('\u{a0}') {
            ("&nbsp;", tail)
        } else if let Some(c) = tail.chars().next().filter(|c| (*c as u32) >= 0x80) {
            out.push(c);
            ("", tail.get(c.len_utf8()..)?)
        } else {
            const ENTITIES: [(&str, &str); 7] = [
                ("&amp;", "&amp;"),
                ("&lt;", "&lt;"),
                ("&gt;", "&gt;"),
                ("&quot;", "\""),
                ("&#39;", "'"),
                ("&apos;", "'"),
                ("&nbsp;", "&nbsp;"),
            ];
            ENTITIES.iter().find_map(|(from, to)| Some((*to, tail.strip_prefix(from)?)))?
        };
        out.push_str(written);
        text = tail;
    }
    out.push_str(text);
    Some(())
}

fn copy_tag<'m>(out: &mut String, stack: &mut Vec<Open<'m>>, tag: &'m str) -> Option<&'m str> {
    let end = tag.bytes().position(|b| !b.is_ascii_lowercase())?;
    let (name, mut rest) = tag.split_at_checked(end)?;
    if name == "br" {
        out.push_str("<br>");
        return ["/>", " />", ">"].iter().find_map(|end| rest.strip_prefix(end));
    }
    let kind = match name {
        "p" => Kind::Paragraph,
        "ul" | "ol" => Kind::List,
        "li" => Kind::Item,
        "blockquote" => Kind::Quote,
        "span" | "a" | "del" | "s" | "code" | "em" | "strong" | "b" | "i" | "u" => Kind::Inline,
        _ => return None,
    };
    let parent = stack.last().map(|o| o.kind);
    let fits = match kind {
        Kind::Item => parent == Some(Kind::List),
        Kind::Paragraph | Kind::Quote => matches!(parent, None | Some(Kind::Item | Kind::Quote)),
        Kind::List => matches!(parent, None | Some(Kind::Item | Kind::Quote)),
        // The same formatting element twice is where the parser begins to rearrange.
        Kind::Inline => !stack.iter().any(|o| o.name == name && name != "span"),
    };
    if !fits || stack.len() > 30 {
        return None;
    }
    out.push('<');
    out.push_str(name);
    let mut seen: [&str; 12] = [""; 12];
    let mut count = 0;
    loop {
        if let Some(tail) = rest.strip_prefix('>') {
            rest = tail;
            break;
        }
        let (attribute, tail) = rest.strip_prefix(' ')?.split_once("=\"")?;
        let (value, tail) = tail.split_once('"')?;
        rest = tail;
        let simple = !attribute.is_empty() && attribute.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if !simple || seen.contains(&attribute) {
            return None;
        }
        *seen.get_mut(count)? = attribute;
        count += 1;
        copy_attribute(out, name, attribute, value)?;
    }
    if name == "a" {
        out.push_str(" target=\"_blank\" rel=\"nofollow noopener\"");
    }
    out.push('>');
    stack.push(Open { name, kind });
    Some(rest)
}

fn copy_attribute(out: &mut String, name: &str, attribute: &str, value: &str) -> Option<()> {
    match (name, attribute) {
        ("a", "href") => {
            if !value.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>')) {
                return None;
            }
            let decoded: Cow<'_, str> =
                if value.contains('&') { Cow::Owned(value.replace("&amp;", "&")) } else { Cow::Borrowed(value) };
            if value.matches('&').count() != value.matches("&amp;").count() {
                return None;
            }
            let url = Url::parse(&decoded).ok()?;
            if !SCHEMES.contains(&url.scheme()) {
                return None;
            }
            out.push_str(" href=\"");
            out.push_str(value);
            out.push('"');
        }
        ("a" | "span" | "p", "class") => {
            if !value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' ')) {
                return None;
            }
            out.push_str(" class=\"");
            out.push_str(&filter_classes(value));
            out.push('"');
        }
        (_, "lang" | "translate") => {
            if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return None;
            }
            out.push(' ');
            out.push_str(attribute);
            out.push_str("=\"");
            out.push_str(value);
            out.push('"');
        }
        (_, "start" | "reversed" | "value") => return None,
        // Dropped here and there. An ampersand could be half an entity, which changes nothing for a dropped value.
        _ => {}
    }
    Some(())
}

/// The text of some markup, for search, previews and fields that are plain text: tags away, `br` and ends of blocks as
/// line breaks, entities decoded. Works on untrusted markup as well; a lonely `<` stays a character. The result is
/// plain text: whoever shows it escapes it.
pub fn plain_text(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    let last = markup.rfind('>');
    let mut rest = markup;
    loop {
        let next = rest.find(['<', '&']).unwrap_or(rest.len());
        let Some((text, tail)) = rest.split_at_checked(next) else { break };
        out.push_str(text);
        if tail.is_empty() {
            break;
        }
        // A search that leads nowhere, at each `<` of very many, would take for ever (LIM-11).
        let ends = last.is_some_and(|last| last >= markup.len() - tail.len());
        rest = match tail.strip_prefix('<') {
            Some(tag) => skip_tag(&mut out, tag, ends),
            None => entity(&mut out, tail),
        };
    }
    let mut end = out.trim_end().len();
    out.truncate(end);
    end = out.len() - out.trim_start().len();
    out.drain(..end);
    out
}

/// Goes on behind a tag; `ends` says that a `>` follows at all.
fn skip_tag<'m>(out: &mut String, tag: &'m str, ends: bool) -> &'m str {
    let closing = tag.starts_with('/');
    let name_on = tag.strip_prefix('/').unwrap_or(tag);
    let is_tag = name_on.starts_with(|c: char| c.is_ascii_alphabetic()) || tag.starts_with(['!', '?']);
    let whole = if is_tag && ends { tag.split_once('>') } else { None };
    let Some((inside, mut rest)) = whole else {
        out.push('<');
        return tag;
    };
    let name: String =
        inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    match name.to_ascii_lowercase().as_str() {
        "br" => out.push('\n'),
        hidden @ ("script" | "style") if !closing => {
            let is_end = |at: &usize| {
                let name = rest.get(at + 2..at + 2 + hidden.len());
                name.is_some_and(|name| name.eq_ignore_ascii_case(hidden))
            };
            let end = rest.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or("");
        }
        "p" | "div" | "li" | "blockquote" | "pre" | "ul" | "ol" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
            if closing =>
        {
            out.push('\n');
        }
        _ => {}
    }
    rest
}

fn entity<'m>(out: &mut String, tail: &'m str) -> &'m str {
    let window = cut(tail, 12);
    let decoded = window.find(';').and_then(|end| {
        let name = tail.get(1..end)?;
        let character = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => ' ',
            "hellip" => '…',
            "ndash" => '–',
            "mdash" => '—',
            numeric => {
                let digits = numeric.strip_prefix('#')?;
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(code).filter(|c| !c.is_control() || *c == '\n')?
            }
        };
        Some((character, tail.get(end + 1..)?))
    });
    match decoded {
        Some((character, rest)) => {
            out.push(character);
            rest
        }
        None => {
            out.push('&');
            tail.get(1..).unwrap_or("")
        }
    }
}

/// One line of plain text out of whatever somebody put into a field for text: no tags however often they were escaped,
/// no control characters, at most so many characters (WEB-06).
pub fn plain_line(text: &str, most: usize) -> String {
    let is_tag = |text: &str| {
        let starts = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        text.split('<').skip(1).any(starts)
    };
    let mut plain = plain_text(text);
    for _ in 0..3 {
        if !is_tag(&plain) {
            break;
        }
        plain = plain_text(&plain);
    }
    if is_tag(&plain) {
        plain = plain.replace(['<', '>'], " ");
    }
    let mut line = String::with_capacity(plain.len().min(most));
    for word in plain.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
    }
    line
}

/// Cuts at a character border so that at most `bytes` bytes remain (limits of section 0: cut, not refused).
pub fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests;
