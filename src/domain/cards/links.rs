//! Which page a text is about.

use crate::{domain::html::plain_text, uri};
use url::Url;

/// A link in clean markup.
struct Anchor<'m> {
    href: String,
    class: &'m str,
    /// What stands between the tags.
    inner: &'m str,
}

/// The value of an attribute in a tag of clean markup, where all values are in double quotes.
fn attribute<'m>(tag: &'m str, name: &str) -> Option<&'m str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Behind the `>` of the tag that this begins in.
fn end_of_tag(rest: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let end = rest.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    })?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

fn anchors(markup: &str) -> impl Iterator<Item = Anchor<'_>> {
    let mut rest = markup;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find("<a ")?;
            // The blank stays: attributes are found by it.
            let (tag, tail) = end_of_tag(rest.get(at + 2..)?)?;
            rest = tail;
            let Some(href) = attribute(tag, "href") else { continue };
            let inner = tail.split("</a>").next().unwrap_or_default();
            return Some(Anchor { href: plain_text(href), class: attribute(tag, "class").unwrap_or_default(), inner });
        }
    })
}

/// The text of a link as people see it: without what is there for machines only.
fn visible(inner: &str) -> String {
    let mut kept = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, hidden)) = rest.split_once("<span class=\"invisible\">") {
        kept.push_str(before);
        rest = hidden.split_once("</span>").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    plain_text(&kept)
}

/// The normal form of the address of a page, without fragment; none for what is no web address or `is_ours`.
pub fn page_of(href: &str, is_ours: impl Fn(&Url) -> bool) -> Option<String> {
    let mut url = uri::parse(href)?;
    url.set_fragment(None);
    (!is_ours(&url)).then(|| url.into())
}

/// The page that clean markup is about: the first link that is no mention, no hashtag, not hidden, and not `is_ours`.
pub fn first_link(markup: &str, is_ours: impl Fn(&Url) -> bool) -> Option<String> {
    anchors(markup).find_map(|anchor| {
        let named = ["mention", "hashtag", "u-url", "h-card"];
        if anchor.class.split_ascii_whitespace().any(|class| named.contains(&class)) {
            return None;
        }
        // Mentions and hashtags of servers that do not mark them.
        let text = visible(anchor.inner);
        if text.is_empty() || text.starts_with(['@', '#']) {
            return None;
        }
        page_of(&anchor.href, &is_ours)
    })
}

/// Whether clean markup may be about a page; cheap, and true rather than wrong.
pub fn may_link(markup: &str) -> bool {
    let mut tags = markup.split("<a ").skip(1);
    tags.any(|rest| !rest.split('>').next().is_some_and(|tag| tag.contains("mention")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(markup: &str) -> Option<String> {
        first_link(markup, |url| url.host_str() == Some("here.example"))
    }

    #[test]
    fn the_first_link_that_is_a_page_is_the_one() {
        let mention = r#"<span class="h-card" translate="no"><a href="https://a.example/@ada" class="u-url mention">@<span>ada</span></a></span>"#;
        let tag = r#"<a href="https://a.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a>"#;
        let page =
            r#"<a href="https://News.example/a?b=1&amp;c=2#top" rel="nofollow noopener" target="_blank">news</a>"#;
        assert_eq!(of(&format!("<p>{mention} {tag} {page}</p>")).as_deref(), Some("https://news.example/a?b=1&c=2"));
        assert_eq!(of(&format!("<p>{mention} {tag}</p>")), None);
        assert_eq!(of("plain"), None);
    }

    #[test]
    fn mentions_and_hashtags_are_known_without_their_classes() {
        let unmarked =
            r#"<a href="https://a.example/u/1" rel="nofollow noopener">@ada</a> <a href="https://a.example/t">#t</a>"#;
        assert_eq!(of(unmarked), None);
    }

    #[test]
    fn what_nobody_sees_and_what_is_no_page_is_passed_over() {
        for markup in [
            r#"<a href="https://b.example/"></a>"#,
            r#"<a href="https://b.example/"><span class="invisible">https://b.example/</span></a>"#,
            r#"<a href="mailto:a@b.example">write</a>"#,
            r#"<a href="https://user:word@b.example/">secret</a>"#,
            r#"<a href="https://here.example/@bob/1">a post of ours</a>"#,
            r#"<a class="x">nothing</a>"#,
        ] {
            assert_eq!(of(markup), None, "{markup}");
        }
        let short =
            r#"<a href="https://b.example/long"><span class="invisible">https://</span><span>b.exam</span></a>"#;
        assert_eq!(of(short).as_deref(), Some("https://b.example/long"));
        let quoted = r#"<a href="https://b.example/?q=a>b" class="x">q</a>"#;
        assert_eq!(of(quoted).as_deref(), Some("https://b.example/?q=a%3Eb"));
    }

    #[test]
    fn a_text_without_pages_is_not_looked_at_twice() {
        assert!(!may_link("<p>hello</p>"));
        assert!(!may_link(r#"<p><a href="https://a.example/@ada" class="u-url mention">@ada</a></p>"#));
        assert!(may_link(r#"<p><a href="https://a.example/">a</a></p>"#));
    }
}
