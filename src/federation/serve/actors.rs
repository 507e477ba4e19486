//! Actors and their collections (DISC-03, 04, 13, 14, 16; OUT-13).

use super::{
    ACTIVITY_JSON, Answered, Failure, PAGE, Paging, Reader, activity_json, answer, local_actor, look, read, to_page,
    wants_page,
};
use crate::{
    Error,
    app::App,
    config::Site,
    db::Conn,
    domain::{Viewer, people, visibility},
    federation::{
        documents::{self, Shown, Whole},
        followers_sync, own_keys, proof,
        render::{
            self,
            activity::Activity,
            collection::{Collection, Kind, Page},
            context::Terms,
            post::{Post as Wire, Tag},
        },
    },
    id::Id,
    model::Account,
    store,
    time::Timestamp,
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, request::Parts},
};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// `GET /users/{name}`.
pub async fn show(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    if wants_page(&parts.headers) {
        let account = look(&app, true, move |conn| local_actor(conn, &name)).await?;
        return Ok(to_page(&app.site().profile_url(&account.username)));
    }
    let reader = Reader::of(&app, &parts).await?;
    let shown = reader.shown();
    if let Some(kept) = app.kept().get(&name, shown as u8) {
        return Ok(activity_json(reader, Bytes::from_owner(kept)));
    }
    let mark = app.kept().mark();
    let (site, wanted) = (app.site().clone(), name.clone());
    let made = look(&app, true, move |conn| {
        let account = local_actor(conn, &wanted)?;
        if account.public_key.is_none() {
            return Ok(Err(account));
        }
        Ok(Ok(document(conn, &site, &account, reader)?))
    })
    .await?;
    let body = match made {
        Ok(body) => {
            let body: Arc<[u8]> = body.into_bytes().into();
            if app.hears_others() {
                app.kept().put(mark, &name, shown as u8, body.clone());
            }
            Bytes::from_owner(body)
        }
        // Nobody can talk with an actor without a key: it is made now, should the job not have come to it yet.
        Err(account) => {
            let account = own_keys::with_keys(&app, account).await?;
            let site = app.site().clone();
            look(&app, true, move |conn| document(conn, &site, &account, reader)).await?.into()
        }
    };
    Ok(activity_json(reader, body))
}

fn document(conn: &mut Conn, site: &Site, account: &Account, reader: Reader) -> Result<String, Failure> {
    Ok(documents::actor(conn, site, account, reader.shown())?)
}

/// `GET /actor`: never asks for a signature, or nobody could check ours.
pub async fn instance(State(app): State<App>, parts: Parts) -> Answered {
    if wants_page(&parts.headers) {
        return Ok(to_page(&app.site().url("/")));
    }
    let account = own_keys::instance_actor(&app).await?;
    let site = app.site().clone();
    let body = app.glance(move |conn| documents::actor(conn, &site, &account, Shown::Inside)).await?;
    Ok(activity_json(Reader::Anybody, body))
}

/// `GET /actor/outbox`: empty, but there.
pub async fn instance_outbox(State(app): State<App>) -> Answered {
    let id = app.site().url("/actor/outbox");
    let body = render::document(Terms::NONE, Collection::<&str>::whole(&id, Vec::new()))?;
    Ok(activity_json(Reader::Anybody, body))
}

/// What stands in an outbox or among the pinned posts.
enum Item {
    Create(Box<Whole>),
    Note(Box<Whole>),
}

/// An item as it is written, with the node's addresses.
struct Written<'a>(&'a Item, &'a Site);

impl Item {
    fn terms(&self, site: &Site) -> Terms {
        match self {
            Self::Create(whole) if whole.boosted.is_some() => Terms::NONE,
            Self::Create(whole) | Self::Note(whole) => whole.note(site).terms(),
        }
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let site = self.1;
        match self.0 {
            Item::Note(whole) => whole.note(site).serialize(serializer),
            Item::Create(whole) => {
                let (id, at) = (whole.activity_id(site), whole.post.created_at.rfc3339());
                let by = whole.author.uri.as_str();
                match &whole.boosted {
                    Some((original, _)) => Activity::new("Announce", &id, by, original.as_str())
                        .at(at)
                        .for_audience(whole.audience(site))
                        .serialize(serializer),
                    None => {
                        let note: Wire<'_> = whole.note(site);
                        let audience = note.audience.clone();
                        Activity::new("Create", &id, by, note).at(at).for_audience(audience).serialize(serializer)
                    }
                }
            }
        }
    }
}

/// Writes items as a page or collection made by `shape`.
fn write<'a, T: Serialize>(
    items: &'a [Item],
    site: &'a Site,
    shape: impl FnOnce(Vec<Written<'a>>) -> T,
) -> Result<String, Failure> {
    let terms = items.iter().fold(Terms::NONE, |terms, item| terms | item.terms(site));
    Ok(render::document(terms, shape(items.iter().map(|item| Written(item, site)).collect()))?)
}

