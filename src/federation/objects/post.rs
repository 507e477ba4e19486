//! Posts: notes, polls and everything that is shown like one.

use super::{POSTS, attachments, content, facts, tags};
use crate::{
    Error, Result,
    domain::{
        html::{Html, cut, plain_text},
        ideas,
        questions::{self, Told},
        remote::{Addressing, RemoteAttachment, RemoteMention, RemotePoll, RemotePost},
    },
    federation::json::{Json, PUBLIC, is_public},
    limits,
    model::MediaKind,
    time::Timestamp,
    uri,
};

/// Reads a post. `activity` is the activity around it: its recipients count when the object names none, whoever acts is
/// the author when the object has no property for that, and among several authors the one who acts is taken (AUT-14).
/// Errors: `BadRequest` naming what is missing: a type that can be shown, a web address as id, an author on the authority of
/// the id (AUT-01).
pub fn read(json: &Json, activity: Option<&Json>) -> Result<RemotePost> {
    let kind = json
        .types()
        .find_map(|t| POSTS.iter().find(|p| **p == t))
        .copied()
        .ok_or_else(|| Error::bad_request("not a post"))?;
    let id = json.id().ok_or_else(|| Error::bad_request("a post without a web address as id"))?;
    let acting = activity.and_then(|a| a.uri("actor"));
    let mut authors = match json.uris("attributedTo", 20) {
        authors if authors.is_empty() => json.uris("actor", 1),
        authors => authors,
    };
    if authors.is_empty() && !json.members().any(|(key, _)| matches!(key, "attributedTo" | "actor")) {
        // Nothing is said of an author at all; what is said and cannot be read makes nobody one.
        authors.extend(acting.clone());
    }
    if authors.is_empty() {
        return Err(Error::bad_request("a post without an author"));
    }
    let author = acting
        .filter(|actor| authors.contains(actor) && uri::same_authority(actor, &id))
        .or_else(|| authors.iter().find(|a| uri::same_authority(a, &id)).cloned())
        .ok_or_else(|| Error::bad_request("a post of an author who lives elsewhere"))?;

    let purpose = facts::word(json, "kind");
    let in_reply_to = json.uri("inReplyTo").filter(|parent| *parent != id);
    let mut mapped = json.values("contentMap").flat_map(Json::members);
    let says_nothing =
        json.get("content").is_null() && mapped.all(|(_, text)| text.as_text().is_none_or(str::is_empty));
    let vote = match content::mapped(json, "name", "nameMap") {
        Some(name) if kind == "Note" && says_nothing && in_reply_to.is_some() => {
            Some(cut(name, limits::REMOTE_NAME).to_owned())
        }
        _ => None,
    };
    let url = attachments::page(json.get("url"));
    let sensitive = json.flag("sensitive").unwrap_or(false)
        || json.values("attachment").any(|a| a.flag("sensitive").unwrap_or(false));
    let addressing = match addressing(json) {
        own if own.is_empty() => activity.map(self::addressing).unwrap_or_default(),
        own => own,
    };
    let quote = tags::quote(json).filter(|q| *q != id);
    let content = match (&vote, &quote) {
        (Some(_), _) => Html::default(),
        (None, Some(_)) => content::read(json, kind, url.as_deref().unwrap_or(&id)).without_quote_fallback(),
        (None, None) => content::read(json, kind, url.as_deref().unwrap_or(&id)),
    };
    Ok(RemotePost {
        kind,
        content,
        spoiler_text: content::spoiler(json, kind, sensitive),
        sensitive,
        language: content::language(json),
        published: json.time("published"),
        updated: json.time("updated").or_else(|| activity.and_then(|around| changed(around, json.time("published")))),
        in_reply_to,
        audience: place(json),
        mentions: mentions(json, kind, &addressing),
        hashtags: tags::hashtags(json),
        attachments: media(json, kind),
        link: attachments::link(json),
        emojis: tags::emojis(json),
        poll: if kind == "Question" { poll(json) } else { None },
        quote_stamp: json.uri("quoteAuthorization").filter(|_| quote.is_some()),
        quote,
        can_quote: tags::can_quote(json),
        policies: tags::policies(json),
        locked: json.flag("commentsEnabled").map(|enabled| !enabled),
        reply_stamp: ["replyAuthorization", "approvedBy"].into_iter().find_map(|key| json.uri(key)),
        vote,
        favourites: json.one("likes").count("totalItems"),
        boosts: json.one("shares").count("totalItems"),
        replies: json.uri("replies"),
        conversation: json.text("conversation").filter(|name| name.len() <= limits::URL_BYTES).map(str::to_owned),
        context: json.uri("context").filter(|address| address.len() <= limits::URL_BYTES),
        question: (purpose == Some("ask")).then(|| Told {
            state: questions::state_of(facts::word(json, "askState").unwrap_or_default()),
            answer: facts::address(json, "acceptedAnswer"),
            is_answered: facts::said(json, "answerCount").as_number().is_some_and(|count| count > 0.0),
        }),
        coffee: purpose == Some("coffee"),
        introduction: purpose == Some("introduction"),
        idea: (purpose == Some("idea")).then(|| ideas::Told {
            state: ideas::State::of_word(facts::word(json, "workState").unwrap_or_default()),
            owner: facts::address(json, "lead"),
            sentence: facts::said(json, "stateReason").items().find_map(Json::as_text).unwrap_or_default().to_owned(),
        }),
        // A reply that says how the question above it stands; older nodes called it so.
        route: match purpose {
            None => facts::word(json, "askState") == Some("open"),
            purpose => purpose == Some("route"),
        },
        open: reach(facts::said(json, "reach")),
        addressing: Addressing { direct: addressing.direct || kind == "ChatMessage", ..addressing },
        uri: id,
        url,
        author,
        authors,
    })
}

