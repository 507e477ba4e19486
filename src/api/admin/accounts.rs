//! Accounts, for staff.

use super::{PAGE, acting, origin};
use crate::{
    Error, Result,
    api::{
        ApiResult, Empty, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        credentials::{role_entity, role_of},
        entities::{admin::AdminAccount, render::Accounts},
        page::{self, Page, Prev},
    },
    app::App,
    config::Site,
    db::Conn,
    domain::{Tx, accounts as rules, audit::Staff, limited, reports, scopes::Scope, views::AccountViews, warnings},
    id::Id,
    model::{Account, Report, Role, User, WarningAction},
    store::{
        self,
        staff::{Wanted, accounts as wanted_accounts},
    },
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, request::Parts},
};
use std::collections::HashMap;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Moderator, &[Scope::AdminReadAccounts]);
    const WRITE: Access = Access::Staff(Role::Moderator, &[Scope::AdminWriteAccounts]);
    Routes::new()
        .get("/api/v1/admin/accounts", READ, first)
        .get("/api/v2/admin/accounts", READ, second)
        .get("/api/v1/admin/accounts/{id}", READ, show)
        .delete("/api/v1/admin/accounts/{id}", Access::Staff(Role::Admin, &[Scope::AdminWriteAccounts]), delete)
        .post("/api/v1/admin/accounts/{id}/action", WRITE, action)
        .post("/api/v1/admin/accounts/{id}/approve", WRITE, approve)
        .post("/api/v1/admin/accounts/{id}/reject", WRITE, reject)
        .post("/api/v1/admin/accounts/{id}/enable", WRITE, enable)
        .post("/api/v1/admin/accounts/{id}/unsuspend", WRITE, unsuspend)
        .post("/api/v1/admin/accounts/{id}/unsilence", WRITE, unsilence)
        .post("/api/v1/admin/accounts/{id}/unsensitive", WRITE, unsensitive)
}

/// Acts on posts, which no act on an account is.
const BY_POSTS: [WarningAction; 2] = [WarningAction::DeletePosts, WarningAction::HidePosts];

/// Accounts with what only staff knows of them.
pub(super) struct People {
    views: AccountViews,
    users: HashMap<i64, User>,
}

impl People {
    pub(super) fn load(conn: &mut Conn, ids: &[Id<Account>]) -> Result<Self> {
        let users = store::users::list(conn, ids)?;
        let users = users.into_iter().map(|user| (user.account_id.raw(), user)).collect();
        Ok(Self { views: AccountViews::load(conn, ids)?, users })
    }

    pub(super) fn accounts<'a>(&'a self, site: &Site) -> Result<Accounts<'a>> {
        Accounts::new(site, &self.views)
    }

    pub(super) fn document<'a>(&'a self, accounts: &'a Accounts<'a>, id: Id<Account>) -> Option<AdminAccount<'a>> {
        let (row, user) = (self.views.get(id)?, self.users.get(&id.raw()));
        Some(AdminAccount {
            id,
            username: &row.username,
            domain: row.domain.as_deref(),
            created_at: row.created_at,
            email: user.and_then(|user| user.email.as_deref()).unwrap_or_default(),
            ip: None,
            ips: [],
            locale: user.and_then(|user| user.locale.as_deref()).unwrap_or_default(),
            invite_request: user.and_then(|user| user.sign_up_reason.as_deref()),
            role: role_entity(user.map_or(Role::Member, |user| user.role)),
            confirmed: user.is_none_or(|user| user.confirmed_at.is_some() || user.email.is_none()),
            approved: user.is_none_or(|user| user.approved_at.is_some()),
            disabled: user.is_some_and(|user| user.disabled_at.is_some()),
            sensitized: row.sensitized_at.is_some(),
            silenced: row.silenced_at.is_some(),
            suspended: row.suspended_at.is_some(),
            account: accounts.get(id)?,
        })
    }
}

fn document(conn: &mut Conn, site: &Site, id: Id<Account>) -> Result<Rendered> {
    let account = store::accounts::load(conn, id)?;
    if account.deleted_at.is_some() || account.uri == site.instance_actor_uri() {
        return Err(Error::NotFound);
    }
    let people = People::load(conn, &[id])?;
    let accounts = people.accounts(site)?;
    Rendered::of(&people.document(&accounts, id).ok_or(Error::NotFound)?)
}

