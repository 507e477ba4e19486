//! The outgoing gate over a network in memory: rows NET of the security checklist.

use crate::network::{SimNetwork, ok, read_head, redirect};
use futures_util::future::{BoxFuture, join_all};
use hyper::{HeaderMap, Method, body::Bytes, header};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::io::AsyncWriteExt;
use url::Url;
use watercooler::{
    limits,
    net::{Answer, Ask, Block, Failure, Gate, NetConfig, Peer, Purpose, Refusal, Scheme, Severity, Signer},
    time::{Clock, Timestamp},
};

pub const PUBLIC: &str = "93.184.216.34";
pub const FEDERATED: [Purpose; 5] =
    [Purpose::Object, Purpose::Key, Purpose::Webfinger, Purpose::Deliver, Purpose::Media];

pub fn peer(domain: &str, addresses: &[&str], port: u16) -> Peer {
    Peer {
        domain: domain.into(),
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        port: (port != 0).then_some(port),
        scheme: Scheme::Http,
        ca: None,
    }
}

pub fn secure(peer: Peer) -> Peer {
    Peer { scheme: Scheme::Https, ..peer }
}

pub fn gate(network: &SimNetwork, peers: Vec<Peer>) -> Gate {
    configured(network, NetConfig { peers, ..NetConfig::default() })
}

pub fn configured(network: &SimNetwork, config: NetConfig) -> Gate {
    let config = NetConfig { user_agent: "Watercooler/test (+https://here.test/)".into(), ..config };
    Gate::with_network(config, Clock::fixed(Timestamp::from_millis(1_700_000_000_000)), Arc::new(network.clone()))
}

pub async fn get(gate: &Gate, purpose: Purpose, url: &str) -> Result<Answer, Failure> {
    gate.fetch(Ask::get(purpose, Url::parse(url).unwrap())).await
}

/// A GET for a key, the purpose whose failures are not delayed.
pub async fn key(gate: &Gate, url: &str) -> Result<Answer, Failure> {
    get(gate, Purpose::Key, url).await
}

#[track_caller]
pub fn refused(result: Result<Answer, Failure>, expected: Refusal) {
    match result {
        Err(Failure::Refused(refusal)) => assert_eq!(refusal, expected),
        other => panic!("{other:?} instead of {expected:?}"),
    }
}

async fn refuses_literals(private: &[&str], never: &[&str]) {
    let network = SimNetwork::default();
    let gate = gate(&network, vec![]);
    for host in private {
        refused(key(&gate, &format!("https://{host}/x")).await, Refusal::PrivateAddress);
    }
    for host in never {
        refused(key(&gate, &format!("https://{host}/x")).await, Refusal::NeverAllowed);
    }
    assert!(network.dials().is_empty() && network.questions().is_empty());
}

#[tokio::test]
async fn sec_net_01_private_ipv4_literals_are_refused_before_a_socket_is_opened() {
    let private = [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
    ];
    refuses_literals(&private, &["224.0.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.0", "0.1.2.3"]).await;
}

#[tokio::test]
async fn sec_net_02_special_ipv6_literals_are_refused_with_what_they_carry() {
    let private = [
        "[::1]",
        "[fc00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::a00:1]",
        "[2002:a00:1::]",
        "[2001::1]",
        "[2001:db8::1]",
        "[::10.0.0.1]",
    ];
    let never = ["[::]", "[ff02::1]", "[::ffff:224.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]"];
    refuses_literals(&private, &never).await;
}

