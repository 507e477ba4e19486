//! A row of a list whose cursor is not its own id.

use crate::id::Id;

/// The relationship's id and the thing listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed<T> {
    /// Where the row stands.
    pub cursor: i64,
    /// What it lists.
    pub id: Id<T>,
}
