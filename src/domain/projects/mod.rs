//! Projects (N4): what people of the organisation work on, kept in a register that every node has. A project of this node
//! begins as a draft, which nobody but its author sees and which never leaves the node; publishing makes it a `Group`
//! actor that can be followed and written to.
//!
//! [`fields`] is what is typed, `face` what the account shows, [`members`] who works on it, [`relations`] what it says
//! about others, [`listing`] the register as a list, [`near`] how far it goes, [`group`] what is written to it, [`letters`] what it says to its lead, [`locks`] which threads take no more answers, [`remote`] what other nodes tell,
//! [`succession`] what happens when its lead goes.

mod face;
pub mod fields;
pub mod group;
pub mod letters;
pub mod listing;
pub mod locks;
pub mod members;
pub mod near;
pub mod relations;
pub mod remote;
pub mod succession;
pub mod words;

pub use fields::Fields;
pub use remote::RemoteProject;

use super::{
    Fact, Task, Tx, accounts,
    audiences::Wish,
    charter,
    counters::{Counter, count},
    names, people,
    posts::{self, Draft},
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{
        Account, AccountKind, Audience, Membership, Post, Project, ProjectMember, ProjectRole, Visibility, WorkState,
    },
    store,
};
use words::Words;

/// Drafts of one person.
const DRAFTS: i64 = 50;
/// Projects of one person that are told of.
const WORKED_ON: i64 = 100;
/// User names that are tried before one is drawn by lot.
const NAMES: usize = 50;
/// Characters of a purpose in a post.
const SHORT: usize = 280;

/// A project of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorksOn {
    /// What it is called.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Its actor id.
    pub actor: String,
}

/// The published projects a person works on, those they lead first; at most a hundred. Profiles are read elsewhere too, so
/// those for this site alone are not among them.
///
/// # Errors
/// Those of the database.
pub fn works_on(conn: &mut Conn, account: Id<Account>) -> Result<Vec<WorksOn>> {
    let mut projects = store::projects::of_member(conn, account, WORKED_ON)?;
    projects.retain(|project| project.audience != Some(Audience::Site));
    told(conn, projects)
}

/// The same with those for this site alone: what people of this site are told.
///
/// # Errors
/// Those of the database.
pub fn works_on_here(conn: &mut Conn, account: Id<Account>) -> Result<Vec<WorksOn>> {
    let projects = store::projects::of_member(conn, account, WORKED_ON)?;
    told(conn, projects)
}

fn told(conn: &mut Conn, projects: Vec<Project>) -> Result<Vec<WorksOn>> {
    let ids: Vec<Id<Account>> = projects.iter().map(Project::account).collect();
    let accounts = store::accounts::list(conn, &ids)?;
    let found = projects.into_iter().filter_map(|project| {
        let account = accounts.iter().find(|a| a.id == project.account() && !a.is_unavailable())?;
        let url = account.url.clone().unwrap_or_else(|| account.uri.clone());
        Some(WorksOn { name: project.name, url, actor: account.uri.clone() })
    });
    Ok(found.collect())
}

/// Somebody of this node, or of another one of the organisation.
///
/// # Errors
/// Those of the database.
pub fn is_inside(conn: &mut Conn, account: &Account) -> Result<bool> {
    let Some(_) = &account.domain else { return Ok(account.id.raw() > 1) };
    let Some(signed) = charter::current(conn)? else { return Ok(false) };
    Ok(signed.charter.node_at(crate::uri::authority(&account.uri)).is_some())
}

/// The project, when this person may see it: published, or a draft of their own.
///
/// # Errors
/// `NotFound` otherwise.
pub fn visible(conn: &mut Conn, viewer: Id<Account>, id: Id<Project>) -> Result<Project> {
    let project = store::projects::find(conn, id)?.filter(|p| p.removed_at.is_none()).ok_or(Error::NotFound)?;
    if project.published_at.is_none() && project.owner_id != Some(viewer) {
        return Err(Error::NotFound);
    }
    Ok(project)
}

