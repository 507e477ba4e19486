//! Somebody leaves the organisation (N3): one operation after which nothing is done in their name any more. Their posts
//! stay; their profile says that they left, they are found in no directory and nobody follows them anew. Coming back
//! restores all but what was signed in.

use super::{
    Fact, Task, Tx,
    accounts::{self, changeable, end_access, keep_an_owner, trace},
    audit::Staff,
    charter,
    concierge::{
        self,
        page::Page,
        words::{self, Sentence},
    },
    follows,
    people::{self, By, FactsChange, fields::Tongue},
    profiles::{self, Field},
    questions,
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, FollowState, Post, Role},
    store::{self, leavers::Leaver},
    time::Timestamp,
};
use chrono::{LocalResult, TimeZone};
use chrono_tz::Tz;
use serde::Serialize;

/// Name of the profile field that says it to every client.
const FIELD: Sentence = Sentence("Left on", "Ausgeschieden am");
/// What it says: the day, where, the month.
const FIELD_SAYS: [Sentence; 2] =
    [Sentence("{}: no longer at {} since {}", "{}: nicht mehr bei {} seit {}"), Sentence("%b %Y", "%m/%Y")];
/// Among what the profile said before: nothing of it is left, its owner is no longer named.
const NAMELESS: i16 = 8;
/// Questions of a hand-over.
const OPEN_QUESTIONS: i64 = 100;
/// Characters of a question in it.
const TITLE: usize = 200;
/// Staff that is told of it, and things named to them.
const STAFF: usize = 20;
const NAMED: usize = 30;
/// Accounts that are deleted in one step.
const ERASED: i64 = 50;
/// Profiles that are emptied in one step.
const EMPTIED: i64 = 50;
/// Requests to follow that are ended in one step.
const STEP: i64 = 1_000;

/// What somebody else has to take over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Handover {
    /// Projects that this person leads or works in.
    pub projects: Vec<HandoverItem>,
    /// Questions of theirs that are neither answered nor closed.
    pub questions: Vec<HandoverItem>,
}

/// One thing to be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandoverItem {
    /// What it is called.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// What leaving came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// `left`, or `planned` for a day to come.
    pub state: &'static str,
    /// The day.
    pub left_on: String,
    /// What is to be taken over.
    pub handover: Handover,
}

/// What is to be taken over from this person.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn handover(conn: &mut Conn, account: Id<Account>) -> Result<Handover> {
    let projects = super::projects::works_on_here(conn, account)?;
    let questions = questions::open_of(conn, account, OPEN_QUESTIONS)?;
    let title = |post: &Post| -> String {
        let words: Vec<&str> = post.source_text.as_deref().unwrap_or_default().split_whitespace().collect();
        words.join(" ").chars().take(TITLE).collect()
    };
    let asked = questions
        .iter()
        .map(|post| HandoverItem { title: title(post), url: post.url.clone().unwrap_or_else(|| post.uri.clone()) });
    Ok(Handover {
        projects: projects.into_iter().map(|project| HandoverItem { title: project.name, url: project.url }).collect(),
        questions: asked.collect(),
    })
}

/// The day that somebody names.
///
/// # Errors
/// `Invalid` for what is no day.
pub fn day(text: &str) -> Result<Timestamp> {
    // Of a moment the day counts that is written there, wherever that is.
    let written = text.trim();
    Timestamp::parse(written)
        .map(|moment| written.get(..10).and_then(Timestamp::parse).unwrap_or(moment))
        .map(Timestamp::midnight)
        .filter(|day| day.millis() > 0)
        .ok_or_else(|| Error::invalid("on", "invalid", format!("`{text}` is no day such as 2026-11-30")))
}

/// The day that it is where somebody works.
fn local_day(now: Timestamp, zone: &str) -> Timestamp {
    let here = now.to_datetime().with_timezone(&zone_of(zone)).date_naive();
    here.and_hms_opt(0, 0, 0).map_or(now.midnight(), |day| Timestamp::from_millis(day.and_utc().timestamp_millis()))
}

