//! Collections as somebody sees them, and those that posts link to.

use super::may_be_put_in;
use crate::{
    Result,
    db::Conn,
    domain::{Viewer, views::AccountViews},
    id::Id,
    model::{Account, Collection, CollectionItem},
    store,
};

/// Collections of one post that are shown with it.
const LINKED: usize = 10;
/// What stands in the address of a collection of another server; a link to anything else is not looked for.
const WORD: &str = "collection";
/// What stands before the number of a collection in the address of its page and in its id.
const MARKS: [&str; 2] = ["#collection-", "/featured_collections/"];

/// Collections with who is in them that the viewer may see: people who are gone, or do not want to be found any more, and
/// those of whom one side blocks the other, are left out. Who is of another server and in a collection of one agreed to that,
/// whether they want to be found or not.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The collections.
    pub rows: Vec<Collection>,
    /// Who is in them.
    pub items: Vec<CollectionItem>,
    /// All of these people, and the owners.
    pub people: AccountViews,
}

impl Shown {
    /// Reads who is in these.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(conn: &mut Conn, viewer: Viewer, rows: Vec<Collection>) -> Result<Self> {
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<Id<Collection>> = rows.iter().map(|row| row.id).collect();
        let mut items = store::collections::items(conn, &ids)?;
        let mut people: Vec<Id<Account>> = items.iter().map(|item| item.account_id).collect();
        let strangers = strangers(conn, viewer, &people)?;
        people.extend(rows.iter().map(|row| row.account_id));
        let people = AccountViews::load(conn, &people)?.shown_to(conn, viewer)?;
        let elsewhere: Vec<Id<Collection>> = rows.iter().filter(|row| row.uri.is_some()).map(|row| row.id).collect();
        items.retain(|item| {
            let agreed = elsewhere.contains(&item.collection_id);
            let willing = |account: &Account| match agreed && !account.is_local() {
                true => account.left_on.is_none() && !account.is_unavailable(),
                false => may_be_put_in(account),
            };
            people.get(item.account_id).is_some_and(willing) && !strangers.contains(&item.account_id)
        });
        Ok(Self { rows, items, people })
    }

    /// Those that one of these texts may link to, but for what is of people who are gone, or of whom one side blocks the
    /// other. Whether a text really links to one is told by its address.
    ///
    /// # Errors
    /// Those of the database.
    pub fn linked<'t>(conn: &mut Conn, viewer: Viewer, texts: impl Iterator<Item = &'t str>) -> Result<Self> {
        let (mut ids, mut addresses): (Vec<Id<Collection>>, Vec<&str>) = (Vec::new(), Vec::new());
        for text in texts {
            ids.extend(linked(text));
            addresses.extend(links(text));
        }
        if ids.is_empty() && addresses.is_empty() {
            return Ok(Self::default());
        }
        ids.sort_unstable();
        ids.dedup();
        addresses.sort_unstable();
        addresses.dedup();
        let mut rows = store::collections::several(conn, &ids)?;
        rows.retain(|row| row.uri.is_none());
        rows.extend(store::collections::by_addresses(conn, &addresses)?);
        let owners: Vec<Id<Account>> = rows.iter().map(|row| row.account_id).collect();
        let strangers = strangers(conn, viewer, &owners)?;
        rows.retain(|row| !strangers.contains(&row.account_id));
        let mut shown = Self::load(conn, viewer, rows)?;
        let people = &shown.people;
        shown.rows.retain(|row| people.get(row.account_id).is_some_and(|owner| !owner.is_unavailable()));
        Ok(shown)
    }
}

/// Those of these people of whom and the viewer one side blocks the other.
fn strangers(conn: &mut Conn, viewer: Viewer, people: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    match viewer.0 {
        Some(viewer) => store::follows::blocked_among(conn, viewer, people),
        None => Ok(Vec::new()),
    }
}

/// The addresses in a text that may be those of collections of other servers.
fn links(text: &str) -> Vec<&str> {
    if !text.contains(WORD) {
        return Vec::new();
    }
    let found = text.split("href=\"").skip(1).take(100).filter_map(|rest| rest.split('"').next());
    found.filter(|address| address.contains(WORD) && !address.contains('&')).take(LINKED).collect()
}

/// The collections of this node that a text may link to, in its order.
pub fn linked(text: &str) -> Vec<Id<Collection>> {
    let mut found: Vec<(usize, Id<Collection>)> = Vec::new();
    for mark in MARKS {
        for (at, _) in text.match_indices(mark).take(100) {
            let rest = text.get(at + mark.len()..).unwrap_or_default();
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            if let Ok(id) = digits.parse()
                && !found.iter().any(|(_, known)| *known == id)
            {
                found.push((at, id));
            }
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter().take(LINKED).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::{LINKED, linked, links};

    #[test]
    fn numbers_of_collections_are_found_in_addresses_and_nowhere_else() {
        let text = r#"<a href="https://a.example/users/ada/featured_collections/7">x</a> <a href="https://a.example/@ada#collection-12">#collection-12</a>"#;
        let numbers = |text: &str| linked(text).into_iter().map(crate::id::Id::raw).collect::<Vec<_>>();
        assert_eq!(numbers(text), [7, 12]);
        for none in ["", "collection-7", "#collection-", "#collection-x", "/featured_collections/", "#collection-ä"] {
            assert_eq!(numbers(none), Vec::<i64>::new(), "{none}");
        }
        let many: String = (1..100).map(|n| format!("#collection-{n} ")).collect();
        assert_eq!(linked(&many).len(), LINKED);
    }

    #[test]
    fn addresses_that_may_be_collections_elsewhere_are_found_in_links_alone() {
        let text = r#"<a href="https://a.example/collections/1">x</a> https://a.example/collections/2
            <a href="https://a.example/@ada">y</a><a class="z" href="https://a.example/featured_collections/3" rel="me">z</a>"#;
        assert_eq!(links(text), ["https://a.example/collections/1", "https://a.example/featured_collections/3"]);
        for none in ["", "collection", "href=\"", r#"<a href="https://a.example/?a=collection&amp;b=1">x</a>"#] {
            assert!(links(none).is_empty(), "{none}");
        }
    }
}
