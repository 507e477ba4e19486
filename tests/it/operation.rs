//! Rows of the security checklist on running the program (section 8) that belong to no noun.

use crate::{cli::Place, crash::Api, support::Node};
use axum::{Router, routing::get};
use serde_json::json;
use std::{fs, io::Read, path::Path};
use tokio::net::TcpListener;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

async fn boom() -> &'static str {
    panic!("in the middle of an answer")
}

async fn fine() -> &'static str {
    "fine"
}

fn half_way(tx: &mut watercooler::domain::Tx<'_>) -> watercooler::Result<()> {
    watercooler::store::users::set_setting(tx.conn, "half", "done")?;
    panic!("in the middle of a change")
}

#[tokio::test]
async fn sec_ops_07_a_panic_costs_one_request_and_nothing_else() {
    let node = Node::start().await;
    let routes = Router::new().route("/boom", get(boom)).route("/fine", get(fine));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = node.app.clone();
    tokio::spawn(async move { watercooler::server::serve(&app, listener, routes).await });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..3 {
        let reply = http.get(format!("{base}/boom")).send().await.unwrap();
        assert_eq!(reply.status(), 500);
        // Nothing of what happened inside is told.
        assert_eq!(reply.text().await.unwrap(), r#"{"error":"Internal error"}"#);
        let reply = http.get(format!("{base}/fine")).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.text().await.unwrap().as_str()), (200, "fine"));
    }
    // An operation on the database that panics leaves nothing behind, and its thread lives on.
    for _ in 0..20 {
        assert!(node.app.write(half_way).await.is_err());
    }
    let kept = "select count(*) from node_settings where name = 'half'";
    let kept = node.app.read(move |conn| watercooler::db::Sql::new(kept).scalar_i64(conn)).await.unwrap();
    assert_eq!(kept, 0);
    node.app.write(|tx| watercooler::store::users::set_setting(tx.conn, "half", "done")).await.unwrap();
}

#[test]
fn sec_ops_07_unsafe_code_is_forbidden_and_what_may_panic_on_input_fails_the_gate() {
    for file in ["src/lib.rs", "src/main.rs"] {
        assert!(text(file).contains("#![forbid(unsafe_code)]"), "{file}");
    }
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")).unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for lint in ["unwrap_used", "expect_used", "indexing_slicing"] {
        assert!(matches!(manifest["lints"]["clippy"][lint].as_str(), Some("warn" | "deny")), "{lint}");
    }
    assert!(text(".ci/run").contains("cargo clippy --locked --all-targets -- -D warnings"));
}

#[test]
fn sec_ops_09_whoever_finds_a_hole_reads_how_to_tell_in_private_and_when_it_is_mended() {
    let text = text("SECURITY.md");
    for part in ["Please report in private", "within two working days", "within seven", "names the cause and the test"]
    {
        assert!(text.contains(part), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_prv_20_neither_log_nor_figures_hold_what_is_written_or_how_people_are_known() {
    const WORDS: &str = "xylophone-below-the-stairs";
    const DIRECT: &str = "marmalade-for-nobody-else";
    const MAIL: &str = "robert.of.the.hill@example.org";
    let place = Place::new();
    fs::write(place.path().join("token"), "figures\n").unwrap();
    place.settings("log = \"debug\"\n[metrics]\ntoken = \"file:token\"\n[rate_limits]\nmode = \"off\"\n");
    let made = place.json(&["account", "create", "bob", "--email", MAIL, "--json"]);
    let password = made["password"].as_str().unwrap();
    let app = place.json(&["token", "create", "bob", "--json"]);
    let (token, secret) = (app["token"].as_str().unwrap(), app["client_secret"].as_str().unwrap());
    let mut server = place.serve();
    let mut stderr = server.child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let api = Api::new(&server, token);
    api.post(WORDS).await.unwrap();
    let direct = json!({ "status": DIRECT, "visibility": "direct", "spoiler_text": DIRECT });
    assert!(api.request("POST", "/api/v1/statuses").json(&direct).send().await.unwrap().status().is_success());
    api.get(&format!("/api/v2/search?q={WORDS}")).await;
    let base = format!("http://{}", server.address);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = |path: String| http.get(format!("{base}{path}")).header("host", "localhost:1");
    let own = get(format!("/api/v1/accounts/verify_credentials?access_token={token}")).send().await.unwrap();
    assert_eq!(own.status(), 200);
    // What is wrong is not told with what stood in it.
    for (path, form) in [
        ("/sign-in", vec![("login", MAIL), ("password", password)]),
        ("/oauth/token", vec![("grant_type", "authorization_code"), ("code", token), ("client_secret", secret)]),
        ("/api/v1/statuses", vec![("status", WORDS), ("visibility", DIRECT)]),
    ] {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http.post(format!("{base}{path}")).header("host", "localhost:1");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        assert!(request.send().await.unwrap().status().is_client_error(), "{path}");
    }
    let figures = get("/metrics".to_owned()).bearer_auth("figures").send().await.unwrap().text().await.unwrap();
    assert!(figures.contains("http_requests_total"), "{figures}");
    drop((api, http));
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    let log = log.join().unwrap();
    assert!(log.contains("/api/v1/accounts/verify_credentials"), "the log says what was asked for: {log}");
    for told in [WORDS, DIRECT, MAIL, password, token, secret] {
        assert!(!log.contains(told) && !figures.contains(told), "{told}: {log}");
    }
}