/// What somebody is to a project.
///
/// # Errors
/// Those of the database.
pub fn role(conn: &mut Conn, project: &Project, account: Id<Account>) -> Result<Option<ProjectRole>> {
    Ok(store::projects::member(conn, project.id, account)?.map(|m| m.role))
}

/// A project of this node that this person may change.
///
/// # Errors
/// `NotFound` for who may not see it; `Forbidden` for who is neither its lead nor a moderator, or when it lives elsewhere.
pub fn changeable(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, least: ProjectRole) -> Result<Project> {
    let project = visible(tx.conn, by, id)?;
    if !project.local {
        return Err(Error::forbidden("This project lives on another node: it is changed there"));
    }
    if project.published_at.is_none() {
        return Ok(project);
    }
    match role(tx.conn, &project, by)? {
        Some(role) if role >= least => Ok(project),
        _ => Err(Error::forbidden("Only its lead may do this")),
    }
}

/// Writes down a draft.
///
/// # Errors
/// `Invalid` for what the limits forbid.
pub fn create(tx: &mut Tx<'_>, by: Id<Account>, fields: &Fields) -> Result<Project> {
    if store::projects::count_drafts(tx.conn, by)? >= DRAFTS {
        return Err(Error::invalid("", "too_many", "You have too many drafts: publish or delete some"));
    }
    let mut project = Project {
        id: tx.new_id(),
        owner_id: Some(by),
        local: true,
        uri: None,
        name: String::new(),
        purpose: String::new(),
        tags: "[]".into(),
        state: fields.state.unwrap_or(WorkState::Idea),
        state_since: tx.now,
        state_reason: String::new(),
        lead_uri: None,
        looking_for: "[]".into(),
        vendor: "[]".into(),
        links: "[]".into(),
        language: None,
        site: String::new(),
        rest: "{}".into(),
        change: 0,
        started_at: tx.now,
        active_at: tx.now,
        asked_at: None,
        published_at: None,
        removed_at: None,
        created_at: tx.now,
        updated_at: tx.now,
        audience: None,
        term_links: "{}".into(),
        membership: Membership::Request,
    };
    fields::fill(&mut project, fields)?;
    near::set(tx, by, &mut project, fields.audience)?;
    store::projects::insert(tx.conn, &project)?;
    Ok(project)
}

/// Forgets a draft. What was published stays in the register: it is stopped instead.
///
/// # Errors
/// `NotFound` for who is not its author; `Conflict` for what was published.
pub fn discard(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>) -> Result<()> {
    let project = visible(tx.conn, by, id)?;
    if project.published_at.is_some() {
        return Err(Error::Conflict("A published project is not deleted: set its state to stopped or done".into()));
    }
    store::projects::delete(tx.conn, id)
}

/// Changes what is given. A change of state is [`set_state`]'s, without a sentence.
///
/// # Errors
/// As [`changeable`]; `Invalid` for what the limits forbid.
pub fn edit(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, fields: &Fields) -> Result<Project> {
    let mut project = changeable(tx, by, id, ProjectRole::Moderator)?;
    let before = project.clone();
    fields::fill(&mut project, fields)?;
    near::set(tx, by, &mut project, fields.audience)?;
    if project.published_at.is_some() {
        fields::complete(&project)?;
    }
    if project != before {
        keep(tx, &mut project)?;
    }
    if project.published_at.is_some() && before.audience == Some(Audience::Site) && project.audience != before.audience
    {
        near::went_further(tx, &project)?;
    }
    match fields.state {
        Some(state) if state != project.state => change_state(tx, project, state, ""),
        _ => Ok(project),
    }
}

/// Stores a changed project; of a published one everybody learns.
fn keep(tx: &mut Tx<'_>, project: &mut Project) -> Result<()> {
    project.updated_at = tx.now;
    if project.published_at.is_none() {
        return store::projects::update(tx.conn, project);
    }
    project.active_at = tx.now;
    project.change = store::projects::next_change(tx.conn)?;
    store::projects::update(tx.conn, project)?;
    face::refresh(tx, project)
}

