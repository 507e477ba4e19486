//! Figures for staff. What this node does not keep is 0, in the shape that clients know: when people were here before
//! their last visit, and how much media of others it holds.

use crate::{
    Error, Result,
    api::{
        ApiResult, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        entities::{
            Digits,
            admin::{AdminCohort, AdminCohortData, AdminDimension, AdminDimensionPart, AdminMeasure, AdminMeasureDay},
        },
        languages::LANGUAGES,
    },
    app::App,
    db::{Conn, Dialect},
    domain::scopes::Scope,
    id::Id,
    model::{Role, Tag},
    store::figures::{self as rows, Figure, Share, Stretch},
    time::Timestamp,
};
use axum::extract::State;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, HashSet};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Moderator, &[Scope::AdminRead]);
    Routes::new()
        .post("/api/v1/admin/measures", READ, measures)
        .post("/api/v1/admin/dimensions", READ, dimensions)
        .post("/api/v1/admin/retention", READ, retention)
}

/// Days of a measure, at most.
const DAYS: i64 = 366;
/// Keys of one request.
const KEYS: usize = 20;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

fn moment(params: &Params, name: &'static str) -> ApiResult<Option<Timestamp>> {
    let Some(text) = params.filled(name) else { return Ok(None) };
    let at = Timestamp::parse(text).filter(|at| (0..i64::MAX >> 17).contains(&at.millis()));
    Ok(Some(at.ok_or_else(|| Error::bad_request(format!("Invalid parameter: {name}")))?))
}

/// From the first midnight to the one after the last day, `DAYS` at most: the newest.
fn stretch(params: &Params, now: Timestamp, needed: bool) -> ApiResult<Stretch> {
    let (from, to) = (moment(params, "start_at")?, moment(params, "end_at")?);
    if needed && (from.is_none() || to.is_none()) {
        let name = if from.is_none() { "start_at" } else { "end_at" };
        return Err(Error::bad_request(format!("{name} is missing")).into());
    }
    let to = to.unwrap_or(now).midnight().plus_days(1);
    let from = from.unwrap_or(to.plus_days(-30)).midnight().max(to.plus_days(-DAYS));
    if from >= to {
        return Err(Error::bad_request("Invalid parameter: end_at").into());
    }
    Ok(Stretch(from, to))
}

/// The parameter below a key, `tag_uses[id]`.
fn below(params: &Params, key: &str, name: &str) -> Option<String> {
    params.map(key).and_then(|inner| inner.filled(name)).map(|text| text.trim().to_lowercase())
}

/// What is asked for; whoever asks for nothing gets an empty list.
fn keys(params: &Params) -> Vec<String> {
    params.texts("keys").into_iter().take(KEYS).map(str::to_owned).collect()
}

/// What a measure counts.
#[derive(Clone, Debug)]
enum Counted {
    /// Rows by day: in all those of the days asked for, with what the time before brought.
    Rows(Figure),
    /// What there is of a domain, whatever days are asked for; apps ask for it without days as well.
    Domain(Figure),
    /// Something of the uses of a hashtag.
    Uses(Id<Tag>, fn(&rows::Use) -> String),
    /// Nothing that is kept.
    Nothing,
}

impl Counted {
    /// Whether this is nothing without days.
    const fn of_days(&self) -> bool {
        matches!(self, Self::Rows(_) | Self::Uses(..))
    }
}

fn counted(key: &str, params: &Params) -> Option<Counted> {
    let domain = || below(params, key, "domain");
    let tag = || below(params, key, "id").and_then(|id| id.parse().ok());
    Some(match key {
        "active_users" => Counted::Rows(Figure::ActiveUsers),
        "new_users" => Counted::Rows(Figure::NewUsers),
        "interactions" => Counted::Rows(Figure::Interactions),
        "opened_reports" => Counted::Rows(Figure::OpenedReports),
        "resolved_reports" => Counted::Rows(Figure::ResolvedReports),
        "tag_accounts" => Counted::Uses(tag()?, |one| one.account.to_string()),
        "tag_uses" => Counted::Uses(tag()?, |_| String::new()),
        "tag_servers" => Counted::Uses(tag()?, |one| one.domain.clone().unwrap_or_default()),
        "instance_accounts" => Counted::Domain(Figure::AccountsOf(domain()?)),
        "instance_statuses" => Counted::Domain(Figure::PostsOf(domain()?)),
        "instance_reports" => Counted::Domain(Figure::ReportsAbout(domain()?)),
        "instance_follows" => Counted::Domain(Figure::FollowsOf(domain()?)),
        "instance_followers" => Counted::Domain(Figure::FollowersOf(domain()?)),
        "instance_media_attachments" => Counted::Nothing,
        _ => return None,
    })
}

