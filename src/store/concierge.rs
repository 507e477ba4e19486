//! The account of the concierge, and whom it turned away.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post},
    time::Timestamp,
};

/// The setting that holds the id of the account.
const SETTING: &str = "concierge_account";

/// The account, when it was made.
pub fn find(conn: &mut Conn) -> Result<Option<Account>> {
    Sql::new(
        "select a.* from accounts a where a.id = (select cast(s.value as bigint) from node_settings s where s.name = ",
    )
    .bind(SETTING)
    .push(")")
    .optional(conn)
}

/// Remembers which account it is.
pub fn remember(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    super::users::set_setting(conn, SETTING, &account.raw().to_string())
}

/// Whether a post is addressed to it.
pub fn is_addressed(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select m.account_id from mentions m where m.post_id = ")
        .bind(post)
        .with(" and m.account_id = (select cast(s.value as bigint) from node_settings s where s.name = ", SETTING)
        .push(")")
        .exists(conn)
}

/// Whether `by` answered a post already with a direct one.
pub fn has_answered(conn: &mut Conn, by: Id<Account>, post: Id<Post>) -> Result<bool> {
    Sql::new("select p.id from posts p where p.in_reply_to_id = ")
        .bind(post)
        .with(" and p.account_id = ", by)
        .push(" and p.visibility = 3 limit 1")
        .exists(conn)
}

/// Whether somebody of another node may be told now that the concierge serves its own people only; remembers that they
/// were. True at most once since `before`.
pub fn may_refuse(conn: &mut Conn, account: Id<Account>, before: Timestamp, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into concierge_refusals (account_id, told_at) values (")
        .bind(account)
        .with(",", now)
        .with(
            ") on conflict (account_id) do update set told_at = excluded.told_at where concierge_refusals.told_at <= ",
            before,
        )
        .execute(conn)?;
    Ok(written > 0)
}
