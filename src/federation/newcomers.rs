//! How many people of one domain become known here in an hour (LIM-14). Whoever owns a domain has as many host names below it, and
//! people on them, as they like, and each would be a row that stays: so all below the name that somebody registered count as one.
//! Whoever is known is not counted, and so is nobody of the organisation.

use super::{admit, pace::Buckets};
use crate::{Error, Result, app::App, store, uri};
use std::{net::IpAddr, sync::Arc};

/// Servers that an entry names have so many times the figure.
const PEERS: u32 = 10;
/// Labels below which countries let register, where those do so on a third level.
const SECOND_LEVELS: [&str; 16] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or", "org", "sch"];

/// In-memory state; a part of the app. Losing it loses no work.
struct Newcomers {
    strangers: Buckets,
    peers: Buckets,
}

/// The name that somebody registered, about: no list of public suffixes is built in. The last two labels of a host, or three where
/// the last but one is a level of its own under a country (`example.co.uk`). An address is itself.
pub fn registered(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
        return name;
    }
    let mut labels = name.rsplit('.');
    let (last, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let kept = if last.len() == 2 && SECOND_LEVELS.contains(&second) { 3 } else { 2 };
    match name.rmatch_indices('.').nth(kept - 1) {
        Some((dot, _)) => name.get(dot + 1..).unwrap_or(name),
        None => name,
    }
}

fn spend(app: &App, address: &str, takes: bool) -> Result<(), u64> {
    let (most, rules, host) = (app.config().federation.new_actors_per_hour, app.net().rules(), uri::host(address));
    if most == 0 || admit::is_colleague(&rules, host) {
        return Ok(());
    }
    let newcomers: Arc<Newcomers> = app.part_or(|| Newcomers {
        strangers: Buckets::an_hour(most),
        peers: Buckets::an_hour(most.saturating_mul(PEERS)),
    });
    let buckets = if rules.standing(host).is_peer { &newcomers.peers } else { &newcomers.strangers };
    let (domain, now) = (registered(host), app.clock().now());
    if takes { buckets.take(domain, now) } else { buckets.peek(domain, now) }
}

/// Whether the owner of a key that nobody here knows may become known now; else the seconds until they may. Whoever is known
/// always may have a new key.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn room(app: &App, key_id: &str) -> Result<Result<(), u64>> {
    // Of a key at an address of its own it is not known here whose it is: then it is seen when they are stored.
    let Some((actor, _)) = key_id.split_once('#') else { return Ok(Ok(())) };
    let Err(seconds) = spend(app, actor, false) else { return Ok(Ok(())) };
    let actor = actor.to_owned();
    let known = app.glance(move |conn| store::accounts::find_by_uri(conn, &actor)).await?.is_some();
    Ok(if known { Ok(()) } else { Err(seconds) })
}

/// Somebody becomes known, unless they are.
///
/// # Errors
/// `Upstream` when too many of that domain did within the hour: worth another try later.
pub async fn count(app: &App, actor: &str) -> Result<()> {
    let uri = actor.to_owned();
    if app.glance(move |conn| store::accounts::find_by_uri(conn, &uri)).await?.is_some() {
        return Ok(());
    }
    spend(app, actor, true).map_err(|seconds| {
        metrics::counter!("federation_rejected_total", "reason" => "newcomers").increment(1);
        tracing::debug!(host = uri::host(actor), seconds, "too many new actors of one domain");
        Error::Upstream("too many new people of that domain within the hour".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_hosts_below_a_registered_name_are_one() {
        for (host, name) in [
            ("example.org", "example.org"),
            ("a.example.org:8443", "example.org"),
            ("b.a.example.org", "example.org"),
            ("social.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("a.co.example", "co.example"),
            ("localhost:3000", "localhost"),
            ("192.0.2.7:3000", "192.0.2.7"),
            ("[2001:db8::1]:3000", "[2001:db8::1]"),
            ("", ""),
        ] {
            assert_eq!(registered(host), name, "{host}");
        }
    }
}
