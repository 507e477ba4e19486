//! Polls.

use super::CustomEmoji;
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;

/// A poll. `voted` and `own_votes` are there for every signed-in viewer; `own_votes` is never `null`.
#[derive(Clone, Debug, Serialize)]
pub struct Poll<'a> {
    pub id: Id<model::Poll>,
    pub expires_at: Option<Timestamp>,
    pub expired: bool,
    pub multiple: bool,
    pub votes_count: i64,
    pub voters_count: Option<i64>,
    pub options: Vec<PollOption<'a>>,
    pub emojis: Vec<CustomEmoji<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_votes: Option<Vec<i64>>,
}

/// One choice. The count is `null` while the author hides totals.
#[derive(Clone, Debug, Serialize)]
pub struct PollOption<'a> {
    pub title: &'a str,
    pub votes_count: Option<i64>,
}
