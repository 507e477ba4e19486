//! Which servers a post was sent to, and which of them have it: the sets of hosts, and those that were missed. A server
//! that has a post costs no row: it stands in the set, and neither in `misses` nor in `deliveries`.

use crate::{
    Result, crypto,
    db::{Conn, Sql},
    id::Id,
    model::{Activity, Delivery, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Days that this is kept.
pub const DAYS: i64 = 90;
/// Bytes of the hash of a set.
const HASH: usize = 16;

/// A set of hosts to which an activity went.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The Create, or the Update that brought new hosts.
    pub activity: Id<Activity>,
    /// Sorted.
    pub hosts: Vec<String>,
}

/// A host that will not get an activity.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The activity.
    pub activity: Id<Activity>,
    /// The host.
    pub host: String,
    /// Why, for staff.
    pub why: String,
    /// Since when that is certain.
    pub at: Timestamp,
}

/// Writes down where an activity goes. `hosts`: sorted, each once. `fresh` is used for a set that is new.
pub fn insert(
    conn: &mut Conn,
    activity: Id<Activity>,
    post: Id<Post>,
    hosts: &[&str],
    fresh: i64,
    now: Timestamp,
) -> Result<()> {
    let text = serde_json::to_string(hosts).map_err(crate::Error::internal)?;
    let digest = crypto::sha256(text.as_bytes());
    let hash = digest.get(..HASH).unwrap_or_default();
    let audience = match find_audience(conn, hash)? {
        Some((id, used)) => {
            if used < now.plus_days(-1).millis() {
                Sql::new("update audiences set used_at = ").bind(now).with(" where id = ", id).execute(conn)?;
            }
            id
        }
        None => {
            Sql::new("insert into audiences (id, hash, hosts, used_at) values (")
                .bind(fresh)
                .with(",", hash)
                .with(",", &text)
                .with(",", now)
                .push(") on conflict (hash) do nothing")
                .execute(conn)?;
            // Another transaction may have been first.
            find_audience(conn, hash)?.map_or(fresh, |(id, _)| id)
        }
    };
    Sql::new("insert into dispatches (activity_id, post_id, audience_id) values (")
        .bind(activity)
        .with(",", post)
        .with(",", audience)
        .push(") on conflict (activity_id) do nothing")
        .execute(conn)?;
    Ok(())
}

fn find_audience(conn: &mut Conn, hash: &[u8]) -> Result<Option<(i64, i64)>> {
    let found = Sql::new("select s.id, s.used_at from audiences s where s.hash = ")
        .bind(hash)
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(found.into_iter().next())
}

