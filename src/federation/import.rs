//! People and posts of other servers, fetched from where they live and taken in.

mod tasks;

pub(super) use tasks::featured_post;
pub use tasks::{ancestors, carried, featured, mentions, project_people, refresh_account, refresh_poll, relayed};

use super::{
    collections::{self, Cover},
    eyes::{self, Cause},
    fetch::{self, Budget, FoundActor},
    json::Json,
    link, newcomers,
    objects::{self, Kind, typed},
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Task, Tx,
        remote::{self, Arrival, RemoteActor},
    },
    model::{Account, Audience, Post, Visibility},
    store, uri,
};
use activitypub_federation::traits::Object;

/// Days after which an account is read again when somebody asks for it (DISC-18).
const STALE_DAYS: i64 = 7;

/// What an address led to.
#[derive(Clone, Debug)]
pub enum Imported {
    /// Somebody.
    Account(Box<Account>),
    /// A post.
    Post(Box<Post>),
}

/// An account by its id: the one we know when it is fresh enough, else as its server has it now.
///
/// # Errors
/// `NotFound`, `Gone`, `Forbidden`, `BadRequest` for good; `Upstream` is worth another try.
pub async fn account(app: &App, id: &str, budget: &Budget) -> Result<Account> {
    let uri = id.to_owned();
    let known = app.glance(move |conn| store::accounts::find_by_uri(conn, &uri)).await?;
    let stale = app.clock().now().plus_days(-STALE_DAYS);
    match known {
        Some(known) if known.is_local() || known.fetched_at.is_some_and(|at| at > stale) => Ok(known),
        // An old copy is better than none.
        Some(known) => match account_now(app, id, budget).await {
            Err(Error::Upstream(_)) => Ok(known),
            other => other,
        },
        None => account_now(app, id, budget).await,
    }
}

/// An account by its id, as its server has it now.
///
/// # Errors
/// As [`account`].
pub async fn account_now(app: &App, id: &str, budget: &Budget) -> Result<Account> {
    Ok(account_and_whither(app, id, budget).await?.0)
}

/// As [`account_now`], and whether the account says that it moved on, to whomever.
///
/// # Errors
/// As [`account`].
pub async fn account_and_whither(app: &App, id: &str, budget: &Budget) -> Result<(Account, bool)> {
    fetch::forget(app, id);
    match fetch::actor(app, id, budget).await {
        Ok(found) => {
            let moved_on = found.actor.moved_to.is_some();
            Ok((save(app, found, budget).await?, moved_on))
        }
        Err(Error::Gone) => {
            let id = id.to_owned();
            app.write(move |tx| match store::accounts::find_by_uri(tx.conn, &id)? {
                Some(gone) => remote::delete_actor(tx, &gone),
                None => Ok(()),
            })
            .await?;
            Err(Error::Gone)
        }
        Err(e) => Err(e),
    }
}

/// The account behind `user@domain`, known or looked up.
///
/// # Errors
/// As [`account`].
pub async fn account_by_handle(app: &App, handle: &str, budget: &Budget) -> Result<Account> {
    let handle = handle.trim().trim_start_matches('@').to_lowercase();
    if let Some((name, domain)) = handle.split_once('@')
        && app.site().is_own_name(domain)
    {
        let name = name.to_owned();
        return app.glance(move |conn| store::accounts::find_local(conn, &name)).await?.ok_or(Error::NotFound);
    }
    let wanted = handle.clone();
    let known = app.glance(move |conn| store::accounts::find_by_handle(conn, &wanted)).await?;
    let stale = app.clock().now().plus_days(-STALE_DAYS);
    match known {
        Some(known) if known.fetched_at.is_some_and(|at| at > stale) => Ok(known),
        known => match fetch::actor_by_handle(app, &handle, budget).await {
            Ok(found) => {
                let account = save(app, found, budget).await?;
                counts(app, &account, budget).await?;
                Ok(account)
            }
            Err(e) => known.ok_or(e),
        },
    }
}

