//! Lists of accounts by what stands between them: followers, requests, blocks, mutes.

use super::{Listed, page::Page};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, FollowState, Mute, Post},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// Shown to nobody: gone or suspended.
pub(super) const AVAILABLE: &str = " and a.deleted_at is null and a.suspended_at is null and not a.suspended_by_origin";

fn listed(conn: &mut Conn, sql: Sql, column: &'static str, page: Page) -> Result<Vec<Listed<Account>>> {
    let rows = page.apply(sql, column).load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    let rows = rows.into_iter().map(|(cursor, id)| Listed { cursor, id: Id::new(id) }).collect();
    Ok(page.arrange(rows))
}

/// Whoever looks at a list of people, and when.
#[derive(Clone, Copy, Debug)]
pub struct Onlooker {
    /// None for visitors, and for lists in which nobody is passed over.
    pub account: Option<Id<Account>>,
    /// For mutes that end.
    pub now: Timestamp,
}

/// But for whom the onlooker blocks or mutes, and who blocks the onlooker.
pub(super) fn welcome(sql: Sql, to: Onlooker) -> Sql {
    let Some(account) = to.account else { return sql };
    sql.with(" and not exists (select 1 from blocks b where b.target_id = a.id and b.account_id = ", account)
        .with(") and not exists (select 1 from blocks b where b.account_id = a.id and b.target_id = ", account)
        .with(") and not exists (select 1 from mutes m where m.target_id = a.id and m.account_id = ", account)
        .with(" and (m.expires_at is null or m.expires_at > ", to.now)
        .push("))")
}

/// Who has asked to follow `target`.
pub fn requests(conn: &mut Conn, target: Id<Account>, page: Page) -> Result<Vec<Listed<Account>>> {
    let all = Onlooker { account: None, now: Timestamp::Y2000 };
    followers_in(conn, target, FollowState::Requested, all, page)
}

/// Who follows `target`.
pub fn followers(conn: &mut Conn, target: Id<Account>, to: Onlooker, page: Page) -> Result<Vec<Listed<Account>>> {
    followers_in(conn, target, FollowState::Accepted, to, page)
}

fn followers_in(
    conn: &mut Conn,
    target: Id<Account>,
    state: FollowState,
    to: Onlooker,
    page: Page,
) -> Result<Vec<Listed<Account>>> {
    let sql = Sql::new(
        "select f.id, f.account_id from follows f join accounts a on a.id = f.account_id where f.target_id = ",
    )
    .bind(target)
    .with(" and f.state = ", state)
    .push(AVAILABLE);
    listed(conn, welcome(sql, to), "f.id", page)
}

/// Whom `account` follows (accepted).
pub fn following(conn: &mut Conn, account: Id<Account>, to: Onlooker, page: Page) -> Result<Vec<Listed<Account>>> {
    let sql =
        Sql::new("select f.id, f.target_id from follows f join accounts a on a.id = f.target_id where f.account_id = ")
            .bind(account)
            .with(" and f.state = ", FollowState::Accepted)
            .push(AVAILABLE);
    listed(conn, welcome(sql, to), "f.id", page)
}

/// Whom `account` blocks.
pub fn blocked(conn: &mut Conn, account: Id<Account>, page: Page) -> Result<Vec<Listed<Account>>> {
    let sql =
        Sql::new("select b.id, b.target_id from blocks b join accounts a on a.id = b.target_id where b.account_id = ")
            .bind(account)
            .push(" and a.deleted_at is null");
    listed(conn, sql, "b.id", page)
}

/// Whom `account` mutes now.
pub fn muted(conn: &mut Conn, account: Id<Account>, now: Timestamp, page: Page) -> Result<Vec<Mute>> {
    let sql = Sql::new("select m.* from mutes m join accounts a on a.id = m.target_id where m.account_id = ")
        .bind(account)
        .with(" and (m.expires_at is null or m.expires_at > ", now)
        .push(") and a.deleted_at is null");
    let rows = page.apply(sql, "m.id").load(conn)?;
    Ok(page.arrange(rows))
}

/// Who favourited a post.
pub fn favourited_by(conn: &mut Conn, post: Id<Post>, to: Onlooker, page: Page) -> Result<Vec<Listed<Account>>> {
    let sql = Sql::new(
        "select f.id, f.account_id from favourites f join accounts a on a.id = f.account_id where f.post_id = ",
    )
    .bind(post)
    .push(AVAILABLE);
    listed(conn, welcome(sql, to), "f.id", page)
}

/// Who boosted a post where others may see it who belong to `audience`.
pub fn boosted_by(
    conn: &mut Conn,
    post: Id<Post>,
    audience: Audience,
    to: Onlooker,
    page: Page,
) -> Result<Vec<Listed<Account>>> {
    let sql = Sql::new(
        "select p.id, p.account_id from posts p join accounts a on a.id = p.account_id where p.boost_of_id = ",
    )
    .bind(post)
    .with(" and p.audience >= ", audience)
    .push(" and p.visibility < 2")
    .push(AVAILABLE);
    listed(conn, welcome(sql, to), "p.id", page)
}
