//! What foreign markup would cost the parser.

use std::collections::HashMap;

/// Whether the HTML5 parser can be let loose on this. Unclosed formatting elements are opened again in every later
/// block, so hostile nesting costs (unclosed elements) x (tags) nodes; and at many a tag the parser looks through all
/// elements that are open, whatever they are (LIM-11). Real posts stay far below both bounds.
pub(super) fn affordable(markup: &str) -> bool {
    const FORMATTING: [&str; 14] =
        ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    const RAW: [&str; 9] =
        ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"];
    // Within these a closing tag does not reach what was opened around them, and of some every one counts for the parser,
    // closed or not.
    const SCOPES: [&str; 14] = [
        "applet", "body", "caption", "frameset", "html", "marquee", "math", "object", "select", "svg", "table", "td",
        "template", "th",
    ];
    const EMPTY: [&str; 13] =
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
    // The parser compares each attribute of a tag with all before it.
    const SEPARATORS: usize = 4_000;
    let quotes_of = |text: &str| text.bytes().filter(|b| matches!(b, b'"' | b'\'')).count();
    let (mut tags, mut open, mut deepest, mut trusted) = (0usize, [0usize; FORMATTING.len()], 0usize, true);
    let (mut nested, mut all_open, mut most_open, mut simple) = (HashMap::<String, usize>::new(), 0usize, 0usize, true);
    let separates = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'/');
    // What a tag holds ends at the next `>`, which is looked for once and not once for each `<`.
    for piece in markup.split('>') {
        let (mut rest, mut quotes) = (piece, quotes_of(piece));
        while let Some((before, tail)) = rest.split_once('<') {
            quotes = quotes.saturating_sub(quotes_of(before));
            rest = tail;
            tags += 1;
            let closing = rest.starts_with('/');
            let name_on = if closing { rest.get(1..).unwrap_or("") } else { rest };
            let end = name_on.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name_on.len());
            let name = name_on.get(..end).unwrap_or("").to_ascii_lowercase();
            // Comments, raw text and quoted attributes can hide a closing tag: then nothing counts as closed any more.
            if name.is_empty() || RAW.contains(&name.as_str()) || quotes % 2 == 1 {
                trusted = false;
            }
            simple &= !SCOPES.contains(&name.as_str());
            if let Some(kind) = FORMATTING.iter().position(|f| *f == name)
                && let Some(count) = open.get_mut(kind)
            {
                if !closing {
                    *count += 1;
                } else if trusted {
                    *count = count.saturating_sub(1);
                }
                deepest = deepest.max(open.iter().sum());
            }
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || EMPTY.contains(&name.as_str()) {
                continue;
            }
            let same = nested.entry(name).or_default();
            if !closing {
                *same += 1;
                all_open += 1;
                most_open = most_open.max(all_open);
            } else if trusted && simple && *same > 0 {
                *same -= 1;
                all_open -= 1;
            }
        }
        let is_tag = rest.len() < piece.len() && rest.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_tag && rest.bytes().filter(separates).count() > SEPARATORS {
            return false;
        }
    }
    deepest.saturating_mul(tags) <= 200_000 && most_open.saturating_mul(tags) <= 30_000_000
}
