//! Delivery truth (N15): which sites have a post, and how late each other server is and why. The author of a post reads
//! counts and the names of those that are late; staff reads everything.
//!
//! A server *has* a post when its inbox took it (any 2xx): more cannot be known of other software.

use super::charter::{self, Charter};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, Activity, Delivery, Host, Post},
    store::{self, charter::Seen, ledger},
    time::Timestamp,
    uri,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Late sites that are named; beyond, they are only counted.
const NAMED: usize = 50;
/// Other servers that are listed at most, those in trouble first.
const LISTED: i64 = 1_000;

/// Where a post is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostDelivery {
    /// The post.
    pub id: Id<Post>,
    /// How many other sites it goes to.
    pub sites: usize,
    /// How many of them have it.
    pub received: usize,
    /// How many do not have it yet.
    pub waiting: usize,
    /// How many will not get it.
    pub refused: usize,
    /// The sites that do not have it, at most 50.
    pub late: Vec<LateSite>,
    /// The same as a sentence or two.
    pub text: String,
}

/// Why a site does not have a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lateness {
    /// It is on its way.
    Waiting,
    /// The site does not answer.
    Offline,
    /// The site will not get it.
    Refused,
}

/// A site that does not have a post. Says nothing that only staff may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LateSite {
    /// Its name: the department of the charter, or the domain.
    pub site: String,
    /// Its server.
    pub domain: String,
    /// How it is.
    pub state: Lateness,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
}

/// Where a post of this person is. The concierge, the client API and others ask here.
///
/// # Errors
/// `NotFound` for a post that is not theirs.
pub fn of_post(conn: &mut Conn, author: Id<Account>, id: Id<Post>, now: Timestamp) -> Result<PostDelivery> {
    let post = store::documents::post(conn, id)?.ok_or(Error::NotFound)?;
    if post.account_id != author || !post.local {
        return Err(Error::NotFound);
    }
    let post = match post.boost_of_id {
        // A boost leads to the post, when that is theirs too.
        Some(original) => return of_post(conn, author, original, now),
        None => post,
    };
    let dispatches = ledger::dispatches(conn, id)?;
    let activities: Vec<Id<Activity>> = dispatches.iter().map(|dispatch| dispatch.activity).collect();
    let waiting = ledger::waiting(conn, &activities)?;
    let misses = ledger::misses(conn, &activities)?;
    let charter = charter::current(conn)?.map(|signed| signed.charter);
    let mut late = Vec::new();
    let mut sites = 0;
    for dispatch in &dispatches {
        for host in &dispatch.hosts {
            sites += 1;
            let is_here = |of: Id<Activity>, at: &str| of == dispatch.activity && at == host;
            let site = || site_name(charter.as_ref(), host);
            if waiting.iter().any(|(of, at)| is_here(*of, at)) {
                let known = store::deliveries::find_host(conn, host)?.filter(|known| known.failures > 0);
                late.push(LateSite {
                    site: site(),
                    domain: host.clone(),
                    state: if known.is_some() { Lateness::Offline } else { Lateness::Waiting },
                    since: known.as_ref().and_then(|known| known.first_failure_at).unwrap_or(post.created_at),
                    next_try: known.and_then(|known| known.next_attempt_at),
                });
            } else if let Some(miss) = misses.iter().find(|miss| is_here(miss.activity, &miss.host)) {
                let (site, domain) = (site(), host.clone());
                late.push(LateSite { site, domain, state: Lateness::Refused, since: miss.at, next_try: None });
            }
        }
    }
    let refused = late.iter().filter(|site| site.state == Lateness::Refused).count();
    let unfinished = late.len() - refused;
    late.sort_by(|a, b| (a.state == Lateness::Refused, &a.site).cmp(&(b.state == Lateness::Refused, &b.site)));
    let received = sites - late.len();
    let text = sentence(sites, received, &late, post.created_at, now);
    late.truncate(NAMED);
    Ok(PostDelivery { id: post.id, sites, received, waiting: unfinished, refused, late, text })
}