async fn save(app: &App, found: FoundActor, budget: &Budget) -> Result<Account> {
    let actor = found.actor.clone();
    let account = keep_found(app, found).await?;
    let to = actor.moved_to.clone();
    let unread = to.is_some() && app.glance(move |conn| remote::went_somewhere(conn, &actor)).await?;
    let Some(to) = to.filter(|_| unread) else { return Ok(account) };
    fetch::forget(app, &to);
    // Where that one went is not asked: such a chain may have no end.
    let target = match fetch::actor(app, &to, budget).await {
        Ok(target) => keep_found(app, target).await,
        Err(error) => Err(error),
    };
    match target {
        Ok(target) => app.write(move |tx| remote::show_moved(tx, account.id, &target)).await,
        Err(error @ Error::Unavailable(_)) => Err(error),
        // Nobody we could show.
        Err(_) => Ok(account),
    }
}

async fn keep_found(app: &App, found: FoundActor) -> Result<Account> {
    let mut actor = found.actor;
    // The stored handle is the one that its server confirmed (DISC-09).
    actor.username.clone_from(&found.handle.username);
    let domain = found.handle.domain.clone();
    keep(app, actor, domain).await
}

/// Stores an actor as its document tells, under the policy for its host.
pub(super) async fn keep(app: &App, actor: RemoteActor, domain: String) -> Result<Account> {
    newcomers::count(app, &actor.uri).await?;
    let silenced = is_silenced(app, &actor.uri, &domain);
    app.write(move |tx| keep_in(tx, &actor, &domain, silenced)).await
}

/// Whether the host of an actor, by its id or its handle, is silenced.
pub(super) fn is_silenced(app: &App, actor: &str, domain: &str) -> bool {
    let rules = app.net().rules();
    rules.standing(domain).silenced || rules.standing(uri::host(actor)).silenced
}

/// As [`keep`], within a transaction: who becomes known after a domain was silenced is silenced (MOD-06).
pub(super) fn keep_in(tx: &mut Tx<'_>, actor: &RemoteActor, domain: &str, silenced: bool) -> Result<Account> {
    let mut account = remote::save_actor(tx, actor, domain)?;
    if silenced && account.silenced_at.is_none() {
        store::peers::set_silenced(tx.conn, &[account.id], true)?;
        account.silenced_at = Some(store::peers::BY_POLICY);
    }
    Ok(account)
}

/// The numbers of posts, followers and followings that an account's own server tells (DISC-10); never fewer than what is
/// known here (FOL-13). Where its server shows nobody among the followers or followings, neither do we. What cannot be
/// had stays as it is.
async fn counts(app: &App, account: &Account, budget: &Budget) -> Result<()> {
    let cover = |address: Option<String>| async move { collections::cover(app, &address?, budget).await.ok() };
    let (posts, followers, following) = tokio::join!(
        cover(account.outbox_url.clone()),
        cover(account.followers_url.clone()),
        cover(account.following_url.clone()),
    );
    let total = |cover: Option<Cover>| cover.and_then(|c| c.total);
    let told = followers.is_some() || following.is_some();
    let is_hidden = [followers, following].into_iter().flatten().any(|c| c.is_hidden);
    let id = account.id;
    app.write(move |tx| {
        if told {
            store::remote::hide_collections(tx.conn, id, is_hidden)?;
        }
        store::remote::raise_counts(tx.conn, id, total(posts), total(followers), total(following))
    })
    .await
}

/// A post by its id: the one we know, or as its server has it. None when it has no place here.
///
/// # Errors
/// As [`account`].
pub async fn post(app: &App, id: &str, budget: &Budget) -> Result<Option<Post>> {
    post_named(app, id, &Cause::default(), budget).await
}

/// As [`post`]; what named it tells in whose name it is asked for (SIGOUT-02).
///
/// # Errors
/// As [`account`].
pub async fn post_named(app: &App, id: &str, cause: &Cause, budget: &Budget) -> Result<Option<Post>> {
    post_as(app, id, cause, Arrival::FETCHED, budget).await
}

/// As [`post`], as a part of something larger: nothing more is fetched for it.
///
/// # Errors
/// As [`account`].
pub async fn post_walked(app: &App, id: &str, budget: &Budget) -> Result<Option<Post>> {
    post_as(app, id, &Cause::default(), Arrival::WALKED, budget).await
}

