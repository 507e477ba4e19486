//! Peers behind the outgoing gate, over a network in memory: rows LAN of the security checklist.

use crate::{
    gate::{FEDERATED, PUBLIC, configured, gate, get, key, peer, refused, secure, tls_server},
    network::{SimNetwork, ok, read_head, redirect},
};
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use url::Url;
use watercooler::{
    config::Sources,
    net::{Ask, Block, Failure, Gate, NetConfig, Peer, Purpose, Refusal, Severity},
    time::Clock,
};

#[tokio::test]
async fn sec_lan_10_a_private_authority_counts_for_its_peer_only() {
    let network = SimNetwork::default();
    tls_server(&network, "10.0.0.1:8443");
    network.name("secure.test", &["10.0.0.1"]).name("moved.test", &["10.0.0.1"]).name("wrong.test", &["10.0.0.1"]);
    network.name("plain.test", &["10.0.0.3"]).http("10.0.0.3:80", |_| ok("plain"));
    let ca: Arc<[u8]> =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem")).unwrap().into();
    let entry = |name: &str, ca| Peer { ca, ..secure(peer(name, &["10.0.0.0/24"], 8443)) };
    let peers =
        vec![entry("secure.test", Some(ca)), entry("moved.test", None), peer("plain.test", &["10.0.0.0/24"], 0)];
    let gate = gate(&network, peers);
    assert_eq!(key(&gate, "https://secure.test:8443/").await.unwrap().body, "safe");
    // The certificate names it, but its entry brings no authority.
    assert!(matches!(key(&gate, "https://moved.test:8443/").await, Err(Failure::Unreachable(_))));
    // NET-05: never down from https to http.
    refused(key(&gate, "https://secure.test:8443/down").await, Refusal::Scheme);
}

fn corp(network: &SimNetwork) -> Gate {
    network.http("10.20.1.1:8443", |_| ok("peer"));
    for name in ["hr.corp.example", "evil.example", "b.corp.example"] {
        network.name(name, &["10.20.1.1"]);
    }
    gate(
        network,
        vec![peer("hr.corp.example", &["10.20.0.0/16"], 8443), peer("b.corp.example", &["10.30.0.0/16"], 8443)],
    )
}

#[tokio::test]
async fn sec_lan_01_a_private_peer_is_reached_for_all_federation() {
    let network = SimNetwork::default();
    let gate = corp(&network);
    for purpose in FEDERATED {
        assert_eq!(get(&gate, purpose, "http://hr.corp.example:8443/").await.unwrap().body, "peer");
    }
}

