//! People, groups, services and what they sign in with.

use super::{
    post::{Audience, QuotePolicy, Visibility},
    schema,
    types::small_enum,
    whole_row,
};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

small_enum!(
    /// What kind of actor.
    AccountKind { Person = 0 "Person", Service = 1 "Service", Group = 2 "Group", Application = 3 "Application", Organization = 4 "Organization" }
);

small_enum!(
    /// What a person of this node may do; each may all that the ones before may.
    Role { Member = 0 "member", Moderator = 1 "moderator", Admin = 2 "admin", Owner = 3 "owner" }
);

/// An actor: of this node (`domain` is none) or of another.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::accounts, treat_none_as_default_value = false)]
pub struct Account {
    pub id: Id<Account>,
    /// Lower case `user` or `user@domain`; unique.
    pub handle: String,
    /// As its owner writes it.
    pub username: String,
    /// The right side of the handle; none for this node.
    pub domain: Option<String>,
    /// The actor id.
    pub uri: String,
    /// The human page.
    pub url: Option<String>,
    pub kind: AccountKind,
    pub display_name: String,
    /// Sanitised HTML.
    pub note: String,
    /// What a local person typed.
    pub note_source: Option<String>,
    /// JSON list of `{name, value, source, verified_at}`; `value` is sanitised HTML.
    pub fields: String,
    /// JSON list of `{shortcode, url}` used in name, note and fields.
    pub emojis: String,
    /// Storage key of our copy.
    pub avatar: Option<String>,
    pub avatar_remote_url: Option<String>,
    pub avatar_description: String,
    pub header: Option<String>,
    pub header_remote_url: Option<String>,
    pub header_description: String,
    pub locked: bool,
    pub discoverable: bool,
    pub indexable: bool,
    pub hide_collections: bool,
    pub memorial: bool,
    pub inbox_url: Option<String>,
    pub shared_inbox_url: Option<String>,
    pub outbox_url: Option<String>,
    pub followers_url: Option<String>,
    pub following_url: Option<String>,
    pub featured_url: Option<String>,
    pub public_key_id: Option<String>,
    /// RSA public key, DER SPKI.
    pub public_key: Option<Vec<u8>>,
    pub ed25519_key_id: Option<String>,
    /// Raw 32 bytes.
    pub ed25519_key: Option<Vec<u8>>,
    /// JSON list of actor ids.
    pub also_known_as: String,
    pub moved_to_id: Option<Id<Account>>,
    pub move_processed_at: Option<Timestamp>,
    pub posts_count: i64,
    pub followers_count: i64,
    pub following_count: i64,
    pub last_post_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When a remote actor was last read from its origin.
    pub fetched_at: Option<Timestamp>,
    pub suspended_at: Option<Timestamp>,
    /// Its own server says so (UPD-05).
    pub suspended_by_origin: bool,
    pub silenced_at: Option<Timestamp>,
    /// Gone for good; the row stays so that the name and id are not taken again.
    pub deleted_at: Option<Timestamp>,
    pub attribution_domains: String,
    /// The last day of somebody who left their organisation, as their own node says: midnight UTC.
    pub left_on: Option<Timestamp>,
    /// Of `posts_count` those that are for everybody and are known here.
    pub open_posts_count: i64,
    /// Since when staff marks everything it posts as sensitive.
    pub sensitized_at: Option<Timestamp>,
    /// The page of the profile has a part for media, for those of answers too, and for what is featured.
    pub show_media: bool,
    pub show_media_replies: bool,
    pub show_featured: bool,
}

impl Account {
    /// Of this node.
    pub fn is_local(&self) -> bool {
        self.domain.is_none()
    }
    /// `user` for people of this node, `user@domain` for others, in the case their owners chose.
    pub fn acct(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}@{domain}", self.username),
            None => self.username.clone(),
        }
    }
    /// Suspended or deleted: shown to nobody.
    pub fn is_unavailable(&self) -> bool {
        self.suspended_at.is_some() || self.suspended_by_origin || self.deleted_at.is_some()
    }
    /// Where public, unlisted and followers-only activities for it go.
    pub fn shared_inbox_or_inbox(&self) -> Option<&str> {
        self.shared_inbox_url.as_deref().or(self.inbox_url.as_deref())
    }
}

/// What only people who sign in here have.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::users, treat_none_as_default_value = false)]
pub struct User {
    pub account_id: Id<Account>,
    pub email: Option<String>,
    /// Lower case, for comparing.
    pub email_normal: Option<String>,
    /// argon2id PHC string; none while the person was invited but never set one.
    pub password_hash: Option<String>,
    pub role: Role,
    pub locale: Option<String>,
    pub approved_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    pub invite_id: Option<i64>,
    pub sign_up_reason: Option<String>,
    pub default_visibility: Visibility,
    pub default_sensitive: bool,
    pub default_language: Option<String>,
    /// Who may quote what says nothing about it.
    pub default_quote_policy: QuotePolicy,
    pub last_active_at: Option<Timestamp>,
    pub password_changed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// None: as the organisation's charter says.
    pub default_audience: Option<Audience>,
}

whole_row!(Account => accounts, User => users);
