//! What is needed to show posts and accounts, read for a whole page with a constant number of queries. Edges turn views
//! into documents.

use super::{
    Viewer,
    cards::may_link,
    collections, emojis, html,
    people::directory::hide_from_strangers,
    quotes::{
        policy::{self, Consent},
        shown::{QuoteView, quotes_of},
    },
    visibility::{self, Standings},
};
use crate::{
    Result,
    db::Conn,
    id::Id,
    model::{
        Account, AccountKind, App, Card, Filter, FilterKeyword, FilterPost, Media, Poll, PollOption, Post, Visibility,
    },
    store::{
        accounts, cards,
        emoji_reactions::{self, Kind},
        quotes,
        views::{self, Mark, Mentioned},
    },
    time::Timestamp,
};

/// Accounts to be shown, and those they moved to.
#[derive(Clone, Debug, Default)]
pub struct AccountViews {
    /// Sorted by id.
    rows: Vec<Account>,
    /// The ids asked for, in that order.
    pub order: Vec<Id<Account>>,
}

impl AccountViews {
    /// An account that was read.
    pub fn get(&self, id: Id<Account>) -> Option<&Account> {
        self.index(id).and_then(|at| self.rows.get(at))
    }
    /// Where it stands in [`AccountViews::all`].
    pub fn index(&self, id: Id<Account>) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |a| a.id).ok()
    }
    /// Every account that was read, moved ones included.
    pub fn all(&self) -> &[Account] {
        &self.rows
    }
    /// The accounts asked for that exist, in the order asked.
    pub fn in_order(&self) -> impl Iterator<Item = &Account> {
        self.order.iter().filter_map(|id| self.get(*id))
    }

    /// Reads accounts by id, each once.
    pub fn load(conn: &mut Conn, ids: &[Id<Account>]) -> Result<Self> {
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let rows = accounts::list(conn, &wanted)?;
        let mut views = Self::of(conn, rows)?;
        views.order = ids.to_vec();
        Ok(views)
    }

    /// As `viewer` may see them: strangers are not shown the facts of people who are not for everybody, and of people of
    /// this node and of the organisation no more than what they write for everybody is counted.
    pub fn shown_to(mut self, conn: &mut Conn, viewer: Viewer) -> Result<Self> {
        if viewer.0.is_none() {
            let groups: Vec<Id<Account>> =
                self.rows.iter().filter(|a| a.kind == AccountKind::Group).map(|a| a.id).collect();
            let near = crate::store::projects::near(conn, &groups)?;
            self.rows.retain(|account| !near.contains(&account.id));
            hide_from_strangers(conn, &mut self.rows)?;
            let colleagues = crate::store::audiences::hosts(conn)?;
            let is_colleague = |a: &Account| colleagues.iter().any(|host| host == crate::uri::authority(&a.uri));
            let inside = |a: &&mut Account| a.posts_count != a.open_posts_count && (a.is_local() || is_colleague(a));
            for account in self.rows.iter_mut().filter(inside) {
                (account.posts_count, account.last_post_at) = (account.open_posts_count, None);
            }
        }
        Ok(self)
    }

    /// Around rows that are here already.
    pub fn of(conn: &mut Conn, mut rows: Vec<Account>) -> Result<Self> {
        let order = rows.iter().map(|a| a.id).collect();
        let moved: Vec<Id<Account>> = rows.iter().filter_map(|a| a.moved_to_id).collect();
        if !moved.is_empty() {
            rows.extend(accounts::list(conn, &moved)?);
        }
        rows.sort_unstable_by_key(|a| a.id);
        rows.dedup_by_key(|a| a.id);
        let mut with: Vec<(&str, &mut String)> = rows
            .iter_mut()
            .filter(|a| a.domain.is_some() && a.emojis != "[]")
            .map(|a| (a.uri.as_str(), &mut a.emojis))
            .collect();
        emojis::renew(conn, &mut with)?;
        Ok(Self { rows, order })
    }
}

