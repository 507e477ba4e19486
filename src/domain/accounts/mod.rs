//! People of this node: registration, invitations, approval, roles, passwords, disabling, suspension, deletion. What
//! staff does leaves a trace (`audit`). Passwords arrive here hashed: hashing takes longer than a transaction may.
//! Profiles are in `profiles`.

pub mod instance;
mod joining;

pub(super) use joining::remove_unused;
pub use joining::{SignUp, Typed, approve, check_sign_up, invite, is_open, old_enough, reject, revoke_invite, sign_up};

use super::{
    Fact, Task, Tx,
    audit::{self, Staff},
    charter::{self, document::Audience},
    follows, names, oauth, people,
    severances::{self, Lost},
};
use crate::{
    Error, Result,
    config::{DefaultVisibility, FederationPolicy},
    db::Conn,
    id::Id,
    model::{Account, AccountKind, Invite, QuotePolicy, Role, Session, SeveranceKind, User, Visibility},
    store,
};

/// A person about to be created.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// As they write it.
    pub username: String,
    /// Their address; commands may leave it out.
    pub email: Option<String>,
    /// argon2id PHC string; none when a password is set later.
    pub password_hash: Option<String>,
    /// Role.
    pub role: Role,
    /// May they sign in at once?
    pub approved: bool,
    /// Why they want to join.
    pub reason: Option<String>,
    /// The invitation that brought them.
    pub invite: Option<Id<Invite>>,
    /// Language of their client.
    pub locale: Option<String>,
    /// Is their address known to be theirs?
    pub confirmed: bool,
    /// Made by staff, who may use reserved names.
    pub by_staff: bool,
}

impl NewPerson {
    /// A member who may sign in at once.
    pub fn member(username: &str, email: Option<&str>, password_hash: Option<String>) -> Self {
        Self {
            username: username.to_owned(),
            email: email.map(str::to_owned),
            password_hash,
            role: Role::Member,
            approved: true,
            reason: None,
            invite: None,
            locale: None,
            confirmed: true,
            by_staff: false,
        }
    }
}

/// Creates a person. The one place where accounts of people of this node are made.
///
/// # Errors
/// `Invalid` for a name or address that is malformed or taken, in this node's whole past.
pub fn create(tx: &mut Tx<'_>, new: &NewPerson) -> Result<Account> {
    let username = names::username(&new.username, new.by_staff)?;
    let handle = username.to_ascii_lowercase();
    if store::users::is_name_taken(tx.conn, &handle)? {
        return Err(Error::invalid("username", "taken", "Username has already been taken"));
    }
    let email = new.email.as_deref().filter(|email| !email.trim().is_empty()).map(names::email).transpose()?;
    if let Some(email) = &email
        && store::users::find_by_email(tx.conn, email)?.is_some()
    {
        return Err(Error::invalid("email", "taken", "Email has already been taken"));
    }
    let id = tx.new_id();
    let mut account = blank(tx, id, username, AccountKind::Person);
    (account.discoverable, account.indexable) = openness(tx)?;
    store::users::insert_account(tx.conn, &account)?;
    store::users::insert(tx.conn, &user_row(tx, id, new, email))?;
    if tx.config().accounts.default_discoverable == Some(false) {
        people::directory::begin_unlisted(tx, id)?;
    }
    tx.enqueue(&Task::MakeKeys { account: id.raw() })?;
    tx.record(Fact::AccountRegistered(id))?;
    Ok(account)
}

/// Whether a new person is listed, and their public posts are found: as the settings say, else where what people write is
/// meant for the organisation (ORG-03).
fn openness(tx: &mut Tx<'_>) -> Result<(bool, bool)> {
    let config = tx.config();
    let (listed, found) = (config.accounts.default_discoverable, config.accounts.default_indexable);
    if config.federation.policy == FederationPolicy::Allowlist || listed.is_some() {
        return Ok((config.default_discoverable(), config.default_indexable()));
    }
    let policy = charter::current(tx.conn)?.map(|ours| ours.charter.policy.clone());
    let inside = policy.as_ref().is_some_and(|policy| policy.default_audience != Audience::Open);
    let directory = policy.is_some_and(|policy| policy.directory);
    Ok((inside && directory, found.unwrap_or(inside)))
}