#[tokio::test]
async fn sec_lan_02_an_address_counts_only_together_with_its_host() {
    let network = SimNetwork::default();
    let gate = corp(&network);
    refused(key(&gate, "https://evil.example/").await, Refusal::PrivateAddress);
    refused(key(&gate, "http://evil.example:8443/").await, Refusal::Scheme);
    refused(key(&gate, "http://b.corp.example:8443/").await, Refusal::OutsideRanges);
    refused(key(&gate, "http://10.20.1.1:8443/").await, Refusal::Scheme);
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_lan_03_a_peer_that_resolves_outside_its_ranges_is_refused_and_counted() {
    let network = SimNetwork::default();
    for (name, ip) in [("a.test", "10.99.0.1"), ("b.test", "127.0.0.1"), ("c.test", PUBLIC), ("d.test", "fd00::1")] {
        network.name(name, &[ip]);
    }
    network.name("e.test", &["169.254.169.254"]);
    let gate = gate(&network, vec![peer("*.test", &["10.20.0.0/16"], 0)]);
    for name in ["a.test", "b.test", "c.test", "d.test"] {
        refused(key(&gate, &format!("http://{name}/")).await, Refusal::OutsideRanges);
    }
    refused(key(&gate, "http://e.test/").await, Refusal::NeverAllowed);
    assert_eq!(gate.counts()["outside_ranges"], 4);
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_lan_04_a_peer_cannot_redirect_to_other_hosts_inside() {
    let network = SimNetwork::default();
    network.name("hr.test", &["10.0.0.1"]).name("erp.test", &["10.0.0.2"]).http("10.0.0.1:8443", |path| match path {
        "/ip" => redirect("http://10.0.0.2:8443/"),
        "/other" => redirect("http://erp.test:8443/"),
        "/secure" => redirect("https://10.0.0.2/"),
        "/port" => redirect("http://hr.test:22/"),
        _ => ok("x"),
    });
    let gate = gate(&network, vec![peer("hr.test", &["10.0.0.0/8"], 8443)]);
    refused(key(&gate, "http://hr.test:8443/ip").await, Refusal::Scheme);
    refused(key(&gate, "http://hr.test:8443/other").await, Refusal::Scheme);
    refused(key(&gate, "http://hr.test:8443/secure").await, Refusal::PrivateAddress);
    refused(key(&gate, "http://hr.test:8443/port").await, Refusal::Port);
    assert!(network.dials().iter().all(|a| a.to_string() == "10.0.0.1:8443"));
}

#[tokio::test]
async fn sec_lan_05_a_peer_opens_no_other_port() {
    let network = SimNetwork::default();
    network.name("hr.test", &["10.0.0.1"]);
    let gate = gate(&network, vec![peer("hr.test", &["10.0.0.0/8"], 8443)]);
    refused(key(&gate, "http://hr.test/").await, Refusal::Port);
    refused(key(&gate, "http://hr.test:22/").await, Refusal::Port);
    refused(key(&gate, "https://hr.test/").await, Refusal::Scheme);
    refused(key(&gate, "https://hr.test:8443/").await, Refusal::Scheme);
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_lan_06_previews_and_webhooks_never_reach_a_private_peer() {
    let network = SimNetwork::default();
    network.name("hr.test", &["10.0.0.1"]).http("10.0.0.1:443", |_| ok("x"));
    let gate = gate(&network, vec![secure(peer("hr.test", &["10.0.0.0/8"], 0)), peer("h.test", &["10.0.0.0/8"], 0)]);
    refused(get(&gate, Purpose::Preview, "https://hr.test/").await, Refusal::Purpose);
    refused(get(&gate, Purpose::Webhook, "https://hr.test/").await, Refusal::Purpose);
    refused(get(&gate, Purpose::Webhook, "http://h.test/").await, Refusal::Purpose);
    refused(get(&gate, Purpose::Push, "https://hr.test/").await, Refusal::Purpose);
    // Under an allowlist, push goes to named relays alone.
    gate.configure(|config| config.allowlist = true);
    refused(get(&gate, Purpose::Push, "https://hr.test/").await, Refusal::NotARelay);
    refused(get(&gate, Purpose::Push, "https://push.example/").await, Refusal::NotARelay);
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_lan_07_peers_under_localhost_are_loopback_without_a_resolver_and_only_they() {
    use tokio::net::TcpListener;
    // The machine's own sockets, as the demo uses them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            tokio::spawn(async move {
                while read_head(&mut io).await.is_some() {
                    io.write_all(ok("loopback").as_bytes()).await.unwrap();
                }
            });
        }
    });
    let entry = peer("research.localhost", &["127.0.0.0/8"], port);
    let own = |config: &mut NetConfig| config.guarded = vec![([127, 0, 0, 1], port).into()];
    let gate = Gate::new(NetConfig { peers: vec![entry], ..NetConfig::default() }, Clock::real());
    let url = format!("http://research.localhost:{port}/");
    assert_eq!(key(&gate, &url).await.unwrap().body, "loopback");
    refused(key(&gate, &format!("http://marketing.localhost:{port}/")).await, Refusal::Scheme);
    refused(key(&gate, &format!("http://127.0.0.1:{port}/")).await, Refusal::Scheme);
    refused(key(&gate, "https://marketing.localhost/").await, Refusal::PrivateAddress);
    // Changed rules count for connections that are already open.
    gate.configure(own);
    refused(key(&gate, &url).await, Refusal::Ourselves);

    let network = SimNetwork::default();
    network.name("research.localhost", &["10.0.0.1"]).http("127.0.0.1:7000", |_| ok("x"));
    let sim = gate_for(&network, peer("research.localhost", &["127.0.0.0/8"], 7000));
    assert_eq!(key(&sim, "http://research.localhost:7000/").await.unwrap().body, "x");
    assert!(network.questions().is_empty());
    let elsewhere = gate_for(&network, peer("research.localhost", &["10.0.0.0/8"], 7000));
    assert!(key(&elsewhere, "http://research.localhost:7000/").await.is_err(), "a .localhost name is never elsewhere");

    // So is a relay for push.
    let relays = vec![peer("push.localhost", &["127.0.0.0/8"], 7000)];
    let pushing = configured(&network, NetConfig { relays, ..NetConfig::default() });
    assert_eq!(get(&pushing, Purpose::Push, "http://push.localhost:7000/").await.unwrap().body, "x");
    refused(key(&pushing, "http://push.localhost:7000/").await, Refusal::Scheme);
    assert!(network.questions().is_empty());
}

