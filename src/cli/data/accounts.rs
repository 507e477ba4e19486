//! `account ...`

use super::{super::Failure, find};
use crate::{
    Error, Result,
    app::App,
    crypto::Passwords,
    domain::{
        Tx,
        accounts::{self, NewPerson},
        aliases, audiences,
        audit::Staff,
        confirmations, leavers, limited, moves, names, warnings,
    },
    federation::{
        fetch::Budget,
        import::{self, Imported},
        own_keys,
    },
    id::Id,
    model::{Account, Audience, Role, User, WarningAction},
    store,
    time::Timestamp,
};
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};

/// What to do with an account.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountVerb {
    /// Create a person who may sign in at once
    Create {
        /// User name
        name: String,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// What they may do
        #[arg(long, value_enum, default_value = "member")]
        role: RoleName,
        #[command(flatten)]
        password: PasswordInput,
    },
    /// List people
    List {
        /// Only those who wait for approval
        #[arg(long)]
        pending: bool,
    },
    /// Let somebody in who asked for it
    Approve {
        /// User name
        name: String,
    },
    /// Say that somebody's e-mail address is theirs
    Confirm {
        /// User name
        name: String,
    },
    /// Turn somebody away who asked to join
    Reject {
        /// User name
        name: String,
    },
    /// Change what somebody may do
    Role {
        /// User name
        name: String,
        /// The new role
        #[arg(value_enum)]
        role: RoleName,
    },
    /// Set a new password; all sessions and tokens end
    Password {
        /// User name
        name: String,
        #[command(flatten)]
        password: PasswordInput,
    },
    /// Tell somebody of this node something as its staff, and do nothing else
    Warn {
        /// User name
        name: String,
        /// What they are told
        text: String,
    },
    /// Forbid somebody to sign in; their posts stay
    Disable {
        /// User name
        name: String,
        #[command(flatten)]
        #[serde(default)]
        word: Word,
    },
    /// Allow somebody to sign in again
    Enable {
        /// User name
        name: String,
    },
    /// Hide an account of this or another node and stop its activities
    Suspend {
        /// User name, with @domain for another node
        name: String,
        /// Lift the suspension
        #[arg(long)]
        lift: bool,
        #[command(flatten)]
        #[serde(default)]
        word: Word,
    },
    /// Show what an account posts only to those who follow it
    Limit {
        /// User name, with @domain for another node
        name: String,
        /// Lift the limit
        #[arg(long)]
        lift: bool,
        #[command(flatten)]
        #[serde(default)]
        word: Word,
    },
    /// Mark everything an account posts as sensitive
    Sensitive {
        /// User name, with @domain for another node
        name: String,
        /// No longer
        #[arg(long)]
        lift: bool,
        #[command(flatten)]
        #[serde(default)]
        word: Word,
    },
    /// Delete a person and all they wrote, for good
    Delete {
        /// User name
        name: String,
        /// Yes, really
        #[arg(long)]
        yes: bool,
    },
    /// Somebody leaves the organisation: everything signed in ends at once, on all nodes they count as gone; posts stay
    Leave {
        /// User name
        name: String,
        /// The last day, such as 2026-11-30; a day to come ends at midnight where they work [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
    },
    /// Somebody who left is back, or stays after all
    Rehire {
        /// User name
        name: String,
    },
    /// Take name, pictures, bio, fields, expertise and mail address off somebody who left; the posts stay
    Anonymise {
        /// User name
        name: String,
        /// Yes, really
        #[arg(long)]
        yes: bool,
    },
    /// Move away to an account that names this one as its alias: followers go along, the old account stops posting
    Move {
        /// User name
        name: String,
        /// Address (https://...) or handle of the new account
        #[arg(required_unless_present = "cancel")]
        target: Option<String>,
        /// Take the move back
        #[arg(long, conflicts_with = "target")]
        cancel: bool,
    },
    /// Make new keys for an account, where somebody else may know the old ones; other servers hear of it
    Rekey {
        /// User name
        name: String,
    },
    /// Say how far somebody's posts go when they say nothing
    Audience {
        /// User name
        name: String,
        /// How far
        #[arg(value_enum)]
        audience: AudienceName,
    },
    /// Say which other accounts are the same person, so that one of them can move here
    Alias {
        /// User name
        name: String,
        /// Address of the other account (https://...), or its handle when it is known here
        other: Option<String>,
        /// Take the alias back
        #[arg(long, requires = "other")]
        remove: bool,
    },
}

/// What somebody is told of an act on their account.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub struct Word {
    /// Why, for whoever it is about
    #[arg(long, alias = "reason")]
    pub text: Option<String>,
    /// Do not tell them
    #[arg(long, conflicts_with = "text")]
    pub quiet: bool,
}

