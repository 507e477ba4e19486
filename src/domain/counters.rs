//! What the node counts about itself, so that its people can see whether it does what it is for: how many list what they
//! know, how soon questions are answered, how often a project found a colleague instead of a competitor. Whole numbers of
//! days and shares; no counter knows who.

use super::{
    Tx, concierge,
    projects::words::Words,
    questions::{self, days},
};
use crate::{
    Result,
    config::Questions,
    db::Conn,
    model::{Account, AccountKind, Audience, Post},
    store,
    time::Timestamp,
};
use serde::Serialize;
use std::{cmp::Ordering, collections::BTreeMap};

/// Days after which a counter is forgotten.
pub const KEPT_DAYS: i64 = 800;

const DAY: i64 = 86_400_000;
/// Questions looked at for one report.
const QUESTIONS: i64 = 10_000;
/// Skills from which somebody counts as listed well.
const SKILLS: i64 = 3;
/// Days within which somebody was there, to be active.
const ACTIVE_DAYS: i64 = 30;
/// Days within which an idea is to have an owner, and to be decided.
const OWNED_DAYS: i64 = 7;
const DECIDED_DAYS: i64 = 30;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// A sentence was written to the concierge.
    Command,
    /// It understood none of it.
    CommandUnknown,
    /// Somebody looked for who knows something.
    Search,
    /// The search found somebody.
    SearchFound,
    /// Whoever searched followed somebody of another site that it found, or wrote to them, within an hour.
    SearchFollowed,
    /// A project was registered.
    ProjectRegistered,
    /// Somebody joined another project instead of registering their draft.
    DraftJoined,
    /// Somebody followed another project instead.
    DraftFollowed,
    /// Somebody registered theirs beside a similar one, and said what is different.
    DraftDifferent,
    /// Somebody chose a narrower audience for a post than it would have had.
    AudienceNarrowed,
    /// Somebody chose a wider one.
    AudienceWidened,
    /// Somebody wanted a post to be for everybody, and the charter forbids it.
    OpenRefused,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Command => "commands",
            Self::CommandUnknown => "commands_unknown",
            Self::Search => "searches",
            Self::SearchFound => "searches_found",
            Self::SearchFollowed => "searches_followed",
            Self::ProjectRegistered => "projects_registered",
            Self::DraftJoined => "drafts_joined",
            Self::DraftFollowed => "drafts_followed",
            Self::DraftDifferent => "drafts_different",
            Self::AudienceNarrowed => "audiences_narrowed",
            Self::AudienceWidened => "audiences_widened",
            Self::OpenRefused => "open_refused",
        }
    }
}

/// Counts something, in the transaction in which it happens.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn count(tx: &mut Tx<'_>, counter: Counter) -> Result<()> {
    count_many(tx, counter, 1)
}

/// Counts something that happened several times.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn count_many(tx: &mut Tx<'_>, counter: Counter, times: i64) -> Result<()> {
    store::counters::add(tx.conn, counter.name(), tx.now.millis().div_euclid(DAY), times)
}

/// Something that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The node started for the first time.
    Began,
    /// Somebody here answered somebody at another node of the organisation, or was answered by them.
    Reply,
}

impl Milestone {
    const fn name(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Reply => "first_reply",
        }
    }
}

/// The node starts for the first time.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn begin(tx: &mut Tx<'_>) -> Result<()> {
    store::counters::reach(tx.conn, Milestone::Began.name(), tx.now)
}

/// Somebody wrote a post just now: it may be the first answer between two nodes of the organisation.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn heard(tx: &mut Tx<'_>, post: &Post, author: &Account) -> Result<()> {
    let Some(to) = post.in_reply_to_account_id.filter(|to| *to != author.id) else { return Ok(()) };
    if author.kind != AccountKind::Person || store::counters::milestone(tx.conn, Milestone::Reply.name())?.is_some() {
        return Ok(());
    }
    let other = store::accounts::load(tx.conn, to)?;
    let far = if author.is_local() { &other } else { author };
    let meets = other.is_local() != author.is_local() && other.kind == AccountKind::Person;
    if meets && questions::is_member(tx, far)? {
        store::counters::reach(tx.conn, Milestone::Reply.name(), tx.now)?;
    }
    Ok(())
}

