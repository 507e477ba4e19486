//! The outside of an activity: what must be right whatever its type (AUT-06, AUT-14, ROB-06b).

use crate::{federation::json::Json, uri};
use std::sync::Arc;

/// A parsed activity of plausible shape.
pub(super) struct Document {
    /// All of it.
    pub json: Arc<Json>,
    /// Its id, on its actor's authority; none for a transient one.
    pub id: Option<String>,
    /// Its one actor.
    pub actor: String,
}

impl Document {
    /// Parses a body. Errors: a few words for the sender.
    pub fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let json = Json::parse(body).map_err(|_| "malformed JSON")?;
        let mut actors = json.values("actor");
        let actor = actors.next().and_then(Json::as_uri).ok_or("an actor that is no address")?;
        if actors.next().is_some() {
            return Err("more than one actor");
        }
        drop(actors);
        if json.types().next().is_none() {
            return Err("no type");
        }
        let id = match json.get("id") {
            Json::Null => None,
            _ => Some(json.id().ok_or("an id that is no address")?),
        };
        // Else somebody could use up the id of an activity that its owner is still to send (SIG-18), or one of ours.
        if id.as_ref().is_some_and(|id| !uri::same_authority(id, &actor)) {
            return Err("an id on another server than the actor");
        }
        Ok(Self { json: Arc::new(json), id, actor })
    }

    /// Its type, for logs: one of those we know, so that nobody writes our log.
    pub fn kind(&self) -> &'static str {
        const KNOWN: [&str; 20] = [
            "Create",
            "Update",
            "Delete",
            "Follow",
            "Accept",
            "Reject",
            "Undo",
            "Announce",
            "Like",
            "Block",
            "Flag",
            "Add",
            "Remove",
            "Move",
            "EmojiReact",
            "QuoteRequest",
            "FeatureRequest",
            "ReplyRequest",
            "LikeRequest",
            "AnnounceRequest",
        ];
        KNOWN.into_iter().find(|kind| self.json.is_a(kind)).unwrap_or("other")
    }

    /// `Delete` or `Update` of the actor by itself (SIGIN-27).
    pub fn is_about_itself(&self) -> bool {
        (self.json.is_a("Delete") || self.json.is_a("Update")) && self.json.uri("object").as_ref() == Some(&self.actor)
    }

    /// `Delete` of the actor by itself (SIGIN-28).
    pub fn is_own_end(&self) -> bool {
        self.json.is_a("Delete") && self.is_about_itself()
    }

    /// `Undo` of the actor's `Delete` of itself (DEL-08).
    pub fn is_own_return(&self) -> bool {
        let end = self.json.one("object");
        self.json.is_a("Undo")
            && end.is_a("Delete")
            && end.uri("object").as_ref() == Some(&self.actor)
            && end.uri("actor").is_none_or(|by| by == self.actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_aut_14_an_activity_has_one_actor_that_is_an_address() {
        for bad in [
            r#"{"type":"Like"}"#,
            r#"{"type":"Like","actor":null}"#,
            r#"{"type":"Like","actor":7}"#,
            r#"{"type":"Like","actor":[]}"#,
            r#"{"type":"Like","actor":{"type":"Person"}}"#,
            r#"{"type":"Like","actor":"ada"}"#,
            r#"{"type":"Like","actor":["https://a.example/1","https://a.example/2"]}"#,
            r#"{"actor":"https://a.example/1"}"#,
            r#"{"id":"word","type":"Like","actor":"https://a.example/1"}"#,
            r#"{"id":7,"type":"Like","actor":"https://a.example/1"}"#,
            r#"{"id":"https://b.example/x","type":"Like","actor":"https://a.example/1"}"#,
            r#"{"id":"http://a.example/x","type":"Like","actor":"https://a.example/1"}"#,
            r#"{"type":"Like","actor":"https://a.example/1","actor":"https://a.example/2"}"#,
            "[]",
            "",
            "nonsense",
            "\"x\"",
        ] {
            assert!(Document::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        for good in [
            r#"{"type":"Like","actor":"https://A.example./1"}"#,
            r#"{"type":["Like"],"actor":{"id":"https://a.example/1"},"id":"https://a.example:443/x"}"#,
            r#"{"type":"Like","actor":["https://a.example/1"],"id":null}"#,
        ] {
            assert_eq!(
                Document::parse(good.as_bytes()).map(|d| d.actor),
                Ok("https://a.example/1".to_owned()),
                "{good}"
            );
        }
    }
}