#[tokio::test]
async fn sec_net_03_odd_spellings_and_names_that_point_inside_are_judged_by_address() {
    let network = SimNetwork::default();
    network.name("inside.example", &["10.1.2.3"]).name("v6.inside.example", &["fd00::1"]);
    let gate = gate(&network, vec![]);
    for host in [
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "0x7f000001",
        "localhost",
        "localhost.",
        "a.b.localhost",
        "LOCALHOST",
        "inside.example",
        "inside.example.",
        "v6.inside.example",
        "127.0.0.1.",
    ] {
        refused(key(&gate, &format!("https://{host}/")).await, Refusal::PrivateAddress);
    }
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_net_04_every_answer_must_pass_and_a_changed_answer_is_judged_again() {
    let network = SimNetwork::default();
    let closing = |_: &str| "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi".to_owned();
    network.http(&format!("{PUBLIC}:80"), closing).http("127.0.0.1:80", closing).http("10.0.0.1:80", closing);
    network.name("mixed.test", &[PUBLIC, "10.0.0.1"]);
    network.name("turns.test", &[PUBLIC]).name("turns.test", &["127.0.0.1"]);
    let gate = gate(&network, vec![peer("mixed.test", &[], 0), peer("turns.test", &[], 0)]);
    refused(key(&gate, "http://mixed.test/").await, Refusal::PrivateAddress);
    assert_eq!(key(&gate, "http://turns.test/").await.unwrap().body, "hi");
    refused(key(&gate, "http://turns.test/").await, Refusal::PrivateAddress);
    assert_eq!(network.dials(), [format!("{PUBLIC}:80").parse().unwrap()]);
}

#[tokio::test]
async fn sec_net_05_every_hop_of_a_redirect_is_judged() {
    let network = SimNetwork::default();
    network.http("10.0.0.1:80", |path| match path {
        "/private" => redirect("http://10.0.0.2/"),
        "/port" => redirect("http://10.0.0.1:81/"),
        "/scheme" => redirect("ftp://peer.test/"),
        "/userinfo" => redirect("http://u:p@peer.test/"),
        "/name" => redirect("http://other.test/"),
        "/1" => redirect("/2"),
        "/2" => redirect("http://peer.test/3"),
        "/3" => redirect("/4"),
        "/4" => ok("fourth"),
        "/loop" => redirect("/loop"),
        _ => ok(path),
    });
    network.name("peer.test", &["10.0.0.1"]).name("other.test", &["10.0.0.1"]);
    let gate = gate(&network, vec![peer("peer.test", &["10.0.0.0/24"], 0)]);
    refused(key(&gate, "http://peer.test/private").await, Refusal::Scheme);
    refused(key(&gate, "http://peer.test/scheme").await, Refusal::Scheme);
    refused(key(&gate, "http://peer.test/userinfo").await, Refusal::UserInfo);
    refused(key(&gate, "http://peer.test/name").await, Refusal::Scheme);
    refused(key(&gate, "http://peer.test/loop").await, Refusal::TooManyRedirects);
    let last = key(&gate, "http://peer.test/1").await.unwrap();
    assert_eq!((last.body.as_ref(), last.url.as_str()), (&b"fourth"[..], "http://peer.test/4"));
    assert!(network.dials().iter().all(|a| a.to_string() == "10.0.0.1:80"));
}

struct UrlSigner(Mutex<Vec<String>>);

impl Signer for UrlSigner {
    fn sign<'a>(
        &'a self,
        method: &'a Method,
        url: &'a Url,
        _: &'a Bytes,
    ) -> BoxFuture<'a, watercooler::Result<HeaderMap>> {
        let signature = format!("{method} {url}");
        self.0.lock().unwrap().push(signature.clone());
        Box::pin(async move {
            Ok(HeaderMap::from_iter([(header::HeaderName::from_static("signature"), signature.parse().unwrap())]))
        })
    }
}

#[tokio::test]
async fn sec_net_05_a_signature_is_made_anew_for_each_hop() {
    let network = SimNetwork::default();
    network.http("10.0.0.1:80", |_| redirect("http://two.test/b")).http("10.0.0.2:80", |_| ok("there"));
    network.name("one.test", &["10.0.0.1"]).name("two.test", &["10.0.0.2"]);
    let gate = gate(&network, vec![peer("*.test", &["10.0.0.0/24"], 0)]);
    let signer = Arc::new(UrlSigner(Mutex::default()));
    let ask = Ask::get(Purpose::Object, Url::parse("http://one.test/a#part").unwrap()).signed_by(signer.clone());
    assert_eq!(gate.fetch(ask).await.unwrap().body, "there");
    assert_eq!(*signer.0.lock().unwrap(), ["GET http://one.test/a", "GET http://two.test/b"]);
    let seen = network.requests();
    assert!(seen[0].contains("signature: GET http://one.test/a\r\n"), "{}", seen[0]);
    assert!(seen[1].contains("signature: GET http://two.test/b\r\n") && !seen[1].contains("one.test"), "{}", seen[1]);
}