/// A poll with everything shown of it.
#[derive(Clone, Debug)]
pub struct PollView {
    pub poll: Poll,
    pub options: Vec<PollOption>,
    /// What the viewer chose.
    pub own_votes: Vec<i64>,
    /// The viewer wrote it.
    pub own: bool,
}

/// What the viewer did with a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub favourited: bool,
    pub boosted: bool,
    pub bookmarked: bool,
    pub pinned: bool,
    pub muted: bool,
}

/// A filter that matched a post.
#[derive(Clone, Debug)]
pub struct Match {
    /// Index into [`PostViews::filters`].
    pub filter: usize,
    pub keywords: Vec<String>,
    pub posts: Vec<Id<Post>>,
}

/// A filter with its words and posts.
#[derive(Clone, Debug)]
pub struct FilterView {
    pub filter: Filter,
    pub keywords: Vec<FilterKeyword>,
    pub posts: Vec<FilterPost>,
}

/// A post with everything shown of it.
#[derive(Clone, Debug)]
pub struct PostView {
    pub post: Post,
    /// What it quotes.
    pub quote: Option<QuoteView>,
    /// What the viewer gets who wants to quote it.
    pub consent: Consent,
    pub media: Vec<Media>,
    pub mentions: Vec<Mentioned>,
    pub tags: Vec<String>,
    pub poll: Option<PollView>,
    /// The page it is about.
    pub card: Option<Card>,
    pub app: Option<App>,
    /// What people think of it, in emoji.
    pub reactions: Vec<Kind>,
    pub marks: Marks,
    pub matches: Vec<Match>,
}

/// Posts to be shown to one viewer.
#[derive(Clone, Debug, Default)]
pub struct PostViews {
    /// Who looks.
    pub viewer: Option<Id<Account>>,
    /// When.
    pub now: Timestamp,
    /// The ids asked for that the viewer may see, in that order.
    pub order: Vec<Id<Post>>,
    /// Sorted by id, originals of boosts included.
    rows: Vec<PostView>,
    /// Authors.
    pub accounts: AccountViews,
    /// Filters of the viewer that are in force.
    pub filters: Vec<FilterView>,
    /// Collections of people that posts link to.
    pub collections: collections::Shown,
}

impl PostViews {
    /// A post that was read.
    pub fn get(&self, id: Id<Post>) -> Option<&PostView> {
        self.rows.binary_search_by_key(&id, |v| v.post.id).ok().and_then(|at| self.rows.get(at))
    }
    /// The posts asked for that may be shown, in the order asked.
    pub fn in_order(&self) -> impl Iterator<Item = &PostView> {
        self.order.iter().filter_map(|id| self.get(*id))
    }

    /// Leaves posts asked for out.
    pub fn retain(&mut self, mut keep: impl FnMut(&PostView) -> bool) {
        let order = std::mem::take(&mut self.order);
        self.order = order.into_iter().filter(|id| self.get(*id).is_some_and(&mut keep)).collect();
    }

    /// Reads everything shown of `posts`; what the viewer may not see is left out.
    pub fn load(conn: &mut Conn, viewer: Viewer, posts: Vec<Post>, now: Timestamp) -> Result<Self> {
        Self::load_with(conn, viewer, posts, &[], now)
    }

    /// As [`PostViews::load`], reading further accounts into `accounts` on the way.
    pub fn load_with(
        conn: &mut Conn,
        viewer: Viewer,
        posts: Vec<Post>,
        also: &[Id<Account>],
        now: Timestamp,
    ) -> Result<Self> {
        let gathered = Gathered::read(conn, viewer, posts, false, now)?;
        Self::finish(conn, viewer, gathered, also, now)
    }

