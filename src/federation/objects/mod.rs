//! Documents of other programs, turned into the neutral structs of [`crate::domain::remote`].

pub mod actor;
mod attachments;
pub mod collection;
mod content;
#[cfg(test)]
mod corpus;
pub mod facts;
pub mod post;
pub mod project;
pub mod tags;
pub mod typed;

use super::json::Json;

/// What a document is, judged by its type alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody.
    Actor,
    /// Something to read.
    Post,
    /// What is left of either.
    Tombstone,
    /// A list.
    Collection,
    /// Something somebody does.
    Activity,
    /// A bare key.
    Key,
    /// Nothing we know.
    Unknown,
}

/// Types that mean somebody.
pub const ACTORS: [&str; 5] = ["Person", "Service", "Application", "Group", "Organization"];

/// Types that become posts, best known first: a document of several types is read as the first that matches.
pub const POSTS: [&str; 14] = [
    "Note",
    "Question",
    "Article",
    "Page",
    "Event",
    "Video",
    "Audio",
    "Image",
    "Document",
    "ChatMessage",
    "Place",
    "Profile",
    "Relationship",
    "Album",
];

const COLLECTIONS: [&str; 4] = ["OrderedCollection", "OrderedCollectionPage", "Collection", "CollectionPage"];

/// Judges a document by its type.
pub fn kind(json: &Json) -> Kind {
    let one_of = |known: &[&str]| json.types().any(|t| known.contains(&t));
    if one_of(&ACTORS) {
        Kind::Actor
    } else if json.is_a("Tombstone") {
        Kind::Tombstone
    } else if one_of(&POSTS) {
        Kind::Post
    } else if one_of(&COLLECTIONS) {
        Kind::Collection
    } else if !json.get("actor").is_null() && json.types().next().is_some() {
        Kind::Activity
    } else if !json.first_of(&["publicKeyPem", "publicKeyMultibase"]).is_null() {
        Kind::Key
    } else {
        Kind::Unknown
    }
}