/// As [`post_named`], because something quotes it.
///
/// # Errors
/// As [`account`].
pub async fn post_quoted(app: &App, id: &str, cause: &Cause, budget: &Budget) -> Result<Option<Post>> {
    post_as(app, id, cause, Arrival::QUOTED, budget).await
}

async fn post_as(app: &App, id: &str, cause: &Cause, arrival: Arrival, budget: &Budget) -> Result<Option<Post>> {
    let uri = id.to_owned();
    let (known, gone) = app
        .glance(move |conn| Ok((store::posts::find_by_uri(conn, &uri)?, store::posts::is_buried(conn, &uri)?)))
        .await?;
    if known.is_some() || gone || app.site().owns_str(id) {
        return Ok(known);
    }
    let eyes = eyes::find(app, id, cause).await?;
    let document = fetch::document_for(app, eyes, id, budget).await?;
    take(app, &document.json, arrival, budget).await
}

/// Takes a fetched post in. Its document is proven by the address that served it; its author is asked for at theirs.
///
/// # Errors
/// As [`account`].
pub(super) async fn take(app: &App, json: &Json, arrival: Arrival, budget: &Budget) -> Result<Option<Post>> {
    let json = shown(json);
    let Some(id) = json.id() else { return Ok(None) };
    if objects::kind(json) != Kind::Post {
        return Ok(None);
    }
    let read = objects::post::read(json, None)?;
    let author = account(app, &read.author, budget).await?.id;
    let data = link::data(app).await?;
    let url = uri::parse(&id).ok_or_else(|| Error::bad_request("no address"))?;
    <typed::Post as Object>::verify(json, &url, &data).await?;
    app.write(move |tx| {
        let author = store::accounts::load(tx.conn, author)?;
        remote::receive_post(tx, &author, &read, arrival)
    })
    .await
}

/// The post inside of a Create that was served in its place, when both live on one server.
pub(super) fn shown(json: &Json) -> &Json {
    let inner = json.one("object");
    let same = match (json.id(), inner.id()) {
        (Some(outer), Some(inner)) => uri::same_authority(&outer, &inner),
        _ => false,
    };
    if json.is_a("Create") && inner.is_object() && same { inner } else { json }
}

/// Reads a known post again from its origin: its new state, or that it is gone (UPD-04, FETCH-08).
///
/// # Errors
/// As [`account`].
pub async fn post_again(app: &App, id: &str, budget: &Budget) -> Result<()> {
    let uri = id.to_owned();
    let cause = app.glance(move |conn| Cause::of_known(conn, &uri)).await?;
    let eyes = eyes::find(app, id, &cause).await?;
    fetch::forget_for(app, eyes, id);
    let document = match fetch::document_for(app, eyes, id, budget).await {
        Ok(document) if objects::kind(&document.json) == Kind::Tombstone => None,
        Ok(document) => Some(document),
        Err(Error::Gone) => None,
        Err(e) => return Err(e),
    };
    let Some(document) = document else { return forget_post(app, id).await };
    renew(app, &document.json, budget).await
}

/// A known post is as its own server has just served it.
///
/// # Errors
/// As [`account`].
pub(super) async fn renew(app: &App, json: &Json, budget: &Budget) -> Result<()> {
    let read = objects::post::read(shown(json), None)?;
    let author = account(app, &read.author, budget).await?;
    app.write(move |tx| remote::update_post(tx, &author, &read, Arrival::FETCHED)).await
}

/// Its own server says that it is gone.
async fn forget_post(app: &App, id: &str) -> Result<()> {
    let id = id.to_owned();
    app.write(move |tx| match store::posts::find_by_uri(tx.conn, &id)? {
        Some(post) if !post.local => crate::domain::posts::remove(tx, post.id),
        _ => Ok(()),
    })
    .await
}

/// Seconds until the second look at a post that is not where it was.
const SECOND_LOOK: i64 = 3_600;