type Answer = ApiResult<(HeaderMap, Rendered)>;

async fn list(app: App, uri: OriginalUri, params: Params, wanted: Wanted) -> Answer {
    let wanted_page = page::read(&params, PAGE)?;
    let inner = app.clone();
    let answer = app.read(move |conn| {
        let site = inner.site();
        let ids = wanted_accounts(conn, &wanted, &site.instance_actor_uri(), wanted_page)?;
        let people = People::load(conn, &ids)?;
        let accounts = people.accounts(site)?;
        let documents: Vec<_> = ids.iter().filter_map(|id| people.document(&accounts, *id)).collect();
        let headers = match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => page::link(site.base(), &uri, first.raw(), last.raw(), true, Prev::MinId),
            _ => HeaderMap::new(),
        };
        Ok((headers, Rendered::of(&documents)?))
    });
    Ok(answer.await?)
}

fn named(params: &Params) -> Wanted {
    let text = |name: &str| params.filled(name).map(|text| text.trim().to_owned());
    let inviter = params.filled("invited_by").and_then(|id| id.trim().parse().ok());
    Wanted {
        username: text("username"),
        display_name: text("display_name"),
        domain: text("by_domain"),
        email: text("email"),
        // From where people come is not kept.
        nobody: params.filled("ip").is_some() || (params.filled("invited_by").is_some() && inviter.is_none()),
        invited_by: inviter,
        ..Wanted::default()
    }
}

/// The first generation: a flag for each state. Without any of them those of this node, or of the domain asked for, that
/// are not suspended.
async fn first(State(app): State<App>, _: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let local = match (params.flag("remote"), params.flag("local") || params.filled("by_domain").is_none()) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    };
    let states = ["active", "pending", "disabled", "silenced", "sensitized", "suspended"];
    let wanted = Wanted {
        unsuspended: !states.iter().any(|state| params.flag(state)),
        local,
        active: params.flag("active"),
        pending: params.flag("pending"),
        disabled: params.flag("disabled"),
        silenced: params.flag("silenced"),
        sensitized: params.flag("sensitized"),
        suspended: params.flag("suspended"),
        staff: params.flag("staff"),
        ..named(&params)
    };
    list(app, uri, params, wanted).await
}

/// The second generation: a word for the state.
async fn second(State(app): State<App>, _: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let local = match params.filled("origin") {
        Some("local") => Some(true),
        Some("remote") => Some(false),
        Some(_) => return Err(Error::bad_request("Invalid parameter: origin").into()),
        None => None,
    };
    let status = params.filled("status").unwrap_or_default();
    if !matches!(status, "" | "active" | "pending" | "disabled" | "silenced" | "sensitized" | "suspended") {
        return Err(Error::bad_request("Invalid parameter: status").into());
    }
    let roles = params.texts("role_ids");
    let wanted = Wanted {
        local,
        active: status == "active",
        pending: status == "pending",
        disabled: status == "disabled",
        silenced: status == "silenced",
        sensitized: status == "sensitized",
        suspended: status == "suspended",
        staff: params.filled("permissions") == Some("staff"),
        roles: (!roles.is_empty()).then(|| roles.into_iter().filter_map(role_of).collect()),
        ..named(&params)
    };
    list(app, uri, params, wanted).await
}

async fn show(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, site) = (id.parse()?, app.site().clone());
    Ok(app.read(move |conn| document(conn, &site, id)).await?)
}

/// As clients know it from what cannot be done to an account as it is now.
fn not_allowed() -> Error {
    Error::forbidden("This action is not allowed")
}

/// Whose account of this node it is; those of others are not let in here, nor turned away.
fn user_of(tx: &mut Tx<'_>, id: Id<Account>) -> Result<User> {
    store::accounts::load(tx.conn, id)?;
    store::users::find(tx.conn, id)?.ok_or_else(not_allowed)
}

fn enable_local(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    user_of(tx, id)?;
    rules::enable(tx, by, id)
}

fn approve_waiting(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    match user_of(tx, id)?.approved_at {
        Some(_) => Err(not_allowed()),
        None => rules::approve(tx, by, id),
    }
}

