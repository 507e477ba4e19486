//! Polls: show, vote.

use super::{Access, Anyone, ApiResult, Params, Rendered, Routes, SignedIn, entities::render, timelines::open_to};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{Task, Viewer, emojis, polls, scopes::Scope, views},
    id::Id,
    model::Poll,
    time::Timestamp,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new().get("/api/v1/polls/{id}", Access::Anyone(&[Scope::ReadStatuses]), show).post(
        "/api/v1/polls/{id}/votes",
        Access::User(&[Scope::WriteStatuses]),
        vote,
    )
}

fn document(conn: &mut Conn, site: &Site, viewer: Viewer, id: Id<Poll>, now: Timestamp) -> Result<Rendered> {
    let (_, mut post) = polls::visible_poll(conn, viewer, id, now)?;
    if !post.local {
        emojis::renew(conn, &mut [(post.uri.as_str(), &mut post.emojis)])?;
    }
    let mut view = views::polls(conn, viewer.0, &[id])?.pop().ok_or(Error::NotFound)?;
    view.own = viewer.0 == Some(post.account_id);
    Rendered::of(&render::poll(site, &view, &post.emojis, viewer.0.is_some(), now))
}

async fn show(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (id, now, site): (Id<Poll>, _, _) = (id.parse()?, app.clock().now(), app.site().clone());
    let (answer, stale) = app
        .glance(move |conn| {
            let (poll, post) = polls::visible_poll(conn, viewer, id, now)?;
            Ok((document(conn, &site, viewer, id, now)?, viewer.0.is_some() && polls::is_stale(&poll, &post, now)))
        })
        .await?;
    if stale {
        app.write(move |tx| tx.enqueue(&Task::RefreshPoll { poll: id.raw() })).await?;
    }
    Ok(answer)
}

async fn vote(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let mut choices = Vec::new();
    for choice in params.texts("choices") {
        let number = choice.trim().parse::<i64>();
        choices.push(number.map_err(|_| Error::invalid("choices", "invalid", "Choices must be numbers"))?);
    }
    let site = app.site().clone();
    let answer = app.write(move |tx| {
        polls::vote(tx, me.account, id, &choices)?;
        let now = tx.now;
        document(tx.conn, &site, me.viewer(), id, now)
    });
    Ok(answer.await?)
}
