//! Nodes under one charter.

use super::{Letter, Node, NodeBuilder, Reply};
use clap::Parser;
use serde_json::{Value, json};
use watercooler::{
    Error,
    cli::org::{self, OrgVerb},
    crypto::{self, PrivateKey},
    domain::charter::{self, Signed},
    federation::{
        own_keys,
        signatures::{Content, Scheme, Signer, sign::sign},
    },
    store,
    time::Clock,
};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    verb: OrgVerb,
}

/// Runs `org ...` on a node; answers what the command prints as JSON.
pub async fn org(node: &Node, arguments: &[&str]) -> Result<Value, Error> {
    let line = Line::try_parse_from(std::iter::once(&"org").chain(arguments)).unwrap_or_else(|e| panic!("{e}"));
    let mut verb = line.verb;
    verb.prepare().unwrap();
    org::run(&node.app, verb).await
}

/// The word and the sentence of a refusal.
pub fn refused(result: Result<Value, Error>) -> (String, String) {
    match result {
        Err(Error::Invalid { code, reason, .. }) => (code.to_owned(), reason.into_owned()),
        other => panic!("not refused: {other:?}"),
    }
}

/// A node that knows nobody.
pub async fn alone(name: &str, clock: &Clock) -> Node {
    NodeBuilder::new(name).await.clock(clock).start().await
}

/// Founds an organisation; answers its signing key, which the node holds.
pub async fn found(node: &Node) -> PrivateKey {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let path = path.to_str().unwrap();
    let arguments = ["init", "--name", "Example", "--department", "HQ", "--address", "127.0.0.0/8", "--key-file", path];
    let made = org(node, &arguments).await.unwrap();
    let key = made["signing_key"].as_str().unwrap().to_owned();
    std::fs::write(path, &key).unwrap();
    org(node, &["hold-key", path]).await.unwrap();
    PrivateKey::from_secret_multikey(&key).unwrap()
}

/// A code for a node.
pub async fn invite(steward: &Node, node: &Node) -> String {
    let site = node.app.site();
    let mut arguments = vec!["invite", "--domain", site.domain(), "--address", "127.0.0.0/8", "--department", "Site"];
    if !site.is_https() {
        arguments.push("--http");
    }
    let made = org(steward, &arguments).await.unwrap();
    made["code"].as_str().unwrap().to_owned()
}

/// Invites and joins.
pub async fn brings_in(steward: &Node, node: &Node) -> Value {
    let code = invite(steward, node).await;
    org(node, &["join", &code]).await.unwrap()
}

/// The version in force.
pub async fn charter_of(node: &Node) -> Signed {
    node.app.read(charter::required).await.unwrap().as_ref().clone()
}

/// The number of the version in force; 0 for a node that belongs nowhere.
pub async fn version(node: &Node) -> i64 {
    node.app.read(store::charter::in_force).await.unwrap().map_or(0, |row| row.version)
}

/// A request about the charter, signed with a node's own key.
pub async fn letter(from: &Node, to: &Node, method: &str, path: &str, body: Option<&Value>) -> Letter {
    let signer = own_keys::node_signer(&from.app).await.unwrap();
    letter_by(&signer, from, to, method, path, body)
}

/// The same, signed with any key.
pub fn letter_by(signer: &Signer, from: &Node, to: &Node, method: &str, path: &str, body: Option<&Value>) -> Letter {
    let bytes = body.map(|body| body.to_string().into_bytes());
    let content = bytes.as_ref().map(|bytes| Content { media_type: "application/json", sha256: crypto::sha256(bytes) });
    let url = to.url(path).parse().unwrap();
    let headers = sign(Scheme::Rfc9421, signer, method, &url, content, from.clock.now()).unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Letter { path: path.to_owned(), headers, body: bytes.unwrap_or_default() }
}

/// Offers a charter as a node does.
pub async fn offers(from: &Node, to: &Node, document: &Value) -> Reply {
    letter(from, to, "POST", "/charter", Some(document)).await.send(to).await
}

/// Moves the clock and lets everybody do what is due.
pub async fn minutes(nodes: &[&Node], number: i64) {
    for _ in 0..number {
        nodes[0].clock.advance(60_000);
        super::settle(nodes).await;
    }
}

/// A node behind TLS under one of the two names that the test certificate has: `secure` or `moved`.
pub async fn behind_tls(name: &str, clock: &Clock) -> Node {
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
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("{name}.test:{}", listener.local_addr().unwrap().port());
    let node = NodeBuilder::new(name).await.clock(clock).config(|config| {
        config.public_url = Some(format!("https://{authority}").parse().unwrap());
        config.domain = authority;
    });
    let node = node.start().await;
    let behind = node.address;
    tokio::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(outer).await else { return };
                let Ok(mut inner) = tokio::net::TcpStream::connect(behind).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    node
}
