//! The signed-in person's own account: who am I, change my profile, and registration from an app.

use super::{
    Access, ApiResult, AppToken, Params, Rendered, Routes, SignedIn,
    entities::{
        account::{Account, AccountRole, Field, Profile, Role as RoleEntity, Source},
        render,
    },
    media,
    params::Value,
    quotes,
    request::address_of,
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    crypto::Passwords,
    db::Conn,
    domain::{
        accounts::{self, SignUp, Typed},
        confirmations, oauth, people,
        profiles::{self, ProfileChange},
        scopes::{Scope, Scopes},
        text,
    },
    id::Id,
    limits,
    media::images::Portrait,
    model::{self, Audience, Role, User, Visibility},
    rate::Rule,
    store,
};
use axum::{extract::State, http::request::Parts};
use serde_json::json;

/// The endpoints.
pub fn routes() -> Routes {
    const WRITE: Access = Access::User(&[Scope::WriteAccounts]);
    Routes::new()
        .post("/api/v1/accounts", Access::App(&[Scope::WriteAccounts]), register)
        .get("/api/v1/accounts/verify_credentials", Access::User(profiles::CREDENTIAL_SCOPES), verify)
        .update("/api/v1/accounts/update_credentials", WRITE, update)
        .get("/api/v1/profile", Access::User(&[Scope::Profile, Scope::ReadAccounts]), profile)
        .update("/api/v1/profile", WRITE, change_profile)
        .post("/api/v1/emails/confirmations", Access::Waiting(&[Scope::WriteAccounts]), confirm_again)
        .get("/api/v1/emails/check_confirmation", Access::Waiting(&[Scope::ReadAccounts]), is_confirmed)
        .delete("/api/v1/profile/avatar", WRITE, remove_avatar)
        .delete("/api/v1/profile/header", WRITE, remove_header)
}

/// What the person edits, and what they may do here.
pub(super) fn role_entity(role: Role) -> RoleEntity {
    // Bits of Mastodon's permissions: 1 administrator, 4 view audit log, 8 dashboard, 16 reports, 1024 users...
    let (id, name, permissions, highlighted) = match role {
        Role::Member => ("-99", "", "0", false),
        Role::Moderator => ("1", "Moderator", "1308", true),
        Role::Admin => ("2", "Admin", "983036", true),
        Role::Owner => ("3", "Owner", "1", true),
    };
    RoleEntity { id, name, color: "", permissions, highlighted, collection_limit: limits::COLLECTIONS as u32 }
}

/// What apps show beside the name of whoever has this role, on their profile.
pub(super) fn badges(role: Role) -> Vec<AccountRole> {
    let RoleEntity { id, name, color, highlighted, .. } = role_entity(role);
    if highlighted { vec![AccountRole { id, name, color }] } else { Vec::new() }
}

/// The role with this id, as the documents of roles have it.
pub(super) fn role_of(id: &str) -> Option<Role> {
    [Role::Member, Role::Moderator, Role::Admin, Role::Owner].into_iter().find(|role| role_entity(*role).id == id)
}

/// The document of one's own account.
///
/// # Errors
/// `NotFound` when the account is gone.
pub fn credential_account(conn: &mut Conn, site: &Site, id: Id<model::Account>) -> Result<Rendered> {
    let account = store::accounts::load(conn, id)?;
    let user = store::users::load(conn, id)?;
    let moved = account.moved_to_id.map(|id| store::accounts::find(conn, id)).transpose()?.flatten();
    let requests = store::users::count_follow_requests(conn, id)?;
    let stored = profiles::fields(&account);
    let attribution = serde_json::from_str(&account.attribution_domains).unwrap_or_default();
    let mut document: Account<'_> = render::account(site, &account, moved.as_ref());
    let mut source = source(&account, &user, &stored, requests, attribution);
    document.discoverable = people::directory::switch(conn, &account)?;
    source.discoverable = document.discoverable;
    document.source = Some(source);
    document.role = Some(role_entity(user.role));
    document.roles = badges(user.role);
    Rendered::of(&document)
}

fn source<'a>(
    account: &'a model::Account,
    user: &'a User,
    fields: &'a [profiles::Field],
    follow_requests_count: i64,
    attribution_domains: Vec<String>,
) -> Source<'a> {
    Source {
        attribution_domains,
        note: account.note_source.as_deref().unwrap_or_default(),
        fields: fields.iter().map(edited_field).collect(),
        privacy: user.default_visibility.as_str(),
        audience: user.default_audience.map(Audience::as_str),
        sensitive: user.default_sensitive,
        language: user.default_language.as_deref().unwrap_or_default(),
        follow_requests_count,
        hide_collections: account.hide_collections,
        discoverable: account.discoverable,
        indexable: account.indexable,
        quote_policy: user.default_quote_policy.as_str(),
    }
}