#[tokio::test]
async fn sec_lan_07_no_setting_opens_what_no_entry_names() {
    let network = SimNetwork::default();
    network.name("inside.example", &["10.0.0.1"]);
    for address in ["10.0.0.1:443", "10.0.0.1:80", "127.0.0.1:443", "127.0.0.1:80"] {
        network.http(address, |_| ok("inside"));
    }
    let settings = watercooler::config::settings();
    for setting in &settings {
        let suspicious = ["insecure", "unsafe", "skip", "debug", "verify", "allow_private", "allow_all", "trust_all"];
        let name = suspicious.iter().find(|word| setting.key.contains(**word));
        assert!(name.is_none(), "{} sounds like a switch that turns checks off", setting.key);
    }
    // Every switch the other way, each alone and all together; and what stands for a choice of words.
    let flipped = settings.iter().filter_map(|setting| {
        let value = setting.default.as_ref()?.as_bool()?;
        Some((setting.key.clone(), (!value).to_string()))
    });
    let flipped: Vec<(String, String)> = flipped.collect();
    assert!(flipped.len() > 5, "{flipped:?}");
    let words = [("federation.policy", "allowlist"), ("federation.policy", "open"), ("rate_limits.mode", "off")];
    let words = words.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut layers: Vec<Vec<(String, String)>> = flipped.iter().chain(&words).map(|flag| vec![flag.clone()]).collect();
    layers.push(flipped);
    let addresses = [
        "https://10.0.0.1/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "https://inside.example/",
        "https://localhost/",
    ];
    join_all(layers.into_iter().map(async |flags| {
        let config = Sources { flags: flags.clone(), ..Sources::default() }.load().unwrap().config;
        let gate = configured(&network, NetConfig::from_settings(&config).unwrap());
        // All at once: the gate takes its time with what it refuses.
        join_all(Purpose::ALL.into_iter().flat_map(|purpose| addresses.map(|url| (purpose, url))).map(
            async |(purpose, url)| {
                let answer = gate.fetch(Ask::get(purpose, Url::parse(url).unwrap())).await;
                assert!(matches!(answer, Err(Failure::Refused(_))), "{flags:?} {purpose:?} {url}: {answer:?}");
            },
        ))
        .await;
    }))
    .await;
    assert!(network.dials().is_empty(), "{:?}", network.dials());
    // An entry for everybody is none: it takes a name.
    for everybody in ["*", "*.", "", "."] {
        let gate = gate_for(&network, secure(peer(everybody, &["0.0.0.0/0", "::/0"], 0)));
        assert!(key(&gate, "https://inside.example/").await.is_err(), "{everybody:?}");
    }
    assert!(network.dials().is_empty());
}

