//! How other programs say what ours say otherwise: forms that no paper forbids and that live servers and libraries send.

use crate::{
    inbox::{like, pair, reads, taken},
    support::{PUBLIC, Scene, Sender, rsa},
};
use serde_json::{Value, json};

#[tokio::test]
async fn fed_sigin_18_a_signature_may_name_the_actor_where_it_means_the_actors_key() {
    let (node, peer) = pair().await;
    // As activitypub-express does, and so Guppe.
    let mut ada = Sender::new(&peer, "ada");
    ada.signer.key_id = ada.id.clone();
    ada.delivers(&node, &like(&ada)).await;
    peer.forget();
    ada.delivers(&node, &like(&ada)).await;
    let by_its_name = Sender::known(&peer, "ada");
    by_its_name.delivers(&node, &like(&ada)).await;
    assert_eq!(reads(&peer, "/users/ada"), 0, "both names are known");

    // A new key is read with the first request that it signs; one that the actor does not list proves nothing.
    peer.person("ada", &rsa(1).public_pem().unwrap());
    ada.signer.key = rsa(1);
    ada.delivers(&node, &like(&ada)).await;
    ada.signer.key = rsa(2);
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    assert_eq!(taken(&node).await, 4);
}

#[tokio::test]
async fn fed_sigin_19_an_actor_may_list_no_more_than_the_id_of_its_key() {
    let (node, peer) = pair().await;
    let pem = rsa(0).public_pem().unwrap();
    let mut document = peer.person("ada", &pem);
    let id = document["id"].as_str().unwrap().to_owned();
    document["publicKey"] = json!(peer.url("/keys/1"));
    peer.serve("/users/ada", document);
    for number in [1, 2] {
        let name = format!("/keys/{number}");
        let key = json!({ "id": peer.url(&name), "type": "Key", "owner": id, "publicKeyPem": pem });
        peer.serve(&name, key);
    }
    let mut ada = Sender::known(&peer, "ada");
    ada.signer.key_id = peer.url("/keys/1");
    ada.delivers(&node, &like(&ada)).await;
    ada.delivers(&node, &like(&ada)).await;
    ada.signer.key_id = peer.url("/keys/2");
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401, "the actor does not list it");
    assert_eq!(taken(&node).await, 2);
}
