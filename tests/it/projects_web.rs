//! A project is written down in a browser (J6): what resembles it is shown first, with three ways out.

use crate::{
    organisation::three,
    projects::fill,
    support::{Browser, Client, Node, PASSWORD, Reply, hidden_fields, organisation::minutes, settle},
};
use serde_json::{Value, json};

const NEW: &str = "/projects/new";

/// A published project of somebody.
async fn registers(who: &Client, name: &str, purpose: &str, tags: &[&str]) -> Value {
    let fields = json!({ "name": name, "purpose": purpose, "tags": tags, "state": "active", "publish": true });
    who.post("/api/watercooler/v1/projects", fields).await.ok()
}

fn bearing<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut typed = vec![
        ("name", "Humming bearing"),
        ("purpose", "Find out why the bearing hums above nine thousand turns and make it quiet"),
        ("tags", "#bearings, vibration"),
        ("state", "active"),
        ("looking_for", "acoustics"),
        ("vendor", "SoundCam rental"),
        ("link", "https://wiki.corp.example/b7"),
    ];
    typed.extend(more);
    typed
}

fn drafts(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

/// The value of the button that does this with the first project shown.
fn button<'p>(page: &'p Reply, way: &str) -> &'p str {
    let start = page.text.find(&format!("value=\"{way} ")).unwrap_or_else(|| panic!("{way}: {}", page.text)) + 7;
    let rest = &page.text[start..];
    &rest[..rest.find('"').unwrap()]
}

