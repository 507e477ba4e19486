//! The archive of answers is searched by words of question and answer, by whoever may read them.

use crate::{
    audiences::{answers, says},
    concierge::three,
    expertise::finds,
    projects,
    questions::{open, post, skills, told},
    support::{
        Browser, Client, NOW, Node, PASSWORD,
        organisation::{alone, brings_in, charter_of, found, minutes, org},
        settle,
    },
};
use serde_json::json;
use watercooler::{net::Refusal, time::Clock};

/// Asks, answers and accepts; the marks of an audience stand before each.
async fn settled(asker: &Client, expert: &Client, mark: &str, question: &str, answer: &str) {
    let asked = says(asker, &format!("{mark} #ask {question}")).await;
    let answer = answers(expert, &asked, &format!("{mark} @{} {answer}", asker.name)).await;
    answers(asker, &answer, &format!("{mark} @{} ✅", expert.name)).await;
}

#[tokio::test]
async fn the_archive_is_searched_by_words_of_question_and_answer_at_every_node() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    let (ada, ben) = (hq.member("ada").await, hq.member("ben").await);
    settled(&ada, &ben, "", "Which glue survives the cold? #adhesives", "Epoxy with a hardener.").await;
    settled(&ada, &ben, "", "Who repairs clocks? #clocks", "The workshop in hall two.").await;
    settled(&ada, &ben, "!site", "Where is the cold key? #keys", "Below the mat of Epoxy hall.").await;
    settle(&[&hq, &lyon]).await;
    let readers = [(&hq, "cleo"), (&lyon, "dora")];
    let mut browsers = Vec::new();
    for (node, name) in readers {
        node.citizen(name).await;
        let browser = Browser::new(node);
        browser.sign_in(name, PASSWORD).await;
        browsers.push(browser);
    }
    let stranger = Browser::new(&hq);
    for (query, inside, elsewhere) in [
        ("", [true, true, true], [true, true, false]),
        // A word of the question and one of the answer.
        ("cold+EPOXY", [true, false, true], [true, false, false]),
        ("hardener", [true, false, false], [true, false, false]),
        // The last word may be a beginning.
        ("hall+tw", [false, true, false], [false, true, false]),
        ("cold+workshop", [false, false, false], [false, false, false]),
        ("%21%3F", [false, false, false], [false, false, false]),
        ("%22+OR+%22a%22+*", [false, false, false], [false, false, false]),
    ] {
        let path = format!("/answers?q={query}");
        assert_eq!(shown(&browsers[0], &path).await, inside, "{query} at headquarters");
        assert_eq!(shown(&browsers[1], &path).await, elsewhere, "{query} at Lyon");
        let page = stranger.get(&path).await.text;
        assert!(!["survives", "repairs", "cold key"].iter().any(|word| page.contains(word)), "{query}, strangers");
    }
    assert_eq!(shown(&browsers[0], "/answers/adhesives?q=hall").await, [false; 3], "both hold");
}

#[tokio::test]
async fn a_question_without_a_tag_is_pointed_to_answers_to_what_says_the_same() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    let (ada, ben, cleo) = (hq.member("ada").await, hq.member("ben").await, lyon.member("cleo").await);
    settled(&ada, &ben, "", "Which glue survives the freezing warehouse?", "Epoxy with a hardener.").await;
    settled(&ada, &ben, "!site", "Which glue is for the freezing warehouse door?", "The red tube.").await;
    settle(&[&hq, &lyon]).await;
    let hears = async |who: &Client, text: &str| {
        post(who, text, None).await;
        settle(&[&hq, &lyon]).await;
        told(who).await.pop().unwrap()
    };
    let shown = |said: &str| said.matches("Answered before:").count();
    // At the other node, in other words and another number, too; what stays at one site is shown at that site's own only.
    let said = hears(&cleo, "#ask Glues that hold in freezing warehouses?").await;
    assert!(said.contains("Nobody is listed for this") && shown(&said) == 1, "{said}");
    let said = hears(&ben, "#ask Is there a glue for our freezing warehouse?").await;
    assert_eq!(shown(&said), 1, "what goes to the organisation does not tell of what stays here: {said}");
    let said = hears(&ben, "!site #ask Is there a glue for our freezing warehouse?").await;
    assert_eq!(shown(&said), 2, "{said}");
    // One word of several is chance.
    for other in ["#ask Who sells glue and paper?", "#ask Is it freezing in Oslo?", "#ask ?"] {
        let said = hears(&cleo, other).await;
        assert_eq!(shown(&said), 0, "{other}: {said}");
    }
}

