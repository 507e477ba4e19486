//! New keys for somebody of this node (REL-30): what they sign from then on is believed elsewhere, what the old keys sign is
//! not.

use crate::support::{Client, Node, Peer, Scene, Sender, settle};
use serde_json::{Value, json};
use watercooler::{
    cli::data::{self, AccountVerb, DataVerb},
    crypto,
    federation::{own_keys, signatures::Scheme},
    id::Id,
    model::Account,
};

async fn rekey(node: &Node, name: &str) -> watercooler::Result<Value> {
    let verb = DataVerb::Account(AccountVerb::Rekey { name: name.into() });
    data::run(&node.app, verb).await.map_err(|failure| watercooler::Error::internal(format!("{failure:?}")))
}

async fn home(client: &Client) -> String {
    client.get("/api/v1/timelines/home").await.text
}

#[tokio::test]
async fn rel_30_new_keys_are_believed_elsewhere_and_the_old_ones_no_more() {
    let (alpha, beta) = Node::two().await;
    let (alice, bob) = (alpha.member("alice").await, beta.member("bob").await);
    let search = format!("/api/v2/search?resolve=true&type=accounts&q=@{}", alpha.handle("alice"));
    let found = bob.get(&search).await.ok()["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{found}/follow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    alice.post("/api/v1/statuses", json!({"status": "with the first keys"})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert!(home(&bob).await.contains("with the first keys"));

    let id: Id<Account> = alice.id.parse().unwrap();
    let stolen = own_keys::signer(&alpha.app, id).await.unwrap();
    let told = rekey(&alpha, "alice").await.unwrap();
    assert_eq!(told["key"], alpha.url("/users/alice#main-key-2"));
    settle(&[&alpha, &beta]).await;
    let actor = Client::anonymous(&alpha).get_activity("/users/alice").await.ok();
    assert_eq!(actor["publicKey"]["id"], alpha.url("/users/alice#main-key-2"));
    assert_eq!(actor["assertionMethod"][0]["id"], alpha.url("/users/alice#ed25519-key-2"));
    assert_ne!(actor["publicKey"]["publicKeyPem"], json!(stolen.key.public_pem().unwrap()));

    let post = alice.post("/api/v1/statuses", json!({"status": "with the second keys"})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert!(home(&bob).await.contains("with the second keys"));
    let activity = format!("{}/activity", post["uri"].as_str().unwrap());
    let create = Client::anonymous(&alpha).get_activity(&activity).await.ok();
    assert_eq!(create["type"], "Create");

    // Whoever has the old key cannot speak for her, under its old id or under the new one.
    let thief = Peer::start("thief").await;
    for key_id in [stolen.key_id.clone(), alpha.url("/users/alice#main-key-2")] {
        let signer = watercooler::federation::signatures::Signer { key_id, key: stolen.key.clone() };
        let forger = Sender { peer: thief.clone(), id: alpha.url("/users/alice"), signer, scheme: Scheme::Cavage };
        let delete = forger.activity("Delete", post["uri"].clone());
        assert_eq!(forger.deliver(&beta, &delete).await.status, 401);
    }
    beta.settle().await;
    assert!(home(&bob).await.contains("with the second keys"));

    // And once more; the key of the node itself stays.
    assert_eq!(rekey(&alpha, "alice").await.unwrap()["key"], alpha.url("/users/alice#main-key-3"));
    let refused = rekey(&alpha, &format!("{0}@{0}", alpha.domain)).await;
    assert!(refused.is_err(), "{refused:?}");
    alice.post("/api/v1/statuses", json!({"status": "with the third keys"})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert!(home(&bob).await.contains("with the third keys"));
}

#[tokio::test]
async fn whoever_signs_the_end_of_a_key_id_is_given_the_key_however_often_it_was_made_anew() {
    let s = Scene::new().await;
    for _ in 0..5 {
        rekey(&s.node, "bob").await.unwrap();
    }
    // As Fedify signs: the address with its fragment.
    let asks = async |fragment: &str| {
        let parameters = format!(
            "(\"@method\" \"@target-uri\");created={};keyid=\"{}\"",
            s.node.clock.now().seconds(),
            s.ada.signer.key_id
        );
        let target = format!("{}{fragment}", s.node.url("/users/bob"));
        let base = format!("\"@method\": GET\n\"@target-uri\": {target}\n\"@signature-params\": {parameters}");
        let signature = crypto::base64(&s.ada.signer.key.sign(base.as_bytes()).unwrap());
        let headers = [("signature-input", format!("sig1={parameters}")), ("signature", format!("sig1=:{signature}:"))];
        let mut letter = s.ada.reading(&s.node, "/users/bob");
        letter.headers.retain(|(name, _)| !name.starts_with("signature"));
        letter.headers.extend(headers.map(|(name, value)| (name.to_owned(), value)));
        letter.send(&s.node).await
    };
    for fragment in ["", "#main-key", "#main-key-6", "#ed25519-key-6", "#main-key-5"] {
        let read = asks(fragment).await;
        assert_eq!(read.status, 200, "{fragment}: {}", read.text);
        assert_eq!(read.json()["publicKey"]["id"], s.node.url("/users/bob#main-key-6"));
    }
    for fragment in ["#main-key-7", "#other", "?x=1"] {
        assert_eq!(asks(fragment).await.status, 401, "{fragment}");
    }
}