    /// Reads what hangs on posts that were gathered.
    pub fn finish(
        conn: &mut Conn,
        viewer: Viewer,
        gathered: Gathered,
        also: &[Id<Account>],
        now: Timestamp,
    ) -> Result<Self> {
        let Gathered { mut order, mut rows } = gathered;
        let mut with: Vec<(&str, &mut String)> =
            rows.iter_mut().filter(|p| !p.local && p.emojis != "[]").map(|p| (p.uri.as_str(), &mut p.emojis)).collect();
        emojis::renew(conn, &mut with)?;
        let quotes = quotes_of(conn, viewer, &mut rows, now)?;
        let cards = cards_of(conn, &rows)?;
        let creators = cards.iter().filter_map(|(_, card)| card.creator_id);
        let mut authors: Vec<Id<Account>> =
            rows.iter().map(|p| p.account_id).chain(also.iter().copied()).chain(creators).collect();
        authors.sort_unstable();
        authors.dedup();
        let accounts = AccountViews::load(conn, &authors)?.shown_to(conn, viewer)?;
        rows.retain(|p| accounts.get(p.account_id).is_some());
        order.retain(|id| rows.binary_search_by_key(id, |p| p.id).is_ok());
        let mut views = Self {
            viewer: viewer.0,
            now,
            order,
            rows: rows.into_iter().map(PostView::bare).collect(),
            accounts,
            filters: Vec::new(),
            collections: collections::Shown::default(),
        };
        for (post, card) in cards {
            if let Some(view) = find(&mut views.rows, post) {
                view.card = Some(card);
            }
        }
        for (post, quote) in quotes {
            if let Some(view) = find(&mut views.rows, post) {
                view.quote = Some(quote);
            }
        }
        let texts = views.rows.iter().map(|v| v.post.content.as_str());
        views.collections = collections::Shown::linked(conn, viewer, texts)?;
        views.fill_consent(conn)?;
        views.fill(conn)?;
        Ok(views)
    }

    /// Reads everything shown of the posts with these ids, in this order.
    pub fn by_ids(conn: &mut Conn, viewer: Viewer, ids: &[Id<Post>], now: Timestamp) -> Result<Self> {
        let rows = views::posts(conn, ids)?;
        let mut views = Self::load(conn, viewer, rows, now)?;
        let shown = std::mem::take(&mut views.order);
        views.order = ids.iter().copied().filter(|id| shown.contains(id)).collect();
        Ok(views)
    }

    /// As [`PostViews::by_ids`], of a post from which the viewer took something back: also when its author blocks them, as
    /// long as it is for everybody.
    pub fn taken_back(conn: &mut Conn, viewer: Viewer, id: Id<Post>, now: Timestamp) -> Result<Self> {
        let mut rows = views::posts(conn, &[id])?;
        rows.retain(|post| post.visibility <= Visibility::Unlisted && !post.is_boost());
        let authors: Vec<Id<Account>> = rows.iter().map(|post| post.account_id).collect();
        if accounts::list(conn, &authors)?.iter().any(Account::is_unavailable) {
            rows.clear();
        }
        let order = rows.iter().map(|post| post.id).collect();
        Self::finish(conn, viewer, Gathered { order, rows }, &[], now)
    }