#[tokio::test]
async fn sec_net_06_userinfo_other_schemes_and_ports_are_refused_and_fragments_are_not_sent() {
    let network = SimNetwork::default();
    network.http("10.0.0.1:80", |_| ok("x")).name("peer.test", &["10.0.0.1"]).name("world.test", &[PUBLIC]);
    let gate = gate(&network, vec![peer("peer.test", &["10.0.0.0/24"], 0)]);
    refused(key(&gate, "http://user@peer.test/").await, Refusal::UserInfo);
    refused(key(&gate, "http://user:pass@peer.test/").await, Refusal::UserInfo);
    for url in ["ftp://world.test/", "file:///etc/passwd", "gopher://world.test/", "data:text/plain,x", "unix:/run/x"] {
        refused(key(&gate, url).await, Refusal::Scheme);
    }
    refused(key(&gate, "http://world.test/").await, Refusal::Scheme);
    refused(key(&gate, "https://world.test:8443/").await, Refusal::Port);
    refused(key(&gate, "https://world.test:80/").await, Refusal::Port);
    refused(key(&gate, "https://world.test:22/").await, Refusal::Port);
    key(&gate, "http://peer.test/a?b#c").await.unwrap();
    assert!(network.requests()[0].starts_with("GET /a?b HTTP/1.1\r\n"));
    assert!(network.requests()[0].contains("user-agent: Watercooler/test (+https://here.test/)"));
    assert!(network.requests()[0].contains("host: peer.test\r\n"));
}

#[tokio::test]
async fn sec_net_07_metadata_own_listeners_and_the_database_are_refused_whatever_the_ranges_say() {
    let network = SimNetwork::default();
    network
        .name("all.test", &["169.254.169.254"])
        .name("six.test", &["fd00:ec2::254"])
        .name("az.test", &["168.63.129.16"]);
    network.name("own.test", &["127.0.0.1"]).name("lan.test", &["10.0.0.9"]).name("db.test", &["10.0.0.5"]);
    network.name("neighbour.test", &["127.0.0.1"]);
    for at in ["127.0.0.1:8080", "10.0.0.9:8080", "10.0.0.5:5432", "127.0.0.1:8081"] {
        network.http(at, |_| ok("inside"));
    }
    network.local_end("10.0.0.9:8080", "10.0.0.9:40000");
    let everything = ["0.0.0.0/0", "::/0"];
    let names = [("all.test", 80), ("six.test", 80), ("az.test", 80), ("own.test", 8080), ("lan.test", 8080)];
    let mut peers: Vec<_> = names.iter().map(|(name, port)| peer(name, &everything, *port)).collect();
    peers.extend([peer("db.test", &everything, 5432), peer("neighbour.test", &everything, 8081)]);
    let guarded = ["0.0.0.0:8080", "10.0.0.5:5432"].map(|a| a.parse().unwrap()).to_vec();
    let own = vec!["here.test".into(), "node.here.test:8443".into()];
    let gate = configured(&network, NetConfig { peers, guarded, own, ..NetConfig::default() });
    for name in ["all.test", "six.test", "az.test"] {
        refused(key(&gate, &format!("http://{name}/")).await, Refusal::NeverAllowed);
    }
    refused(key(&gate, "http://own.test:8080/").await, Refusal::Ourselves);
    refused(key(&gate, "http://db.test:5432/").await, Refusal::Ourselves);
    assert!(network.dials().is_empty());
    // An address of this machine that nobody listed shows only on the open connection, before a byte is sent.
    refused(key(&gate, "http://lan.test:8080/").await, Refusal::Ourselves);
    assert!(network.requests().is_empty());
    refused(key(&gate, "https://here.test/users/a").await, Refusal::Ourselves);
    refused(key(&gate, "https://node.here.test:8443/users/a").await, Refusal::Ourselves);
    // Another port of the same machine is a neighbour.
    assert_eq!(key(&gate, "http://neighbour.test:8081/").await.unwrap().body, "inside");
}

#[test]
fn sec_net_07_no_door_leads_to_the_database_however_its_address_is_written() {
    use watercooler::config::{Config, Database};
    for address in [
        "10.0.0.5/x",
        "10.0.0.5/x?sslmode=verify-full",
        "10.0.0.5:5432/x?sslrootcert=ca.pem&sslmode=verify-ca",
        "localhost/x?hostaddr=10.0.0.5&sslrootcert=system",
    ] {
        let database = Database::new(format!("postgres://w@{address}"));
        let mut config = Config { database, ..Config::default() };
        config.prepare().unwrap();
        let guarded = NetConfig::from_settings(&config).unwrap().guarded;
        assert!(guarded.contains(&"10.0.0.5:5432".parse().unwrap()), "{address}: {guarded:?}");
    }
}

