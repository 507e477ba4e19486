//! Who is in the directory: the people and projects of this node that are listed, and the copies of those of the other
//! nodes. From here the index in memory is filled, and from here nodes compare what they have.

use super::{Facts, Listed, facts, listed_of};
use crate::{
    Error, Result, crypto,
    db::Conn,
    domain::{Tx, audiences, charter::Charter, html::plain_text, profiles, projects::near},
    id::Id,
    matching::people::{Accepted, Day, Person, Progress, Project, Skill},
    model::{Account, AccountKind, Audience, WorkState},
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

/// Takes the fields made of facts off people of this node who are for their own site only, or for nobody, and in an
/// organisation off all of its people, and what they are about off its projects: what is shown to strangers is what goes to
/// everybody.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn hide_from_strangers(conn: &mut Conn, accounts: &mut [Account]) -> Result<()> {
    let made = |account: &&mut Account| account.is_local() && account.fields.contains("\"generated\"");
    let ids: Vec<Id<Account>> = accounts.iter_mut().filter(made).map(|account| account.id).collect();
    let rows = store::people::list(conn, &ids)?;
    let inside_only = is_inside_only(conn)?;
    let kept = |row: &store::people::Row| !inside_only && listed_of(row.listed) == Listed::Organisation;
    let hidden = |id| rows.iter().any(|(other, row)| *other == id && !kept(row));
    for account in accounts.iter_mut().filter(|account| hidden(account.id)) {
        let mut fields = profiles::fields(account);
        fields.retain(|field| field.generated.is_none());
        account.fields = serde_json::to_string(&fields).map_err(Error::internal)?;
    }
    if !inside_only {
        return Ok(());
    }
    // Copies of colleagues have the same fields; only their names tell them from others.
    let colleague = |conn: &mut Conn, account: &Account| -> Result<bool> {
        Ok(!account.is_local() && account.fields != "[]" && audiences::place(conn, account)? <= Audience::Organisation)
    };
    for account in accounts.iter_mut() {
        if near::is_inside_only(conn, account)? {
            account.note.clear();
            account.fields = "[]".into();
        } else if colleague(conn, account)? {
            let mut fields = profiles::fields(account);
            fields.retain(|field| super::fields::Made::named(&field.name).is_none());
            account.fields = serde_json::to_string(&fields).map_err(Error::internal)?;
        }
    }
    Ok(())
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
        let one = Accepted { answer: answer.post, tag: answer.tag, day: day(answer.at) };
        answers.entry(answer.account.raw()).or_default().push(one);
    }
    let mut projects: HashMap<i64, Vec<String>> = HashMap::new();
    for (account, project) in store::projects::memberships(conn, ids)? {
        projects.entry(account.raw()).or_default().push(project);
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
        let accepted = answers.remove(&raw).unwrap_or_default();
        let person = person(&account, facts, site, projects.remove(&raw).unwrap_or_default(), accepted);
        found.push((*id, (person.listed != Listed::Unlisted && !person.left).then_some(person)));
    }
    Ok(found)
}

fn person(account: &Account, facts: Facts, site: &str, mut projects: Vec<String>, accepted: Vec<Accepted>) -> Person {
    // What they only name has no other id than its name.
    projects.extend(facts.works_on.into_iter().filter(|work| !work.joined).map(|work| work.name));
    Person {
        key: account.id.to_string(),
        title: facts.title,
        department: facts.department,
        site: if facts.site.is_empty() { site.to_owned() } else { facts.site },
        time_zone: facts.time_zone,
        languages: facts.languages,
        bio: plain_text(&account.note),
        skills: facts.skills.into_iter().map(|skill| Skill { name: skill.name, stance: skill.stance }).collect(),
        projects,
        accepted,
        // Everybody who asks this index is of this node: whoever is for their own site only is for them, whatever each
        // of them calls the site. Other nodes send us nobody of the kind.
        listed: match facts.listed {
            Listed::Site if account.is_local() => Listed::Organisation,
            Listed::Site => Listed::Unlisted,
            other => other,
        },
        left: facts.left_on.is_some() || account.left_on.is_some(),
    }
}

/// A project of the register as the index takes it in, by its actor id; none for one that is not, or no longer, public.
pub fn project(row: &crate::model::Project) -> Option<Project> {
    let progress = match row.state {
        WorkState::Idea | WorkState::Stopped => Progress::Unproven,
        WorkState::Active | WorkState::Paused | WorkState::Done => Progress::Worked,
    };
    let id = row.uri.clone().filter(|_| row.is_public())?;
    Some(Project { id, name: row.name.clone(), tags: row.tag_list(), progress })
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
    /// Takes in an entry, by all that is compared of it.
    pub(in crate::domain) fn add(&mut self, entry: &str) {
        let one = crypto::sha256(entry.as_bytes());
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
        entries.iter().for_each(|entry| digest.add(&format!("{} {}", entry.uri, entry.version)));
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
    is_discoverable_outside(conn, account)
}

/// The same for servers that belong to no directory of ours: the person's own setting decides.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_discoverable_outside(conn: &mut Conn, account: &Account) -> Result<bool> {
    let row = store::people::find(conn, account.id)?.unwrap_or_default();
    Ok(account.discoverable && listed_of(row.listed) == Listed::Organisation && row.left_on.is_none())
}

/// Whether what people list is for an organisation, and for nobody outside of it. A node on its own has one kind of
/// reader, and shows it what people chose to show.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_inside_only(conn: &mut Conn) -> Result<bool> {
    Ok(store::audiences::rules(conn)?.is_some())
}

/// What the one switch that every client has for it says to the person: whether the directory of the organisation has
/// them, where there is one, else what servers are told.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn switch(conn: &mut Conn, account: &Account) -> Result<bool> {
    if account.kind != AccountKind::Person || account.left_on.is_some() || !is_on(conn)? {
        return Ok(account.discoverable);
    }
    let row = store::people::find(conn, account.id)?.unwrap_or_default();
    Ok(listed_of(row.listed) != Listed::Unlisted)
}

/// Somebody new is listed nowhere until they say so: this node's settings want it.
pub(in crate::domain) fn begin_unlisted(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let row = store::people::Row { listed: super::listed_code(Listed::Unlisted), ..super::facts::blank_row() };
    let changed = tx.new_id::<()>().raw();
    store::people::save(tx.conn, id, &row, changed)
}

/// The featured hashtags of an actor of this node that somebody is shown who belongs to this audience.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tags_for(
    conn: &mut Conn,
    account: &Account,
    mut facts: Facts,
    tags: Vec<String>,
    place: Audience,
) -> Result<Vec<String>> {
    if place == Audience::Open && is_inside_only(conn)? {
        if near::is_inside_only(conn, account)? {
            return Ok(Vec::new());
        }
        facts.listed = Listed::Unlisted;
    }
    Ok(leaving_tags(&facts, tags))
}

/// Whether the organisation has a directory.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_on(conn: &mut Conn) -> Result<bool> {
    Ok(crate::domain::charter::current(conn)?.is_some_and(|signed| signed.charter.policy.directory))
}

/// The index takes somebody in again; what other nodes know of them is the same.
pub(in crate::domain) fn touch_index(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let changed = tx.new_id::<()>().raw();
    store::people::touch_copy(tx.conn, id, changed)
}
