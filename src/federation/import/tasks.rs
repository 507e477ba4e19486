//! What is fetched later, by tasks: what a post hangs below and names, and what was fetched before and may have changed.

use super::{Imported, account, account_now, counts, forget_post, known, missing, post_again, post_as, shown, take};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Task,
        projects::remote as projects,
        remote::{self, Arrival},
    },
    federation::{
        collections::{self, Bounds},
        eyes::Cause,
        fetch::{self, Budget},
        json::Json,
        objects::{self, Kind},
    },
    id::Id,
    limits,
    model::{Account, AccountKind, Poll, Post, Visibility},
    store, uri,
};

/// Seconds after which a refresh asks for the counts too: a first handshake costs as few fetches as possible.
const COUNTS_AFTER: i64 = 3_600;

/// The task `FetchAncestors`: fetches what a post answers, what that answers, and so on (THR-02): at most 100, each id
/// once, so that a circle ends.
///
/// # Errors
/// `Upstream` when the next one cannot be had just now.
pub async fn ancestors(app: &App, post: Id<Post>) -> Result<()> {
    let Some(first) = app.glance(move |conn| store::posts::find(conn, post)).await? else { return Ok(()) };
    let budget = Budget::new(3 * limits::ANCESTORS).because_of_post(&first);
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some(first);
    while let Some(current) = next.take() {
        if seen.len() >= limits::ANCESTORS || seen.contains(&current.uri) {
            return Ok(());
        }
        seen.push(current.uri.clone());
        // What an earlier try found hangs in its place already.
        if let Some(parent) = current.in_reply_to_id {
            next = app.glance(move |conn| store::posts::find(conn, parent)).await?;
            continue;
        }
        let Some(parent) = current.in_reply_to_uri.clone() else { return Ok(()) };
        let child = current.id;
        let cause = app.glance(move |conn| Cause::of_answer(conn, &current)).await?;
        let found = match post_as(app, &parent, &cause, Arrival::WALKED, &budget).await {
            Ok(found) => found,
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
            // Not there, not for us, or not a post: the thread begins here.
            Err(_) => return Ok(()),
        };
        // It may live under another address than the one that was named, or have come meanwhile.
        if let Some(parent) = found.as_ref().map(|parent| parent.id) {
            app.write(move |tx| remote::threads::hang(tx, child, parent)).await?;
        }
        next = found;
    }
    Ok(())
}

/// The task `ResolveMentions`: people who are named in a post and were not known when it came (POST-06). They are shown
/// with it; nobody is told.
///
/// # Errors
/// `Upstream` when somebody cannot be asked for just now.
pub async fn mentions(app: &App, post: Id<Post>, named: &[(String, bool)]) -> Result<()> {
    let Some(known) = app.glance(move |conn| store::posts::find(conn, post)).await? else { return Ok(()) };
    let budget = Budget::of_activity().because_of_post(&known);
    let mut later = None;
    for (uri, silent) in named {
        let id = match account(app, uri, &budget).await {
            Ok(account) if !account.is_unavailable() => account.id,
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => {
                later = Some(e);
                continue;
            }
            // Nobody we could show.
            _ => continue,
        };
        let silent = *silent;
        app.write(move |tx| match store::posts::find(tx.conn, post)? {
            Some(post) => store::posts::insert_mention(tx.conn, post.id, id, silent),
            None => Ok(()),
        })
        .await?;
    }
    later.map_or(Ok(()), Err)
}

