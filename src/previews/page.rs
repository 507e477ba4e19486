//! What the head of a page says: OpenGraph, Twitter cards, and plain HTML. Read with the tokenizer of an HTML parser; no
//! tree is built, and the page is nothing but a source of texts and addresses.

use crate::{
    domain::{cards::Preview, html::plain_line},
    limits,
    time::Timestamp,
    uri,
};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, CharacterTokens, Tag, TagKind, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
        TokenizerOpts, states::RawKind,
    },
};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashMap,
};
use url::Url;

/// Bytes handed to the tokenizer at once.
const PIECE: usize = 4 * 1024;
/// What may separate attributes within one tag, at most: the tokenizer compares each attribute of a tag with all before
/// it. The same bounds comments.
const SEPARATORS: usize = 8_000;
/// Bytes in which a page says which encoding it has.
const PRESCAN: usize = 4 * 1024;
/// Bytes of a text that are looked at.
const TEXT: usize = 16 * 1024;

/// What is looked for in `<meta>`.
const WANTED: &[&str] = &[
    "og:title",
    "og:description",
    "og:site_name",
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "og:image:width",
    "og:image:height",
    "og:image:alt",
    "og:video",
    "og:video:url",
    "og:video:secure_url",
    "twitter:player",
    "twitter:title",
    "twitter:description",
    "twitter:image",
    "twitter:image:src",
    "twitter:image:alt",
    "description",
    "author",
    "article:author",
    "article:published_time",
    "application-name",
    "fediverse:creator",
];

/// What was found so far.
#[derive(Default)]
struct Head {
    /// Something was found since this was last set to false.
    moved: Cell<bool>,
    /// The head has ended, or a limit was met.
    done: Cell<bool>,
    elements: Cell<usize>,
    attributes: Cell<usize>,
    in_title: Cell<bool>,
    title: RefCell<Option<String>>,
    meta: RefCell<HashMap<&'static str, String>>,
    language: RefCell<Option<String>>,
    charset: RefCell<Option<String>>,
    canonical: RefCell<Option<String>>,
    oembed: RefCell<Option<String>>,
}

