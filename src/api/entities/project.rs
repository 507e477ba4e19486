//! A project as our own API shows it.

use crate::{
    Error, Result,
    db::Conn,
    domain::projects::relations,
    id::Id,
    model::{self, Account, Audience, Membership, RelationKind, WorkState},
    store,
    time::Timestamp,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A project of the register, or a draft of one's own.
#[derive(Debug, Serialize)]
pub struct Project {
    /// Its id, which is also that of its account once it is published: follow that.
    pub id: Id<model::Project>,
    /// Nobody but its author sees it.
    pub draft: bool,
    /// It lives on this node.
    pub local: bool,
    /// `name`, or `name@domain`; none for a draft.
    pub acct: Option<String>,
    /// Its page; none for a draft.
    pub url: Option<String>,
    /// Its actor id; none for a draft.
    pub uri: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it is for, plain text.
    pub purpose: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// `idea`, `active`, `paused`, `done` or `stopped`.
    pub state: WorkState,
    /// Since when.
    pub state_since: Timestamp,
    /// Why, in a sentence.
    pub state_reason: String,
    /// Who leads it.
    pub lead: Option<Person>,
    /// Whom or what it lacks.
    pub looking_for: Vec<String>,
    /// Where tags, and what it lacks, are described elsewhere: addresses, by their names in lower case.
    pub same_as: BTreeMap<String, Vec<String>>,
    /// What was bought.
    pub vendor: Vec<String>,
    /// Where more is said.
    pub links: Vec<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Department or node.
    pub site: String,
    /// How far it goes: `site`, `organisation`, `open`; none: as the posts of people.
    pub audience: Option<Audience>,
    /// Who becomes a member: `open` (whoever asks), `request` (whom its lead takes in), `invitation` (whom its lead invites);
    /// none of projects of other nodes, which do not say.
    pub membership: Option<Membership>,
    /// How many work on it, as far as they are known here.
    pub members_count: i64,
    /// What the caller is to it: `requested`, `member`, `moderator`, `lead` or none.
    pub role: Option<&'static str>,
    /// Whether the caller follows it.
    pub following: bool,
    /// What it says about others and others about it.
    pub relations: Vec<Relation>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was written down here.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Somebody of a project.
#[derive(Debug, Serialize)]
pub struct Person {
    /// Their account here; none while they are not known here.
    pub account_id: Option<Id<Account>>,
    /// `name`, or `name@domain`.
    pub acct: Option<String>,
    /// As they call themselves.
    pub display_name: Option<String>,
    /// Their page.
    pub url: Option<String>,
    /// Their actor id.
    pub uri: String,
}

/// A relation, seen from one side.
#[derive(Debug, Serialize)]
pub struct Relation {
    /// `related_to`, `same_work_as` or `supersedes`.
    pub kind: RelationKind,
    /// `this` when this project says it, `other` when the other one does.
    pub said_by: &'static str,
    /// Why.
    pub reason: String,
    /// The other project: its id here, when it is known.
    pub project_id: Option<Id<model::Project>>,
    /// Its name, when it is known.
    pub name: Option<String>,
    /// Its actor id.
    pub uri: Option<String>,
}

/// Reads what belongs to a project.
///
/// # Errors
/// Those of the database.
pub fn project(conn: &mut Conn, viewer: Id<Account>, row: model::Project) -> Result<Project> {
    projects(conn, viewer, vec![row])?.pop().ok_or(Error::NotFound)
}

/// The same of several, with as few questions as for one.
///
/// # Errors
/// Those of the database.
pub fn projects(conn: &mut Conn, viewer: Id<Account>, rows: Vec<model::Project>) -> Result<Vec<Project>> {
    let ids: Vec<Id<model::Project>> = rows.iter().map(|row| row.id).collect();
    let published = rows.iter().filter(|row| row.published_at.is_some());
    let accounts: Vec<Id<Account>> = published.map(model::Project::account).collect();
    let followed = store::follows::followed_among(conn, viewer, &accounts)?;
    let accounts = if accounts.is_empty() { Vec::new() } else { store::accounts::list(conn, &accounts)? };
    let leads: Vec<&str> = rows.iter().filter_map(|row| row.lead_uri.as_deref()).collect();
    let leads = store::accounts::by_uris(conn, &leads)?;
    let roles = store::projects::memberships_of(conn, viewer, &ids)?;
    let members = store::projects::count_members_of(conn, &ids)?;
    let seen = relations::seen_of_all(conn, &rows)?;
    let one = |(row, seen): (model::Project, Vec<relations::Seen>)| {
        let account = accounts.iter().find(|a| row.published_at.is_some() && a.id == row.account());
        let lead = row.lead_uri.as_ref();
        let lead = lead.map(|uri| person(leads.iter().find(|a| a.uri == *uri).cloned(), uri.clone()));
        let said = seen.into_iter().map(|seen| Relation {
            kind: seen.relation.kind,
            said_by: if seen.own { "this" } else { "other" },
            reason: seen.relation.reason,
            project_id: seen.other.as_ref().map(|other| other.id),
            name: seen.other.as_ref().map(|other| other.name.clone()),
            uri: if seen.own { Some(seen.relation.other_uri) } else { seen.other.and_then(|other| other.uri) },
        });
        Project {
            draft: row.published_at.is_none(),
            local: row.local,
            acct: account.map(Account::acct),
            url: account.map(|a| a.url.clone().unwrap_or_else(|| a.uri.clone())),
            tags: row.tag_list(),
            looking_for: row.looking_for_list(),
            same_as: row.term_link_map(),
            vendor: row.vendor_list(),
            links: row.link_list(),
            lead,
            members_count: members.iter().find(|(id, _)| *id == row.id).map_or(0, |(_, count)| *count),
            role: roles.iter().find(|m| m.project == row.id).map(|m| m.role.as_str()),
            following: account.is_some_and(|a| followed.contains(&a.id)),
            relations: said.collect(),
            id: row.id,
            uri: row.uri,
            name: row.name,
            purpose: row.purpose,
            state: row.state,
            state_since: row.state_since,
            state_reason: row.state_reason,
            language: row.language,
            site: row.site,
            audience: row.audience,
            membership: row.local.then_some(row.membership),
            started_at: row.started_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().zip(seen).map(one).collect())
}

fn person(account: Option<Account>, uri: String) -> Person {
    match account {
        Some(account) => Person {
            account_id: Some(account.id),
            acct: Some(account.acct()),
            display_name: Some(account.display_name),
            url: account.url,
            uri,
        },
        None => Person { account_id: None, acct: None, display_name: None, url: None, uri },
    }
}