/// A fresh local account row with the settings' defaults.
pub fn blank(tx: &Tx<'_>, id: Id<Account>, username: String, kind: AccountKind) -> Account {
    let (config, site) = (tx.config(), tx.site());
    Account {
        id,
        handle: username.to_lowercase(),
        uri: site.actor_uri(&username),
        url: Some(site.profile_url(&username)),
        username,
        domain: None,
        kind,
        display_name: String::new(),
        note: String::new(),
        note_source: None,
        fields: "[]".into(),
        emojis: "[]".into(),
        avatar: None,
        avatar_remote_url: None,
        avatar_description: String::new(),
        header: None,
        header_remote_url: None,
        header_description: String::new(),
        locked: config.accounts.default_locked,
        discoverable: config.default_discoverable(),
        indexable: config.default_indexable(),
        hide_collections: false,
        show_media: true,
        show_media_replies: true,
        show_featured: true,
        memorial: false,
        inbox_url: None,
        shared_inbox_url: None,
        outbox_url: None,
        followers_url: None,
        following_url: None,
        featured_url: None,
        public_key_id: None,
        public_key: None,
        ed25519_key_id: None,
        ed25519_key: None,
        also_known_as: "[]".into(),
        moved_to_id: None,
        move_processed_at: None,
        posts_count: 0,
        open_posts_count: 0,
        followers_count: 0,
        following_count: 0,
        last_post_at: None,
        created_at: tx.now,
        updated_at: tx.now,
        fetched_at: None,
        suspended_at: None,
        suspended_by_origin: false,
        silenced_at: None,
        deleted_at: None,
        attribution_domains: "[]".into(),
        left_on: None,
        sensitized_at: None,
    }
}

fn user_row(tx: &Tx<'_>, id: Id<Account>, new: &NewPerson, email: Option<String>) -> User {
    User {
        account_id: id,
        email_normal: email.as_deref().map(str::to_lowercase),
        email,
        password_hash: new.password_hash.clone(),
        role: new.role,
        locale: new.locale.clone(),
        approved_at: new.approved.then_some(tx.now),
        confirmed_at: new.confirmed.then_some(tx.now),
        disabled_at: None,
        invite_id: new.invite.map(Id::raw),
        sign_up_reason: new.reason.clone(),
        default_visibility: match tx.config().accounts.default_visibility {
            DefaultVisibility::Public => Visibility::Public,
            DefaultVisibility::Unlisted => Visibility::Unlisted,
            DefaultVisibility::Private => Visibility::Private,
            DefaultVisibility::Direct => Visibility::Direct,
        },
        default_sensitive: false,
        default_language: None,
        default_quote_policy: QuotePolicy::Public,
        default_audience: None,
        last_active_at: None,
        password_changed_at: new.password_hash.as_ref().map(|_| tx.now),
        created_at: tx.now,
    }
}

/// Gives a role. The one function that does (OPS-01).
///
/// # Errors
/// `Forbidden` for a role not below one's own, or acting on somebody who is not; `Conflict` for the last owner.
pub fn set_role(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, role: Role) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    by.outranks(role)?;
    if user.role == Role::Owner
        && role != Role::Owner
        && store::users::count_other_owners(tx.conn, user.account_id)? < 1
    {
        return Err(Error::Conflict("This is the last owner: make somebody else an owner first".into()));
    }
    store::users::set_role(tx.conn, id, role)?;
    trace(tx, by, "account.role", id, &format!("{} -> {role}", user.role))?;
    tx.record(Fact::AccountUpdated(id))
}

/// The person changes their password: every token and every other session ends (OAU-13).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn change_password(tx: &mut Tx<'_>, id: Id<Account>, hash: &str, keep: Option<Id<Session>>) -> Result<()> {
    store::users::set_password(tx.conn, id, hash, tx.now)?;
    end_access(tx, id, keep)
}

/// Staff sets somebody's password.
///
/// # Errors
/// `Forbidden` for somebody of one's own rank or above.
pub fn reset_password(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, hash: &str) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    trace(tx, by, "account.password", id, "")?;
    change_password(tx, id, hash, None)
}

