//! Keys of this node's actors; the private halves are sealed before they come here.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, ActorKeys, schema},
    on_backend,
    time::Timestamp,
};
use diesel::prelude::*;

/// The sealed keys of an account.
pub fn find(conn: &mut Conn, account: Id<Account>) -> Result<Option<ActorKeys>> {
    Sql::new("select k.* from actor_keys k where k.account_id = ").bind(account).optional(conn)
}

/// Stores new keys, and the public halves on the account, unless it has keys already.
pub fn insert(
    conn: &mut Conn,
    account: Id<Account>,
    rsa_sealed: &[u8],
    ed25519_sealed: &[u8],
    public_key: Vec<u8>,
    ed25519_key: Vec<u8>,
    now: Timestamp,
) -> Result<()> {
    let written = Sql::new("insert into actor_keys (account_id, rsa_sealed, ed25519_sealed, created_at) values (")
        .bind(account)
        .with(",", rsa_sealed)
        .with(",", ed25519_sealed)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    if written == 1 {
        Sql::new("update accounts set public_key_id = uri || '#main-key', ed25519_key_id = uri || '#ed25519-key', public_key = ")
            .bind(public_key)
            .with(", ed25519_key = ", ed25519_key)
            .with(" where id = ", account)
            .execute(conn)?;
    }
    Ok(())
}

/// Puts new keys in the place of those that an account has; `number` ends the ids of both public halves, which are
/// no key's that there was before.
#[expect(clippy::too_many_arguments, reason = "two keys, each with two halves")]
pub fn replace(
    conn: &mut Conn,
    account: Id<Account>,
    rsa_sealed: &[u8],
    ed25519_sealed: &[u8],
    public_key: Vec<u8>,
    ed25519_key: Vec<u8>,
    number: u32,
    now: Timestamp,
) -> Result<()> {
    Sql::new("update actor_keys set rsa_sealed = ")
        .bind(rsa_sealed)
        .with(", ed25519_sealed = ", ed25519_sealed)
        .with(", created_at = ", now)
        .with(" where account_id = ", account)
        .execute(conn)?;
    Sql::new("update accounts set public_key_id = uri || ")
        .bind(format!("#main-key-{number}"))
        .with(", ed25519_key_id = uri || ", format!("#ed25519-key-{number}"))
        .with(", public_key = ", public_key)
        .with(", ed25519_key = ", ed25519_key)
        .with(" where id = ", account)
        .execute(conn)?;
    Ok(())
}

/// Writes an account row as it is, unless there is one.
pub fn insert_account(conn: &mut Conn, row: &Account) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::accounts::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}
