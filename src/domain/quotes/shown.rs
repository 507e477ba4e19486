//! What a post quotes, as each viewer may see it.

use crate::{
    Result,
    db::Conn,
    domain::{
        Viewer,
        visibility::{self, Standings},
    },
    id::Id,
    model::{Post, Quote, QuoteState},
    store::{quotes, views},
    time::Timestamp,
};

/// What a post quotes, for one viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteView {
    /// Whether it stands, and whether the viewer wants to see it; in a word of the client API.
    pub state: &'static str,
    /// The quoted post, when it stands and the viewer may see it.
    pub quoted: Option<Id<Post>>,
    /// Where the quoted post of another server is, while nobody agreed to its being shown.
    pub link: Option<String>,
}

/// What posts quote, as the viewer may see it. Quoted posts that are to be shown are added to `rows`, which stay sorted;
/// of what those quote in turn only the state is told.
///
/// # Errors
/// Those of the database.
pub fn quotes_of(
    conn: &mut Conn,
    viewer: Viewer,
    rows: &mut Vec<Post>,
    now: Timestamp,
) -> Result<Vec<(Id<Post>, QuoteView)>> {
    let mut out = Vec::new();
    let mut posts: Vec<Id<Post>> = rows.iter().filter(|p| !p.is_boost()).map(|p| p.id).collect();
    for depth in 0..2 {
        let found = quotes::of_posts(conn, &posts)?;
        if found.is_empty() {
            break;
        }
        let matters = |q: &&Quote| matches!(q.state, QuoteState::Accepted | QuoteState::Pending);
        let mut wanted: Vec<Id<Post>> = found.iter().filter(matters).filter_map(|q| q.quoted_id).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let quoted = views::posts(conn, &wanted)?;
        let standings = Standings::for_posts(conn, viewer, &quoted, now)?;
        let seen = visibility::judge(conn, viewer, quoted.iter(), &standings)?;
        let seen: Vec<(Post, bool)> = quoted.into_iter().zip(seen).collect();
        for quote in &found {
            out.push((quote.post_id, shown_quote(quote, &seen, &standings)));
        }
        if depth > 0 {
            break;
        }
        // Those that are there already have been asked about.
        let there = |id: Id<Post>| rows.binary_search_by_key(&id, |p| p.id).is_ok();
        let stands = |id: Id<Post>| out.iter().any(|(_, quote): &(_, QuoteView)| quote.quoted == Some(id));
        let new = seen.into_iter().filter(|(post, _)| stands(post.id) && !there(post.id));
        let new: Vec<Post> = new.map(|(post, _)| post).collect();
        posts = new.iter().map(|p| p.id).collect();
        rows.extend(new);
        rows.sort_unstable_by_key(|p| p.id);
    }
    Ok(out)
}

/// How a quote looks. Whom the viewer blocks or mutes is told apart, so that clients may ask first; what the viewer may
/// not see is not named at all.
fn shown_quote(quote: &Quote, seen: &[(Post, bool)], standings: &Standings) -> QuoteView {
    let not_shown = |state, link| QuoteView { state, quoted: None, link };
    let known = seen.iter().find(|(post, _)| Some(post.id) == quote.quoted_id);
    match (quote.state, known) {
        (QuoteState::Accepted, None) => not_shown(QuoteState::Deleted.as_str(), None),
        (QuoteState::Accepted, Some((_, false))) => not_shown("unauthorized", None),
        (QuoteState::Accepted, Some((post, true))) => {
            let standing = standings.of(post.account_id);
            let state = match () {
                () if standing.blocking => "blocked_account",
                () if standing.domain_blocking => "blocked_domain",
                () if standing.muting => "muted_account",
                () => QuoteState::Accepted.as_str(),
            };
            QuoteView { state, quoted: Some(post.id), link: None }
        }
        // The address that its author wrote, as far as it says nothing new.
        (QuoteState::Pending, None) => not_shown(quote.state.as_str(), Some(quote.quoted_uri.clone())),
        (QuoteState::Pending, Some((post, true))) if !post.local => {
            let page = post.url.clone().filter(|url| !url.is_empty());
            not_shown(quote.state.as_str(), Some(page.unwrap_or_else(|| post.uri.clone())))
        }
        (state, _) => not_shown(state.as_str(), None),
    }
}