/// Sessions but `keep`, tokens and codes end at once.
pub(super) fn end_access(tx: &mut Tx<'_>, id: Id<Account>, keep: Option<Id<Session>>) -> Result<()> {
    store::users::delete_sessions(tx.conn, id, keep)?;
    store::oauth::delete_all_access(tx.conn, id)?;
    oauth::access_ended(tx, Some(id), Vec::new())
}

/// Nothing is signed in any more for now: sessions, codes and push subscriptions end, sockets close, tokens are worth nothing
/// until somebody undoes it (OAU-13).
fn pause_access(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    store::users::delete_sessions(tx.conn, id, None)?;
    store::oauth::delete_codes(tx.conn, id)?;
    store::push::delete_all(tx.conn, id)?;
    oauth::access_ended(tx, Some(id), Vec::new())
}

/// Somebody may not sign in for now (OPS-03): nothing signed in is worth anything until [`enable`]; what they wrote stays. Who
/// leaves for good is for [`super::leavers`].
///
/// # Errors
/// `Forbidden` by rank; `Conflict` for the last owner.
pub fn disable(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    store::leavers::hold(tx.conn, id)?;
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    keep_an_owner(tx, &user)?;
    store::users::set_disabled(tx.conn, id, Some(tx.now))?;
    tx.record(Fact::AccountUpdated(id))?;
    trace(tx, by, "account.disable", id, "")?;
    pause_access(tx, id)
}

/// They are back, and their apps with them.
///
/// # Errors
/// `Forbidden` by rank.
pub fn enable(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    store::users::set_disabled(tx.conn, id, None)?;
    tx.record(Fact::AccountUpdated(id))?;
    trace(tx, by, "account.enable", id, "")
}

/// Hides an account of this node or of another, with all it wrote, until [`unsuspend`]. One of another node stops following
/// people here: its server would go on showing it what reaches its neighbours. That does not come back.
///
/// # Errors
/// `Forbidden` by rank; `Conflict` for the last owner; `NotFound` for the actor of the node itself.
pub fn suspend(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    store::leavers::hold(tx.conn, id)?;
    let account = changeable(tx, id)?;
    if let Some(user) = store::users::find(tx.conn, id)? {
        by.outranks(user.role)?;
        keep_an_owner(tx, &user)?;
    }
    if account.suspended_at.is_some() {
        return Ok(());
    }
    if !account.is_local() {
        // First: who is suspended is sent nothing.
        end_follows(tx, &account)?;
    }
    store::users::set_suspended(tx.conn, id, Some(tx.now))?;
    trace(tx, by, "account.suspend", id, "")?;
    if account.is_local() {
        pause_access(tx, id)?;
        store::scheduled::delete_all(tx.conn, id)?;
    }
    tx.record(Fact::AccountSuspended(id))
}

/// Ends the follows of somebody of another node, and tells those who lose a follower.
fn end_follows(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    let mut lost = Lost::default();
    for follow in store::peers::follows_with(tx.conn, &[account.id])? {
        if follow.account_id == account.id {
            lost.note(&follow, true);
            follows::reject(tx, follow.target_id, account.id)?;
        }
    }
    severances::tell(tx, SeveranceKind::AccountSuspension, &account.acct(), &lost)
}

/// Shows it again.
///
/// # Errors
/// `Forbidden` by rank.
pub fn unsuspend(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = changeable(tx, id)?;
    if let Some(user) = store::users::find(tx.conn, id)? {
        by.outranks(user.role)?;
    }
    if account.suspended_at.is_none() {
        return Ok(());
    }
    store::users::set_suspended(tx.conn, id, None)?;
    trace(tx, by, "account.unsuspend", id, "")?;
    tx.record(Fact::AccountUnsuspended(id))
}

/// Deletes an account of this node for good: nobody gets its name again, its posts go in the background.
///
/// # Errors
/// `Forbidden` by rank; `Conflict` for the last owner; `NotFound` for an account of another node.
pub fn delete(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    store::leavers::hold(tx.conn, id)?;
    let account = changeable(tx, id)?;
    if !account.is_local() {
        return Err(Error::NotFound);
    }
    if let Some(user) = store::users::find(tx.conn, id)? {
        by.outranks(user.role)?;
        keep_an_owner(tx, &user)?;
    }
    trace(tx, by, "account.delete", id, "")?;
    end_access(tx, id, None)?;
    store::scheduled::delete_all(tx.conn, id)?;
    tx.record(Fact::AccountDeleted(id))?;
    store::users::retire_name(tx.conn, &account.handle, tx.now)?;
    store::users::delete(tx.conn, id)?;
    store::users::clear_deleted(tx.conn, id, tx.now)?;
    tx.enqueue(&Task::PurgeAccount { account: id.raw() })
}

