//! Three audiences (N9): this site, the organisation, everybody. Two nodes under one charter, a third one and a scripted
//! server outside; each door is tried by everybody, and a post for everybody is found behind it, so that nothing is
//! proven by a door that is shut.

use crate::support::{
    Browser, Client, NOW, Node, NodeBuilder, PASSWORD, Peer, Sender, Web, hidden_fields,
    organisation::{alone, brings_in, found, letter, org},
    settle,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{
    config::AuthorizedFetch,
    db::Sql,
    domain::follows::{self, FollowOptions},
    id::Id,
    model::Account,
    store,
    time::Clock,
};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
/// The words by which the three posts are known.
pub const WORDS: [&str; 3] = ["sitesecret", "orgsecret", "openword"];

/// ada and bob at headquarters, lea at Lyon, ola at a node outside and sam at a scripted server: the last three follow
/// both ada and lea.
pub struct World {
    pub hq: Node,
    pub lyon: Node,
    pub out: Node,
    pub far: Peer,
    pub ada: Client,
    pub bob: Client,
    pub lea: Client,
    pub ola: Client,
    pub sam: Sender,
}

/// Reads need no signature, so that a door is shut for what it hides and not for who asks.
fn legible(builder: NodeBuilder, clock: &Clock) -> NodeBuilder {
    builder.clock(clock).config(|config| config.federation.authorized_fetch = AuthorizedFetch::Off)
}

impl World {
    pub async fn new() -> Self {
        Self::with(true).await
    }

    /// `open`: the charter lets authors choose the open fediverse.
    pub async fn with(open: bool) -> Self {
        Self::build(open, None).await
    }

    /// Headquarters and Lyon read the pages that posts link to.
    pub async fn reading(web: &Web) -> Self {
        Self::build(true, Some(web)).await
    }

    async fn build(open: bool, web: Option<&Web>) -> Self {
        let clock = Clock::fixed(NOW);
        let far = Peer::start("far").await;
        let builders = [NodeBuilder::new("hq").await, NodeBuilder::new("lyon").await, NodeBuilder::new("out").await];
        let [hq, lyon, out] = builders.map(|builder| legible(builder, &clock));
        let [hq, lyon] = [hq, lyon].map(|builder| match web {
            Some(web) => web.reachable(builder),
            None => builder,
        });
        let names = [hq.authority(), lyon.authority(), out.authority()];
        let hq = hq.knows(&names[2]).knows(&far.authority).start().await;
        let lyon = lyon.knows(&names[2]).knows(&far.authority).start().await;
        let out = out.knows(&names[0]).knows(&names[1]).start().await;
        found(&hq).await;
        if open {
            org(&hq, &["set", "open_allowed=true"]).await.unwrap();
        }
        brings_in(&hq, &lyon).await;
        settle(&[&hq, &lyon, &out]).await;
        let (ada, bob) = (hq.member("ada").await, hq.member("bob").await);
        let (lea, ola) = (lyon.member("lea").await, out.member("ola").await);
        let sam = Sender::new(&far, "sam");
        let world = Self { hq, lyon, out, far, ada, bob, lea, ola, sam };
        follow(&world.bob, "ada").await;
        follow(&world.lea, &world.hq.handle("ada")).await;
        follow(&world.bob, &world.lyon.handle("lea")).await;
        for handle in [world.hq.handle("ada"), world.lyon.handle("lea")] {
            follow(&world.ola, &handle).await;
        }
        for (node, name) in [(&world.hq, "ada"), (&world.lyon, "lea")] {
            let follow = world.sam.activity("Follow", node.url(&format!("/users/{name}")));
            world.sam.delivers(node, &follow).await;
        }
        world.settle().await;
        world.far.forget();
        world
    }

    pub async fn settle(&self) {
        settle(&[&self.hq, &self.lyon, &self.out]).await;
    }

    /// ada writes the three posts; answers them.
    pub async fn three(&self) -> [Value; 3] {
        let site = says(&self.ada, "!site The sitesecret #glue").await;
        let inside = says(&self.ada, "The orgsecret #glue").await;
        let open = says(&self.ada, "!open The openword #glue").await;
        self.settle().await;
        [site, inside, open]
    }

    /// What the scripted server was sent, as text.
    pub fn arrived(&self) -> String {
        self.far.inbox().iter().map(Value::to_string).collect()
    }
}

pub async fn says(who: &Client, text: &str) -> Value {
    who.post("/api/v1/statuses", json!({ "status": text })).await.ok()
}

pub async fn answers(who: &Client, to: &Value, text: &str) -> Value {
    who.post("/api/v1/statuses", json!({ "status": text, "in_reply_to_id": to["id"] })).await.ok()
}

pub async fn follow(who: &Client, handle: &str) {
    let found = who.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{handle}: {found}")).to_owned();
    who.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
}

/// The post with this object id as somebody's own node shows it.
pub async fn known(reader: &Client, post: &Value) -> Option<Value> {
    let uri = post["uri"].as_str().unwrap();
    let found = reader.get(&format!("/api/v2/search?type=statuses&q={uri}")).await.ok();
    found["statuses"].as_array().unwrap().first().cloned()
}

pub async fn home(reader: &Client) -> String {
    reader.get("/api/v1/timelines/home").await.text
}

pub async fn act(who: &Client, post: &Value, verb: &str) -> Value {
    who.post(&format!("/api/v1/statuses/{}/{verb}", post["id"].as_str().unwrap()), json!({})).await.ok()
}

/// Which of the three words stand in a text.
pub fn words(text: &str) -> Vec<&'static str> {
    WORDS.into_iter().filter(|word| text.contains(word)).collect()
}