/// Counts what an author made of the audience of a post. `usual`: the one it would have had without a word of theirs.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn chose(tx: &mut Tx<'_>, usual: Audience, chosen: Audience) -> Result<()> {
    match chosen.cmp(&usual) {
        Ordering::Less => count(tx, Counter::AudienceNarrowed),
        Ordering::Equal => Ok(()),
        Ordering::Greater => count(tx, Counter::AudienceWidened),
    }
}

/// Forgets what was counted long ago.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn forget(tx: &mut Tx<'_>) -> Result<()> {
    store::counters::sweep(tx.conn, tx.now.plus_days(-KEPT_DAYS).millis().div_euclid(DAY))
}

/// What a node tells about itself.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Over how many days.
    pub days: i64,
    /// Each counter, added up; what never happened is 0.
    pub counted: BTreeMap<&'static str, i64>,
    /// Shares and times that follow from the counters and from what is stored.
    pub shares: Shares,
}

/// Shares are between 0 and 1; none where nothing was counted.
#[derive(Clone, Debug, Serialize)]
pub struct Shares {
    /// People of this node who were there within 30 days.
    pub active_people: i64,
    /// Of these, who list three skills or more.
    pub list_three_skills: Option<f64>,
    /// Of the searches that found somebody, those after which somebody at another site was followed or written to.
    pub searches_followed: Option<f64>,
    /// Of the sentences to the concierge, those it did not understand.
    pub commands_unknown: Option<f64>,
    /// Of the projects that were begun, those that ended in joining or following another one.
    pub drafts_ended_in_contact: Option<f64>,
    /// Of the leads of look-alike projects whom the concierge introduced and who said so, those to whom it was useful.
    pub introductions_useful: Option<f64>,
    /// Questions asked here.
    pub questions: i64,
    /// Of these, how many somebody else answered.
    pub questions_answered: Option<f64>,
    /// Working hours of the asker until the first answer, the median of those that were answered.
    pub first_answer_hours: Option<f64>,
    /// Of the accepted answers, those from another site.
    pub accepted_from_elsewhere: Option<f64>,
    /// Ideas that people of this node had.
    pub ideas: i64,
    /// Of these, as far as they are seven days old or were faster, those that somebody took on within seven days.
    pub ideas_owned_in_7_days: Option<f64>,
    /// The same for being decided (doing, not now or done) within thirty days.
    pub ideas_decided_in_30_days: Option<f64>,
    /// Of the ideas, those with a favourite of somebody at another site.
    pub ideas_supported_from_elsewhere: Option<f64>,
    /// Of the people whom the concierge asked, those who said that they are not the one.
    pub not_me: Option<f64>,
    /// Of the public and unlisted posts of people here that stand, those for this site alone.
    pub posts_for_site: Option<f64>,
    /// Those for the organisation.
    pub posts_for_organisation: Option<f64>,
    /// Those for everybody.
    pub posts_for_everybody: Option<f64>,
    /// Minutes from the first start of this node to its first answer to, or from, somebody at another node of the
    /// organisation; whenever that was. None before, and on nodes that began before this was kept.
    pub first_reply_minutes: Option<f64>,
}

