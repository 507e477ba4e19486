//! Peers and blocked domains that were set by command (those of the settings file are not stored), and what the host
//! policy hides.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, DomainBlock, Follow, Listing, PeerRow, Post, Visibility},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Stands in `suspended_at` and `silenced_at` of accounts that the host policy hides: no decision about a person was
/// made, and when the policy changes they are back.
pub const BY_POLICY: Timestamp = Timestamp::from_millis(1);

/// Stands behind the day in `left_on` of accounts whose node left the organisation while what it wrote stays. People leave at
/// midnight. Milliseconds.
const WITH_NODE: i64 = 1;

/// Peers, by name.
pub fn list(conn: &mut Conn) -> Result<Vec<PeerRow>> {
    Sql::new("select p.* from peers p order by p.domain").load(conn)
}

/// Writes a peer, or changes the one of that name.
pub fn upsert(conn: &mut Conn, peer: &PeerRow) -> Result<()> {
    Sql::new("insert into peers (domain, addresses, port, scheme, ca_pem, created_at) values (")
        .bind(&peer.domain)
        .with(",", &peer.addresses)
        .with(",", peer.port)
        .with(",", peer.scheme.clone())
        .with(",", peer.ca_pem.clone())
        .with(",", peer.created_at)
        .push(
            ") on conflict (domain) do update set addresses = excluded.addresses, port = excluded.port, \
             scheme = excluded.scheme, ca_pem = excluded.ca_pem",
        )
        .execute(conn)?;
    Ok(())
}

/// Removes a peer; false when there was none.
pub fn delete(conn: &mut Conn, domain: &str) -> Result<bool> {
    Ok(Sql::new("delete from peers where domain = ").bind(domain).execute(conn)? > 0)
}

/// Blocked domains, by name.
pub fn blocks(conn: &mut Conn) -> Result<Vec<DomainBlock>> {
    Sql::new("select b.* from domain_blocks b order by b.domain").load(conn)
}

/// Writes a block, or changes the one of that name.
pub fn upsert_block(conn: &mut Conn, block: &DomainBlock) -> Result<()> {
    Sql::new(
        "insert into domain_blocks (domain, severity, reject_media, reject_reports, comment, created_at, public_comment, obfuscate) values (",
    )
    .bind(&block.domain)
    .with(",", block.severity)
    .with(",", block.reject_media)
    .with(",", block.reject_reports)
    .with(",", &block.comment)
    .with(",", block.created_at)
    .with(",", &block.public_comment)
    .with(",", block.obfuscate)
    .push(
        ") on conflict (domain) do update set severity = excluded.severity, reject_media = excluded.reject_media, \
             reject_reports = excluded.reject_reports, comment = excluded.comment, \
             public_comment = excluded.public_comment, obfuscate = excluded.obfuscate",
    )
    .execute(conn)?;
    Ok(())
}

/// Lifts a block; false when there was none.
pub fn delete_block(conn: &mut Conn, domain: &str) -> Result<bool> {
    Ok(Sql::new("delete from domain_blocks where domain = ").bind(domain).execute(conn)? > 0)
}

/// An account of another node, as far as the host policy is concerned.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The account.
    pub id: Id<Account>,
    /// The right side of its handle.
    pub domain: String,
    /// Its id.
    pub uri: String,
    /// Suspended by staff or by policy.
    pub suspended_at: Option<Timestamp>,
    /// Silenced by staff or by policy.
    pub silenced_at: Option<Timestamp>,
    /// The day its owner left, or its node with what it wrote kept.
    pub left_on: Option<Timestamp>,
}

impl Hosted {
    /// Whether its node left, and what it wrote is kept.
    pub fn left_with_node(&self) -> bool {
        self.left_on.is_some_and(|at| at.millis() == at.midnight().millis() + WITH_NODE)
    }
}

/// Accounts of other nodes above `after`, at most `most`.
pub fn hosted(conn: &mut Conn, after: Id<Account>, most: i64) -> Result<Vec<Hosted>> {
    type Columns = (BigInt, Text, Text, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);
    type Values = (i64, String, String, Option<i64>, Option<i64>, Option<i64>);
    let rows = Sql::new(
        "select a.id, a.domain, a.uri, a.suspended_at, a.silenced_at, a.left_on from accounts a \
         where a.domain is not null and a.deleted_at is null and a.id > ",
    )
    .bind(after)
    .with(" order by a.id limit ", most)
    .load_as::<Columns, Values>(conn)?;
    let time = |ms: Option<i64>| ms.map(Timestamp::from_millis);
    let hosted = |(id, domain, uri, suspended, silenced, left)| Hosted {
        id: Id::new(id),
        domain,
        uri,
        suspended_at: time(suspended),
        silenced_at: time(silenced),
        left_on: time(left),
    };
    Ok(rows.into_iter().map(hosted).collect())
}

/// Hides accounts by policy, or shows them again; decisions of staff stay.
pub fn set_hidden(conn: &mut Conn, ids: &[Id<Account>], hidden: bool) -> Result<()> {
    set_by_policy(conn, "suspended_at", ids, hidden)
}