#[tokio::test]
async fn what_resembles_it_is_shown_before_it_is_published_and_the_draft_stays_here() {
    let (hq, lyon, oslo, _) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let bob = lyon.member("bob").await;
    fill(&bob).await;
    registers(
        &bob,
        "Quiet bearing",
        "Find why bearing B7 hums above 9 000 turns and fix it",
        &["bearings", "vibration"],
    )
    .await;
    settle(&nodes).await;
    minutes(&nodes, 2).await;
    let (row, ada) = hq.signed_in("ada").await;
    let browser = Browser::new(&hq);
    assert_eq!(browser.get(NEW).await.header("location"), "/sign-in?next=%2Fprojects%2Fnew");
    assert_eq!(browser.get("/projects").await.header("location"), "/sign-in?next=%2Fprojects");
    browser.sign_in("ada", PASSWORD).await;
    for href in ["/ask", "/answers", "/ideas", "/projects"] {
        assert!(browser.get("/").await.text.contains(&format!("href=\"{href}\"")), "{href}");
    }
    let page = browser.get(NEW).await;
    assert!(page.header("content-security-policy").contains("default-src 'none'") && !page.text.contains("<script"));
    for name in ["name", "purpose", "tags", "looking_for", "vendor", "link"] {
        assert!(page.text.contains(&format!("<label for=\"{name}\">")), "{name}");
    }
    assert!(browser.get("/projects/new?lang=de").await.text.contains("Ein Projekt eintragen"));
    // What is missing or wrong is said beside the field, and what was typed stays.
    let blank = browser.submit(&page, NEW, &[("name", "Humming <b>"), ("purpose", " ")]).await;
    assert_eq!(blank.status, 422);
    assert!(blank.text.contains("what it is for") && blank.text.contains("Humming &#60;b&#62;"), "{}", blank.text);
    let link = browser
        .submit(&page, NEW, &bearing(&[])[..6].iter().copied().chain([("link", "ftp://x")]).collect::<Vec<_>>())
        .await;
    assert!(link.status == 422 && link.text.contains("id=\"link-wrong\""), "{}", link.text);
    assert_eq!(browser.post(NEW, &[("name", "x"), ("purpose", "y"), ("token", "x")]).await.status, 403);
    // The first look: the project of the other site, with the reason.
    let shown = browser.submit(&page, NEW, &bearing(&[])).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for part in ["Quiet bearing", "Site", "active", "bearings", "Ask to join", "Follow", "Mine is different because"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    assert_eq!(drafts(&ada.get("/api/watercooler/v1/projects?drafts=true").await.ok()), 1);
    settle(&nodes).await;
    let theirs = bob.get("/api/watercooler/v1/projects").await.ok().to_string();
    assert!(!theirs.contains("Humming"), "the draft has left the node: {theirs}");
    // Published with what is different: both leads are introduced, and the form that is sent again is one project.
    let typed = bearing(&[("because", "because it is another bearing"), ("do", "publish")]);
    let done = browser.submit(&shown, NEW, &typed).await;
    assert_eq!((done.status, done.header("location")), (302, "/@hummingbearing"), "{}", done.text);
    let again = browser.submit(&shown, NEW, &typed).await;
    assert_eq!(again.header("location"), "/@hummingbearing");
    settle(&nodes).await;
    let own = ada.get("/api/watercooler/v1/projects?mine=true").await.ok();
    assert_eq!((drafts(&own), &own[0]["name"], &own[0]["state"]), (1, &json!("Humming bearing"), &json!("active")));
    assert!(
        own.to_string().contains("\"reason\":\"it is another bearing\"") && own.to_string().contains("SoundCam rental"),
        "{own}"
    );
    let theirs = bob.get("/api/watercooler/v1/projects").await.ok().to_string();
    assert!(theirs.contains("Humming bearing"), "{theirs}");
    // The register as a page.
    let list = browser.get("/projects").await.text;
    assert!(list.contains("Humming bearing") && list.contains("Quiet bearing"), "{list}");
    drop(row);
}

#[tokio::test]
async fn joining_or_following_the_other_project_ends_the_draft() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    fill(&bob).await;
    let theirs = registers(&bob, "Quiet bearing", "Find why bearing B7 hums above 9 000 turns", &["bearings"]).await;
    node.settle().await;
    let (_, ada) = node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get(NEW).await;
    let shown = browser.submit(&page, NEW, &bearing(&[])).await;
    let way = button(&shown, "join").to_owned();
    let asked = browser.submit(&shown, NEW, &bearing(&[("do", &way)])).await;
    assert!(asked.status == 200 && asked.text.contains("You asked to join"), "{}", asked.text);
    let path = format!("/api/watercooler/v1/projects/{}/requests", theirs["id"].as_str().unwrap());
    assert_eq!(bob.get(&path).await.ok()[0]["account"]["username"], "ada");
    let list = async || drafts(&ada.get("/api/watercooler/v1/projects?drafts=true").await.ok());
    assert_eq!(list().await, 0);
    // What was tried says when, and why it ended.
    let state = format!("/api/watercooler/v1/projects/{}/state", theirs["id"].as_str().unwrap());
    bob.post(&state, json!({ "state": "stopped", "reason": "the cage was changed" })).await.ok();
    let shown = browser.submit(&page, NEW, &bearing(&[])).await;
    assert!(shown.text.contains("stopped since November 2026: the cage was changed"), "{}", shown.text);
    let way = button(&shown, "follow").to_owned();
    let followed = browser.submit(&shown, NEW, &bearing(&[("do", &way)])).await;
    assert!(followed.status == 200 && followed.text.contains("home timeline"), "{}", followed.text);
    assert_eq!(list().await, 0);
    let id = bob.get("/api/v1/accounts/lookup?acct=quietbearing").await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok()[0]["following"], true);
    // Somebody else's draft, and nonsense, are nobody's.
    for way in ["join 1", "follow x", "sell 1"] {
        assert_eq!(browser.submit(&page, NEW, &bearing(&[("do", way)])).await.status, 404, "{way}");
    }
}

#[tokio::test]
async fn a_project_that_resembles_none_is_published_at_once() {
    let node = Node::start().await;
    node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get(NEW).await;
    let done = browser.submit(&page, NEW, &[("name", "Canteen garden"), ("purpose", "Grow herbs on the roof")]).await;
    assert_eq!((done.status, done.header("location")), (302, "/@canteengarden"), "{}", done.text);
    assert!(browser.get("/projects").await.text.contains("Grow herbs on the roof"));
}