/// The last `days` days.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn report(conn: &mut Conn, settings: &Questions, days: i64, now: Timestamp) -> Result<Report> {
    const ALL: [Counter; 12] = [
        Counter::Command,
        Counter::CommandUnknown,
        Counter::Search,
        Counter::SearchFound,
        Counter::SearchFollowed,
        Counter::ProjectRegistered,
        Counter::DraftJoined,
        Counter::DraftFollowed,
        Counter::DraftDifferent,
        Counter::AudienceNarrowed,
        Counter::AudienceWidened,
        Counter::OpenRefused,
    ];
    let days = days.clamp(1, KEPT_DAYS);
    let since = now.plus_days(-days);
    let mut counted: BTreeMap<&'static str, i64> = ALL.iter().map(|counter| (counter.name(), 0)).collect();
    for (name, value) in store::counters::since(conn, since.millis().div_euclid(DAY))? {
        if let Some(known) = counted.get_mut(name.as_str()) {
            *known = value;
        }
    }
    let of = |counter: Counter| counted.get(counter.name()).copied().unwrap_or(0);
    let (active_people, skilled) = store::counters::skilled(conn, now.plus_days(-ACTIVE_DAYS), SKILLS)?;
    let questions = store::counters::questions(conn, since, QUESTIONS)?;
    let mut waits: Vec<i64> = questions
        .iter()
        .filter_map(|asked| Some(days::working_time(asked.at, asked.answered_at?, &asked.zone, settings)))
        .collect();
    waits.sort_unstable();
    let (accepted, elsewhere) = store::counters::accepted(conn, since)?;
    let (routed, declined) = store::counters::routed(conn, since)?;
    let ideas = store::ideas::figures(conn, since, OWNED_DAYS * DAY, DECIDED_DAYS * DAY, now)?;
    let ended = of(Counter::DraftJoined) + of(Counter::DraftFollowed);
    let (useful, not) = introductions(conn, since)?;
    let by_audience = store::counters::posts_by_audience(conn, since)?;
    let posts = by_audience.iter().map(|(_, posts)| posts).sum();
    let reach = |audience: Audience| by_audience.iter().find(|(of, _)| *of == audience).map_or(0, |(_, posts)| *posts);
    let began = store::counters::milestone(conn, Milestone::Began.name())?;
    let replied = store::counters::milestone(conn, Milestone::Reply.name())?;
    let took =
        began.zip(replied).map(|(began, replied)| rounded((replied.millis() - began.millis()) as f64 / 60_000.0));
    let shares = Shares {
        active_people,
        list_three_skills: share(skilled, active_people),
        searches_followed: share(of(Counter::SearchFollowed), of(Counter::SearchFound)),
        commands_unknown: share(of(Counter::CommandUnknown), of(Counter::Command)),
        drafts_ended_in_contact: share(ended, ended + of(Counter::ProjectRegistered)),
        introductions_useful: share(useful, useful + not),
        questions: questions.len() as i64,
        questions_answered: share(waits.len() as i64, questions.len() as i64),
        first_answer_hours: waits.get(waits.len() / 2).map(|wait| rounded(*wait as f64 / 3_600_000.0)),
        accepted_from_elsewhere: share(elsewhere, accepted),
        ideas: ideas.ideas,
        ideas_owned_in_7_days: share(ideas.owned.0, ideas.owned.1),
        ideas_decided_in_30_days: share(ideas.decided.0, ideas.decided.1),
        ideas_supported_from_elsewhere: share(ideas.elsewhere, ideas.ideas),
        not_me: share(declined, routed),
        posts_for_site: share(reach(Audience::Site), posts),
        posts_for_organisation: share(reach(Audience::Organisation), posts),
        posts_for_everybody: share(reach(Audience::Open), posts),
        first_reply_minutes: took,
    };
    Ok(Report { days, counted, shares })
}

/// What leads tapped under their introductions, in any language the concierge speaks: useful, and not.
fn introductions(conn: &mut Conn, since: Timestamp) -> Result<(i64, i64)> {
    let Some(concierge) = concierge::find(conn)? else { return Ok((0, 0)) };
    let asked = [Words::English.useful_or_not(), Words::German.useful_or_not()];
    let votes = store::counters::votes(conn, concierge.id, asked.as_flattened(), since)?;
    let of = |at: usize| {
        let said = |title: &str| asked.iter().any(|pair| pair.get(at).is_some_and(|answer| *answer == title));
        votes.iter().filter(|(title, _)| said(title)).map(|(_, votes)| votes).sum()
    };
    Ok((of(0), of(1)))
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64))
}

/// To three digits: nobody reads more.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