    /// What hangs on originals; boosts carry nothing of their own.
    fn fill(&mut self, conn: &mut Conn) -> Result<()> {
        let own: Vec<Id<Post>> = self.rows.iter().filter(|v| !v.post.is_boost()).map(|v| v.post.id).collect();
        if own.is_empty() {
            return Ok(());
        }
        for mention in views::mentions(conn, &own)? {
            if let Some(view) = find(&mut self.rows, mention.post_id) {
                view.mentions.push(mention);
            }
        }
        for (post, tag) in views::tags(conn, &own)? {
            if let Some(view) = find(&mut self.rows, post) {
                view.tags.push(tag);
            }
        }
        let with_media: Vec<Id<Post>> =
            self.rows.iter().filter(|v| v.post.media_ids != "[]").map(|v| v.post.id).collect();
        if !with_media.is_empty() {
            for media in views::media(conn, &with_media)? {
                if let Some(view) = media.post_id.and_then(|id| find(&mut self.rows, id)) {
                    view.media.push(media);
                }
            }
        }
        self.fill_polls(conn)?;
        // Whoever reacts is among those who like it.
        let liked: Vec<Id<Post>> =
            self.rows.iter().filter(|v| v.post.favourites_count > 0).map(|v| v.post.id).collect();
        if !liked.is_empty() {
            for kind in emoji_reactions::kinds(conn, self.viewer, &liked)? {
                if let Some(view) = find(&mut self.rows, kind.post) {
                    view.reactions.push(kind);
                }
            }
        }
        let mut apps: Vec<Id<App>> = self.rows.iter().filter_map(|v| v.post.app_id).collect();
        if !apps.is_empty() {
            apps.sort_unstable();
            apps.dedup();
            let apps = views::apps(conn, &apps)?;
            for view in &mut self.rows {
                view.app = view.post.app_id.and_then(|id| apps.iter().find(|a| a.id == id).cloned());
            }
        }
        let Some(me) = self.viewer else { return Ok(()) };
        let mut threads: Vec<Id<Post>> = self.rows.iter().map(|v| v.post.conversation_id).collect();
        threads.sort_unstable();
        threads.dedup();
        let mine: Vec<Id<Post>> =
            self.rows.iter().filter(|v| v.post.account_id == me && !v.post.is_boost()).map(|v| v.post.id).collect();
        for (mark, id) in views::marks(conn, me, &own, &mine, &threads)? {
            if mark == Mark::ThreadMuted {
                self.rows.iter_mut().filter(|v| v.post.conversation_id == id).for_each(|v| v.marks.muted = true);
                continue;
            }
            let Some(view) = find(&mut self.rows, id) else { continue };
            match mark {
                Mark::Favourited => view.marks.favourited = true,
                Mark::Boosted => view.marks.boosted = true,
                Mark::Bookmarked => view.marks.bookmarked = true,
                Mark::Pinned => view.marks.pinned = true,
                Mark::ThreadMuted => {}
            }
        }
        self.filters = filters(conn, me, self.now)?;
        if !self.filters.is_empty() {
            for view in self.rows.iter_mut().filter(|v| v.post.account_id != me && !v.post.is_boost()) {
                view.matches = matches(&self.filters, view);
            }
        }
        Ok(())
    }

    fn fill_consent(&mut self, conn: &mut Conn) -> Result<()> {
        let me = self.viewer;
        let mut asked: Vec<Id<Account>> =
            self.rows.iter().filter(|v| policy::asks_who_follows(&v.post)).map(|v| v.post.account_id).collect();
        asked.sort_unstable();
        asked.dedup();
        let (followed, followers) = match me {
            Some(me) => quotes::relations(conn, me, &asked)?,
            None => (Vec::new(), Vec::new()),
        };
        for view in &mut self.rows {
            let author = view.post.account_id;
            view.consent = policy::judge(&view.post, me, followed.contains(&author), followers.contains(&author));
        }
        Ok(())
    }

    fn fill_polls(&mut self, conn: &mut Conn) -> Result<()> {
        let ids: Vec<Id<Poll>> = self.rows.iter().filter_map(|v| v.post.poll_id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        for poll in polls(conn, self.viewer, &ids)? {
            if let Some(view) = find(&mut self.rows, poll.poll.post_id) {
                let own = self.viewer == Some(view.post.account_id);
                view.poll = Some(PollView { own, ..poll });
            }
        }
        Ok(())
    }
}

/// Posts that passed the predicate, with the originals of boosts.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The posts asked for, in that order.
    pub order: Vec<Id<Post>>,
    /// Sorted by id.
    rows: Vec<Post>,
}

impl Gathered {
    /// Judges `posts`; with `timeline` also leaves out those by, or boosted from, people the viewer blocks or mutes.
    pub fn read(conn: &mut Conn, viewer: Viewer, posts: Vec<Post>, timeline: bool, now: Timestamp) -> Result<Self> {
        Self::judged(conn, viewer, posts, now, |standings, post| !timeline || standings.welcome(post.account_id))
    }

