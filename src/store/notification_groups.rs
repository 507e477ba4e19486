//! Notifications in groups: those of one kind about one thing within one stretch of time. The key of a group stands in its
//! rows and begins with the number of the stretch, so the groups of a person lie in an index in the order of time, and one
//! step leads from each to the next, however many notifications are in it.

use super::{
    notifications::{Selection, heard, visible, visible_from},
    page::Page,
};
use crate::{
    Error, Result,
    db::{Conn, Sql, padded},
    id::Id,
    model::{Account, Notification, NotificationKind as Kind, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::HashMap;

/// Hours over which notifications of one kind about one thing are one group.
const HOURS: i64 = 12;
/// Kinds that are groups.
pub const GROUPABLE: [Kind; 4] = [Kind::Favourite, Kind::Reblog, Kind::Follow, Kind::AdminSignUp];
/// People who are named of a group.
pub const SAMPLE: usize = 8;
/// Rows that are looked at for them: some of whom may not be shown.
const LOOKED_AT: i64 = 2 * SAMPLE as i64;
/// Groups that are stepped through at most: more than that within one stretch of time, and the page lacks some of them.
const STEPS: i64 = 2_000;
/// Notifications of one group that are counted at most.
const COUNTED: i64 = 20_000;
/// Above every key.
const BEYOND: &str = "99999";

/// The key of the group a notification belongs to, of letters, digits and `-` only; none for what stands alone.
pub fn key(kind: Kind, post: Option<Id<Post>>, at: Timestamp) -> Option<String> {
    let span = span(at);
    match (kind, post) {
        (Kind::Favourite, Some(post)) => Some(format!("{span}-favourite-{post}")),
        (Kind::Reblog, Some(post)) => Some(format!("{span}-reblog-{post}")),
        (Kind::Follow, _) => Some(format!("{span}-follow")),
        (Kind::AdminSignUp, _) => Some(format!("{span}-admin-sign-up")),
        _ => None,
    }
}

/// The number of a stretch of time; five digits until 2106.
fn span(at: Timestamp) -> i64 {
    at.seconds() / (HOURS * 3_600)
}

fn span_of(key: &str) -> &str {
    key.split_once('-').map_or(key, |(span, _)| span)
}

fn kind_of(key: &str) -> Option<Kind> {
    let (_, rest) = key.split_once('-')?;
    match rest.split_once('-') {
        _ if rest == "follow" => Some(Kind::Follow),
        _ if rest == "admin-sign-up" => Some(Kind::AdminSignUp),
        Some(("favourite", _)) => Some(Kind::Favourite),
        Some(("reblog", _)) => Some(Kind::Reblog),
        _ => None,
    }
}

/// One group of a page, or one notification that stands alone.
#[derive(Clone, Debug)]
pub struct Group {
    /// The key; none for one that stands alone.
    pub key: Option<String>,
    /// Its newest notification.
    pub newest: Notification,
    /// The oldest one within the page.
    pub oldest: Id<Notification>,
    /// How many there are, those below the page included.
    pub count: i64,
    /// Who caused the newest ones, each once, at most [`SAMPLE`].
    pub people: Vec<Id<Account>>,
}

/// A page of groups.
#[derive(Clone, Debug, Default)]
pub struct GroupPage {
    /// The newest first.
    pub groups: Vec<Group>,
    /// The ids that the pages above and below begin at; none for an empty page.
    pub ends: Option<(i64, i64)>,
}

/// A page of a person's notifications in groups of these kinds. As many statements for many notifications as for a few.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn page(
    conn: &mut Conn,
    account: Id<Account>,
    wanted: &Selection,
    together: &[Kind],
    now: Timestamp,
    page: Page,
) -> Result<GroupPage> {
    let asked = Asked { account, wanted, together, now };
    // One more than is shown: up to there all rows belong to what is shown.
    let mut found = asked.firsts(conn, Page { limit: page.limit + 1, ..page })?;
    found.sort_unstable_by_key(|first| if page.upward() { first.id } else { -first.id });
    let limit = usize::try_from(page.limit).unwrap_or(0);
    let next = found.get(limit).map(|first| first.id);
    found.truncate(limit);
    let (Some(highest), Some(lowest)) = (found.iter().map(|f| f.id).max(), found.iter().map(|f| f.id).min()) else {
        return Ok(GroupPage::default());
    };
    let (top, bottom) = match (page.upward(), next) {
        (true, Some(next)) => (next - 1, lowest),
        (true, None) => (page.max_id.map_or(i64::MAX, |max| max - 1), lowest),
        (false, Some(next)) => (highest, next + 1),
        (false, None) => (highest, page.above().map_or(0, |above| above + 1)),
    };
    let keys: Vec<String> = found.iter().filter_map(|first| first.key.clone()).collect();
    let mut data = asked.data(conn, &keys, top, bottom)?;
    let newest = |first: &First, data: &HashMap<String, Data>| {
        let known = first.key.as_ref().and_then(|key| data.get(key)?.newest.first());
        known.map_or(first.id, |(id, _)| id.raw())
    };
    let ids: Vec<Id<Notification>> = found.iter().map(|first| Id::new(newest(first, &data))).collect();
    let read = Sql::new("select n.* from notifications n where n.id in ").ids(&ids).load::<Notification>(conn)?;
    let mut rows: HashMap<i64, Notification> = read.into_iter().map(|row| (row.id.raw(), row)).collect();
    let mut groups = Vec::with_capacity(found.len());
    for first in found {
        let Some(row) = rows.remove(&newest(&first, &data)) else { continue };
        groups.push(match first.key {
            None => Group::alone(row),
            Some(key) => {
                let data = data.remove(&key).unwrap_or_default();
                data.group(key, row, first.id)
            }
        });
    }
    groups.sort_unstable_by_key(|group| std::cmp::Reverse(group.newest.id));
    let newest = groups.iter().map(|group| group.newest.id.raw()).max().unwrap_or(highest);
    let oldest = groups.iter().map(|group| group.oldest.raw()).min().unwrap_or(lowest);
    let ends = match (page.upward(), next) {
        (true, Some(_)) => (top, oldest),
        (false, Some(_)) => (newest, bottom),
        (_, None) => (newest, oldest),
    };
    Ok(GroupPage { groups, ends: Some(ends) })
}

/// One group, or `NotFound`.
///
/// # Errors
/// `NotFound` when nothing of it is there (any more).
pub fn one(conn: &mut Conn, account: Id<Account>, key: &str, now: Timestamp) -> Result<Group> {
    let wanted = Selection::default();
    let asked = Asked { account, wanted: &wanted, together: &GROUPABLE, now };
    let data = asked.data(conn, &[key.to_owned()], i64::MAX, 0)?.remove(key).ok_or(Error::NotFound)?;
    let (id, _) = *data.newest.first().ok_or(Error::NotFound)?;
    let newest: Notification = Sql::new("select n.* from notifications n where n.id = ").bind(id).one(conn)?;
    Ok(data.group(key.to_owned(), newest, id.raw()))
}

/// How many groups there are above `read`, counted up to `most`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn count_above(
    conn: &mut Conn,
    account: Id<Account>,
    wanted: &Selection,
    together: &[Kind],
    read: i64,
    now: Timestamp,
    most: i64,
) -> Result<i64> {
    let asked = Asked { account, wanted, together, now };
    let found = asked.firsts(conn, Page { since_id: Some(read), ..Page::first(most) })?;
    Ok(i64::try_from(found.len()).unwrap_or(most).min(most))
}