/// Where a password comes from.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub struct PasswordInput {
    /// Read the password from standard input; without it one is made up and printed
    #[arg(long)]
    password_stdin: bool,
    #[arg(skip)]
    password: Option<String>,
}

/// An audience by name.
#[derive(Clone, Copy, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceName {
    /// They stay at this site
    Site,
    /// To the nodes of the organisation
    Organisation,
    /// To everybody
    Open,
    /// As the organisation's charter says
    Default,
}

impl AudienceName {
    const fn audience(self) -> Option<Audience> {
        match self {
            Self::Site => Some(Audience::Site),
            Self::Organisation => Some(Audience::Organisation),
            Self::Open => Some(Audience::Open),
            Self::Default => None,
        }
    }
}

/// A role by name.
#[derive(Clone, Copy, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Uses the node
    Member,
    /// Handles reports
    Moderator,
    /// Runs the node
    Admin,
    /// May everything
    Owner,
}

impl RoleName {
    pub(super) fn role(self) -> Role {
        match self {
            Self::Member => Role::Member,
            Self::Moderator => Role::Moderator,
            Self::Admin => Role::Admin,
            Self::Owner => Role::Owner,
        }
    }
}

impl AccountVerb {
    /// Whom it is about.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Create { .. } | Self::List { .. } => None,
            Self::Approve { name }
            | Self::Confirm { name }
            | Self::Reject { name }
            | Self::Role { name, .. }
            | Self::Password { name, .. }
            | Self::Warn { name, .. }
            | Self::Disable { name, .. }
            | Self::Enable { name }
            | Self::Suspend { name, .. }
            | Self::Limit { name, .. }
            | Self::Sensitive { name, .. }
            | Self::Delete { name, .. }
            | Self::Leave { name, .. }
            | Self::Rehire { name }
            | Self::Anonymise { name, .. }
            | Self::Move { name, .. }
            | Self::Rekey { name }
            | Self::Audience { name, .. }
            | Self::Alias { name, .. } => Some(name),
        }
    }

    /// Reads a password that shall come from standard input: in the command's own process, never in the server.
    pub(in crate::cli) fn read_password(&mut self) -> Result<(), Failure> {
        let (Self::Create { password, .. } | Self::Password { password, .. }) = self else { return Ok(()) };
        if !password.password_stdin {
            return Ok(());
        }
        if std::io::stdin().is_terminal() {
            eprintln!("Password (shown as you type), then Enter:");
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        password.password = Some(line.trim_end_matches(['\r', '\n']).to_owned());
        Ok(())
    }
}

/// The hash, and the password where we made it up.
async fn hashed(app: &App, input: PasswordInput) -> Result<(String, Option<String>)> {
    let (password, made) = match input.password {
        Some(password) => (password, None),
        None => {
            let password = crate::crypto::base64url(&app.random().bytes::<15>());
            (password.clone(), Some(password))
        }
    };
    names::password(&password)?;
    let hash = app.part::<Passwords>().hash(password, app.random().bytes()).await?;
    Ok((hash, made))
}