#[tokio::test]
async fn sec_net_09_media_previews_webhooks_and_push_pass_the_same_gate() {
    let network = SimNetwork::default();
    network.name("inside.example", &["10.0.0.1"]).name("relay.corp", &["10.0.0.2"]).http("10.0.0.2:443", |_| ok("x"));
    let mut relay = secure(peer("relay.corp", &["10.0.0.0/24"], 0));
    relay.scheme = Scheme::Http;
    relay.port = Some(443);
    let gate = configured(&network, NetConfig { relays: vec![relay], ..NetConfig::default() });
    let purposes = [Purpose::Media, Purpose::Preview, Purpose::Webhook, Purpose::Object];
    join_all(purposes.map(async |purpose| {
        refused(get(&gate, purpose, "https://10.0.0.1/").await, Refusal::PrivateAddress);
        refused(get(&gate, purpose, "https://inside.example/").await, Refusal::PrivateAddress);
    }))
    .await;
    let push = async |url: &str| gate.fetch(Ask::post(Purpose::Push, Url::parse(url).unwrap(), "x")).await;
    // Any push service in public, by the same rules as a page; the relay as it is named.
    assert!(matches!(push("https://push.example/").await, Err(Failure::Unreachable(_))));
    refused(push("http://push.example/").await, Refusal::Scheme);
    refused(push("https://push.example:8443/").await, Refusal::Port);
    refused(push("https://inside.example/").await, Refusal::PrivateAddress);
    refused(push("http://relay.corp:444/").await, Refusal::NotARelay);
    refused(push("https://10.0.0.2/").await, Refusal::PrivateAddress);
    assert_eq!(push("http://relay.corp:443/send").await.unwrap().body, "x");
    // A relay is a door for push only.
    refused(key(&gate, "https://relay.corp/").await, Refusal::PrivateAddress);
}

#[tokio::test]
async fn sec_net_10_a_url_is_sent_as_it_was_parsed() {
    let network = SimNetwork::default();
    network.http("10.0.0.1:80", |_| ok("x")).name("peer.test", &["10.0.0.1"]);
    let gate = gate(&network, vec![peer("peer.test", &["10.0.0.1/32"], 0)]);
    let mut url = gate.rules().origin_of("peer.test").unwrap();
    url.set_path("/.well-known/webfinger");
    url.query_pairs_mut().append_pair("resource", "acct:a&b=c\r\nx: y@peer.test");
    gate.fetch(Ask::get(Purpose::Webfinger, url)).await.unwrap();
    let head = &network.requests()[0];
    assert!(head.starts_with("GET /.well-known/webfinger?resource=acct%3Aa%26b%3Dc%0D%0Ax%3A+y%40peer.test HTTP/1.1"));
}

#[tokio::test]
async fn sec_net_11_an_inbox_inside_is_not_delivered_to() {
    let network = SimNetwork::default();
    network.name("inside.example", &["192.168.7.7"]);
    let gate = gate(&network, vec![]);
    for url in ["https://127.0.0.1/inbox", "https://inside.example/inbox", "https://[::1]/inbox"] {
        refused(gate.fetch(Ask::post(Purpose::Deliver, Url::parse(url).unwrap(), "{}")).await, Refusal::PrivateAddress);
    }
    assert!(network.dials().is_empty());
}

#[tokio::test]
async fn sec_net_12_failures_look_alike_and_take_their_time() {
    let network = SimNetwork::default();
    network.name("shut.test", &["10.0.0.1"]).name("inside.example", &["10.0.0.1"]);
    let gate = gate(&network, vec![peer("shut.test", &["10.0.0.1/32"], 0)]);
    let urls = ["https://10.0.0.1/", "https://inside.example/", "https://nowhere.example/", "http://shut.test/"];
    let failures = join_all(urls.map(async |url| {
        let started = Instant::now();
        let failure = get(&gate, Purpose::Object, url).await.unwrap_err();
        (watercooler::Error::from(failure).to_string(), started.elapsed())
    }))
    .await;
    for (text, elapsed) in &failures {
        assert_eq!(text, "The remote server could not be reached");
        assert!(*elapsed >= Duration::from_millis(limits::FETCH_FAILURE_MIN_MS), "{elapsed:?}");
    }
}

