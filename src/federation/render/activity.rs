//! Activities we send. Each carries its own id on our authority and the addressing of what it is about; `bto` and `bcc`
//! do not exist here, so they can never be sent (DLV-07).

use super::context::Terms;
use super::post::{Audience, Tag};
use activitypub_federation::kinds::object::TombstoneType;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// An activity around any `object`: a bare id (`&str`), a post, another activity.
#[derive(Debug)]
pub struct Activity<'a, T> {
    /// Id on our authority; it dereferences (OUT-10).
    pub id: &'a str,
    /// `Create`, `Follow` and so on.
    pub kind: &'static str,
    /// Who acts.
    pub actor: &'a str,
    /// RFC 3339; left out where it says nothing.
    pub published: Option<String>,
    /// Addressing.
    pub audience: Audience,
    /// It has both lists, as its object does; otherwise empty ones are left out.
    pub whole_audience: bool,
    /// What it is about.
    pub object: T,
    /// Collection of an Add or Remove, destination of a Move.
    pub target: Option<&'a str>,
    /// The reason of a Flag, plain text.
    pub content: Option<&'a str>,
    /// The emoji of a reaction; a custom one is described in `tag`.
    pub reaction: Option<(String, Option<Tag>)>,
    /// The authorisation that an Accept hands out.
    pub result: Option<&'a str>,
    /// The quoting post of a QuoteRequest; what another request asks for.
    pub instrument: Option<serde_json::Value>,
    /// Of an Announce: the authorisation by the author of the post.
    pub announce_authorization: Option<&'a str>,
}

impl<'a, T: Serialize> Activity<'a, T> {
    /// An activity without date, addressing and target.
    pub fn new(kind: &'static str, id: &'a str, actor: &'a str, object: T) -> Self {
        Self {
            id,
            kind,
            actor,
            published: None,
            audience: Audience::default(),
            whole_audience: false,
            object,
            target: None,
            content: None,
            reaction: None,
            result: None,
            instrument: None,
            announce_authorization: None,
        }
    }
    /// Addressed to `to` alone.
    #[must_use]
    pub fn to(mut self, to: impl Into<String>) -> Self {
        self.audience.to.push(to.into());
        self
    }
    /// With a copy to `cc`.
    #[must_use]
    pub fn cc(mut self, cc: impl Into<String>) -> Self {
        self.audience.cc.push(cc.into());
        self
    }
    /// Addressed like its object.
    #[must_use]
    pub fn for_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self.whole_audience = true;
        self
    }
    /// Dated.
    #[must_use]
    pub fn at(mut self, published: impl Into<String>) -> Self {
        self.published = Some(published.into());
        self
    }
    /// With a target.
    #[must_use]
    pub fn on(mut self, target: &'a str) -> Self {
        self.target = Some(target);
        self
    }
    /// The whole document.
    ///
    /// # Errors
    /// As [`super::document`].
    pub fn document(&self, terms: Terms) -> crate::Result<String> {
        super::document(terms, self)
    }
}

impl<T: Serialize> Serialize for Activity<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("type", self.kind)?;
        map.serialize_entry("actor", self.actor)?;
        if let Some(published) = &self.published {
            map.serialize_entry("published", published)?;
        }
        if self.whole_audience || !self.audience.to.is_empty() {
            map.serialize_entry("to", &self.audience.to)?;
        }
        if self.whole_audience || !self.audience.cc.is_empty() {
            map.serialize_entry("cc", &self.audience.cc)?;
        }
        if let Some(content) = self.content {
            map.serialize_entry("content", content)?;
        }
        if let Some((emoji, tag)) = &self.reaction {
            map.serialize_entry("content", emoji)?;
            // What older readers know, who take a Like for nothing else.
            if self.kind == "Like" {
                map.serialize_entry("_misskey_reaction", emoji)?;
            }
            if let Some(tag) = tag {
                map.serialize_entry("tag", &[tag])?;
            }
        }
        map.serialize_entry("object", &self.object)?;
        if let Some(target) = self.target {
            map.serialize_entry("target", target)?;
        }
        if let Some(instrument) = &self.instrument {
            map.serialize_entry("instrument", instrument)?;
        }
        if let Some(authorization) = self.announce_authorization {
            map.serialize_entry("announceAuthorization", authorization)?;
        }
        if let Some(result) = self.result {
            map.serialize_entry("result", result)?;
        }
        map.end()
    }
}

/// What is left of something deleted (OUT-09).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone<'a> {
    /// Id of what was deleted.
    pub id: &'a str,
    /// `Tombstone`.
    #[serde(rename = "type")]
    pub kind: TombstoneType,
    /// The same id, for OStatus readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atom_uri: Option<&'a str>,
}

impl<'a> Tombstone<'a> {
    /// The tombstone of `id`.
    pub fn new(id: &'a str) -> Self {
        Self { id, kind: TombstoneType::Tombstone, atom_uri: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fed_fol_09_an_undo_embeds_the_original_follow() {
        let (ada, bea) = ("https://alpha.test/users/ada", "https://beta.test/users/bea");
        let follow = Activity::new("Follow", "https://alpha.test/activities/1", ada, bea);
        let undo = Activity::new("Undo", "https://alpha.test/activities/2", ada, follow).to(bea);
        assert_eq!(
            serde_json::to_value(&undo).unwrap(),
            json!({
                "id": "https://alpha.test/activities/2", "type": "Undo", "actor": ada, "to": [bea],
                "object": {"id": "https://alpha.test/activities/1", "type": "Follow", "actor": ada, "object": bea},
            })
        );
    }

    #[test]
    fn fed_out_09_a_delete_carries_a_tombstone() {
        let id = "https://alpha.test/users/ada/statuses/1";
        let delete =
            Activity::new("Delete", "https://alpha.test/a", "https://alpha.test/users/ada", Tombstone::new(id));
        assert_eq!(serde_json::to_value(&delete).unwrap()["object"], json!({"id": id, "type": "Tombstone"}));
    }
}
