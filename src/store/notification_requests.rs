//! Policies of notifications, and those whose mentions were held back.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, FollowState, NotificationKind, NotificationPolicy, NotificationRequest, Post, Verdict},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// What `accounts` want done; those who never said so are left out.
pub fn policies(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<NotificationPolicy>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.* from notification_policies p where p.account_id in ").ids(accounts).load(conn)
}

/// Writes down what somebody wants done.
pub fn set_policy(conn: &mut Conn, policy: &NotificationPolicy) -> Result<()> {
    Sql::new(
        "insert into notification_policies (account_id, not_following, not_followers, new_accounts, private_mentions, \
         limited_accounts) values (",
    )
    .bind(policy.account_id)
    .with(",", policy.not_following)
    .with(",", policy.not_followers)
    .with(",", policy.new_accounts)
    .with(",", policy.private_mentions)
    .with(",", policy.limited_accounts)
    .push(
        ") on conflict (account_id) do update set not_following = excluded.not_following, \
         not_followers = excluded.not_followers, new_accounts = excluded.new_accounts, \
         private_mentions = excluded.private_mentions, limited_accounts = excluded.limited_accounts",
    )
    .execute(conn)?;
    Ok(())
}

/// Those of `accounts` who let through whatever comes from this sender.
pub fn permitted(conn: &mut Conn, accounts: &[Id<Account>], from: Id<Account>) -> Result<Vec<Id<Account>>> {
    Sql::new("select p.account_id from notification_permissions p where p.from_account_id = ")
        .bind(from)
        .push(" and p.account_id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// Lets through whatever comes from this sender, from now on.
pub fn permit(conn: &mut Conn, account: Id<Account>, from: Id<Account>) -> Result<()> {
    Sql::new("insert into notification_permissions (account_id, from_account_id) values (")
        .bind(account)
        .with(",", from)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Those of `accounts` who follow `from`.
pub fn following(conn: &mut Conn, accounts: &[Id<Account>], from: Id<Account>) -> Result<Vec<Id<Account>>> {
    Sql::new("select f.account_id from follows f where f.target_id = ")
        .bind(from)
        .with(" and f.state = ", FollowState::Accepted)
        .push(" and f.account_id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// Those of `accounts` whom `from` has followed since before `until`.
pub fn followed(
    conn: &mut Conn,
    accounts: &[Id<Account>],
    from: Id<Account>,
    until: Timestamp,
) -> Result<Vec<Id<Account>>> {
    Sql::new("select f.target_id from follows f where f.account_id = ")
        .bind(from)
        .with(" and f.state = ", FollowState::Accepted)
        .with(" and f.created_at < ", until)
        .push(" and f.target_id in ")
        .ids(accounts)
        .load_ids(conn)
}

/// Those of `accounts` who wrote to `from` in the thread of this direct post before it.
pub fn answered(conn: &mut Conn, accounts: &[Id<Account>], from: Id<Account>, post: &Post) -> Result<Vec<Id<Account>>> {
    Sql::new(
        "select distinct p.account_id from posts p join mentions m on m.post_id = p.id where p.visibility = 3 \
         and p.conversation_id = ",
    )
    .bind(post.conversation_id)
    .with(" and p.id < ", post.id)
    .with(" and m.account_id = ", from)
    .push(" and p.account_id in ")
    .ids(accounts)
    .load_ids(conn)
}

/// Notes that something of this sender was held back.
pub fn upsert(conn: &mut Conn, row: &NotificationRequest) -> Result<()> {
    Sql::new("insert into notification_requests (id, account_id, from_account_id, created_at, updated_at) values (")
        .bind(row.id)
        .with(",", row.account_id)
        .with(",", row.from_account_id)
        .with(",", row.created_at)
        .with(",", row.updated_at)
        .push(") on conflict (account_id, from_account_id) do update set updated_at = excluded.updated_at")
        .execute(conn)?;
    Ok(())
}

/// Requests of somebody for which there still is something that may be shown.
fn pending(account: Id<Account>, columns: &'static str) -> Sql {
    Sql::new("select ")
        .push(columns)
        .push(
            " from notification_requests r join accounts a on a.id = r.from_account_id \
             where a.deleted_at is null and a.suspended_at is null and not a.suspended_by_origin \
             and exists (select 1 from notifications n where n.held and n.account_id = r.account_id \
             and n.from_account_id = r.from_account_id and n.kind = ",
        )
        .bind(NotificationKind::Mention)
        .with(") and r.account_id = ", account)
}

/// A page of them.
pub fn list(conn: &mut Conn, account: Id<Account>, page: Page) -> Result<Vec<NotificationRequest>> {
    let rows = page.apply(pending(account, "r.*"), "r.id").load(conn)?;
    Ok(page.arrange(rows))
}

/// Those of somebody's that have one of these ids.
pub fn some(
    conn: &mut Conn,
    account: Id<Account>,
    ids: &[Id<NotificationRequest>],
) -> Result<Vec<NotificationRequest>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    pending(account, "r.*").push(" and r.id in ").ids(ids).load(conn)
}

/// How many there are, counted up to `most`.
pub fn count(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<i64> {
    let inner = pending(account, "r.id").with(" limit ", most);
    Sql::new("select count(*) from (").append(inner).push(") c").scalar_i64(conn)
}

/// How many mentions were held back in all, counted up to `most`.
pub fn count_held(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<i64> {
    Sql::new("select count(*) from (select n.id from notifications n where n.held and n.account_id = ")
        .bind(account)
        .with(" and n.kind = ", NotificationKind::Mention)
        .with(" limit ", most)
        .push(") c")
        .scalar_i64(conn)
}

/// What was held back of some senders: who, how many mentions, and the newest of the posts.
pub fn held(conn: &mut Conn, account: Id<Account>, from: &[Id<Account>]) -> Result<Vec<(i64, i64, i64)>> {
    if from.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(
        "select n.from_account_id, count(*), max(coalesce(n.post_id, 0)) from notifications n where n.held and n.account_id = ",
    )
    .bind(account)
    .with(" and n.kind = ", NotificationKind::Mention)
    .push(" and n.from_account_id in ")
    .ids(from)
    .push(" group by n.from_account_id")
    .load_as::<(BigInt, BigInt, BigInt), (i64, i64, i64)>(conn)
}

/// Shows what was held back of a sender.
pub fn release(conn: &mut Conn, account: Id<Account>, from: Id<Account>) -> Result<usize> {
    Sql::new("update notifications set held = ")
        .bind(false)
        .with(" where held and account_id = ", account)
        .with(" and from_account_id = ", from)
        .execute(conn)
}

/// Forgets what was held back of a sender.
pub fn forget(conn: &mut Conn, account: Id<Account>, from: Id<Account>) -> Result<usize> {
    Sql::new("delete from notifications where held and account_id = ")
        .bind(account)
        .with(" and from_account_id = ", from)
        .execute(conn)
}

/// Ends a request.
pub fn delete(conn: &mut Conn, id: Id<NotificationRequest>) -> Result<()> {
    Sql::new("delete from notification_requests where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// What those get who never said what they want.
pub const fn standard(account_id: Id<Account>) -> NotificationPolicy {
    NotificationPolicy {
        account_id,
        not_following: Verdict::Accept,
        not_followers: Verdict::Accept,
        new_accounts: Verdict::Accept,
        private_mentions: Verdict::Accept,
        limited_accounts: Verdict::Filter,
    }
}