#[tokio::test]
async fn tags_that_mean_the_same_lead_to_the_same_answers() {
    let hq = alone("hq", &Clock::fixed(NOW)).await;
    found(&hq).await;
    org(&hq, &["alias", "k8s", "Kubernetes"]).await.unwrap();
    let (ada, ben, eve) = (hq.member("ada").await, hq.member("ben").await, hq.member("eve").await);
    settled(&ada, &ben, "", "How does one drain a node? #kubernetes", "With cordon first.").await;
    settled(&ada, &ben, "", "Where are the manifests? #k8s", "In the vault.").await;
    hq.settle().await;
    for tag in ["k8s", "kubernetes"] {
        post(&eve, &format!("#ask Who restarts it? #{tag}"), None).await;
        hq.settle().await;
        // The experts of the answers may be asked, so the concierge says it below the question or to the asker alone.
        let thread = eve.get("/api/v1/notifications?types[]=mention&limit=1").await.ok();
        let said = thread[0]["status"]["content"].as_str().unwrap_or_default();
        assert_eq!(said.matches("Answered before:").count(), 2, "{tag}: {said}");
    }
    hq.citizen("dora").await;
    let browser = Browser::new(&hq);
    browser.sign_in("dora", PASSWORD).await;
    for tag in ["k8s", "kubernetes", "kafka"] {
        let page = browser.get(&format!("/answers/{tag}")).await.text;
        let both = page.contains("With cordon first.") && page.contains("In the vault.");
        assert_eq!(both, tag != "kafka", "{tag}");
    }
    // With the next version of the charter at once.
    org(&hq, &["alias", "kafka", "Kubernetes"]).await.unwrap();
    let page = browser.get("/answers/kafka").await.text;
    assert!(page.contains("With cordon first.") && page.contains("In the vault."), "{page}");
}

/// Which of the three questions a page of the archive shows.
async fn shown(browser: &Browser, path: &str) -> [bool; 3] {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    assert!(page.text.contains("name=\"q\""), "it can be searched again");
    ["survives", "repairs", "cold key"].map(|word| page.text.contains(word))
}

#[tokio::test]
async fn pages_of_a_search_lead_to_one_another() {
    let node = Node::start().await;
    let (ada, ben) = (node.member("ada").await, node.member("ben").await);
    for number in 0..22 {
        let asked = post(&ada, &format!("#ask Number{number} of glue? #glue"), None).await;
        let answer = post(&ben, "@ada That one.", Some(&asked)).await;
        post(&ada, "@ben ✅", Some(&answer)).await;
    }
    node.settle().await;
    let nobody = Client::anonymous(&node);
    let page = async |path: &str| nobody.send(nobody.request("GET", path).header("accept", "text/html")).await.text;
    let first = page("/answers/glue?q=%22glue%22").await;
    assert!(first.contains("Number21 ") && !first.contains("Number1 "), "{first}");
    let older = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let older = crate::support::unescape(older);
    assert!(older.starts_with("/answers/glue?q=%22glue%22&max_id="), "{older}");
    let second = page(&older).await;
    assert!(second.contains("Number1 ") && !second.contains("Number21 "), "{second}");
    assert!(crate::support::unescape(&first).contains("value=\"\"glue\"\""), "{first}");
}

