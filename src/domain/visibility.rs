//! Who may see what: one predicate, as code and as SQL, tested against each other. Every way to a post goes through one
//! of them; nothing else decides.
//!
//! A post is for its author; a public or unlisted one for everybody; a private one for followers and for those it
//! addresses; a direct one for those it addresses. Never for somebody its author blocks, and never while its author is
//! suspended or gone. A boost can be seen by who can see both the boost and the original. Before all that comes its
//! audience ([`super::audiences`]): what is for this site or for the organisation is not there for whoever belongs to
//! neither, named or not.

use super::{Viewer, audiences};
use crate::{
    Error, Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, Post, Visibility},
    store::views::{self, Standing},
    time::Timestamp,
};

/// The predicate. `standing` is the viewer's to the author; `addressed` whether the post names the viewer.
pub fn allows(
    viewer: Viewer,
    author: Id<Account>,
    (visibility, audience): (Visibility, Audience),
    standing: Standing,
    addressed: bool,
) -> bool {
    if standing.unavailable {
        return false;
    }
    let belongs = viewer.audience() <= audience;
    let open = matches!(visibility, Visibility::Public | Visibility::Unlisted);
    let Some(me) = viewer.0 else { return open && belongs };
    if me == author {
        return true;
    }
    if standing.blocked_by || !belongs {
        return false;
    }
    open || addressed || (visibility == Visibility::Private && standing.following)
}

/// The same as a condition on `posts p`: append it after `where` or `and`. Boosts: only the row itself is judged.
pub fn condition(viewer: Viewer) -> Sql {
    const AVAILABLE: &str = " and exists (select 1 from accounts va where va.id = p.account_id \
        and va.suspended_at is null and not va.suspended_by_origin and va.deleted_at is null)";
    // Written out, so that an index may know it.
    let belongs = match viewer.audience() {
        Audience::Site => "",
        Audience::Organisation => " and p.audience >= 1",
        Audience::Open => " and p.audience = 2",
    };
    let Some(me) = viewer.0 else {
        return Sql::new("(p.visibility <= 1").push(belongs).push(AVAILABLE).push(")");
    };
    Sql::new("(p.account_id = ")
        .bind(me)
        .push(
            " or ((p.visibility <= 1 or exists (select 1 from mentions vm where vm.post_id = p.id and vm.account_id = ",
        )
        .bind(me)
        .push(") or (p.visibility = 2 and exists (select 1 from follows vf where vf.account_id = ")
        .bind(me)
        .push(
            " and vf.target_id = p.account_id and vf.state = 1))) and not exists (select 1 from blocks vb where \
             vb.account_id = p.account_id and vb.target_id = ",
        )
        .bind(me)
        .push(")")
        .push(belongs)
        .push("))")
        .push(AVAILABLE)
}

/// What is known of the authors of a page, for one viewer.
#[derive(Clone, Debug, Default)]
pub struct Standings(Vec<(Id<Account>, Standing)>);

impl Standings {
    /// How the viewer stands to `author`.
    pub fn of(&self, author: Id<Account>) -> Standing {
        self.0.iter().find(|(id, _)| *id == author).map(|(_, s)| *s).unwrap_or_default()
    }
    /// Neither blocked nor muted by the viewer, nor of a domain the viewer blocks: their posts are shown in timelines.
    pub fn welcome(&self, author: Id<Account>) -> bool {
        let s = self.of(author);
        !s.blocking && !s.muting && !s.domain_blocking
    }
    /// Reads them, in one query.
    pub fn load(conn: &mut Conn, viewer: Viewer, authors: &[Id<Account>], now: Timestamp) -> Result<Self> {
        views::standings(conn, viewer.0, authors, true, now).map(Self)
    }
    /// Those to the authors of `posts`, as far as these posts need them: only one for followers asks who is followed.
    pub fn for_posts(conn: &mut Conn, viewer: Viewer, posts: &[Post], now: Timestamp) -> Result<Self> {
        let mut authors: Vec<Id<Account>> = posts.iter().map(|p| p.account_id).collect();
        authors.sort_unstable();
        authors.dedup();
        let following = posts.iter().any(|p| p.visibility == Visibility::Private);
        views::standings(conn, viewer.0, &authors, following, now).map(Self)
    }
}

/// Which of `posts` the viewer may see, in at most two queries. The originals of boosts must be among `posts` or
/// `originals`.
pub fn judge<'p>(
    conn: &mut Conn,
    viewer: Viewer,
    posts: impl Iterator<Item = &'p Post> + Clone,
    standings: &Standings,
) -> Result<Vec<bool>> {
    let addressed = match viewer.0 {
        Some(me) => {
            let doubtful: Vec<Id<Post>> = posts
                .clone()
                .filter(|p| {
                    let (narrow, private) = (p.visibility >= Visibility::Private, p.visibility == Visibility::Private);
                    narrow && p.account_id != me && !(private && standings.of(p.account_id).following)
                })
                .map(|p| p.id)
                .collect();
            views::addressed(conn, me, &doubtful)?
        }
        None => Vec::new(),
    };
    Ok(posts
        .map(|p| {
            let (standing, addressed) = (standings.of(p.account_id), addressed.contains(&p.id));
            allows(viewer, p.account_id, (p.visibility, p.audience), standing, addressed)
        })
        .collect())
}

/// Whether the viewer may see this post (and, of a boost, the original).
pub fn can_see(conn: &mut Conn, viewer: Viewer, post: &Post, now: Timestamp) -> Result<bool> {
    let mut both = vec![post.clone()];
    if let Some(original) = post.boost_of_id {
        match views::posts(conn, &[original])?.pop() {
            Some(original) => both.push(original),
            None => return Ok(false),
        }
    }
    let standings = Standings::for_posts(conn, viewer, &both, now)?;
    Ok(judge(conn, viewer, both.iter(), &standings)?.into_iter().all(|seen| seen))
}

/// As [`can_see`], for an account of this node or of another one.
pub fn sees(conn: &mut Conn, account: &Account, post: &Post, now: Timestamp) -> Result<bool> {
    let viewer = audiences::viewer(conn, account)?;
    can_see(conn, viewer, post, now)
}

/// The post, when the viewer may see it; otherwise `NotFound`, as if it were not there (PRV-02, PRV-16).
pub fn visible_post(conn: &mut Conn, viewer: Viewer, id: Id<Post>, now: Timestamp) -> Result<Post> {
    let post = views::post(conn, id)?;
    if can_see(conn, viewer, &post, now)? { Ok(post) } else { Err(Error::NotFound) }
}

/// As [`visible_post`], but a boost leads to its original: what favouriting, boosting and replying act on.
pub fn visible_original(conn: &mut Conn, viewer: Viewer, id: Id<Post>, now: Timestamp) -> Result<Post> {
    let post = visible_post(conn, viewer, id, now)?;
    match post.boost_of_id {
        Some(original) => views::post(conn, original),
        None => Ok(post),
    }
}