fn reject_waiting(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    match user_of(tx, id)?.approved_at {
        Some(_) => Err(not_allowed()),
        None => rules::reject(tx, by, id),
    }
}

fn unsuspend_suspended(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    match store::accounts::load(tx.conn, id)?.suspended_at {
        Some(_) => rules::unsuspend(tx, by, id),
        None => Err(not_allowed()),
    }
}

/// From an app an account is suspended first: what is deleted does not come back.
fn delete_suspended(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    match store::accounts::load(tx.conn, id)?.suspended_at {
        Some(_) => rules::delete(tx, by, id),
        None => Err(not_allowed()),
    }
}

/// What staff does with an account.
type Act = fn(&mut Tx<'_>, &Staff, Id<Account>) -> Result<()>;

async fn act(app: App, me: SignedIn, id: String, parts: Parts, act: Act) -> ApiResult<Rendered> {
    let (id, site, from) = (id.parse()?, app.site().clone(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        act(tx, &by, id)?;
        document(tx.conn, &site, id)
    });
    Ok(answer.await?)
}

/// The account as it was: afterwards there is none.
async fn end(app: App, me: SignedIn, id: String, parts: Parts, least: Role, act: Act) -> ApiResult<Rendered> {
    let (id, site, from) = (id.parse()?, app.site().clone(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, least, &from)?;
        let before = document(tx.conn, &site, id)?;
        act(tx, &by, id)?;
        Ok(before)
    });
    Ok(answer.await?)
}

async fn approve(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, approve_waiting).await
}

async fn reject(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    end(app, me, id, parts, Role::Moderator, reject_waiting).await
}

async fn enable(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, enable_local).await
}

async fn unsuspend(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, unsuspend_suspended).await
}

async fn unsilence(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    act(app, me, id, parts, limited::unsilence).await
}

async fn unsensitive(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    act(app, me, id, parts, limited::unsensitize).await
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    end(app, me, id, parts, Role::Admin, delete_suspended).await
}

/// Open reports about one account that an act answers.
const REPORTS: i64 = 1_000;

/// Acts on an account, closes the report that was the reason and, unless it is a word alone, all others about it, and tells
/// whoever it is about unless that is not wanted: the word for that is one for mail, and decides about the notification as
/// well (as clients know it).
async fn action(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Empty> {
    let (id, from): (Id<Account>, _) = (id.parse()?, origin(&parts));
    let report: Option<Id<Report>> = params.id("report_id")?;
    let Some(kind) = params.filled("type") else {
        return Err(Error::invalid("type", "blank", "Type can't be blank").into());
    };
    let Some(kind) = kind.parse::<WarningAction>().ok().filter(|kind| !BY_POSTS.contains(kind)) else {
        let reason = "Type is not included in the list: none, disable, sensitive, silence, suspend";
        return Err(Error::invalid("type", "inclusion", reason).into());
    };
    let done: Option<Act> = match kind {
        WarningAction::Nothing | WarningAction::DeletePosts | WarningAction::HidePosts => None,
        WarningAction::Disable => Some(rules::disable),
        WarningAction::Suspend => Some(rules::suspend),
        WarningAction::Silence => Some(limited::silence),
        WarningAction::Sensitive => Some(limited::sensitize),
    };
    let told = params.bool("send_email_notification").unwrap_or(true);
    let reason = report.filter(|_| params.bool("include_statuses").unwrap_or(true));
    let text = params.text("text").unwrap_or_default().to_owned();
    app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        store::accounts::load(tx.conn, id)?;
        if let Some(done) = done {
            done(tx, &by, id)?;
        }
        if told {
            warnings::warn(tx, &by, id, kind, &text, reason)?;
        }
        // What is done about an account answers all that was reported of it; a word alone only what it is about.
        let mut answered: Vec<Id<Report>> = report.into_iter().collect();
        if done.is_some() {
            let open = store::reports::page(tx.conn, false, None, Some(id), Page::first(REPORTS))?;
            answered.extend(open.iter().map(|row| row.id).filter(|open| report != Some(*open)));
        }
        for report in answered {
            match reports::close(tx, &by, report) {
                // Somebody else was faster.
                Err(Error::Conflict(_)) => {}
                other => other?,
            }
        }
        Ok(())
    })
    .await?;
    Ok(Empty)
}