#[tokio::test]
async fn whoever_belongs_to_a_project_leaves_it_in_the_register_and_takes_a_request_back() {
    let (hq, lyon) = crate::projects::two().await;
    let alice = hq.member("alice").await;
    let made = registers(&alice, "Quiet bearing", "Find why bearing B7 hums", &["bearings"]).await;
    settle(&[&hq, &lyon]).await;
    minutes(&[&hq, &lyon], 2).await;
    lyon.signed_in("bob").await;
    let browser = Browser::new(&lyon);
    assert_eq!(browser.post("/projects", &[("do", "leave 1")]).await.header("location"), "/sign-in?next=%2Fprojects");
    browser.sign_in("bob", PASSWORD).await;
    let members = async || {
        settle(&[&hq, &lyon]).await;
        let requests = alice.get(&crate::projects::path(&made, "/requests")).await.ok();
        let members = alice.get(&crate::projects::path(&made, "/members")).await.ok();
        (members.as_array().unwrap().len(), requests)
    };
    let page = browser.get("/projects").await;
    let way = button(&page, "join").to_owned();
    assert_eq!(browser.post("/projects", &[("do", &way), ("token", "x")]).await.status, 403);
    for nonsense in ["sell 1", "leave x", "leave", "leave 1"] {
        assert_eq!(browser.submit(&page, "/projects", &[("do", nonsense)]).await.status, 404, "{nonsense}");
    }
    let page = browser.submit(&page, "/projects", &[("do", &way)]).await;
    assert!(page.status == 200 && page.text.contains("has your request"), "{}", page.text);
    assert_eq!(members().await.1.as_array().unwrap().len(), 1);
    let way = button(&page, "leave").to_owned();
    assert!(page.text.contains("Take your request back"), "{}", page.text);
    let page = browser.submit(&page, "/projects", &[("do", &way)]).await;
    assert!(page.text.contains("is taken back"), "{}", page.text);
    assert_eq!(members().await, (1, json!([])));
    let way = button(&page, "join").to_owned();
    browser.submit(&page, "/projects", &[("do", &way)]).await;
    let asked = members().await.1;
    let who = asked[0]["account"]["id"].as_str().unwrap();
    alice.post(&crate::projects::path(&made, &format!("/requests/{who}/accept")), json!({})).await.ok();
    assert_eq!(members().await.0, 2);
    let page = browser.get("/projects?lang=de").await;
    assert!(page.text.contains("Austreten"), "{}", page.text);
    let way = button(&page, "leave").to_owned();
    let page = browser.submit(&page, "/projects", &[("do", &way)]).await;
    assert!(page.status == 200, "{}", page.text);
    assert_eq!(members().await, (1, json!([])));
    assert!(browser.get("/projects").await.text.contains("value=\"join "), "one may come back");
    // Whoever leads one hands it over first, and has no button.
    let (_, _) = hq.signed_in("ada").await;
    let browser = Browser::new(&hq);
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get("/projects/new").await;
    let typed = [("name", "Canteen garden"), ("purpose", "Grow herbs on the roof"), ("do", "publish")];
    assert_eq!(browser.submit(&page, NEW, &typed).await.status, 302);
    let page = browser.get("/projects").await;
    assert!(page.text.contains("Canteen garden") && !page.text.contains("value=\"leave "), "{}", page.text);
}