/// Silences accounts by policy, or ends that; decisions of staff stay.
pub fn set_silenced(conn: &mut Conn, ids: &[Id<Account>], silenced: bool) -> Result<()> {
    set_by_policy(conn, "silenced_at", ids, silenced)
}

/// These accounts left with their node on this day, or are back with it (none); whoever left by themselves stays so.
pub fn set_left(conn: &mut Conn, ids: &[Id<Account>], day: Option<Timestamp>) -> Result<()> {
    for batch in ids.chunks(256) {
        let sql = Sql::new("update accounts set left_on = ")
            .bind(day.map(|day| day.midnight().plus_millis(WITH_NODE)))
            .push(match day {
                Some(_) => " where left_on is null and id in ",
                None => " where left_on % 86400000 = 1 and id in ",
            });
        sql.ids(batch).execute(conn)?;
    }
    Ok(())
}

/// Posts of an account above `after` that stand in the public timelines and should not, or the other way round
/// (`listed`): public ones that answer nobody else. `shown` is how those that stand there are marked.
pub fn misplaced(
    conn: &mut Conn,
    account: Id<Account>,
    shown: Listing,
    listed: bool,
    after: Id<Post>,
    most: i64,
) -> Result<Vec<Id<Post>>> {
    let (now, also) = match listed {
        true => (
            Listing::Hidden,
            " and p.boost_of_id is null and p.in_reply_to_uri is null \
             and (p.in_reply_to_account_id is null or p.in_reply_to_account_id = p.account_id)",
        ),
        false => (shown, ""),
    };
    Sql::new("select p.id from posts p where p.account_id = ")
        .bind(account)
        .with(" and p.id > ", after)
        .with(" and p.listing = ", now)
        .with(" and p.visibility = ", Visibility::Public)
        .push(also)
        .with(" order by p.id limit ", most)
        .load_ids(conn)
}

/// Puts posts into the public timelines (`shown` says which of them), or takes them off.
pub fn set_listed(conn: &mut Conn, posts: &[Id<Post>], shown: Listing, listed: bool) -> Result<()> {
    let (from, to) = match listed {
        true => (Listing::Hidden, shown),
        false => (shown, Listing::Hidden),
    };
    for batch in posts.chunks(256) {
        Sql::new("update posts set listing = ")
            .bind(to)
            .with(" where listing = ", from)
            .push(" and id in ")
            .ids(batch)
            .execute(conn)?;
    }
    Ok(())
}

fn set_by_policy(conn: &mut Conn, column: &'static str, ids: &[Id<Account>], on: bool) -> Result<()> {
    let (value, old) = if on { (Some(BY_POLICY), None) } else { (None, Some(BY_POLICY)) };
    for batch in ids.chunks(256) {
        let sql = Sql::new("update accounts set ").push(column).with(" = ", value).push(" where ").push(column);
        let sql = match old {
            Some(old) => sql.with(" = ", old),
            None => sql.push(" is null"),
        };
        sql.push(" and id in ").ids(batch).execute(conn)?;
    }
    Ok(())
}

/// Follows and requests that these accounts have part in.
pub fn follows_with(conn: &mut Conn, ids: &[Id<Account>]) -> Result<Vec<Follow>> {
    let mut found = Vec::new();
    for batch in ids.chunks(256) {
        found.extend(Sql::new("select f.* from follows f where f.account_id in ").ids(batch).load::<Follow>(conn)?);
        found.extend(Sql::new("select f.* from follows f where f.target_id in ").ids(batch).load::<Follow>(conn)?);
    }
    Ok(found)
}

/// Whether one of these hosts has still to be told that a follow is over, and is not known to be away.
pub fn is_taking_leave(conn: &mut Conn, hosts: &[String]) -> Result<bool> {
    if hosts.is_empty() {
        return Ok(false);
    }
    Sql::new(
        "select d.id from deliveries d join activities t on t.id = d.activity_id and t.kind in ('Undo', 'Reject') \
         where d.parked_at is null and d.attempts = 0 and d.host in ",
    )
    .texts(hosts)
    .push(" limit 1")
    .exists(conn)
}

/// Hosts with something queued for them or from them.
pub fn queued_hosts(conn: &mut Conn) -> Result<Vec<String>> {
    Sql::new("select d.host from deliveries d union select i.host from inbox_items i").load_texts(conn)
}

/// Drops what is queued for and from a host, and activities nobody waits for any more.
pub fn drop_queued(conn: &mut Conn, host: &str, now: Timestamp) -> Result<()> {
    super::ledger::lose(conn, Sql::new("d.host = ").bind(host), "this node does not speak with that server", now)?;
    Sql::new("delete from inbox_items where host = ").bind(host).execute(conn)?;
    Sql::new("delete from deliveries where host = ").bind(host).execute(conn)?;
    Sql::new(
        "delete from activities where not exists (select 1 from deliveries d where d.activity_id = activities.id)",
    )
    .execute(conn)?;
    Ok(())
}
