//! Letters that introduce two people to one another.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable};

/// Writes down a letter: who wanted it, where they are known, and to whom they are introduced.
pub fn insert(
    conn: &mut Conn,
    letter: Id<Post>,
    asker: Option<Id<Account>>,
    other: Id<Account>,
    now: Timestamp,
) -> Result<()> {
    Sql::new("insert into introductions (letter_id, asker_id, other_id, made_at) values (")
        .bind(letter)
        .with(",", asker)
        .with(",", other)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Who wanted a letter, where they are known, and who else it names.
pub type Pair = (Option<Id<Account>>, Id<Account>);

/// The two of a letter; none of a post that is none.
pub fn find(conn: &mut Conn, letter: Id<Post>) -> Result<Option<Pair>> {
    let rows = Sql::new("select i.asker_id, i.other_id from introductions i where i.letter_id = ")
        .bind(letter)
        .load_as::<(Nullable<BigInt>, BigInt), (Option<i64>, i64)>(conn)?;
    Ok(rows.into_iter().next().map(|(asker, other)| (asker.map(Id::new), Id::new(other))))
}

/// Whether two people were introduced to one another since a moment, whoever of them wanted it.
pub fn is_made(conn: &mut Conn, a: Id<Account>, b: Id<Account>, since: Timestamp) -> Result<bool> {
    Sql::new("select i.letter_id from introductions i where i.asker_id = ")
        .bind(a)
        .with(" and i.other_id = ", b)
        .with(" and i.made_at > ", since)
        .with(" union all select i.letter_id from introductions i where i.asker_id = ", b)
        .with(" and i.other_id = ", a)
        .with(" and i.made_at > ", since)
        .exists(conn)
}

/// Letters that somebody wanted since a moment.
pub fn count_asked(conn: &mut Conn, asker: Id<Account>, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from introductions i where i.asker_id = ")
        .bind(asker)
        .with(" and i.made_at > ", since)
        .scalar_i64(conn)
}

/// Letters that somebody of this node was told of, and that others wanted, since a moment.
pub fn count_told(conn: &mut Conn, other: Id<Account>, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from introductions i where i.told and i.other_id = ")
        .bind(other)
        .with(" and i.made_at > ", since)
        .scalar_i64(conn)
}

/// Somebody was told of a letter.
pub fn set_told(conn: &mut Conn, letter: Id<Post>) -> Result<()> {
    Sql::new("update introductions set told = ").bind(true).with(" where letter_id = ", letter).execute(conn)?;
    Ok(())
}