/// Removes a whole group, but for what is held back of it: that waits for an answer to who caused it. A group of nothing
/// else is seen by whoever asks for what is held back, and goes.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn dismiss(conn: &mut Conn, account: Id<Account>, key: &str) -> Result<()> {
    let all = || Sql::new("delete from notifications where account_id = ").bind(account).with(" and group_key = ", key);
    if all().push(" and not held").execute(conn)? == 0 {
        all().execute(conn)?;
    }
    Ok(())
}

impl Group {
    /// One notification, for itself.
    pub fn alone(row: Notification) -> Self {
        Self { key: None, oldest: row.id, count: 1, people: vec![row.from_account_id], newest: row }
    }
}

/// The row that a group, or what stands alone, is in the page by: its newest one, or, upwards, its oldest.
struct First {
    id: i64,
    key: Option<String>,
}

/// What is read of one group.
#[derive(Default)]
struct Data {
    counted: i64,
    oldest: Option<i64>,
    /// Those that may be shown, the newest first.
    newest: Vec<(Id<Notification>, Id<Account>)>,
}

impl Data {
    /// The group; `first` is a row of it that stands in the page.
    fn group(self, key: String, newest: Notification, first: i64) -> Group {
        let mut people = Vec::new();
        for who in self.newest.into_iter().map(|(_, who)| who).chain([newest.from_account_id]) {
            if people.len() < SAMPLE && !people.contains(&who) {
                people.push(who);
            }
        }
        let oldest = Id::new(self.oldest.unwrap_or(first));
        Group { key: Some(key), newest, oldest, count: self.counted.max(1), people }
    }
}

