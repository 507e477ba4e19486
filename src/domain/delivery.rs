//! Delivery truth (N15): which sites have a post, and how late each other server is and why. The author of a post reads
//! counts and the names of those that are late; staff reads everything.
//!
//! A server *has* a post when its inbox took it (any 2xx): more cannot be known of other software. Nodes of the organisation
//! confirm once an hour what they have stored ([`super::stored`]).

use super::{
    charter::{self, Charter, Member, Software, adopt},
    concierge::words::Sentence,
    people::fields::Tongue,
};
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

/// So many times the mean time between two questions of one node to another is silence that chance does not explain: once in
/// twenty thousand.
const QUIET: i64 = 10;
/// From then on something that waits is late, so that a fault shows within a minute. Seconds.
pub const LATE_SECONDS: i64 = 30;
/// Late sites that are named; beyond, they are only counted.
const NAMED: usize = 50;
/// Other servers that are listed at most, those in trouble first.
const LISTED: i64 = 1_000;

const NOWHERE: Sentence = Sentence("It went to no other site.", "Es ging an keinen anderen Standort.");
const FORGOTTEN: Sentence =
    Sentence("What became of a post is known for {} days.", "Was aus einem Beitrag wurde, ist {} Tage lang bekannt.");
const RECEIVED: Sentence = Sentence("{} of {} sites have it.", "{} von {} Standorten haben es.");
const OFFLINE: Sentence = Sentence("{} is offline since {}.", "{} ist seit {} nicht erreichbar.");
const WAITING: Sentence = Sentence("{} is being told.", "{} bekommt es gerade.");
const QUEUED: Sentence =
    Sentence("{} is new to this node and waits its turn.", "{} ist hier neu und kommt noch an die Reihe.");
const TAKES_NOTHING: Sentence = Sentence("{} has taken nothing since {}.", "{} nimmt seit {} nichts an.");
const REFUSED: Sentence = Sentence("{} will not get it.", "{} bekommt es nicht.");
const MORE: Sentence = Sentence("And {} more.", "Und {} weitere.");
const STORED_ONE: Sentence =
    Sentence("1 of them has confirmed that it is stored.", "1 davon hat bestätigt, dass es gespeichert ist.");
const STORED: Sentence =
    Sentence("{} of them have confirmed that it is stored.", "{} davon haben bestätigt, dass es gespeichert ist.");