#[test]
fn sec_lan_07_every_build_has_the_same_checks() {
    fn sources(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("[features]"), "a feature could make another gate");
    let mut all = Vec::new();
    sources(&root.join("src"), &mut all);
    for (file, text) in &all {
        assert!(!text.contains("cfg(feature") && !text.contains("cfg!(feature"), "{file}");
        // What a debug build does otherwise is no gate's business.
        let gated = file.contains("/src/net/") || file.contains("/src/federation/");
        assert!(!gated || !text.contains("debug_assertions"), "{file}");
        let own = text.split("#[cfg(test)]").next().unwrap();
        // The demo and `bench` are ordinary nodes: their policy comes from settings and charter like any other.
        let makes = own
            .lines()
            .filter(|line| !line.contains("fn "))
            .any(|line| ["NetConfig {", "Gate::new(", "Gate::with_network("].iter().any(|maker| line.contains(maker)));
        assert!(!makes || file.contains("/src/net/") || file.ends_with("/src/node.rs"), "{file}");
    }
}

fn gate_for(network: &SimNetwork, entry: Peer) -> Gate {
    gate(network, vec![entry])
}

#[tokio::test]
async fn sec_lan_08_in_allowlist_mode_only_peers_are_fetched() {
    let network = SimNetwork::default();
    network.name("in.test", &["10.0.0.1"]).name("world.example", &[PUBLIC]).http("10.0.0.1:80", |path| match path {
        "/out" => redirect("https://world.example/"),
        _ => ok("x"),
    });
    let peers = vec![peer("in.test", &["10.0.0.0/8"], 0)];
    let gate = configured(&network, NetConfig { allowlist: true, peers, ..NetConfig::default() });
    assert_eq!(key(&gate, "http://in.test/").await.unwrap().body, "x");
    for purpose in FEDERATED {
        refused(get(&gate, purpose, "https://world.example/").await, Refusal::NotAllowlisted);
    }
    refused(key(&gate, "http://in.test/out").await, Refusal::NotAllowlisted);
    let rules = gate.rules();
    assert_eq!(rules.standing("world.example").admitted, Err(Refusal::NotAllowlisted));
    assert_eq!(rules.standing("in.test").admitted, Ok(()));
    assert!(rules.standing("in.test").is_peer && !rules.standing("world.example").is_peer);
    assert!(!network.questions().contains(&"world.example".to_owned()));
}

#[tokio::test]
async fn sec_lan_09_a_removed_entry_and_a_block_count_at_once() {
    let network = SimNetwork::default();
    network.name("in.test", &["10.0.0.1"]).http("10.0.0.1:80", |_| ok("x"));
    let gate = gate(&network, vec![peer("in.test", &["10.0.0.0/8"], 0)]);
    key(&gate, "http://in.test/").await.unwrap();
    let block = Block { domain: "test".into(), severity: Severity::Suspend, ..Block::default() };
    gate.configure(|config| config.blocks.push(block));
    refused(key(&gate, "http://in.test/").await, Refusal::Blocked);
    gate.configure(|config| config.blocks.clear());
    key(&gate, "http://in.test/").await.unwrap();
    gate.configure(|config| config.peers.clear());
    refused(key(&gate, "http://in.test/").await, Refusal::Scheme);
}

#[tokio::test]
async fn sec_lan_11_names_match_label_by_label() {
    let network = SimNetwork::default();
    let peers = vec![
        secure(peer("corp.example", &["10.0.0.0/8"], 0)),
        secure(peer("*.sites.corp.example", &["10.0.0.0/8"], 0)),
    ];
    let blocks = vec![
        Block { domain: "bad.example".into(), severity: Severity::Suspend, ..Block::default() },
        Block { domain: "loud.example".into(), severity: Severity::Silence, reject_media: true, ..Block::default() },
    ];
    let gate =
        configured(&network, NetConfig { allowlist: true, peers, blocks: blocks.clone(), ..NetConfig::default() });
    let rules = gate.rules();
    for yes in ["corp.example", "CORP.example", "corp.example.", "a.sites.corp.example", "a.b.sites.corp.example"] {
        assert!(rules.standing(yes).is_peer, "{yes}");
    }
    for no in [
        "evilcorp.example",
        "sites.corp.example",
        "x.corp.example",
        "evilsites.corp.example",
        "corp.example.evil.net",
        "",
    ] {
        assert!(rules.standing(no).admitted.is_err(), "{no}");
    }
    let open = configured(&network, NetConfig { blocks, ..NetConfig::default() });
    let rules = open.rules();
    for blocked in ["bad.example", "a.bad.example", "A.B.BAD.EXAMPLE", "bad.example:8443"] {
        assert_eq!(rules.standing(blocked).admitted, Err(Refusal::Blocked), "{blocked}");
    }
    assert_eq!(rules.standing("notbad.example").admitted, Ok(()));
    let loud = rules.standing("x.loud.example");
    assert!(loud.admitted.is_ok() && loud.silenced && loud.reject_media && !loud.reject_reports);
    refused(get(&open, Purpose::Media, "https://loud.example/a.png").await, Refusal::Blocked);
}

