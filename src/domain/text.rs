//! What people type, turned into what clients show: mentions, hashtags, links, paragraphs (`entities.md` 1.10), and the
//! count of characters. Pure: looking accounts up is the caller's business. Markup of others is cleaned in
//! [`super::html`].

use super::html::{Html, escape_into};
use crate::{limits, uri};
use linkify::{LinkFinder, LinkKind};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// A piece of typed text. The pieces of [`scan`], joined, are the text again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// Anything else, line breaks included.
    Text(&'t str),
    /// An address of a kind that may be linked.
    Url(&'t str),
    /// `@user` or `@user@domain`, as typed.
    Mention {
        /// The name as typed.
        username: &'t str,
        /// The domain as typed, with its port if any. `None`: somebody here.
        domain: Option<&'t str>,
    },
    /// `#name`, without the sign; see [`normalize_hashtag`].
    Hashtag(&'t str),
}

/// Typed text as it is stored: `\n` as the only line break, no control characters (tabs stay).
pub fn clean_input(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Cow::Borrowed(text);
    }
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(unified.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect())
}

/// Cuts text into its tokens. Linear in its length.
pub fn scan(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    if !text.contains("://") {
        scan_words(text, 0, text.len(), &mut tokens);
        return tokens;
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut from = 0;
    for link in finder.links(text) {
        if linkable(link.as_str()) {
            scan_words(text, from, link.start(), &mut tokens);
            tokens.push(Token::Url(link.as_str()));
            from = link.end();
        }
    }
    scan_words(text, from, text.len(), &mut tokens);
    tokens
}

fn linkable(url: &str) -> bool {
    Url::parse(url)
        .is_ok_and(|u| matches!(u.scheme(), "http" | "https" | "gemini" | "gopher" | "ipfs" | "ipns") && u.has_host())
}

/// Mentions and hashtags of `text[from..to]`.
fn scan_words<'t>(text: &'t str, from: usize, to: usize, tokens: &mut Vec<Token<'t>>) {
    let (mut plain, mut at) = (from, from);
    while let Some(found) = text.get(at..to).and_then(|rest| rest.find(['@', '#', '＃'])) {
        let start = at + found;
        let before = text.get(..start).and_then(|t| t.chars().next_back());
        let Some(sign) = text.get(start..to).and_then(|t| t.chars().next()) else { break };
        let body = text.get(start + sign.len_utf8()..to).unwrap_or("");
        let parsed = if sign == '@' { mention(before, body) } else { hashtag(before, body) };
        match parsed {
            Some((token, length)) => {
                push_text(tokens, text.get(plain..start));
                tokens.push(token);
                at = start + sign.len_utf8() + length;
                plain = at;
            }
            None => at = start + sign.len_utf8(),
        }
    }
    push_text(tokens, text.get(plain..to));
}

fn push_text<'t>(tokens: &mut Vec<Token<'t>>, text: Option<&'t str>) {
    if let Some(text) = text.filter(|t| !t.is_empty()) {
        tokens.push(Token::Text(text));
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn mention(before: Option<char>, body: &str) -> Option<(Token<'_>, usize)> {
    if before.is_some_and(|c| is_word(c) || matches!(c, '/' | '=')) {
        return None;
    }
    let username = dotted(body, |c| c.is_ascii_alphanumeric() || c == '_', &['.', '-']);
    if username.is_empty() {
        return None;
    }
    let rest = body.get(username.len()..)?;
    let domain = rest.strip_prefix('@').map(|host| {
        let name = dotted(host, char::is_alphanumeric, &['.', '-']);
        // Nodes inside an organisation may live on a port, which is then part of the handle.
        let port = host.get(name.len()..).and_then(|r| r.strip_prefix(':')).map_or(0, |r| {
            let digits = r.bytes().take_while(u8::is_ascii_digit).count();
            if (1..=5).contains(&digits) { digits + 1 } else { 0 }
        });
        host.get(..name.len() + if name.is_empty() { 0 } else { port }).unwrap_or("")
    });
    let domain = domain.filter(|d| !d.is_empty());
    let length = username.len() + domain.map_or(0, |d| d.len() + 1);
    Some((Token::Mention { username, domain }, length))
}

/// The longest start of `text` made of `ok` characters, with separators only between them.
fn dotted<'t>(text: &'t str, ok: impl Fn(char) -> bool, separators: &[char]) -> &'t str {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if ok(c) {
            end = at + c.len_utf8();
        } else if !separators.contains(&c) || at == 0 {
            break;
        }
    }
    text.get(..end).unwrap_or("")
}