fn zone_of(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The end of a day where somebody works.
fn end_of(day: Timestamp, zone: &str) -> Timestamp {
    let zone = zone_of(zone);
    let next = day.to_datetime().date_naive().succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    let local = next.map(|next| zone.from_local_datetime(&next));
    match local {
        Some(LocalResult::Single(end) | LocalResult::Ambiguous(_, end)) => {
            Timestamp::from_millis(end.timestamp_millis())
        }
        // An hour that the clocks skip.
        _ => day.plus_days(1),
    }
}

/// Somebody leaves: now, with today or an earlier day as the last one, or at the end of a day to come. Days are those of
/// the place where they work.
///
/// # Errors
/// `NotFound` for who is not a person of this node; `Forbidden` by rank; `Conflict` for the last owner.
pub fn leave(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, on: Option<Timestamp>) -> Result<Departure> {
    store::leavers::hold(tx.conn, id)?;
    let account = changeable(tx, id)?;
    let user = store::users::find(tx.conn, id)?.filter(|_| account.is_local()).ok_or(Error::NotFound)?;
    by.outranks(user.role)?;
    keep_an_owner(tx, &user)?;
    let zone = people::load(tx.conn, id)?.time_zone;
    // Said again without a day, the one that is known stays: a script may say it each night.
    let day = on.or(account.left_on).unwrap_or_else(|| local_day(tx.now, &zone)).midnight();
    if day > local_day(tx.now, &zone) && account.left_on.is_none() {
        store::leavers::upsert(tx.conn, id, Leaver { leaves_on: day, before: None })?;
        let end = end_of(day, &zone);
        tx.enqueue_at(&Task::Leave { account: id.raw(), day: day.millis() }, end)?;
        trace(tx, by, "account.leave", id, &format!("planned for {}", day.date()))?;
        return departure(tx, id, "planned", day);
    }
    trace(tx, by, "account.leave", id, &day.date())?;
    if !by.is_charter() {
        // The node's own word stands, whatever the charter takes back later.
        store::revocations::forget_end(tx.conn, &account.uri)?;
    }
    let departure = go(tx, account, day)?;
    if by.is_charter() {
        // Nobody here pressed a button and read the answer.
        tell_staff(tx, id, &departure.handover)?;
    }
    Ok(departure)
}

/// The moderators hear what is to be taken over from somebody who left while nobody looked.
fn tell_staff(tx: &mut Tx<'_>, gone: Id<Account>, handover: &Handover) -> Result<()> {
    let items: Vec<&HandoverItem> = handover.projects.iter().chain(&handover.questions).collect();
    if items.is_empty() {
        return Ok(());
    }
    let name = store::accounts::load(tx.conn, gone)?.username;
    let own = concierge::ensure(tx)?;
    let mut staff = store::notifications::staff(tx.conn, Role::Moderator)?;
    staff.retain(|id| *id != gone);
    staff.truncate(STAFF);
    for member in staff {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let account = store::accounts::load(tx.conn, member)?;
        let mut page = Page::default();
        page.people(tx.site(), std::slice::from_ref(&account), &words::HANDOVER.with(tongue, &[&name]));
        for item in items.iter().take(NAMED) {
            page.address(&item.title, &item.url);
        }
        concierge::write(tx, &own, page, tongue, &[member], &[])?;
    }
    Ok(())
}

/// A planned day has come. Nothing, when the plan was changed meanwhile.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn due(tx: &mut Tx<'_>, id: Id<Account>, day: Timestamp) -> Result<()> {
    store::leavers::hold(tx.conn, id)?;
    let planned = store::leavers::find(tx.conn, id)?;
    if planned != Some(Leaver { leaves_on: day, before: None }) || day > tx.now {
        return Ok(());
    }
    match store::accounts::find(tx.conn, id)?.filter(|account| account.deleted_at.is_none()) {
        Some(account) => {
            let departure = go(tx, account, day)?;
            tell_staff(tx, id, &departure.handover)
        }
        None => store::leavers::delete(tx.conn, id),
    }
}