/// A known post that is for everybody cannot be read (FETCH-08): one that is gone for good goes at once; one that is not
/// there goes when it is not there an hour later either. For all other reasons it stays, and so does what is for an
/// organisation: its server may not show it any more.
pub(super) async fn missing(app: &App, id: &str, why: &Error) -> Result<()> {
    let gone = match why {
        Error::Gone => true,
        Error::NotFound => false,
        _ => return Ok(()),
    };
    let uri = id.to_owned();
    app.write(move |tx| match store::posts::find_by_uri(tx.conn, &uri)? {
        Some(post) if post.local || post.visibility > Visibility::Unlisted || post.audience < Audience::Open => Ok(()),
        Some(post) if gone => crate::domain::posts::remove(tx, post.id),
        Some(_) => {
            let at = tx.now.plus_seconds(SECOND_LOOK);
            tx.enqueue_at(&Task::ReadCarried { uri: uri.clone(), gone: true }, at)
        }
        None => Ok(()),
    })
    .await
}

/// What somebody typed or pasted: a handle, the address of a document, or of a page that links to one (FETCH-04,
/// FETCH-05).
///
/// # Errors
/// As [`account`].
pub async fn lookup(app: &App, text: &str, budget: &Budget) -> Result<Imported> {
    let Some(address) = uri::normalize(text) else {
        return account_by_handle(app, text, budget).await.map(|a| Imported::Account(Box::new(a)));
    };
    if let Some(known) = known(app, &address).await? {
        return Ok(known);
    }
    if app.site().owns_str(&address) {
        return Err(Error::NotFound);
    }
    let document = match fetch::by_page(app, &address, budget).await {
        Ok(document) => document,
        Err(Error::Gone) => return Err(Error::Gone),
        // An old copy is better than none.
        Err(error) => return known_by_page(app, &address).await?.ok_or(error),
    };
    let json = shown(&document.json);
    match objects::kind(json) {
        Kind::Actor => {
            let found = fetch::actor_of(app, document.clone(), None, budget).await?;
            let account = save(app, found, budget).await?;
            counts(app, &account, budget).await?;
            Ok(Imported::Account(Box::new(account)))
        }
        Kind::Post => {
            let id = json.id().ok_or(Error::NotFound)?;
            match known(app, &id).await? {
                Some(known) => Ok(known),
                None => take(app, json, Arrival::FETCHED, budget)
                    .await?
                    .map(|p| Imported::Post(Box::new(p)))
                    .ok_or(Error::NotFound),
            }
        }
        _ => Err(Error::NotFound),
    }
}

/// Whose page an address is, as far as we know them: for when their server does not answer.
async fn known_by_page(app: &App, address: &str) -> Result<Option<Imported>> {
    let address = address.to_owned();
    app.read(move |conn| {
        let found = store::accounts::of_page(conn, &address)?;
        let account = found.filter(|(account, rest)| rest.is_empty() && !account.is_unavailable());
        Ok(account.map(|(account, _)| Imported::Account(Box::new(account))))
    })
    .await
}

/// What we have under an address, by id or by page.
async fn known(app: &App, address: &str) -> Result<Option<Imported>> {
    let local_post = app.site().local_post::<Post>(address).map(|(_, id)| id);
    let local_name = app.site().local_username(address);
    let address = address.to_owned();
    // By its page a post is looked for among thousands of its author's.
    app.read(move |conn| {
        if let Some(post) = store::posts::find_by_uri(conn, &address)? {
            return Ok(Some(Imported::Post(Box::new(post))));
        }
        if let Some(account) = store::accounts::find_by_uri(conn, &address)? {
            return Ok((!account.is_unavailable()).then(|| Imported::Account(Box::new(account))));
        }
        // A followers-only post is shown to no server that asks for its page.
        if let Some((author, rest)) = store::accounts::of_page(conn, &address)?
            && !rest.is_empty()
            && let Some(post) = store::posts::find_by_page(conn, &author, &address)?
        {
            return Ok(Some(Imported::Post(Box::new(post))));
        }
        if let Some(id) = local_post {
            return Ok(store::posts::find(conn, id)?.map(|p| Imported::Post(Box::new(p))));
        }
        match local_name {
            Some(name) => Ok(store::accounts::find_local(conn, &name)?.map(|a| Imported::Account(Box::new(a)))),
            None => Ok(None),
        }
    })
    .await
}
