//! The custom emoji of this node by their ids.

use super::{Answered, Reader, activity_json, read};
use crate::{
    Error,
    app::App,
    domain::emojis,
    federation::{
        documents::emoji_tag,
        render::{self, context::Terms},
    },
    store,
};
use axum::{
    extract::{Path, State},
    http::request::Parts,
};

/// `GET /emojis/{id}`.
pub async fn show(State(app): State<App>, Path(id): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let (site, id) = (app.site().clone(), id.parse()?);
    let body = read(&app, move |conn| {
        let row = store::emojis::find(conn, id)?.ok_or(Error::NotFound)?;
        let used = emojis::described(&site, row).ok_or(Error::NotFound)?;
        Ok(render::document(Terms::EMOJI, emoji_tag(used))?)
    })
    .await?;
    Ok(activity_json(reader, body))
}
