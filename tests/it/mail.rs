//! Letters by e-mail, with a mail server that keeps what it is handed: an address is confirmed, a password set anew.

use crate::{
    people::app_token,
    support::{Browser, Client, Node, NodeBuilder, PASSWORD},
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use watercooler::{
    cli::data::{AccountVerb, DataVerb, run},
    config::{Registration, Secret},
    domain::Task,
};

/// What a mail server was handed, newest last: to whom, and the whole text.
type Box = Arc<Mutex<Vec<(String, String)>>>;

/// Speaks as much of RFC 5321 as a client needs; answers its address.
async fn server(taken: Box) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = taken.clone();
            tokio::spawn(async move { serve(BufReader::new(stream), taken).await });
        }
    });
    format!("smtp://{address}")
}

async fn serve(mut stream: BufReader<tokio::net::TcpStream>, taken: Box) -> Option<()> {
    stream.get_mut().write_all(b"220 mail\r\n").await.ok()?;
    let (mut line, mut to, mut text, mut reading) = (String::new(), String::new(), String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if reading {
            if line == ".\r\n" {
                reading = false;
                taken.lock().unwrap().push((std::mem::take(&mut to), std::mem::take(&mut text)));
                stream.get_mut().write_all(b"250 kept\r\n").await.ok()?;
            } else {
                text.push_str(&line);
            }
            continue;
        }
        let verb = line.get(..4).unwrap_or_default().to_uppercase();
        if verb == "RCPT" {
            to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        }
        let answer = match verb.as_str() {
            "DATA" => {
                reading = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

/// A node that sends mail, and the box it sends to.
async fn node(registration: Registration) -> (Node, Box) {
    let taken = Box::default();
    let address = server(taken.clone()).await;
    let node = NodeBuilder::new("alpha")
        .await
        .config(|c| {
            c.mail.server = Some(Secret::new(address));
            c.mail.from = Some("Alpha <node@alpha.test>".into());
            c.registration = registration;
        })
        .start()
        .await;
    (node, taken)
}

/// The path behind the only link of the newest letter, to this address.
fn link(node: &Node, taken: &Box, to: &str) -> String {
    let (whom, text) = taken.lock().unwrap().last().cloned().expect("no letter");
    assert_eq!(whom, to);
    assert!(text.contains("From: Alpha <node@alpha.test>"), "{text}");
    // Long lines are folded where they are quoted.
    let text = text.replace("=\r\n", "").replace("=3D", "=");
    let start = text.find(node.app.site().base()).unwrap_or_else(|| panic!("{text}"));
    let end = text[start..].find(char::is_whitespace).unwrap();
    text[start..start + end].strip_prefix(node.app.site().base()).unwrap().to_owned()
}

async fn staff(node: &Node, verb: AccountVerb) {
    run(&node.app, DataVerb::Account(verb)).await.unwrap();
}

async fn signs_up(browser: &Browser, name: &str, email: &str) -> crate::support::Reply {
    let page = browser.get("/register").await;
    let token = page.text.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [
        ("form", token.as_str()),
        ("username", name),
        ("email", email),
        ("password", PASSWORD),
        ("agreement", "1"),
        ("reason", "to talk"),
    ];
    browser.post("/register", &fields).await
}

#[tokio::test]
async fn an_address_is_confirmed_before_an_account_does_anything() {
    let (node, taken) = node(Registration::Open).await;
    let browser = Browser::new(&node);
    let answer = signs_up(&browser, "ada", "ada@mail.test").await;
    assert!(answer.status == 200 && answer.text.contains("Look into your mailbox"), "{}", answer.text);
    node.settle().await;
    let path = link(&node, &taken, "ada@mail.test");
    // Nobody sees them, and they cannot sign in: they get the letter once more.
    let stranger = Client::anonymous(&node);
    assert_eq!(stranger.get_activity("/users/ada").await.status, 404);
    let refused = browser.sign_in("ada", PASSWORD).await;
    assert!(refused.status == 403 && refused.text.contains("waits to be confirmed"), "{}", refused.text);
    node.settle().await;
    assert_eq!(taken.lock().unwrap().len(), 2);
    // Opening the link does nothing yet: programs do that too.
    let page = browser.get(&path).await;
    assert!(page.status == 200 && page.text.contains("It is mine"), "{}", page.text);
    assert_eq!(browser.sign_in("ada", PASSWORD).await.status, 403);
    assert_eq!(browser.post(&path, &[("token", "x")]).await.status, 403, "a form of another site");
    let page = browser.get(&path).await;
    let done = browser.submit(&page, &path, &[]).await;
    assert!(done.status == 200 && done.text.contains("Your address is confirmed"), "{}", done.text);
    browser.sign_in("ada", PASSWORD).await;
    assert_eq!(stranger.get_activity("/users/ada").await.status, 200);
    // Again is fine; another link is not.
    let page = browser.get(&path).await;
    assert_eq!(browser.submit(&page, &path, &[]).await.status, 200);
    for wrong in ["/confirm/x", "/confirm/AAAA", &path.replace("/confirm/", "/password/"), &format!("{path}A")] {
        assert_eq!(browser.get(wrong).await.status, 404, "{wrong}");
    }
    node.settle().await;
    assert_eq!(taken.lock().unwrap().len(), 2, "to who has confirmed nothing is sent");
}

#[tokio::test]
async fn an_app_signs_somebody_up_waits_and_may_correct_the_address() {
    let (node, taken) = node(Registration::Approval).await;
    let app = Client::with_token(&node, &app_token(&node, "write:accounts read").await);
    let form = json!({
        "username": "bob", "email": "typo@mail.test", "password": PASSWORD, "agreement": true, "locale": "de", "reason": "to talk",
    });
    let token = app.post("/api/v1/accounts", form).await.ok();
    let bob = Client::with_token(&node, token["access_token"].as_str().unwrap());
    let early = bob.get("/api/v1/accounts/verify_credentials").await;
    assert_eq!(early.status, 403);
    assert_eq!(early.json()["error"], "Your login is missing a confirmed e-mail address");
    assert_eq!(bob.get("/api/v1/emails/check_confirmation").await.ok(), json!(false));
    node.settle().await;
    let old = link(&node, &taken, "typo@mail.test");
    let wrong = bob.post("/api/v1/emails/confirmations", json!({ "email": "nonsense" })).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    bob.post("/api/v1/emails/confirmations", json!({ "email": "bob@mail.test" })).await.ok();
    node.settle().await;
    let path = link(&node, &taken, "bob@mail.test");
    assert!(taken.lock().unwrap().last().unwrap().1.contains("best=C3=A4tige"), "in their language");
    let browser = Browser::new(&node);
    let page = browser.get(&old).await;
    assert_eq!(browser.submit(&page, &old, &[]).await.status, 404, "the address of that link is theirs no more");
    let page = browser.get(&path).await;
    let done = browser.submit(&page, &path, &[]).await;
    assert!(done.text.contains("As soon as it is approved"), "{}", done.text);
    assert_eq!(bob.get("/api/v1/emails/check_confirmation").await.ok(), json!(true));
    let waits = bob.get("/api/v1/accounts/verify_credentials").await;
    assert_eq!(waits.json()["error"], "Your login is currently pending approval");
    assert_eq!(bob.post("/api/v1/emails/confirmations", json!({})).await.status, 403, "nothing waits any more");
    staff(&node, AccountVerb::Approve { name: "bob".into() }).await;
    bob.get("/api/v1/accounts/verify_credentials").await.ok();
}

#[tokio::test]
async fn who_never_confirms_is_forgotten_after_a_week_and_staff_can_vouch() {
    let (node, taken) = node(Registration::Open).await;
    let browser = Browser::new(&node);
    for name in ["cleo", "dora"] {
        assert_eq!(signs_up(&browser, name, &format!("{name}@mail.test")).await.status, 200);
    }
    node.settle().await;
    let path = link(&node, &taken, "dora@mail.test");
    staff(&node, AccountVerb::Confirm { name: "cleo".into() }).await;
    browser.sign_in("cleo", PASSWORD).await;
    node.clock.advance(8 * 86_400_000);
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    let late = Browser::new(&node);
    let page = late.get(&path).await;
    assert_eq!(late.submit(&page, &path, &[]).await.status, 404);
    // Their names and addresses are free again.
    assert_eq!(signs_up(&late, "dora", "dora@mail.test").await.status, 200);
    browser.sign_in("cleo", PASSWORD).await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_letter_once_and_ends_everything_signed_in() {
    let (node, taken) = node(Registration::Closed).await;
    let (_, eve) = node.signed_in("eve").await;
    let browser = Browser::new(&node);
    assert!(browser.get("/sign-in").await.text.contains("href=\"/password\""));
    let said = async |email: &str| {
        let page = browser.get("/password").await;
        browser.submit(&page, "/password", &[("email", email)]).await
    };
    let (known, unknown) = (said("Eve@example.org").await, said("nobody@mail.test").await);
    assert_eq!((known.status, unknown.status), (200, 200));
    assert!(known.text.contains("a letter is on its way") && unknown.text.contains("a letter is on its way"));
    node.settle().await;
    assert_eq!(taken.lock().unwrap().len(), 1, "to who has the address only");
    let path = link(&node, &taken, "eve@example.org");
    let page = browser.get(&path).await;
    let short = browser.submit(&page, &path, &[("password", "short")]).await;
    assert_eq!(short.status, 422, "{}", short.text);
    eve.get("/api/v1/accounts/verify_credentials").await.ok();
    let done = browser.submit(&page, &path, &[("password", "another good one")]).await;
    assert!(done.status == 200 && done.text.contains("Your password is set"), "{}", done.text);
    assert_eq!(eve.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(browser.get(&path).await.status, 404, "once");
    browser.sign_in("eve", "another good one").await;
    // It does not last.
    said("eve@example.org").await;
    node.settle().await;
    let path = link(&node, &taken, "eve@example.org");
    node.clock.advance(3 * 3_600_000);
    assert_eq!(browser.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_node_without_mail_offers_none_of_it() {
    let node = Node::start().await;
    let browser = Browser::new(&node);
    assert_eq!(browser.get("/password").await.status, 404);
    assert!(!browser.get("/sign-in").await.text.contains("href=\"/password\""));
}
