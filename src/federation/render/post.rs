//! Posts: Note and Question, their tags and attachments (OUT-01 to OUT-07, OUT-17, POLL-01), and the vote (POLL-02).

use super::context::Terms;
use activitypub_federation::kinds::object::{DocumentType, NoteType};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Who gets a post. `to` and `cc` are always arrays (OUT-01).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// Main addressees.
    pub to: Vec<String>,
    /// The others.
    pub cc: Vec<String>,
}

/// An entry of `tag`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum Tag {
    /// Somebody who is meant (OUT-04).
    Mention {
        /// Actor id.
        href: String,
        /// `@user@host`.
        name: String,
    },
    /// A hashtag.
    Hashtag {
        /// The page of the tag.
        href: String,
        /// `#tag`.
        name: String,
    },
    /// A custom emoji.
    Emoji {
        /// Id of the emoji; none for one of which only the picture is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// `:shortcode:`.
        name: String,
        /// When it changed last.
        #[serde(skip_serializing_if = "Option::is_none")]
        updated: Option<String>,
        /// The picture.
        icon: super::actor::Image,
    },
    /// A quoted post, for readers of FEP-e232.
    #[serde(rename_all = "camelCase")]
    Link {
        /// Its media type.
        media_type: &'static str,
        /// Its id.
        href: String,
        /// What it is to the post.
        rel: &'static str,
        /// How it stands in the text.
        name: String,
    },
}

/// What a post quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// Its id.
    pub id: &'a str,
    /// The id of the authorisation, once it is there.
    pub authorization: Option<&'a str>,
}

/// What lets one post quote another one (FEP-044f), or answer, like or boost it, by the author of that one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteAuthorization<'a> {
    /// Its id.
    pub id: &'a str,
    /// `QuoteAuthorization`, or that of something else.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whose post is quoted.
    pub attributed_to: &'a str,
    /// The quoting post, or the reply, Like or Announce.
    pub interacting_object: &'a str,
    /// The quoted post.
    pub interaction_target: &'a str,
}

impl<'a> QuoteAuthorization<'a> {
    /// One with this id.
    pub fn new(id: &'a str, attributed_to: &'a str, interacting_object: &'a str, interaction_target: &'a str) -> Self {
        Self { id, kind: "QuoteAuthorization", attributed_to, interacting_object, interaction_target }
    }
}

impl Tag {
    /// The context terms the tag needs.
    pub fn terms(&self) -> Terms {
        match self {
            Self::Mention { .. } | Self::Link { .. } => Terms::NONE,
            Self::Hashtag { .. } => Terms::HASHTAG,
            Self::Emoji { .. } => Terms::EMOJI,
        }
    }
}

/// A file of a post (OUT-07).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// `Document`.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// MIME type.
    pub media_type: String,
    /// Where the file is.
    pub url: String,
    /// Alt text; `null` when there is none.
    pub name: Option<String>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i32>,
    /// Placeholder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blurhash: Option<String>,
    /// x and y from -1 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<[f64; 2]>,
    /// ISO 8601, for video and audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// A still picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<super::actor::Image>,
}

/// The poll of a Question (POLL-01).
#[derive(Debug)]
pub struct Poll<'a> {
    /// Several options may be chosen.
    pub multiple: bool,
    /// Name and votes of each option.
    pub options: Vec<(&'a str, i64)>,
    /// People who voted.
    pub voters: i64,
    /// When it ends, RFC 3339.
    pub ends: Option<String>,
    /// When it ended, RFC 3339; absent while it runs.
    pub closed: Option<String>,
}

/// A post in the form that goes over the wire.
#[derive(Debug)]
pub struct Post<'a> {
    /// The object id.
    pub id: &'a str,
    /// Content warning.
    pub summary: Option<&'a str>,
    /// Id of the parent.
    pub in_reply_to: Option<&'a str>,
    /// RFC 3339 with Z.
    pub published: String,
    /// The page for people.
    pub url: String,
    /// The author's actor id.
    pub attributed_to: &'a str,
    /// Addressing (ADDR-OUT-01).
    pub audience: Audience,
    /// The group it is written to (INT-12).
    pub group: Option<&'a str>,
    /// Media hidden behind a click.
    pub sensitive: bool,
    /// Tag or URL of the conversation (OUT-17).
    pub conversation: Option<&'a str>,
    /// The collection of the thread (OUT-17, FEP-7888).
    pub context: Option<&'a str>,
    /// Sanitised HTML.
    pub content: Cow<'a, str>,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// When it was edited last.
    pub updated: Option<String>,
    /// Files.
    pub attachment: Vec<Attachment>,
    /// Mentions, hashtags, emoji.
    pub tag: Vec<Tag>,
    /// Makes it a Question.
    pub poll: Option<Poll<'a>>,
    /// What it is beside a post.
    pub purpose: Option<Purpose<'a>>,
    /// For whom it is: an organisation's id, or the public address.
    pub reach: Option<&'a str>,
    /// What it quotes.
    pub quote: Option<Quote<'a>>,
    /// Who may quote it without asking: actors and collections.
    pub can_quote: Vec<String>,
    /// The authorisation by the author of what it answers.
    pub reply_authorization: Option<&'a str>,
}

