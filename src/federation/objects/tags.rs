//! The `tag` list: mentions, hashtags, emoji, quoted posts.

use super::attachments;
use crate::{
    domain::{
        emoji_reactions::RemoteReaction,
        emojis::is_emoji,
        html::cut,
        interactions::Policies,
        quotes::policy::Said,
        remote::{RemoteEmoji, RemoteMention},
        text::normalize_hashtag,
    },
    federation::json::Json,
    limits, uri,
};

/// Emoji with an image, each shortcode once (POST-10).
pub fn emojis(json: &Json) -> Vec<RemoteEmoji> {
    let mut out: Vec<RemoteEmoji> = Vec::new();
    for tag in json.values("tag").filter(|t| t.is_a("Emoji")) {
        if out.len() == limits::EMOJI {
            break;
        }
        let Some(shortcode) = tag.text("name").and_then(shortcode) else { continue };
        let Some(url) = attachments::picture(tag.get("icon")).0 else { continue };
        if !out.iter().any(|e| e.shortcode == shortcode) {
            out.push(RemoteEmoji { shortcode: shortcode.to_owned(), url, updated: tag.time("updated") });
        }
    }
    out
}

/// With what somebody reacts, if they do: an emoji, or a custom one whose picture stands in `tag`. Misskey says of which
/// server a custom one is, behind its shortcode.
pub fn reaction(json: &Json) -> Option<RemoteReaction> {
    let said = ["content", "_misskey_reaction"].into_iter().filter_map(|key| json.text(key)).map(str::trim);
    let mut custom = None;
    for text in said {
        if is_emoji(text) {
            return Some(RemoteReaction { name: text.to_owned(), url: None });
        }
        let Some(inside) = text.strip_prefix(':').and_then(|text| text.strip_suffix(':')) else { continue };
        custom = custom.or_else(|| shortcode(inside.split('@').next().unwrap_or_default()));
    }
    let name = custom?;
    let named = |tag: &&Json| {
        let written = tag.text("name").unwrap_or_default().trim().trim_matches(':');
        written.split('@').next() == Some(name)
    };
    let tag = json.values("tag").filter(|tag| tag.is_a("Emoji")).take(limits::EMOJI).find(named);
    let url = tag.and_then(|tag| attachments::picture(tag.get("icon")).0);
    Some(RemoteReaction { name: name.to_owned(), url })
}

/// A shortcode without colons, if it is one.
fn shortcode(name: &str) -> Option<&str> {
    let name = name.trim().trim_matches(':');
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
    (!name.is_empty() && name.chars().count() <= limits::SHORTCODE && name.chars().all(good)).then_some(name)
}

/// People named, each once (POST-06).
pub fn mentions(json: &Json) -> Vec<RemoteMention> {
    let mut out: Vec<RemoteMention> = Vec::new();
    for tag in json.values("tag").filter(|t| t.is_a("Mention")) {
        if out.len() == limits::MENTIONS {
            break;
        }
        let Some(uri) = tag.uri("href").or_else(|| tag.id()) else { continue };
        if !out.iter().any(|m| m.uri == uri) {
            out.push(RemoteMention { uri, name: tag.text("name").map(|n| cut(n, limits::REMOTE_NAME).to_owned()) });
        }
    }
    out
}

/// The normal form of a hashtag, as an item of a collection or as what is added to one.
pub fn featured(tag: &Json) -> Option<String> {
    let written = Some(tag).filter(|tag| tag.is_a("Hashtag"))?.text("name")?;
    normalize_hashtag(cut(written, limits::REMOTE_NAME))
}

/// Hashtags as (normal form, as written), each once (POST-07).
pub fn hashtags(json: &Json) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for tag in json.values("tag").filter(|t| t.is_a("Hashtag")) {
        if out.len() == limits::HASHTAGS {
            break;
        }
        let Some(written) = tag.text("name").map(|n| cut(n, limits::REMOTE_NAME)) else { continue };
        let Some(name) = normalize_hashtag(written) else { continue };
        if !out.iter().any(|(known, _)| *known == name) {
            out.push((name, written.trim().trim_start_matches(['#', '＃']).to_owned()));
        }
    }
    out
}

/// Who may quote a post, as its author says; older words of the same too.
pub fn can_quote(json: &Json) -> Said {
    said(json.one("interactionPolicy").one("canQuote"))
}

/// What others may do to a post, as its author says (INT-13). Of what nothing is said everybody may do it.
pub fn policies(json: &Json) -> Policies {
    let policy = json.one("interactionPolicy");
    let of = |key: &str| Some(policy.one(key)).filter(|said| said.is_object()).map(said);
    Policies { reply: of("canReply"), favourite: of("canLike"), boost: of("canAnnounce") }
}

fn said(policy: &Json) -> Said {
    let said = |keys: [&str; 2]| {
        let told = keys.into_iter().map(|key| policy.uris(key, limits::RECIPIENTS)).find(|told| !told.is_empty());
        told.unwrap_or_default()
    };
    Said { automatic: said(["automaticApproval", "always"]), manual: said(["manualApproval", "approvalRequired"]) }
}

/// The post that is quoted (QUO-01).
pub fn quote(json: &Json) -> Option<String> {
    ["quote", "quoteUrl", "quoteUri", "_misskey_quote"].iter().find_map(|key| json.uri(key)).or_else(|| {
        json.values("tag")
            .filter(|t| t.is_a("Link"))
            .find(|t| {
                t.text("mediaType").is_some_and(|m| {
                    m.starts_with("application/activity+json")
                        || (m.starts_with("application/ld+json") && m.contains("https://www.w3.org/ns/activitystreams"))
                })
            })
            .and_then(|t| t.get("href").as_text().and_then(uri::normalize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_web_04_a_shortcode_from_elsewhere_holds_no_markup_or_is_none() {
        assert_eq!(shortcode(":cat_2:"), Some("cat_2"));
        for markup in ["", "::", ":a b:", ":a\"b:", ":a'b:", ":<b>:", ":a&b:", ":a/b:", ":a:b:"] {
            assert_eq!(shortcode(markup), None, "{markup}");
        }
    }
}
