//! Polls, their options and votes.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Poll, PollOption, Post, schema},
    on_backend,
    time::Timestamp,
};
use diesel::prelude::*;

/// By id, or `NotFound`; whoever may see its post.
pub fn load(conn: &mut Conn, id: Id<Poll>) -> Result<Poll> {
    Sql::new("select p.* from polls p where p.id = ").bind(id).one(conn)
}

/// The poll of a post.
pub fn find_by_post(conn: &mut Conn, post: Id<Post>) -> Result<Option<Poll>> {
    Sql::new("select p.* from polls p where p.post_id = ").bind(post).optional(conn)
}

/// Its answers, in order.
pub fn options(conn: &mut Conn, poll: Id<Poll>) -> Result<Vec<PollOption>> {
    Sql::new("select o.* from poll_options o where o.poll_id = ").bind(poll).push(" order by o.position").load(conn)
}

/// Writes a poll with its answers.
pub fn insert(conn: &mut Conn, poll: &Poll, options: &[(String, i64)]) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::polls::table).values(poll).execute(c))?;
    insert_options(conn, poll.id, options)
}

fn insert_options(conn: &mut Conn, poll: Id<Poll>, options: &[(String, i64)]) -> Result<()> {
    for (position, (title, votes)) in options.iter().enumerate() {
        Sql::new("insert into poll_options (poll_id, position, title, votes_count) values (")
            .bind(poll)
            .with(",", i16::try_from(position).unwrap_or(i16::MAX))
            .with(",", title)
            .with(",", *votes)
            .push(")")
            .execute(conn)?;
    }
    Ok(())
}

/// New answers: old votes are void.
pub fn replace_options(conn: &mut Conn, poll: Id<Poll>, options: &[(String, i64)]) -> Result<()> {
    for table in ["poll_votes", "poll_options"] {
        Sql::new(format!("delete from {table} where poll_id = ")).bind(poll).execute(conn)?;
    }
    insert_options(conn, poll, options)
}

/// Sets the tally of one answer.
pub fn set_votes(conn: &mut Conn, poll: Id<Poll>, position: i16, votes: i64) -> Result<()> {
    Sql::new("update poll_options set votes_count = ")
        .bind(votes)
        .with(" where poll_id = ", poll)
        .with(" and position = ", position)
        .execute(conn)?;
    Ok(())
}

/// Writes what may change of a poll.
pub fn update(conn: &mut Conn, poll: &Poll) -> Result<()> {
    Sql::new("update polls set multiple = ")
        .bind(poll.multiple)
        .with(", hide_totals = ", poll.hide_totals)
        .with(", expires_at = ", poll.expires_at)
        .with(", closed_at = ", poll.closed_at)
        .with(", voters_count = ", poll.voters_count)
        .with(", fetched_at = ", poll.fetched_at)
        .with(", update_due_at = ", poll.update_due_at)
        .with(" where id = ", poll.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a poll.
pub fn delete(conn: &mut Conn, poll: Id<Poll>) -> Result<()> {
    Sql::new("delete from polls where id = ").bind(poll).execute(conn)?;
    Ok(())
}

/// What somebody chose.
pub fn choices(conn: &mut Conn, poll: Id<Poll>, account: Id<Account>) -> Result<Vec<i64>> {
    Sql::new("select cast(v.choice as bigint) from poll_votes v where v.poll_id = ")
        .bind(poll)
        .with(" and v.account_id = ", account)
        .push(" order by 1")
        .load_as::<diesel::sql_types::BigInt, i64>(conn)
}

/// Writes a vote; false when this very one is there.
pub fn insert_vote(conn: &mut Conn, poll: Id<Poll>, account: Id<Account>, choice: i16, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into poll_votes (poll_id, account_id, choice, created_at) values (")
        .bind(poll)
        .with(",", account)
        .with(",", choice)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// One more vote for an answer.
pub fn add_vote(conn: &mut Conn, poll: Id<Poll>, choice: i16) -> Result<()> {
    Sql::new("update poll_options set votes_count = votes_count + 1 where poll_id = ")
        .bind(poll)
        .with(" and position = ", choice)
        .execute(conn)?;
    Ok(())
}

/// One more person voted.
pub fn add_voter(conn: &mut Conn, poll: Id<Poll>) -> Result<()> {
    Sql::new("update polls set voters_count = coalesce(voters_count, 0) + 1 where id = ").bind(poll).execute(conn)?;
    Ok(())
}
