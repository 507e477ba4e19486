//! The way to a PostgreSQL server: what `sslmode` and `sslrootcert` in its address mean, and what is said when it fails. The
//! server here speaks just enough to show how it was asked; on the PostgreSQL of the tests it stands before that one.

use crate::cli::{Place, refusal};
use std::{process::Output, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// With these bytes a client asks for TLS before anything else.
const TLS_PLEASE: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");

/// An error of the server, in its own form.
fn error(text: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C3D000\0M{text}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    [&b"E"[..], &length.to_be_bytes()[..], fields.as_bytes()].concat()
}

/// A server with the certificate of `secure.test`, signed by an authority that no machine knows: it refuses everybody, and
/// says how they came. With `behind`, who came over TLS is let through to that server. Answers its port.
async fn server(behind: Option<String>) -> u16 {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let certificate = CertificateDer::from_pem_file(format!("{FIXTURES}/leaf.pem")).unwrap();
    let secret = PrivateKeyDer::from_pem_file(format!("{FIXTURES}/leaf.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], secret)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let mut begin = [0; 8];
                if io.read_exact(&mut begin).await.is_err() {
                    return;
                }
                if begin != TLS_PLEASE {
                    // What is left unread when it hangs up would swallow the answer.
                    let mut rest = vec![0; usize::from(begin[3]) + 256 * usize::from(begin[2]) - begin.len()];
                    let _ = io.read_exact(&mut rest).await;
                    let _ = io.write_all(&error("came in the clear")).await;
                    return;
                }
                let _ = io.write_all(b"S").await;
                let Ok(mut io) = acceptor.accept(io).await else { return };
                if let Some(behind) = behind {
                    let mut far = TcpStream::connect(behind).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut io, &mut far).await;
                    return;
                }
                let mut length = [0; 4];
                if io.read_exact(&mut length).await.is_ok() {
                    let mut rest = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - length.len()];
                    let _ = io.read_exact(&mut rest).await;
                    let _ = io.write_all(&error("came over TLS")).await;
                    let _ = io.shutdown().await;
                }
            });
        }
    });
    port
}

/// `migrate` on this database.
async fn migrate(url: String) -> Output {
    tokio::task::spawn_blocking(move || Place::embedded().run(&["migrate", "--database", &url])).await.unwrap()
}

#[tokio::test]
async fn tls_with_a_database_server_is_taken_where_offered_and_judged_where_wanted() {
    let port = server(None).await;
    let ca = format!("{FIXTURES}/ca.pem");
    let named = |name: &str, more: &str| format!("postgres://w@{name}:{port}/x?hostaddr=127.0.0.1{more}");
    for (url, said) in [
        // The certificate that a server is installed with is nobody's: a client that would do without TLS takes it.
        (format!("postgres://w@127.0.0.1:{port}/x"), "came over TLS"),
        (named("wrong.test", "&sslmode=prefer"), "came over TLS"),
        (named("secure.test", "&sslmode=disable"), "came in the clear"),
        // Who wants TLS wants to know with whom.
        (named("secure.test", "&sslmode=require"), "certificate"),
        (named("secure.test", "&sslmode=verify-full"), "certificate"),
        (named("secure.test", "&sslrootcert=system"), "certificate"),
        (named("secure.test", &format!("&sslmode=require&sslrootcert={ca}")), "came over TLS"),
        (named("secure.test", &format!("&sslrootcert={ca}&sslmode=verify-full")), "came over TLS"),
        (named("wrong.test", &format!("&sslmode=verify-full&sslrootcert={ca}")), "certificate"),
        (named("wrong.test", &format!("&sslrootcert={ca}")), "certificate"),
    ] {
        let output = migrate(url.clone()).await;
        let text = refusal(&output);
        assert_eq!(output.status.code(), Some(5), "{url}: {text}");
        assert!(text.contains("PostgreSQL: ") && text.contains(said), "{url}: {text}");
        assert!(!text.contains("came") || said.starts_with("came"), "{url}: {text}");
    }
    // Where nobody is: who, and why.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let text = refusal(&migrate(format!("postgres://w@127.0.0.1:{closed}/x")).await);
    assert!(text.contains("refused"), "{text}");
}

#[test]
fn rel_31_what_the_address_of_a_database_server_cannot_mean_is_refused_at_once() {
    let place = Place::embedded();
    for (query, why) in [
        ("sslmode=perhaps", "sslmode"),
        ("sslmod=require", "sslmod"),
        ("sslrootcert=absent.pem", "absent.pem"),
        ("sslrootcert=watercooler.toml", "no certificate"),
    ] {
        place.settings(&format!("database = \"postgres://w@127.0.0.1:1/x?{query}\"\n"));
        for verb in [&["config", "check"][..], &["serve", "--json"], &["account", "list"]] {
            let output = place.run(verb);
            let text = refusal(&output);
            assert_eq!(output.status.code(), Some(4), "{verb:?} {query}: {text}");
            assert!(text.contains("watercooler.toml:3: `database`: ") && text.contains(why), "{query}: {text}");
        }
    }
    // A file counts from the settings, wherever the command runs.
    let folder = place.path().join("with blanks & more");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(format!("{FIXTURES}/ca.pem"), folder.join("ca.pem")).unwrap();
    let address = "database = \"postgres://w@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=ca.pem\"\n";
    std::fs::write(folder.join("watercooler.toml"), address).unwrap();
    let output = place.run(&["config", "check", "--config", "with blanks & more/watercooler.toml"]);
    assert!(output.status.success(), "{}", refusal(&output));
}

/// Not the first bytes only: a whole node over TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_lives_on_a_database_behind_tls() {
    let place = tokio::task::spawn_blocking(Place::new).await.unwrap();
    let Some(url) = place.url() else { return };
    let mut url: url::Url = url.parse().unwrap();
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return };
    let port = server(Some(format!("{host}:{}", url.port().unwrap_or(5432)))).await;
    url.set_host(Some("secure.test")).unwrap();
    url.set_port(Some(port)).unwrap();
    let tls = format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={FIXTURES}/ca.pem");
    let join = if url.query().is_some() { '&' } else { '?' };
    place.settings(&format!("database = \"{url}{join}{tls}\"\n"));
    tokio::task::spawn_blocking(move || {
        let server = place.serve();
        assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
        assert_eq!(place.json(&["account", "create", "ada", "--json"])["username"], "ada");
    })
    .await
    .unwrap();
}
