//! The gate behind an HTTP proxy: row NET-08 of the security checklist.

use crate::{
    gate::{PUBLIC, configured, key, peer, refused},
    network::{SimNetwork, ok, read_head, redirect},
};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use url::Url;
use watercooler::{
    config::Sources,
    net::{Ask, Failure, NetConfig, Purpose, Refusal},
};

#[tokio::test]
async fn sec_net_08_the_environment_names_no_proxy() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/net")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!source.contains("env::") && !source.contains("reqwest"), "the gate reads no environment");
    }
    let variables =
        ["HTTP_PROXY", "https_proxy", "ALL_PROXY"].map(|name| (name.into(), "http://proxy.corp:3128".into()));
    let config = Sources { environment: variables.into(), ..Sources::default() }.load().unwrap().config;
    assert!(NetConfig::from_settings(&config).unwrap().proxies.is_empty());
}

/// A proxy that answers CONNECT and then is the other side itself.
fn serve_proxy(network: &SimNetwork, at: &str) -> Arc<Mutex<Vec<String>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    network.serve(at, move |mut io| {
        let log = log.clone();
        async move {
            let Some(head) = read_head(&mut io).await else { return };
            let refuse = head.contains("closed.test");
            let by_address = head.starts_with(&format!("CONNECT {PUBLIC}"));
            log.lock().unwrap().push(head);
            if refuse {
                io.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
                return;
            }
            io.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            if by_address {
                return;
            }
            if let Some(head) = read_head(&mut io).await {
                let away = head.starts_with("GET /away");
                let answer = if away { redirect("https://inside.example/") } else { ok("through") };
                io.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    asked
}

#[tokio::test]
async fn sec_net_08_a_proxy_is_asked_for_the_world_only_and_per_purpose() {
    let network = SimNetwork::default();
    let asked = serve_proxy(&network, "10.9.9.9:3128");
    network.name("proxy.corp", &["10.9.9.9"]).name("near.test", &["10.0.0.1"]).http("10.0.0.1:80", |_| ok("near"));
    let proxy = Url::parse("http://user:secret@proxy.corp:3128").unwrap();
    let peers = vec![
        peer("near.test", &["10.0.0.0/24"], 0),
        peer("world.example", &[], 0),
        peer("closed.test.example", &[], 0),
        peer("host.internal", &[], 0),
        peer("single", &[], 0),
    ];
    let proxies = [(Purpose::Key, proxy.clone()), (Purpose::Object, proxy)].into();
    let internal_suffixes = vec!["internal".into()];
    let gate = configured(&network, NetConfig { peers, proxies, internal_suffixes, ..NetConfig::default() });
    assert_eq!(key(&gate, "http://world.example/a").await.unwrap().body, "through");
    let first = asked.lock().unwrap()[0].clone();
    assert!(first.starts_with("CONNECT world.example:80 HTTP/1.1\r\n"), "{first}");
    assert!(first.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{first}");
    assert_eq!(key(&gate, "http://near.test/").await.unwrap().body, "near");
    assert!(matches!(key(&gate, "http://closed.test.example/").await, Err(Failure::Unreachable(_))));
    refused(key(&gate, "http://single/").await, Refusal::ProxyInternalName);
    refused(key(&gate, "http://host.internal/").await, Refusal::ProxyInternalName);
    refused(key(&gate, "https://intranet/").await, Refusal::ProxyInternalName);
    refused(key(&gate, "https://10.0.0.7/").await, Refusal::PrivateAddress);
    assert_eq!(asked.lock().unwrap().len(), 2, "the proxy heard of nothing internal");
    // Deliveries have no proxy here, so they resolve the name themselves.
    let direct = gate.fetch(Ask::post(Purpose::Deliver, Url::parse("http://world.example/inbox").unwrap(), "{}")).await;
    assert!(matches!(direct, Err(Failure::Unreachable(_))));
    assert!(network.questions().contains(&"world.example".to_owned()));
}

#[tokio::test]
async fn sec_net_08_where_anybody_is_spoken_with_the_proxy_is_asked_for_public_addresses_alone() {
    let network = SimNetwork::default();
    let asked = serve_proxy(&network, "10.9.9.9:3128");
    network.name("proxy.corp", &["10.9.9.9"]).name("world.example", &[PUBLIC, "2606:4700::1111"]);
    network.name("inside.example", &["10.0.0.1"]).name("mixed.example", &[PUBLIC, "10.0.0.1"]);
    network.name("metadata.example", &["169.254.169.254"]);
    let proxies = Purpose::ALL.into_iter().map(|purpose| (purpose, Url::parse("http://proxy.corp:3128").unwrap()));
    let config = NetConfig { proxies: proxies.collect(), ..NetConfig::default() };
    let gate = configured(&network, config);
    // The other side of this proxy speaks no TLS: what counts is whom it was asked for.
    assert!(matches!(key(&gate, "https://world.example/a").await, Err(Failure::Unreachable(_))));
    let first = asked.lock().unwrap().first().cloned().unwrap();
    assert!(first.starts_with(&format!("CONNECT {PUBLIC}:443 HTTP/1.1\r\n")), "{first}");
    asked.lock().unwrap().clear();
    for (url, why) in [
        ("https://inside.example/", Refusal::PrivateAddress),
        ("https://mixed.example/", Refusal::PrivateAddress),
        ("https://metadata.example/", Refusal::NeverAllowed),
        ("https://10.0.0.7/", Refusal::PrivateAddress),
        ("https://127.0.0.1/", Refusal::PrivateAddress),
        ("https://[::ffff:10.0.0.7]/", Refusal::PrivateAddress),
        ("https://intranet/", Refusal::ProxyInternalName),
    ] {
        refused(key(&gate, url).await, why);
    }
    for purpose in [Purpose::Preview, Purpose::Push, Purpose::Webhook, Purpose::Deliver, Purpose::Media] {
        let url = Url::parse("https://inside.example/x").unwrap();
        refused(gate.fetch(Ask::get(purpose, url)).await, Refusal::PrivateAddress);
    }
    // A name that only the proxy might know.
    assert!(matches!(key(&gate, "https://unknown.example/").await, Err(Failure::Unreachable(_))));
    assert!(asked.lock().unwrap().is_empty(), "{:?}", asked.lock().unwrap());
    // Who is named in an entry is asked for by name, and what it leads to is judged like anything else.
    gate.configure(|config| config.peers = vec![peer("*.corp-world.example", &[], 0)]);
    assert_eq!(key(&gate, "http://a.corp-world.example/").await.unwrap().body, "through");
    assert!(asked.lock().unwrap()[0].starts_with("CONNECT a.corp-world.example:80 "));
    refused(key(&gate, "http://a.corp-world.example/away").await, Refusal::PrivateAddress);
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn sec_net_08_relays_and_translators_inside_are_no_names_for_the_proxy_either() {
    let network = SimNetwork::default();
    let asked = serve_proxy(&network, "10.9.9.9:3128");
    network.name("proxy.corp", &["10.9.9.9"]).name("near.internal", &["10.0.0.1"]);
    network.http("10.0.0.1:80", |_| ok("near"));
    let doors = ["push.internal", "single", "world.example"].map(|name| peer(name, &[], 0));
    let doors: Vec<_> = doors.into_iter().chain([peer("near.internal", &["10.0.0.0/24"], 0)]).collect();
    let proxies = Purpose::ALL.into_iter().map(|purpose| (purpose, Url::parse("http://proxy.corp:3128").unwrap()));
    let config = NetConfig {
        relays: doors.clone(),
        translators: doors,
        proxies: proxies.collect(),
        internal_suffixes: vec!["internal".into()],
        ..NetConfig::default()
    };
    let gate = configured(&network, config);
    let reach = async |purpose, host: &str| {
        gate.fetch(Ask::get(purpose, Url::parse(&format!("http://{host}/x")).unwrap())).await
    };
    for purpose in [Purpose::Push, Purpose::Translate] {
        for host in ["push.internal", "single"] {
            refused(reach(purpose, host).await, Refusal::ProxyInternalName);
        }
        assert!(asked.lock().unwrap().is_empty(), "{:?}", asked.lock().unwrap());
        // What has addresses is on our side of the proxy.
        assert_eq!(reach(purpose, "near.internal").await.unwrap().body, "near");
        assert!(asked.lock().unwrap().is_empty());
        assert_eq!(reach(purpose, "world.example").await.unwrap().body, "through");
        assert!(asked.lock().unwrap().pop().unwrap().starts_with("CONNECT world.example:80 "));
    }
}

#[tokio::test]
async fn what_is_encoded_in_the_address_of_a_proxy_is_sent_as_it_is_meant() {
    let network = SimNetwork::default();
    let asked = serve_proxy(&network, "10.9.9.9:3128");
    network.name("proxy.corp", &["10.9.9.9"]);
    let proxy = Url::parse("http://corp%5Cada:p%40ss%3Aword%25+%zz@proxy.corp:3128").unwrap();
    let config = NetConfig {
        peers: vec![peer("world.example", &[], 0)],
        proxies: [(Purpose::Key, proxy)].into(),
        ..NetConfig::default()
    };
    assert_eq!(key(&configured(&network, config), "http://world.example/a").await.unwrap().body, "through");
    let head = asked.lock().unwrap()[0].clone();
    // corp\ada:p@ss:word%+%zz
    assert!(head.contains("Proxy-Authorization: Basic Y29ycFxhZGE6cEBzczp3b3JkJSsleno=\r\n"), "{head}");
}