/// The task `RefreshAccount`: reads an account again from its origin, with the counts its server tells when it was known
/// for a while (FOL-13).
///
/// # Errors
/// As [`account`].
pub async fn refresh_account(app: &App, id: Id<Account>) -> Result<()> {
    let account = app.glance(move |conn| store::accounts::load(conn, id)).await?;
    if account.is_local() || account.deleted_at.is_some() {
        return Ok(());
    }
    let known_for_a_while = account.fetched_at.is_some_and(|at| at < app.clock().now().plus_seconds(-COUNTS_AFTER));
    let budget = Budget::of_activity();
    match account_now(app, &account.uri, &budget).await {
        Ok(account) if known_for_a_while => {
            let has_pins = account.featured_url.is_some();
            app.write(move |tx| {
                if has_pins {
                    tx.enqueue(&Task::ReadFeatured { account: id.raw() })?;
                }
                // Of those only who is followed, or was looked at, is shown with all of their profile.
                let shown =
                    store::remote::has_local_follower(tx.conn, id)? || store::collections::was_looked_at(tx.conn, id)?;
                match shown {
                    true => tx.enqueue(&Task::ReadFeaturedTags { account: id.raw() }),
                    false => Ok(()),
                }
            })
            .await?;
            counts(app, &account, &budget).await
        }
        Ok(_) | Err(Error::Gone | Error::NotFound | Error::Forbidden(_) | Error::BadRequest(_)) => Ok(()),
        Err(e) => Err(e),
    }
}

/// People of a project that are read.
const PEOPLE: usize = 500;

/// The task `ReadProject`: who leads and who works on a project of another node. The lead is read from their server when
/// unknown; of the members those count who are known.
///
/// # Errors
/// `Upstream` when the collection cannot be had just now.
pub async fn project_people(app: &App, id: Id<Account>, members: Option<String>) -> Result<()> {
    let (group, project) =
        app.glance(move |conn| Ok((store::accounts::load(conn, id)?, store::projects::of_account(conn, id)?))).await?;
    let Some(project) = project.filter(|project| !project.local && !group.is_unavailable()) else { return Ok(()) };
    let budget = Budget::of_activity();
    if let Some(lead) = &project.lead_uri
        && let Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) = account(app, lead, &budget).await
    {
        return Err(e);
    }
    let (mut people, mut complete) = (Vec::new(), false);
    if let Some(address) = members.filter(|url| uri::same_authority(url, &group.uri)) {
        let bounds = Bounds { pages: 2, items: PEOPLE };
        match collections::read(app, &Json::Text(address), &group.uri, bounds, &budget).await {
            Ok(found) => {
                people = found.items.iter().filter_map(Json::as_uri).collect();
                complete = found.is_complete;
            }
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
            Err(_) => {}
        }
    }
    let id = project.id;
    app.write(move |tx| projects::receive_members(tx, id, &people, complete)).await
}

/// Posts of a featured collection that are looked at (COLL-01).
const FEATURED: usize = 20;

/// The task `ReadFeatured`: which posts a remote account pins (COLL-01). At most twenty, embedded or by id; whatever is
/// not the account's own is left out. Pins that the whole collection does not name any more go.
///
/// # Errors
/// `Upstream` when the collection cannot be had just now.
pub async fn featured(app: &App, id: Id<Account>) -> Result<()> {
    let owner = app.glance(move |conn| store::accounts::load(conn, id)).await?;
    let address = owner.featured_url.clone().filter(|url| uri::same_authority(url, &owner.uri));
    let Some(address) = address.filter(|_| !owner.is_local() && !owner.is_unavailable()) else { return Ok(()) };
    // One for the collection, one for each post, a few for servers that want their own kind of signature.
    let budget = Budget::new(FEATURED + 4);
    let bounds = Bounds { pages: 1, items: FEATURED };
    let found = match collections::read(app, &Json::Text(address), &owner.uri, bounds, &budget).await {
        Ok(found) => found,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    };
    let (mut pinned, mut complete) = (Vec::new(), found.is_complete);
    for item in &found.items {
        match featured_post(app, &owner, item, &budget).await {
            Ok(post) => pinned.extend(post.filter(|p| remote::may_pin(&owner, p)).map(|p| p.id)),
            Err(Error::Upstream(_) | Error::Unavailable(_)) => complete = false,
            // Not there, not for us, or not a post.
            Err(_) => {}
        }
    }
    app.write(move |tx| remote::receive_pins(tx, &owner, &pinned, complete)).await
}

