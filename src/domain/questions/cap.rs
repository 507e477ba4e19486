//! How often somebody of this node is told of a question by a concierge, ours or another node's. Above it the question
//! still stands among the open ones; it only rings nowhere.

use crate::{
    Error, Result,
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
/// Questions a week that somebody may choose.
pub const MOST: i16 = 50;

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

/// How somebody of this node stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// What they chose.
    pub limits: Limits,
    /// Questions they were told of in the last seven days.
    pub told: i64,
    /// They would be told of one more now.
    pub may_be_asked: bool,
}

/// How somebody of this node stands now.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn standing(conn: &mut Conn, account: Id<Account>, settings: &Questions, now: Timestamp) -> Result<Standing> {
    Ok(Standing {
        limits: store::questions::limits(conn, account)?,
        told: store::questions::count_tellings(conn, account, now.plus_days(-WEEK))?,
        may_be_asked: may_be_asked(conn, account, settings, now)?,
    })
}

/// What somebody changes about it; none leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Questions in seven days, 1 to 50; inner none for what the node says.
    pub weekly: Option<Option<i16>>,
    /// None at all.
    pub off: Option<bool>,
    /// None before this day (`2026-12-24`); inner none for back again.
    pub away_until: Option<Option<String>>,
}

/// Somebody says how much they want to be asked.
///
/// # Errors
/// `Invalid` for a number out of bounds and for what is no day.
pub fn change(tx: &mut Tx<'_>, account: Id<Account>, change: &Change) -> Result<Limits> {
    let mut limits = store::questions::limits(tx.conn, account)?;
    if let Some(weekly) = change.weekly {
        if weekly.is_some_and(|number| !(1..=MOST).contains(&number)) {
            return Err(Error::invalid("weekly", "inclusion", format!("Weekly is between 1 and {MOST}")));
        }
        limits.weekly = weekly;
    }
    if let Some(off) = change.off {
        limits.off = off;
    }
    if let Some(until) = &change.away_until {
        limits.away_until =
            match until.as_deref() {
                None => None,
                Some(day) => Some(Timestamp::parse(day).map(Timestamp::midnight).ok_or_else(|| {
                    Error::invalid("away_until", "invalid", "Away until is a day such as 2026-12-24")
                })?),
            };
    }
    store::questions::set_limits(tx.conn, account, &limits)?;
    Ok(limits)
}

/// The same by writing to the concierge.
///
/// # Errors
/// As [`change`].
pub fn set(tx: &mut Tx<'_>, account: Id<Account>, asks: &Asks) -> Result<Limits> {
    let wanted = match asks {
        Asks::Weekly(number) => Change { weekly: number.map(Some), off: Some(false), away_until: None },
        Asks::Off => Change { off: Some(true), ..Change::default() },
        Asks::Back => Change { away_until: Some(None), ..Change::default() },
        Asks::Away(day) => Change { away_until: Some(Some(day.clone())), ..Change::default() },
    };
    change(tx, account, &wanted)
}