fn hashtag(before: Option<char>, body: &str) -> Option<(Token<'_>, usize)> {
    if before.is_some_and(|c| is_word(c) || matches!(c, '/' | ')' | '&' | '#' | '＃')) {
        return None;
    }
    let name = dotted(body, |c| is_word(c) || is_combining_mark(c), &['·', '・', '\u{200c}']);
    let good = name.chars().any(char::is_alphabetic) && name.chars().count() <= 100;
    good.then_some((Token::Hashtag(name), name.len()))
}

/// The name under which a hashtag is stored: without `#`, width and case folded (POST-07). `None` when it is not one.
pub fn normalize_hashtag(name: &str) -> Option<String> {
    let name = name.trim().trim_start_matches(['#', '＃']);
    let ascii = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let folded: String =
        if ascii { name.to_ascii_lowercase() } else { name.nfkc().flat_map(char::to_lowercase).collect() };
    match hashtag(None, &folded) {
        Some((_, length)) if length == folded.len() => Some(folded),
        _ => None,
    }
}

/// The stored names of the hashtags among `tokens`, each once, in order.
pub fn hashtags(tokens: &[Token<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    for token in tokens {
        if let Token::Hashtag(name) = token
            && let Some(name) = normalize_hashtag(name)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The mentions among `tokens` as (name, domain), both in lower case and the domain in punycode, each once, in order.
pub fn mentions(tokens: &[Token<'_>]) -> Vec<(String, Option<String>)> {
    let mut handles = Vec::new();
    for token in tokens {
        if let Token::Mention { username, domain } = token {
            let handle = (username.to_ascii_lowercase(), domain.map(uri::domain));
            if !handles.contains(&handle) {
                handles.push(handle);
            }
        }
    }
    handles
}

/// Characters as people count them (grapheme clusters); an address counts 23, a remote mention only `@user`.
pub fn count(tokens: &[Token<'_>]) -> usize {
    tokens
        .iter()
        .map(|token| match token {
            Token::Text(text) => characters(text),
            Token::Url(_) => limits::URL_CHARACTERS,
            Token::Mention { username, .. } => 1 + username.len(),
            Token::Hashtag(name) => 1 + characters(name),
        })
        .sum()
}

/// Grapheme clusters of plain text.
pub fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).count() }
}

/// Typed text as markup: paragraphs, line breaks, links. `profile` answers the profile page of a mentioned account (the
/// very string of `mentions[].url`), or `None` when nobody of that name is known: then it stays text. `tag_page` answers
/// the page of a hashtag by its stored name.
pub fn to_html(
    tokens: &[Token<'_>],
    profile: impl FnMut(&str, Option<&str>) -> Option<String>,
    tag_page: impl Fn(&str) -> String,
) -> Html {
    render(tokens, Style::Paragraphs, profile, tag_page)
}

/// One line of typed text as markup, for profile fields: no paragraphs, links with `rel="me"` as well.
pub fn to_inline_html(
    tokens: &[Token<'_>],
    profile: impl FnMut(&str, Option<&str>) -> Option<String>,
    tag_page: impl Fn(&str) -> String,
) -> Html {
    render(tokens, Style::Line, profile, tag_page)
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Paragraphs,
    Line,
}

fn render(
    tokens: &[Token<'_>],
    style: Style,
    mut profile: impl FnMut(&str, Option<&str>) -> Option<String>,
    tag_page: impl Fn(&str) -> String,
) -> Html {
    let length: usize = tokens.iter().map(|t| if let Token::Text(t) = t { t.len() + 8 } else { 200 }).sum();
    let mut page =
        Page { out: String::with_capacity(length + 16), style, open: false, breaks: 0, spaces: String::new() };
    for token in tokens {
        match *token {
            Token::Text(text) => page.text(text),
            Token::Url(url) => link(page.inline(), url, style),
            Token::Mention { username, domain } => match profile(username, domain.map(uri::domain).as_deref()) {
                Some(url) => {
                    let out = page.inline();
                    out.push_str("<span class=\"h-card\" translate=\"no\"><a href=\"");
                    escape_into(out, &url);
                    out.push_str("\" class=\"u-url mention\">@<span>");
                    escape_into(out, username);
                    out.push_str("</span></a></span>");
                }
                None => {
                    let out = page.inline();
                    out.push('@');
                    escape_into(out, username);
                    if let Some(domain) = domain {
                        out.push('@');
                        escape_into(out, domain);
                    }
                }
            },
            Token::Hashtag(name) => {
                let stored = normalize_hashtag(name).unwrap_or_default();
                let out = page.inline();
                out.push_str("<a href=\"");
                escape_into(out, &tag_page(&stored));
                out.push_str("\" class=\"mention hashtag\" rel=\"tag\">#<span>");
                escape_into(out, name);
                out.push_str("</span></a>");
            }
        }
    }
    if page.open && style == Style::Paragraphs {
        page.out.push_str("</p>");
    }
    Html::composed(page.out)
}

/// Collects paragraphs; line breaks are written only when something follows them.
struct Page {
    out: String,
    style: Style,
    open: bool,
    breaks: usize,
    spaces: String,
}

impl Page {
    /// Ready for something that is seen.
    fn inline(&mut self) -> &mut String {
        if !self.open {
            if self.style == Style::Paragraphs {
                self.out.push_str("<p>");
            }
            self.open = true;
        } else if self.breaks > 0 {
            self.out.push_str(match (self.style, self.breaks) {
                (Style::Line, _) => " ",
                (Style::Paragraphs, 1) => "<br>",
                (Style::Paragraphs, _) => "</p><p>",
            });
        }
        self.breaks = 0;
        self.out.push_str(&self.spaces);
        self.spaces.clear();
        &mut self.out
    }

    fn text(&mut self, mut text: &str) {
        while !text.is_empty() {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            if !word.is_empty() {
                escape_into(self.inline(), word);
            }
            let mut rest = rest.chars();
            match rest.next() {
                Some('\n') => {
                    self.breaks += 1;
                    self.spaces.clear();
                }
                Some(space) => self.spaces.push(space),
                None => {}
            }
            text = rest.as_str();
        }
    }
}

fn link(out: &mut String, url: &str, style: Style) {
    let scheme = url.find("://").map_or(0, |at| at + 3);
    let www = url.get(scheme..).is_some_and(|r| r.starts_with("www."));
    let prefix = scheme + if www { 4 } else { 0 };
    let (hidden, shown) = url.split_at_checked(prefix).unwrap_or(("", url));
    // The host stays visible whatever its length (WEB-05).
    let authority = shown.find(['/', '?', '#']).unwrap_or(shown.len());
    let thirty = shown.char_indices().nth(30).map_or(shown.len(), |(at, _)| at);
    let (shown, rest) = shown.split_at_checked(thirty.max(authority)).unwrap_or((shown, ""));
    out.push_str("<a href=\"");
    escape_into(out, url);
    out.push_str("\" target=\"_blank\" rel=\"nofollow noopener");
    out.push_str(if style == Style::Line { " me" } else { "" });
    out.push_str("\" translate=\"no\"><span class=\"invisible\">");
    escape_into(out, hidden);
    out.push_str(if rest.is_empty() { "</span><span class=\"\">" } else { "</span><span class=\"ellipsis\">" });
    escape_into(out, shown);
    out.push_str("</span><span class=\"invisible\">");
    escape_into(out, rest);
    out.push_str("</span></a>");
}

/// `EN_us` as `en-US`. `None` for what is no tag, and for the undetermined language.
pub fn language_tag(tag: &str) -> Option<String> {
    let mut out = String::with_capacity(tag.len());
    for (i, part) in tag.trim().split(['-', '_']).enumerate() {
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_alphanumeric()) || i > 4 {
            return None;
        }
        let part = part.to_ascii_lowercase();
        match (i, part.len()) {
            (0, 2 | 3) if part.bytes().all(|b| b.is_ascii_alphabetic()) && part != "und" => out.push_str(&part),
            (0, _) => return None,
            (_, 2) => {
                out.push('-');
                out.push_str(&part.to_ascii_uppercase());
            }
            (_, 4) => {
                out.push('-');
                let mut letters = part.chars();
                out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
                out.push_str(letters.as_str());
            }
            _ => {
                out.push('-');
                out.push_str(&part);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(text: &str) -> String {
        let known = |name: &str, domain: Option<&str>| {
            let host = domain.unwrap_or("here.example").to_lowercase();
            (name != "nobody").then(|| format!("https://{host}/@{name}"))
        };
        to_html(&scan(text), known, |tag| format!("https://here.example/tags/{tag}")).into_string()
    }

    #[test]
    fn paragraphs_and_line_breaks() {
        assert_eq!(html("one\ntwo\n\nthree"), "<p>one<br>two</p><p>three</p>");
        assert_eq!(html("\n\n  a\n \n\n b  \n\n"), "<p>  a</p><p> b</p>");
        assert_eq!(html(""), "");
        assert_eq!(html(" \n "), "");
        assert_eq!(html("<b> & \"'"), "<p>&lt;b&gt; &amp; &quot;&#39;</p>");
        assert_eq!(clean_input("a\r\nb\rc\u{0}d\te"), "a\nb\ncd\te");
    }

    #[test]
    fn mentions_are_linked_when_known() {
        assert_eq!(
            html("hi @ann, @Bob@Other.Example."),
            "<p>hi <span class=\"h-card\" translate=\"no\"><a href=\"https://here.example/@ann\" \
             class=\"u-url mention\">@<span>ann</span></a></span>, <span class=\"h-card\" translate=\"no\"><a \
             href=\"https://other.example/@Bob\" class=\"u-url mention\">@<span>Bob</span></a></span>.</p>"
        );
        assert_eq!(html("@nobody@x.example?"), "<p>@nobody@x.example?</p>");
        assert_eq!(html("joe@mail.example /@x a=@y @"), "<p>joe@mail.example /@x a=@y @</p>");
    }

    #[test]
    fn what_is_a_mention() {
        let of = |t| mentions(&scan(t));
        assert_eq!(of("(@a.b-c) @A.B-C"), [("a.b-c".into(), None)]);
        assert_eq!(
            of("@a@localhost:8080: @b@h:x"),
            [("a".into(), Some("localhost:8080".into())), ("b".into(), Some("h".into()))]
        );
        assert_eq!(
            of("@a@ @b@münchen.example-"),
            [("a".into(), None), ("b".into(), Some("xn--mnchen-3ya.example".into()))]
        );
        assert_eq!(of("https://x.example/@ann"), []);
    }

    #[test]
    fn what_is_a_hashtag() {
        let of = |t| hashtags(&scan(t));
        assert_eq!(of("#One #two_2 #ONE (#three) #2026 #_ #x2"), ["one", "two_2", "three", "x2"]);
        assert_eq!(of("a#b /#c &#39; ##d https://h.example/#frag"), Vec::<String>::new());
        assert_eq!(of("#Ｗｉｄｅ #ÄÖ #日本語 #caf\u{65}\u{301}s"), ["wide", "äö", "日本語", "cafés"]);
        assert_eq!(normalize_hashtag("#Foo").as_deref(), Some("foo"));
        assert_eq!(normalize_hashtag("foo bar"), None);
        assert_eq!(normalize_hashtag("12"), None);
        assert_eq!(
            html("#Foo!"),
            "<p><a href=\"https://here.example/tags/foo\" class=\"mention hashtag\" rel=\"tag\">#<span>Foo</span></a>!</p>"
        );
    }

    #[test]
    fn sec_web_05_links_are_shortened_and_keep_their_host() {
        assert_eq!(
            html("see https://www.a.example/b?c=d&e (ok)"),
            "<p>see <a href=\"https://www.a.example/b?c=d&amp;e\" target=\"_blank\" rel=\"nofollow noopener\" \
             translate=\"no\"><span class=\"invisible\">https://www.</span><span class=\"\">a.example/b?c=d&amp;e</span>\
             <span class=\"invisible\"></span></a> (ok)</p>"
        );
        let long = html("https://a.example/0123456789012345678901234567890");
        assert!(long.contains("<span class=\"ellipsis\">a.example/01234567890123456789</span>"), "{long}");
        let host = format!("https://good.example@{}.evil.example/x", "a".repeat(40));
        assert!(html(&host).contains("evil.example</span>"), "{}", html(&host));
        assert_eq!(scan("javascript://x data:y http://").len(), 1);
    }

    #[test]
    fn counting_follows_the_published_rules() {
        let count = |t: &str| count(&scan(t));
        assert_eq!(count("hello"), 5);
        assert_eq!(count("👩‍👩‍👧‍👦é"), 2);
        assert_eq!(count("https://a.example/very/long/path/which/does/not/matter/at/all x"), 25);
        assert_eq!(count("@ann@very.long.domain.example hi"), 7);
        assert_eq!(count("#tag"), 4);
    }

    #[test]
    fn our_own_markup_passes_the_sanitiser_but_for_rel_and_target() {
        let own = html("hi @ann see https://a.example/x #tag\n\n<b>");
        let cleaned = super::super::html::sanitize_html(&own).into_string();
        assert_eq!(cleaned.matches("<a ").count(), 3);
        assert!(cleaned.contains("class=\"u-url mention\"") && cleaned.contains("class=\"mention hashtag\""));
    }

    proptest! {
        #[test]
        fn tokens_joined_are_the_text(text in "[a-z@#:/. ＃\n\u{e9}\u{1F600}&<-]{0,60}") {
            let mut joined = String::new();
            for token in scan(&text) {
                match token {
                    Token::Text(t) | Token::Url(t) => joined.push_str(t),
                    Token::Mention { username, domain } => {
                        joined.push('@');
                        joined.push_str(username);
                        if let Some(d) = domain { joined.push('@'); joined.push_str(d); }
                    }
                    Token::Hashtag(name) => { joined.push('#'); joined.push_str(name); }
                }
            }
            prop_assert_eq!(joined.replace('＃', "#"), text.replace('＃', "#"));
            let _ = html(&text);
        }
    }
}