    /// Judges `posts` of one author, whose own are shown to whoever looks at them; what they boosted of people whom the
    /// viewer blocks or mutes is left out, but in one's own.
    pub fn of_author(
        conn: &mut Conn,
        viewer: Viewer,
        author: Id<Account>,
        posts: Vec<Post>,
        now: Timestamp,
    ) -> Result<Self> {
        let own = viewer.0 == Some(author);
        Self::judged(conn, viewer, posts, now, |standings, post| {
            own || post.account_id == author || standings.welcome(post.account_id)
        })
    }

    fn judged(
        conn: &mut Conn,
        viewer: Viewer,
        posts: Vec<Post>,
        now: Timestamp,
        shown: impl Fn(&Standings, &Post) -> bool,
    ) -> Result<Self> {
        let mut order: Vec<Id<Post>> = posts.iter().map(|p| p.id).collect();
        let mut rows = posts;
        let missing: Vec<Id<Post>> =
            rows.iter().filter_map(|p| p.boost_of_id).filter(|id| !order.contains(id)).collect();
        if !missing.is_empty() {
            rows.extend(views::posts(conn, &missing)?);
        }
        rows.sort_unstable_by_key(|p| p.id);
        rows.dedup_by_key(|p| p.id);
        let standings = Standings::for_posts(conn, viewer, &rows, now)?;
        let seen = visibility::judge(conn, viewer, rows.iter(), &standings)?;
        let mut seen = seen.into_iter();
        rows.retain(|p| seen.next().unwrap_or(false) && shown(&standings, p));
        // A boost goes with its original.
        let there = |id: Id<Post>| rows.binary_search_by_key(&id, |p| p.id).is_ok();
        let gone: Vec<Id<Post>> =
            rows.iter().filter(|p| p.boost_of_id.is_some_and(|o| !there(o))).map(|p| p.id).collect();
        if !gone.is_empty() {
            rows.retain(|p| !gone.contains(&p.id));
        }
        order.retain(|id| rows.binary_search_by_key(id, |p| p.id).is_ok());
        Ok(Self { order, rows })
    }

    /// Takes in another batch, behind this one or (`before`) in front of it.
    pub fn join(&mut self, other: Self, before: bool) {
        if self.rows.is_empty() {
            *self = other;
            return;
        }
        let at = if before { 0 } else { self.order.len() };
        self.order.splice(at..at, other.order);
        self.rows.extend(other.rows);
        self.rows.sort_unstable_by_key(|p| p.id);
        self.rows.dedup_by_key(|p| p.id);
    }

    /// Whether this post passed.
    pub fn has(&self, id: Id<Post>) -> bool {
        self.rows.binary_search_by_key(&id, |p| p.id).is_ok()
    }
}

impl PostView {
    fn bare(post: Post) -> Self {
        Self {
            post,
            quote: None,
            consent: Consent::Denied,
            media: Vec::new(),
            mentions: Vec::new(),
            tags: Vec::new(),
            poll: None,
            card: None,
            app: None,
            reactions: Vec::new(),
            marks: Marks::default(),
            matches: Vec::new(),
        }
    }
}

/// The cards of posts, in one query, and none when no post can have one. What the server of a post says about a page need
/// not stand in its text.
fn cards_of(conn: &mut Conn, posts: &[Post]) -> Result<Vec<(Id<Post>, Card)>> {
    let with: Vec<Id<Post>> =
        posts.iter().filter(|p| !p.is_boost() && (!p.local || may_link(&p.content))).map(|p| p.id).collect();
    if with.is_empty() { Ok(Vec::new()) } else { cards::shown(conn, &with) }
}

fn find(rows: &mut [PostView], id: Id<Post>) -> Option<&mut PostView> {
    let at = rows.binary_search_by_key(&id, |v| v.post.id).ok()?;
    rows.get_mut(at)
}

