//! The first account of a node, made in the browser by a one-time link: no default password anywhere (OPS-08).

use super::{
    Tx,
    accounts::{NewPerson, create},
    audit::{self, Staff},
    names,
};
use crate::{
    Error, Result,
    db::Conn,
    model::{Account, Role},
    store,
};
use std::net::IpAddr;

/// Name of the setting that holds the hash of the one-time link for the first admin.
const SETUP: &str = "setup_token_hash";

/// A new one-time link for the first admin, when nobody runs the node yet (OPS-08). An earlier one dies.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open_setup(tx: &mut Tx<'_>) -> Result<Option<String>> {
    if store::users::has_admin(tx.conn)? {
        return Ok(None);
    }
    let token = tx.random().token();
    let hash = crate::crypto::sha256_hex(token.as_bytes());
    store::users::set_setting(tx.conn, SETUP, &hash)?;
    Ok(Some(tx.site().url(&format!("/setup/{token}"))))
}

/// Is this the token of the one-time link, and is there still nobody who runs the node?
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_setup(conn: &mut Conn, token: &str) -> Result<bool> {
    let stored = store::users::find_setting(conn, SETUP)?.unwrap_or_default();
    let given = crate::crypto::sha256_hex(token.as_bytes());
    Ok(crate::crypto::same(stored.as_bytes(), given.as_bytes()) && !store::users::has_admin(conn)?)
}

/// The first account, by the one-time link, from this address: the owner.
///
/// # Errors
/// `NotFound` when the link is not good any more; `Invalid` for what was typed.
pub fn set_up(
    tx: &mut Tx<'_>,
    token: &str,
    username: &str,
    email: &str,
    password_hash: String,
    address: Option<IpAddr>,
) -> Result<Account> {
    if !is_setup(tx.conn, token)? {
        return Err(Error::NotFound);
    }
    names::email(email)?;
    let mut person = NewPerson::member(username, Some(email), Some(password_hash));
    (person.role, person.by_staff) = (Role::Owner, true);
    let account = create(tx, &person)?;
    store::users::delete_setting(tx.conn, SETUP)?;
    let by = Staff {
        account: Some(account.id),
        name: account.username.clone(),
        role: Role::Owner,
        origin: address.map(|address| address.to_string()).unwrap_or_default(),
    };
    audit::write(tx, &by, "node.setup", &account.acct(), "by the one-time link")?;
    Ok(account)
}
