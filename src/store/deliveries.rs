//! Outgoing activities and their way to each inbox. A row of `deliveries` lives until its inbox has taken it; a parked
//! one stays for an admin's eyes. An activity lives as long as its deliveries.

use super::ledger;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, AccountKind, Activity, Audience, Delivery, Host, Post, Visibility},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

/// Rows written by one statement.
const BATCH: usize = 64;

/// Where an activity goes: the inbox and the authority of its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inbox {
    /// URL.
    pub url: String,
    /// Host and explicit port.
    pub host: String,
}

/// Writes an activity and one delivery for each inbox. `ids` gives as many ids as there are inboxes.
pub fn insert(
    conn: &mut Conn,
    activity: &Activity,
    inboxes: &[Inbox],
    durable: bool,
    mut ids: impl FnMut() -> Id<Delivery>,
) -> Result<()> {
    Sql::new("insert into activities (id, uri, account_id, kind, object_uri, post_id, json, created_at) values (")
        .bind(activity.id)
        .with(",", &activity.uri)
        .with(",", activity.account_id)
        .with(",", &activity.kind)
        .with(",", activity.object_uri.clone())
        .with(",", activity.post_id)
        .with(",", &activity.json)
        .with(",", activity.created_at)
        .push(")")
        .execute(conn)?;
    for batch in inboxes.chunks(BATCH) {
        let mut sql =
            Sql::new("insert into deliveries (id, activity_id, account_id, host, inbox, durable, created_at) values ");
        for (at, inbox) in batch.iter().enumerate() {
            sql = sql
                .with(if at == 0 { "(" } else { ",(" }, ids())
                .with(",", activity.id)
                .with(",", activity.account_id)
                .with(",", &inbox.host)
                .with(",", &inbox.url)
                .with(",", durable)
                .with(",", activity.created_at)
                .push(")");
        }
        sql.execute(conn)?;
    }
    Ok(())
}

/// Drops what is on its way to a host with posts that are not for everybody; that such a post is gone is still told.
pub fn drop_inside(conn: &mut Conn, host: &str, now: Timestamp) -> Result<usize> {
    const WHICH: &str = " and activity_id in (select a.id from activities a join posts p on p.id = a.post_id \
                         where a.kind in ('Create', 'Update', 'Announce', 'Add', 'Lock') and p.audience < ";
    let which = |sql: Sql| sql.bind(host).with(WHICH, Audience::Open).push(")");
    let ids = which(Sql::new("d.id in (select id from deliveries where host = ")).push(")");
    ledger::lose(conn, ids, "it is not inside of the organisation any more", now)?;
    which(Sql::new("delete from deliveries where host = ")).execute(conn)
}

/// An activity that is still on its way, by its number.
pub fn find_activity(conn: &mut Conn, id: Id<Activity>) -> Result<Option<Activity>> {
    Sql::new("select a.* from activities a where a.id = ").bind(id).optional(conn)
}

/// Waiting deliveries above `after`, oldest first.
pub fn next(conn: &mut Conn, after: Id<Delivery>, most: i64) -> Result<Vec<Delivery>> {
    Sql::new("select d.* from deliveries d where d.parked_at is null and d.id > ")
        .bind(after)
        .with(" order by d.id limit ", most)
        .load(conn)
}

/// Waiting deliveries of one host above `after`, oldest first.
pub fn next_of_host(conn: &mut Conn, host: &str, after: Id<Delivery>, most: i64) -> Result<Vec<Delivery>> {
    Sql::new("select d.* from deliveries d where d.parked_at is null and d.host = ")
        .bind(host)
        .with(" and d.id > ", after)
        .with(" order by d.id limit ", most)
        .load(conn)
}

/// Whether a delivery still waits: it may have been taken back since it was read.
pub fn is_waiting(conn: &mut Conn, id: Id<Delivery>) -> Result<bool> {
    Sql::new("select d.id from deliveries d where d.parked_at is null and d.id = ").bind(id).exists(conn)
}