/// What a post is beside a post, in our vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// A question to the network: its state, the id of the accepted answer, and how many answers its node has.
    Ask(&'static str, Option<&'a str>, i64),
    /// A concierge asks people by it.
    Route,
    /// It tells two people that they are a pair.
    Coffee,
    /// It introduces two people to one another.
    Introduction,
    /// Somebody thanks somebody by it.
    Kudos,
    /// An idea.
    Idea {
        /// How far it is.
        state: &'static str,
        /// The actor id of who looks after it.
        owner: Option<&'a str>,
        /// What was said with the last change; empty for nothing.
        sentence: &'a str,
    },
}

impl Post<'_> {
    /// The terms this document uses.
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::POST;
        if !self.attachment.is_empty() {
            terms = terms | Terms::MEDIA;
        }
        if self.poll.is_some() {
            terms = terms | Terms::POLL;
        }
        match self.purpose {
            Some(Purpose::Idea { .. }) => terms = terms | Terms::IDEA,
            Some(_) => terms = terms | Terms::QUESTION,
            None => {}
        }
        if self.reach.is_some() {
            terms = terms | Terms::REACH;
        }
        if self.quote.is_some() {
            terms = terms | Terms::QUOTE;
        }
        if self.reply_authorization.is_some() {
            terms = terms | Terms::CONSENT;
        }
        self.tag.iter().fold(terms, |terms, tag| terms | tag.terms())
    }
}

impl Serialize for Post<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let id = self.id;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("type", if self.poll.is_some() { "Question" } else { "Note" })?;
        map.serialize_entry("summary", &self.summary)?;
        map.serialize_entry("inReplyTo", &self.in_reply_to)?;
        map.serialize_entry("published", &self.published)?;
        map.serialize_entry("url", &self.url)?;
        map.serialize_entry("attributedTo", self.attributed_to)?;
        map.serialize_entry("to", &self.audience.to)?;
        map.serialize_entry("cc", &self.audience.cc)?;
        if let Some(group) = self.group {
            map.serialize_entry("audience", group)?;
        }
        map.serialize_entry("sensitive", &self.sensitive)?;
        map.serialize_entry("atomUri", id)?;
        map.serialize_entry("inReplyToAtomUri", &self.in_reply_to)?;
        if let Some(conversation) = self.conversation {
            map.serialize_entry("conversation", conversation)?;
        }
        if let Some(context) = self.context {
            map.serialize_entry("context", context)?;
        }
        map.serialize_entry("content", &self.content)?;
        if let Some(language) = self.language {
            map.serialize_entry("contentMap", &json!({ language: self.content }))?;
        }
        if let Some(updated) = &self.updated {
            map.serialize_entry("updated", updated)?;
        }
        map.serialize_entry("attachment", &self.attachment)?;
        map.serialize_entry("tag", &self.tag)?;
        // Where nobody else is named, the author is: without a word everybody would think what they like (QUO-03).
        let policy = match self.can_quote.as_slice() {
            [] => json!({"canQuote": {"automaticApproval": [self.attributed_to]}}),
            named => json!({"canQuote": {"automaticApproval": named}}),
        };
        map.serialize_entry("interactionPolicy", &policy)?;
        if let Some(quote) = self.quote {
            for name in ["quote", "quoteUrl", "quoteUri", "_misskey_quote"] {
                map.serialize_entry(name, quote.id)?;
            }
            if let Some(authorization) = quote.authorization {
                map.serialize_entry("quoteAuthorization", authorization)?;
            }
        }
        if let Some(authorization) = self.reply_authorization {
            map.serialize_entry("replyAuthorization", authorization)?;
        }
        map.serialize_entry("replies", &format!("{id}/replies"))?;
        map.serialize_entry("likes", &format!("{id}/likes"))?;
        map.serialize_entry("shares", &format!("{id}/shares"))?;
        match self.purpose {
            Some(Purpose::Ask(state, answer, answers)) => {
                map.serialize_entry("kind", "ask")?;
                map.serialize_entry("askState", state)?;
                map.serialize_entry("answerCount", &answers)?;
                if let Some(answer) = answer {
                    map.serialize_entry("acceptedAnswer", answer)?;
                }
            }
            Some(Purpose::Route) => map.serialize_entry("askState", "open")?,
            Some(Purpose::Coffee) => map.serialize_entry("kind", "coffee")?,
            Some(Purpose::Kudos) => map.serialize_entry("kind", "kudos")?,
            Some(Purpose::Introduction) => map.serialize_entry("kind", "introduction")?,
            Some(Purpose::Idea { state, owner, sentence }) => {
                map.serialize_entry("kind", "idea")?;
                map.serialize_entry("workState", state)?;
                if let Some(owner) = owner {
                    map.serialize_entry("lead", owner)?;
                }
                if !sentence.is_empty() {
                    map.serialize_entry("stateReason", sentence)?;
                }
            }
            None => {}
        }
        if let Some(reach) = self.reach {
            map.serialize_entry("reach", reach)?;
        }
        if let Some(poll) = &self.poll {
            let options: Vec<Value> = poll
                .options
                .iter()
                .map(|(name, votes)| {
                    json!({"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}})
                })
                .collect();
            map.serialize_entry(if poll.multiple { "anyOf" } else { "oneOf" }, &options)?;
            map.serialize_entry("votersCount", &poll.voters)?;
            if let Some(ends) = &poll.ends {
                map.serialize_entry("endTime", ends)?;
            }
            if let Some(closed) = &poll.closed {
                map.serialize_entry("closed", closed)?;
            }
        }
        map.end()
    }
}