/// A profile field as its owner typed it.
fn edited_field(field: &profiles::Field) -> Field<'_> {
    Field {
        name: field.name.as_str().into(),
        value: field.source.as_deref().unwrap_or(&field.value).into(),
        verified_at: profiles::verified_at(field),
    }
}

/// `GET /api/v1/accounts/verify_credentials`.
async fn verify(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let site = app.site().clone();
    Ok(app.read(move |conn| credential_account(conn, &site, me.account)).await?)
}

/// `PATCH /api/v1/accounts/update_credentials`.
async fn update(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let mut change = change(&params)?;
    change.avatar = media::portrait(&app, &params, "avatar", Portrait::Avatar).await?;
    change.header = media::portrait(&app, &params, "header", Portrait::Header).await?;
    save(app, me, change).await
}

fn change(params: &Params) -> ApiResult<ProfileChange> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    let source = params.map("source");
    let in_source = |name: &str| source.and_then(|source| source.text(name));
    let default_visibility = match in_source("privacy").filter(|text| !text.is_empty()) {
        Some(text) => {
            let bad = || Error::invalid("source", "inclusion", "Default privacy is not included in the list");
            Some(text.parse::<Visibility>().map_err(|()| bad())?)
        }
        None => None,
    };
    let default_audience = match (source.and_then(|source| source.get("audience")), in_source("audience")) {
        (None, _) => None,
        (Some(_), None | Some("")) => Some(None),
        (Some(_), Some(word)) => {
            let bad = || Error::invalid("source", "inclusion", "Default audience is not included in the list");
            Some(Some(word.parse::<Audience>().map_err(|()| bad())?))
        }
    };
    let default_quote_policy = match source {
        Some(source) => quotes::policy_of(source, "quote_policy")?,
        None => None,
    };
    // What is null is as if it were not there.
    let given = |name: &str| !matches!(params.get(name), None | Some(Value::Null));
    let fields = given("fields_attributes").then(|| {
        let pair = |field: &Params| {
            let part = |name| field.text(name).unwrap_or_default().to_owned();
            (part("name"), part("value"))
        };
        params.maps("fields_attributes").into_iter().map(pair).collect()
    });
    let domains = given("attribution_domains")
        .then(|| params.texts("attribution_domains").into_iter().map(str::to_owned).collect());
    Ok(ProfileChange {
        display_name: text("display_name"),
        note: text("note"),
        fields,
        avatar: None,
        avatar_description: text("avatar_description"),
        header: None,
        header_description: text("header_description"),
        locked: params.bool("locked"),
        bot: params.bool("bot"),
        discoverable: params.bool("discoverable"),
        indexable: params.bool("indexable"),
        hide_collections: params.bool("hide_collections"),
        show_media: params.bool("show_media"),
        show_media_replies: params.bool("show_media_replies"),
        show_featured: params.bool("show_featured"),
        attribution_domains: domains,
        default_visibility,
        default_audience,
        default_quote_policy,
        default_sensitive: source.and_then(|source| source.bool("sensitive")),
        default_language: match source.and_then(|source| source.get("language")) {
            None => None,
            Some(Value::Null) => Some(None),
            Some(_) => Some(in_source("language").filter(|tag| !tag.is_empty()).map(str::to_owned)),
        },
    })
}

async fn save(app: App, me: SignedIn, change: ProfileChange) -> ApiResult<Rendered> {
    let site = app.site().clone();
    let answer = app.write(move |tx| {
        profiles::update(tx, me.account, &change)?;
        credential_account(tx.conn, &site, me.account)
    });
    Ok(answer.await?)
}

