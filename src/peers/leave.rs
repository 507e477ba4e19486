//! The last word to a server that is about to be blocked: its follows are over (MOD-07).

use super::STEP;
use crate::{
    Result,
    app::App,
    domain::peers,
    id::Id,
    model::Account,
    net::split_domain,
    store::{self, peers::Hosted},
    uri,
};
use std::{collections::BTreeSet, time::Duration};

/// For so long a server may be told. Milliseconds.
const LEAVE_MS: u64 = 2_000;
/// Between two looks whether it was. Milliseconds.
const LOOK_MS: u64 = 50;

/// Ends the follows with `domain` and its subdomains, and lets each of their servers be told, once, while it may still be
/// spoken with. What has not gone out by then is dropped with the block.
///
/// # Errors
/// When the database is away.
pub(super) async fn take(app: &App, domain: &str) -> Result<()> {
    let mut after: Id<Account> = Id::new(0);
    let mut hosts = BTreeSet::new();
    loop {
        let page = app.read(move |conn| store::peers::hosted(conn, after, STEP)).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let of: Vec<&Hosted> =
            page.iter().filter(|a| is_of(domain, &a.domain) || is_of(domain, uri::host(&a.uri))).collect();
        hosts.extend(of.iter().map(|account| uri::host(&account.uri).to_owned()));
        let cut: Vec<Id<Account>> = of.iter().map(|account| account.id).collect();
        if !cut.is_empty() {
            let name = domain.to_owned();
            app.write(move |tx| peers::sever(tx, &name, &cut)).await?;
        }
    }
    let hosts: Vec<String> = hosts.into_iter().collect();
    let told = async {
        loop {
            let names = hosts.clone();
            if !app.read(move |conn| store::peers::is_taking_leave(conn, &names)).await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    };
    tokio::time::timeout(Duration::from_millis(LEAVE_MS), told).await.unwrap_or(Ok(()))
}

/// Whether a block of `domain` concerns this host, with or without its port.
fn is_of(domain: &str, host: &str) -> bool {
    let bare = split_domain(host).map_or_else(|| host.to_owned(), |(bare, _)| bare);
    let name = if split_domain(domain).is_some_and(|(_, port)| port.is_some()) { host } else { bare.as_str() };
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_block_concerns_a_host_and_what_is_below_it_and_nothing_that_only_ends_alike() {
        for host in ["bad.example", "bad.example:8443", "a.bad.example", "a.b.bad.example:1"] {
            assert!(is_of("bad.example", host), "{host}");
        }
        for host in ["notbad.example", "example", "bad.example.org", ""] {
            assert!(!is_of("bad.example", host), "{host}");
        }
        assert!(is_of("bad.example:8443", "bad.example:8443") && !is_of("bad.example:8443", "bad.example"));
    }
}
