//! What other nodes say: name, address, certificate, clock, and the way back. Everything takes the outgoing gate, with
//! all its rules.

use super::{Finding, here::span};
use crate::{
    app::App,
    domain::{charter::Software, delivery::Health},
    federation::charter::checks::{self, Trouble},
    peers::{self, health},
    store,
    time::Timestamp,
};
use futures_util::{StreamExt, stream};
use url::Url;

/// Nodes that are asked at the same time.
const AT_ONCE: usize = 8;
/// Nodes that are asked at most.
const MOST: usize = 200;
/// Certificates that end within so many days are worth a word.
const SOON: i64 = 30;
/// Seconds apart beyond which a clock is worth a word, and beyond which signatures are refused.
const APART: i64 = 30;
const REFUSED: i64 = 300;

pub(super) async fn look(app: &App, alone: bool) -> Vec<Finding> {
    let mut all = if alone { Vec::new() } else { front(app).await };
    let fronts = all.len();
    let mut clocks = Vec::new();
    let charter = peers::organisation(app);
    let members = charter.as_ref().map(|signed| checks::others(app, signed)).unwrap_or_default();
    let asked: Vec<_> = members.iter().take(MOST).map(|node| ask(app, node, alone)).collect();
    for (findings, clock) in stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>().await {
        all.extend(findings);
        clocks.extend(clock);
    }
    let known = health::all(app).await.unwrap_or_default();
    let mut plain: Vec<String> = match peers::list(app).await {
        Ok(list) => list
            .into_iter()
            .filter(|entry| entry.kind == "peer" && !entry.blocked && !entry.domain.starts_with('*'))
            .filter(|entry| !members.iter().any(|node| reaches(node, &entry.domain, entry.port)))
            .map(|entry| match entry.port.filter(|_| !entry.domain.contains(':')) {
                Some(port) => format!("{}:{port}", entry.domain),
                None => entry.domain,
            })
            .collect(),
        Err(_) => Vec::new(),
    };
    if let Some(signed) = &charter {
        let other = signed.charter.nodes.iter().filter(|node| node.software == Software::Other);
        plain.extend(other.map(|node| crate::uri::host(&node.actor).to_owned()));
    }
    plain.sort();
    plain.dedup();
    let probes: Vec<_> = plain.iter().take(MOST).map(|domain| probe(app, domain)).collect();
    for (domain, finding) in plain.iter().zip(stream::iter(probes).buffered(AT_ONCE).collect::<Vec<_>>().await) {
        let reached = finding.state == super::State::Ok;
        all.push(finding);
        if reached {
            let heard = known.iter().find(|peer| peer.domain == *domain).and_then(|peer| peer.last_heard);
            all.push(way_back(domain, heard, app.clock().now()));
        }
    }
    if members.len() > MOST {
        let found = format!("{MOST} of the {} other nodes of the organisation were asked", members.len());
        let to_do = "`watercooler org status` says when each of the others was last heard".into();
        all.push(Finding { to_do, ..Finding::ok("peers", found) });
    }
    if all.len() == fronts {
        all.push(Finding::ok("peers", "no other node is named in the settings, by command or by a charter"));
    }
    all.extend(late(&known));
    all.push(clock(&clocks));
    all
}