#[tokio::test]
async fn the_page_of_a_project_says_how_its_reader_belongs_to_it_and_what_has_ended_takes_nobody_in() {
    let node = Node::start().await;
    let (_, bob) = node.signed_in("bob").await;
    fill(&bob).await;
    let made = registers(&bob, "Quiet bearing", "Find why bearing B7 hums above 9 000 turns", &["bearings"]).await;
    node.settle().await;
    let (row, _) = node.signed_in("ada").await;
    let own = "/@quietbearing";
    let browser = Browser::new(&node);
    let stranger = browser.get(own).await;
    assert!(stranger.status == 200 && !stranger.text.contains("<form"), "{}", stranger.text);
    browser.sign_in("ada", PASSWORD).await;
    // On the page of a person there is nothing to join.
    assert!(!browser.get("/@bob").await.text.contains("<form"));
    let does = async |way: &str| {
        let page = browser.get(own).await;
        let value = button(&page, way).to_owned();
        let done = browser.submit(&page, "/projects", &[("do", &value)]).await;
        assert_eq!((done.status, done.header("location")), (302, own), "{way}: {}", done.text);
        node.settle().await;
        browser.get(own).await.text
    };
    let asked = does("join").await;
    assert!(asked.contains("nobody has answered yet") && asked.contains("Take your request back"), "{asked}");
    let requests = bob.get(&crate::projects::path(&made, "/requests")).await.ok();
    assert_eq!(requests[0]["account"]["username"], "ada");
    let back = does("leave").await;
    assert!(back.contains("value=\"join ") && !back.contains("nobody has answered yet"), "{back}");
    does("join").await;
    bob.post(&crate::projects::path(&made, &format!("/requests/{}/accept", row.id)), json!({})).await.ok();
    let member = browser.get(&format!("{own}?lang=de")).await.text;
    assert!(member.contains("Du gehörst zu diesem Projekt.") && member.contains("Austreten"), "{member}");
    // Whoever belongs to it is not offered to ask for that.
    let id = format!("value=\"join {}\"", made["id"].as_str().unwrap());
    let form = browser.get(NEW).await;
    let alike = browser.submit(&form, NEW, &bearing(&[])).await.text;
    assert!(alike.contains(&id.replace("join", "follow")) && !alike.contains(&id), "{alike}");
    does("leave").await;
    let alike = browser.submit(&form, NEW, &bearing(&[])).await.text;
    assert!(alike.contains(&id), "{alike}");
    for state in ["done", "stopped"] {
        bob.post(&crate::projects::path(&made, "/state"), json!({ "state": state })).await.ok();
        for page in [own, "/projects"] {
            let text = browser.get(page).await.text;
            assert!(text.contains("Quiet bearing") && !text.contains(&id), "{state} {page}: {text}");
        }
        let alike = browser.submit(&form, NEW, &bearing(&[])).await.text;
        assert!(alike.contains("Quiet bearing") && !alike.contains(&id), "{state}: {alike}");
    }
    // Its lead has nothing to press there.
    let browser = Browser::new(&node);
    browser.sign_in("bob", PASSWORD).await;
    let led = browser.get(own).await.text;
    assert!(
        led.contains("You lead this project.")
            && led.contains("the concierge: project state")
            && !led.contains("<form"),
        "{led}"
    );
}

#[tokio::test]
async fn what_is_written_in_a_form_goes_as_far_as_is_chosen_there() {
    let (hq, lyon, oslo, _) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let cleo = lyon.member("cleo").await;
    let (_, _) = hq.signed_in("ada").await;
    let browser = Browser::new(&hq);
    browser.sign_in("ada", PASSWORD).await;
    for (path, fields, name) in [
        (NEW, [("name", "Canteen garden"), ("purpose", "Grow herbs on the roof")], "Canteen garden"),
        ("/ask", [("question", "Who has a spare whiteboard?"), ("tags", "whiteboards")], "spare whiteboard"),
    ] {
        let page = browser.get(path).await;
        // The charter of the three forbids what goes to everybody.
        let (_, choice) = page.text.split_once("<label for=\"audience\">").unwrap();
        let (choice, _) = choice.split_once("</select>").unwrap();
        assert!(choice.contains("value=\"site\"") && !choice.contains("value=\"open\""), "{choice}");
        let with = |word| [fields[0], fields[1], ("audience", word)];
        for word in ["open", "moon"] {
            let refused = browser.submit(&page, path, &with(word)).await;
            assert!(refused.status == 422 && refused.text.contains("aria-invalid"), "{path} {word}: {}", refused.text);
        }
        let done = browser.submit(&page, path, &with("site")).await;
        assert_eq!(done.status, 302, "{}", done.text);
        minutes(&nodes, 2).await;
        assert!(browser.get(done.header("location")).await.text.contains(name));
        let found = cleo.get(&format!("/api/v2/search?q={}", name.replace(' ', "+"))).await.ok();
        assert_eq!(found, json!({ "accounts": [], "statuses": [], "hashtags": [] }), "{path}");
    }
    let known = cleo.get("/api/v2/search?q=open+questions").await.ok();
    assert_eq!(known["statuses"], json!([]));
}

