//! The organisation's charter: versions, signing keys, invitations, changes that wait, and what the other nodes have.

use crate::{
    Result,
    db::{Conn, Sql},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// What a stored version is to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It counts.
    InForce,
    /// A newer one counts.
    Past,
    /// Another one of the same predecessor counts.
    Overtaken,
    /// This node left, or was removed, under it.
    Ended,
}

impl State {
    const fn code(self) -> i16 {
        match self {
            Self::InForce => 0,
            Self::Past => 1,
            Self::Overtaken => 2,
            Self::Ended => 3,
        }
    }
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Hash of its content.
    pub hash: String,
    /// Its number.
    pub version: i64,
    /// JSON as signed.
    pub document: String,
    /// Signed by this node.
    pub issued_here: bool,
    /// The node it came from; empty for this one.
    pub learned_from: String,
    /// When it came.
    pub adopted_at: Timestamp,
}

type Columns = (Text, BigInt, Text, Bool, Text, BigInt);
type Values = (String, i64, String, bool, String, i64);

fn select() -> Sql {
    Sql::new("select c.hash, c.version, c.document, c.issued_here, c.learned_from, c.adopted_at from charters c where ")
}

fn first(conn: &mut Conn, sql: Sql) -> Result<Option<Stored>> {
    Ok(rows(conn, sql)?.into_iter().next())
}