/// A post in the featured collection of `owner`. Embedded, it is as good as fetched: the owner's server sent it.
pub(in crate::federation) async fn featured_post(
    app: &App,
    owner: &Account,
    item: &Json,
    budget: &Budget,
) -> Result<Option<Post>> {
    let Some(id) = item.as_uri().filter(|id| uri::same_authority(id, &owner.uri)) else { return Ok(None) };
    if !item.is_object() || objects::kind(item) != Kind::Post {
        return post_as(app, &id, &Cause::default(), Arrival::WALKED, budget).await;
    }
    if let Some(Imported::Post(known)) = known(app, &id).await? {
        return Ok(Some(*known));
    }
    let author = objects::post::read(item, None)?.author;
    // A group embeds what its members wrote: its server speaks for those who live there too.
    let member = owner.kind == AccountKind::Group && uri::same_authority(&author, &owner.uri);
    if author != owner.uri && !member {
        return Ok(None);
    }
    take(app, item, Arrival::WALKED, budget).await
}

/// The task `ReadCarried`: what somebody else said of a post, without a proof, counts as far as its own server says the same
/// (AUTH-13). Only what is known here, or answers what is; `gone`: it is said to have been deleted.
///
/// # Errors
/// `Upstream` when its server cannot be asked just now.
pub async fn carried(app: &App, uri: String, gone: bool) -> Result<()> {
    let budget = Budget::of_activity();
    let id = uri.clone();
    let known = app.glance(move |conn| store::posts::find_by_uri(conn, &id)).await?;
    if let Some(known) = known {
        // What is not for everybody is passed on by nobody, and its server may deny that it is there.
        if known.local || known.visibility > Visibility::Unlisted {
            return Ok(());
        }
        return match post_again(app, &uri, &budget).await {
            Err(Error::NotFound) if gone => forget_post(app, &uri).await,
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => Err(e),
            _ => Ok(()),
        };
    }
    if gone {
        return Ok(());
    }
    let document = match fetch::document(app, &uri, &budget).await {
        Ok(document) => document,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    };
    let Some(parent) = shown(&document.json).uri("inReplyTo") else { return Ok(()) };
    if app.glance(move |conn| Ok(store::posts::find_by_uri(conn, &parent)?.is_none())).await? {
        return Ok(());
    }
    match take(app, &document.json, Arrival::FETCHED, &budget).await {
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => Err(e),
        _ => Ok(()),
    }
}

/// What a relay says there is (COLL-07), as its own server has it: a post that is for everybody, and nothing else. Also the task
/// `FetchPost`.
///
/// # Errors
/// As [`account`].
pub async fn relayed(app: &App, id: &str, budget: &Budget) -> Result<()> {
    let uri = id.to_owned();
    let here = app
        .glance(
            move |conn| Ok(store::posts::find_by_uri(conn, &uri)?.is_some() || store::posts::is_buried(conn, &uri)?),
        )
        .await?;
    if here || app.site().owns_str(id) {
        return Ok(());
    }
    let document = fetch::document(app, id, budget).await?;
    let json = shown(&document.json);
    let public = remote::visibility(&objects::post::addressing(json), None) == Visibility::Public;
    if objects::kind(json) != Kind::Post || !public {
        return Ok(());
    }
    take(app, &document.json, Arrival::FETCHED, budget).await.map(|_| ())
}

/// The task `RefreshPoll`: reads a remote poll again (POLL-03).
///
/// # Errors
/// As [`account`].
pub async fn refresh_poll(app: &App, id: Id<Poll>) -> Result<()> {
    let post = app
        .glance(move |conn| {
            let poll = store::polls::load(conn, id)?;
            store::posts::load(conn, poll.post_id)
        })
        .await?;
    if post.local {
        return Ok(());
    }
    match post_again(app, &post.uri, &Budget::of_activity()).await {
        Err(Error::NotFound) => missing(app, &post.uri, &Error::NotFound).await,
        Ok(()) | Err(Error::Forbidden(_) | Error::BadRequest(_)) => Ok(()),
        Err(e) => Err(e),
    }
}