/// Something about a project changed that stands in other tables: members, relations.
fn changed(tx: &mut Tx<'_>, id: Id<Project>) -> Result<()> {
    let Some(mut project) = store::projects::find(tx.conn, id)?.filter(|p| p.local) else { return Ok(()) };
    keep(tx, &mut project)
}

/// Sets how far a project is, with a sentence about it: its log says so.
///
/// # Errors
/// As [`changeable`]; `Invalid` for a sentence that is too long.
pub fn set_state(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, state: WorkState, reason: &str) -> Result<Project> {
    let project = changeable(tx, by, id, ProjectRole::Moderator)?;
    let reason = fields::line("reason", reason, fields::REASON)?;
    change_state(tx, project, state, &reason)
}

fn change_state(tx: &mut Tx<'_>, mut project: Project, state: WorkState, reason: &str) -> Result<Project> {
    if project.state == state && project.state_reason == reason {
        if project.published_at.is_some() {
            // "It is still active" is an answer as well.
            store::projects::touch(tx.conn, project.id, tx.now)?;
        }
        return Ok(project);
    }
    if project.state != state {
        project.state_since = tx.now;
    }
    project.state = state;
    reason.clone_into(&mut project.state_reason);
    keep(tx, &mut project)?;
    if project.published_at.is_some() {
        let text = Words::of(tx).moved_on(&project.name, state, reason);
        say(tx, &project, text, Visibility::Public)?;
    }
    Ok(project)
}

/// Makes a draft public: from now on it is an account that can be found and followed, its author leads it. `username` is
/// made of its name when none is given.
///
/// # Errors
/// `NotFound` for who is not its author; `Conflict` for what is published already; `Invalid` for what is missing, and for a
/// user name that is malformed or taken, in this node's whole past.
pub fn publish(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, username: Option<&str>) -> Result<Project> {
    let mut project = visible(tx.conn, by, id)?;
    if project.published_at.is_some() {
        return Err(Error::Conflict("This project is published already".into()));
    }
    fields::complete(&project)?;
    let lead = store::accounts::load(tx.conn, by)?;
    super::moves::stays(&lead)?;
    let username = match username.map(str::trim).filter(|name| !name.is_empty()) {
        Some(asked) => {
            let name = names::username(asked, false)?;
            if store::users::is_name_taken(tx.conn, &name.to_ascii_lowercase())? {
                return Err(Error::invalid("username", "taken", "Username has already been taken"));
            }
            name
        }
        None => free_username(tx, &project.name)?,
    };
    let mut account = accounts::blank(tx, project.account(), username, AccountKind::Group);
    (account.locked, account.discoverable, account.indexable) = (false, true, true);
    project.uri = Some(account.uri.clone());
    project.lead_uri = Some(lead.uri);
    project.site = site(tx)?;
    project.published_at = Some(tx.now);
    project.change = store::projects::next_change(tx.conn)?;
    (project.updated_at, project.active_at) = (tx.now, tx.now);
    face::wear(tx, &mut account, &project)?;
    store::users::insert_account(tx.conn, &account)?;
    store::projects::update(tx.conn, &project)?;
    let lead = ProjectMember {
        project: id,
        account: by,
        role: ProjectRole::Lead,
        uri: None,
        message: String::new(),
        told_post: None,
        created_at: tx.now,
    };
    store::projects::put_member(tx.conn, &lead)?;
    face::feature(tx, &project)?;
    tx.enqueue(&Task::MakeKeys { account: account.id.raw() })?;
    tx.record(Fact::AccountUpdated(account.id))?;
    person_changed(tx, by)?;
    let purpose = short(&project.purpose, SHORT);
    let tags = face::hashtag_line(&project.tag_list());
    let text = format!("{}\n\n{tags}", Words::of(tx).registered(&project.name, &purpose));
    say(tx, &project, text.trim().to_owned(), Visibility::Public)?;
    count(tx, Counter::ProjectRegistered)?;
    Ok(project)
}

