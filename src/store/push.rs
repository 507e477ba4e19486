//! Push subscriptions.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, NotificationKind, PushSubscription, Token},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// The bit of a kind of notification in the alerts of a subscription.
pub const fn bit(kind: NotificationKind) -> i64 {
    1 << kind.code()
}

/// Writes one down; its id is new.
pub fn insert(conn: &mut Conn, row: &PushSubscription) -> Result<Id<PushSubscription>> {
    let ids = Sql::new(
        "insert into push_subscriptions (token_id, account_id, endpoint, p256dh, auth, standard, alerts, policy, \
         token_sealed, created_at) values (",
    )
    .bind(row.token_id)
    .with(",", row.account_id)
    .with(",", &row.endpoint)
    .with(",", row.p256dh.as_slice())
    .with(",", row.auth.as_slice())
    .with(",", row.standard)
    .with(",", row.alerts)
    .with(",", row.policy)
    .with(",", row.token_sealed.as_slice())
    .with(",", row.created_at)
    .push(") returning id")
    .load_as::<BigInt, i64>(conn)?;
    ids.into_iter().next().map(Id::new).ok_or(crate::Error::NotFound)
}

/// That of a token.
pub fn of_token(conn: &mut Conn, token: Id<Token>) -> Result<Option<PushSubscription>> {
    Sql::new("select s.* from push_subscriptions s where s.token_id = ").bind(token).optional(conn)
}

/// By id.
pub fn find(conn: &mut Conn, id: Id<PushSubscription>) -> Result<Option<PushSubscription>> {
    Sql::new("select s.* from push_subscriptions s where s.id = ").bind(id).optional(conn)
}

/// Those of a person that want to hear of this kind and are not left alone just now.
pub fn wanting(
    conn: &mut Conn,
    account: Id<Account>,
    kind: NotificationKind,
    now: Timestamp,
) -> Result<Vec<PushSubscription>> {
    Sql::new("select s.* from push_subscriptions s where s.account_id = ")
        .bind(account)
        .push(format!(" and (s.alerts & {}) <> 0", bit(kind)))
        .with(" and (s.parked_until is null or s.parked_until <= ", now)
        .push(") order by s.id")
        .load(conn)
}

/// Writes what its client wants to hear of, and takes it up again.
pub fn set_wishes(conn: &mut Conn, row: &PushSubscription) -> Result<()> {
    Sql::new("update push_subscriptions set parked_until = null, failures = 0, alerts = ")
        .bind(row.alerts)
        .with(", policy = ", row.policy)
        .with(" where id = ", row.id)
        .execute(conn)?;
    Ok(())
}

/// Writes how its push service answered.
pub fn set_state(conn: &mut Conn, row: &PushSubscription) -> Result<()> {
    Sql::new("update push_subscriptions set parked_until = ")
        .bind(row.parked_until)
        .with(", failures = ", row.failures)
        .with(", hour = ", row.hour)
        .with(", sent = ", row.sent)
        .with(" where id = ", row.id)
        .execute(conn)?;
    Ok(())
}

/// Ends that of a token.
pub fn delete_of_token(conn: &mut Conn, token: Id<Token>) -> Result<()> {
    Sql::new("delete from push_subscriptions where token_id = ").bind(token).execute(conn)?;
    Ok(())
}

/// Ends all of an account.
pub fn delete_all(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from push_subscriptions where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Ends one.
pub fn delete(conn: &mut Conn, id: Id<PushSubscription>) -> Result<()> {
    Sql::new("delete from push_subscriptions where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Ends the oldest of a person beyond so many.
pub fn keep_newest(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<()> {
    let old: Vec<Id<PushSubscription>> = Sql::new("select s.id from push_subscriptions s where s.account_id = ")
        .bind(account)
        .with(" order by s.id desc limit 100 offset ", most)
        .load_ids(conn)?;
    if !old.is_empty() {
        Sql::new("delete from push_subscriptions where id in ").ids(&old).execute(conn)?;
    }
    Ok(())
}
