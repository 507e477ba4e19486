//! What the concierge tells its own site when the charter changes: which nodes have joined (J2). The post has the audience of
//! the site, so it stands in the local timeline and never leaves.

use super::{NewPost, Page, blank, ensure, words};
use crate::{
    Result,
    domain::{
        Tx,
        charter::{self, Charter, Member, Signed},
        people::fields::Tongue,
        posts,
    },
    model::{Audience, Visibility},
    store,
};

/// Nodes that get a post each; of more at once, which somebody sees who was away for long, one post says how many.
const EACH: usize = 5;
/// Nodes that such a post names.
const NAMED: usize = 20;

/// Tells the site what a version that came into force brings. `before` is the one that was in force until now; none: this
/// node joins with it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn announce(tx: &mut Tx<'_>, before: Option<&Charter>, signed: &Signed) -> Result<()> {
    let (charter, own) = (&signed.charter, tx.site().domain().to_owned());
    let tongue = Tongue::of(tx.config().instance.languages.first().map(String::as_str));
    let others = charter.nodes.iter().filter(|node| node.domain != own);
    let Some(before) = before else {
        let count = others.count();
        // The first node of all joined nobody.
        if charter.version == 1 && count == 0 {
            return Ok(());
        }
        let mut page = Page::default();
        page.line(&words::SITE_JOINED.with(tongue, &[&charter.name, &count.to_string()]));
        return post(tx, page, tongue);
    };
    let mut new: Vec<&Member> = others.filter(|node| before.node(&node.domain).is_none()).collect();
    if !new.is_empty() {
        // A change that lost against another one is made again: its nodes were announced with the version that lost.
        let told = announced(tx, &signed.hash)?;
        new.retain(|node| !told.iter().any(|known| known.nodes.iter().any(|other| is_same(other, node))));
    }
    if new.len() > EACH {
        let mut page = Page::default();
        page.line(&words::NODES_JOINED.with(tongue, &[&new.len().to_string(), &charter.name]));
        for node in new.iter().take(NAMED) {
            page.address(&format!("{} ·", name(node)), &address(node));
        }
        return post(tx, page, tongue);
    }
    for node in new {
        let mut page = Page::default();
        page.address(&words::NODE_JOINED.with(tongue, &[name(node), &charter.name]), &address(node));
        post(tx, page, tongue)?;
    }
    Ok(())
}

/// The versions that were in force here before this one.
fn announced(tx: &mut Tx<'_>, hash: &str) -> Result<Vec<Charter>> {
    let rows = store::charter::all(tx.conn)?;
    // One that cannot be read any more says nothing.
    let earlier = rows.iter().filter(|row| row.hash != hash);
    Ok(earlier.filter_map(|row| charter::open(row).ok()).map(|known| known.charter).collect())
}

/// Whether both are one arrival: a node that was removed and comes back has another date.
fn is_same(one: &Member, other: &Member) -> bool {
    one.domain == other.domain && one.joined == other.joined
}

/// What people call a node.
fn name(node: &Member) -> &str {
    if node.department.trim().is_empty() { &node.domain } else { node.department.trim() }
}

/// Its front page.
fn address(node: &Member) -> String {
    format!("{}/", node.authority())
}

fn post(tx: &mut Tx<'_>, page: Page, tongue: Tongue) -> Result<()> {
    let own = ensure(tx)?;
    let new =
        NewPost { visibility: Visibility::Public, audience: Audience::Site, ..blank(tx, &own, page, tongue, &[]) };
    posts::insert_post(tx, new).map(|_| ())
}
