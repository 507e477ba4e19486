//! Collections of people as other servers see them (FEP-7aa9, COLL-06): a `FeaturedCollection` with a `FeaturedItem` for
//! everybody in it, each with the authorisation of whom it is about.

use super::render::{PUBLIC, context::Terms, post::Tag};
use crate::{
    Result,
    config::Site,
    db::Conn,
    domain::{collections, html, people::directory, projects::near},
    model::{Account, AccountKind, Audience, Collection, CollectionItem},
    store,
};
use serde::Serialize;
use serde_json::{Value, json};

/// A collection of people.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeaturedCollection {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    total_items: usize,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_map: Option<Value>,
    attributed_to: String,
    url: String,
    sensitive: bool,
    discoverable: bool,
    published: String,
    updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<Tag>,
    ordered_items: Vec<FeaturedItem>,
}

impl FeaturedCollection {
    /// The terms it uses.
    pub fn terms(&self) -> Terms {
        if self.topic.is_some() { Terms::FEATURED | Terms::HASHTAG } else { Terms::FEATURED }
    }
}

/// Somebody in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeaturedItem {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    featured_object: String,
    featured_object_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_authorization: Option<String>,
}

/// What lets somebody be in a collection, by that person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureAuthorization {
    /// Its id.
    pub id: String,
    /// `FeatureAuthorization`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whom it is about.
    pub attributed_to: String,
    /// The collection.
    pub interacting_object: String,
    /// Whom it is about.
    pub interaction_target: String,
}

impl FeatureAuthorization {
    /// One with this id.
    pub fn new(id: String, person: &str, collection: String) -> Self {
        let person = person.to_owned();
        Self {
            id,
            kind: "FeatureAuthorization",
            attributed_to: person.clone(),
            interacting_object: collection,
            interaction_target: person,
        }
    }
}

/// Who may put an account of this node into a collection: everybody, or its owner alone.
pub fn can_feature(account: &Account, discoverable: bool) -> Value {
    let who = if discoverable && collections::may_be_put_in(account) { PUBLIC } else { account.uri.as_str() };
    json!({"canFeature": {"automaticApproval": [who]}})
}

/// Whether collections are shown to readers of this audience: those of an organisation stay inside.
///
/// # Errors
/// Those of the database.
pub fn are_shown(conn: &mut Conn, reader: Audience) -> Result<bool> {
    Ok(reader <= Audience::Organisation || !directory::is_inside_only(conn)?)
}

/// Whether somebody is shown to other servers as one of a collection, and may be: what they say there of a person here
/// counts, who may be listed at their site alone. A project of this site alone is there for no other server.
///
/// # Errors
/// Those of the database.
pub fn may_be_shown(conn: &mut Conn, account: &Account) -> Result<bool> {
    if !collections::may_be_put_in(account) || near::is_near(conn, account.id)? {
        return Ok(false);
    }
    Ok(!account.is_local() || directory::is_discoverable(conn, account)?)
}

/// How far what is said of a collection goes.
///
/// # Errors
/// Those of the database.
pub fn reach(conn: &mut Conn) -> Result<Audience> {
    Ok(if directory::is_inside_only(conn)? { Audience::Organisation } else { Audience::Open })
}

/// Somebody in a collection, as they are shown; none while they do not want to be found.
///
/// # Errors
/// Those of the database.
pub fn item(conn: &mut Conn, site: &Site, owner: &Account, item: &CollectionItem) -> Result<Option<FeaturedItem>> {
    let Some(account) = store::accounts::find(conn, item.account_id)? else { return Ok(None) };
    if !may_be_shown(conn, &account)? {
        return Ok(None);
    }
    Ok(Some(FeaturedItem {
        id: site.featured_item_uri(&owner.username, item.collection_id, item.id),
        kind: "FeaturedItem",
        featured_object_type: match account.kind {
            AccountKind::Person => "Person",
            AccountKind::Service => "Service",
            AccountKind::Group => "Group",
            AccountKind::Application => "Application",
            AccountKind::Organization => "Organization",
        },
        feature_authorization: match account.is_local() {
            true => Some(site.feature_authorization_uri(&account.username, item.id)),
            false => item.stamp_uri.clone(),
        },
        featured_object: account.uri,
    }))
}

/// The whole collection.
///
/// # Errors
/// Those of the database.
pub fn document(conn: &mut Conn, site: &Site, owner: &Account, row: &Collection) -> Result<FeaturedCollection> {
    let mut items = Vec::new();
    for one in store::collections::items(conn, &[row.id])? {
        items.extend(item(conn, site, owner, &one)?);
    }
    let described = !row.description.is_empty();
    // A summary is HTML, a description is text.
    let summary = html::escape(&row.description).into_owned();
    Ok(FeaturedCollection {
        id: site.featured_collection_uri(&owner.username, row.id),
        kind: "FeaturedCollection",
        total_items: items.len(),
        name: row.name.clone(),
        summary: (described && row.language.is_none()).then(|| summary.clone()),
        summary_map: row.language.as_ref().filter(|_| described).map(|language| json!({ language: summary })),
        attributed_to: owner.uri.clone(),
        url: format!("{}#collection-{}", site.profile_url(&owner.username), row.id),
        sensitive: row.sensitive,
        discoverable: row.discoverable,
        published: row.created_at.rfc3339(),
        updated: row.updated_at.rfc3339(),
        topic: row.tag.as_deref().map(|tag| Tag::Hashtag { href: site.tag_url(tag), name: format!("#{tag}") }),
        ordered_items: items,
    })
}
