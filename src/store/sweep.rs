//! Removal of what has served its time (LIM-14).

use crate::{
    Result,
    db::{Conn, Sql},
    time::Timestamp,
};

/// Rows removed per statement, so that no write holds the database long.
const CHUNK: i64 = 500;

/// Removes one chunk of each kind of expired row; answers how many rows went.
pub fn chunk(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    let mut gone = 0;
    // Ids of activities are kept 30 days (SIG-18), idempotency keys an hour and some (REL-01), codes long enough to
    // notice a second use (OAU-03), clients that nobody ever signed in with 30 days (OAU-21). A dialogue with the
    // concierge may be taken up again for 90 days. Follows that somebody lost are remembered as long as they are told of it, or as
    // whom they lost; the second id of a Like as long as it stands.
    let rules: [(&str, &str, Timestamp, &str); 11] = [
        ("seen_activities", "hash", now.plus_days(-30), "seen_at < "),
        ("tombstones", "uri", now, "expires_at < "),
        ("ip_blocks", "id", now, "expires_at < "),
        ("idempotency_keys", "id", now.plus_days(-1), "created_at < "),
        ("oauth_codes", "code_hash", now.plus_days(-1), "created_at < "),
        ("sessions", "id", now.plus_days(-90), "last_seen_at < "),
        ("concierge_threads", "conversation_id", now.plus_days(-90), "changed_at < "),
        ("missing_inboxes", "inbox", now.plus_days(-90), "dead_at < "),
        (
            "severances",
            "id",
            now.plus_days(-super::severances::LISTED_DAYS),
            "not exists (select 1 from notifications n where n.severance_id = severances.id) and created_at < ",
        ),
        (
            "repeated_activities",
            "standing_uri",
            now.plus_days(-1),
            "not exists (select 1 from favourites f where f.uri = standing_uri) \
             and not exists (select 1 from emoji_reactions r where r.uri = standing_uri) \
             and not exists (select 1 from posts p where p.uri = standing_uri) and created_at < ",
        ),
        (
            "apps",
            "id",
            now.plus_days(-30),
            "last_used_at is null and not exists (select 1 from tokens t where t.app_id = apps.id) and created_at < ",
        ),
    ];
    for (table, key, before, condition) in rules {
        gone += Sql::new(format!("delete from {table} where {key} in (select {key} from {table} where {condition}"))
            .bind(before)
            .with(" limit ", CHUNK)
            .push(")")
            .execute(conn)?;
    }
    // An activity whose deliveries are all done has served; followers may still ask for what can be rendered anew.
    gone += Sql::new("delete from activities where id in (select a.id from activities a where a.created_at < ")
        .bind(now.plus_days(-1))
        .push(" and not exists (select 1 from deliveries d where d.activity_id = a.id)")
        .with(" limit ", CHUNK)
        .push(")")
        .execute(conn)?;
    gone += super::severances::purge(conn, now, CHUNK)?;
    gone += super::ledger::sweep(conn, now, CHUNK)?;
    gone += super::stored::sweep(conn, now, CHUNK)?;
    Ok(gone)
}

/// The largest id in the database: new ones must be above it (REL-12, REL-24).
pub fn largest_id(conn: &mut Conn) -> Result<i64> {
    let mut largest = 0;
    for table in
        ["posts", "scheduled_posts", "accounts", "media", "activities", "follows", "favourites", "jobs", "tokens"]
    {
        let id = Sql::new(format!("select t.id from {table} t order by t.id desc limit 1")).optional_i64(conn)?;
        largest = largest.max(id.unwrap_or(0));
    }
    Ok(largest)
}
