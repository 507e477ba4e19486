//! What staff tells everybody of a node.

use super::{schema, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = schema::announcements)]
pub struct Announcement {
    pub id: Id<Announcement>,
    /// As typed.
    pub text: String,
    /// When what it is about begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends: the announcement is not shown after that.
    pub ends_at: Option<Timestamp>,
    /// Beginning and end are whole days.
    pub all_day: bool,
    pub published_at: Timestamp,
    pub updated_at: Timestamp,
}

whole_row!(Announcement => announcements);