pub(super) async fn run(app: &App, verb: AccountVerb) -> Result<Value> {
    let domain = app.site().domain().to_owned();
    match verb {
        AccountVerb::Create { name, email, role, password } => {
            let (hash, made) = hashed(app, password).await?;
            let created = app
                .write(move |tx| {
                    let mut person = NewPerson::member(&name, email.as_deref(), Some(hash));
                    (person.role, person.by_staff) = (role.role(), true);
                    let account = accounts::create(tx, &person)?;
                    let by = Staff::console();
                    crate::domain::audit::write(tx, &by, "account.create", &account.acct(), person.role.as_str())?;
                    let user = store::users::load(tx.conn, account.id)?;
                    Ok(describe(&account, Some(&user), &domain))
                })
                .await?;
            Ok(with(created, "password", made))
        }
        AccountVerb::List { pending } => {
            app.read(move |conn| {
                let mut all = Vec::new();
                let mut after = Id::new(0);
                loop {
                    let users = store::users::page(conn, after, pending, 500)?;
                    let Some(last) = users.last() else { break };
                    after = last.account_id;
                    let ids: Vec<Id<Account>> = users.iter().map(|u| u.account_id).collect();
                    for account in store::accounts::list(conn, &ids)? {
                        let user = users.iter().find(|u| u.account_id == account.id);
                        all.push(describe(&account, user, &domain));
                    }
                }
                Ok(Value::Array(all))
            })
            .await
        }
        AccountVerb::Password { name, password } => {
            let (hash, made) = hashed(app, password).await?;
            let changed = on(app, name, move |tx, by, id| accounts::reset_password(tx, by, id, &hash)).await?;
            Ok(with(changed, "password", made))
        }
        AccountVerb::Approve { name } => on(app, name, accounts::approve).await,
        AccountVerb::Confirm { name } => on(app, name, confirmations::confirm_by_staff).await,
        AccountVerb::Reject { name } => on(app, name, accounts::reject).await,
        AccountVerb::Role { name, role } => {
            on(app, name, move |tx, by, id| accounts::set_role(tx, by, id, role.role())).await
        }
        AccountVerb::Warn { name, text } => on(app, name, move |tx, by, id| warn(tx, by, id, &text)).await,
        AccountVerb::Disable { name, word } => act(app, name, accounts::disable, WarningAction::Disable, word).await,
        AccountVerb::Enable { name } => on(app, name, enable).await,
        AccountVerb::Suspend { name, lift: true, .. } => on(app, name, accounts::unsuspend).await,
        AccountVerb::Suspend { name, lift: false, word } => {
            act(app, name, accounts::suspend, WarningAction::Suspend, word).await
        }
        AccountVerb::Limit { name, lift: true, .. } => on(app, name, limited::unsilence).await,
        AccountVerb::Limit { name, lift: false, word } => {
            act(app, name, limited::silence, WarningAction::Silence, word).await
        }
        AccountVerb::Sensitive { name, lift: true, .. } => on(app, name, limited::unsensitize).await,
        AccountVerb::Sensitive { name, lift: false, word } => {
            act(app, name, limited::sensitize, WarningAction::Sensitive, word).await
        }
        AccountVerb::Delete { yes: false, .. } => {
            Err(Error::bad_request("deleting cannot be undone: say --yes to go on"))
        }
        AccountVerb::Delete { name, yes: true } => on(app, name, accounts::delete).await,
        AccountVerb::Leave { name, on: day } => {
            let day = day.as_deref().map(leavers::day).transpose()?;
            app.write(move |tx| {
                let account = find(tx.conn, &domain, &name)?;
                let departure = leavers::leave(tx, &Staff::console(), account.id, day)?;
                let mut value = serde_json::to_value(departure).map_err(Error::internal)?;
                if let Some(object) = value.as_object_mut() {
                    object.insert("handle".into(), format!("{}@{domain}", account.username).into());
                }
                Ok(value)
            })
            .await
        }
        AccountVerb::Rehire { name } => on(app, name, leavers::rehire).await,
        AccountVerb::Anonymise { yes: false, .. } => {
            Err(Error::bad_request("what is taken off cannot be brought back: say --yes to go on"))
        }
        AccountVerb::Anonymise { name, yes: true } => on(app, name, leavers::anonymise).await,
        AccountVerb::Move { name, target: Some(target), .. } => {
            let budget = Budget::of_activity();
            let found = match import::lookup(app, &target, &budget).await {
                Ok(Imported::Account(account)) => *account,
                Ok(Imported::Post(_)) | Err(Error::NotFound | Error::Gone) => {
                    return Err(Error::invalid("target", "not_found", format!("there is no account `{target}`")));
                }
                Err(error) => return Err(error),
            };
            // What it says now is what counts, not what it said when it was read last.
            let (to, moved_on) = match found.is_local() {
                true => (found, false),
                false => import::account_and_whither(app, &found.uri, &budget).await?,
            };
            on(app, name, move |tx, by, id| moves::away(tx, by, id, &to, moved_on)).await
        }
        AccountVerb::Move { name, target: None, .. } => on(app, name, moves::back).await,
        AccountVerb::Rekey { name } => {
            let here = domain.clone();
            let id = app.read(move |conn| Ok(find(conn, &here, &name)?.id)).await?;
            own_keys::rotate(app, &Staff::console(), id).await?;
            app.read(move |conn| {
                let (account, user) = (store::accounts::load(conn, id)?, store::users::find(conn, id)?);
                Ok(with(describe(&account, user.as_ref(), &domain), "key", account.public_key_id))
            })
            .await
        }
        AccountVerb::Audience { name, audience } => {
            app.write(move |tx| {
                let account = find(tx.conn, &domain, &name)?;
                let mut user = store::users::load(tx.conn, account.id)?;
                audiences::set_default(tx, &mut user, audience.audience())?;
                let word = user.default_audience.map_or("default", Audience::as_str);
                crate::domain::audit::write(tx, &Staff::console(), "account.audience", &account.acct(), word)?;
                Ok(json!({ "handle": format!("{}@{domain}", account.username), "audience": word }))
            })
            .await
        }
        AccountVerb::Alias { name, other, remove } => {
            app.write(move |tx| {
                let account = find(tx.conn, &domain, &name)?;
                let uri = match &other {
                    Some(text) if text.starts_with("https://") || text.starts_with("http://") => Some(text.clone()),
                    Some(handle) => Some(find(tx.conn, &domain, handle)?.uri),
                    None => None,
                };
                let list = match uri {
                    Some(uri) => aliases::change(tx, &Staff::console(), account.id, &uri, !remove)?,
                    None => aliases::list(&account),
                };
                Ok(json!({ "handle": format!("{}@{domain}", account.username), "aliases": list }))
            })
            .await
        }
    }
}