/// "12 of 13 sites have it. Oslo is offline since 09:40."
fn sentence(sites: usize, received: usize, late: &[LateSite], written: Timestamp, now: Timestamp) -> String {
    if sites == 0 {
        let forgotten = written < now.plus_days(-ledger::DAYS);
        return if forgotten {
            format!("What became of a post is known for {} days.", ledger::DAYS)
        } else {
            "It went to no other site.".into()
        };
    }
    let noun = if sites == 1 { "site has" } else { "sites have" };
    let mut text = format!("{received} of {sites} {noun} it.");
    for site in late.iter().take(3) {
        let since = moment(site.since, now);
        text += &match site.state {
            Lateness::Offline => format!(" {} is offline since {since}.", site.site),
            Lateness::Waiting => format!(" {} is being told.", site.site),
            Lateness::Refused => format!(" {} will not get it.", site.site),
        };
    }
    if late.len() > 3 {
        text += &format!(" And {} more.", late.len() - 3);
    }
    text
}

/// `09:40 UTC`, with the day when it is not today's.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let form = if at.midnight() == now.midnight() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    at.to_datetime().format(form).to_string()
}

/// What people call the site with this server: its department where the charter names one that no other node has.
pub fn site_name(charter: Option<&Charter>, host: &str) -> String {
    let nodes = charter.map(|charter| charter.nodes.as_slice()).unwrap_or_default();
    let Some(node) = nodes.iter().find(|node| uri::host(&node.actor) == host) else { return host.to_owned() };
    let same = nodes.iter().filter(|other| other.department == node.department).count();
    if same > 1 || node.department.is_empty() { node.domain.clone() } else { node.department.clone() }
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It has not answered for a week: only what must not be lost waits for it.
    Unavailable,
    /// It does not answer.
    Offline,
    /// Something has been waiting for it for more than a minute.
    Late,
    /// Nothing is wrong.
    Fine,
}

/// How another server is: for staff.
#[derive(Clone, Debug, Serialize)]
pub struct PeerHealth {
    /// What people call it.
    pub site: String,
    /// Its server, as in the ids of its people.
    pub domain: String,
    /// How it is.
    pub state: Health,
    /// Activities that wait for it.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub oldest_waiting: Option<Timestamp>,
    /// How long that is. Unit: seconds.
    pub lag_seconds: i64,
    /// When it last took something.
    pub last_success: Option<Timestamp>,
    /// When it last spoke to us validly.
    pub last_heard: Option<Timestamp>,
    /// Since when it does not answer.
    pub failing_since: Option<Timestamp>,
    /// Failures in a row.
    pub failures: i64,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// What went wrong last.
    pub why: Option<String>,
    /// Activities that it refused for good; `watercooler jobs list` shows them.
    pub refused: i64,
}