impl TokenSink for Head {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        self.moved.set(true);
        if self.done.get() {
            return TokenSinkResult::Continue;
        }
        match token {
            TagToken(tag) => return self.tag(&tag),
            CharacterTokens(text) if self.in_title.get() => {
                if let Some(title) = self.title.borrow_mut().as_mut().filter(|title| title.len() < TEXT) {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Keeps the first of several.
fn first(place: &RefCell<Option<String>>, found: Option<&str>) {
    let mut place = place.borrow_mut();
    if place.is_none() {
        *place =
            found.map(|text| crate::domain::html::cut(text, TEXT).to_owned()).filter(|text| !text.trim().is_empty());
    }
}

impl Head {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let get = |name: &str| tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value);
        let starts = tag.kind == TagKind::StartTag;
        self.elements.set(self.elements.get() + 1);
        self.attributes.set(self.attributes.get() + tag.attrs.len());
        if self.elements.get() > limits::CARD_ELEMENTS || self.attributes.get() > limits::CARD_ATTRIBUTES {
            self.done.set(true);
        }
        match (&*tag.name, starts) {
            ("html", true) => first(&self.language, get("lang").or_else(|| get("xml:lang"))),
            ("head", false) | ("body", true) => self.done.set(true),
            ("title", true) => {
                let mut title = self.title.borrow_mut();
                self.in_title.set(title.is_none());
                title.get_or_insert_default();
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            ("title", false) => self.in_title.set(false),
            ("meta", true) => self.meta(&get),
            ("link", true) => self.link(&get),
            ("textarea", true) => return TokenSinkResult::RawData(RawKind::Rcdata),
            ("script", true) => return TokenSinkResult::RawData(RawKind::ScriptData),
            ("style" | "xmp" | "iframe" | "noembed" | "noframes", true) => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn meta<'t>(&self, get: &dyn Fn(&str) -> Option<&'t str>) {
        if let Some(charset) = get("charset") {
            first(&self.charset, Some(charset));
        }
        let Some(content) = get("content") else { return };
        if get("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-type")) {
            first(&self.charset, charset_of(content));
        }
        let names = [get("property"), get("name")].into_iter().flatten();
        for name in names.flat_map(str::split_ascii_whitespace) {
            let wanted = WANTED.iter().find(|wanted| wanted.eq_ignore_ascii_case(name));
            if let Some(wanted) = wanted.filter(|_| !content.trim().is_empty()) {
                let content = crate::domain::html::cut(content, TEXT);
                self.meta.borrow_mut().entry(wanted).or_insert_with(|| content.to_owned());
            }
        }
    }

    fn link<'t>(&self, get: &dyn Fn(&str) -> Option<&'t str>) {
        let rel = |wanted: &str| {
            get("rel").unwrap_or_default().split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(wanted))
        };
        if rel("canonical") {
            first(&self.canonical, get("href"));
        }
        let kind = get("type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if rel("alternate") && kind.eq_ignore_ascii_case("application/json+oembed") {
            first(&self.oembed, get("href"));
        }
    }
}

/// Reads markup until its head ends or a limit is met.
fn head(markup: &str) -> Head {
    let tokenizer = Tokenizer::new(Head::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let (mut rest, mut separators) = (markup, 0usize);
    while !rest.is_empty() {
        let piece = match crate::domain::html::cut(rest, PIECE) {
            "" => rest,
            piece => piece,
        };
        rest = rest.get(piece.len()..).unwrap_or_default();
        queue.push_back(StrTendril::from(piece));
        while !queue.is_empty() {
            // It stops for scripts and encodings that we do not run or change.
            let _ = tokenizer.feed(&queue);
        }
        let own = piece.bytes().filter(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'/')).count();
        separators = if tokenizer.sink.moved.take() { own } else { separators + own };
        if tokenizer.sink.done.get() || separators > SEPARATORS {
            break;
        }
    }
    tokenizer.sink
}

/// `utf-8` of `text/html; charset="utf-8"`.
fn charset_of(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// The text of a page: by its first bytes, its header, its own word, and else as it looks.
fn decode<'b>(body: &'b [u8], content_type: &str) -> Cow<'b, str> {
    if let Some((encoding, length)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(body.get(length..).unwrap_or_default()).0;
    }
    let said = || {
        let start = WINDOWS_1252.decode_without_bom_handling(body.get(..PRESCAN).unwrap_or(body)).0;
        let label = head(&start).charset.take()?;
        // What can be read as ASCII so far is not UTF-16.
        Encoding::for_label(label.trim().as_bytes())
            .map(|encoding| if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
    };
    let looks = || match std::str::from_utf8(body) {
        Err(error) if error.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    };
    let header = charset_of(content_type).and_then(|label| Encoding::for_label(label.as_bytes()));
    header.or_else(said).unwrap_or_else(looks).decode_without_bom_handling(body).0
}

/// The first of these that a page says; empty for none.
fn any<'m>(meta: &'m HashMap<&'static str, String>, names: &[&str]) -> &'m str {
    names.iter().find_map(|name| meta.get::<str>(name)).map_or("", String::as_str)
}

/// A number of pixels that is believed.
pub(super) fn pixels(text: &str) -> Option<i64> {
    text.trim().trim_end_matches("px").parse().ok().filter(|n| (1..=100_000).contains(n))
}

/// What a page that lies at `url` says of itself, and where it says more by oEmbed. The title is empty when it has none.
pub(super) fn read(body: &[u8], content_type: &str, url: &Url) -> (Preview, Option<Url>) {
    let head = head(&decode(body, content_type));
    let meta = head.meta.take();
    let get = |names: &[&str]| any(&meta, names);
    let join = |text: &str| {
        let joined = url.join(text.trim()).ok().filter(|_| !text.trim().is_empty())?;
        uri::parse(joined.as_str())
    };
    let title = head.title.take().unwrap_or_default();
    let title = match get(&["og:title", "twitter:title"]) {
        "" => title.as_str(),
        said => said,
    };
    let line = |names: &[&str], most| plain_line(get(names), most);
    let author = get(&["author", "article:author"]).trim();
    let is_address = author.contains("://");
    let canonical = head.canonical.take().and_then(|text| join(&text)).filter(|page| page.origin() == url.origin());
    let preview = Preview {
        photo: false,
        player: join(get(&["og:video:secure_url", "og:video", "og:video:url", "twitter:player"])).is_some(),
        title: plain_line(title, limits::CARD_TITLE),
        description: line(&["og:description", "twitter:description", "description"], limits::CARD_DESCRIPTION),
        author_name: if is_address { String::new() } else { plain_line(author, limits::CARD_NAME) },
        author_url: uri::parse(get(&["article:author"])).map(String::from).unwrap_or_default(),
        provider_name: line(&["og:site_name", "application-name"], limits::CARD_NAME),
        provider_url: String::new(),
        creator: Some(get(&["fediverse:creator"]).trim().to_owned()).filter(|c| !c.is_empty() && c.len() <= 500),
        image: join(get(&["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"]))
            .map(String::from),
        image_description: line(&["og:image:alt", "twitter:image:alt"], limits::ALT_TEXT),
        size: pixels(get(&["og:image:width"])).zip(pixels(get(&["og:image:height"]))),
        language: head.language.take().and_then(|tag| language(&tag)),
        published_at: Timestamp::parse(get(&["article:published_time"])).filter(|at| *at >= Timestamp::from_millis(0)),
        canonical: canonical.map(|mut page| {
            page.set_fragment(None);
            page.into()
        }),
    };
    let oembed = head.oembed.take().and_then(|text| join(&text));
    (preview, oembed)
}

/// A language tag in its usual spelling; none for what is no tag.
fn language(tag: &str) -> Option<String> {
    let (main, region) = tag.trim().split_once(['-', '_']).unwrap_or((tag.trim(), ""));
    let fits = matches!(main.len(), 2 | 3)
        && main.bytes().all(|b| b.is_ascii_alphabetic())
        && region.len() <= 30
        && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let main = main.to_ascii_lowercase();
    fits.then(|| match region.len() {
        0 => main,
        2 => format!("{main}-{}", region.to_ascii_uppercase()),
        _ => format!("{main}-{region}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str) -> (Preview, Option<Url>) {
        read(page.as_bytes(), "text/html", &Url::parse("https://news.example/a/b?c").unwrap())
    }

    #[test]
    fn a_head_is_read() {
        let (preview, oembed) = of(r#"<!doctype html><html lang="pt_br"><head>
            <script>var x = "<title>no</title><meta property='og:title' content='no'>";</script>
            <title>Plain &amp; simple</title>
            <meta property="og:title" content="Caf&eacute; news">
            <meta name="description" content="second"><meta property="og:description" content=" first
              line ">
            <meta property="og:image" content="/i.png"><meta property="og:image:width" content="640">
            <meta property="og:image:height" content="480px"><meta property="og:image:alt" content="a cow">
            <meta property="og:site_name" content="News"><meta name="author" content="Ada">
            <meta property="article:published_time" content="2026-11-01T10:00:00+02:00">
            <meta name="fediverse:creator" content="@ada@here.example"><meta property="og:video" content="/v.mp4">
            <link rel="canonical" href="/a"><link rel="ALTERNATE" type="application/json+oembed" href="/o?u=1&amp;v=2">
            </head><body><meta property="og:site_name" content="late"></body>"#);
        let at = Timestamp::parse("2026-11-01T08:00:00Z");
        assert_eq!(
            preview,
            Preview {
                player: true,
                title: "Café news".into(),
                description: "first line".into(),
                author_name: "Ada".into(),
                provider_name: "News".into(),
                creator: Some("@ada@here.example".into()),
                image: Some("https://news.example/i.png".into()),
                image_description: "a cow".into(),
                size: Some((640, 480)),
                language: Some("pt-BR".into()),
                published_at: at,
                canonical: Some("https://news.example/a".into()),
                ..Preview::default()
            }
        );
        assert_eq!(oembed.unwrap().as_str(), "https://news.example/o?u=1&v=2");
    }

    #[test]
    fn sec_web_06_markup_in_texts_is_text_and_addresses_are_web_addresses() {
        let (preview, oembed) = of(
            r#"<title>&lt;b&gt;bold&lt;/b&gt; &amp;lt;img src=x onerror=alert(1)&amp;gt;</title>
            <meta property="og:description" content="&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;lt;i&amp;amp;gt;x">
            <meta property="og:image" content="javascript:alert(1)"><meta property="article:author" content="data:x">
            <link rel=canonical href="https://elsewhere.example/"><link rel=alternate type=application/json+oembed href="file:///etc">"#,
        );
        assert!(preview.title.starts_with("bold") && !preview.title.contains('<'), "{preview:?}");
        assert!(!preview.description.contains('<'), "{preview:?}");
        assert_eq!((preview.image, preview.author_url.as_str(), preview.canonical), (None, "", None));
        assert_eq!(oembed, None);
    }

    #[test]
    fn encodings_are_found_where_they_are_said() {
        let url = Url::parse("https://a.example/").unwrap();
        let title = |body: &[u8], kind: &str| read(body, kind, &url).0.title;
        assert_eq!(title(b"<title>caf\xe9</title>", "text/html; charset=ISO-8859-1"), "café");
        assert_eq!(title(b"<meta charset=windows-1251><title>\xcf\xf0</title>", "text/html"), "Пр");
        let equiv = b"<meta http-equiv=Content-Type content='text/html; charset=shift_jis'><title>\x93\xfa</title>";
        assert_eq!(title(equiv, "text/html"), "日");
        assert_eq!(title("<title>é</title>".as_bytes(), "text/html; charset=nonsense"), "é");
        assert_eq!(title(b"<title>caf\xe9</title>", "text/html"), "café");
        assert_eq!(title(b"\xef\xbb\xbf<title>\xc3\xa9</title>", "text/html; charset=latin1"), "é");
        assert_eq!(title("<meta charset=utf-16><title>é</title>".as_bytes(), "text/html"), "é");
    }

    #[test]
    fn hostile_pages_end_early() {
        let begun = std::time::Instant::now();
        let many: String = (0..10_000).map(|n| format!("<meta name=x{n} content=y>")).collect();
        assert_eq!(of(&format!("{many}<title>late</title>")).0.title, "");
        let attributes: String = (0..120_000).map(|n| format!(" a{n}=1")).collect();
        assert_eq!(of(&format!("<meta{attributes}><title>late</title>")).0.title, "");
        assert_eq!(of(&format!("<title>{}", "x".repeat(1_000_000))).0.title.len(), limits::CARD_TITLE);
        assert_eq!(of(&"<".repeat(1_000_000)).0.title, "");
        assert_eq!(of(&"<title>".repeat(100_000)).0.title, "");
        assert_eq!(of(&"&".repeat(500_000)).0.title, "");
        assert_eq!(of(&format!("<!--{}", "- ".repeat(400_000))).0.title, "");
        assert!(begun.elapsed().as_secs() < 60);
    }
}