/// Where a post is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostDelivery {
    /// The post.
    pub id: Id<Post>,
    /// How many other sites it goes to.
    pub sites: usize,
    /// How many of them have it.
    pub received: usize,
    /// How many of those have confirmed that it is stored: nodes of the organisation do, within an hour or two.
    pub stored: usize,
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
    /// This node never sent anything there, and speaks with so many new servers in an hour only: its turn comes.
    Queued,
    /// It has been on its way for more than half a minute: the site takes nothing.
    Late,
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
pub fn of_post(
    conn: &mut Conn,
    author: Id<Account>,
    id: Id<Post>,
    now: Timestamp,
    tongue: Tongue,
) -> Result<PostDelivery> {
    let post = store::documents::post(conn, id)?.ok_or(Error::NotFound)?;
    if post.account_id != author || !post.local {
        return Err(Error::NotFound);
    }
    let post = match post.boost_of_id {
        // A boost leads to the post, when that is theirs too.
        Some(original) => return of_post(conn, author, original, now, tongue),
        None => post,
    };
    let dispatches = ledger::dispatches(conn, id)?;
    let activities: Vec<Id<Activity>> = dispatches.iter().map(|dispatch| dispatch.activity).collect();
    let waiting = ledger::waiting(conn, &activities)?;
    let misses = ledger::misses(conn, &activities)?;
    let (marks, doubts) = (store::stored::marks(conn)?, store::stored::doubts(conn, &activities)?);
    let asked = store::charter::peers(conn)?;
    let signed = charter::current(conn)?;
    let charter = signed.as_ref().map(|signed| &signed.charter);
    let mut late = Vec::new();
    let (mut sites, mut stored) = (0, 0);
    for dispatch in &dispatches {
        // An edit that names somebody new is on its way from then on.
        let begun = dispatch.activity.timestamp().max(post.created_at);
        for host in &dispatch.hosts {
            sites += 1;
            let is_here = |of: Id<Activity>, at: &str| of == dispatch.activity && at == host;
            let site = || site_name(charter, host);
            if waiting.iter().any(|(of, at)| is_here(*of, at)) {
                let known = store::deliveries::find_host(conn, host)?;
                let success = known.as_ref().and_then(|known| known.last_success_at);
                let known = known.filter(|known| known.failures > 0);
                // Nodes of the organisation are never held back.
                let is_new = success.is_none() && !charter.is_some_and(|charter| is_node(charter, host));
                let unheard = unanswered(charter, &asked, host, success);
                let slow = now.millis() - begun.millis() > LATE_SECONDS * 1_000;
                let (state, since) = match (&known, unheard) {
                    (Some(known), _) => (Lateness::Offline, known.first_failure_at),
                    (None, Some((at, _))) => (Lateness::Offline, Some(at)),
                    // Who does not answer a first request has failed by then.
                    (None, None) if slow && is_new => (Lateness::Queued, None),
                    (None, None) if slow => (Lateness::Late, None),
                    (None, None) => (Lateness::Waiting, None),
                };
                late.push(LateSite {
                    site: site(),
                    domain: host.clone(),
                    state,
                    since: since.unwrap_or(begun),
                    next_try: known.and_then(|known| known.next_attempt_at),
                });
            } else if let Some(miss) = misses.iter().find(|miss| is_here(miss.activity, &miss.host)) {
                let (site, domain) = (site(), host.clone());
                late.push(LateSite { site, domain, state: Lateness::Refused, since: miss.at, next_try: None });
            } else {
                let marked = marks.iter().any(|(at, mark)| at == host && mark.activity >= dispatch.activity);
                let doubtful = doubts.iter().any(|(of, at)| is_here(*of, at));
                stored += usize::from(marked && !doubtful);
            }
        }
    }
    let refused = late.iter().filter(|site| site.state == Lateness::Refused).count();
    let unfinished = late.len() - refused;
    late.sort_by(|a, b| (a.state == Lateness::Refused, &a.site).cmp(&(b.state == Lateness::Refused, &b.site)));
    let received = sites - late.len();
    let text = sentence(sites, received, stored, &late, post.created_at, now, tongue);
    late.truncate(NAMED);
    Ok(PostDelivery { id: post.id, sites, received, stored, waiting: unfinished, refused, late, text })
}

/// "12 of 13 sites have it. Oslo is offline since 09:40."
fn sentence(
    sites: usize,
    received: usize,
    stored: usize,
    late: &[LateSite],
    written: Timestamp,
    now: Timestamp,
    tongue: Tongue,
) -> String {
    if sites == 0 {
        let forgotten = written < now.plus_days(-ledger::DAYS);
        return if forgotten {
            FORGOTTEN.with(tongue, &[&ledger::DAYS.to_string()])
        } else {
            NOWHERE.of(tongue).into()
        };
    }
    let received = if sites == 1 && tongue == Tongue::English {
        format!("{received} of 1 site has it.")
    } else {
        RECEIVED.with(tongue, &[&received.to_string(), &sites.to_string()])
    };
    let mut parts = vec![received];
    for site in late.iter().take(3) {
        let since = moment(site.since, now);
        let sentence = match site.state {
            Lateness::Offline => OFFLINE,
            Lateness::Waiting => WAITING,
            Lateness::Queued => QUEUED,
            Lateness::Late => TAKES_NOTHING,
            Lateness::Refused => REFUSED,
        };
        parts.push(sentence.with(tongue, &[&site.site, &since]));
    }
    if late.len() > 3 {
        parts.push(MORE.with(tongue, &[&(late.len() - 3).to_string()]));
    }
    match stored {
        0 => {}
        1 => parts.push(STORED_ONE.of(tongue).into()),
        _ => parts.push(STORED.with(tongue, &[&stored.to_string()])),
    }
    parts.join(" ")
}

/// `09:40 UTC`, with the day when it is not today's.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let form = if at.midnight() == now.midnight() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    at.to_datetime().format(form).to_string()
}