/// All other servers of which something is known, those in trouble first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn peers(conn: &mut Conn, own: &str, now: Timestamp) -> Result<Vec<PeerHealth>> {
    let charter = charter::current(conn)?.map(|signed| signed.charter);
    let mut hosts: BTreeMap<String, Host> =
        ledger::hosts(conn, LISTED)?.into_iter().map(|host| (host.host.clone(), host)).collect();
    let queues = ledger::queues(conn)?;
    let oldest: Vec<Id<Delivery>> = queues.iter().map(|queue| queue.oldest).collect();
    let mut first = Vec::with_capacity(oldest.len());
    for batch in oldest.chunks(256) {
        first.extend(ledger::deliveries(conn, batch)?);
    }
    let parked: BTreeMap<String, i64> = ledger::parked(conn)?.into_iter().collect();
    let seen = store::charter::peers(conn)?;
    let nodes = charter.as_ref().map(|charter| charter.nodes.as_slice()).unwrap_or_default();
    let mut names: BTreeSet<String> = hosts.keys().cloned().collect();
    names.extend(queues.iter().map(|queue| queue.host.clone()));
    names.extend(parked.keys().cloned());
    names.extend(nodes.iter().map(|node| uri::host(&node.actor).to_owned()));
    names.remove(own);
    let mut list: Vec<PeerHealth> = names
        .into_iter()
        .map(|name| {
            let queue = queues.iter().find(|queue| queue.host == name);
            let first = queue.and_then(|queue| first.iter().find(|delivery| delivery.id == queue.oldest));
            let node = nodes.iter().find(|node| uri::host(&node.actor) == name);
            let asked = node.and_then(|node| seen.iter().find(|seen| seen.domain == node.domain));
            let mut peer = PeerHealth {
                site: site_name(charter.as_ref(), &name),
                state: Health::Fine,
                waiting: queue.map_or(0, |queue| queue.waiting),
                oldest_waiting: first.map(|delivery| delivery.created_at),
                lag_seconds: 0,
                last_success: None,
                last_heard: None,
                failing_since: None,
                failures: 0,
                next_try: None,
                why: first.and_then(|delivery| delivery.last_error.clone()),
                refused: parked.get(&name).copied().unwrap_or(0),
                domain: name,
            };
            if let Some(host) = hosts.remove(&peer.domain) {
                (peer.failures, peer.failing_since, peer.next_try) =
                    (host.failures, host.first_failure_at, host.next_attempt_at);
                (peer.last_success, peer.last_heard) = (host.last_success_at, host.last_heard_at);
            }
            peer.judge(asked, now);
            peer
        })
        .collect();
    list.sort_by(|a, b| (a.state, &a.site).cmp(&(b.state, &b.site)));
    Ok(list)
}

impl PeerHealth {
    /// What this process knows and has not written down yet.
    pub fn note(&mut self, success: Option<Timestamp>, heard: Option<Timestamp>) {
        self.last_success = self.last_success.max(success);
        self.last_heard = self.last_heard.max(heard);
    }

    fn judge(&mut self, asked: Option<&Seen>, now: Timestamp) {
        const WEEK: i64 = 7 * 86_400_000;
        self.lag_seconds = self.oldest_waiting.map_or(0, |at| (now.millis() - at.millis()).max(0) / 1_000);
        if self.failures > 0 {
            let silent = self.failing_since.is_some_and(|since| now.millis() - since.millis() >= WEEK);
            self.state = if silent { Health::Unavailable } else { Health::Offline };
            return;
        }
        // The charter asks every node now and then, also where nothing is to be delivered.
        if let Some((at, why)) = asked.and_then(|asked| asked.failed_at.zip(asked.error.as_ref()))
            && self.last_success.is_none_or(|success| success < at)
        {
            self.state = Health::Offline;
            self.failing_since = Some(at);
            self.why = Some(why.clone());
            return;
        }
        if self.lag_seconds > 60 {
            self.state = Health::Late;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

    fn late(site: &str, state: Lateness, minutes: i64) -> LateSite {
        let since = NOW.plus_seconds(-60 * minutes);
        LateSite { site: site.into(), domain: format!("{site}.example"), state, since, next_try: None }
    }

    #[test]
    fn a_sentence_names_the_sites_that_are_late() {
        let say = |sites, late: &[LateSite]| sentence(sites, sites - late.len(), late, NOW, NOW);
        assert_eq!(
            say(13, &[late("Oslo", Lateness::Offline, 140)]),
            "12 of 13 sites have it. Oslo is offline since 09:40 UTC."
        );
        assert_eq!(say(1, &[]), "1 of 1 site has it.");
        assert_eq!(say(0, &[]), "It went to no other site.");
        let many: Vec<LateSite> = ["A", "B", "C", "D"].map(|name| late(name, Lateness::Refused, 1)).to_vec();
        assert!(say(9, &many).ends_with("C will not get it. And 1 more."));
        let yesterday = sentence(2, 1, &[late("Oslo", Lateness::Offline, 1_440)], NOW, NOW);
        assert!(yesterday.ends_with("since 2026-11-22 12:00 UTC."), "{yesterday}");
    }
}