/// By how many different ones a hashtag was used, by day and in all.
fn distinct(uses: &[rows::Use], name: fn(&rows::Use) -> String, within: Stretch) -> (BTreeMap<i64, i64>, i64) {
    let (mut days, mut all): (BTreeMap<i64, HashSet<String>>, HashSet<String>) = (BTreeMap::new(), HashSet::new());
    for one in uses.iter().filter(|one| one.at >= within.0 && one.at < within.1) {
        let name = name(one);
        all.insert(name.clone());
        days.entry(one.at.millis() / DAY).or_default().insert(name);
    }
    (days.into_iter().map(|(day, names)| (day, names.len() as i64)).collect(), all.len() as i64)
}

fn measure(conn: &mut Conn, key: String, counted: Counted, within: Stretch, now: Timestamp) -> Result<AdminMeasure> {
    let Stretch(from, to) = within;
    let before = Stretch(from.plus_millis(from.millis() - to.millis()), from);
    let sum = |days: &BTreeMap<i64, i64>| days.values().sum::<i64>();
    let rows_of = |conn: &mut Conn, figure: &Figure, within: Stretch| -> Result<BTreeMap<i64, i64>> {
        let mut days = BTreeMap::new();
        for (day, count) in rows::by_day(conn, figure, within)? {
            *days.entry(day).or_insert(0) += count;
        }
        Ok(days)
    };
    let (days, total, previous) = match counted {
        Counted::Nothing => (BTreeMap::new(), 0, None),
        Counted::Rows(figure) => {
            let days = rows_of(conn, &figure, within)?;
            let previous = sum(&rows_of(conn, &figure, before)?);
            let total = sum(&days);
            (days, total, Some(previous))
        }
        Counted::Domain(figure) => {
            let ever = Stretch(Timestamp::from_millis(0), now.plus_days(1));
            let total = sum(&rows_of(conn, &figure, ever)?);
            (rows_of(conn, &figure, within)?, total, None)
        }
        Counted::Uses(tag, name) => {
            let uses = rows::uses_of(conn, tag, within)?;
            let earlier = rows::uses_of(conn, tag, before)?;
            if key == "tag_uses" {
                let mut days = BTreeMap::new();
                for one in &uses {
                    *days.entry(one.at.millis() / DAY).or_insert(0) += 1;
                }
                (days, uses.len() as i64, Some(earlier.len() as i64))
            } else {
                let (days, total) = distinct(&uses, name, within);
                (days, total, Some(distinct(&earlier, name, before).1))
            }
        }
    };
    let data = (from.millis() / DAY..to.millis() / DAY).map(|day| AdminMeasureDay {
        date: Timestamp::from_millis(day * DAY),
        value: Digits(days.get(&day).copied().unwrap_or(0)),
    });
    let unit = (key == "instance_media_attachments").then_some("bytes");
    Ok(AdminMeasure { data: data.collect(), key, unit, total: Digits(total), previous_total: previous.map(Digits) })
}

async fn measures(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let now = app.clock().now();
    let wanted: Vec<(String, Counted)> =
        keys(&params).into_iter().filter_map(|key| Some((key.clone(), counted(&key, &params)?))).collect();
    let needed = wanted.iter().any(|(_, counted)| counted.of_days());
    let without = params.filled("start_at").is_none() && params.filled("end_at").is_none();
    // Nobody asked for days: there are none in the answer.
    let within = if without && !needed { Stretch(now, now) } else { stretch(&params, now, needed)? };
    let found = app.read(move |conn| {
        let mut list = Vec::with_capacity(wanted.len());
        for (key, counted) in wanted {
            list.push(measure(conn, key, counted, within, now)?);
        }
        Rendered::of(&list)
    });
    Ok(found.await?)
}

fn part(key: &str, human: &str, value: i64) -> AdminDimensionPart {
    AdminDimensionPart {
        key: key.to_owned(),
        human_key: human.to_owned(),
        value: value.to_string(),
        unit: None,
        human_value: None,
    }
}

fn shares(list: Vec<Share>, nameless: &str) -> Vec<AdminDimensionPart> {
    let named = |(name, count): &Share| {
        let name = name.as_deref().filter(|name| !name.is_empty()).unwrap_or(nameless);
        part(name, name, *count)
    };
    list.iter().map(named).collect()
}

/// Languages: by their code, for people by their name.
fn spoken(list: Vec<Share>) -> Vec<AdminDimensionPart> {
    let mut parts = shares(list, "und");
    for part in &mut parts {
        if let Some((_, name)) = LANGUAGES.iter().find(|(code, _)| *code == part.key) {
            part.human_key = (*name).to_owned();
        }
    }
    parts
}

/// Values of some uses, those with most first.
fn counted_uses(uses: &[rows::Use], name: impl Fn(&rows::Use) -> Option<String>, limit: i64) -> Vec<Share> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for name in uses.iter().filter_map(name) {
        *counts.entry(name).or_insert(0) += 1;
    }
    let mut list: Vec<Share> = counts.into_iter().map(|(name, count)| (Some(name), count)).collect();
    list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    list.truncate(usize::try_from(limit).unwrap_or(0));
    list
}

/// What a dimension needs beside its key.
struct Dimension {
    key: String,
    tag: Option<Id<Tag>>,
    domain: Option<String>,
}

