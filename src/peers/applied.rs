//! The effective policy, brought to the accounts of other nodes and to the queues.

use super::STEP;
use crate::{
    Result,
    app::App,
    domain::peers,
    id::Id,
    model::{Account, Listing},
    net::{Refusal, Rules},
    store::{self, peers::BY_POLICY},
};
use std::{collections::BTreeMap, sync::Arc};

/// Posts moved in one transaction.
const POSTS: i64 = 500;

/// Hides and shows accounts, ends follows with blocked hosts, drops what is queued for refused ones. What was written at the
/// `kept` ones stays, and nobody of them is found or asked any more.
pub(super) async fn apply(app: &App, rules: &Arc<Rules>, kept: &[String]) -> Result<()> {
    let mut after: Id<Account> = Id::new(0);
    loop {
        let page = app.read(move |conn| store::peers::hosted(conn, after, STEP)).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let (mut hide, mut show, mut mute, mut unmute) = (vec![], vec![], vec![], vec![]);
        let mut cut: BTreeMap<String, Vec<Id<Account>>> = BTreeMap::new();
        let (mut left, mut returned) = (vec![], vec![]);
        for account in &page {
            let by_handle = rules.standing(&account.domain);
            let by_id = url::Url::parse(&account.uri).map_or(by_handle, |url| rules.standing_of_url(&url));
            let admitted = by_handle.admitted.and(by_id.admitted);
            let silenced = by_handle.silenced || by_id.silenced;
            let stays = |name: &str| kept.iter().any(|kept| kept == name);
            let stays = stays(&account.domain) || stays(crate::uri::host(&account.uri));
            match (admitted, account.left_on) {
                (Err(Refusal::Removed), None) if stays => left.push(account.id),
                (Ok(()), Some(_)) if account.left_with_node() => returned.push(account.id),
                _ => {}
            }
            match (admitted, account.suspended_at) {
                (Err(Refusal::Removed), suspended) if stays => {
                    if suspended == Some(BY_POLICY) {
                        show.push(account.id);
                    }
                }
                (Err(refusal), suspended) => {
                    if suspended.is_none() {
                        hide.push(account.id);
                    }
                    if refusal == Refusal::Blocked {
                        cut.entry(account.domain.clone()).or_default().push(account.id);
                    }
                }
                (Ok(()), Some(BY_POLICY)) => show.push(account.id),
                (Ok(()), _) => {}
            }
            match (silenced, account.silenced_at) {
                (true, None) => mute.push(account.id),
                (false, Some(BY_POLICY)) => unmute.push(account.id),
                _ => {}
            }
        }
        if cut.is_empty() && [&hide, &show, &mute, &unmute, &left, &returned].iter().all(|ids| ids.is_empty()) {
            continue;
        }
        // Posts first: were this to end here, the accounts would still be found to differ the next time.
        relist(app, &mute, false).await?;
        relist(app, &unmute, true).await?;
        let (muted, unmuted) = (mute.clone(), unmute.clone());
        app.write(move |tx| {
            for (domain, accounts) in &cut {
                peers::sever(tx, domain, accounts)?;
            }
            store::peers::set_hidden(tx.conn, &hide, true)?;
            store::peers::set_hidden(tx.conn, &show, false)?;
            peers::left(tx, &left)?;
            peers::returned(tx, &returned)?;
            store::peers::set_silenced(tx.conn, &mute, true)?;
            store::peers::set_silenced(tx.conn, &unmute, false)
        })
        .await?;
        // What came meanwhile.
        relist(app, &muted, false).await?;
        relist(app, &unmuted, true).await?;
    }
    let rules = Arc::clone(rules);
    app.write(move |tx| {
        for host in store::peers::queued_hosts(tx.conn)? {
            if rules.standing(&host).admitted.is_err() {
                store::peers::drop_queued(tx.conn, &host, tx.now)?;
            }
        }
        Ok(())
    })
    .await
}

/// Takes the posts of these accounts off the public timelines, or puts them back, some at a time.
async fn relist(app: &App, accounts: &[Id<Account>], listed: bool) -> Result<()> {
    for &account in accounts {
        let mut after = Id::new(0);
        loop {
            let page = app
                .read(move |conn| store::peers::misplaced(conn, account, Listing::Remote, listed, after, POSTS))
                .await?;
            let Some(last) = page.last() else { break };
            after = *last;
            let full = page.len() as i64 == POSTS;
            app.write(move |tx| store::peers::set_listed(tx.conn, &page, Listing::Remote, listed)).await?;
            if !full {
                break;
            }
        }
    }
    Ok(())
}