/// This node under its own public name: there, with a certificate that lasts, and it knows its people by their handles.
async fn front(app: &App) -> Vec<Finding> {
    let (site, now) = (app.site(), app.clock().now());
    let charter = peers::organisation(app);
    let ca = charter.and_then(|signed| signed.charter.node(site.domain()).and_then(|node| node.ca.clone()));
    let hello = site.url("/charter/hello");
    let Ok(url) = Url::parse(&hello) else { return Vec::new() };
    let seen = match app.net().front(&url, ca.as_deref()).await {
        Ok(seen) => seen,
        Err(failure) => {
            let found = format!("{} cannot be reached from here: {failure}", site.authority());
            let to_do = "check DNS, the proxy in front, its certificate and the firewall; where the router does not lead \
                         this machine back to itself, ask another node whether it reaches this one";
            return vec![Finding::warning("own name", found, to_do)];
        }
    };
    let mut all = vec![if seen.status == 200 && seen.text.contains(&format!("\"domain\":\"{}\"", site.domain())) {
        Finding::ok("own name", format!("this node answers under {}", site.authority()))
    } else {
        let found = format!("another server answers under {} (status {})", site.authority(), seen.status);
        Finding::problem("own name", found, "correct DNS, or the proxy in front: every path belongs to this node")
    }];
    if let Some(ends) = seen.certificate_ends {
        let found = format!("good until {}", ends.date());
        let to_do = "renew it; where that happens by itself, look why it did not";
        all.push(match ends {
            ends if ends <= now => Finding::problem("certificate", found, to_do),
            ends if ends < now.plus_days(SOON) => Finding::warning("certificate", found, to_do),
            _ => Finding::ok("certificate", found),
        });
    }
    all.extend(webfinger(app, ca.as_deref()).await);
    all
}

/// Whether a handle leads here: others ask its right side, which may be another name than that of the server.
async fn webfinger(app: &App, ca: Option<&str>) -> Option<Finding> {
    let site = app.site();
    let owner = app
        .read(|conn| {
            let id = store::users::first_of_staff(conn)?;
            id.map(|id| store::accounts::load(conn, id)).transpose()
        })
        .await;
    let owner = owner.ok()??;
    let base =
        if site.domain() == site.authority() { site.base().to_owned() } else { format!("https://{}", site.domain()) };
    let mut url = Url::parse(&format!("{base}/.well-known/webfinger")).ok()?;
    let handle = site.handle(&owner.username);
    url.query_pairs_mut().append_pair("resource", &format!("acct:{handle}"));
    let to_do = format!("let https://{}/.well-known/webfinger lead to this node, with its query", site.domain());
    Some(match app.net().front(&url, ca).await {
        Ok(seen) if seen.status == 200 && seen.text.contains(&site.actor_uri(&owner.username)) => {
            Finding::ok("webfinger", format!("@{handle} leads here"))
        }
        // Others follow a redirect.
        Ok(seen) if (300..400).contains(&seen.status) && seen.text.contains(site.authority()) => {
            Finding::ok("webfinger", format!("@{handle} leads here by a redirect"))
        }
        Ok(seen) => {
            Finding::problem("webfinger", format!("@{handle} does not lead here (status {})", seen.status), to_do)
        }
        Err(failure) => Finding::warning("webfinger", format!("{} cannot be reached: {failure}", site.domain()), to_do),
    })
}

fn reaches(node: &crate::domain::charter::Member, domain: &str, port: Option<u16>) -> bool {
    let host = crate::uri::host(&node.actor);
    let name = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    node.domain == domain
        || host == domain
        || (name(host) == domain && port == node.port)
        || name(&node.domain) == domain
}

/// A node of the organisation: there, its clock, and back.
async fn ask(app: &App, node: &crate::domain::charter::Member, alone: bool) -> (Vec<Finding>, Option<(String, i64)>) {
    let said = |trouble: Trouble, check| Finding::problem(check, trouble.found, trouble.to_do).about(&node.domain);
    let hello = match checks::hello(app, node).await {
        Ok(hello) => hello,
        Err(trouble) => return (vec![said(trouble, "reach")], None),
    };
    let apart = (app.clock().now().millis() - hello.time.millis()).abs() / 1_000;
    let found = "it answers: name, address and certificate are good";
    let mut all = vec![Finding::ok("reach", found).about(&node.domain)];
    if !alone {
        all.push(match checks::back(app, node).await {
            Ok(true) => Finding::ok("reached by", "it reaches this node").about(&node.domain),
            Ok(false) => Finding {
                to_do: "upgrade it to be able to ask".into(),
                ..Finding::ok("reached by", "its version cannot say whether it reaches this node").about(&node.domain)
            },
            Err(trouble) => said(trouble, "reached by"),
        });
    }
    (all, Some((node.domain.clone(), apart)))
}