#[tokio::test]
async fn nodes_on_ports_of_one_machine_are_different_peers() {
    let network = SimNetwork::default();
    network.http("127.0.0.1:8081", |_| ok("one")).http("127.0.0.1:8082", |_| ok("two"));
    let mut by_domain = peer("localhost:8081", &["127.0.0.0/8"], 0);
    by_domain.port = None;
    let gate = configured(
        &network,
        NetConfig {
            peers: vec![by_domain, peer("localhost", &["127.0.0.0/8"], 8082)],
            allowlist: true,
            ..NetConfig::default()
        },
    );
    assert_eq!(key(&gate, "http://localhost:8081/").await.unwrap().body, "one");
    assert_eq!(key(&gate, "http://localhost:8082/").await.unwrap().body, "two");
    refused(key(&gate, "http://localhost:8083/").await, Refusal::NotAllowlisted);
    let rules = gate.rules();
    assert!(rules.standing("localhost:8082").is_peer && !rules.standing("localhost:9").is_peer);
    assert_eq!(rules.origin_of("localhost:8081").unwrap().as_str(), "http://localhost:8081/");
    assert_eq!(rules.origin_of("example.org").unwrap().as_str(), "https://example.org/");
    assert!(rules.origin_of("a b").is_none() && rules.origin_of("user@host/x").is_none());
}

#[tokio::test]
async fn sec_net_20_a_host_that_asks_for_a_pause_gets_it() {
    let network = SimNetwork::default();
    network.name("busy.test", &["10.0.0.1"]).http("10.0.0.1:80", |path| match path {
        "/later" => "HTTP/1.1 429 Too Many Requests\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n".into(),
        _ => ok("x"),
    });
    let gate = gate(&network, vec![peer("busy.test", &["10.0.0.0/24"], 0)]);
    assert_eq!(key(&gate, "http://busy.test/later").await.unwrap().status, 429);
    assert!(matches!(key(&gate, "http://busy.test/other").await, Err(Failure::Paused(left)) if left.as_secs() > 100));
    gate.wake(&Url::parse("http://busy.test/").unwrap());
    assert_eq!(key(&gate, "http://busy.test/other").await.unwrap().status, 200);
}

/// The authority of an intranet is replaced, or the certificate of a neighbour by one of another authority: its entry is
/// changed beside the running node, and counts from the next request on.
#[tokio::test]
async fn rel_30_a_new_certificate_authority_of_a_peer_counts_as_soon_as_its_entry_names_it() {
    let network = SimNetwork::default();
    tls_server(&network, "10.0.0.1:8443");
    network.name("secure.test", &["10.0.0.1"]);
    let ca: Arc<[u8]> =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem")).unwrap().into();
    let entry = |ca| secure(Peer { ca, ..peer("secure.test", &["10.0.0.0/24"], 8443) });
    let gate = gate(&network, vec![entry(None)]);
    let url = "https://secure.test:8443/";
    assert!(matches!(key(&gate, url).await, Err(Failure::Unreachable(_))));
    gate.configure(|config| config.peers = vec![entry(Some(ca.clone()))]);
    assert_eq!(key(&gate, url).await.unwrap().body, "safe");
    // A connection that stands is not used any more either when its authority is taken away.
    gate.configure(|config| config.peers = vec![entry(None)]);
    assert!(matches!(key(&gate, url).await, Err(Failure::Unreachable(_))));
}
