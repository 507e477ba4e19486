//! Who is in the directory: the people and projects of this node that are listed, and the copies of those of the other
//! nodes. From here the index in memory is filled, and from here nodes compare what they have.

use super::{Facts, Listed, facts, listed_of};
use crate::{
    Result, crypto,
    db::Conn,
    domain::{Tx, charter::Charter, html::plain_text},
    id::Id,
    matching::people::{Accepted, Day, Person, Skill},
    model::{Account, AccountKind},
    store,
    time::Timestamp,
};
use std::collections::HashMap;

/// Days for which accepted answers are looked at.
const ANSWERS: i64 = 366;

/// Entries of a page of the directory.
pub const PAGE: i64 = 200;

/// Notes that an actor counts differently from now on; of one of this node with a new version.
pub(super) fn touch(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let Some(account) = store::accounts::find(tx.conn, id)? else { return Ok(()) };
    let changed = tx.new_id::<()>().raw();
    if !account.is_local() {
        return store::people::touch_copy(tx.conn, id, changed);
    }
    match account.kind {
        AccountKind::Person | AccountKind::Service | AccountKind::Group => {
            store::people::touch(tx.conn, id, tx.now, changed)
        }
        AccountKind::Application | AccountKind::Organization => Ok(()),
    }
}

/// Somebody left, or is back: the directory knows the day by which their account goes.
pub(super) fn departed(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let left_on = store::accounts::load(tx.conn, id)?.left_on.map(Timestamp::date);
    let mut row = store::people::find(tx.conn, id)?.unwrap_or_else(super::facts::blank_row);
    if row.left_on != left_on {
        row.left_on = left_on;
        let changed = tx.new_id::<()>().raw();
        store::people::save(tx.conn, id, &row, changed)?;
    }
    touch(tx, id)
}

/// Forgets somebody who is about to go.
pub(super) fn forget(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let changed = tx.new_id::<()>().raw();
    store::people::forget(tx.conn, id, changed)
}

/// The featured hashtags of an actor of this node that may leave it: those of skills stay where their owner's facts do.
pub fn leaving_tags(facts: &Facts, mut tags: Vec<String>) -> Vec<String> {
    if facts.listed != Listed::Organisation {
        tags.retain(|tag| !facts.skills.iter().any(|skill| skill.tag == *tag));
    }
    tags
}

/// Which nodes the directory covers, and which site those are at who do not say.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    own: String,
    others: HashMap<String, String>,
}

impl Sites {
    /// This node, and those of the charter while its directory is on.
    pub fn of(charter: Option<&Charter>, domain: &str) -> Self {
        let place = |domain: &str, department: &str| match department {
            "" => domain.split(['.', ':']).next().unwrap_or_default().to_owned(),
            named => named.to_owned(),
        };
        let own = charter.and_then(|charter| charter.node(domain));
        let own = place(domain, own.map_or("", |node| &node.department));
        let nodes = charter.filter(|charter| charter.policy.directory).map_or(&[][..], |charter| &charter.nodes);
        let others = nodes.iter().filter(|node| node.domain != domain);
        Self { own, others: others.map(|node| (node.domain.clone(), place(&node.domain, &node.department))).collect() }
    }

    /// The site of people of a node who do not say where they work; none for nodes that are not covered.
    pub fn of_node(&self, domain: Option<&str>) -> Option<&str> {
        match domain {
            None => Some(&self.own),
            Some(domain) => self.others.get(domain).map(String::as_str),
        }
    }
}

/// The site somebody is searched from.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn site_of(conn: &mut Conn, account: Id<Account>, sites: &Sites) -> Result<String> {
    let row = store::people::find(conn, account)?.unwrap_or_default();
    Ok(if row.site.is_empty() { sites.own.clone() } else { row.site })
}