fn dimension(
    conn: &mut Conn,
    own: &str,
    asked: &Dimension,
    within: Stretch,
    limit: i64,
) -> Result<Option<Vec<AdminDimensionPart>>> {
    Ok(Some(match (asked.key.as_str(), asked.tag, &asked.domain) {
        ("languages", ..) => spoken(rows::languages(conn, limit)?),
        ("sources", ..) => shares(rows::programs(conn, within, limit)?, own),
        ("servers", ..) => shares(rows::servers(conn, within, limit)?, own),
        ("space_usage", ..) => {
            let bytes = rows::database_bytes(conn)?;
            let (key, name) = match conn.dialect() {
                Dialect::Sqlite => ("sqlite", "SQLite"),
                Dialect::Postgres => ("postgresql", "PostgreSQL"),
            };
            let human = format!("{:.1} MB", bytes as f64 / 1_000_000.0);
            vec![AdminDimensionPart { unit: Some("bytes"), human_value: Some(human), ..part(key, name, bytes) }]
        }
        ("software_versions", ..) => {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            vec![AdminDimensionPart {
                key: "watercooler".into(),
                human_key: "Watercooler".into(),
                human_value: Some(version.clone()),
                value: version,
                unit: None,
            }]
        }
        ("tag_servers", Some(tag), _) => {
            let uses = rows::uses_of(conn, tag, within)?;
            shares(counted_uses(&uses, |one| Some(one.domain.clone().unwrap_or(own.to_owned())), limit), own)
        }
        ("tag_languages", Some(tag), _) => {
            let uses = rows::uses_of(conn, tag, within)?;
            spoken(counted_uses(&uses, |one| one.language.clone(), limit))
        }
        ("instance_accounts", _, Some(domain)) => shares(rows::accounts_of(conn, domain, limit)?, ""),
        ("instance_languages", _, Some(domain)) => spoken(rows::languages_of(conn, domain, within, limit)?),
        _ => return Ok(None),
    }))
}

async fn dimensions(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let within = stretch(&params, app.clock().now(), false)?;
    let limit = params.integer("limit")?.unwrap_or(10).clamp(1, 100);
    let wanted: Vec<Dimension> = keys(&params)
        .into_iter()
        .map(|key| Dimension {
            tag: below(&params, &key, "id").and_then(|id| id.parse().ok()),
            domain: below(&params, &key, "domain"),
            key,
        })
        .collect();
    let own = app.site().domain().to_owned();
    let found = app.read(move |conn| {
        let mut list = Vec::with_capacity(wanted.len());
        for asked in wanted {
            if let Some(data) = dimension(conn, &own, &asked, within, limit)? {
                list.push(AdminDimension { key: asked.key, data });
            }
        }
        Rendered::of(&list)
    });
    Ok(found.await?)
}

/// The beginning of the period that a moment is in.
fn period_of(at: Timestamp, monthly: bool) -> Timestamp {
    if !monthly {
        return at.midnight();
    }
    let day = at.to_datetime().date_naive();
    beginning(NaiveDate::from_ymd_opt(day.year(), day.month(), 1).unwrap_or(day))
}

fn beginning(day: NaiveDate) -> Timestamp {
    Timestamp::from_millis(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
}

fn next_of(period: Timestamp, monthly: bool) -> Timestamp {
    // Thirty-one days after the first of a month is the next month.
    if monthly { period_of(period.plus_days(31), true) } else { period.plus_days(1) }
}

/// Periods of a retention, at most.
const PERIODS: usize = 62;

/// Of the people who signed up in each period, how many were here in it or later: their last visit is what is kept.
async fn retention(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let monthly = match params.filled("frequency").unwrap_or("day") {
        "day" => false,
        "month" => true,
        _ => return Err(Error::bad_request("Invalid parameter: frequency").into()),
    };
    let Stretch(from, to) = stretch(&params, app.clock().now(), false)?;
    let mut periods = Vec::new();
    let mut at = period_of(from, monthly);
    while at < to {
        periods.push(at);
        at = next_of(at, monthly);
    }
    periods.drain(..periods.len().saturating_sub(PERIODS));
    let end = at;
    let found = app.read(move |conn| {
        let Some(first) = periods.first().copied() else { return Rendered::of(&[(); 0]) };
        let people = rows::signed_up(conn, Stretch(first, end))?;
        let cohorts: Vec<AdminCohort> = periods
            .iter()
            .map(|period| {
                let members: Vec<_> = people.iter().filter(|(at, _)| period_of(*at, monthly) == *period).collect();
                let data = periods.iter().filter(|later| *later >= period).map(|later| {
                    let here = members.iter().filter(|(at, seen)| seen.unwrap_or(*at).max(*at) >= *later).count();
                    let rate = if members.is_empty() { 0.0 } else { here as f64 / members.len() as f64 };
                    AdminCohortData { date: *later, rate, value: Digits(here as i64) }
                });
                AdminCohort { period: *period, frequency: if monthly { "month" } else { "day" }, data: data.collect() }
            })
            .collect();
        Rendered::of(&cohorts)
    });
    Ok(found.await?)
}