/// Who is kept out for another reason would stay out: the verb that ends that is named instead.
fn enable(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = store::accounts::load(tx.conn, id)?;
    let name = &account.username;
    if account.suspended_at.is_some() {
        let why = format!("{name} is suspended: `account suspend {name} --lift` comes first");
        return Err(Error::Conflict(why.into()));
    }
    if account.left_on.is_some() {
        return Err(Error::Conflict(format!("{name} has left: `account rehire {name}` brings them back").into()));
    }
    accounts::enable(tx, by, id)
}

/// A warning and nothing else; only people of this node can be told.
fn warn(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, text: &str) -> Result<()> {
    store::users::load(tx.conn, id)?;
    let account = store::accounts::load(tx.conn, id)?;
    if account.left_on.is_some() {
        return Err(Error::Conflict(format!("{} has left", account.username).into()));
    }
    warnings::warn(tx, by, id, WarningAction::Nothing, text, None)
}

/// As [`on`], and tells whoever it is about.
async fn act(
    app: &App,
    name: String,
    operation: fn(&mut Tx<'_>, &Staff, Id<Account>) -> Result<()>,
    action: WarningAction,
    word: Word,
) -> Result<Value> {
    on(app, name, move |tx, by, id| {
        operation(tx, by, id)?;
        match word.quiet {
            true => Ok(()),
            false => warnings::warn(tx, by, id, action, word.text.as_deref().unwrap_or_default(), None),
        }
    })
    .await
}

/// Runs a staff operation on the account of this name and describes what is left.
async fn on(
    app: &App,
    name: String,
    operation: impl FnOnce(&mut Tx<'_>, &Staff, Id<Account>) -> Result<()> + Clone + Send + 'static,
) -> Result<Value> {
    let domain = app.site().domain().to_owned();
    app.write(move |tx| {
        let before = find(tx.conn, &domain, &name)?;
        operation(tx, &Staff::console(), before.id)?;
        let Some(account) = store::accounts::find(tx.conn, before.id)? else {
            // Whoever was turned away leaves nothing behind.
            return Ok(with(describe(&before, None, &domain), "state", Some("gone".into())));
        };
        let user = store::users::find(tx.conn, account.id)?;
        Ok(describe(&account, user.as_ref(), &domain))
    })
    .await
}

fn describe(account: &Account, user: Option<&User>, domain: &str) -> Value {
    let handle = if account.is_local() { format!("{}@{domain}", account.username) } else { account.acct() };
    let state = if account.deleted_at.is_some() {
        "deleted"
    } else if account.suspended_at.is_some() {
        "suspended"
    } else if account.left_on.is_some() {
        "left"
    } else if user.is_some_and(|u| u.disabled_at.is_some()) {
        "disabled"
    } else if user.is_some_and(|u| u.approved_at.is_none()) {
        "waiting"
    } else if user.is_some_and(|u| u.confirmed_at.is_none()) {
        // Nobody signs in before their address is known to be theirs.
        "unconfirmed"
    } else {
        "active"
    };
    json!({
        "id": account.id,
        "username": account.username,
        "handle": handle,
        "email": user.and_then(|u| u.email.clone()),
        "role": user.map(|u| u.role.as_str()),
        "state": state,
        "uri": account.uri,
        // Why they want to be here, for who decides.
        "reason": user.filter(|_| state == "waiting").and_then(|u| u.sign_up_reason.clone()),
        "limited": account.silenced_at.map(|_| true),
        "sensitive": account.sensitized_at.map(|_| true),
        "left_on": account.left_on.map(Timestamp::date),
        "created_at": account.created_at,
    })
}

fn with(mut value: Value, key: &str, text: Option<String>) -> Value {
    if let (Some(object), Some(text)) = (value.as_object_mut(), text) {
        object.insert(key.to_owned(), Value::String(text));
    }
    value
}