/// `GET /users/{name}/outbox`: public and unlisted posts and boosts, newest first (OUT-13).
pub async fn outbox(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    parts: Parts,
) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let viewer = reader.viewer()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        let id = site.outbox_uri(&account.username);
        let hidden = account.is_unavailable();
        if !paging.wants_page() {
            let total = if hidden { 0 } else { store::documents::outbox_size(conn, account.id, viewer.audience())? };
            return Ok(render::document(Terms::NONE, Collection::<&str>::paged(&id, total))?);
        }
        let posts = if hidden {
            Vec::new()
        } else {
            store::documents::outbox(conn, account.id, viewer.audience(), paging.before()?.map(Id::new), PAGE / 2)?
        };
        let next = posts.last().filter(|_| posts.len() as i64 == PAGE / 2).map(|p| p.id);
        let items = whole(conn, &site, &account, viewer, now, posts, Item::Create)?;
        let own = match &paging.max_id {
            Some(max) => format!("{id}?page=true&max_id={max}"),
            None => format!("{id}?page=true"),
        };
        let next = next.map(|next| format!("{id}?page=true&max_id={next}"));
        write(&items, &site, |items| Page::ordered(&id, own, items, next))
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// Reads what belongs to each post, leaving out what this viewer may not see.
fn whole(
    conn: &mut Conn,
    site: &Site,
    author: &Account,
    viewer: Viewer,
    now: Timestamp,
    posts: Vec<crate::model::Post>,
    item: fn(Box<Whole>) -> Item,
) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::with_capacity(posts.len());
    for post in posts {
        if !visibility::can_see(conn, viewer, &post, now)? {
            continue;
        }
        match Whole::read(conn, site, post, author.clone()) {
            Ok(whole) => items.push(item(Box::new(whole))),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(items)
}

/// `GET /users/{name}/followers`.
pub async fn followers(state: State<App>, name: Path<String>, paging: Query<Paging>, parts: Parts) -> Answered {
    follows(state, name, paging, parts, true).await
}

/// `GET /users/{name}/followers_synchronization`: those followers who are on the reader's own server, all at once; to
/// nobody who does not sign (FOL-15).
pub async fn followers_of_reader(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    let reader = proof::reader(&app, &parts).await.map_err(Failure::Refused)?;
    let reader = reader.ok_or_else(|| Error::unauthorized("This list is given to signed requests only"))?;
    let site = app.site().clone();
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        let id = format!("{}_synchronization", site.followers_uri(&account.username));
        let followers = match account.is_unavailable() {
            true => Vec::new(),
            false => followers_sync::followers_at(conn, account.id, &reader.actor)?,
        };
        Ok(render::document(Terms::NONE, Collection::whole(&id, followers))?)
    })
    .await?;
    Ok(answer(StatusCode::OK, ACTIVITY_JSON, body))
}

/// `GET /users/{name}/following`.
pub async fn following(state: State<App>, name: Path<String>, paging: Query<Paging>, parts: Parts) -> Answered {
    follows(state, name, paging, parts, false).await
}

async fn follows(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    parts: Parts,
    followers: bool,
) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    reader.viewer()?;
    let site = app.site().clone();
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        let (id, total) = match followers {
            true => (site.followers_uri(&account.username), account.followers_count),
            false => (site.following_uri(&account.username), account.following_count),
        };
        // Hidden: the number, nothing else (PRV-18).
        if account.hide_collections || account.is_unavailable() {
            let hidden = Collection::<&str>::counted(&id, Kind::ORDERED, total);
            return Ok(render::document(Terms::NONE, hidden)?);
        }
        if !paging.wants_page() {
            return Ok(render::document(Terms::NONE, Collection::<&str>::paged(&id, total))?);
        }
        let rows = store::documents::follows(conn, account.id, followers, paging.before()?, PAGE)?;
        let next =
            rows.last().filter(|_| rows.len() as i64 == PAGE).map(|(last, _)| format!("{id}?page=true&max_id={last}"));
        let own = match &paging.max_id {
            Some(max) => format!("{id}?page=true&max_id={max}"),
            None => format!("{id}?page=true"),
        };
        let items: Vec<String> = rows.into_iter().map(|(_, uri)| uri).collect();
        Ok(render::document(Terms::NONE, Page::ordered(&id, own, items, next))?)
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /users/{name}/collections/featured`: the pinned posts, whole (DISC-14).
pub async fn featured(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let viewer = reader.viewer()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        let posts = store::documents::pinned(conn, account.id)?;
        let items = whole(conn, &site, &account, viewer, now, posts, Item::Note)?;
        let id = site.featured_uri(&account.username);
        write(&items, &site, |items| Collection::whole(&id, items))
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /users/{name}/collections/tags`: the featured hashtags.
pub async fn featured_tags(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let viewer = reader.viewer()?;
    let site = app.site().clone();
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        let names = if account.is_unavailable() {
            Vec::new()
        } else {
            let facts = people::load(conn, account.id)?;
            let tags = store::documents::featured_tags(conn, account.id)?;
            people::directory::tags_for(conn, &account, facts, tags, viewer.audience())?
        };
        let id = site.featured_tags_uri(&account.username);
        let tags: Vec<Tag> =
            names.iter().map(|name| Tag::Hashtag { href: site.tag_url(name), name: format!("#{name}") }).collect();
        let terms = if tags.is_empty() { Terms::NONE } else { Terms::HASHTAG };
        let mut collection = Collection::counted(&id, Kind::UNORDERED, tags.len() as i64);
        collection.items = Some(tags);
        Ok(render::document(terms, collection)?)
    })
    .await?;
    Ok(activity_json(reader, body))
}