#[tokio::test]
async fn every_node_notes_when_it_heard_that_somebody_has_left_and_is_back() {
    use watercooler::db::Sql;
    let clock = Clock::fixed(NOW);
    let (hq, lyon, out) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("out", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon, &out]).await;
    let (ada, lea) = (hq.member("ada").await, lyon.member("lea").await);
    crate::audiences::follow(&lea, &hq.handle("ada")).await;
    settle(&[&hq, &lyon]).await;
    let noted = async |node: &Node| {
        let sql = "select action || ' ' || target || ' ' || actor || ' ' || detail || ' ' || at from audit_log \
                   where action in ('account.leave', 'account.rehire') order by id";
        node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap()
    };
    let boss = crate::leavers::boss(&hq).await;
    clock.advance(30_000);
    crate::leavers::leaves(&boss, &ada).await;
    settle(&[&hq, &lyon]).await;
    let at = clock.now().millis();
    let left = format!("account.leave {} {} 2026-11-23 {at}", hq.handle("ada"), hq.domain);
    assert_eq!(noted(&lyon).await, std::slice::from_ref(&left));
    assert_eq!(noted(&hq).await.len(), 1, "its own line, by who did it");
    clock.advance(60_000);
    boss.post(&format!("/api/watercooler/v1/admin/accounts/{}/rehire", ada.id), serde_json::json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    let back = format!("account.rehire {} {}  {}", hq.handle("ada"), hq.domain, clock.now().millis());
    assert_eq!(noted(&lyon).await, [left, back]);
}

/// Three nodes; alice of Lyon answered bob of headquarters, and asked what bob answered and what nobody did. A project of hers.
struct Kept {
    hq: Node,
    lyon: Node,
    oslo: Node,
    bob: Client,
    cleo: Client,
    readers: Vec<Browser>,
    alice: String,
}

impl Kept {
    async fn new() -> Self {
        let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
        skills(&alice, &["Adhesives"]).await;
        let cage = json!({ "name": "Loud cage", "purpose": "Why cages rattle.", "publish": true });
        projects::register(&alice, cage).await;
        minutes(&[&hq, &lyon, &oslo], 2).await;
        let names = [hq.handle("bob"), lyon.handle("alice")];
        for (asker, expert, name, question, answer) in [
            (&bob, &alice, &names[0], "Which glue? #adhesives", "Silicone."),
            (&alice, &bob, &names[1], "Which primer? #primer", "Zinc."),
        ] {
            let asked = post(asker, &format!("#ask {question}"), None).await;
            settle(&[&hq, &lyon, &oslo]).await;
            let there = there(expert, &asked).await;
            let said = post(expert, &format!("@{name} {answer}"), Some(&there)).await;
            settle(&[&hq, &lyon, &oslo]).await;
            let there = self::there(asker, &said).await;
            post(asker, "✅", Some(&there)).await;
            settle(&[&hq, &lyon, &oslo]).await;
        }
        post(&alice, "#ask Who lends a ladder? #ladders", None).await;
        minutes(&[&hq, &lyon, &oslo], 2).await;
        let mut readers = Vec::new();
        for node in [&hq, &oslo] {
            node.citizen("reader").await;
            let browser = Browser::new(node);
            browser.sign_in("reader", PASSWORD).await;
            readers.push(browser);
        }
        let handle = lyon.handle("alice");
        let id = cleo.get(&format!("/api/v1/accounts/lookup?acct={handle}")).await.ok()["id"].clone();
        let alice = id.as_str().unwrap().to_owned();
        Self { hq, lyon, oslo, bob, cleo, readers, alice }
    }

    async fn settle(&self) {
        settle(&[&self.hq, &self.lyon, &self.oslo]).await;
    }