/// An account that staff may act on: not one of the node's own actors, and not gone.
pub(super) fn changeable(tx: &mut Tx<'_>, id: Id<Account>) -> Result<Account> {
    let account = store::accounts::load(tx.conn, id)?;
    if account.deleted_at.is_some() || account.uri == tx.site().instance_actor_uri() {
        return Err(Error::NotFound);
    }
    Ok(account)
}

pub(super) fn keep_an_owner(tx: &mut Tx<'_>, user: &User) -> Result<()> {
    if user.role == Role::Owner
        && user.disabled_at.is_none()
        && store::users::count_other_owners(tx.conn, user.account_id)? < 1
    {
        return Err(Error::Conflict("This is the last owner: make somebody else an owner first".into()));
    }
    Ok(())
}

pub(super) fn trace(tx: &mut Tx<'_>, by: &Staff, action: &str, id: Id<Account>, detail: &str) -> Result<()> {
    let account = store::accounts::load(tx.conn, id)?;
    audit::write(tx, by, action, &account.acct(), detail)
}

/// The account of this node that a person means who types `anna`, `@anna`, `anna@this.node` or an e-mail address.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn find_login(conn: &mut Conn, domain: &str, typed: &str) -> Result<Option<(Account, User)>> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('@').unwrap_or(typed);
    if typed.len() > names::EMAIL {
        return Ok(None);
    }
    if typed.contains('@')
        && let Some(user) = store::users::find_by_email(conn, typed)?
    {
        return Ok(store::accounts::find(conn, user.account_id)?.map(|account| (account, user)));
    }
    let name = match typed.split_once('@') {
        Some((name, host)) if host.eq_ignore_ascii_case(domain) => name,
        Some(_) => return Ok(None),
        None => typed,
    };
    let Some(account) = store::accounts::find_local(conn, name)? else { return Ok(None) };
    Ok(store::users::find(conn, account.id)?.map(|user| (account, user)))
}

/// May this person sign in? Asked after the password was right.
///
/// # Errors
/// `Forbidden`, saying what stands in the way.
pub fn may_sign_in(account: &Account, user: &User) -> Result<()> {
    if let Some(day) = account.left_on {
        return Err(Error::forbidden(format!("This account ended on {}, when you left", day.date())));
    }
    if user.disabled_at.is_some() || account.is_unavailable() {
        return Err(Error::forbidden("Your login is currently disabled"));
    }
    if user.confirmed_at.is_none() {
        return Err(Error::forbidden("Your login is missing a confirmed e-mail address"));
    }
    if user.approved_at.is_none() {
        return Err(Error::forbidden("Your login is currently pending approval"));
    }
    Ok(())
}

/// A new session of a browser; answers the secret of its cookie (OAU-15: always a new one).
///
/// # Errors
/// `Forbidden` for somebody who left; `Unavailable` when the database is away.
pub fn open_session(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    user_agent: Option<&str>,
    address: Option<&str>,
) -> Result<(Session, String)> {
    // Looked at again: they may have left since their password was checked.
    if store::accounts::load(tx.conn, account)?.left_on.is_some() {
        return Err(Error::forbidden("Your login is currently disabled"));
    }
    let secret = tx.random().token();
    let session = Session {
        id: tx.new_id(),
        token_hash: crate::crypto::sha256(secret.as_bytes()).to_vec(),
        account_id: account,
        csrf: tx.random().token(),
        user_agent: user_agent.map(|text| text.chars().take(255).collect()),
        address: address.map(str::to_owned),
        created_at: tx.now,
        last_seen_at: tx.now,
    };
    store::users::insert_session(tx.conn, &session)?;
    store::users::touch(tx.conn, account, tx.now)?;
    Ok((session, secret))
}