/// Polls with their options and what the viewer chose.
pub fn polls(conn: &mut Conn, viewer: Option<Id<Account>>, ids: &[Id<Poll>]) -> Result<Vec<PollView>> {
    let mut out: Vec<PollView> = views::polls(conn, ids)?
        .into_iter()
        .map(|poll| PollView { poll, options: Vec::new(), own_votes: Vec::new(), own: false })
        .collect();
    for option in views::poll_options(conn, ids)? {
        if let Some(view) = out.iter_mut().find(|v| v.poll.id == option.poll_id) {
            view.options.push(option);
        }
    }
    if let Some(me) = viewer {
        for (poll, choice) in views::own_votes(conn, me, ids)? {
            if let Some(view) = out.iter_mut().find(|v| v.poll.id == poll) {
                view.own_votes.push(choice);
            }
        }
    }
    Ok(out)
}

/// The filters of a person that are in force, with what they match.
pub fn filters(conn: &mut Conn, owner: Id<Account>, now: Timestamp) -> Result<Vec<FilterView>> {
    let rows = views::filters(conn, owner, now)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id<Filter>> = rows.iter().map(|f| f.id).collect();
    let mut out: Vec<FilterView> =
        rows.into_iter().map(|filter| FilterView { filter, keywords: Vec::new(), posts: Vec::new() }).collect();
    for keyword in views::filter_keywords(conn, &ids)? {
        if let Some(view) = out.iter_mut().find(|f| f.filter.id == keyword.filter_id) {
            view.keywords.push(keyword);
        }
    }
    for post in views::filter_posts(conn, &ids)? {
        if let Some(view) = out.iter_mut().find(|f| f.filter.id == post.filter_id) {
            view.posts.push(post);
        }
    }
    Ok(out)
}

/// Which filters match a post: its text, warning, descriptions and options, in any case.
fn matches(filters: &[FilterView], view: &PostView) -> Vec<Match> {
    let mut text = html::plain_text(&view.post.content).to_lowercase();
    let descriptions = view.media.iter().filter_map(|m| m.description.as_deref());
    let options = view.poll.iter().flat_map(|p| p.options.iter().map(|o| o.title.as_str()));
    for more in std::iter::once(view.post.spoiler_text.as_str()).chain(descriptions).chain(options) {
        text.push('\n');
        text.push_str(&more.to_lowercase());
    }
    let mut out = Vec::new();
    for (at, filter) in filters.iter().enumerate() {
        let keywords: Vec<String> = filter
            .keywords
            .iter()
            .filter(|k| contains(&text, &k.keyword.to_lowercase(), k.whole_word))
            .map(|k| k.keyword.clone())
            .collect();
        let posts: Vec<Id<Post>> = filter.posts.iter().map(|p| p.post_id).filter(|id| *id == view.post.id).collect();
        if !keywords.is_empty() || !posts.is_empty() {
            out.push(Match { filter: at, keywords, posts });
        }
    }
    out
}

/// Whether `text` has `word`; as a whole word: not inside a longer one, where the word itself ends in letters or digits.
fn contains(text: &str, word: &str, whole: bool) -> bool {
    if word.is_empty() {
        return false;
    }
    if !whole {
        return text.contains(word);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let opens = word.chars().next().is_some_and(is_word);
    let closes = word.chars().next_back().is_some_and(is_word);
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
        !(opens && before.is_some_and(is_word) || closes && after.is_some_and(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn whole_words_are_found_only_as_words() {
        assert!(contains("the cat sat", "cat", true));
        assert!(contains("cat", "cat", true));
        assert!(!contains("concatenate", "cat", true));
        assert!(contains("concatenate", "cat", false));
        assert!(contains("say #cat!", "#cat", true));
        assert!(!contains("say #cats!", "#cat", true));
        assert!(contains("c++ and rust", "c++", true));
        assert!(contains("über alles", "über", true));
        assert!(!contains("anything", "", false));
    }
}