/// What somebody works on changed: their profile says so, and what is known here of somebody of another node.
fn person_changed(tx: &mut Tx<'_>, person: Id<Account>) -> Result<()> {
    match store::accounts::load(tx.conn, person)?.is_local() {
        true => tx.record(Fact::AccountUpdated(person)),
        false => {
            people::facts::follow_projects(tx, person)?;
            people::directory::touch_index(tx, person)
        }
    }
}

fn free_username(tx: &mut Tx<'_>, name: &str) -> Result<String> {
    let stem = fields::username(name);
    for n in 1..=NAMES {
        let tried = if n == 1 { stem.clone() } else { format!("{stem}{n}") };
        let free = names::username(&tried, false).is_ok() && !store::users::is_name_taken(tx.conn, &tried)?;
        if free {
            return Ok(tried);
        }
    }
    Ok(format!("project{}", tx.random().u64() % 1_000_000_000_000))
}

/// What people call this node: its department in the charter, or its domain.
fn site(tx: &mut Tx<'_>) -> Result<String> {
    let domain = tx.site().domain().to_owned();
    let department = charter::current(tx.conn)?
        .and_then(|signed| signed.charter.node(&domain).map(|node| node.department.trim().to_owned()))
        .filter(|department| !department.is_empty());
    Ok(department.unwrap_or(domain))
}

/// The beginning of a text, at most `most` characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The project writes a post of its own, in the language of the node.
fn say(tx: &mut Tx<'_>, project: &Project, text: String, visibility: Visibility) -> Result<Id<Post>> {
    let words = Words::of(tx);
    say_in(tx, project, words, text, visibility)
}

/// The same in another language.
fn say_in(tx: &mut Tx<'_>, project: &Project, words: Words, text: String, visibility: Visibility) -> Result<Id<Post>> {
    let text = short(&text, tx.config().posts.characters);
    let language = Some(words.tag().to_owned());
    let audience = match near::of(tx.conn, project)? {
        // Nobody elsewhere is told, by whatever letter.
        Some(Audience::Site) => Some(Audience::Site),
        Some(audience) if visibility <= Visibility::Unlisted => Some(audience),
        _ => reach(tx.conn, visibility)?,
    };
    let audience = Wish { audience, local_only: None };
    let draft = Draft { text, visibility: Some(visibility), language, audience, ..Draft::default() };
    posts::publish(tx, project.account(), draft)
}

/// How far a project's own posts go: the whole organisation has it in its register, so what it says of itself does not stay
/// at one site where the charter keeps what people write there.
fn reach(conn: &mut Conn, visibility: Visibility) -> Result<Option<Audience>> {
    let near = store::audiences::rules(conn)?.is_some_and(|rules| rules.default == Audience::Site);
    Ok((near && visibility <= Visibility::Unlisted).then_some(Audience::Organisation))
}

/// `@anna`, or `@anna@lyon.example` for somebody of another node: what names them in a post of this node.
fn handle(account: &Account) -> String {
    format!("@{}", account.acct())
}

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PostPublished { post, fresh: true } => group::arrived(tx, *post),
        Fact::PostEdited { post, newly_mentioned, quiet: false } if !newly_mentioned.is_empty() => {
            group::pass_on(tx, *post)
        }
        Fact::PostDeleted(post) => group::ended(tx, *post),
        Fact::PollVoted(poll, voter) => letters::tapped(tx, *poll, *voter),
        Fact::AccountDeleted(account) => {
            succession::lead_is_gone(tx, *account)?;
            remote::gone(tx, *account, true)
        }
        // Whoever moved away is told of nobody who asks to join.
        Fact::AccountLeft(account) | Fact::AccountMoved(account) => succession::lead_is_gone(tx, *account),
        Fact::AccountSuspended(account) => remote::gone(tx, *account, false),
        Fact::AccountUnsuspended(account) => remote::back(tx, *account),
        Fact::PostPublished { fresh: false, .. }
        | Fact::PostEdited { .. }
        | Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { .. }
        | Fact::QuoteEnded(_)
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccountReturned(_)
        | Fact::PostCameLate(_)
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}
