//! How often somebody of this node is told of a question by a concierge, ours or another node's. Above it the question
//! still stands among the open ones; it only rings nowhere.

use crate::{
    Result,
    config::Questions,
    db::Conn,
    domain::{Tx, concierge::parse::Asks},
    id::Id,
    model::{Account, Post},
    store::{self, questions::Limits},
    time::Timestamp,
};

/// Days that the cap looks back.
const WEEK: i64 = 7;

/// Whether somebody of this node may be told of one more question now.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn may_be_asked(conn: &mut Conn, account: Id<Account>, settings: &Questions, now: Timestamp) -> Result<bool> {
    let limits = store::questions::limits(conn, account)?;
    if limits.off || limits.away_until.is_some_and(|until| now < until) {
        return Ok(false);
    }
    let most = limits.weekly.map_or(settings.weekly as i64, i64::from);
    Ok(store::questions::count_tellings(conn, account, now.plus_days(-WEEK))? < most)
}

/// Whether somebody is told of the question that this post puts to them; counts it when they are.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn admit(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<bool> {
    // Two questions at once must not both be the last one.
    store::remote::lock(tx.conn, &format!("questions of {account}"))?;
    let settings = &tx.config().questions;
    if !may_be_asked(tx.conn, account, settings, tx.now)? {
        return Ok(false);
    }
    store::questions::insert_telling(tx.conn, account, post, tx.now, tx.now.plus_days(-WEEK))?;
    Ok(true)
}

/// Somebody says how much they want to be asked.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn set(tx: &mut Tx<'_>, account: Id<Account>, asks: &Asks) -> Result<Limits> {
    let mut limits = store::questions::limits(tx.conn, account)?;
    match asks {
        Asks::Weekly(number) => limits = Limits { weekly: number.or(limits.weekly), off: false, ..limits },
        Asks::Off => limits.off = true,
        Asks::Back => limits.away_until = None,
        Asks::Away(day) => limits.away_until = Timestamp::parse(day),
    }
    store::questions::set_limits(tx.conn, account, &limits)?;
    Ok(limits)
}
