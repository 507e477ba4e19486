//! Posts that wait for their time.

use super::{
    Access, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{
        render,
        status::{ScheduledParams, ScheduledPoll, ScheduledStatus},
    },
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        posts::scheduled::{self, Waiting},
        scopes::Scope,
    },
    id::Id,
    model::{Account, ScheduledPost},
    store,
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::HeaderMap,
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadStatuses]);
    const WRITE: Access = Access::User(&[Scope::WriteStatuses]);
    Routes::new()
        .get("/api/v1/scheduled_statuses", READ, list)
        .get("/api/v1/scheduled_statuses/{id}", READ, show)
        .update("/api/v1/scheduled_statuses/{id}", WRITE, change)
        .delete("/api/v1/scheduled_statuses/{id}", WRITE, cancel)
}

/// The time asked for; none when the parameter is absent or empty.
///
/// # Errors
/// `Invalid` for what is no time.
pub fn time(params: &Params) -> Result<Option<Timestamp>> {
    let Some(text) = params.filled("scheduled_at") else { return Ok(None) };
    // What the original says, for clients that show it.
    let wrong = || Error::Invalid { field: "", code: "", reason: "Record invalid".into() };
    Timestamp::parse(text).map(Some).ok_or_else(wrong)
}

/// The document of one of somebody's waiting posts.
///
/// # Errors
/// `NotFound` when there is none of theirs with this id (any more).
pub fn document(conn: &mut Conn, site: &Site, me: Id<Account>, id: Id<ScheduledPost>) -> Result<Rendered> {
    let row = store::scheduled::load_own(conn, me, id)?;
    documents(conn, site, std::slice::from_ref(&row), |list| match list.first() {
        Some(one) => Rendered::of(one),
        None => Err(Error::NotFound),
    })
}

fn documents(
    conn: &mut Conn,
    site: &Site,
    rows: &[ScheduledPost],
    then: impl FnOnce(&[ScheduledStatus<'_>]) -> Result<Rendered>,
) -> Result<Rendered> {
    let waiting = rows.iter().map(Waiting::read).collect::<Result<Vec<_>>>()?;
    let files = scheduled::files(conn, &waiting)?;
    let list: Vec<ScheduledStatus<'_>> = rows
        .iter()
        .zip(&waiting)
        .map(|(row, waiting)| ScheduledStatus {
            id: row.id,
            scheduled_at: row.scheduled_at,
            params: params_of(waiting),
            media_attachments: waiting
                .media()
                .iter()
                .filter_map(|id| files.iter().find(|file| file.id == *id))
                .map(|file| render::media(site, file))
                .collect(),
        })
        .collect();
    then(&list)
}

fn params_of(waiting: &Waiting) -> ScheduledParams<'_> {
    ScheduledParams {
        text: &waiting.text,
        media_ids: (!waiting.media.is_empty()).then(|| waiting.media()),
        sensitive: waiting.sensitive.unwrap_or(false),
        spoiler_text: &waiting.spoiler_text,
        visibility: &waiting.visibility,
        language: waiting.language.as_deref(),
        scheduled_at: None,
        poll: waiting.poll.as_ref().map(|poll| ScheduledPoll {
            options: &poll.options,
            expires_in: poll.expires_in,
            multiple: poll.multiple,
            hide_totals: poll.hide_totals,
        }),
        idempotency: waiting.idempotency_key.as_deref(),
        with_rate_limit: false,
        in_reply_to_id: waiting.in_reply_to,
        application_id: 0,
        quoted_status_id: waiting.quoted.map(Id::new),
        quote_approval_policy: waiting.quote_policy.as_deref(),
    }
}

async fn list(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let wanted = page::read(&params, Page::POSTS)?;
    let inner = app.clone();
    let answer = app.glance(move |conn| {
        let rows = store::scheduled::list(conn, me.account, wanted)?;
        let headers = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => {
                page::link(inner.site().base(), &uri, first.id.raw(), last.id.raw(), true, Prev::MinId)
            }
            _ => HeaderMap::new(),
        };
        Ok((headers, documents(conn, inner.site(), &rows, |list| Rendered::of(&list))?))
    });
    Ok(answer.await?)
}

async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, site) = (id.parse()?, app.site().clone());
    Ok(app.glance(move |conn| document(conn, &site, me.account, id)).await?)
}

async fn change(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, site, at) = (id.parse()?, app.site().clone(), time(&params)?);
    let answer = app.write(move |tx| {
        if let Some(at) = at {
            scheduled::reschedule(tx, me.account, id, at)?;
        }
        document(tx.conn, &site, me.account, id)
    });
    Ok(answer.await?)
}

async fn cancel(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| scheduled::cancel(tx, me.account, id)).await?;
    Ok(Empty)
}