pub fn path(node: &Node, uri: &Value) -> String {
    uri.as_str().unwrap().strip_prefix(node.app.site().base()).unwrap().to_owned()
}

pub fn refused(reply: &crate::support::Reply) -> String {
    assert_eq!(reply.status, 422, "{}", reply.text);
    reply.json()["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn fed_addr_out_05_without_an_organisation_public_is_public_and_a_post_may_stay_here() {
    let (alpha, beta) = Node::two().await;
    let (ada, eve) = (alpha.member("ada").await, beta.member("eve").await);
    follow(&eve, &alpha.handle("ada")).await;
    settle(&[&alpha, &beta]).await;
    let plain = says(&ada, "plainly").await;
    assert_eq!((&plain["local_only"], &plain["audience"]), (&json!(false), &json!("open")));
    let open = says(&ada, "!open widely").await;
    assert_eq!((&open["audience"], &open["content"]), (&json!("open"), &json!("<p>widely</p>")));
    let by_field = ada.post("/api/v1/statuses", json!({ "status": "fieldsecret", "local_only": true })).await.ok();
    assert_eq!((&by_field["local_only"], &by_field["audience"]), (&json!(true), &json!("site")));
    let by_mark = says(&ada, "!Site marksecret").await;
    assert_eq!((&by_mark["local_only"], &by_mark["content"]), (&json!(true), &json!("<p>marksecret</p>")));
    settle(&[&alpha, &beta]).await;
    let seen = home(&eve).await;
    assert!(seen.contains("plainly") && seen.contains("widely") && !seen.contains("secret"), "{seen}");
    // Nothing new in documents of a node that belongs nowhere.
    let note = Client::anonymous(&alpha).get_activity(&path(&alpha, &plain["uri"])).await.ok();
    assert!(note.get("reach").is_none(), "{note}");
    assert_eq!(Client::anonymous(&alpha).get_activity(&path(&alpha, &by_mark["uri"])).await.status, 404);
    let refusal = refused(&ada.post("/api/v1/statuses", json!({ "status": "x", "audience": "organisation" })).await);
    assert!(refusal.contains("belongs to no organisation"), "{refusal}");
}

#[tokio::test]
async fn whom_a_post_would_not_reach_is_said_in_the_language_of_whoever_writes() {
    let world = World::new().await;
    let text = format!("Weiß @{} es?", world.out.handle("ola"));
    let said = crate::concierge::asks(&world.hq, &world.ada, &format!("Frage {text}")).await;
    assert!(said.contains("bekäme das nicht") && said.contains("@ola@"), "{said}");
    world.hq.citizen("dora").await;
    let browser = Browser::new(&world.hq);
    browser.sign_in("dora", PASSWORD).await;
    for (at, says) in [("/ask", "would not get this"), ("/ask?lang=de", "bekäme das nicht: So weit geht es nicht.")] {
        let hidden = hidden_fields(&browser.get("/ask").await.text, "/ask");
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("question", text.as_str()), ("tags", "glue")]);
        let refused = browser.post(at, &fields).await;
        assert!(refused.status == 422 && refused.text.contains(says), "{}", refused.text);
        assert!(refused.text.contains("@ola@"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_mark_counts_in_a_post_that_waits_for_its_time() {
    let world = World::new().await;
    let at = world.hq.clock.now().plus_seconds(1_800).rfc3339();
    for text in ["!site The sitesecret", "The orgsecret", "!open The openword"] {
        world.ada.post("/api/v1/statuses", json!({ "status": text, "scheduled_at": at })).await.ok();
    }
    world.settle().await;
    assert!(words(&home(&world.bob).await).is_empty());
    world.hq.clock.advance(1_800_000);
    world.settle().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    assert_eq!(words(&home(&world.ola).await), ["openword"]);
    assert_eq!(words(&home(&world.lea).await), ["orgsecret", "openword"]);
    assert_eq!(words(&home(&world.bob).await), WORDS);
    let written = world.ada.get(&format!("/api/v1/accounts/{}/statuses", world.ada.id)).await.ok();
    let mut shown: Vec<_> =
        written.as_array().unwrap().iter().map(|post| [&post["audience"], &post["content"]]).collect();
    shown.sort_by_key(|post| post[0].to_string());
    let [open, inside, site] = ["open", "organisation", "site"].map(|word| json!(word));
    let texts = ["openword", "orgsecret", "sitesecret"].map(|word| json!(format!("<p>The {word}</p>")));
    assert_eq!(shown, [[&open, &texts[0]], [&inside, &texts[1]], [&site, &texts[2]]]);
}

#[tokio::test]
async fn a_mark_at_the_start_of_a_warning_counts_for_the_post() {
    let world = World::new().await;
    let post = async |body: Value| world.ada.post("/api/v1/statuses", body).await;
    let said = post(json!({ "status": "sitesecret", "spoiler_text": "!site: the cellar" })).await.ok();
    assert_eq!((&said["audience"], &said["spoiler_text"]), (&json!("site"), &json!("the cellar")));
    let bare = post(json!({ "status": "sitesecret too", "spoiler_text": "!site" })).await.ok();
    assert_eq!((&bare["audience"], &bare["spoiler_text"]), (&json!("site"), &json!("")));
    let both = post(json!({ "status": "!open a", "spoiler_text": "!site b" })).await;
    assert!(refused(&both).contains("two audiences at once"), "{}", both.text);
    world.settle().await;
    assert!(known(&world.lea, &said).await.is_none() && words(&world.arrived()).is_empty());
    // Once it is written, nothing changes it.
    let at = format!("/api/v1/statuses/{}", said["id"].as_str().unwrap());
    let edit =
        async |warning: &str| world.ada.put(&at, json!({ "status": "sitesecret", "spoiler_text": warning })).await;
    assert!(refused(&edit("!open the cellar").await).contains("An edit cannot change"));
    let edited = edit("!site the attic").await.ok();
    assert_eq!((&edited["audience"], &edited["spoiler_text"]), (&json!("site"), &json!("the attic")));
    // Nor does a field beside the text; what agrees, or says nothing, does no harm.
    let inside = post(json!({ "status": "orgsecret" })).await.ok();
    for (said, field, status) in [
        (&inside, json!({ "local_only": true }), 422),
        (&inside, json!({ "audience": "site" }), 422),
        (&inside, json!({ "local_only": false }), 200),
        (&said, json!({ "local_only": true }), 200),
        (&said, json!({ "local_only": false }), 200),
        (&said, json!({ "audience": "open" }), 422),
    ] {
        let mut body = json!({ "status": "anew" });
        body.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        let at = format!("/api/v1/statuses/{}", said["id"].as_str().unwrap());
        let edit = world.ada.put(&at, body.clone()).await;
        assert_eq!(edit.status, status, "{body}: {}", edit.text);
    }
}

#[tokio::test]
async fn a_post_that_says_to_stay_stays_wherever_that_stands_at_its_start() {
    let world = World::new().await;
    for text in [
        "#ask !site sitesecret, who knows? #glue",
        "!open !site sitesecret",
        "\u{ff01}SITE sitesecret",
        "@bob\u{a0}!Site: sitesecret",
    ] {
        let said = says(&world.ada, text).await;
        assert_eq!(said["audience"], "site", "{text}: {said}");
        assert!(!said["content"].as_str().unwrap().to_lowercase().contains("site "), "{text}: {said}");
    }
    // What lets it go further stands first, or is text.
    let said = says(&world.ada, "#b7 !open orgsecret").await;
    assert_eq!(said["audience"], "organisation", "{said}");
    world.settle().await;
    assert!(words(&world.arrived()).is_empty(), "{}", world.arrived());
    assert_eq!(words(&home(&world.lea).await), ["orgsecret"]);
}

#[tokio::test]
async fn what_is_deleted_to_be_written_anew_goes_as_far_as_before() {
    let world = World::new().await;
    let redrafts = async |who: &Client, post: &Value| {
        let gone = who.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
        gone["text"].as_str().unwrap().to_owned()
    };
    for (post, word) in world.three().await.iter().zip(WORDS) {
        let text = redrafts(&world.ada, post).await;
        let again = says(&world.ada, &text).await;
        assert_eq!((&again["audience"], &again["content"]), (&post["audience"], &post["content"]), "{word}: {text}");
    }
    // What goes as far by itself has no word before it.
    let site = says(&world.ada, "!site sitesecret").await;
    assert_eq!(redrafts(&world.bob, &answers(&world.bob, &site, "so it is").await).await, "so it is");
    assert_eq!(redrafts(&world.bob, &says(&world.bob, "orgsecret").await).await, "orgsecret");
    let direct = json!({ "status": "@ada hello", "visibility": "direct" });
    let direct = world.bob.post("/api/v1/statuses", direct).await.ok();
    assert_eq!(redrafts(&world.bob, &direct).await, "@ada hello");
    // Nor does it go further once the charter forbids what it was, or there is none.
    let [open, inside] = [says(&world.bob, "!open openword").await, says(&world.bob, "orgsecret").await];
    org(&world.hq, &["set", "open_allowed=false"]).await.unwrap();
    assert_eq!(redrafts(&world.bob, &open).await, "openword");
    org(&world.hq, &["leave", "--force"]).await.unwrap();
    assert_eq!(redrafts(&world.bob, &inside).await, "!site orgsecret");
}

#[tokio::test]
async fn an_author_chooses_with_any_client_as_far_as_the_charter_allows() {
    let world = World::with(false).await;
    let ada = &world.ada;
    let post = async |body: Value| ada.post("/api/v1/statuses", body).await;
    let audience = async |body: Value| post(body).await.ok()["audience"].as_str().unwrap().to_owned();
    assert_eq!(audience(json!({ "status": "a" })).await, "organisation");
    assert_eq!(audience(json!({ "status": "b", "visibility": "unlisted" })).await, "organisation");
    assert_eq!(audience(json!({ "status": "c", "audience": "site" })).await, "site");
    // The charter forbids the open fediverse, whichever way it is asked for.
    let before = ada.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok()["statuses_count"].clone();
    for body in [json!({ "status": "!open d" }), json!({ "status": "d", "audience": "open" })] {
        let refusal = refused(&post(body).await);
        assert!(refusal.contains("does not allow the open fediverse"), "{refusal}");
    }
    for body in [
        json!({ "status": "!site e", "audience": "organisation" }),
        json!({ "status": "!org e", "local_only": true }),
        json!({ "status": "!site e", "local_only": false }),
        json!({ "status": "e", "audience": "world" }),
    ] {
        refused(&post(body).await);
    }
    let set = async |word: &str| {
        ada.patch("/api/v1/accounts/update_credentials", json!({ "source": { "audience": word } })).await
    };
    assert!(refused(&set("open").await).contains("does not allow"));
    refused(&set("world").await);
    assert_eq!(
        ada.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok()["statuses_count"],
        before,
        "nothing changed"
    );
    // A default of one's own, which a post overrides.
    assert_eq!(set("site").await.ok()["source"]["audience"], "site");
    assert_eq!(ada.get("/api/v1/preferences").await.ok()["posting:default:audience"], "site");
    assert_eq!(audience(json!({ "status": "f" })).await, "site");
    assert_eq!(audience(json!({ "status": "!org g" })).await, "organisation");
    assert_eq!(audience(json!({ "status": "h", "local_only": false })).await, "organisation");
    assert_eq!(set("").await.ok()["source"]["audience"], Value::Null);
    assert_eq!(audience(json!({ "status": "i" })).await, "organisation");
    // The charter changes; what stands stays as it was.
    org(&world.hq, &["set", "open_allowed=true"]).await.unwrap();
    let open = post(json!({ "status": "@bob !open j" })).await.ok();
    assert_eq!(open["audience"], "open");
    assert!(open["content"].as_str().unwrap().ends_with(" j</p>"), "{open}");
    org(&world.hq, &["set", "default_audience=open"]).await.unwrap();
    assert_eq!(audience(json!({ "status": "k" })).await, "open");
    for rule in ["default_audience=organisation", "open_allowed=false"] {
        org(&world.hq, &["set", rule]).await.unwrap();
    }
    let shown = ada.get(&format!("/api/v1/statuses/{}", open["id"].as_str().unwrap())).await.ok();
    assert_eq!(shown["audience"], "open");
    // An edit cannot move it.
    let edit = async |text: &str| {
        ada.put(&format!("/api/v1/statuses/{}", open["id"].as_str().unwrap()), json!({ "status": text })).await
    };
    assert!(refused(&edit("!site l").await).contains("cannot change how far"));
    let edited = edit("!open m").await.ok();
    assert_eq!((&edited["audience"], &edited["content"]), (&json!("open"), &json!("<p>m</p>")));
}

#[tokio::test]
async fn an_answer_or_a_boost_never_goes_further_than_what_it_is_about() {
    let world = World::new().await;
    let [site, inside, open] = world.three().await;
    for (post, asked, audience) in [
        (&site, "!open", "site"),
        (&site, "", "site"),
        (&inside, "!open", "organisation"),
        (&inside, "!site", "site"),
        (&open, "", "organisation"),
        (&open, "!open", "open"),
    ] {
        assert_eq!(answers(&world.bob, post, &format!("{asked} so be it")).await["audience"], audience, "{asked}");
    }
    // Also of what came from another node of the organisation, and said there.
    let at_lyon = known(&world.lea, &inside).await.unwrap();
    assert_eq!(at_lyon["audience"], "organisation");
    assert_eq!(answers(&world.lea, &at_lyon, "!open from Lyon").await["audience"], "organisation");
    assert_eq!(known(&world.lea, &open).await.unwrap()["audience"], "open");
    for (post, audience) in [(&site, "site"), (&inside, "organisation"), (&open, "open")] {
        assert_eq!(act(&world.bob, post, "reblog").await["audience"], audience);
    }
}

#[tokio::test]
async fn who_would_not_get_a_post_is_named_unless_its_author_chose_who_gets_it() {
    let world = World::new().await;
    let (ada, bob) = (&world.ada, &world.bob);
    let (lea, sam) = (world.lyon.handle("lea"), format!("sam@{}", world.far.authority));
    let reply = async |text: &str| ada.post("/api/v1/statuses", json!({ "status": text })).await;
    let refusal = refused(&reply(&format!("hello @{sam}")).await);
    assert!(refusal.contains(&format!("@{sam} is not on a server")) && refusal.contains("!open"), "{refusal}");
    assert_eq!(reply(&format!("!open hello @{sam}")).await.ok()["mentions"][0]["acct"], sam.as_str());
    let expressly = reply(&format!("!org not to @{sam}")).await.ok();
    assert_eq!(expressly["mentions"], json!([]));
    assert_eq!(reply(&format!("hello @{lea}")).await.ok()["mentions"][0]["acct"], lea.as_str());
    // By default at this site: lea would wait for ever.
    ada.patch("/api/v1/accounts/update_credentials", json!({ "source": { "audience": "site" } })).await.ok();
    let refusal = refused(&reply(&format!("hello @{lea}")).await);
    assert!(refusal.contains(&format!("@{lea} is at another site")) && refusal.contains("`!org`"), "{refusal}");
    assert_eq!(reply(&format!("!org hello again @{lea}")).await.ok()["mentions"][0]["acct"], lea.as_str());
    // Written directly it is for nobody but her, which is a choice.
    let direct = json!({ "status": format!("directsecret @{lea}"), "visibility": "direct" });
    assert_eq!(ada.post("/api/v1/statuses", direct).await.ok()["audience"], "open");
    let quiet = reply(&format!("!site quietsecret about @{lea}")).await.ok();
    assert_eq!((&quiet["mentions"], &quiet["local_only"]), (&json!([]), &json!(true)));
    // What answers a post of this site stays, so nobody else can be brought in.
    let answer = json!({ "status": format!("@{lea} look"), "in_reply_to_id": quiet["id"] });
    let refusal = refused(&bob.post("/api/v1/statuses", answer).await);
    assert!(refusal.contains("at another site") && refusal.contains("`!site`"), "{refusal}");
    assert!(!refusal.contains("`!org`"), "no mark carries it out: {refusal}");
    let answer = json!({ "status": format!("@{sam} look"), "in_reply_to_id": expressly["id"] });
    let refusal = refused(&bob.post("/api/v1/statuses", answer).await);
    assert!(refusal.contains("`!org`") && !refusal.contains("!open"), "{refusal}");
    world.settle().await;
    let told = world.lea.get("/api/v1/notifications").await.text;
    assert!(told.contains("directsecret") && !told.contains("quietsecret"), "{told}");
    let arrived = world.arrived();
    assert!(arrived.contains("hello") && !arrived.contains("not to"), "{arrived}");
}

#[tokio::test]
async fn what_a_post_is_for_travels_with_it_and_strict_readers_understand_the_rest() {
    let world = World::new().await;
    let [_, inside, open] = world.three().await;
    let read = async |post: &Value| {
        let path = path(&world.hq, &post["uri"]);
        letter(&world.lyon, &world.hq, "GET", &path, None).await.send(&world.hq).await.ok()
    };
    let note = read(&inside).await;
    assert!(note["reach"].as_str().unwrap().starts_with("urn:uuid:"), "{note}");
    assert_eq!(note["to"], json!([PUBLIC]), "to plain software it is an ordinary post");
    let terms = note["@context"].as_array().unwrap().iter().find(|context| context.is_object()).unwrap();
    assert_eq!(terms["reach"], json!({ "@id": "wc:reach", "@type": "@id" }));
    assert_eq!(terms["wc"], "https://w3id.org/watercooler/ns#");
    assert_eq!(read(&open).await["reach"], PUBLIC);
    // A colleague's node that says nothing means the organisation; nobody outside needs to say anything.
    let sent = async |to: &Node, reach: Option<Value>, name: &str| {
        let id = format!("{}/notes/{name}", world.sam.id);
        let mut note = json!({
            "id": id, "type": "Note", "attributedTo": world.sam.id, "to": [PUBLIC], "cc": [to.url("/users/bob")],
            "published": to.clock.now().rfc3339(), "content": name,
            "tag": [{ "type": "Mention", "href": to.url("/users/bob"), "name": "@bob" }],
        });
        if let Some(reach) = reach {
            note["reach"] = reach;
        }
        let mut create = world.sam.activity("Create", note.clone());
        create["to"] = note["to"].clone();
        create["cc"] = note["cc"].clone();
        world.sam.delivers(to, &create).await;
        world.settle().await;
        known(&world.bob, &json!({ "uri": id })).await.unwrap()["audience"].as_str().unwrap().to_owned()
    };
    assert_eq!(sent(&world.hq, None, "a").await, "open");
    assert_eq!(sent(&world.hq, Some(json!(PUBLIC)), "b").await, "open");
    for (n, odd) in
        [json!("urn:uuid:1"), json!([PUBLIC, "urn:uuid:1"]), json!({ "id": PUBLIC }), json!(7)].into_iter().enumerate()
    {
        assert_eq!(sent(&world.hq, Some(odd), &format!("c{n}")).await, "organisation", "whoever says less is believed");
    }
    // Now the same server belongs to the organisation, and keeps posts inside.
    let actor = world.far.url("/actor");
    org(&world.hq, &["add", &world.far.authority, "--actor", &actor, "--address", "127.0.0.0/8", "--closed"])
        .await
        .unwrap();
    assert_eq!(sent(&world.hq, None, "d").await, "organisation");
    assert_eq!(sent(&world.hq, Some(json!(PUBLIC)), "e").await, "organisation", "it does not tell");
}

#[tokio::test]
async fn other_software_gets_posts_for_the_organisation_only_when_it_is_closed() {
    let world = World::new().await;
    let actor = world.far.url("/actor");
    let list = async |closed: bool| {
        let mut arguments = vec!["add", &world.far.authority, "--actor", &actor, "--address", "127.0.0.0/8"];
        arguments.extend(closed.then_some("--closed"));
        org(&world.hq, &arguments).await.unwrap();
        world.settle().await;
        world.far.forget();
    };
    list(false).await;
    world.three().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    list(true).await;
    let posts = world.three().await;
    assert_eq!(words(&world.arrived()), ["orgsecret", "openword"]);
    let note = path(&world.hq, &posts[1]["uri"]);
    assert_eq!(world.sam.reading(&world.hq, &note).send(&world.hq).await.status, 200);
    // It has public pages after all: nothing new gets there, but that something ended does.
    list(false).await;
    assert_eq!(world.sam.reading(&world.hq, &note).send(&world.hq).await.status, 404);
    let at = format!("/api/v1/statuses/{}", posts[1]["id"].as_str().unwrap());
    world.ada.put(&at, json!({ "status": "orgsecret, changed" })).await.ok();
    world.settle().await;
    assert_eq!(words(&world.arrived()), Vec::<&str>::new());
    world.ada.delete(&at).await.ok();
    world.settle().await;
    let ends: Vec<Value> = world.far.inbox();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!((&ends[0]["type"], &ends[0]["object"]["id"]), (&json!("Delete"), &posts[1]["uri"]));
    // Whoever never heard of it is not told that it is gone, either.
    assert_eq!(world.sam.reading(&world.hq, &note).send(&world.hq).await.status, 404);
    assert_eq!(Client::anonymous(&world.hq).get_activity(&note).await.status, 404);
    assert_eq!(letter(&world.lyon, &world.hq, "GET", &note, None).await.send(&world.hq).await.status, 410);
}

#[tokio::test]
async fn a_question_goes_round_the_organisation_and_one_of_this_site_stays_here() {
    let world = World::new().await;
    let skilled = async |who: &Client| {
        who.patch("/api/watercooler/v1/people/me", json!({ "skills": ["Adhesives"] })).await.ok();
    };
    skilled(&world.lea).await;
    skilled(&world.bob).await;
    crate::support::organisation::minutes(&[&world.hq, &world.lyon, &world.out], 2).await;
    let asked = says(&world.ada, "#ask Which orgsecret glue? #adhesives").await;
    let here = says(&world.ada, "!site #ask Which sitesecret glue? #adhesives").await;
    world.settle().await;
    assert!(known(&world.lea, &asked).await.is_some() && known(&world.lea, &here).await.is_none());
    let routed = async |question: &Value| {
        let id = question["id"].as_str().unwrap();
        let thread = world.ada.get(&format!("/api/v1/statuses/{id}/context")).await.ok();
        let said = thread["descendants"][0].clone();
        let mut names: Vec<String> =
            said["mentions"].as_array().unwrap().iter().map(|m| m["acct"].as_str().unwrap().to_owned()).collect();
        names.sort();
        (said["audience"].as_str().unwrap().to_owned(), names)
    };
    let (lea, own) = (world.lyon.handle("lea"), ["ada".to_owned(), "bob".to_owned()]);
    assert_eq!(routed(&asked).await, ("organisation".into(), vec![own[0].clone(), own[1].clone(), lea]));
    assert_eq!(routed(&here).await, ("site".into(), own.to_vec()));
    assert_eq!(words(&world.arrived()), Vec::<&str>::new());
}

impl World {
    /// Lists the scripted server in the charter.
    async fn lists_far(&self, closed: bool) {
        let actor = self.far.url("/actor");
        let mut arguments = vec!["add", &self.far.authority, "--actor", &actor, "--address", "127.0.0.0/8"];
        arguments.extend(closed.then_some("--closed"));
        org(&self.hq, &arguments).await.unwrap();
        self.settle().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_server_that_is_closed_no_longer_is_not_sent_after_all() {
    let world = World::new().await;
    world.lists_far(true).await;
    world.far.inbox_answers(503);
    let posts = world.three().await;
    act(&world.ada, &posts[1], "pin").await;
    act(&world.ada, &posts[2], "pin").await;
    world.settle().await;
    world.far.forget();
    let waiting = async || {
        let count =
            "select count(*) from deliveries d join activities a on a.id = d.activity_id where a.kind = 'Create'";
        world.hq.app.read(move |conn| Sql::new(count).scalar_i64(conn)).await.unwrap()
    };
    assert_eq!(waiting().await, 2, "that for the organisation, and that for everybody");
    world.lists_far(false).await;
    assert_eq!(waiting().await, 1);
    world.far.inbox_answers(202);
    world.hq.clock.advance(3_600_000);
    world.settle().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    let uri = |post: &Value| post["uri"].as_str().unwrap().to_owned();
    assert!(world.arrived().contains(&uri(&posts[2])) && !world.arrived().contains(&uri(&posts[1])), "nor its address");
    let id = posts[1]["id"].as_str().unwrap();
    let told = world.ada.get(&format!("/api/watercooler/v1/statuses/{id}/delivery")).await.ok();
    assert_eq!((&told["refused"], &told["waiting"]), (&json!(1), &json!(0)), "{told}");
}

#[tokio::test]
async fn the_end_of_a_boost_reaches_who_got_it_also_where_the_boost_may_not_go_any_more() {
    let world = World::new().await;
    world.lists_far(true).await;
    let [_, inside, _] = world.three().await;
    world.far.forget();
    let here = known(&world.lea, &inside).await.unwrap();
    act(&world.lea, &here, "reblog").await;
    world.settle().await;
    let kinds = || world.far.inbox().iter().map(|a| a["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(), ["Announce"]);
    world.lists_far(false).await;
    // Nobody there follows any more, either.
    let follow = world.sam.activity("Follow", world.lyon.url("/users/lea"));
    let undo = world.sam.activity("Undo", follow);
    world.sam.delivers(&world.lyon, &undo).await;
    world.settle().await;
    world.far.forget();
    act(&world.lea, &here, "unreblog").await;
    world.settle().await;
    assert_eq!(kinds(), ["Undo"]);
}