/// A vote: a Note with a name and no content, never public (POLL-02).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vote<'a> {
    /// Id of the vote.
    pub id: String,
    /// `Note`.
    #[serde(rename = "type")]
    pub kind: NoteType,
    /// The option's text.
    pub name: &'a str,
    /// The voter.
    pub attributed_to: &'a str,
    /// The Question.
    pub in_reply_to: &'a str,
    /// The poll's author, as an array.
    pub to: [&'a str; 1],
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    fn post<'a>() -> Post<'a> {
        Post {
            id: "https://alpha.test/users/ada/statuses/1",
            summary: None,
            in_reply_to: None,
            published: "2026-07-02T07:47:51.000Z".into(),
            url: "https://alpha.test/@ada/1".into(),
            attributed_to: "https://alpha.test/users/ada",
            audience: Audience { to: vec![super::super::PUBLIC.into()], cc: vec![] },
            group: None,
            sensitive: false,
            conversation: None,
            context: None,
            content: "<p>Hi</p>".into(),
            language: Some("en"),
            updated: None,
            attachment: vec![],
            tag: vec![Tag::Hashtag { href: "https://alpha.test/tags/x".into(), name: "#x".into() }],
            poll: None,
            purpose: None,
            reach: None,
            quote: None,
            can_quote: vec![],
            reply_authorization: None,
        }
    }

    #[test]
    fn fed_out_01_05_a_note_has_what_readers_need() {
        let note = post();
        let json: Value = serde_json::from_str(&document(note.terms(), &note).unwrap()).unwrap();
        assert_eq!(json["type"], "Note");
        assert_eq!(json["summary"], Value::Null);
        assert_eq!(json["contentMap"]["en"], "<p>Hi</p>");
        assert_eq!(json["tag"][0], json!({"type": "Hashtag", "href": "https://alpha.test/tags/x", "name": "#x"}));
        assert_eq!(json["to"], json!(["https://www.w3.org/ns/activitystreams#Public"]));
        assert_eq!(json["cc"], json!([]));
        assert_eq!(json["@context"][1]["Hashtag"], "as:Hashtag");
        assert_eq!(json["replies"], "https://alpha.test/users/ada/statuses/1/replies");
    }

    #[test]
    fn fed_poll_01_a_poll_is_a_question_with_counts() {
        let question = Post {
            poll: Some(Poll {
                multiple: true,
                options: vec![("Tea", 2), ("Coffee", 1)],
                voters: 2,
                ends: Some("2026-07-03T07:47:51.000Z".into()),
                closed: None,
            }),
            ..post()
        };
        let json = serde_json::to_value(&question).unwrap();
        assert_eq!(json["type"], "Question");
        assert_eq!(json["anyOf"][0]["name"], "Tea");
        assert_eq!(json["anyOf"][0]["replies"]["totalItems"], 2);
        assert_eq!(json["votersCount"], 2);
        assert!(json.get("closed").is_none() && json.get("oneOf").is_none());
    }
}
