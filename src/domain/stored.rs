//! What another node of the organisation has stored of what it took (N15). A 202 says that it was received; once an hour each
//! node asks every other one which of its posts it has, and compares the digest of the answer.

use crate::{
    Error, Result, crypto,
    db::Conn,
    domain::Tx,
    id::Id,
    model::Activity,
    store::{
        self, ledger,
        stored::{Mark, Sent},
    },
};
use std::collections::BTreeSet;

/// Posts of one question.
pub const ASKED: usize = 500;
/// Of these such as were missing before.
const AGAIN: i64 = 100;

/// What a node is asked next.
#[derive(Clone, Debug)]
pub struct Question {
    /// The posts.
    pub posts: Vec<Sent>,
    /// How far everything was asked about, once it is answered.
    mark: Id<Activity>,
    /// There is more to be asked.
    pub more: bool,
}

/// The next question to the node with this host; none while nothing is to be asked. `first`: of this hour, so that what was
/// missing is asked about again.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn question(conn: &mut Conn, host: &str, first: bool) -> Result<Option<Question>> {
    let mark = store::stored::mark(conn, host)?.map_or(Id::new(0), |mark| mark.activity);
    let mut posts = if first { store::stored::doubtful(conn, host, AGAIN)? } else { Vec::new() };
    let room = ASKED - posts.len();
    let mut fresh = store::stored::unconfirmed(conn, host, mark, i64::try_from(room).unwrap_or(0))?;
    let full = fresh.len() == room;
    let activities: Vec<Id<Activity>> = fresh.iter().map(|sent| sent.activity).collect();
    let waiting = ledger::waiting(conn, &activities)?;
    let is_waiting = |sent: &Sent| waiting.iter().any(|(activity, at)| *activity == sent.activity && at == host);
    // What it has not taken yet, and all behind that, is asked about later.
    let ready = fresh.iter().take_while(|sent| !is_waiting(sent)).count();
    let more = full && ready == fresh.len();
    fresh.truncate(ready);
    let mark = fresh.last().map_or(mark, |last| last.activity);
    let missed = ledger::misses(conn, &activities)?;
    fresh.retain(|sent| !missed.iter().any(|miss| miss.activity == sent.activity && miss.host == host));
    posts.extend(fresh);
    Ok((!posts.is_empty()).then_some(Question { posts, mark, more }))
}

/// The answer of the node. `digest` is that of what it has, `missing` what it does not have.
///
/// # Errors
/// `Upstream` when both do not fit together.
pub fn answered(tx: &mut Tx<'_>, host: &str, question: &Question, digest: &str, missing: &[String]) -> Result<()> {
    let missing: BTreeSet<&str> = missing.iter().map(String::as_str).collect();
    let (gone, there): (Vec<&Sent>, Vec<&Sent>) =
        question.posts.iter().partition(|sent| missing.contains(sent.uri.as_str()));
    if digest_of(there.iter().map(|sent| sent.uri.as_str())) != digest {
        return Err(Error::Upstream("the digest of what it has stored does not fit".into()));
    }
    let asked: Vec<Id<Activity>> = question.posts.iter().map(|sent| sent.activity).collect();
    let gone: Vec<Id<Activity>> = gone.iter().map(|sent| sent.activity).collect();
    let mark = Mark { activity: question.mark, checked_at: tx.now };
    store::stored::note(tx.conn, host, mark, &asked, &gone)
}

/// What this node says to such a question: the digest of what it has of these, and what it does not have.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn answer(conn: &mut Conn, uris: &[String]) -> Result<(String, Vec<String>)> {
    let known: BTreeSet<String> = store::stored::known(conn, uris)?.into_iter().collect();
    let missing: BTreeSet<&String> = uris.iter().filter(|uri| !known.contains(*uri)).collect();
    Ok((digest_of(known.iter().map(String::as_str)), missing.into_iter().cloned().collect()))
}

/// SHA-256 over the ids in their order, each with a line break behind it.
fn digest_of<'u>(uris: impl Iterator<Item = &'u str>) -> String {
    let sorted: BTreeSet<&str> = uris.collect();
    crypto::sha256_hex(sorted.iter().map(|uri| format!("{uri}\n")).collect::<String>().as_bytes())
}