/// Forgets deliveries that are done, and the activities nobody waits for any more.
pub fn finish(conn: &mut Conn, done: &[(Id<Delivery>, Id<Activity>)]) -> Result<()> {
    for batch in done.chunks(256) {
        let rows: Vec<_> = batch.iter().map(|(delivery, _)| *delivery).collect();
        Sql::new("delete from deliveries where id in ").ids(&rows).execute(conn)?;
        let mut activities: Vec<_> = batch.iter().map(|(_, activity)| *activity).collect();
        activities.sort_unstable();
        activities.dedup();
        forget(conn, &activities)?;
    }
    Ok(())
}

fn forget(conn: &mut Conn, activities: &[Id<Activity>]) -> Result<()> {
    Sql::new("delete from activities where id in ")
        .ids(activities)
        .push(" and not exists (select 1 from deliveries d where d.activity_id = activities.id)")
        .execute(conn)?;
    Ok(())
}

/// A delivery did not work and is tried again, not before `not_before`.
pub fn postpone(conn: &mut Conn, id: Id<Delivery>, error: &str, not_before: Timestamp) -> Result<()> {
    Sql::new("update deliveries set attempts = attempts + 1, last_error = ")
        .bind(error)
        .with(", not_before = ", not_before)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// A delivery will never work; it stays for an admin to see.
pub fn park(conn: &mut Conn, id: Id<Delivery>, error: &str, now: Timestamp) -> Result<()> {
    ledger::lose(conn, Sql::new("d.id = ").bind(id), error, now)?;
    Sql::new("update deliveries set attempts = attempts + 1, last_error = ")
        .bind(error)
        .with(", parked_at = ", now)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Parks all deliveries to a host that we do not speak with any more (LAN-09).
pub fn park_host(conn: &mut Conn, host: &str, error: &str, now: Timestamp) -> Result<usize> {
    ledger::lose(conn, Sql::new("d.host = ").bind(host), error, now)?;
    Sql::new("update deliveries set last_error = ")
        .bind(error)
        .with(", parked_at = ", now)
        .with(" where parked_at is null and host = ", host)
        .execute(conn)
}

/// Parked deliveries wait again: one, or all with `None`. Answers how many.
pub fn retry(conn: &mut Conn, id: Option<Id<Delivery>>) -> Result<usize> {
    ledger::hope(conn, id)?;
    let mut sql =
        Sql::new("update deliveries set parked_at = null, attempts = 0, not_before = 0 where parked_at is not null");
    if let Some(id) = id {
        sql = sql.with(" and id = ", id);
    }
    sql.execute(conn)
}

/// Parked deliveries older than this are forgotten.
pub fn sweep(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    let rows =
        Sql::new("delete from deliveries where parked_at is not null and parked_at < ").bind(before).execute(conn)?;
    Sql::new("delete from activities where created_at < ")
        .bind(before)
        .push(" and not exists (select 1 from deliveries d where d.activity_id = activities.id)")
        .execute(conn)?;
    Ok(rows)
}

/// Deliveries for an admin's eyes, newest first.
pub fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Delivery>> {
    Sql::new("select d.* from deliveries d order by d.id desc limit ").bind(limit).load(conn)
}

/// Number of waiting deliveries, of one host or of all.
pub fn count_waiting(conn: &mut Conn, host: Option<&str>) -> Result<i64> {
    let mut sql = Sql::new("select count(*) from deliveries d where d.parked_at is null");
    if let Some(host) = host {
        sql = sql.with(" and d.host = ", host);
    }
    sql.scalar_i64(conn)
}

/// Whether anything waits for a host.
pub fn is_waited_for(conn: &mut Conn, host: &str) -> Result<bool> {
    Sql::new("select d.id from deliveries d where d.parked_at is null and d.host = ")
        .bind(host)
        .push(" limit 1")
        .exists(conn)
}

/// Drops what need not outlive an unavailable host (DLV-05): everything that is not durable, and what is durable and
/// older than `before`.
pub fn drop_for_unavailable(conn: &mut Conn, host: &str, before: Timestamp, now: Timestamp) -> Result<usize> {
    let which =
        |sql: Sql| sql.bind(host).push(" and (durable = ").bind(false).with(" or created_at < ", before).push(")");
    ledger::lose(conn, which(Sql::new("d.host = ")), SILENT, now)?;
    which(Sql::new("delete from deliveries where parked_at is null and host = ")).execute(conn)
}

/// Why what is not durable is not sent to a host any more.
const SILENT: &str = "the server did not answer for a week";

/// Keeps the queue of one host below `most` rows: the oldest that are not durable go first (REL-13).
pub fn trim(conn: &mut Conn, host: &str, most: i64, now: Timestamp) -> Result<usize> {
    let over = count_waiting(conn, Some(host))? - most;
    if over <= 0 {
        return Ok(0);
    }
    let which = |sql: Sql| {
        sql.push("(select o.id from deliveries o where o.parked_at is null and o.host = ")
            .bind(host)
            .with(" and o.durable = ", false)
            .with(" order by o.id limit ", over)
            .push(")")
    };
    ledger::lose(conn, which(Sql::new("d.id in ")), "too much waited for this server", now)?;
    which(Sql::new("delete from deliveries where id in ")).execute(conn)
}

/// Takes back what waits about a post that is deleted (DLV-08). Undo and Delete stay.
pub fn take_back_post(conn: &mut Conn, post: Id<Post>) -> Result<usize> {
    Sql::new("delete from deliveries where activity_id in (select a.id from activities a where a.post_id = ")
        .bind(post)
        .push(" and a.kind in ('Create', 'Update', 'Announce', 'Add', 'Remove'))")
        .execute(conn)
}

/// Takes back what waits of the moves of an account that stays (MOVE-04).
pub fn take_back_move(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from deliveries where account_id = ")
        .bind(account)
        // There are many more activities than deliveries, and none is found by its account.
        .push(" and exists (select 1 from activities a where a.id = deliveries.activity_id and a.kind = 'Move')")
        .execute(conn)
}

/// Takes back what waits for a host that has no follower of `account` any more since `gone` left (ADDR-OUT-04):
/// followers-only posts, but for those that name somebody else of `domain`, who may read them without following.
pub fn take_back_private(
    conn: &mut Conn,
    account: Id<Account>,
    host: &str,
    (domain, gone): (&str, Id<Account>),
    now: Timestamp,
) -> Result<usize> {
    let which = |sql: Sql| {
        sql.bind(account)
            .with(" and host = ", host)
            .push(
                " and activity_id in (select a.id from activities a join posts p on p.id = a.post_id \
                 where a.kind in ('Create', 'Update') and p.visibility = ",
            )
            .bind(Visibility::Private)
            .push(
                " and not exists (select 1 from mentions m join accounts o on o.id = m.account_id \
                 where m.post_id = p.id and o.domain = ",
            )
            .bind(domain)
            .with(" and o.id <> ", gone)
            .push("))")
    };
    take_back(conn, which, "nobody there follows any more", now)
}

/// Takes deliveries back and remembers that they never arrived. `which` completes `account_id = `.
fn take_back(conn: &mut Conn, which: impl Fn(Sql) -> Sql, why: &str, now: Timestamp) -> Result<usize> {
    let ids = which(Sql::new("d.id in (select id from deliveries where account_id = ")).push(")");
    ledger::lose(conn, ids, why, now)?;
    which(Sql::new("delete from deliveries where account_id = ")).execute(conn)
}

/// Takes back everything between two accounts that waits for the inbox of one of them, when a block falls between them
/// (PRV-11).
pub fn take_back_for(conn: &mut Conn, account: Id<Account>, inbox: &str, now: Timestamp) -> Result<usize> {
    let which = |sql: Sql| {
        sql.bind(account)
            .with(" and inbox = ", inbox)
            .push(" and activity_id in (select a.id from activities a where a.kind in ('Create', 'Update', 'Announce', 'Like', 'Follow'))")
    };
    take_back(conn, which, "a block stands between the author and the reader there", now)
}

/// Whether anybody on this host follows `account`, apart from `but`.
pub fn has_follower_on(conn: &mut Conn, account: Id<Account>, domain: &str, but: Id<Account>) -> Result<bool> {
    Sql::new("select f.id from follows f join accounts a on a.id = f.account_id where f.target_id = ")
        .bind(account)
        .with(" and f.state = 1 and a.domain = ", domain)
        .with(" and a.id <> ", but)
        .push(" limit 1")
        .exists(conn)
}

/// Distinct inboxes of the remote followers of `account`: shared ones where there are.
pub fn follower_inboxes(conn: &mut Conn, account: Id<Account>) -> Result<Vec<String>> {
    Sql::new(
        "select distinct coalesce(a.shared_inbox_url, a.inbox_url) from follows f \
         join accounts a on a.id = f.account_id where f.state = 1 and f.target_id = ",
    )
    .bind(account)
    .push(" and a.domain is not null and a.inbox_url is not null and a.suspended_at is null and a.deleted_at is null")
    .load_texts(conn)
}

/// Every inbox known here, shared ones where there are (DLV-11).
pub fn all_inboxes(conn: &mut Conn) -> Result<Vec<String>> {
    Sql::new(
        "select distinct coalesce(a.shared_inbox_url, a.inbox_url) from accounts a \
         where a.domain is not null and a.inbox_url is not null and a.deleted_at is null",
    )
    .load_texts(conn)
}

/// The same, but not of accounts that are suspended here; with `domains` of those whose handles end so.
pub fn open_inboxes(conn: &mut Conn, domains: Option<&[&String]>) -> Result<Vec<String>> {
    let mut sql = Sql::new(
        "select distinct coalesce(a.shared_inbox_url, a.inbox_url) from accounts a where a.domain is not null \
         and a.inbox_url is not null and a.deleted_at is null and a.suspended_at is null",
    );
    if let Some(domains) = domains {
        sql = sql.push(" and a.domain in ").texts(domains);
    }
    sql.load_texts(conn)
}

/// Inboxes of those elsewhere who boosted, favourited or answered a post: they hold copies of it (OUT-09).
pub fn involved_inboxes(conn: &mut Conn, post: Id<Post>) -> Result<Vec<String>> {
    Sql::new(
        "select distinct coalesce(a.shared_inbox_url, a.inbox_url) from accounts a \
         where a.domain is not null and a.inbox_url is not null and a.id in (select p.account_id from posts p where p.boost_of_id = ",
    )
    .bind(post)
    .with(" union select p.account_id from posts p where p.in_reply_to_id = ", post)
    .with(" union select f.account_id from favourites f where f.post_id = ", post)
    .push(")")
    .load_texts(conn)
}

/// Inboxes of those elsewhere who voted in a poll.
pub fn voter_inboxes(conn: &mut Conn, poll: Id<crate::model::Poll>) -> Result<Vec<String>> {
    Sql::new(
        "select distinct coalesce(a.shared_inbox_url, a.inbox_url) from accounts a join poll_votes v on v.account_id = a.id \
         where a.domain is not null and a.inbox_url is not null and v.poll_id = ",
    )
    .bind(poll)
    .load_texts(conn)
}

/// Hosts that are in trouble: failures in a row, or a pause.
pub fn troubled_hosts(conn: &mut Conn) -> Result<Vec<Host>> {
    Sql::new("select h.* from hosts h where h.failures > 0").load(conn)
}

/// Of these hosts, those that this node spoke with: they took something, or failed.
pub fn met(conn: &mut Conn, hosts: &[String]) -> Result<Vec<String>> {
    Sql::new("select h.host from hosts h where (h.last_success_at is not null or h.failures > 0) and h.host in ")
        .texts(hosts)
        .load_texts(conn)
}

/// Whether anything is known of this host, or of anybody there.
pub fn is_known(conn: &mut Conn, host: &str) -> Result<bool> {
    let known = Sql::new("select h.created_at from hosts h where h.host = ").bind(host).exists(conn)?;
    Ok(known || Sql::new("select a.id from accounts a where a.domain = ").bind(host).push(" limit 1").exists(conn)?)
}

/// What is known of a host.
pub fn find_host(conn: &mut Conn, host: &str) -> Result<Option<Host>> {
    Sql::new("select h.* from hosts h where h.host = ").bind(host).optional(conn)
}

/// A host failed: `failures` times in a row since `since`, tried again at `next`.
pub fn host_failed(
    conn: &mut Conn,
    host: &str,
    failures: i64,
    since: Timestamp,
    next: Timestamp,
    now: Timestamp,
) -> Result<()> {
    Sql::new("insert into hosts (host, failures, first_failure_at, next_attempt_at, created_at) values (")
        .bind(host)
        .with(",", failures)
        .with(",", since)
        .with(",", next)
        .with(",", now)
        .push(
            ") on conflict (host) do update set failures = excluded.failures, \
             first_failure_at = excluded.first_failure_at, next_attempt_at = excluded.next_attempt_at",
        )
        .execute(conn)?;
    Ok(())
}

/// A host answered; `took`: when it took something, if it did.
pub fn host_is_well(conn: &mut Conn, host: &str, took: Option<Timestamp>, now: Timestamp) -> Result<()> {
    Sql::new("insert into hosts (host, last_success_at, created_at) values (")
        .bind(host)
        .with(",", took)
        .with(",", now)
        .push(
            ") on conflict (host) do update set failures = 0, first_failure_at = null, next_attempt_at = null, \
             last_success_at = coalesce(excluded.last_success_at, hosts.last_success_at)",
        )
        .execute(conn)?;
    Ok(())
}

/// The host is there again, whatever it takes.
pub fn host_is_back(conn: &mut Conn, host: &str) -> Result<()> {
    Sql::new("update hosts set failures = 0, first_failure_at = null, next_attempt_at = null where host = ")
        .bind(host)
        .execute(conn)?;
    Ok(())
}

/// Of these activities, the ones about posts that not everybody may read: looked at again before they are sent.
pub fn confidential(conn: &mut Conn, activities: &[Id<Activity>]) -> Result<Vec<Id<Activity>>> {
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select a.id from activities a join posts p on p.id = a.post_id where p.visibility >= 2 and a.id in ")
        .ids(activities)
        .load_ids(conn)
}

/// Whether this activity is about a post that everybody may read, outside of any organisation too.
pub fn is_open(conn: &mut Conn, activity: Id<Activity>) -> Result<bool> {
    Sql::new("select a.id from activities a join posts p on p.id = a.post_id where p.visibility < 2 and p.audience = ")
        .bind(Audience::Open)
        .with(" and a.id = ", activity)
        .exists(conn)
}

/// Whether this activity brings a new post for the followers of its author.
pub fn is_for_followers(conn: &mut Conn, activity: Id<Activity>) -> Result<bool> {
    Sql::new("select a.id from activities a join posts p on p.id = a.post_id where a.kind = 'Create' and p.visibility = 2 and a.id = ")
        .bind(activity)
        .exists(conn)
}

/// A format of signatures, as `hosts` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// draft-cavage, which nearly all take.
    Cavage = 0,
    /// RFC 9421.
    Rfc9421 = 1,
}

/// When it was learned that this host takes RFC 9421 alone, if it does.
pub fn modern_since(conn: &mut Conn, host: &str) -> Result<Option<Timestamp>> {
    let found = find_host(conn, host)?.filter(|row| row.signature_scheme == Format::Rfc9421 as i16);
    Ok(found.and_then(|row| row.scheme_learned_at))
}

/// Writes down which format a host takes.
pub fn learn_format(conn: &mut Conn, host: &str, format: Format, now: Timestamp) -> Result<()> {
    Sql::new("insert into hosts (host, signature_scheme, scheme_learned_at, created_at) values (")
        .bind(host)
        .with(",", format as i16)
        .with(",", now)
        .with(",", now)
        .push(
            ") on conflict (host) do update set signature_scheme = excluded.signature_scheme, \
             scheme_learned_at = excluded.scheme_learned_at",
        )
        .execute(conn)?;
    Ok(())
}

/// Who of other servers has this inbox: a personal one, or (the first 50 of that domain) a shared one.
pub fn accounts_at(conn: &mut Conn, inbox: &str, domain: &str) -> Result<Vec<Id<Account>>> {
    let mut found = Sql::new("select a.id from accounts a where a.domain is not null and a.inbox_url = ")
        .bind(inbox)
        .push(" limit 10")
        .load_ids(conn)?;
    if found.is_empty() {
        found = Sql::new("select a.id from accounts a where a.domain = ")
            .bind(domain)
            .with(" and a.shared_inbox_url = ", inbox)
            .push(" and a.deleted_at is null order by a.id limit 50")
            .load_ids(conn)?;
    }
    Ok(found)
}

/// An inbox that answers 404.
#[derive(Clone, Debug)]
pub struct MissingInbox {
    /// Its URL.
    pub inbox: String,
    /// Since when.
    pub since: Timestamp,
    /// Nothing but a probe a day is sent there.
    pub dead: bool,
}

/// All inboxes that answer 404.
pub fn missing_inboxes(conn: &mut Conn) -> Result<Vec<MissingInbox>> {
    let rows = Sql::new("select m.inbox, m.since, m.dead_at from missing_inboxes m")
        .load_as::<(Text, BigInt, Nullable<BigInt>), (String, i64, Option<i64>)>(conn)?;
    let row = |(inbox, since, dead): (String, i64, Option<i64>)| MissingInbox {
        inbox,
        since: Timestamp::from_millis(since),
        dead: dead.is_some(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// It answered 404 for the first time.
pub fn inbox_is_missing(conn: &mut Conn, inbox: &str, since: Timestamp) -> Result<()> {
    Sql::new("insert into missing_inboxes (inbox, since) values (")
        .bind(inbox)
        .with(",", since)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// It did so for long enough.
pub fn inbox_is_dead(conn: &mut Conn, inbox: &str, now: Timestamp) -> Result<()> {
    Sql::new("update missing_inboxes set dead_at = ").bind(now).with(" where inbox = ", inbox).execute(conn)?;
    Ok(())
}

/// It took something.
pub fn inbox_is_there(conn: &mut Conn, inbox: &str) -> Result<()> {
    Sql::new("delete from missing_inboxes where inbox = ").bind(inbox).execute(conn)?;
    Ok(())
}

/// Somebody as an addressee: account id, actor id, user name, domain, inbox, shared inbox, and whether silently.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The post that addresses them.
    pub post: i64,
    /// The account.
    pub id: Id<Account>,
    /// Actor id.
    pub uri: String,
    /// User name.
    pub username: String,
    /// Right side of the handle; none for people of this node.
    pub domain: Option<String>,
    /// Personal inbox.
    pub inbox: Option<String>,
    /// Shared inbox.
    pub shared_inbox: Option<String>,
    /// Addressed without being mentioned.
    pub silent: bool,
    /// It is a group.
    pub group: bool,
}

/// Who is mentioned in these posts, in the order of their ids.
pub fn addressees(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<Addressee>> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    type Columns = (BigInt, BigInt, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, SmallInt, SmallInt);
    type Fields = (i64, i64, String, String, Option<String>, Option<String>, Option<String>, i16, i16);
    let rows = Sql::new(
        "select m.post_id, a.id, a.uri, a.username, a.domain, a.inbox_url, a.shared_inbox_url, \
         cast(case when m.silent then 1 else 0 end as smallint), a.kind \
         from mentions m join accounts a on a.id = m.account_id where m.post_id in ",
    )
    .ids(posts)
    .push(" order by a.id")
    .load_as::<Columns, Fields>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(post, id, uri, username, domain, inbox, shared_inbox, silent, kind)| Addressee {
            post,
            id: Id::new(id),
            uri,
            username,
            domain,
            inbox,
            shared_inbox,
            silent: silent != 0,
            group: kind == AccountKind::Group.code(),
        })
        .collect())
}

/// Hosts of parked deliveries: of one, or of all with `None`; one entry for each row.
pub fn parked_hosts(conn: &mut Conn, id: Option<Id<Delivery>>) -> Result<Vec<String>> {
    let mut sql = Sql::new("select d.host from deliveries d where d.parked_at is not null");
    if let Some(id) = id {
        sql = sql.with(" and d.id = ", id);
    }
    sql.load_texts(conn)
}
