//! The `RE: link` that stands in the text of a quoting post for readers that know no quotes (QUO-01): an element with
//! the class `quote-inline`.

use super::{Html, escape, tag_end};

const CLASS: &str = "quote-inline";

impl Html {
    /// The same without the fallback.
    #[must_use]
    pub fn without_quote_fallback(self) -> Self {
        if !self.0.contains(CLASS) {
            return self;
        }
        let mut out = String::with_capacity(self.0.len());
        // The element that is left out: its name, and how many of that name are open in it.
        let mut skipped: Option<(&str, usize)> = None;
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find('<') {
            let (text, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let (tag, tail) = tag.split_at_checked(tag_end(tag)).unwrap_or((tag, ""));
            rest = tail;
            let name = tag.trim_start_matches(['<', '/']).split([' ', '>']).next().unwrap_or_default();
            match &mut skipped {
                None => {
                    out.push_str(text);
                    if is_fallback(tag) {
                        skipped = Some((name, 1));
                    } else {
                        out.push_str(tag);
                    }
                }
                Some((skipped_name, depth)) if *skipped_name == name => {
                    *depth = if tag.starts_with("</") { depth.saturating_sub(1) } else { depth.saturating_add(1) };
                    if *depth == 0 {
                        skipped = None;
                    }
                }
                Some(_) => {}
            }
        }
        if skipped.is_none() {
            out.push_str(rest);
        }
        Self(out)
    }
}

/// Whether this is the opening tag of a fallback.
fn is_fallback(tag: &str) -> bool {
    let class = tag.split_once(" class=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    !tag.starts_with("</") && class.split_ascii_whitespace().any(|word| word == CLASS)
}

/// The fallback for a quote of what is at this address, and the text behind it.
pub fn with_quote_fallback(url: &str, content: &str) -> String {
    let url = escape(url);
    format!(
        "<p class=\"{CLASS}\">RE: <a href=\"{url}\" rel=\"nofollow noopener\" target=\"_blank\">{url}</a></p>{content}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::html::sanitize_html;

    #[test]
    fn the_fallback_is_taken_out_and_nothing_else() {
        for (before, after) in [
            ("<p class=\"quote-inline\">RE: <a href=\"https://a.example/1\">x</a></p><p>Hi</p>", "<p>Hi</p>"),
            ("<p>Hi<span class=\"quote-inline\"><br><br>RE: <span>a</span> b</span></p>", "<p>Hi</p>"),
            ("<p class=\"quote-inline\">RE: x", ""),
            ("<p class=\"h-card quote-inline\">RE: x</p>", ""),
            ("<p>quote-inline</p>", "<p>quote-inline</p>"),
            ("<p class=\"mention\">RE: x</p>", "<p class=\"mention\">RE: x</p>"),
            ("<p>RE: x</p>", "<p>RE: x</p>"),
        ] {
            assert_eq!(sanitize_html(before).without_quote_fallback().as_str(), after, "{before}");
        }
        let own = with_quote_fallback("https://a.example/?a=\"b\"&c", "<p>Hi</p>");
        assert_eq!(sanitize_html(&own).without_quote_fallback().as_str(), "<p>Hi</p>");
    }
}
