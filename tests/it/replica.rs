//! Questions and accepted answers are at every node of the organisation: also at one that joins later, and at one that
//! missed what was sent.

use crate::{
    concierge::{answers, three},
    projects::{API, bearing, known, register, two},
    questions::{mentions, open, post},
    support::{
        Browser, Client, NOW, Node, PASSWORD, PUBLIC,
        organisation::{alone, brings_in, found, letter, letter_by, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{
    db::Sql,
    domain::accounts::{self, NewPerson},
    federation::own_keys,
    id::Id,
    model::Account,
    store,
    time::Clock,
};

const DAY: i64 = 86_400_000;

fn uris(posts: &[&Value]) -> BTreeSet<String> {
    posts.iter().map(|post| post["uri"].as_str().unwrap().to_owned()).collect()
}

/// Somebody of another node answers.
async fn answered(all: &[&Node], asker: (&Node, &Client), expert: (&Node, &Client), question: &Value) -> Value {
    let uri = question["uri"].as_str().unwrap();
    let seen = expert.1.get(&format!("/api/v2/search?resolve=true&q={uri}")).await.ok();
    all[0].clock.advance(1_000);
    let text = format!("@{} Silicone.", asker.0.handle(&asker.1.name));
    let answer = post(expert.1, &text, Some(&seen["statuses"][0])).await;
    settle(all).await;
    all[0].clock.advance(1_000);
    answer
}

/// The asker accepts what this person last answered.
async fn accepted(asker: &Client, expert: (&Node, &Client)) {
    let heard = mentions(asker).await;
    let heard = heard.iter().find(|n| n["account"]["username"] == expert.1.name.as_str()).unwrap();
    post(asker, &format!("@{} ✅", expert.0.handle(&expert.1.name)), Some(&heard["status"])).await;
}

/// What `from` has not sent to `to` yet is lost.
async fn loses(from: &Node, to: &Node) {
    let inbox = to.url("/inbox");
    from.app
        .write(move |tx| Sql::new("delete from deliveries where inbox = ").bind(inbox).execute(tx.conn).map(drop))
        .await
        .unwrap();
}

/// Two hours: within each, all lists are compared.
async fn two_hours(all: &[&Node]) {
    for _ in 0..8 {
        all[0].clock.advance(900_000);
        settle(all).await;
    }
}

async fn because(client: &Client, tag: &str) -> Vec<String> {
    let found = client.get(&format!("/api/watercooler/v1/experts?q=skill:{tag}")).await.ok();
    found["experts"].as_array().unwrap().iter().map(|e| e["because"].as_str().unwrap().to_owned()).collect()
}

async fn reader(node: &Node) -> Browser {
    node.citizen("dora").await;
    let browser = Browser::new(node);
    browser.sign_in("dora", PASSWORD).await;
    browser
}

async fn texts(node: &Node) -> Vec<String> {
    node.app.read(|conn| Sql::new("select p.content from posts p").load_texts(conn)).await.unwrap()
}

/// The list of `of` as another node reads it, and what stands for it in the digest.
async fn list(from: &Node, of: &Node) -> (Value, Value) {
    let page = letter(from, of, "GET", "/charter/directory/questions", None).await.send(of).await.ok();
    let digest = letter(from, of, "GET", "/charter/directory/digest", None).await.send(of).await.ok();
    (page, digest["questions"].clone())
}

/// An Update of a post, signed by its author and delivered by hand.
async fn updates(from: &Node, who: &Client, to: &Node, note: &Value) {
    let id: Id<Account> = who.id.parse().unwrap();
    let signer = own_keys::signer(&from.app, id).await.unwrap();
    let actor = from.url(&format!("/users/{}", who.name));
    let number = watercooler::random::Random::real().u64();
    let activity = json!({
        "id": format!("{actor}#updates/{number}"), "type": "Update", "actor": actor, "to": [PUBLIC], "object": note
    });
    let reply = letter_by(&signer, from, to, "POST", "/inbox", Some(&activity)).send(to).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    settle(&[from, to]).await;
}

/// A post as another node reads it.
async fn document(from: &Node, of: &Node, post: &Value) -> Value {
    let path = post["uri"].as_str().unwrap().strip_prefix(of.app.site().base()).unwrap();
    letter(from, of, "GET", path, None).await.send(of).await.ok()
}

#[tokio::test]
async fn a_newcomer_has_the_questions_and_answers_from_before_it_came() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let (bob, alice, cleo) = (hq.member("bob").await, lyon.member("alice").await, oslo.member("cleo").await);
    found(&hq).await;
    settle(&[&hq, &lyon]).await;
    brings_in(&hq, &lyon).await;
    minutes(&[&hq, &lyon], 3).await;
    let old = [&hq, &lyon];
    let question = post(&bob, "#ask Which glue for the cold? #adhesives", None).await;
    settle(&old).await;
    answered(&old, (&hq, &bob), (&lyon, &alice), &question).await;
    accepted(&bob, (&lyon, &alice)).await;
    settle(&old).await;
    let waiting = post(&bob, "#ask Who welds titanium? #welding", None).await;
    clock.advance(1_000);
    let elsewhere = post(&alice, "#ask Who knows #falconry?", None).await;
    clock.advance(1_000);
    post(&bob, "!site #ask Where is the Sitesecret? #keys", None).await;
    settle(&old).await;
    let seen = open(&bob).await;
    assert!(seen.is_superset(&uris(&[&waiting, &elsewhere])), "{seen:?}");
    // Longer than anything waits for a node, and longer than a late Update is taken for a new post.
    for _ in 0..9 {
        clock.advance(DAY);
        settle(&old).await;
    }
    let joined = brings_in(&hq, &oslo).await;
    let line = joined["directory"].as_array().unwrap().iter().find(|line| line.as_str().unwrap().contains(&hq.domain));
    assert!(line.unwrap().as_str().unwrap().ends_with(", 2 questions"), "{joined}");
    let status = org(&oslo, &["status"]).await.unwrap();
    let line = status["nodes"].as_array().unwrap().iter().find(|node| node["domain"] == hq.domain.as_str()).unwrap();
    assert_eq!((&line["directory"]["questions_copied"], &line["directory"]["questions_of"]), (&json!(2), &json!(2)));
    let all = [&hq, &lyon, &oslo];
    settle(&all).await;
    minutes(&all, 5).await;
    assert_eq!(open(&cleo).await, uris(&[&waiting, &elsewhere]));
    assert_eq!(because(&cleo, "adhesives").await, ["because: answered 1 question on #adhesives"]);
    // It counts from when it was accepted.
    let late = clock.now().plus_days(-8).millis();
    let dated = Sql::new("select count(*) from accepted_answers x where x.accepted_at < ").bind(late);
    assert_eq!(oslo.app.read(move |conn| dated.scalar_i64(conn)).await.unwrap(), 1);
    let dora = reader(&oslo).await;
    for path in ["/answers", "/answers/adhesives"] {
        assert!(dora.get(path).await.text.contains("Silicone."), "{path}");
    }
    // Nobody was told, and nothing stands where it is news.
    assert!(mentions(&cleo).await.is_empty(), "{:?}", mentions(&cleo).await);
    assert_eq!(cleo.get("/api/v1/timelines/home").await.ok(), json!([]));
    assert!(texts(&oslo).await.iter().all(|text| !text.contains("Sitesecret")));
    let again = post(&cleo, "#ask Glue for ice? #adhesives", None).await;
    settle(&all).await;
    let said = answers(&cleo, &again).await;
    assert!(said[0]["content"].as_str().unwrap().contains("Answered before:"), "{said:?}");
}

#[tokio::test]
async fn a_node_that_missed_a_question_and_an_acceptance_learns_of_both_by_the_digest() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let question = post(&bob, "#ask Which glue for the cold? #adhesives", None).await;
    settle(&all).await;
    assert_eq!(open(&cleo).await, uris(&[&question]));
    let missed = post(&bob, "#ask Who welds titanium? #welding", None).await;
    let ended = post(&bob, "#ask Who has the ladder? #ladders", None).await;
    loses(&hq, &oslo).await;
    settle(&all).await;
    assert_eq!(open(&cleo).await, uris(&[&question]));
    answered(&all, (&hq, &bob), (&lyon, &alice), &question).await;
    accepted(&bob, (&lyon, &alice)).await;
    loses(&hq, &oslo).await;
    settle(&all).await;
    assert_eq!(because(&cleo, "adhesives").await, Vec::<String>::new(), "it does not know");
    two_hours(&all).await;
    assert_eq!(because(&cleo, "adhesives").await, ["because: answered 1 question on #adhesives"]);
    assert!(reader(&oslo).await.get("/answers/adhesives").await.text.contains("Silicone."));
    assert_eq!(open(&cleo).await, uris(&[&missed, &ended]));
    // Both lists are alike, so nothing is read any more.
    let (_, digest) = list(&lyon, &hq).await;
    let domain = hq.domain.clone();
    let copy = oslo.app.read(move |conn| watercooler::domain::questions::replica::digest(conn, Some(&domain)));
    let copy = copy.await.unwrap();
    assert_eq!(json!({ "total": copy.total, "digest": copy.hex() }), digest);
    // What is closed or gone without its hearing of it waits there no longer.
    post(&bob, "✅", Some(&ended)).await;
    bob.delete(&format!("/api/v1/statuses/{}", missed["id"].as_str().unwrap())).await.ok();
    loses(&hq, &oslo).await;
    settle(&all).await;
    assert_eq!(open(&cleo).await, uris(&[&missed, &ended]), "it does not know");
    two_hours(&all).await;
    assert!(open(&cleo).await.is_empty(), "{:?}", open(&cleo).await);
}

#[tokio::test]
async fn a_question_for_the_site_is_in_no_list_and_no_digest() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let (page, before) = list(&lyon, &hq).await;
    assert_eq!((&page["total"], &page["items"], &page["next"]), (&json!(0), &json!([]), &Value::Null));
    let near = post(&bob, "!site #ask Where is the key? #keys", None).await;
    let ben = hq.member("ben").await;
    settle(&all).await;
    let answer = post(&ben, "!site @bob Below the mat.", Some(&near)).await;
    hq.clock.advance(1_000);
    assert_eq!(list(&lyon, &hq).await, (page.clone(), before.clone()));
    post(&bob, "!site @ben ✅", Some(&answer)).await;
    settle(&all).await;
    assert_eq!(list(&lyon, &hq).await, (page.clone(), before.clone()));
    // One for the organisation is, and stays only while it is open or has an answer that goes as far.
    let question = post(&bob, "#ask Which glue? #adhesives", None).await;
    settle(&all).await;
    let (open, digest) = list(&lyon, &hq).await;
    let item = json!({ "id": question["uri"], "askState": "open", "answered": false });
    assert_eq!((&open["total"], &open["items"]), (&json!(1), &json!([item])));
    assert_ne!(digest, before);
    let given = answered(&all, (&hq, &bob), (&lyon, &alice), &question).await;
    accepted(&bob, (&lyon, &alice)).await;
    settle(&all).await;
    let (done, after) = list(&lyon, &hq).await;
    let item = &done["items"][0];
    assert_eq!((&item["askState"], &item["acceptedAnswer"]), (&json!("answered"), &given["uri"]));
    assert!(item["ended"].is_string() && after != digest, "{done}");
    bob.delete(&format!("/api/v1/statuses/{}", question["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    assert_eq!(list(&lyon, &hq).await, (page, before));
    // It answers nodes of the organisation alone.
    let stranger = Client::anonymous(&hq).get("/charter/directory/questions").await;
    assert!(matches!(stranger.status, 401 | 403), "{} {}", stranger.status, stranger.text);
    assert_eq!(
        letter(&lyon, &hq, "GET", "/charter/directory/questions?after=x", None).await.send(&hq).await.status,
        400
    );
}

#[tokio::test]
async fn an_older_state_opens_no_question_again() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let question = post(&bob, "#ask Which glue for the cold? #adhesives", None).await;
    let closed = post(&bob, "#ask Who has the ladder? #ladders", None).await;
    settle(&all).await;
    let older = [document(&oslo, &hq, &question).await, document(&oslo, &hq, &closed).await];
    assert!(older.iter().all(|note| note["askState"] == "open"), "{older:?}");
    answered(&all, (&hq, &bob), (&lyon, &alice), &question).await;
    accepted(&bob, (&lyon, &alice)).await;
    hq.clock.advance(1_000);
    post(&bob, "✅", Some(&closed)).await;
    settle(&all).await;
    let kept = reader(&oslo).await;
    let is_kept = async || kept.get("/answers/adhesives").await.text.contains("Silicone.");
    assert!(is_kept().await && open(&cleo).await.is_empty());
    for note in &older {
        updates(&hq, &bob, &oslo, note).await;
    }
    assert!(is_kept().await, "the answer is still accepted");
    assert_eq!(because(&cleo, "adhesives").await, ["because: answered 1 question on #adhesives"]);
    assert!(open(&cleo).await.is_empty(), "{:?}", open(&cleo).await);
    // Its node is asked for its list later than that: what this says counts, as of a node that went back to a copy of itself.
    let id: i64 = closed["id"].as_str().unwrap().parse().unwrap();
    let reopen = Sql::new("update questions set state = 0, ended_at = null where post_id = ").bind(id);
    hq.app.write(move |tx| reopen.execute(tx.conn).map(drop)).await.unwrap();
    two_hours(&all).await;
    assert_eq!(open(&cleo).await, uris(&[&closed]));
    // An answer that goes is accepted no longer, everywhere.
    let answer = alice.get(&format!("/api/v1/accounts/{}/statuses?exclude_replies=false", alice.id)).await.ok();
    let answer = answer.as_array().unwrap().iter().find(|post| post["content"].as_str().unwrap().contains("Silicone"));
    alice.delete(&format!("/api/v1/statuses/{}", answer.unwrap()["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    assert!(!is_kept().await);
    assert_eq!(because(&cleo, "adhesives").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_late_change_of_a_question_brings_it_to_a_node_that_never_had_it() {
    let (hq, lyon, oslo, [bob, _, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    // Nothing is compared.
    org(&hq, &["set", "directory=false"]).await.unwrap();
    minutes(&all, 3).await;
    let question = post(&bob, "#ask Who welds titanium? #welding", None).await;
    let plain = post(&bob, "Lunch, anybody?", None).await;
    loses(&hq, &oslo).await;
    settle(&all).await;
    for _ in 0..2 {
        hq.clock.advance(DAY + 60_000);
        settle(&all).await;
    }
    assert!(open(&cleo).await.is_empty());
    for late in [&question, &plain] {
        let note = document(&oslo, &hq, late).await;
        updates(&hq, &bob, &oslo, &note).await;
    }
    assert_eq!(open(&cleo).await, uris(&[&question]));
    assert!(mentions(&cleo).await.is_empty());
    assert!(texts(&oslo).await.iter().all(|text| !text.contains("Lunch")), "any other post is too old");
}

#[tokio::test]
async fn a_directory_of_more_than_one_page_is_copied_whole() {
    const MANY: i64 = 203;
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    hq.member("bob").await;
    found(&hq).await;
    settle(&[&hq, &lyon]).await;
    // Their keys are one: making two hundred takes a minute.
    hq.app
        .write(|tx| {
            for number in 1..MANY {
                accounts::create(tx, &NewPerson::member(&format!("p{number}"), None, None))?;
            }
            Sql::new("delete from jobs where kind = 'make_keys'").execute(tx.conn)?;
            Sql::new("update accounts set public_key = (select b.public_key from accounts b where b.username = 'bob' ")
                .push("and b.domain is null) where public_key is null and domain is null and username like 'p%'")
                .execute(tx.conn)
                .map(drop)
        })
        .await
        .unwrap();
    hq.settle().await;
    let total = hq.app.read(store::people::count_own_entries).await.unwrap();
    assert_eq!(total, MANY);
    brings_in(&hq, &lyon).await;
    let copied = async || {
        let domain = hq.domain.clone();
        let entries = lyon.app.read(move |conn| store::people::copied_entries(conn, &domain, 0, 1_000)).await.unwrap();
        i64::try_from(entries.len()).unwrap()
    };
    assert_eq!(copied().await, MANY);
    // And stays whole when something differs.
    let differs = Sql::new("update expertise set version = 1 where account_id in (select a.id from accounts a ")
        .push("where a.username = 'p7' and a.domain is not null)");
    lyon.app.write(move |tx| differs.execute(tx.conn).map(drop)).await.unwrap();
    two_hours(&[&hq, &lyon]).await;
    assert_eq!(copied().await, MANY);
}

#[tokio::test]
async fn a_project_whose_end_was_missed_leaves_the_register_by_the_digest_and_comes_back_by_it() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    minutes(&all, 3).await;
    known(&bob, &hq.handle("quietbearing")).await;
    let listed = async || bob.get(API).await.ok().as_array().unwrap().len();
    let check =
        async || bob.post(&format!("{API}/check"), bearing()).await.ok()["candidates"].as_array().unwrap().len();
    assert_eq!((listed().await, check().await), (1, 1));
    // Nobody is told: the digest says it.
    let id: Id<Account> = made["id"].as_str().unwrap().parse().unwrap();
    for suspended in [true, false] {
        hq.app.write(move |tx| store::users::set_suspended(tx.conn, id, suspended.then_some(tx.now))).await.unwrap();
        two_hours(&all).await;
        let expected = usize::from(!suspended);
        assert_eq!((listed().await, check().await), (expected, expected), "{suspended}");
    }
}
