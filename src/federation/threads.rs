//! The rest of a thread (THR-03): the collection that the opened post of another server names as its `context` (FEP-7888,
//! FEP-f228), else its `replies` and theirs; of a thread that began here, what others answered to what is known of it. A
//! collection only names posts; each is read at its own address, and only what answers something of the thread is kept.
//! Bounded by posts, pages, people, requests and time; what is known already costs nothing of the first, so that the next
//! reading goes on where this one ended. Nobody is told of what is found.

use super::{
    collections::{self, Bounds},
    fetch::{self, Budget, Document},
    import,
    json::Json,
    objects::{self, Kind},
};
use crate::{
    Error, Result,
    app::App,
    domain::remote::Arrival,
    id::Id,
    limits,
    model::{Post, Visibility},
    store,
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Ids of one collection that are looked at.
const IDS: usize = 10_000;
/// Bytes of documents that are kept until it is their turn.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
/// Requests for everything together: of somebody new the actor and two questions about the handle are asked for.
const FETCHES: usize = limits::THREAD_POSTS + limits::THREAD_PAGES + 3 * limits::THREAD_PEOPLE;

/// The task `ReadThread`.
///
/// # Errors
/// `Upstream` when the post's server cannot be asked just now.
pub async fn read(app: &App, post: Id<Post>) -> Result<()> {
    let Some(post) = app.glance(move |conn| store::posts::find(conn, post)).await? else { return Ok(()) };
    if post.visibility > Visibility::Unlisted {
        return Ok(());
    }
    let mut walk = Walk::new(app);
    if post.local {
        let most = limits::THREAD_PAGES as i64;
        for known in app.read(move |conn| store::remote::thread_elsewhere(conn, post.id, most)).await? {
            walk.look(&known).await?;
        }
        return walk.replies().await;
    }
    let document = match fetch::document(app, &post.uri, &walk.budget).await {
        Ok(document) if is_tombstone(&document) => return import::missing(app, &post.uri, &Error::Gone).await,
        Ok(document) => document,
        Err(error @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(error),
        Err(error) => return import::missing(app, &post.uri, &error).await,
    };
    let json = import::shown(&document.json);
    // It may have changed while nobody could tell this node.
    let is_newer = json.time("updated").is_some_and(|at| at > post.edited_at.unwrap_or(post.created_at));
    if is_newer && let Err(error @ Error::Unavailable(_)) = import::renew(app, json, &walk.budget).await {
        return Err(error);
    }
    for key in ["context", "contextHistory"] {
        let Some(address) = json.uri(key).filter(|address| !app.site().owns_str(address)) else { continue };
        let items = walk.items(&Json::Text(address.clone()), &address).await;
        // The post itself stands in it: one that holds nothing else says nothing.
        if items.len() > 1 {
            walk.deep = false;
            for item in items {
                walk.look(&item).await?;
            }
            return Ok(());
        }
    }
    walk.seen.insert(post.uri);
    walk.open(&document, json);
    walk.replies().await
}

/// Whether a server says in a document that what was there is gone.
fn is_tombstone(document: &Document) -> bool {
    objects::kind(&document.json) == Kind::Tombstone
}

/// What a collection of a thread names: a post, or an activity about one.
fn named(item: &Json) -> Option<String> {
    let mut item = item;
    for _ in 0..2 {
        let inner = item.one("object");
        if !item.is_object() || objects::kind(item) != Kind::Activity || inner.is_null() {
            break;
        }
        item = inner;
    }
    item.as_uri()
}

/// One reading, and what it may still take.
struct Walk<'a> {
    app: &'a App,
    budget: Budget,
    posts: usize,
    pages: usize,
    people: usize,
    until: Timestamp,
    /// What answers a post is looked for at that post.
    deep: bool,
    /// What was looked at, so that circles end.
    seen: HashSet<String>,
    /// Posts that came before what they answer, by the id of that.
    early: HashMap<String, Vec<Arc<Document>>>,
    /// Collections of answers that are still to be read, whose they are, and their size.
    waiting: VecDeque<(Json, String, usize)>,
    /// Bytes of both.
    kept: usize,
}

impl<'a> Walk<'a> {
    fn new(app: &'a App) -> Self {
        Self {
            app,
            budget: Budget::new(FETCHES),
            posts: limits::THREAD_POSTS,
            pages: limits::THREAD_PAGES,
            people: limits::THREAD_PEOPLE,
            until: app.clock().now().plus_millis(limits::THREAD_MS),
            deep: true,
            seen: HashSet::new(),
            early: HashMap::new(),
            waiting: VecDeque::new(),
            kept: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.posts == 0 || self.budget.left() == 0 || self.app.clock().now() >= self.until
    }

    /// Whether there is room for this many bytes more, which are taken then.
    fn keep(&mut self, bytes: usize) -> bool {
        let fits = self.kept + bytes <= KEPT_BYTES;
        if fits {
            self.kept += bytes;
        }
        fits
    }

    /// The ids that a collection names; none when it cannot be had.
    async fn items(&mut self, given: &Json, owner: &str) -> Vec<String> {
        let mut found = Vec::new();
        if self.pages == 0 {
            return found;
        }
        let bounds = Bounds { pages: self.pages, items: IDS };
        let mut each = |item: &Json| {
            found.extend(named(item));
            true
        };
        let read = collections::visit(self.app, given, owner, bounds, &self.budget, &mut each).await;
        // One was asked for, whatever came of it.
        let pages = read.map_or(1, |read| read.pages.max(1));
        self.pages = self.pages.saturating_sub(pages);
        found
    }

    /// Reads what answers a post, later.
    fn open(&mut self, document: &Document, post: &Json) {
        let replies = post.one("replies");
        if replies.is_null() {
            return;
        }
        // An address is small; what stands in the post itself may be as large as that.
        let bytes = if replies.is_object() { document.body.len() } else { 0 };
        if self.keep(bytes) {
            self.waiting.push_back((replies.clone(), document.id.clone(), bytes));
        } else if let Some(address) = replies.as_uri() {
            self.waiting.push_back((Json::Text(address), document.id.clone(), 0));
        }
    }

    /// Reads what answers the posts that are open, and what answers that.
    async fn replies(&mut self) -> Result<()> {
        while let Some((replies, owner, bytes)) = self.waiting.pop_front() {
            self.kept = self.kept.saturating_sub(bytes);
            if self.is_over() {
                break;
            }
            for item in self.items(&replies, &owner).await {
                self.look(&item).await?;
            }
        }
        Ok(())
    }

    /// Looks at a post that a collection names: a new one is taken in, and those that waited for it; a known one is asked
    /// for what answers it.
    ///
    /// # Errors
    /// `Unavailable` when the database is away. What others serve wrongly is left out.
    async fn look(&mut self, id: &str) -> Result<()> {
        if self.is_over() || self.app.site().owns_str(id) || !self.seen.insert(id.to_owned()) {
            return Ok(());
        }
        let uri = id.to_owned();
        let (known, gone) = self
            .app
            .glance(move |conn| Ok((store::posts::find_by_uri(conn, &uri)?, store::posts::is_buried(conn, &uri)?)))
            .await?;
        match known {
            Some(known) => return self.ask(&known).await,
            None if gone => return Ok(()),
            None => {}
        }
        let Ok(document) = fetch::document(self.app, id, &self.budget).await else { return Ok(()) };
        let mut ready = vec![document];
        while let Some(document) = ready.pop() {
            let post = import::shown(&document.json);
            let (Some(id), Some(parent)) = (post.id(), post.uri("inReplyTo")) else { continue };
            let above = parent.clone();
            if !self.app.glance(move |conn| Ok(store::posts::find_by_uri(conn, &above)?.is_some())).await? {
                let bytes = document.body.len();
                if self.keep(bytes) {
                    self.early.entry(parent).or_default().push(document);
                }
                continue;
            }
            if !self.take(post).await? {
                continue;
            }
            for waited in self.early.remove(&id).unwrap_or_default() {
                self.kept = self.kept.saturating_sub(waited.body.len());
                ready.push(waited);
            }
            if self.deep {
                self.open(&document, post);
            }
        }
        Ok(())
    }

    /// Asks for what answers a post that is known.
    async fn ask(&mut self, known: &Post) -> Result<()> {
        let open = !known.local && !known.is_boost() && known.visibility <= Visibility::Unlisted;
        if !self.deep || !open || self.pages == 0 {
            return Ok(());
        }
        self.pages -= 1;
        match fetch::document(self.app, &known.uri, &self.budget).await {
            Ok(document) if is_tombstone(&document) => import::missing(self.app, &known.uri, &Error::Gone).await,
            Ok(document) => {
                self.open(&document, import::shown(&document.json));
                Ok(())
            }
            Err(error) => import::missing(self.app, &known.uri, &error).await,
        }
    }

    /// Takes a post in; false when it has no place here.
    async fn take(&mut self, post: &Json) -> Result<bool> {
        let Ok(read) = objects::post::read(post, None) else { return Ok(false) };
        if self.posts == 0 {
            return Ok(false);
        }
        let author = read.author;
        if !self.app.glance(move |conn| Ok(store::accounts::find_by_uri(conn, &author)?.is_some())).await? {
            if self.people == 0 {
                return Ok(false);
            }
            self.people -= 1;
        }
        match import::take(self.app, post, Arrival::WALKED, &self.budget).await {
            Ok(Some(_)) => {
                self.posts -= 1;
                Ok(true)
            }
            Err(error @ Error::Unavailable(_)) => Err(error),
            _ => Ok(false),
        }
    }
}
