//! A stretch of a list, newest first: what a page of an edge asks for, without knowing the edge.

use crate::{db::Sql, id::Id};

/// Bounds are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Only older than this.
    pub max: Option<i64>,
    /// Only newer than this.
    pub above: Option<i64>,
    /// The rows just above `above` instead of the newest ones; still given newest first.
    pub upward: bool,
    /// Rows wanted.
    pub limit: i64,
}

impl Range {
    /// The newest `limit` rows.
    pub const fn newest(limit: i64) -> Self {
        Self { max: None, above: None, upward: false, limit }
    }
    /// Appends the bounds on `column` (` and c < ? and c > ?`). The statement must already have a `where`.
    pub fn narrow(&self, mut sql: Sql, column: &'static str) -> Sql {
        if let Some(max) = self.max {
            sql = sql.push(" and ").push(column).with(" < ", max);
        }
        if let Some(above) = self.above {
            sql = sql.push(" and ").push(column).with(" > ", above);
        }
        sql
    }
    /// Appends order and limit.
    pub fn order(&self, sql: Sql, column: &'static str) -> Sql {
        let direction = if self.upward { " asc limit " } else { " desc limit " };
        sql.push(" order by ").push(column).with(direction, self.limit)
    }
    /// Turns rows that were read upward round, so that they are newest first.
    pub fn newest_first<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        if self.upward {
            rows.reverse();
        }
        rows
    }
}

/// A row of a list whose cursor is not its own id: the relationship's id and the thing listed.
#[derive(Clone, Copy, Debug)]
pub struct Listed<T> {
    /// Where the row stands.
    pub cursor: i64,
    /// What it lists.
    pub id: Id<T>,
}