fn is_node(charter: &Charter, host: &str) -> bool {
    charter.nodes.iter().any(|node| uri::host(&node.actor) == host)
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
    /// Something has been waiting for it for more than half a minute.
    Late,
    /// It has not spoken to this node for much longer than the lot explains by which nodes of the organisation ask one another
    /// each minute.
    Quiet,
    /// Nothing is wrong.
    Fine,
    /// It is blocked here.
    Blocked,
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
    /// When it last said what it has stored of this node; nodes of the organisation only.
    pub stored_checked: Option<Timestamp>,
    /// Activities that it took and does not have.
    pub not_stored: i64,
    /// How long a node of the organisation may be silent. Milliseconds.
    #[serde(skip)]
    patience: Option<i64>,
}

/// All other servers of which something is known, those in trouble first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn peers(conn: &mut Conn, own: &str, now: Timestamp) -> Result<Vec<PeerHealth>> {
    let signed = charter::current(conn)?;
    let charter = signed.as_ref().map(|signed| &signed.charter);
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
    let marks = store::stored::marks(conn)?;
    let doubts: BTreeMap<String, i64> = store::stored::doubts_by_host(conn)?.into_iter().collect();
    let nodes = charter.map(|charter| charter.nodes.as_slice()).unwrap_or_default();
    let asks = |node: &Member| node.software == Software::Watercooler;
    let others = nodes.iter().filter(|node| asks(node)).count().saturating_sub(1).max(1);
    let patience = QUIET * adopt::ASK_SECONDS * 1_000 * i64::try_from(others).unwrap_or(1);
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
                site: site_name(charter, &name),
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
                stored_checked: marks.iter().find(|(at, _)| *at == name).map(|(_, mark)| mark.checked_at),
                not_stored: doubts.get(&name).copied().unwrap_or(0),
                patience: node.filter(|node| asks(node)).map(|_| patience),
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
    /// What this process knows and has not written down yet. `since`: nobody could be heard before.
    pub fn note(&mut self, success: Option<Timestamp>, heard: Option<Timestamp>, since: Timestamp, now: Timestamp) {
        self.last_success = self.last_success.max(success);
        self.last_heard = self.last_heard.max(heard);
        let silent = now.millis() - self.last_heard.map_or(since, |heard| heard.max(since)).millis();
        if self.state == Health::Fine && self.patience.is_some_and(|patience| silent > patience) {
            self.state = Health::Quiet;
            self.why = Some("it asks this node for nothing, though this node reaches it".into());
        }
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
        if let Some((at, why)) = asked.and_then(|asked| failed(asked, self.last_success)) {
            self.state = Health::Offline;
            self.failing_since = Some(at);
            self.why = Some(why.to_owned());
            return;
        }
        if self.lag_seconds > LATE_SECONDS {
            self.state = Health::Late;
        }
    }
}

/// When a node could not be asked for its charter, and why, where it took nothing since.
fn failed(asked: &Seen, success: Option<Timestamp>) -> Option<(Timestamp, &str)> {
    let (at, why) = (asked.failed_at?, asked.error.as_deref()?);
    success.is_none_or(|success| success < at).then_some((at, why))
}

/// The same of the node with this host.
fn unanswered<'s>(
    charter: Option<&Charter>,
    seen: &'s [Seen],
    host: &str,
    success: Option<Timestamp>,
) -> Option<(Timestamp, &'s str)> {
    let node = charter?.nodes.iter().find(|node| uri::host(&node.actor) == host)?;
    failed(seen.iter().find(|seen| seen.domain == node.domain)?, success)
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
        let say = |sites, late: &[LateSite]| sentence(sites, sites - late.len(), 0, late, NOW, NOW, Tongue::English);
        assert_eq!(
            say(13, &[late("Oslo", Lateness::Offline, 140)]),
            "12 of 13 sites have it. Oslo is offline since 09:40 UTC."
        );
        assert_eq!(say(1, &[]), "1 of 1 site has it.");
        assert_eq!(say(0, &[]), "It went to no other site.");
        let many: Vec<LateSite> = ["A", "B", "C", "D"].map(|name| late(name, Lateness::Refused, 1)).to_vec();
        assert!(say(9, &many).ends_with("C will not get it. And 1 more."));
        let yesterday = sentence(2, 1, 0, &[late("Oslo", Lateness::Offline, 1_440)], NOW, NOW, Tongue::English);
        assert!(yesterday.ends_with("since 2026-11-22 12:00 UTC."), "{yesterday}");
    }
}
