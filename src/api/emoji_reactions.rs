//! Emoji reactions to posts, for clients that know them: as Pleroma has them, and as some forks of Mastodon do. To all
//! others they are favourites.

use super::{
    Anyone, ApiResult, Rendered,
    auth::{Access, Routes, SignedIn},
    entities::render::{Accounts, reaction_name, reaction_picture},
    statuses::answer,
    timelines::open_to,
};
use crate::{
    app::App,
    domain::{Tx, Viewer, emoji_reactions, emojis::is_emoji, scopes::Scope, views::AccountViews, visibility},
    id::Id,
    model::{Account, Post},
    store,
};
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::value::RawValue;

/// People shown with the emoji under one post.
const PEOPLE: i64 = 400;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Anyone(&[Scope::ReadStatuses]);
    const REACT: Access = Access::User(&[Scope::WriteFavourites]);
    Routes::new()
        .get("/api/v1/pleroma/statuses/{id}/reactions", READ, all)
        .get("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", READ, one)
        .update("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", REACT, react)
        .delete("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", REACT, unreact)
        .post("/api/v1/statuses/{id}/react/{emoji}", REACT, react)
        .post("/api/v1/statuses/{id}/unreact/{emoji}", REACT, unreact)
}

/// An emoji under a post, with those who put it there.
#[derive(Serialize)]
struct Reaction<'a> {
    name: String,
    count: i64,
    me: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    accounts: Vec<&'a RawValue>,
}

/// What people think of a post; with `emoji` only those who think that.
async fn shown(app: App, viewer: Viewer, id: String, emoji: Option<String>) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let (site, now, id) = (app.site().clone(), app.clock().now(), id.parse()?);
    let body = app.read(move |conn| {
        let post = visibility::visible_original(conn, viewer, id, now)?;
        let mut kinds = store::emoji_reactions::kinds(conn, viewer.0, &[post.id])?;
        if let Some(emoji) = emoji {
            let wanted = if is_emoji(emoji.trim()) { emoji.trim() } else { emoji.trim().trim_matches(':') };
            kinds.retain(|kind| reaction_name(kind) == wanted);
        }
        let people = match kinds.is_empty() {
            true => Vec::new(),
            false => store::emoji_reactions::people(conn, post.id, PEOPLE)?,
        };
        let mut ids: Vec<Id<Account>> = people.iter().map(|(_, _, account)| *account).collect();
        ids.sort_unstable();
        ids.dedup();
        let views = AccountViews::load(conn, &ids)?.shown_to(conn, viewer)?;
        let accounts = Accounts::new(&site, &views)?;
        let list: Vec<Reaction<'_>> = kinds
            .iter()
            .map(|kind| Reaction {
                name: reaction_name(kind),
                count: kind.count,
                me: kind.mine,
                url: reaction_picture(&site, kind),
                accounts: people
                    .iter()
                    .filter(|(name, domain, _)| *name == kind.name && *domain == kind.domain)
                    .filter_map(|(_, _, account)| accounts.get(*account))
                    .collect(),
            })
            .collect();
        Rendered::of(&list)
    });
    Ok(body.await?)
}

async fn all(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    shown(app, viewer, id, None).await
}

async fn one(
    State(app): State<App>,
    Anyone(viewer): Anyone,
    Path((id, emoji)): Path<(String, String)>,
) -> ApiResult<Rendered> {
    shown(app, viewer, id, Some(emoji)).await
}

/// What is done with an emoji; answers the post.
type Deed = fn(&mut Tx<'_>, Id<Account>, Id<Post>, &str) -> crate::Result<Id<Post>>;

async fn done(app: App, me: SignedIn, id: String, emoji: String, deed: Deed) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let post = app.write(move |tx| deed(tx, me.account, id, &emoji)).await?;
    answer(&app, me.viewer(), post).await
}

async fn react(State(app): State<App>, me: SignedIn, Path((id, emoji)): Path<(String, String)>) -> ApiResult<Rendered> {
    done(app, me, id, emoji, emoji_reactions::react).await
}

async fn unreact(
    State(app): State<App>,
    me: SignedIn,
    Path((id, emoji)): Path<(String, String)>,
) -> ApiResult<Rendered> {
    done(app, me, id, emoji, emoji_reactions::unreact).await
}
