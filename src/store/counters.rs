//! What the node counts about itself, and what can be counted again from what it has.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

/// Adds to a counter of a day (since 1970).
pub fn add(conn: &mut Conn, name: &str, day: i64, by: i64) -> Result<()> {
    Sql::new("insert into counters (name, day, value) values (")
        .bind(name)
        .with(", ", day)
        .with(", ", by)
        .push(") on conflict (name, day) do update set value = counters.value + excluded.value")
        .execute(conn)?;
    Ok(())
}

/// The counters from a day on, added up.
pub fn since(conn: &mut Conn, day: i64) -> Result<Vec<(String, i64)>> {
    Sql::new("select c.name, cast(sum(c.value) as bigint) from counters c where c.day >= ")
        .bind(day)
        .push(" group by c.name order by c.name")
        .load_as::<(Text, BigInt), (String, i64)>(conn)
}

/// Forgets what was counted before a day.
pub fn sweep(conn: &mut Conn, day: i64) -> Result<()> {
    Sql::new("delete from counters where day < ").bind(day).execute(conn)?;
    Ok(())
}

/// People of this node who were there since, and those of them who list `least` skills.
pub fn skilled(conn: &mut Conn, since: Timestamp, least: i64) -> Result<(i64, i64)> {
    let active = super::instance::active_users(conn, since)?;
    let skilled = Sql::new("select count(*) from users u where u.last_active_at >= ")
        .bind(since)
        .with(" and (select count(*) from skills s where s.account_id = u.account_id) >= ", least)
        .scalar_i64(conn)?;
    Ok((active, skilled))
}

/// A question that was asked here.
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// When the first answer of somebody else came; `not me` is none.
    pub answered_at: Option<Timestamp>,
    /// The time zone of whoever asked; empty when they named none.
    pub zone: String,
}

/// Questions that were asked here since, newest first, at most `most`.
pub fn questions(conn: &mut Conn, since: Timestamp, most: i64) -> Result<Vec<Asked>> {
    let rows = Sql::new(
        "select q.asked_at, case when q.answers > 0 then (select min(p.created_at) from posts p \
         join accounts a on a.id = p.account_id where p.conversation_id = q.post_id and p.id <> q.post_id \
         and p.account_id <> q.account_id and a.kind = 0 and p.visibility < 3 and not exists (select 1 from \
         question_people x where x.question_id = q.post_id and x.account_id = p.account_id \
         and x.declined_at >= p.created_at)) end, e.time_zone from questions q left join expertise e \
         on e.account_id = q.account_id where q.local and q.asked_at >= ",
    )
    .bind(since)
    .with(" order by q.post_id desc limit ", most)
    .load_as::<(BigInt, Nullable<BigInt>, Nullable<Text>), (i64, Option<i64>, Option<String>)>(conn)?;
    let at = Timestamp::from_millis;
    let asked = |(asked, answered, zone): (i64, Option<i64>, Option<String>)| Asked {
        at: at(asked),
        answered_at: answered.map(at),
        zone: zone.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(asked).collect())
}

/// Accepted answers to questions that were asked here since, and those of them that came from another site.
pub fn accepted(conn: &mut Conn, since: Timestamp) -> Result<(i64, i64)> {
    let of = |more: &str| {
        Sql::new(format!(
            "select count(*) from questions q join accounts a on a.id = q.answered_by where q.local and q.state = 1{more} \
             and q.asked_at >= "
        ))
        .bind(since)
    };
    Ok((of("").scalar_i64(conn)?, of(" and a.domain is not null").scalar_i64(conn)?))
}

/// People whom the concierge of this node put questions to since, and those of them who said that they are not the one.
pub fn routed(conn: &mut Conn, since: Timestamp) -> Result<(i64, i64)> {
    let rows = Sql::new("select count(*), count(p.declined_at) from question_people p where p.asked_at >= ")
        .bind(since)
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

/// Posts of people of this node since that everybody in their audience may read, by audience; counting stops where the
/// picture is clear enough.
pub fn posts_by_audience(conn: &mut Conn, since: Timestamp) -> Result<Vec<(Audience, i64)>> {
    // Ids carry the time.
    let rows = Sql::new(
        "select x.audience, count(*) from (select p.audience from posts p join accounts a on a.id = p.account_id \
         where p.local and p.visibility <= 1 and p.boost_of_id is null and a.kind = 0 and p.id >= ",
    )
    .bind(since.millis() << 16)
    .push(" limit 100000) x group by x.audience order by x.audience")
    .load_as::<(SmallInt, BigInt), (i16, i64)>(conn)?;
    let of = |audience: i16| match audience {
        0 => Audience::Site,
        1 => Audience::Organisation,
        _ => Audience::Open,
    };
    Ok(rows.into_iter().map(|(audience, posts)| (of(audience), posts)).collect())
}

/// Notes when something happened for the first time.
pub fn reach(conn: &mut Conn, name: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into milestones (name, reached_at) values (")
        .bind(name)
        .with(", ", now)
        .push(") on conflict (name) do nothing")
        .execute(conn)?;
    Ok(())
}

/// When it did.
pub fn milestone(conn: &mut Conn, name: &str) -> Result<Option<Timestamp>> {
    let rows = Sql::new("select m.reached_at, m.name from milestones m where m.name = ")
        .bind(name)
        .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().next().map(|(at, _)| Timestamp::from_millis(at)))
}

/// Votes for these answers in what an account asked since, each answer's by itself.
pub fn votes(conn: &mut Conn, asker: Id<Account>, answers: &[&str], since: Timestamp) -> Result<Vec<(String, i64)>> {
    Sql::new(
        "select o.title, cast(sum(o.votes_count) as bigint) from posts s join polls p on p.post_id = s.id \
         join poll_options o on o.poll_id = p.id where s.account_id = ",
    )
    .bind(asker)
    .with(" and s.created_at >= ", since)
    .push(" and o.title in ")
    .texts(answers)
    .push(" group by o.title")
    .load_as::<(Text, BigInt), (String, i64)>(conn)
}
