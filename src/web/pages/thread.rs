//! A post with its thread.

use super::{Card, Frame};
use askama::Template;

/// A reply in a thread.
pub struct Reply {
    /// How far it is indented, 0 to 3.
    pub depth: u8,
    /// It is the accepted answer of the question that the page is about.
    pub accepted: bool,
    /// Whoever looks may accept it.
    pub may_accept: bool,
    /// It.
    pub post: Card,
}

/// The forms by which an answer is accepted.
pub struct Accepting {
    /// Where they go.
    pub action: String,
    /// Guards them against other sites.
    pub token: String,
}

/// A post.
#[derive(Template)]
#[template(path = "post.html")]
pub struct Post {
    /// Surroundings.
    pub frame: Frame,
    /// The ActivityPub document.
    pub uri: String,
    /// One plain line of it, for previews.
    pub excerpt: String,
    /// Picture for previews.
    pub picture: String,
    /// What other sites show of it; none for one of another server.
    pub oembed: Option<String>,
    /// The page of the original, at another server.
    pub original: Option<String>,
    /// Keep out of search engines?
    pub noindex: bool,
    /// What it answers, oldest first.
    pub ancestors: Vec<Card>,
    /// It.
    pub chosen: Card,
    /// Which sites have it, for its author.
    pub delivered: Option<String>,
    /// Replies, depth first.
    pub descendants: Vec<Reply>,
    /// For the answers that may be accepted.
    pub accepting: Accepting,
}
