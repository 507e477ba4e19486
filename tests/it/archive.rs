//! The archive of answers is searched by words of question and answer, by whoever may read them.

use crate::{
    audiences::{answers, says},
    questions::post,
    support::{
        Browser, Client, NOW, Node, PASSWORD,
        organisation::{alone, brings_in, found},
        settle,
    },
};
use watercooler::time::Clock;

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
