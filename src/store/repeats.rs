//! Second ids of activities of other servers that stand.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    time::Timestamp,
};

/// What stands under the id `standing` came once more, under the id `uri`: the newest is remembered.
pub fn note(conn: &mut Conn, account: Id<Account>, standing: &str, uri: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into repeated_activities (standing_uri, uri, account_id, created_at) values (")
        .bind(standing)
        .with(",", uri)
        .with(",", account)
        .with(",", now)
        .push(") on conflict (standing_uri) do update set uri = excluded.uri, created_at = excluded.created_at")
        .execute(conn)?;
    Ok(())
}

/// The id under which stands what this account sent once more under the id `uri`.
pub fn standing(conn: &mut Conn, account: Id<Account>, uri: &str) -> Result<Option<String>> {
    let found = Sql::new("select r.standing_uri from repeated_activities r where r.uri = ")
        .bind(uri)
        .with(" and r.account_id = ", account)
        .push(" order by r.created_at desc limit 1")
        .load_texts(conn)?;
    Ok(found.into_iter().next())
}

/// What stood is taken back.
pub fn forget(conn: &mut Conn, standing: &str) -> Result<()> {
    Sql::new("delete from repeated_activities where standing_uri = ").bind(standing).execute(conn)?;
    Ok(())
}
