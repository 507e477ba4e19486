//! Whether accepted answers still hold, as their authors say, and pairs of tags that were proposed as aliases.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Post,
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// What the author of an accepted answer said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// The answer.
    pub answer: Id<Post>,
    /// Whether it still holds.
    pub holds: bool,
    /// When they said so.
    pub said_at: Timestamp,
}

/// Accepted answers of people who are here, accepted before a moment, whose authors were not asked since.
pub fn due(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<Id<Post>>> {
    Sql::new(
        "select distinct q.answer_id from questions q join posts p on p.id = q.answer_id \
         join accounts a on a.id = p.account_id where q.state = 1 and a.domain is null and a.left_on is null \
         and a.deleted_at is null and a.suspended_at is null and q.ended_at <= ",
    )
    .bind(before)
    .with(" and not exists (select 1 from answer_reviews r where r.answer_id = q.answer_id and r.asked_at > ", before)
    .with(") order by q.answer_id limit ", limit)
    .load_ids(conn)
}

/// Remembers the letter by which an author was asked; what they said before stays until they say something else.
pub fn ask(conn: &mut Conn, answer: Id<Post>, letter: Id<Post>, now: Timestamp) -> Result<()> {
    Sql::new("insert into answer_reviews (answer_id, letter_id, asked_at) values (")
        .bind(answer)
        .with(",", letter)
        .with(",", now)
        .push(") on conflict (answer_id) do update set letter_id = excluded.letter_id, asked_at = excluded.asked_at")
        .execute(conn)?;
    Ok(())
}

/// The answer that a letter is about.
pub fn of_letter(conn: &mut Conn, letter: Id<Post>) -> Result<Option<Id<Post>>> {
    let found: Vec<Id<Post>> =
        Sql::new("select r.answer_id from answer_reviews r where r.letter_id = ").bind(letter).load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// Writes what the author says.
pub fn say(conn: &mut Conn, review: Review) -> Result<()> {
    Sql::new("update answer_reviews set holds = ")
        .bind(review.holds)
        .with(", said_at = ", review.said_at)
        .with(" where answer_id = ", review.answer)
        .execute(conn)?;
    Ok(())
}

/// What the authors of these answers said.
pub fn list(conn: &mut Conn, answers: &[Id<Post>]) -> Result<Vec<Review>> {
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    type Types = (BigInt, Nullable<Bool>, Nullable<BigInt>);
    let rows = Sql::new("select r.answer_id, r.holds, r.said_at from answer_reviews r where r.answer_id in ")
        .ids(answers)
        .load_as::<Types, (i64, Option<bool>, Option<i64>)>(conn)?;
    let read = |(answer, holds, said_at): (i64, Option<bool>, Option<i64>)| {
        Some(Review { answer: Id::new(answer), holds: holds?, said_at: Timestamp::from_millis(said_at?) })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Notes that a pair of tags is proposed; false when it was before.
pub fn propose(conn: &mut Conn, asked: &str, listed: &str, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into alias_proposals (asked, listed, proposed_at) values (")
        .bind(asked)
        .with(",", listed)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Remembers which pair a letter proposes.
pub fn insert_alias_letter(conn: &mut Conn, letter: Id<Post>, asked: &str, listed: &str) -> Result<()> {
    Sql::new("insert into alias_letters (post_id, asked, listed) values (")
        .bind(letter)
        .with(",", asked)
        .with(",", listed)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// The pair that a letter proposes: what was asked for, and what those who answered list.
pub fn alias_letter(conn: &mut Conn, letter: Id<Post>) -> Result<Option<(String, String)>> {
    let rows = Sql::new("select l.asked, l.listed from alias_letters l where l.post_id = ")
        .bind(letter)
        .load_as::<(Text, Text), (String, String)>(conn)?;
    Ok(rows.into_iter().next())
}
