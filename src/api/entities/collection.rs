//! Collections of people.

use super::notification::PartialAccount;
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

/// People whom somebody recommends together.
#[derive(Clone, Debug, Serialize)]
pub struct Collection<'a> {
    pub id: Id<model::Collection>,
    pub account_id: Id<model::Account>,
    pub uri: String,
    pub url: String,
    pub name: &'a str,
    pub description: String,
    pub language: Option<&'a str>,
    pub local: bool,
    pub sensitive: bool,
    pub discoverable: bool,
    pub tag: Option<CollectionTag<'a>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub item_count: usize,
    pub items: Vec<CollectionItem>,
}

/// What it is about.
#[derive(Clone, Debug, Serialize)]
pub struct CollectionTag<'a> {
    pub name: &'a str,
    pub url: String,
}

/// Somebody in it.
#[derive(Clone, Debug, Serialize)]
pub struct CollectionItem {
    pub id: Id<model::CollectionItem>,
    pub account_id: Id<model::Account>,
    pub state: model::ItemState,
    pub created_at: Timestamp,
}

/// One collection as it is answered to a change.
#[derive(Clone, Debug, Serialize)]
pub struct OneCollection<'a> {
    pub collection: &'a Collection<'a>,
}

/// One item as it is answered to a change.
#[derive(Clone, Debug, Serialize)]
pub struct OneItem {
    pub collection_item: CollectionItem,
}

/// Several collections.
#[derive(Clone, Debug, Serialize)]
pub struct Collections<'a> {
    pub collections: &'a [Collection<'a>],
    /// Their owners and a few of whom are in each, for their pictures.
    pub partial_accounts: Vec<PartialAccount<'a>>,
}

/// One collection with the people in it.
#[derive(Clone, Debug, Serialize)]
pub struct CollectionWithAccounts<'a> {
    pub accounts: Vec<&'a RawValue>,
    pub collection: &'a Collection<'a>,
}