#[tokio::test]
async fn sec_net_13_a_server_that_drips_meets_the_total_deadline() {
    let network = SimNetwork::default();
    network.name("slow.test", &["10.0.0.1"]).serve("10.0.0.1:80", |mut io| async move {
        read_head(&mut io).await;
        let _ = io.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        let mut drip = tokio::time::interval(Duration::from_millis(50));
        while io.write_all(b"x").await.is_ok() {
            drip.tick().await;
        }
    });
    network.name("mute.test", &["10.0.0.2"]).serve("10.0.0.2:80", |io| async move {
        std::future::pending::<()>().await;
        drop(io);
    });
    let gate = gate(&network, vec![peer("*.test", &["10.0.0.0/24"], 0)]);
    for url in ["http://slow.test/", "http://mute.test/"] {
        let ask = Ask::get(Purpose::Key, Url::parse(url).unwrap()).within(Duration::from_millis(400));
        let started = Instant::now();
        assert!(matches!(gate.fetch(ask).await, Err(Failure::TimedOut)));
        assert!(started.elapsed() < Duration::from_secs(3));
    }
    assert_eq!((limits::FETCH_TOTAL_MS, limits::CONNECT_MS, limits::MEDIA_TOTAL_MS), (10_000, 5_000, 30_000));
}

#[tokio::test]
async fn sec_net_14_an_endless_body_is_cut_at_the_limit() {
    let network = SimNetwork::default();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    network.name("big.test", &["10.0.0.1"]).serve("10.0.0.1:80", move |mut io| {
        let count = count.clone();
        async move {
            read_head(&mut io).await;
            let _ = io.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while io.write_all(&[b'x'; 16 * 1024]).await.is_ok() {
                count.fetch_add(16 * 1024, Ordering::SeqCst);
            }
        }
    });
    network
        .name("says.test", &["10.0.0.2"])
        .http("10.0.0.2:80", |_| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", limits::FETCH_BODY + 1));
    let gate = gate(&network, vec![peer("*.test", &["10.0.0.0/24"], 0)]);
    assert!(matches!(key(&gate, "http://big.test/").await, Err(Failure::TooLarge)));
    assert!(sent.load(Ordering::SeqCst) < limits::FETCH_BODY + 1024 * 1024);
    assert!(matches!(key(&gate, "http://says.test/").await, Err(Failure::TooLarge)));
    let mut media =
        gate.open(Ask::get(Purpose::Media, Url::parse("http://big.test/").unwrap()).limit(100_000)).await.unwrap();
    let mut read = 0;
    let end = loop {
        match media.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            other => break other,
        }
    };
    assert!(matches!(end, Err(Failure::TooLarge)) && read <= 100_000);
}

