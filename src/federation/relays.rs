//! Relays (FEP-ae0c), where staff chooses one: the actor of this node follows the relay's, and what the relay announces, or
//! carries here, is read at its own server, as a post and not as a boost of the relay. Nothing is sent to a relay but that.

use super::{fetch::Budget, import, own_keys};
use crate::{
    Error, Result,
    app::App,
    domain::{
        audit::{self, Staff},
        follows::{self, FollowOptions},
    },
    model::{AccountKind, FollowState},
    store, uri,
};
use serde::Serialize;

/// A relay that this node follows, or has asked.
#[derive(Clone, Debug, Serialize)]
pub struct Relay {
    /// Its actor.
    pub actor: String,
    /// `requested` until it agrees, then `accepted`.
    pub state: &'static str,
}

fn normal(address: &str) -> Result<String> {
    let invalid = || {
        Error::invalid(
            "address",
            "invalid",
            "a relay is named by the address of its actor, https://relay.example/actor",
        )
    };
    uri::normalize(address.trim()).ok_or_else(invalid)
}

/// Asks a relay.
///
/// # Errors
/// `Invalid` for what is no actor of a program; those of the network.
pub async fn add(app: &App, by: Staff, address: &str) -> Result<Relay> {
    let address = normal(address)?;
    own_keys::instance_actor(app).await?;
    let relay = import::account_now(app, &address, &Budget::of_activity()).await?;
    if !matches!(relay.kind, AccountKind::Application | AccountKind::Service) {
        return Err(Error::invalid("address", "invalid", format!("{} is not the actor of a relay", relay.uri)));
    }
    app.write(move |tx| {
        let follow = follows::request(tx, own_keys::INSTANCE, relay.id, &FollowOptions::default())?;
        audit::write(tx, &by, "relay.add", &relay.uri, "")?;
        Ok(Relay { actor: relay.uri, state: follow.state.as_str() })
    })
    .await
}

/// Leaves a relay.
///
/// # Errors
/// `NotFound` for one that is not followed.
pub async fn remove(app: &App, by: Staff, address: &str) -> Result<()> {
    let address = normal(address)?;
    app.write(move |tx| {
        let relay = store::accounts::find_by_uri(tx.conn, &address)?.ok_or(Error::NotFound)?;
        store::follows::find(tx.conn, own_keys::INSTANCE, relay.id)?.ok_or(Error::NotFound)?;
        follows::unfollow(tx, own_keys::INSTANCE, relay.id)?;
        audit::write(tx, &by, "relay.remove", &relay.uri, "")
    })
    .await
}

/// All of them.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App) -> Result<Vec<Relay>> {
    let rows = app.glance(|conn| store::remote::relays(conn, own_keys::INSTANCE)).await?;
    let shown = |(actor, state): (String, FollowState)| Relay { actor, state: state.as_str() };
    Ok(rows.into_iter().map(shown).collect())
}