fn go(tx: &mut Tx<'_>, mut account: Account, day: Timestamp) -> Result<Departure> {
    let id = account.id;
    // Again only changes the day, also the one from which their data is kept; what the profile said before stays known.
    let before = if account.left_on.is_none() {
        let bits = [account.locked, account.discoverable, account.indexable];
        bits.iter().enumerate().filter(|(_, on)| **on).fold(0_i16, |sum, (at, _)| sum | (1 << at))
    } else {
        store::leavers::find(tx.conn, id)?.and_then(|leaver| leaver.before).unwrap_or(0)
    };
    store::leavers::upsert(tx.conn, id, Leaver { leaves_on: day, before: Some(before) })?;
    (account.locked, account.discoverable, account.indexable) = (true, false, false);
    (account.left_on, account.updated_at) = (Some(day), tx.now);
    account.fields = fields(tx, &account, Some(day))?;
    store::leavers::set(tx.conn, &account)?;
    end_access(tx, id, None)?;
    store::leavers::stop_deliveries(tx.conn, id, tx.now)?;
    store::leavers::stop_jobs(tx.conn, id)?;
    store::scheduled::delete_all(tx.conn, id)?;
    store::digests::delete(tx.conn, id)?;
    loop {
        let waiting = store::leavers::requests(tx.conn, id, STEP)?;
        if waiting.is_empty() {
            break;
        }
        for follow in waiting.iter().filter(|follow| follow.state == FollowState::Requested) {
            if follow.account_id == id {
                follows::unfollow(tx, id, follow.target_id)?;
            } else {
                follows::reject(tx, id, follow.account_id)?;
            }
        }
    }
    tx.record(Fact::AccountLeft(id))?;
    departure(tx, id, "left", day)
}

fn departure(tx: &mut Tx<'_>, id: Id<Account>, state: &'static str, day: Timestamp) -> Result<Departure> {
    Ok(Departure { state, left_on: day.date(), handover: handover(tx.conn, id)? })
}

/// The profile fields with or without the one that says it.
fn fields(tx: &mut Tx<'_>, account: &Account, left: Option<Timestamp>) -> Result<String> {
    let mut list = profiles::fields(account);
    // In whatever language it was written; what somebody calls so themselves has a source.
    list.retain(|field| ![FIELD.0, FIELD.1].contains(&field.name.as_str()) || field.source.is_some());
    if let Some(day) = left {
        let organisation = charter::current(tx.conn)?.map(|signed| signed.charter.name.clone());
        let name = organisation.unwrap_or_else(|| tx.config().instance.name.clone());
        let tongue = Tongue::of(tx.config().instance.languages.first().map(String::as_str));
        let [says, month] = FIELD_SAYS;
        let month = day.to_datetime().format(month.of(tongue)).to_string();
        let text = says.with(tongue, &[&day.date(), &name, &month]);
        let value = super::html::escape(&text).into_owned();
        list.insert(0, Field { name: FIELD.of(tongue).into(), value, ..Field::default() });
    }
    serde_json::to_string(&list).map_err(Error::internal)
}

/// They are back, or stay: profile and directory are as they were, and they may sign in again.
///
/// # Errors
/// `NotFound` for who is not a person of this node; `Forbidden` by rank.
pub fn rehire(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    // Their last day may come at this very moment.
    store::leavers::hold(tx.conn, id)?;
    let mut account = changeable(tx, id)?;
    let user = store::users::find(tx.conn, id)?.filter(|_| account.is_local()).ok_or(Error::NotFound)?;
    by.outranks(user.role)?;
    let known = store::leavers::find(tx.conn, id)?;
    if known.is_none() && account.left_on.is_none() {
        return Ok(());
    }
    trace(tx, by, "account.rehire", id, "")?;
    store::leavers::delete(tx.conn, id)?;
    if account.left_on.is_none() {
        return Ok(());
    }
    let before = known.and_then(|leaver| leaver.before).unwrap_or(0);
    (account.locked, account.discoverable, account.indexable) = (before & 1 != 0, before & 2 != 0, before & 4 != 0);
    (account.left_on, account.updated_at) = (None, tx.now);
    account.fields = fields(tx, &account, None)?;
    store::leavers::set(tx.conn, &account)?;
    tx.record(Fact::AccountReturned(id))
}

