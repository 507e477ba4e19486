//! Push subscriptions: where a client wants to be told of notifications, one a token.

use super::{
    Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn, auth::presented, entities::misc::WebPushSubscription,
};
use crate::{
    Error, Result,
    app::App,
    crypto::PushKeys,
    domain::{
        push::{self, Wish},
        scopes::Scope,
    },
    limits,
    model::{NotificationKind as Kind, PushPolicy, PushSubscription},
    net::Purpose,
    store,
};
use axum::{
    extract::{OriginalUri, State},
    http::HeaderMap,
};
use url::Url;

/// The routes of this noun.
pub fn routes() -> Routes {
    const PATH: &str = "/api/v1/push/subscription";
    const PUSH: Access = Access::User(&[Scope::Push]);
    Routes::new().get(PATH, PUSH, show).post(PATH, PUSH, subscribe).update(PATH, PUSH, change).delete(
        PATH,
        PUSH,
        unsubscribe,
    )
}

/// The public half of the node's push key.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn server_key(app: &App) -> Result<String> {
    Ok(app.glance(|conn| store::users::find_setting(conn, "vapid_public_key")).await?.unwrap_or_default())
}

async fn document(app: &App, row: &PushSubscription) -> Result<Rendered> {
    Rendered::of(&WebPushSubscription {
        id: row.id.raw(),
        endpoint: &row.endpoint,
        standard: row.standard,
        alerts: Kind::ALL.iter().map(|kind| (kind.as_str(), push::wants(row, *kind))).collect(),
        server_key: &server_key(app).await?,
        policy: row.policy.as_str(),
    })
}

/// Clients look for the words of the 404.
async fn show(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let row = app.glance(move |conn| store::push::of_token(conn, me.token)).await?.ok_or(Error::NotFound)?;
    Ok(document(&app, &row).await?)
}

fn invalid(field: &'static str, reason: &'static str) -> Error {
    Error::invalid(field, "invalid", reason)
}

/// The kinds a client names; none when it names nothing.
fn alerts(params: &Params) -> Option<Vec<Kind>> {
    let named = params.map("data")?.map("alerts")?;
    Some(Kind::ALL.iter().copied().filter(|kind| named.flag(kind.as_str())).collect())
}

/// From whom; some clients say it beside `data`.
fn policy(params: &Params) -> Result<Option<PushPolicy>> {
    let word = params.map("data").and_then(|data| data.filled("policy")).or_else(|| params.filled("policy"));
    let read = |word: &str| word.trim().parse().map_err(|()| invalid("policy", "Policy is not included in the list"));
    word.map(read).transpose()
}

/// The address of a push service, as far as messages may be sent there (LAN-06).
fn endpoint(app: &App, text: &str) -> Result<Url> {
    let url = Url::parse(text.trim()).ok().filter(|url| url.as_str().len() <= limits::URL_BYTES);
    let url = url.ok_or_else(|| invalid("endpoint", "Endpoint is not a valid URL"))?;
    match app.net().rules().judge(Purpose::Push, &url) {
        Ok(_) => Ok(url),
        Err(_) => Err(invalid("endpoint", "Endpoint is not a push service that this server may send to")),
    }
}

async fn subscribe(
    State(app): State<App>,
    me: SignedIn,
    headers: HeaderMap,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<Rendered> {
    let asked = params.map("subscription").ok_or_else(|| Error::bad_request("Missing parameter: subscription"))?;
    let given_address = asked.required("endpoint")?.trim().to_owned();
    endpoint(&app, &given_address)?;
    let given = asked.map("keys").ok_or_else(|| Error::bad_request("Missing parameter: keys"))?;
    let keys = PushKeys::read(given.required("p256dh")?, given.required("auth")?)
        .ok_or_else(|| invalid("keys", "Keys are not those of a push subscription"))?;
    let token = presented(&headers, uri.query()).map(std::borrow::Cow::into_owned);
    let token = token.or_else(|| params.filled("access_token").map(str::to_owned));
    let token = token.or_else(|| params.filled("bearer_token").map(str::to_owned)).ok_or(Error::NotFound)?;
    let wish = Wish {
        // As it was given: clients compare it with theirs.
        endpoint: given_address,
        keys,
        standard: asked.flag("standard"),
        alerts: alerts(&params).unwrap_or_default(),
        policy: policy(&params)?.unwrap_or(PushPolicy::All),
        token_sealed: app.vault()?.seal(push::TOKEN_PURPOSE, token.as_bytes())?,
    };
    let row = app.write(move |tx| push::subscribe(tx, me.account, me.token, wish)).await?;
    Ok(document(&app, &row).await?)
}

async fn change(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (alerts, policy) = (alerts(&params), policy(&params)?);
    let row = app.write(move |tx| push::change(tx, me.token, alerts.as_deref(), policy)).await?;
    Ok(document(&app, &row).await?)
}

/// What is not there is gone as well.
async fn unsubscribe(State(app): State<App>, me: SignedIn) -> ApiResult<Empty> {
    app.write(move |tx| store::push::delete_of_token(tx.conn, me.token)).await?;
    Ok(Empty)
}
