//! Collections and their pages (DISC-13, DISC-14, OUT-12, OUT-13). The caller chooses what is on a page; here only the
//! shape is made.

use activitypub_federation::kinds::collection::{
    CollectionPageType, CollectionType, OrderedCollectionPageType, OrderedCollectionType,
};
use serde::Serialize;

/// Whether the order of a collection says something.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Kind {
    /// It does.
    Ordered(OrderedCollectionType),
    /// It does not.
    Unordered(CollectionType),
}

impl Kind {
    /// `OrderedCollection`.
    pub const ORDERED: Self = Self::Ordered(OrderedCollectionType::OrderedCollection);
    /// `Collection`.
    pub const UNORDERED: Self = Self::Unordered(CollectionType::Collection);
}

/// The same of a page.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PageKind {
    /// `OrderedCollectionPage`.
    Ordered(OrderedCollectionPageType),
    /// `CollectionPage`.
    Unordered(CollectionPageType),
}

/// A collection that points to its first page, or holds all its items, or only tells how many there are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection<'a, T> {
    /// Its id.
    pub id: &'a str,
    /// `OrderedCollection` or `Collection`.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How many items the reader could see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_items: Option<i64>,
    /// First page: an id, or the page itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<First<'a, T>>,
    /// All items, of a small ordered collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_items: Option<Vec<T>>,
    /// All items, of a small unordered collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<T>>,
    /// Whose it is, where the address does not tell: a thread's is its first author's (THR-06).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributed_to: Option<&'a str>,
}

/// Where the first page is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum First<'a, T> {
    /// Elsewhere.
    Link(String),
    /// Here.
    Page(Box<Page<'a, T>>),
}

/// One page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a, T> {
    /// Its id.
    pub id: String,
    /// `OrderedCollectionPage` or `CollectionPage`.
    #[serde(rename = "type")]
    pub kind: PageKind,
    /// The collection.
    pub part_of: &'a str,
    /// The next, older page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Items, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_items: Option<Vec<T>>,
    /// Items of an unordered collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<T>>,
}

impl<'a, T> Collection<'a, T> {
    /// Ordered, with a link to its first page.
    pub fn paged(id: &'a str, total: i64) -> Self {
        Self { first: Some(First::Link(format!("{id}?page=true"))), ..Self::counted(id, Kind::ORDERED, total) }
    }
    /// Ordered, with everything in it.
    pub fn whole(id: &'a str, items: Vec<T>) -> Self {
        let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Self { ordered_items: Some(items), ..Self::counted(id, Kind::ORDERED, total) }
    }
    /// Only the number of items: hidden (PRV-18) or never listed.
    pub fn counted(id: &'a str, kind: Kind, total: i64) -> Self {
        Self { id, kind, total_items: Some(total), first: None, ordered_items: None, items: None, attributed_to: None }
    }
    /// As [`Collection::paged`], in somebody's name.
    pub fn of(id: &'a str, owner: &'a str, total: i64) -> Self {
        Self { attributed_to: Some(owner), ..Self::paged(id, total) }
    }
    /// Replies (OUT-12): unordered, the first page embedded.
    pub fn replies(id: &'a str, first: Page<'a, T>) -> Self {
        Self {
            id,
            kind: Kind::UNORDERED,
            total_items: None,
            first: Some(First::Page(Box::new(first))),
            ordered_items: None,
            items: None,
            attributed_to: None,
        }
    }
}

impl<'a, T> Page<'a, T> {
    /// A page of an ordered collection.
    pub fn ordered(part_of: &'a str, id: String, items: Vec<T>, next: Option<String>) -> Self {
        let kind = PageKind::Ordered(OrderedCollectionPageType::OrderedCollectionPage);
        Self { id, kind, part_of, next, ordered_items: Some(items), items: None }
    }
    /// A page of an unordered collection.
    pub fn unordered(part_of: &'a str, id: String, items: Vec<T>, next: Option<String>) -> Self {
        let kind = PageKind::Unordered(CollectionPageType::CollectionPage);
        Self { id, kind, part_of, next, ordered_items: None, items: Some(items) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fed_disc_13_a_collection_counts_and_points_to_its_first_page() {
        let id = "https://alpha.test/users/ada/followers";
        assert_eq!(
            serde_json::to_value(Collection::<&str>::paged(id, 3)).unwrap(),
            json!({"id": id, "type": "OrderedCollection", "totalItems": 3, "first": format!("{id}?page=true")})
        );
        assert_eq!(
            serde_json::to_value(Page::ordered(id, format!("{id}?page=true"), vec!["a"], None)).unwrap(),
            json!({"id": format!("{id}?page=true"), "type": "OrderedCollectionPage", "partOf": id, "orderedItems": ["a"]})
        );
    }

    #[test]
    fn fed_disc_13_a_hidden_collection_only_counts() {
        let json = serde_json::to_value(Collection::<&str>::counted("x", Kind::ORDERED, 7)).unwrap();
        assert_eq!(json, json!({"id": "x", "type": "OrderedCollection", "totalItems": 7}));
    }
}