/// Deletes the accounts of people whose last day is so long ago as the settings say, some at a time: how many.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn erase(tx: &mut Tx<'_>) -> Result<usize> {
    let days = tx.config().people.erase_after_days;
    if days == 0 {
        return Ok(0);
    }
    let until = tx.now.plus_days(-i64::try_from(days).unwrap_or(i64::MAX));
    let gone = store::leavers::left_before(tx.conn, until, ERASED)?;
    let mut erased = 0;
    for id in gone {
        match accounts::delete(tx, &Staff::setting(), id) {
            Ok(()) => erased += 1,
            // The last owner of a node stays on its books.
            Err(Error::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(erased)
}

/// Takes everything off the profile of somebody who left that says whose it was: name, pictures, bio, fields, expertise,
/// mail address. The posts stay under the same address, so that every link to them holds. There is no way back: who is
/// hired again begins with an empty profile.
///
/// # Errors
/// `NotFound` for who is not a person of this node; `Forbidden` by rank; `Conflict` for somebody who is still there.
pub fn anonymise(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    store::leavers::hold(tx.conn, id)?;
    let account = changeable(tx, id)?;
    let user = store::users::find(tx.conn, id)?.filter(|_| account.is_local()).ok_or(Error::NotFound)?;
    by.outranks(user.role)?;
    let left = store::leavers::find(tx.conn, id)?.filter(|_| account.left_on.is_some());
    let Some(Leaver { leaves_on, before }) = left else {
        return Err(Error::Conflict("This person is still here: only who left is made nameless".into()));
    };
    let before = before.unwrap_or(0);
    if before & NAMELESS != 0 {
        return Ok(());
    }
    trace(tx, by, "account.anonymise", id, "")?;
    store::leavers::upsert(tx.conn, id, Leaver { leaves_on, before: Some(before | NAMELESS) })?;
    let nothing = FactsChange {
        skills: Some(Vec::new()),
        title: Some(String::new()),
        department: Some(String::new()),
        site: Some(String::new()),
        time_zone: Some(String::new()),
        languages: Some(Vec::new()),
        works_on: Some(Vec::new()),
        ..FactsChange::default()
    };
    people::update(tx, id, &nothing, By::Organisation)?;
    for row in store::hashtags::featured(tx.conn, id)? {
        store::hashtags::delete_featured(tx.conn, row.id)?;
    }
    let tongue = Tongue::of(tx.config().instance.languages.first().map(String::as_str));
    let mut empty = Account {
        display_name: words::NAMELESS.of(tongue).to_owned(),
        note: String::new(),
        note_source: None,
        fields: "[]".into(),
        emojis: "[]".into(),
        avatar: None,
        avatar_description: String::new(),
        header: None,
        header_description: String::new(),
        also_known_as: "[]".into(),
        attribution_domains: "[]".into(),
        updated_at: tx.now,
        ..store::accounts::load(tx.conn, id)?
    };
    empty.fields = fields(tx, &empty, empty.left_on)?;
    store::users::update_profile(tx.conn, &empty)?;
    store::users::forget_person(tx.conn, id)?;
    // Again, so that every server that heard of the leaving hears of this as well, also one that is off for a while.
    tx.record(Fact::AccountLeft(id))
}

/// Does so with people whose last day is so long ago as the settings say, some at a time: how many.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn anonymise_some(tx: &mut Tx<'_>) -> Result<usize> {
    let days = tx.config().people.anonymise_after_days;
    if days == 0 {
        return Ok(0);
    }
    let until = tx.now.plus_days(-i64::try_from(days).unwrap_or(i64::MAX));
    let named = store::leavers::named_before(tx.conn, until, NAMELESS, EMPTIED)?;
    for id in &named {
        anonymise(tx, &Staff::setting(), *id)?;
    }
    Ok(named.len())
}

/// Whether somebody may still act: asked within the transaction of each thing that they do.
///
/// # Errors
/// `Unauthorized` once they left, or were disabled, suspended or deleted.
pub fn check_presence(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    if store::leavers::may_act(conn, account)? {
        Ok(())
    } else {
        Err(Error::unauthorized("The access token is invalid"))
    }
}