#[tokio::test]
async fn why_a_step_is_refused_is_said_in_the_language_of_the_page() {
    let node = Node::start().await;
    let (_, ada) = node.signed_in("ada").await;
    let made = registers(&ada, "Quiet bearing", "Find why bearing B7 hums", &["bearings"]).await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let hidden = hidden_fields(&browser.get("/settings").await.text, "/settings/reach");
    let token = &hidden.iter().find(|(name, _)| name == "token").unwrap().1;
    let leave = format!("leave {}", made["id"].as_str().unwrap());
    for (at, says) in [
        ("/projects", "Hand the project over to somebody before you leave it"),
        ("/projects?lang=de", "Übergib das Projekt an jemanden, bevor du es verlässt."),
    ] {
        let refused = browser.post(at, &[("do", &leave), ("token", token)]).await;
        assert!(refused.status == 409 && refused.text.contains(says), "{}", refused.text);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_beside_its_field_in_the_language_of_the_page() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    fill(&bob).await;
    let made = registers(&bob, "Quiet bearing", "Find why bearing B7 hums above 9 000 turns", &["bearings"]).await;
    node.settle().await;
    let (row, ada) = node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let hidden = hidden_fields(&browser.get(NEW).await.text, NEW);
    let token = hidden.iter().find(|(name, _)| name == "token").unwrap().1.as_str();
    let german = "/projects/new?lang=de";
    let (long, id) = ("x".repeat(501), made["id"].as_str().unwrap());
    let typed = bearing(&[("token", token), ("because", &long), ("of", id), ("do", "publish")]);
    let refused = browser.post(german, &typed).await;
    assert!(refused.status == 422 && refused.text.contains("id=\"because-wrong\""), "{}", refused.text);
    assert!(refused.text.contains("Das ist zu lang."), "{}", refused.text);
    let asked =
        browser.post("/ask?lang=de", &[("token", token), ("question", "!site Wo?"), ("audience", "open")]).await;
    assert!(asked.status == 422 && asked.text.contains("id=\"audience-wrong\""), "{}", asked.text);
    assert!(asked.text.contains("Entscheide dich für eines."), "{}", asked.text);
    // Whoever belongs to it already does not join instead of registering theirs.
    ada.post(&crate::projects::path(&made, "/join"), json!({})).await.ok();
    bob.post(&crate::projects::path(&made, &format!("/requests/{}/accept", row.id)), json!({})).await.ok();
    let join = format!("join {id}");
    let refused = browser.post(german, &bearing(&[("token", token), ("do", &join)])).await;
    assert!(refused.status == 409 && refused.text.contains("Du gehörst schon zu diesem Projekt."), "{}", refused.text);
    // One draft there is.
    for number in 1..50 {
        ada.post("/api/watercooler/v1/projects", json!({ "name": format!("Draft {number}") })).await.ok();
    }
    let one_more = [("name", "Draft fifty"), ("purpose", "One too many"), ("token", token)];
    let refused = browser.post(german, &one_more).await;
    assert!(refused.status == 422 && refused.text.contains("Du hast zu viele Entwürfe"), "{}", refused.text);
}

#[tokio::test]
async fn the_register_is_searched_by_words_state_and_site_in_a_browser_as_by_a_program() {
    const API: &str = crate::projects::API;
    let (hq, lyon) = crate::projects::two().await;
    let (alice, bob) = (lyon.member("alice").await, hq.member("bob").await);
    registers(&alice, "Quiet bearing", "Find why bearing B7 hums", &["vibration"]).await;
    let idea = json!({ "name": "Café Wärmepumpe", "purpose": "Heat the canteen with waste heat", "publish": true });
    bob.post(API, idea).await.ok();
    bob.post(API, json!({ "name": "Quiet draft", "purpose": "Nobody else sees it" })).await.ok();
    settle(&[&hq, &lyon]).await;
    minutes(&[&hq, &lyon], 2).await;
    let (_, ada) = hq.signed_in("ada").await;
    let browser = Browser::new(&hq);
    let to_sign_in = browser.get("/projects?q=bear&max_id=7").await;
    assert_eq!(to_sign_in.header("location"), "/sign-in?next=%2Fprojects%3Fq%3Dbear%26max_id%3D7");
    assert!(!browser.get("/").await.text.contains("href=\"/projects\""));
    browser.sign_in("ada", PASSWORD).await;
    for page in ["/", "/settings", "/@ada"] {
        let text = browser.get(page).await.text;
        let head = text.split("</header>").next().unwrap();
        assert!(head.contains("href=\"/projects\""), "{page}: {head}");
    }
    let all = ada.get(API).await.ok();
    let site_of = |name: &str| {
        let row = all.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        row["site"].as_str().unwrap().to_owned()
    };
    let (here, there) = (site_of("Café Wärmepumpe"), site_of("Quiet bearing"));
    assert_ne!(here, there);
    let both = ["Café Wärmepumpe", "Quiet bearing"];
    let site = |name: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("site", name).finish()
    };
    let asked: [(String, &[&str]); 14] = [
        (String::new(), &both[..]),
        ("q=bear".into(), &both[1..]),
        // In what it is for, and in its hashtags.
        ("q=hums".into(), &both[1..]),
        ("q=vibration".into(), &both[1..]),
        ("q=CAFE+w%C3%84rm".into(), &both[..1]),
        ("q=bearing+canteen".into(), &both[..0]),
        ("q=draft".into(), &both[..0]),
        ("q=%21%21".into(), &both[..0]),
        ("state=idea".into(), &both[..1]),
        ("state=active&q=quiet".into(), &both[1..]),
        ("state=done".into(), &both[..0]),
        (site(&there), &both[1..]),
        (format!("{}&state=idea", site(&here)), &both[..1]),
        (site("Atlantis"), &both[..0]),
    ];
    for (query, found) in asked {
        let page = browser.get(&format!("/projects?{query}")).await;
        let listed = ada.get(&format!("{API}?{query}")).await.ok().to_string();
        for name in both.into_iter().chain(["Quiet draft"]) {
            let expected = found.contains(&name);
            assert_eq!(page.text.contains(&format!(">{name}</a>")), expected, "{query} {name}: {}", page.text);
            assert_eq!(listed.contains(&format!("\"{name}\"")), expected, "{query} {name}: {listed}");
        }
        assert_eq!(page.text.contains("No project like this"), found.is_empty(), "{query}");
    }
    // What no state is called is not asked for.
    let page = browser.get("/projects?state=gone&q=%3Cb%3E").await;
    assert!(page.status == 200 && page.text.contains("value=\"&#60;b&#62;\""), "{}", page.text);
    assert!(browser.get("/projects?lang=de").await.text.contains("alle Standorte"));
    // Who asks to join stays where they looked.
    let narrowed = format!("/projects?{}&q=bearing&state=active", site(&there));
    let page = browser.get(&narrowed).await;
    assert!(page.text.contains("value=\"active\" selected") && page.text.contains("All projects"), "{}", page.text);
    let way = button(&page, "join").to_owned();
    let page = browser.submit(&page, "/projects", &[("do", &way)]).await;
    assert!(page.text.contains("has your request") && page.text.contains("value=\"bearing\""), "{}", page.text);
    assert!(page.text.contains(">Quiet bearing</a>") && !page.text.contains("Wärmepumpe"), "{}", page.text);
}

#[tokio::test]
async fn a_long_search_of_the_register_has_pages() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    for number in 0..32 {
        registers(&bob, &format!("Garden {number}"), "Grow herbs & more", &[]).await;
        if number % 8 == 0 {
            registers(&bob, &format!("Choir {number}"), "Sing together", &[]).await;
        }
        node.clock.advance(1_000);
    }
    node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let (mut path, mut seen) = ("/projects?q=herbs&state=active".to_owned(), Vec::new());
    for pages in 1.. {
        let page = browser.get(&path).await.text;
        seen.extend((0..32).filter(|number| page.contains(&format!(">Garden {number}</a>"))));
        assert!(!page.contains("Choir") && pages < 4, "{page}");
        assert_eq!(page.contains("Projects that changed last"), pages > 1, "{page}");
        let Some(rest) = page.split("rel=\"next\" href=\"").nth(1) else { break };
        path = crate::support::unescape(rest.split('"').next().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..32).collect::<Vec<_>>());
}