async fn probe(app: &App, domain: &str) -> Finding {
    let finding = match peers::probe(app, domain).await {
        Ok(probe) if probe.outcome == "reachable" => {
            let keeps = if probe.is_watercooler() { ", keeps audiences" } else { "" };
            let software = probe.software.unwrap_or_else(|| "other software".into());
            Finding::ok("reach", format!("it answers in {} ms ({}{keeps})", probe.milliseconds, software.trim()))
        }
        Ok(probe) => {
            let to_do = checks::advice_for(&probe.outcome);
            Finding::problem("reach", format!("it cannot be reached: {}", probe.outcome), to_do)
        }
        Err(error) => Finding::problem("reach", error.to_string(), "correct its entry: `watercooler peer list`"),
    };
    finding.about(domain)
}

/// Other software cannot be asked whether it reaches us: it does when it spoke.
fn way_back(domain: &str, heard: Option<Timestamp>, now: Timestamp) -> Finding {
    let finding = match heard {
        Some(at) => {
            let ago = span((now.millis() - at.millis()).max(0));
            Finding::ok("reached by", format!("it last spoke to this node {ago} ago"))
        }
        None => Finding {
            to_do: "let somebody there follow somebody here, and look again".into(),
            ..Finding::ok("reached by", "unknown: it has not spoken to this node yet")
        },
    };
    finding.about(domain)
}

/// What waits for others, and why.
fn late(known: &[crate::domain::delivery::PeerHealth]) -> Vec<Finding> {
    let is_late = |peer: &&crate::domain::delivery::PeerHealth| {
        peer.waiting > 0 && !matches!(peer.state, Health::Fine | Health::Quiet | Health::Blocked)
    };
    let troubled: Vec<_> = known.iter().filter(is_late).collect();
    let silent = known.iter().filter(|peer| peer.state == Health::Quiet).take(MOST).map(|peer| {
        let to_do = "let its admin run `watercooler doctor` there: a firewall may stop what it sends";
        let found = "it has not spoken to this node for long, though this node reaches it";
        Finding::warning("reached by", found, to_do).about(&peer.domain)
    });
    let lost = known.iter().filter(|peer| peer.not_stored > 0).take(MOST).map(|peer| {
        let found = format!("it took {} posts that it does not have", peer.not_stored);
        let to_do = "it is asked again each hour; if they stay away, its admin looks for failed work there: \
                     `watercooler jobs list`";
        Finding::warning("stored", found, to_do).about(&peer.domain)
    });
    let rest: Vec<_> = silent.chain(lost).collect();
    if troubled.is_empty() {
        return std::iter::once(Finding::ok("deliveries", "nothing is late")).chain(rest).collect();
    }
    let line = |peer: &&crate::domain::delivery::PeerHealth| {
        let why = peer.why.clone().unwrap_or_else(|| "no answer yet".into());
        let found = format!("{} wait, the oldest for {}: {why}", peer.waiting, span(peer.lag_seconds * 1_000));
        let to_do = "its admin may know; it is tried again by itself, and at once when it speaks. `watercooler peer show` \
                     says when";
        Finding::warning("deliveries", found, to_do).about(&peer.domain)
    };
    troubled.iter().take(MOST).map(line).chain(rest).collect()
}

/// One clock that is wrong disagrees with all others.
fn clock(clocks: &[(String, i64)]) -> Finding {
    let Some(most) = clocks.iter().map(|(_, apart)| *apart).max() else {
        return Finding::ok("clock", "no other node to compare it with");
    };
    let wrong: Vec<&str> =
        clocks.iter().filter(|(_, apart)| *apart > APART).map(|(domain, _)| domain.as_str()).collect();
    if wrong.is_empty() {
        return Finding::ok("clock", format!("at most {most} seconds from the others'"));
    }
    let found = format!("{most} seconds from the clock of {}", wrong.join(", "));
    let to_do = if wrong.len() * 2 > clocks.len() {
        "set this machine's clock: switch on NTP (`timedatectl set-ntp true`)"
    } else {
        "let the admins of those nodes set their clocks (NTP)"
    };
    if most > REFUSED { Finding::problem("clock", found, to_do) } else { Finding::warning("clock", found, to_do) }
}
