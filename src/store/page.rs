//! Part of a list that is sorted by an id, newest first.

use crate::db::Sql;

/// Which part of a list is asked for. Bounds are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only older than this.
    pub max_id: Option<i64>,
    /// Only newer than this, the newest of them.
    pub since_id: Option<i64>,
    /// Only newer than this, the oldest of them (wins over `since_id`).
    pub min_id: Option<i64>,
    /// Rows wanted.
    pub limit: i64,
}

impl Page {
    /// Default size of a page of posts.
    pub const POSTS: i64 = 20;
    /// Default size of a page of accounts or notifications.
    pub const ACCOUNTS: i64 = 40;

    /// The newest `limit` rows.
    pub const fn first(limit: i64) -> Self {
        Self { max_id: None, since_id: None, min_id: None, limit }
    }
    /// Whether rows are read oldest first and then turned round: the page just above `min_id`.
    pub fn upward(&self) -> bool {
        self.min_id.is_some()
    }
    /// The lower bound that counts.
    pub fn above(&self) -> Option<i64> {
        self.min_id.or(self.since_id)
    }
    /// The same page beyond `id`, the last row that was read.
    pub fn beyond(mut self, id: i64) -> Self {
        if self.upward() {
            self.min_id = Some(id)
        } else {
            self.max_id = Some(id)
        }
        self
    }
    /// Adds ` and COLUMN < .. order by COLUMN .. limit ..` to a statement that has a `where`.
    pub fn apply(&self, mut sql: Sql, column: &'static str) -> Sql {
        if let Some(max) = self.max_id {
            sql = sql.push(" and ").push(column).with(" < ", max);
        }
        if let Some(above) = self.above() {
            sql = sql.push(" and ").push(column).with(" > ", above);
        }
        let order = if self.upward() { " asc limit " } else { " desc limit " };
        sql.push(" order by ").push(column).with(order, self.limit)
    }
    /// Rows as they came from the database, newest first.
    pub fn arrange<T>(&self, mut rows: Vec<T>) -> Vec<T> {
        if self.upward() {
            rows.reverse();
        }
        rows
    }
}