/// The document of one's own profile, as it is edited.
fn profile_document(conn: &mut Conn, site: &Site, id: Id<model::Account>) -> Result<Rendered> {
    let account = store::accounts::load(conn, id)?;
    let stored = profiles::fields(&account);
    let shown = render::account(site, &account, None);
    let picture = |there: bool, url: &str| there.then(|| url.to_owned());
    let featured = super::tags::featured_list(conn, site, id.into(), id)?;
    let (avatar, header) = (account.avatar.is_some(), account.header.is_some());
    Rendered::of(&Profile {
        id: account.id,
        display_name: &account.display_name,
        note: account.note_source.as_deref().unwrap_or_default(),
        fields: stored.iter().map(edited_field).collect(),
        avatar: picture(avatar, &shown.avatar),
        avatar_static: picture(avatar, &shown.avatar_static),
        avatar_description: &account.avatar_description,
        header: picture(header, &shown.header),
        header_static: picture(header, &shown.header_static),
        header_description: &account.header_description,
        locked: account.locked,
        bot: shown.bot,
        hide_collections: account.hide_collections,
        discoverable: people::directory::switch(conn, &account)?,
        indexable: account.indexable,
        show_media: shown.show_media,
        show_media_replies: shown.show_media_replies,
        show_featured: shown.show_featured,
        attribution_domains: serde_json::from_str(&account.attribution_domains).unwrap_or_default(),
        featured_tags: serde_json::from_slice(&featured.0).map_err(Error::internal)?,
    })
}

async fn profile(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let site = app.site().clone();
    Ok(app.read(move |conn| profile_document(conn, &site, me.account)).await?)
}

async fn change_profile(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let mut change = change(&params)?;
    change.avatar = media::portrait(&app, &params, "avatar", Portrait::Avatar).await?;
    change.header = media::portrait(&app, &params, "header", Portrait::Header).await?;
    let site = app.site().clone();
    let answer = app.write(move |tx| {
        profiles::update(tx, me.account, &change)?;
        profile_document(tx.conn, &site, me.account)
    });
    Ok(answer.await?)
}

/// `POST /api/v1/emails/confirmations`: the letter once more, to `email` where one is given.
async fn confirm_again(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    app.limiter().check(Rule::LoginName, &me.account.raw())?;
    let email = params.filled("email").map(str::to_owned);
    app.write(move |tx| confirmations::ask_again(tx, me.account, email.as_deref())).await?;
    Ok(Rendered::of(&json!({}))?)
}

/// `GET /api/v1/emails/check_confirmation`.
async fn is_confirmed(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let user = app.glance(move |conn| store::users::load(conn, me.account)).await?;
    Ok(Rendered::of(&user.confirmed_at.is_some())?)
}

/// `DELETE /api/v1/profile/avatar`.
async fn remove_avatar(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    save(app, me, ProfileChange { avatar: Some(None), ..ProfileChange::default() }).await
}

/// `DELETE /api/v1/profile/header`.
async fn remove_header(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    save(app, me, ProfileChange { header: Some(None), ..ProfileChange::default() }).await
}

/// `POST /api/v1/accounts`: sign-up from an app, with the app's own token. Answers a token of the new person.
async fn register(
    State(app): State<App>,
    AppToken(grant): AppToken,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    if grant.account.is_some() {
        // Word for word as apps know it.
        return Err(Error::forbidden("This method requires an client credentials authentication").into());
    }
    let address = address_of(&parts.extensions);
    if let Some(address) = address {
        app.limiter().check_address(Rule::LoginAddress, address)?;
    }
    let text = |name: &str| params.text(name).unwrap_or_default().to_owned();
    let (registration, min_age) = (app.config().registration, app.config().accounts.min_age);
    let now = app.clock().now();
    let password = text("password");
    let typed = Typed {
        username: text("username"),
        email: text("email"),
        agreement: params.flag("agreement"),
        reason: text("reason"),
        date_of_birth: text("date_of_birth"),
        invite: params.filled("invite_code").map(str::to_owned),
        address,
    };
    let (checked, secret) = (typed.clone(), password.clone());
    app.read(move |conn| accounts::check_sign_up(conn, registration, min_age, &checked, Some(&secret), now)).await?;
    let password_hash = app.part::<Passwords>().hash(password, app.random().bytes()).await?;
    // What is no language is none, as in Mastodon.
    let locale = params.filled("locale").filter(|tag| text::language_tag(tag).is_some());
    let locale = locale.map(|tag| tag.chars().take(20).collect());
    let sign_up = SignUp { typed, password_hash, locale };
    let issued = app.write(move |tx| {
        let (account, _) = accounts::sign_up(tx, &sign_up)?;
        // What the app registered for, as in Mastodon: the token it signs people up with may be a narrow one.
        let app = store::oauth::load_app(tx.conn, grant.app)?;
        oauth::issue(tx, app.id, Some(account.id), Scopes::from_stored(&app.scopes), None)
    });
    let issued = issued.await?;
    Ok(Rendered::of(&json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "scope": issued.scopes.to_string(),
        "created_at": issued.created_at.seconds(),
    }))?)
}