    /// Whether both readers see both answers; panics when they see different things.
    async fn archived(&self) -> bool {
        let mut seen = Vec::new();
        for reader in &self.readers {
            let page = reader.get("/answers").await.text;
            seen.extend(["Silicone.", "Zinc."].map(|word| page.contains(word)));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        seen[0]
    }

    async fn finds_alice(&self) -> bool {
        !finds(&self.cleo, "who knows adhesives").await.is_empty()
    }
}

/// A post as the node of whoever answers it knows it.
async fn there(who: &Client, post: &serde_json::Value) -> serde_json::Value {
    let uri = post["uri"].as_str().unwrap();
    who.get(&format!("/api/v2/search?resolve=true&q={uri}")).await.ok()["statuses"][0].clone()
}

#[tokio::test]
async fn the_answers_of_a_node_that_leaves_stay_while_nobody_of_it_is_found_or_asked() {
    let w = Kept::new().await;
    assert!(w.archived().await && w.finds_alice().await);
    assert_eq!(open(&w.cleo).await.len(), 1);
    let project = projects::known(&w.cleo, &w.lyon.handle("loudcage")).await;
    org(&w.lyon, &["leave"]).await.unwrap();
    w.settle().await;
    for node in [&w.hq, &w.oslo] {
        assert!(charter_of(node).await.charter.removed[0].keep);
        assert_eq!(node.app.net().rules().standing(&w.lyon.domain).admitted, Err(Refusal::Removed));
    }
    assert!(w.archived().await, "what was learnt stays");
    assert!(!w.finds_alice().await);
    assert!(open(&w.cleo).await.is_empty(), "nobody would read an answer");
    let follow = w.cleo.post(&format!("/api/v1/accounts/{}/follow", w.alice), json!({})).await;
    assert_eq!(follow.status, 403, "{}", follow.text);
    assert_eq!(w.cleo.post(&projects::path(&project, "/join"), json!({})).await.status, 403);
    // A new question of the kind is shown the answer, and goes to nobody there.
    let asked = post(&w.bob, "#ask Which glue for ice? #adhesives", None).await;
    w.settle().await;
    let told = crate::questions::told(&w.bob).await.pop().unwrap();
    assert!(told.contains("Nobody is listed for this") && told.contains("Answered before:"), "{told} {asked}");
    // Invited again, its people are back.
    brings_in(&w.hq, &w.lyon).await;
    w.settle().await;
    minutes(&[&w.hq, &w.lyon, &w.oslo], 2).await;
    assert!(w.archived().await && w.finds_alice().await);
    assert_eq!(open(&w.cleo).await.len(), 2, "hers, and bob's of meanwhile");
    let follow = w.cleo.post(&format!("/api/v1/accounts/{}/follow", w.alice), json!({})).await;
    assert_eq!(follow.status, 200, "{}", follow.text);
}

#[tokio::test]
async fn what_a_removed_node_wrote_is_hidden_kept_or_erased_as_the_steward_says() {
    let w = Kept::new().await;
    let lyon = w.lyon.domain.as_str();
    let remove = async |more: &[&str]| {
        let words: Vec<&str> = ["remove", lyon].iter().chain(more).copied().collect();
        let done = org(&w.hq, &words).await;
        w.settle().await;
        done
    };
    remove(&["--reason", "sold"]).await.unwrap();
    assert!(!w.archived().await && !w.finds_alice().await, "hidden, as ever");
    assert_eq!(remove(&["--keep"]).await.unwrap()["state"], "signed");
    assert!(w.archived().await && !w.finds_alice().await);
    assert!(remove(&["--keep"]).await.is_err(), "it is so already");
    assert_eq!(charter_of(&w.oslo).await.charter.removed[0].reason, "sold");
    assert_eq!(remove(&["--purge"]).await.unwrap()["state"], "signed");
    assert!(!w.archived().await);
    assert!(!charter_of(&w.oslo).await.charter.removed[0].keep);
    assert!(remove(&["--keep"]).await.is_err(), "what is erased is gone");
}
