//! E-mail addresses that wait to be confirmed.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    time::Timestamp,
};
use diesel::sql_types::Bool;

/// Somebody's address waits from now on. `admit`: they may sign in as soon as it is confirmed.
pub fn insert(conn: &mut Conn, account: Id<Account>, admit: bool, now: Timestamp) -> Result<()> {
    Sql::new("insert into email_confirmations (account_id, admit, created_at) values (")
        .bind(account)
        .with(",", admit)
        .with(",", now)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Whether somebody whose address waits may sign in as soon as it is confirmed; none for who waits no more.
pub fn find(conn: &mut Conn, account: Id<Account>) -> Result<Option<bool>> {
    let rows = Sql::new("select c.admit from email_confirmations c where c.account_id = ")
        .bind(account)
        .load_as::<(Bool,), (bool,)>(conn)?;
    Ok(rows.into_iter().next().map(|(admit,)| admit))
}

/// They may sign in as soon as it is confirmed.
pub fn admit(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("update email_confirmations set admit = ")
        .bind(true)
        .with(" where account_id = ", account)
        .execute(conn)?;
    Ok(())
}

/// It waits no more.
pub fn delete(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from email_confirmations where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Those who have waited since before a moment.
pub fn before(conn: &mut Conn, before: Timestamp, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select c.account_id from email_confirmations c where c.created_at < ")
        .bind(before)
        .with(" order by c.created_at limit ", most)
        .load_ids(conn)
}

/// The address was found to be theirs.
pub fn set_confirmed(conn: &mut Conn, account: Id<Account>, now: Timestamp) -> Result<()> {
    Sql::new("update users set confirmed_at = ").bind(now).with(" where account_id = ", account).execute(conn)?;
    Ok(())
}

/// Another address, for who typed the first one wrong.
pub fn set_email(conn: &mut Conn, account: Id<Account>, email: &str) -> Result<()> {
    Sql::new("update users set email = ")
        .bind(email)
        .with(", email_normal = ", email.to_lowercase())
        .with(" where account_id = ", account)
        .execute(conn)?;
    Ok(())
}
