//! What other nodes of the organisation have confirmed to have stored (N15). For each node one mark: everything it took up to
//! there is stored, but for the few rows that say otherwise.

use super::ledger::DAYS;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Activity, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Text};

/// How far a node has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last activity that it was asked about.
    pub activity: Id<Activity>,
    /// When it last answered.
    pub checked_at: Timestamp,
}

/// Something that went to a node: the activity, and the id of the post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The Create, or the Update that brought the node in.
    pub activity: Id<Activity>,
    /// The post's id.
    pub uri: String,
}

fn sent(conn: &mut Conn, sql: Sql) -> Result<Vec<Sent>> {
    let rows = sql.load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(activity, uri)| Sent { activity: Id::new(activity), uri }).collect())
}

/// The marks, by host.
pub fn marks(conn: &mut Conn) -> Result<Vec<(String, Mark)>> {
    let rows =
        Sql::new("select m.host, m.activity_id, m.checked_at from stored_marks m order by m.host").load_as::<(
            Text,
            BigInt,
            BigInt,
        ), (String, i64, i64)>(
            conn
        )?;
    let read = |(host, activity, at): (String, i64, i64)| {
        (host, Mark { activity: Id::new(activity), checked_at: Timestamp::from_millis(at) })
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The mark of one host.
pub fn mark(conn: &mut Conn, host: &str) -> Result<Option<Mark>> {
    Ok(marks(conn)?.into_iter().find(|(of, _)| of == host).map(|(_, mark)| mark))
}

/// What was sent to a host behind its mark and still exists here, the oldest first; up to `most`.
pub fn unconfirmed(conn: &mut Conn, host: &str, after: Id<Activity>, most: i64) -> Result<Vec<Sent>> {
    let quoted = serde_json::to_string(host).map_err(crate::Error::internal)?;
    let sets = Sql::new("select s.id, s.hosts from audiences s where s.hosts like ")
        .bind(format!("%{quoted}%"))
        .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    // `_` in a name means any letter to the database.
    let sets: Vec<Id<Post>> =
        sets.into_iter().filter(|(_, hosts)| hosts.contains(&quoted)).map(|(id, _)| Id::new(id)).collect();
    if sets.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new("select s.activity_id, p.uri from dispatches s join posts p on p.id = s.post_id where p.boost_of_id is null and s.activity_id > ")
        .bind(after)
        .push(" and s.audience_id in ")
        .ids(&sets)
        .with(" order by s.activity_id limit ", most);
    sent(conn, sql)
}

/// What a host took and did not have, the oldest first; up to `most`.
pub fn doubtful(conn: &mut Conn, host: &str, most: i64) -> Result<Vec<Sent>> {
    let sql = Sql::new(
        "select n.activity_id, p.uri from not_stored n join dispatches s on s.activity_id = n.activity_id \
         join posts p on p.id = s.post_id where n.host = ",
    )
    .bind(host)
    .with(" order by n.activity_id limit ", most);
    sent(conn, sql)
}

/// Which of these activities a host took and does not have.
pub fn doubts(conn: &mut Conn, activities: &[Id<Activity>]) -> Result<Vec<(Id<Activity>, String)>> {
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new("select n.activity_id, n.host from not_stored n where n.activity_id in ")
        .ids(activities)
        .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(activity, host)| (Id::new(activity), host)).collect())
}

/// How much each host took and does not have.
pub fn doubts_by_host(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    Sql::new("select n.host, count(*) from not_stored n group by n.host").load_as::<(Text, BigInt), (String, i64)>(conn)
}

/// A host was asked about these: `missing` of them it does not have.
pub fn note(conn: &mut Conn, host: &str, mark: Mark, asked: &[Id<Activity>], missing: &[Id<Activity>]) -> Result<()> {
    if !asked.is_empty() {
        Sql::new("delete from not_stored where host = ")
            .bind(host)
            .push(" and activity_id in ")
            .ids(asked)
            .execute(conn)?;
    }
    for activity in missing {
        Sql::new("insert into not_stored (activity_id, host, at) values (")
            .bind(*activity)
            .with(",", host)
            .with(",", mark.checked_at)
            .push(") on conflict do nothing")
            .execute(conn)?;
    }
    Sql::new("insert into stored_marks (host, activity_id, checked_at) values (")
        .bind(host)
        .with(",", mark.activity)
        .with(",", mark.checked_at)
        .push(") on conflict (host) do update set activity_id = excluded.activity_id, checked_at = excluded.checked_at")
        .execute(conn)?;
    Ok(())
}

/// Which of these posts are here, or were and are known to be gone.
pub fn known(conn: &mut Conn, uris: &[String]) -> Result<Vec<String>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.uri from posts p where p.uri in ")
        .texts(uris)
        .push(" union select t.uri from tombstones t where t.uri in ")
        .texts(uris)
        .load_texts(conn)
}

/// Forgets up to `most` rows about what the ledger has forgotten.
pub fn sweep(conn: &mut Conn, now: Timestamp, most: i64) -> Result<usize> {
    let oldest = now.plus_days(-DAYS).millis() << 16;
    Sql::new("delete from not_stored where activity_id in (select activity_id from not_stored where activity_id < ")
        .bind(oldest)
        .with(" limit ", most)
        .push(")")
        .execute(conn)
}
