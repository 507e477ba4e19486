//! Rows of the security checklist on running the program (section 8) that belong to no noun.

use crate::support::Node;
use axum::{Router, routing::get};
use std::{fs, path::Path};
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