#[tokio::test]
async fn sec_net_15_compressed_answers_are_limited_by_size_and_ratio() {
    use std::io::Write;
    let gzip = |data: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let bodies = Arc::new([
        ("gzip", gzip(br#"{"a":1}"#)),
        ("gzip", gzip(&vec![b' '; 30_000_000])),
        ("gzip", gzip(&vec![b' '; 900_000])),
        ("gzip, gzip", gzip(&gzip(&vec![b' '; 30_000_000]))),
        ("br", vec![1, 2, 3]),
        ("zstd", vec![1, 2, 3]),
        ("gzip", b"not gzip at all".to_vec()),
    ]);
    let network = SimNetwork::default();
    network.name("zip.test", &["10.0.0.1"]).serve("10.0.0.1:80", move |mut io| {
        let bodies = bodies.clone();
        async move {
            let Some(head) = read_head(&mut io).await else { return };
            let nth: usize = head[5..6].parse().unwrap();
            let (encoding, body) = &bodies[nth];
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n");
            let _ = io.write_all(head.as_bytes()).await;
            let _ = io.write_all(body).await;
        }
    });
    let gate = gate(&network, vec![peer("zip.test", &["10.0.0.0/24"], 0)]);
    assert_eq!(key(&gate, "http://zip.test/0").await.unwrap().body, r#"{"a":1}"#);
    for large in [1, 2] {
        let started = Instant::now();
        assert!(matches!(key(&gate, &format!("http://zip.test/{large}")).await, Err(Failure::TooLarge)));
        assert!(started.elapsed() < Duration::from_secs(3));
    }
    for strange in 3..7 {
        assert!(
            matches!(key(&gate, &format!("http://zip.test/{strange}")).await, Err(Failure::Nonsense(_))),
            "{strange}"
        );
    }
    let media = gate.open(Ask::get(Purpose::Media, Url::parse("http://zip.test/0").unwrap())).await;
    assert!(matches!(media, Err(Failure::Nonsense(_))));
}

pub fn tls_server(network: &SimNetwork, at: &str) {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
    let certificate = CertificateDer::from_pem_file(format!("{folder}/leaf.pem")).unwrap();
    let secret = PrivateKeyDer::from_pem_file(format!("{folder}/leaf.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], secret)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    network.serve(at, move |io| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut io) = acceptor.accept(io).await else { return };
            while let Some(head) = read_head(&mut io).await {
                let text = if head.starts_with("GET /down") { redirect("http://plain.test/") } else { ok("safe") };
                let _ = io.write_all(text.as_bytes()).await;
            }
        }
    });
}

#[tokio::test]
async fn sec_net_20_a_wrong_certificate_is_never_accepted() {
    let network = SimNetwork::default();
    tls_server(&network, "10.0.0.1:443");
    tls_server(&network, &format!("{PUBLIC}:443"));
    network.name("wrong.test", &["10.0.0.1"]).name("secure.test", &[PUBLIC]);
    let ca: Arc<[u8]> =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem")).unwrap().into();
    let gate = gate(&network, vec![Peer { ca: Some(ca), ..secure(peer("wrong.test", &["10.0.0.0/24"], 0)) }]);
    // The authority is known, but the certificate names others.
    assert!(matches!(key(&gate, "https://wrong.test/").await, Err(Failure::Unreachable(_))));
    // The name is right, but nobody this machine trusts says so.
    assert!(matches!(key(&gate, "https://secure.test/").await, Err(Failure::Unreachable(_))));
    assert!(network.requests().is_empty());
}

#[tokio::test]
async fn at_most_two_requests_run_at_one_host_and_connections_are_used_again() {
    let network = SimNetwork::default();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (running.clone(), most.clone());
    network.name("peer.test", &["10.0.0.1"]).serve("10.0.0.1:80", move |mut io| {
        let (running, most) = counters.clone();
        async move {
            while read_head(&mut io).await.is_some() {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Whoever else may send gets the chance to.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                let _ = io.write_all(ok("x").as_bytes()).await;
            }
        }
    });
    let gate = gate(&network, vec![peer("peer.test", &["10.0.0.0/8"], 0)]);
    let url = Url::parse("http://peer.test/inbox").unwrap();
    let all = join_all((0..40).map(|_| gate.fetch(Ask::post(Purpose::Deliver, url.clone(), "{}")))).await;
    assert!(all.iter().all(|a| a.as_ref().is_ok_and(|a| a.status == 200)));
    assert!(most.load(Ordering::SeqCst) <= limits::PER_HOST);
    assert!(network.dials().len() <= 4, "{} connections", network.dials().len());
    assert_eq!(gate.busy_hosts(), 0);
}

#[tokio::test]
async fn a_kept_connection_that_the_other_side_closed_is_replaced() {
    let network = SimNetwork::default();
    network.name("peer.test", &["10.0.0.1"]).serve("10.0.0.1:80", |mut io| async move {
        // Says it keeps the connection, reads the next request and goes away.
        read_head(&mut io).await;
        let _ = io.write_all(ok("x").as_bytes()).await;
        read_head(&mut io).await;
    });
    let gate = gate(&network, vec![peer("peer.test", &["10.0.0.0/8"], 0)]);
    for _ in 0..4 {
        let url = Url::parse("http://peer.test/inbox").unwrap();
        assert_eq!(gate.fetch(Ask::post(Purpose::Deliver, url, "{}")).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_host_that_fails_three_times_is_left_alone_for_a_moment_except_by_deliveries() {
    let network = SimNetwork::default();
    network.name("down.test", &["10.0.0.1"]);
    let gate = gate(&network, vec![peer("down.test", &["10.0.0.0/8"], 0)]);
    for _ in 0..3 {
        assert!(matches!(key(&gate, "http://down.test/").await, Err(Failure::Unreachable(_))));
    }
    assert!(matches!(key(&gate, "http://down.test/").await, Err(Failure::Paused(_))));
    network.http("10.0.0.1:80", |_| ok("x"));
    let delivery = Ask::post(Purpose::Deliver, Url::parse("http://down.test/inbox").unwrap(), "{}");
    assert_eq!(gate.fetch(delivery).await.unwrap().status, 200);
    assert_eq!(key(&gate, "http://down.test/").await.unwrap().status, 200);
}
