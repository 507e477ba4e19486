//! Relays that are known by their inboxes (COLL-07). What their actors may do here hangs on a follow of theirs, as with
//! every other relay ([`super::remote::relays`]).

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    time::Timestamp,
    uri,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// What was asked of such a relay.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its inbox.
    pub inbox: String,
    /// The id of the Follow that was sent there.
    pub follow: String,
    /// Whose actor said yes.
    pub account: Option<Id<Account>>,
    /// It said no, or no more.
    pub refused: bool,
}

fn rows(conn: &mut Conn, which: Sql) -> Result<Vec<Subscription>> {
    let rows = Sql::new("select r.inbox, r.follow_uri, r.account_id, r.refused from relays r")
        .append(which)
        .load_as::<(Text, Text, Nullable<BigInt>, Bool), (String, String, Option<i64>, bool)>(conn)?;
    let read = |(inbox, follow, account, refused): (String, String, Option<i64>, bool)| Subscription {
        inbox,
        follow,
        account: account.map(Id::new),
        refused,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// All of them, the first ones first.
pub fn all(conn: &mut Conn) -> Result<Vec<Subscription>> {
    rows(conn, Sql::new(" order by r.created_at, r.inbox limit 1000"))
}

/// By its inbox.
pub fn find(conn: &mut Conn, inbox: &str) -> Result<Option<Subscription>> {
    Ok(rows(conn, Sql::new(" where r.inbox = ").bind(inbox))?.into_iter().next())
}

/// By the id of the Follow that it was sent.
pub fn find_by_follow(conn: &mut Conn, follow: &str) -> Result<Option<Subscription>> {
    Ok(rows(conn, Sql::new(" where r.follow_uri = ").bind(follow))?.into_iter().next())
}

/// Those with an inbox on a server (`https://host`).
pub fn at(conn: &mut Conn, authority: &str) -> Result<Vec<Subscription>> {
    let mut found = all(conn)?;
    found.retain(|relay| uri::authority(&relay.inbox) == authority);
    Ok(found)
}

/// It is asked, or asked anew.
pub fn put(conn: &mut Conn, inbox: &str, follow: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into relays (inbox, follow_uri, refused, created_at) values (")
        .bind(inbox)
        .with(",", follow)
        .with(",", false)
        .with(",", now)
        .push(
            ") on conflict (inbox) do update set follow_uri = excluded.follow_uri, account_id = null, \
             refused = excluded.refused",
        )
        .execute(conn)?;
    Ok(())
}

/// It answered: yes with an account, no without one.
pub fn set_answer(conn: &mut Conn, inbox: &str, account: Option<Id<Account>>) -> Result<()> {
    Sql::new("update relays set account_id = ")
        .bind(account)
        .with(", refused = ", account.is_none())
        .with(" where inbox = ", inbox)
        .execute(conn)?;
    Ok(())
}

/// It is left.
pub fn delete(conn: &mut Conn, inbox: &str) -> Result<()> {
    Sql::new("delete from relays where inbox = ").bind(inbox).execute(conn)?;
    Ok(())
}