/// These actors as the index takes them in; none for those who are not to be found.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn people(
    conn: &mut Conn,
    ids: &[Id<Account>],
    sites: &Sites,
    now: Timestamp,
) -> Result<Vec<(Id<Account>, Option<Person>)>> {
    let mut accounts: HashMap<i64, Account> =
        store::accounts::list(conn, ids)?.into_iter().map(|account| (account.id.raw(), account)).collect();
    let mut rows: HashMap<i64, store::people::Row> =
        store::people::list(conn, ids)?.into_iter().map(|(id, row)| (id.raw(), row)).collect();
    let active: Vec<i64> = store::people::active(conn, ids)?.into_iter().map(Id::raw).collect();
    let mut skills: HashMap<i64, Vec<store::people::Skill>> = HashMap::new();
    for skill in store::people::skills(conn, ids)? {
        skills.entry(skill.account.raw()).or_default().push(skill);
    }
    let mut answers: HashMap<i64, Vec<Accepted>> = HashMap::new();
    for answer in store::people::accepted(conn, ids, now.plus_days(-ANSWERS))? {
        let one = Accepted { tag: answer.tag, day: day(answer.at) };
        answers.entry(answer.account.raw()).or_default().push(one);
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let raw = id.raw();
        let (Some(account), Some(row)) = (accounts.remove(&raw), rows.remove(&raw)) else {
            found.push((*id, None));
            continue;
        };
        let site = sites.of_node(account.domain.as_deref());
        let here = account.domain.is_some() || active.contains(&raw);
        let shown = account.kind == AccountKind::Person && !account.is_unavailable() && account.moved_to_id.is_none();
        let Some(site) = site.filter(|_| here && shown) else {
            found.push((*id, None));
            continue;
        };
        let facts = facts::of_rows(row, skills.remove(&raw).unwrap_or_default());
        let person = person(&account, facts, site, answers.remove(&raw).unwrap_or_default());
        found.push((*id, (person.listed != Listed::Unlisted && !person.left).then_some(person)));
    }
    Ok(found)
}

fn person(account: &Account, facts: Facts, site: &str, accepted: Vec<Accepted>) -> Person {
    Person {
        key: account.id.to_string(),
        title: facts.title,
        department: facts.department,
        site: if facts.site.is_empty() { site.to_owned() } else { facts.site },
        time_zone: facts.time_zone,
        languages: facts.languages,
        bio: plain_text(&account.note),
        skills: facts.skills.into_iter().map(|skill| Skill { name: skill.name, stance: skill.stance }).collect(),
        projects: facts.works_on.into_iter().map(|work| work.name).collect(),
        accepted,
        // Everybody who asks this index is of this node: whoever is for their own site only is for them, whatever each
        // of them calls the site. Other nodes send us nobody of the kind.
        listed: match facts.listed {
            Listed::Site if account.is_local() => Listed::Organisation,
            Listed::Site => Listed::Unlisted,
            other => other,
        },
        left: facts.left_on.is_some(),
    }
}

/// The day of a moment.
pub fn day(at: Timestamp) -> Day {
    i32::try_from(at.seconds().div_euclid(86_400)).unwrap_or(Day::MAX)
}

/// How many entries a directory has and what they come to: equal digests are equal directories. SHA-256 over id and
/// version of each entry, all of them combined by XOR, so that their order does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Entries.
    pub total: i64,
    combined: [u8; 32],
}

impl Digest {
    fn add(&mut self, entry: &store::people::Entry) {
        let one = crypto::sha256(format!("{} {}", entry.uri, entry.version).as_bytes());
        self.combined.iter_mut().zip(one).for_each(|(all, one)| *all ^= one);
        self.total += 1;
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.combined.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The digest of this node's own directory (`None`), or of the copy of another's.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn digest(conn: &mut Conn, domain: Option<&str>) -> Result<Digest> {
    const STEP: i64 = 5_000;
    let (mut digest, mut after) = (Digest::default(), 0);
    loop {
        let entries = match domain {
            None => store::people::own_entries(conn, after, STEP)?,
            Some(domain) => store::people::copied_entries(conn, domain, after, STEP)?,
        };
        entries.iter().for_each(|entry| digest.add(entry));
        match entries.last() {
            Some(last) if entries.len() as i64 == STEP => after = last.account.raw(),
            _ => return Ok(digest),
        }
    }
}

/// Whether an actor of this node is shown to the others as wanting to be found: the directory decides inside of an
/// organisation, the person's own setting elsewhere.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_discoverable(conn: &mut Conn, account: &Account) -> Result<bool> {
    if account.kind != AccountKind::Service && is_on(conn)? {
        return store::people::is_listed(conn, account.id);
    }
    let row = store::people::find(conn, account.id)?.unwrap_or_default();
    Ok(account.discoverable && listed_of(row.listed) == Listed::Organisation && row.left_on.is_none())
}

/// Whether the organisation has a directory.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_on(conn: &mut Conn) -> Result<bool> {
    Ok(crate::domain::charter::current(conn)?.is_some_and(|signed| signed.charter.policy.directory))
}

/// The index takes somebody in again; what other nodes know of them is the same.
pub(super) fn touch_index(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let changed = tx.new_id::<()>().raw();
    store::people::touch_copy(tx.conn, id, changed)
}
