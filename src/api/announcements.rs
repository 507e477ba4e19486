//! What staff tells everybody, and what people think of it.

use super::{
    Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn,
    entities::{
        CustomEmoji,
        announcement::{Announcement, LinkedStatus, Mention, Reaction, ReactionEvent},
        render,
        status::StatusTag,
    },
};
use crate::{
    Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{
        announcements::{self as rules, View},
        scopes::Scope,
    },
    id::Id,
    model::{self, Account},
    time::Timestamp,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const REACT: Access = Access::User(&[Scope::WriteFavourites]);
    Routes::new()
        .get("/api/v1/announcements", Access::User(&[]), list)
        .post("/api/v1/announcements/{id}/dismiss", Access::User(&[Scope::WriteAccounts]), dismiss)
        .update("/api/v1/announcements/{id}/reactions/{name}", REACT, react)
        .delete("/api/v1/announcements/{id}/reactions/{name}", REACT, unreact)
}

fn emoji<'a>(site: &Site, row: &'a model::CustomEmoji) -> Option<CustomEmoji<'a>> {
    let url = site.media_url(row.file.as_deref()?);
    Some(CustomEmoji {
        shortcode: row.shortcode.as_str().into(),
        url: url.clone().into(),
        static_url: url.into(),
        visible_in_picker: row.visible_in_picker,
        category: row.category.as_deref(),
    })
}

fn document<'a>(site: &Site, view: &'a View) -> Announcement<'a> {
    let row = &view.row;
    Announcement {
        id: row.id,
        content: view.content.as_str(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        all_day: row.all_day,
        published_at: row.published_at,
        updated_at: row.updated_at,
        read: view.read,
        mentions: view
            .people
            .iter()
            .map(|person| {
                let (name, domain) = (person.username.as_str(), person.domain.as_deref());
                let url = render::profile_url(site, name, domain, person.url.as_deref(), &person.uri);
                Mention { id: person.id, username: name, url, acct: render::acct(name, domain) }
            })
            .collect(),
        statuses: view.posts.iter().map(|(id, url)| LinkedStatus { id: *id, url }).collect(),
        tags: view.tags.iter().map(|name| StatusTag { name, url: site.tag_url(name) }).collect(),
        emojis: view.emojis.iter().filter_map(|row| emoji(site, row)).collect(),
        reactions: view
            .reactions
            .iter()
            .map(|(one, custom)| {
                let url = picture(site, custom.as_ref());
                Reaction { name: &one.name, count: one.count, me: one.mine, static_url: url.clone(), url }
            })
            .collect(),
    }
}

fn picture(site: &Site, custom: Option<&model::CustomEmoji>) -> Option<String> {
    Some(site.media_url(custom?.file.as_deref()?))
}

/// The document of one, for the stream of somebody.
///
/// # Errors
/// `NotFound` when it is not there any more.
pub fn document_of(
    conn: &mut Conn,
    site: &Site,
    me: Id<Account>,
    id: Id<model::Announcement>,
    now: Timestamp,
) -> Result<Rendered> {
    let view = rules::one(conn, site, me, id, now)?;
    Rendered::of(&document(site, &view))
}

/// What people think of one, for streams.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn reaction_of(
    conn: &mut Conn,
    site: &Site,
    announcement: Id<model::Announcement>,
    name: &str,
    count: i64,
) -> Result<Rendered> {
    let url = picture(site, rules::custom(conn, name)?.as_ref());
    Rendered::of(&ReactionEvent { name, count, static_url: url.clone(), url, announcement_id: announcement })
}

async fn list(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (site, now, dismissed) = (app.site().clone(), app.clock().now(), params.bool("with_dismissed").unwrap_or(true));
    let found = app.read(move |conn| {
        let views = rules::shown(conn, &site, me.account, dismissed, now)?;
        Rendered::of(&views.iter().map(|view| document(&site, view)).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

async fn dismiss(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| rules::dismiss(tx, me.account, id)).await?;
    Ok(Empty)
}

async fn react(State(app): State<App>, me: SignedIn, Path((id, name)): Path<(String, String)>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| rules::react(tx, me.account, id, &name)).await?;
    Ok(Empty)
}

async fn unreact(State(app): State<App>, me: SignedIn, Path((id, name)): Path<(String, String)>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| rules::unreact(tx, me.account, id, &name)).await?;
    Ok(Empty)
}