/// Who asks for what.
struct Asked<'a> {
    account: Id<Account>,
    wanted: &'a Selection,
    together: &'a [Kind],
    now: Timestamp,
}

impl Asked<'_> {
    /// Candidates for a page, in no order: all that could be among the first `page.limit`.
    fn firsts(&self, conn: &mut Conn, page: Page) -> Result<Vec<First>> {
        let single = visible(self.account, self.wanted, self.now, "n.id").push(" and n.group_key is null");
        let single = page.apply(single, "n.id").load_as::<BigInt, i64>(conn)?;
        let mut found: Vec<First> = single.into_iter().map(|id| First { id, key: None }).collect();
        let mut apart = Vec::new();
        for (key, first) in self.heads(conn, page)? {
            match first {
                Some(id) if kind_of(&key).is_some_and(|kind| self.together.contains(&kind)) => {
                    found.push(First { id, key: Some(key) });
                }
                Some(_) => apart.push(key),
                None => {}
            }
        }
        if !apart.is_empty() {
            // Kinds that the client wants one by one.
            let rows = visible(self.account, self.wanted, self.now, "n.id").push(" and n.group_key in ").texts(&apart);
            let rows = page.apply(rows, "n.id").load_as::<BigInt, i64>(conn)?;
            found.extend(rows.into_iter().map(|id| First { id, key: None }));
        }
        Ok(found)
    }

    /// Keys from the stretch of time where the page begins on, with the row each would be in it by. A few first: that is
    /// enough unless very many things went on at once.
    fn heads(&self, conn: &mut Conn, page: Page) -> Result<Vec<(String, Option<i64>)>> {
        let start = if page.upward() { page.min_id } else { page.max_id };
        let stop = if page.upward() { page.max_id } else { page.since_id };
        let (start, stop) = (self.span_at(conn, start)?, self.span_at(conn, stop)?);
        let few = (2 * page.limit).min(STEPS);
        let found = self.steps(conn, page, start, stop, few)?;
        // The stretch of time of the last one may have more; those before it are whole.
        let last = found.last().map(|(key, _)| span_of(key).to_owned());
        let whole =
            found.iter().filter(|(key, first)| first.is_some() && Some(span_of(key)) != last.as_deref()).count();
        let enough = (found.len() as i64) < few || whole as i64 >= page.limit;
        if enough || few == STEPS { Ok(found) } else { self.steps(conn, page, start, stop, STEPS) }
    }

    /// The stretch of time in which a notification with this id was written, or would have been.
    fn span_at(&self, conn: &mut Conn, id: Option<i64>) -> Result<Option<i64>> {
        let Some(id) = id else { return Ok(None) };
        let at = Sql::new("select n.created_at from notifications n where n.account_id = ")
            .bind(self.account)
            .with(" and n.id <= ", id)
            .push(" order by n.id desc limit 1")
            .optional_i64(conn)?;
        Ok(at.map(|at| span(Timestamp::from_millis(at))))
    }

    fn steps(
        &self,
        conn: &mut Conn,
        page: Page,
        start: Option<i64>,
        stop: Option<i64>,
        most: i64,
    ) -> Result<Vec<(String, Option<i64>)>> {
        let key = |span: i64| format!("{span:05}");
        let (best, beyond, from, until) = match page.upward() {
            true => ("min", " > ", key(start.unwrap_or(0)), stop.map_or(BEYOND.into(), |span| key(span + 1))),
            false => ("max", " < ", start.map_or(BEYOND.into(), |span| key(span + 1)), key(stop.unwrap_or(0))),
        };
        let within = if page.upward() { " < " } else { " > " };
        let first = visible(self.account, self.wanted, self.now, "n.id").push(" and n.group_key = k.key");
        let first = Page { limit: 1, ..page }.apply(first, "n.id");
        let step = |sql: Sql| {
            sql.push(best)
                .with("(n.group_key) from notifications n where n.account_id = ", self.account)
                .push(" and n.group_key")
                .push(within)
                .bind(until.as_str())
                .push(" and n.group_key")
                .push(beyond)
        };
        let sql = step(Sql::new("with recursive k(key, n) as (select (select "))
            .bind(from.as_str())
            .push("), 1 union all select (select ");
        let sql = step(sql)
            .push("k.key), k.n + 1 from k where k.key is not null and k.n < ")
            .bind(most)
            .push(") select k.key, (")
            .append(first)
            .push(") from k where k.key is not null");
        let mut found = sql.load_as::<(Text, Nullable<BigInt>), (String, Option<i64>)>(conn)?;
        // The steps are taken in this order; nothing says that they are answered in it.
        found.sort_unstable_by(|a, b| if page.upward() { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) });
        Ok(found)
    }

    /// How many notifications up to `top` are in these groups, the oldest of them from `bottom` on, and the newest few that
    /// may be shown.
    fn data(&self, conn: &mut Conn, keys: &[String], top: i64, bottom: i64) -> Result<HashMap<String, Data>> {
        let mut data: HashMap<String, Data> = HashMap::new();
        if keys.is_empty() {
            return Ok(data);
        }
        let mut asked = Sql::new("with v(key) as (values ");
        for n in 0..padded(keys.len()) {
            // No group has an empty key.
            let key = keys.get(n).map_or("", String::as_str);
            asked = asked.push(if n == 0 { "(" } else { ", (" }).bind(key).push(")");
        }
        let rows = || {
            heard(self.account, self.wanted, self.now, "n.id").push(" and n.group_key = v.key and n.id <= ").bind(top)
        };
        let counted = asked
            .clone()
            .push(") select v.key, (select count(*) from (")
            .append(rows().with(" limit ", COUNTED))
            .push(") c), (")
            .append(rows().with(" and n.id >= ", bottom).push(" order by n.id limit 1"))
            .push(") from v")
            .load_as::<(Text, BigInt, Nullable<BigInt>), (String, i64, Option<i64>)>(conn)?;
        for (key, counted, oldest) in counted.into_iter().filter(|(_, counted, _)| *counted > 0) {
            data.insert(key, Data { counted, oldest, newest: Vec::new() });
        }
        // From the index alone, so that of a large group a few rows are read and not all.
        let newest = visible_from(
            "k cross join notifications n",
            self.account,
            self.wanted,
            self.now,
            "n.group_key, n.id, n.from_account_id",
        );
        let newest = asked
            .with(
                "), k(key, least) as (select v.key, coalesce((select m.id from notifications m where m.account_id = ",
                self.account,
            )
            .with(" and m.group_key = v.key and m.id <= ", top)
            .with(" order by m.id desc limit 1 offset ", LOOKED_AT - 1)
            .push("), 0) from v) ")
            .append(newest)
            .with(" and n.group_key = k.key and n.id >= k.least and n.id <= ", top)
            .push(" order by n.id desc")
            .load_as::<(Text, BigInt, BigInt), (String, i64, i64)>(conn)?;
        for (key, id, from) in newest {
            data.entry(key).or_default().newest.push((Id::new(id), Id::new(from)));
        }
        Ok(data)
    }
}
