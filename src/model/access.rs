//! Sessions, invitations, client apps, codes, tokens and the audit log.

use super::{
    account::{Account, Role},
    schema,
    types::small_enum,
    whole_row,
};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

/// A signed-in browser.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::sessions, treat_none_as_default_value = false)]
pub struct Session {
    pub id: Id<Session>,
    pub token_hash: Vec<u8>,
    pub account_id: Id<Account>,
    pub csrf: String,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// An invitation link.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::invites, treat_none_as_default_value = false)]
pub struct Invite {
    pub id: Id<Invite>,
    pub code: String,
    pub created_by: Option<Id<Account>>,
    pub role: Role,
    pub max_uses: Option<i64>,
    pub uses: i64,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A registered client.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::apps, treat_none_as_default_value = false)]
pub struct App {
    pub id: Id<App>,
    pub client_id: String,
    pub client_secret_hash: Vec<u8>,
    pub name: String,
    pub website: Option<String>,
    pub redirect_uris: String,
    pub scopes: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// An authorisation code, kept after use to notice a second one (OAU-03).
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::oauth_codes, treat_none_as_default_value = false)]
pub struct OauthCode {
    pub code_hash: Vec<u8>,
    pub app_id: Id<App>,
    pub account_id: Id<Account>,
    pub redirect_uri: String,
    pub scopes: String,
    pub challenge: Option<String>,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// An access token, stored hashed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::tokens, treat_none_as_default_value = false)]
pub struct Token {
    pub id: Id<Token>,
    pub token_hash: Vec<u8>,
    pub app_id: Id<App>,
    pub account_id: Option<Id<Account>>,
    pub scopes: String,
    pub code_hash: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

small_enum!(
    /// Whose notifications are pushed; the words are those of the client API.
    PushPolicy { All = 0 "all", Followed = 1 "followed", Follower = 2 "follower", Nobody = 3 "none" }
);

/// Where a client wants to be told of notifications.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = schema::push_subscriptions)]
pub struct PushSubscription {
    pub id: Id<PushSubscription>,
    pub token_id: Id<Token>,
    pub account_id: Id<Account>,
    pub endpoint: String,
    pub p256dh: Vec<u8>,
    pub auth: Vec<u8>,
    /// Encrypted by the standard; else by its draft.
    pub standard: bool,
    /// A bit for each kind of notification.
    pub alerts: i64,
    pub policy: PushPolicy,
    pub token_sealed: Vec<u8>,
    /// Nothing is sent before this.
    pub parked_until: Option<Timestamp>,
    /// How often in a row the push service refused.
    pub failures: i64,
    /// What was sent in this hour (since 1970).
    pub hour: i64,
    pub sent: i64,
    pub created_at: Timestamp,
}

/// Sealed private keys of a local actor.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::actor_keys, treat_none_as_default_value = false)]
pub struct ActorKeys {
    pub account_id: Id<Account>,
    pub rsa_sealed: Vec<u8>,
    pub ed25519_sealed: Vec<u8>,
    pub created_at: Timestamp,
}

/// One act of staff (OPS-02).
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::audit_log, treat_none_as_default_value = false)]
pub struct AuditEntry {
    pub id: Id<AuditEntry>,
    pub at: Timestamp,
    pub actor_id: Option<Id<Account>>,
    pub actor: String,
    pub action: String,
    pub target: String,
    pub detail: String,
    pub origin: String,
}

whole_row!(Session => sessions, Invite => invites, App => apps, OauthCode => oauth_codes, Token => tokens, PushSubscription => push_subscriptions, ActorKeys => actor_keys, AuditEntry => audit_log);
