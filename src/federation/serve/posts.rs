//! Posts and activities by their ids, and the collections under a post (OUT-09 to OUT-12). Whoever may not see a post
//! gets the same 404 as for one that never was (ADDR-OUT-03, PRV-01, PRV-16).

use super::{Answered, Failure, PAGE, Paging, Reader, activity_json, local_actor, look, read, to_page, wants_page};
use crate::{
    Error,
    app::App,
    config::Site,
    crypto,
    db::Conn,
    domain::{Viewer, interactions::requests, quotes::arrivals, visibility},
    federation::{
        authorizations,
        documents::Whole,
        reactions,
        render::{
            self,
            activity::Activity,
            collection::{Collection, Kind, Page},
            context::Terms,
            post::QuoteAuthorization,
        },
    },
    id::Id,
    kept::POST,
    model::{Account, Post},
    store,
    time::Timestamp,
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use std::sync::Arc;

type Named = Path<(String, String)>;

/// Which post an address names, to whom, and when.
#[derive(Clone)]
struct Asked {
    name: String,
    id: String,
    viewer: Viewer,
    now: Timestamp,
}

/// The post and its author, for eyes that may see it.
fn visible(conn: &mut Conn, site: &Site, asked: &Asked) -> Result<(Post, Account), Failure> {
    let account = local_actor(conn, &asked.name)?;
    let id: Id<Post> = asked.id.parse()?;
    let post = store::documents::post(conn, id)?.filter(|p| p.local && p.account_id == account.id);
    match post {
        Some(post) if visibility::can_see(conn, asked.viewer, &post, asked.now)? => Ok((post, account)),
        Some(_) => Err(Error::NotFound.into()),
        None => {
            let uri = site.post_uri(&account.username, id);
            if store::documents::is_tombstoned(conn, &uri, asked.viewer.audience())? {
                Err(Failure::Gone(uri))
            } else {
                Err(Error::NotFound.into())
            }
        }
    }
}

/// The page that a browser wants instead.
fn page_of(app: &App, (name, id): &(String, String), parts: &Parts) -> Option<Response> {
    let number = id.parse::<Id<Post>>().ok().filter(|_| wants_page(&parts.headers))?;
    Some(to_page(&app.site().post_url(name, number)))
}

async fn made<F>(app: &App, named: (String, String), parts: &Parts, make: F) -> Answered
where
    F: FnOnce(&mut Conn, &Site, Viewer, Post, Account) -> Result<String, Failure> + Send + 'static,
{
    if let Some(page) = page_of(app, &named, parts) {
        return Ok(page);
    }
    let reader = Reader::of(app, parts).await?;
    let body = made_for(app, named, reader, false, make).await?;
    Ok(activity_json(reader, body))
}

/// `short`: as for [`App::look`].
async fn made_for<F>(
    app: &App,
    (name, id): (String, String),
    reader: Reader,
    short: bool,
    make: F,
) -> Result<String, Failure>
where
    F: FnOnce(&mut Conn, &Site, Viewer, Post, Account) -> Result<String, Failure> + Send + 'static,
{
    let asked = Asked { name, id, viewer: reader.viewer()?, now: app.clock().now() };
    let site = app.site().clone();
    look(app, short, move |conn| {
        let (post, account) = visible(conn, &site, &asked)?;
        make(conn, &site, asked.viewer, post, account)
    })
    .await
}

/// `GET /users/{name}/statuses/{id}`: the Note or Question; of a boost its Announce. What everybody may read is kept for a
/// moment and has a tag, for many ask for the same post at once when it spreads (REL-20).
pub async fn show(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    if let Some(page) = page_of(&app, &named, &parts) {
        return Ok(page);
    }
    let reader = Reader::of(&app, &parts).await?;
    let kept_as = format!("{}/statuses/{}", named.0, named.1);
    let open = reader == Reader::Anybody;
    if let Some(kept) = app.kept().get(&kept_as, POST).filter(|_| open) {
        return Ok(tagged(&parts, kept));
    }
    let mark = app.kept().mark();
    let body = made_for(&app, named, reader, true, |conn, site, _, post, account| {
        let whole = Whole::read(conn, site, post, account)?;
        if whole.boosted.is_some() {
            return Ok(whole.activity(site)?);
        }
        let note = whole.note(site);
        Ok(render::document(note.terms(), &note)?)
    })
    .await?;
    if !open {
        return Ok(activity_json(reader, body));
    }
    let body: Arc<[u8]> = body.into_bytes().into();
    if app.hears_others() {
        app.kept().put(mark, &kept_as, POST, body.clone());
    }
    Ok(tagged(&parts, body))
}

/// A document that everybody may read, or that it is still the one that the reader has.
fn tagged(parts: &Parts, body: Arc<[u8]>) -> Response {
    let hash = crypto::hex(crypto::sha256(&body).get(..12).unwrap_or_default());
    let tag = format!("\"{hash}\"");
    let known = parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|list| list.split(',')).map(|one| one.trim().trim_start_matches("W/"));
    let same = known.into_iter().any(|one| one == tag || one == "*");
    let mut response = match same {
        true => activity_json(Reader::Anybody, Bytes::new()),
        false => activity_json(Reader::Anybody, Bytes::from_owner(body)),
    };
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `GET /users/{name}/statuses/{id}/activity`: the Create or Announce.
pub async fn activity(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    made(
        &app,
        named,
        &parts,
        |conn, site, _, post, account| Ok(Whole::read(conn, site, post, account)?.activity(site)?),
    )
    .await
}

/// `GET .../replies`: own ones first, then those of others, a page each; only what everybody may see who
/// belongs where the reader does (OUT-12).
pub async fn replies(
    State(app): State<App>,
    Path(named): Named,
    Query(paging): Query<Paging>,
    parts: Parts,
) -> Answered {
    made(&app, named, &parts, move |conn, site, viewer, post, account| {
        let id = site.replies_uri(&account.username, post.id);
        let others = paging.others.as_deref().is_some_and(|o| o == "true");
        let rows = store::documents::replies(conn, &post, viewer.audience(), !others, paging.after()?, PAGE)?;
        let more = rows.last().filter(|_| rows.len() as i64 == PAGE);
        let next = match more {
            Some((last, _)) => Some(format!("{id}?page=true&others={others}&min_id={last}")),
            None if !others => Some(format!("{id}?page=true&others=true")),
            None => None,
        };
        let own = match (&paging.min_id, others) {
            (Some(min), _) => format!("{id}?page=true&others={others}&min_id={min}"),
            (None, true) => format!("{id}?page=true&others=true"),
            (None, false) => format!("{id}?page=true"),
        };
        let items: Vec<String> = rows.into_iter().map(|(_, uri)| uri).collect();
        let page = Page::unordered(&id, own, items, next);
        if paging.wants_page() {
            return Ok(render::document(Terms::NONE, page)?);
        }
        Ok(render::document(Terms::NONE, Collection::replies(&id, page))?)
    })
    .await
}

/// `GET .../context` of the first post of a thread: all of the thread that everybody may see who belongs where the reader
/// does, oldest first (THR-06, FEP-7888, FEP-f228).
pub async fn context(
    State(app): State<App>,
    Path(named): Named,
    Query(paging): Query<Paging>,
    parts: Parts,
) -> Answered {
    made(&app, named, &parts, move |conn, _, viewer, post, account| {
        if post.conversation_id != post.id {
            return Err(Error::NotFound.into());
        }
        let id = format!("{}/context", post.uri);
        if !paging.wants_page() {
            let total = store::documents::thread_size(conn, post.id, viewer.audience())?;
            return Ok(render::document(Terms::NONE, Collection::<&str>::of(&id, &account.uri, total))?);
        }
        let rows = store::documents::thread(conn, post.id, viewer.audience(), paging.after()?, PAGE)?;
        let next =
            rows.last().filter(|_| rows.len() as i64 == PAGE).map(|(last, _)| format!("{id}?page=true&min_id={last}"));
        let own = match &paging.min_id {
            Some(min) => format!("{id}?page=true&min_id={min}"),
            None => format!("{id}?page=true"),
        };
        let items: Vec<String> = rows.into_iter().map(|(_, uri)| uri).collect();
        Ok(render::document(Terms::NONE, Page::ordered(&id, own, items, next))?)
    })
    .await
}

/// `GET .../likes`: how many.
pub async fn likes(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    made(&app, named, &parts, |_, site, _, post, account| {
        counted(&site.likes_uri(&account.username, post.id), post.favourites_count)
    })
    .await
}

/// `GET .../shares`: how many.
pub async fn shares(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    made(&app, named, &parts, |_, site, _, post, account| {
        counted(&site.shares_uri(&account.username, post.id), post.boosts_count)
    })
    .await
}

fn counted(id: &str, total: i64) -> Result<String, Failure> {
    Ok(render::document(Terms::NONE, Collection::<&str>::counted(id, Kind::UNORDERED, total))?)
}

/// `GET /users/{name}/quote_authorizations/{id}`: what lets another post quote one of this person's, while it stands; for
/// whoever may see the quoted post, and who belongs where one of this node that quotes it goes.
pub async fn quote_authorization(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    stamp(&app, named, &parts, |conn, site, author, id| {
        let (quoting, mut quoted) = arrivals::authorisation(conn, author.id, id.parse()?)?;
        if quoting.local {
            // It names a post of this node, and is for nobody who may not know of that.
            quoted.audience = quoted.audience.min(quoting.audience);
        }
        let id = site.quote_stamp_uri(&author.username, quoting.id);
        let stamp = QuoteAuthorization::new(&id, &author.uri, &quoting.uri, &quoted.uri);
        Ok((render::document(Terms::QUOTE, stamp)?, quoted))
    })
    .await
}

/// `GET /users/{name}/interaction_authorizations/{id}`: what lets somebody elsewhere, who asked, answer, like or boost a
/// post of this person; for whoever may see that.
pub async fn interaction_authorization(State(app): State<App>, Path(named): Named, parts: Parts) -> Answered {
    stamp(&app, named, &parts, |conn, site, author, id| {
        let (row, target) = requests::authorisation(conn, author.id, id.parse()?)?;
        let id = site.interaction_authorization_uri(&author.username, row.id);
        let mut stamp = QuoteAuthorization::new(&id, &author.uri, &row.uri, &target.uri);
        stamp.kind = authorizations::type_of(row.kind);
        Ok((render::document(Terms::CONSENT, stamp)?, target))
    })
    .await
}

/// An authorisation that `find` makes of the author and the number in the address, and the post it is about: for whoever
/// may see that.
async fn stamp<F>(app: &App, (name, id): (String, String), parts: &Parts, find: F) -> Answered
where
    F: FnOnce(&mut Conn, &Site, &Account, &str) -> Result<(String, Post), Failure> + Send + 'static,
{
    let reader = Reader::of(app, parts).await?;
    let viewer = reader.viewer()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let body = read(app, move |conn| {
        let author = local_actor(conn, &name)?;
        let (body, target) = find(conn, &site, &author, &id)?;
        if author.is_unavailable() || !visibility::can_see(conn, viewer, &target, now)? {
            return Err(Error::NotFound.into());
        }
        Ok(body)
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /activities/{id}`: a Follow, a Like, a reaction or a Block, from the relation it made; for the two it concerns, and for
/// everybody where the relation is open to everybody anyway, which a block never is (OUT-10).
pub async fn other_activity(State(app): State<App>, Path(id): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let viewer = reader.viewer()?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let body = read(&app, move |conn| {
        let uri = site.activity_uri(id.parse::<Id<Post>>()?);
        if let Some(follow) = store::follows::find_by_uri(conn, &uri)? {
            let from = store::accounts::load(conn, follow.account_id)?;
            let to = store::accounts::load(conn, follow.target_id)?;
            let party = viewer.0.is_some_and(|v| v == from.id || v == to.id);
            if !from.is_local() || from.is_unavailable() || (from.hide_collections && !party) {
                return Err(Error::NotFound.into());
            }
            return Ok(Activity::new("Follow", &uri, &from.uri, to.uri.as_str()).to(&to.uri).document(Terms::NONE)?);
        }
        if let Some(like) = store::documents::favourite_by_uri(conn, &uri)? {
            let from = store::accounts::load(conn, like.account_id)?;
            let post = store::documents::post(conn, like.post_id)?.ok_or(Error::NotFound)?;
            let author = store::accounts::load(conn, post.account_id)?;
            let party = viewer.0.is_some_and(|v| v == from.id || v == author.id);
            if !from.is_local() || from.is_unavailable() || !(party || visibility::can_see(conn, viewer, &post, now)?) {
                return Err(Error::NotFound.into());
            }
            let like = Activity::new("Like", &uri, &from.uri, post.uri.as_str());
            return Ok(like.to(&author.uri).document(Terms::NONE)?);
        }
        if let Some(row) = store::emoji_reactions::find_by_uri(conn, &uri)? {
            let from = store::accounts::load(conn, row.account_id)?;
            let post = store::documents::post(conn, row.post_id)?.ok_or(Error::NotFound)?;
            let author = store::accounts::load(conn, post.account_id)?;
            let party = viewer.0.is_some_and(|v| v == from.id || v == author.id);
            if !from.is_local() || from.is_unavailable() || !(party || visibility::can_see(conn, viewer, &post, now)?) {
                return Err(Error::NotFound.into());
            }
            let (reaction, terms) = reactions::activity(conn, &site, &row, &uri, &from.uri, &post.uri)?;
            return Ok(reaction.to(&author.uri).document(terms)?);
        }
        if let Some(block) = store::remote::find_block_by_uri(conn, &uri)? {
            let from = store::accounts::load(conn, block.account_id)?;
            let to = store::accounts::load(conn, block.target_id)?;
            if !from.is_local() || from.is_unavailable() || viewer.0 != Some(to.id) {
                return Err(Error::NotFound.into());
            }
            return Ok(Activity::new("Block", &uri, &from.uri, to.uri.as_str()).to(&to.uri).document(Terms::NONE)?);
        }
        Err(Error::NotFound.into())
    })
    .await?;
    Ok(activity_json(reader, body))
}