/// When a post was changed that does not say so itself, as the Update around it says. Some programs write there when the post
/// was first published, which is no answer.
fn changed(activity: &Json, published: Option<Timestamp>) -> Option<Timestamp> {
    let said =
        ["updated", "published"].into_iter().filter(|_| activity.is_a("Update")).find_map(|key| activity.time(key));
    said.filter(|at| published.is_none_or(|published| *at > published))
}

/// Who is named. A chat message is to whom it is addressed, and its program names nobody in tags.
fn mentions(json: &Json, kind: &str, addressing: &Addressing) -> Vec<RemoteMention> {
    let mut named = tags::mentions(json);
    if kind == "ChatMessage" {
        for uri in addressing.to.iter().filter(|uri| uri.as_str() != PUBLIC) {
            if named.len() < limits::MENTIONS && !named.iter().any(|mention| mention.uri == *uri) {
                named.push(RemoteMention { uri: uri.clone(), name: None });
            }
        }
    }
    named
}

/// Whether a post says that it is for everybody. Whatever else it says there means fewer.
fn reach(said: &Json) -> Option<bool> {
    (!said.is_null()).then(|| said.as_text().is_some_and(is_public))
}

/// The group it was posted to, which may stand beside the public.
pub fn place(json: &Json) -> Option<String> {
    json.uris("audience", limits::RECIPIENTS).into_iter().find(|address| !is_public(address))
}

/// Whom an activity or object is for (ADDR-IN-05 to ADDR-IN-07).
pub fn addressing(json: &Json) -> Addressing {
    let to = json.uris("to", limits::RECIPIENTS);
    let mut cc = Vec::new();
    for key in ["cc", "audience", "bto", "bcc"] {
        let room = limits::RECIPIENTS.saturating_sub(to.len() + cc.len());
        for uri in json.uris(key, room) {
            if !cc.contains(&uri) {
                cc.push(uri);
            }
        }
    }
    Addressing { to, cc, direct: json.flag("directMessage").unwrap_or(false) }
}