fn rows(conn: &mut Conn, sql: Sql) -> Result<Vec<Stored>> {
    let rows = sql.load_as::<Columns, Values>(conn)?;
    let stored = |(hash, version, document, issued_here, learned_from, at)| Stored {
        hash,
        version,
        document,
        issued_here,
        learned_from,
        adopted_at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// Every version that is kept, the newest number first.
pub fn all(conn: &mut Conn) -> Result<Vec<Stored>> {
    rows(conn, select().push("c.state >= 0 order by c.version desc, c.adopted_at desc"))
}

/// The hash of the version that counts.
pub fn hash_in_force(conn: &mut Conn) -> Result<Option<String>> {
    let rows = Sql::new("select c.hash from charters c where c.state = 0").load_as::<(Text,), (String,)>(conn)?;
    Ok(rows.into_iter().next().map(|(hash,)| hash))
}

/// The version that counts.
pub fn in_force(conn: &mut Conn) -> Result<Option<Stored>> {
    first(conn, select().push("c.state = 0"))
}

/// The version of this hash.
pub fn find(conn: &mut Conn, hash: &str) -> Result<Option<Stored>> {
    first(conn, select().with("c.hash = ", hash))
}

/// The last version under which this node belonged to an organisation, when it does not any more.
pub fn ended(conn: &mut Conn) -> Result<Option<Stored>> {
    first(
        conn,
        select().with("c.state = ", State::Ended.code()).push(" order by c.adopted_at desc, c.version desc limit 1"),
    )
}

/// Writes a version; one that is known gets the new state.
pub fn insert(conn: &mut Conn, row: &Stored, state: State) -> Result<()> {
    Sql::new("insert into charters (hash, version, document, state, issued_here, learned_from, adopted_at) values (")
        .bind(&row.hash)
        .with(",", row.version)
        .with(",", &row.document)
        .with(",", state.code())
        .with(",", row.issued_here)
        .with(",", &row.learned_from)
        .with(",", row.adopted_at)
        .push(") on conflict (hash) do update set state = excluded.state, adopted_at = excluded.adopted_at")
        .execute(conn)?;
    Ok(())
}

/// Gives the version that counts another state.
pub fn end(conn: &mut Conn, state: State) -> Result<()> {
    Sql::new("update charters set state = ").bind(state.code()).push(" where state = 0").execute(conn)?;
    Ok(())
}

/// Forgets past versions but the newest `keep`.
pub fn trim(conn: &mut Conn, keep: i64) -> Result<()> {
    Sql::new("delete from charters where state <> 0 and hash not in (select hash from charters order by adopted_at desc, version desc limit ")
        .bind(keep)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Keeps a signing key.
pub fn insert_key(conn: &mut Conn, public: &str, sealed: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into charter_keys (public_key, sealed, created_at) values (")
        .bind(public)
        .with(",", sealed)
        .with(",", now)
        .push(") on conflict (public_key) do update set sealed = excluded.sealed")
        .execute(conn)?;
    Ok(())
}

/// The sealed signing key, when it is held here.
pub fn find_key(conn: &mut Conn, public: &str) -> Result<Option<String>> {
    Ok(Sql::new("select k.sealed from charter_keys k where k.public_key = ").bind(public).load_texts(conn)?.pop())
}

/// Forgets all signing keys but this one.
pub fn delete_keys_but(conn: &mut Conn, public: &str) -> Result<()> {
    Sql::new("delete from charter_keys where public_key <> ").bind(public).execute(conn)?;
    Ok(())
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// SHA-256 of its nonce.
    pub nonce_hash: String,
    /// Whom it is for.
    pub domain: String,
    /// What was agreed, JSON.
    pub terms: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When and by whom it was used.
    pub used: Option<(Timestamp, String)>,
}

type InvitationColumns = (Text, Text, Text, BigInt, BigInt, Nullable<BigInt>, Nullable<Text>);
type InvitationValues = (String, String, String, i64, i64, Option<i64>, Option<String>);

fn invitations(conn: &mut Conn, sql: Sql) -> Result<Vec<Invitation>> {
    let rows = sql.load_as::<InvitationColumns, InvitationValues>(conn)?;
    let read = |(nonce_hash, domain, terms, created, expires, used, by): InvitationValues| Invitation {
        nonce_hash,
        domain,
        terms,
        created_at: Timestamp::from_millis(created),
        expires_at: Timestamp::from_millis(expires),
        used: used.map(|at| (Timestamp::from_millis(at), by.unwrap_or_default())),
    };
    Ok(rows.into_iter().map(read).collect())
}

const INVITATION: &str = "select i.nonce_hash, i.domain, i.terms, i.created_at, i.expires_at, i.used_at, i.used_by from charter_invitations i where ";

/// The invitation with this nonce.
pub fn find_invitation(conn: &mut Conn, nonce_hash: &str) -> Result<Option<Invitation>> {
    Ok(invitations(conn, Sql::new(INVITATION).with("i.nonce_hash = ", nonce_hash))?.pop())
}

/// Invitations that can still be used.
pub fn open_invitations(conn: &mut Conn, now: Timestamp) -> Result<Vec<Invitation>> {
    let sql = Sql::new(INVITATION).with("i.used_at is null and i.expires_at > ", now).push(" order by i.created_at");
    invitations(conn, sql)
}

/// Writes an invitation; earlier ones for the same domain that were not used are withdrawn.
pub fn insert_invitation(conn: &mut Conn, row: &Invitation) -> Result<()> {
    withdraw_invitations(conn, &row.domain)?;
    Sql::new("insert into charter_invitations (nonce_hash, domain, terms, created_at, expires_at) values (")
        .bind(&row.nonce_hash)
        .with(",", &row.domain)
        .with(",", &row.terms)
        .with(",", row.created_at)
        .with(",", row.expires_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Withdraws what this domain was given and did not use.
pub fn withdraw_invitations(conn: &mut Conn, domain: &str) -> Result<()> {
    Sql::new("delete from charter_invitations where used_at is null and domain = ").bind(domain).execute(conn)?;
    Ok(())
}

/// Uses an invitation up; false when somebody did.
pub fn use_invitation(conn: &mut Conn, nonce_hash: &str, by: &str, now: Timestamp) -> Result<bool> {
    let used = Sql::new("update charter_invitations set used_at = ")
        .bind(now)
        .with(", used_by = ", by)
        .with(" where used_at is null and nonce_hash = ", nonce_hash)
        .execute(conn)?;
    Ok(used > 0)
}

/// Forgets invitations that ended before this.
pub fn sweep_invitations(conn: &mut Conn, before: Timestamp) -> Result<()> {
    Sql::new("delete from charter_invitations where expires_at < ").bind(before).execute(conn)?;
    Ok(())
}

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its row.
    pub id: i64,
    /// JSON.
    pub change: String,
    /// It was signed and lost, rather than not signed yet.
    pub lost: bool,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// Changes that wait, in order.
pub fn changes(conn: &mut Conn) -> Result<Vec<Waiting>> {
    let rows = Sql::new("select c.id, c.change, c.lost, c.asked_by, c.created_at from charter_changes c order by c.id")
        .load_as::<(BigInt, Text, Bool, Text, BigInt), (i64, String, bool, String, i64)>(conn)?;
    let read = |(id, change, lost, asked_by, at)| Waiting {
        id,
        change,
        lost,
        asked_by,
        created_at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Lets a change wait.
pub fn insert_change(conn: &mut Conn, row: &Waiting) -> Result<()> {
    Sql::new("insert into charter_changes (id, change, lost, asked_by, created_at) values (")
        .bind(row.id)
        .with(",", &row.change)
        .with(",", row.lost)
        .with(",", &row.asked_by)
        .with(",", row.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// A change is made, or given up.
pub fn delete_change(conn: &mut Conn, id: i64) -> Result<()> {
    Sql::new("delete from charter_changes where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// What is known of another node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its domain.
    pub domain: String,
    /// The version it had.
    pub version: Option<i64>,
    /// The hash of that.
    pub hash: Option<String>,
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
    /// When asking it last failed.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub error: Option<String>,
}

/// What is known of the other nodes.
pub fn peers(conn: &mut Conn) -> Result<Vec<Seen>> {
    type Columns = (Text, Nullable<BigInt>, Nullable<Text>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>);
    type Values = (String, Option<i64>, Option<String>, Option<i64>, Option<i64>, Option<String>);
    let rows = Sql::new(
        "select p.domain, p.version, p.hash, p.heard_at, p.failed_at, p.error from charter_peers p order by p.domain",
    )
    .load_as::<Columns, Values>(conn)?;
    let read = |(domain, version, hash, heard, failed, error): Values| Seen {
        domain,
        version,
        hash,
        heard_at: heard.map(Timestamp::from_millis),
        failed_at: failed.map(Timestamp::from_millis),
        error,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// A node was heard, and has this version.
pub fn heard(conn: &mut Conn, domain: &str, version: i64, hash: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into charter_peers (domain, version, hash, heard_at) values (")
        .bind(domain)
        .with(",", version)
        .with(",", hash)
        .with(",", now)
        .push(
            ") on conflict (domain) do update set version = excluded.version, hash = excluded.hash, \
             heard_at = excluded.heard_at, failed_at = null, error = null",
        )
        .execute(conn)?;
    Ok(())
}

/// A node could not be asked.
pub fn failed(conn: &mut Conn, domain: &str, error: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into charter_peers (domain, failed_at, error) values (")
        .bind(domain)
        .with(",", now)
        .with(",", error)
        .push(") on conflict (domain) do update set failed_at = excluded.failed_at, error = excluded.error")
        .execute(conn)?;
    Ok(())
}

/// Forgets what is known of these nodes; of all with `None`.
pub fn forget_peers(conn: &mut Conn, domains: Option<&[String]>) -> Result<()> {
    let sql = Sql::new("delete from charter_peers");
    match domains {
        None => sql.execute(conn)?,
        Some([]) => 0,
        Some(domains) => sql.push(" where domain in ").texts(domains).execute(conn)?,
    };
    Ok(())
}

/// Accounts of other nodes under this domain that are not gone, at most `most`.
pub fn accounts_of(conn: &mut Conn, domain: &str, most: i64) -> Result<Vec<crate::model::Account>> {
    Sql::new("select a.* from accounts a where a.deleted_at is null and a.domain = ")
        .bind(domain)
        .with(" order by a.id limit ", most)
        .load(conn)
}

/// The accounts of a node that were erased since it was removed may become known anew.
pub fn lift(conn: &mut Conn, domain: &str, since: Timestamp) -> Result<()> {
    Sql::new("delete from tombstones where uri in (select a.uri from accounts a where a.domain = ")
        .bind(domain)
        .with(" and a.deleted_at >= ", since)
        .push(")")
        .execute(conn)?;
    Sql::new("update accounts set deleted_at = null where domain = ")
        .bind(domain)
        .with(" and deleted_at >= ", since)
        .execute(conn)?;
    Ok(())
}