/// Where a post went: its Create first, then edits that brought new hosts.
pub fn dispatches(conn: &mut Conn, post: Id<Post>) -> Result<Vec<Dispatch>> {
    let rows = Sql::new(
        "select s.activity_id, u.hosts from dispatches s join audiences u on u.id = s.audience_id where s.activity_id = ",
    )
    .bind(post)
    .with(
        " union all select s.activity_id, u.hosts from dispatches s join audiences u on u.id = s.audience_id \
         where s.post_id <> s.activity_id and s.post_id = ",
        post,
    )
    .push(" order by 1 limit 100")
    .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    let read = |(activity, hosts): (i64, String)| Dispatch {
        activity: Id::new(activity),
        hosts: serde_json::from_str(&hosts).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Who missed these activities.
pub fn misses(conn: &mut Conn, activities: &[Id<Activity>]) -> Result<Vec<Miss>> {
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new("select m.activity_id, m.host, m.why, m.at from misses m where m.activity_id in ")
        .ids(activities)
        .load_as::<(BigInt, Text, Text, BigInt), (i64, String, String, i64)>(conn)?;
    let read = |(activity, host, why, at): (i64, String, String, i64)| Miss {
        activity: Id::new(activity),
        host,
        why,
        at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Activity and host of what still waits of these activities.
pub fn waiting(conn: &mut Conn, activities: &[Id<Activity>]) -> Result<Vec<(Id<Activity>, String)>> {
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    let rows =
        Sql::new("select d.activity_id, d.host from deliveries d where d.parked_at is null and d.activity_id in ")
            .ids(activities)
            .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(activity, host)| (Id::new(activity), host)).collect())
}

/// Writes down that waiting deliveries will not arrive, before they go. `which` is a condition on `deliveries d`.
pub fn lose(conn: &mut Conn, which: Sql, why: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into misses (activity_id, host, why, at) select distinct d.activity_id, d.host, ")
        .bind(cut(why))
        .with(", ", now)
        .push(" from deliveries d join dispatches s on s.activity_id = d.activity_id where d.parked_at is null and (")
        .append(which)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Reasons are for reading.
fn cut(why: &str) -> String {
    why.chars().take(200).collect()
}

/// Parked deliveries are about to wait again: one, or all with `None`.
pub fn hope(conn: &mut Conn, id: Option<Id<Delivery>>) -> Result<()> {
    let mut sql = Sql::new(
        "delete from misses where exists (select 1 from deliveries d where d.activity_id = misses.activity_id \
         and d.host = misses.host and d.parked_at is not null",
    );
    if let Some(id) = id {
        sql = sql.with(" and d.id = ", id);
    }
    sql.push(")").execute(conn)?;
    Ok(())
}

/// Forgets up to `most` rows of each kind that are older than [`DAYS`]; answers how many went.
pub fn sweep(conn: &mut Conn, now: Timestamp, most: i64) -> Result<usize> {
    let before = now.plus_days(-DAYS);
    let oldest = before.millis() << 16;
    let mut gone = 0;
    gone += Sql::new(
        "delete from dispatches where activity_id in (select activity_id from dispatches where activity_id < ",
    )
    .bind(oldest)
    .with(" limit ", most)
    .push(")")
    .execute(conn)?;
    gone += Sql::new("delete from misses where activity_id in (select activity_id from misses where activity_id < ")
        .bind(oldest)
        .with(" limit ", most)
        .push(")")
        .execute(conn)?;
    // A set outlives the last post that went there by a day at least.
    gone += Sql::new("delete from audiences where id in (select id from audiences where used_at < ")
        .bind(before.plus_days(-2))
        .with(" limit ", most)
        .push(")")
        .execute(conn)?;
    Ok(gone)
}

/// What waits for a host.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The host.
    pub host: String,
    /// How many.
    pub waiting: i64,
    /// The oldest of them.
    pub oldest: Id<Delivery>,
}

/// What waits, by host.
pub fn queues(conn: &mut Conn) -> Result<Vec<Queue>> {
    let rows = Sql::new(
        "select d.host, count(*), min(d.id) from deliveries d where d.parked_at is null group by d.host order by d.host",
    )
    .load_as::<(Text, BigInt, Nullable<BigInt>), (String, i64, Option<i64>)>(conn)?;
    let read = |(host, waiting, oldest): (String, i64, Option<i64>)| Queue {
        host,
        waiting,
        oldest: Id::new(oldest.unwrap_or(0)),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// These deliveries.
pub fn deliveries(conn: &mut Conn, ids: &[Id<Delivery>]) -> Result<Vec<Delivery>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select d.* from deliveries d where d.id in ").ids(ids).load(conn)
}

/// How many deliveries of each host were refused for good and are kept for staff.
pub fn parked(conn: &mut Conn) -> Result<Vec<(String, i64)>> {
    Sql::new("select d.host, count(*) from deliveries d where d.parked_at is not null group by d.host")
        .load_as::<(Text, BigInt), (String, i64)>(conn)
}

/// What is known of other servers, those in trouble first; at most `most`.
pub fn hosts(conn: &mut Conn, most: i64) -> Result<Vec<crate::model::Host>> {
    Sql::new("select h.* from hosts h order by h.failures desc, h.host limit ").bind(most).load(conn)
}

/// Notes when these hosts last took something and last spoke to us.
pub fn note_hosts(
    conn: &mut Conn,
    seen: &[(String, Option<Timestamp>, Option<Timestamp>)],
    now: Timestamp,
) -> Result<()> {
    for batch in seen.chunks(64) {
        let mut sql = Sql::new("insert into hosts (host, last_success_at, last_heard_at, created_at) values ");
        for (at, (host, success, heard)) in batch.iter().enumerate() {
            sql = sql
                .with(if at == 0 { "(" } else { ",(" }, host)
                .with(",", *success)
                .with(",", *heard)
                .with(",", now)
                .push(")");
        }
        sql.push(
            " on conflict (host) do update set last_success_at = coalesce(excluded.last_success_at, hosts.last_success_at), \
             last_heard_at = coalesce(excluded.last_heard_at, hosts.last_heard_at)",
        )
        .execute(conn)?;
    }
    Ok(())
}