fn media(json: &Json, kind: &str) -> Vec<RemoteAttachment> {
    let mut files = attachments::files(json);
    let own = match kind {
        "Video" => attachments::playable(json, MediaKind::Video).or_else(|| attachments::own_picture(json, "icon")),
        "Audio" => attachments::playable(json, MediaKind::Audio).or_else(|| attachments::own_picture(json, "icon")),
        "Image" => attachments::own_picture(json, "url"),
        "Event" | "Article" | "Page" | "Note" if files.is_empty() => attachments::own_picture(json, "image"),
        _ => None,
    };
    if let Some(own) = own {
        files.insert(0, own);
        files.truncate(limits::REMOTE_ATTACHMENTS);
    }
    files
}

/// What an answer of a poll is called. A name is plain text, whatever it looks like, and a vote has to say the same.
fn title(option: &Json) -> Option<String> {
    let Some(name) = content::mapped(option, "name", "nameMap") else {
        return option.text("content").map(|content| plain_text(cut(content, limits::REMOTE_NAME)));
    };
    let line: String = cut(name, limits::REMOTE_NAME).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(line.trim().to_owned())
}

/// The poll of a Question (POLL-01); `None` when it has no answers.
fn poll(json: &Json) -> Option<RemotePoll> {
    let multiple = json.get("oneOf").is_null();
    let options: Vec<(String, i64)> = json
        .values(if multiple { "anyOf" } else { "oneOf" })
        .filter_map(|option| Some((title(option)?, option.one("replies").count("totalItems").unwrap_or(0))))
        .filter(|(title, _)| !title.is_empty())
        .take(limits::REMOTE_POLL_OPTIONS)
        .collect();
    let closed_at = json.time("closed");
    (!options.is_empty()).then(|| RemotePoll {
        options,
        multiple,
        ends_at: json.time("endTime").or(closed_at),
        closed_at,
        closed: json.flag("closed").unwrap_or(false),
        voters: json.count("votersCount"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_ideas_are_read_in_whatever_spelling_their_words_come() {
        let of = |kind: &str, more: &str| {
            let text = format!(
                r#"{{"id": "https://a.example/1", "type": "Note", "attributedTo": "https://a.example/u", "content": "x", {kind}, {more}}}"#
            );
            read(&Json::parse(text.as_bytes()).unwrap(), None).unwrap()
        };
        const NS: &str = "https://w3id.org/watercooler/ns#";
        for (kind, state, answer) in [
            (
                r#""kind": "ask""#.to_owned(),
                r#""askState": "answered""#.to_owned(),
                r#""acceptedAnswer": "https://b.example/2""#,
            ),
            (
                r#""wc:kind": ["wc:ask"]"#.to_owned(),
                r#""wc:askState": "wc:answered""#.to_owned(),
                r#""sdo:acceptedAnswer": {"id": "https://b.example/2"}"#,
            ),
            (
                format!(r#""{NS}kind": "{NS}ask""#),
                format!(r#""{NS}askState": ["answered"]"#),
                r#""http://schema.org/acceptedAnswer": "https://b.example/2""#,
            ),
        ] {
            let asked = of(&kind, &format!("{state}, {answer}")).question.unwrap_or_else(|| panic!("{kind}"));
            assert_eq!(
                (asked.state, asked.answer.as_deref()),
                (questions::ANSWERED, Some("https://b.example/2")),
                "{kind}"
            );
        }
        let idea =
            of(r#""wc:kind": "idea""#, r#""wc:workState": "active", "wc:lead": "https://a.example/u""#).idea.unwrap();
        assert_eq!((idea.state, idea.owner.as_deref()), (ideas::State::of_word("active"), Some("https://a.example/u")));
        assert!(of(r#""kind": "kudos""#, r#""sensitive": false"#).question.is_none());
    }
}
