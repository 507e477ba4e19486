//! Reading collections of other servers (COLL-05): `items` or `orderedItems`, a first page embedded or by address, next
//! pages on the same authority only, bounded by pages, items and the budget; a page is never read twice, and what the
//! collection says of its own size is not believed (NET-17, ROB-08).

use super::{
    fetch::{self, Budget},
    json::Json,
};
use crate::{Result, app::App, limits, uri};
use std::collections::{HashSet, VecDeque};

/// How much of a collection is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Pages fetched, the collection itself not counted.
    pub pages: usize,
    /// Items.
    pub items: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { pages: limits::COLLECTION_PAGES, items: limits::COLLECTION_ITEMS }
    }
}

/// What was read of a collection.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// Items in their order: ids as text, or embedded objects.
    pub items: Vec<Json>,
    /// What it says of its size; for display only.
    pub total: Option<i64>,
    /// Everything was read: nothing was cut by a bound or a failure.
    pub is_complete: bool,
    /// Pages that were read, the collection itself not counted.
    pub pages: usize,
}

/// Reads a collection at an address, or an embedded one when `given` is an object on the authority of `owner`.
/// An embedded collection of another authority is fetched from there.
///
/// # Errors
/// Those of [`fetch::document`] when not even the collection itself can be read; a failing page just ends it.
pub async fn read(app: &App, given: &Json, owner: &str, bounds: Bounds, budget: &Budget) -> Result<Collection> {
    let mut items = Vec::new();
    let mut keep = |item: &Json| {
        items.push(item.clone());
        true
    };
    let found = visit(app, given, owner, bounds, budget, &mut keep).await?;
    Ok(Collection { items, ..found })
}

/// As [`read`], for what is too much to be kept: hands each item over, page by page, until that is enough (false), and
/// answers the rest.
///
/// # Errors
/// As [`read`].
pub async fn visit(
    app: &App,
    given: &Json,
    owner: &str,
    bounds: Bounds,
    budget: &Budget,
    each: &mut (dyn FnMut(&Json) -> bool + Send),
) -> Result<Collection> {
    let own = uri::normalize(owner).unwrap_or_default();
    let embedded = given.is_object() && given.id().is_none_or(|id| uri::same_authority(&id, &own));
    let (first, base) = if embedded && !given.first_of(&["items", "orderedItems", "first"]).is_null() {
        (given.clone(), given.id().unwrap_or(own))
    } else {
        let address = given.as_uri().ok_or(crate::Error::NotFound)?;
        let document = fetch::document(app, &address, budget).await?;
        (document.json.clone(), document.id.clone())
    };
    let mut found = Collection { total: first.count("totalItems"), is_complete: true, ..Collection::default() };
    let mut seen = HashSet::from([base.clone()]);
    let mut waiting = VecDeque::from([first]);
    let mut seen_items = 0;
    while let Some(page) = waiting.pop_front() {
        let items = page.first_of(&["orderedItems", "items"]);
        for item in items.items() {
            if seen_items >= bounds.items {
                found.is_complete = false;
                return Ok(found);
            }
            seen_items += 1;
            if !each(item) {
                found.is_complete = false;
                return Ok(found);
            }
        }
        // A page has `next`; the collection has `first`, unless its items stand in it.
        let follow = match page.one("next") {
            Json::Null if items.is_null() => page.one("first"),
            other => other,
        };
        if follow.is_null() {
            continue;
        }
        if follow.is_object() && follow.id().is_none_or(|id| uri::same_authority(&id, &base)) && has_items(follow) {
            if follow.id().is_none_or(|id| seen.insert(id)) && found.pages < bounds.pages {
                found.pages += 1;
                waiting.push_back(follow.clone());
            }
            continue;
        }
        let next = follow.as_uri().filter(|next| uri::same_authority(next, &base) && seen.insert(next.clone()));
        let page = match next {
            Some(next) if found.pages < bounds.pages => fetch::document(app, &next, budget).await.ok(),
            _ => None,
        };
        found.pages += 1;
        match page {
            Some(document) => waiting.push_back(document.json.clone()),
            None => found.is_complete = false,
        }
    }
    Ok(found)
}

fn has_items(page: &Json) -> bool {
    !page.first_of(&["items", "orderedItems", "next"]).is_null()
}

/// What a collection says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Cover {
    /// The number of its members, for display only.
    pub total: Option<i64>,
    /// It shows none of them: neither here nor on a page.
    pub is_hidden: bool,
}

/// The number of members of a collection at an address, and whether it shows any, for a profile (DISC-10). One fetch.
///
/// # Errors
/// Those of [`fetch::document`].
pub async fn cover(app: &App, address: &str, budget: &Budget) -> Result<Cover> {
    let document = fetch::document(app, address, budget).await?;
    let total = document.json.count("totalItems");
    let shown = !document.json.first_of(&["first", "items", "orderedItems"]).is_null();
    Ok(Cover { total, is_hidden: !shown && total.is_some_and(|n| n > 0) })
}
