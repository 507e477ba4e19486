//! Search: it finds what its reader may find however much else there is, and whatever is typed never breaks it.

use crate::support::{Client, Node, Scene};
use serde_json::{Value, json};
use watercooler::{
    db::{Budget, Dialect, Sql},
    domain::Task,
    id::Id,
    model::Account,
    store::search::{Searcher, Stretch, Wanted},
};

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap().to_owned()).collect()
}

async fn say(who: &Client, text: &str, visibility: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

async fn search(who: &Client, query: &[(&str, &str)]) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let reply = who.get(&format!("/api/v2/search?{query}")).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.json()
}

#[tokio::test]
async fn hashtags_are_found_by_their_beginning_whatever_language_the_database_sorts_by() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    // Most databases of PostgreSQL sort as people do; that of a test seldom does, and not every one knows how.
    node.app
        .write(|tx| {
            let postgres = tx.conn.dialect() == Dialect::Postgres;
            if postgres
                && Sql::new("select count(*) from pg_collation where collname = 'en-x-icu'").scalar_i64(tx.conn)? > 0
            {
                Sql::new("alter table tags alter column name type text collate \"en-x-icu\"").execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    say(&ada, "#Résumé #Resumption #build_it #Builders #builds", "public").await;
    for (typed, told) in [
        ("#build", vec!["builds", "build_it", "builders"]),
        ("#BUILD_", vec!["build_it"]),
        ("#resu", vec!["resumption"]),
        ("#résu", vec!["résumé"]),
    ] {
        let found = search(&ada, &[("q", typed), ("type", "hashtags")]).await;
        let names: Vec<&str> =
            found["hashtags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert_eq!(names, told, "{typed}");
    }
}

/// Puts `many` entries into the index of posts, above `above`, that nobody may find: their posts are gone.
async fn crowd(node: &Node, word: &'static str, above: i64, many: i64) {
    node.app
        .write(move |tx| {
            let dialect = tx.conn.dialect();
            let into = match dialect {
                Dialect::Sqlite => "insert into posts_fts (rowid, body) ",
                Dialect::Postgres => "insert into posts_fts (id, body) ",
            };
            let sql = Sql::new(into).push("with recursive n(i) as (select 1 union all select i + 1 from n where i < ");
            let sql = sql.bind(many).with(") select ", above).push(" + i, ");
            let sql = match dialect {
                Dialect::Sqlite => sql.bind(word),
                Dialect::Postgres => sql.with("to_tsvector('simple', ", word).push(")"),
            };
            sql.push(" from n").execute(tx.conn)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_post_is_found_behind_any_number_of_others_and_years_later() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let old = say(&ada, "the needle of spring", "private").await;
    node.clock.advance(3 * 366 * 86_400_000);
    // Newer ones that only others may find, and newer ones nobody may.
    for n in 0..3 {
        say(&bob, &format!("needle {n}"), "private").await;
    }
    crowd(&node, "needle", old.parse().unwrap(), 3_000).await;
    let newest = say(&ada, "one more needle", "direct").await;
    crowd(&node, "needle", newest.parse().unwrap(), 1_500).await;
    assert_eq!(ids(&search(&ada, &[("q", "needle")]).await["statuses"]), [newest.clone(), old.clone()]);
    assert_eq!(ids(&search(&ada, &[("q", "NEEDLE spring")]).await["statuses"]), std::slice::from_ref(&old));
    assert_eq!(
        ids(&search(&ada, &[("q", "needle"), ("max_id", &newest)]).await["statuses"]),
        std::slice::from_ref(&old)
    );
    assert_eq!(
        ids(&search(&ada, &[("q", "needle"), ("min_id", &old)]).await["statuses"]),
        std::slice::from_ref(&newest)
    );
    assert_eq!(ids(&search(&ada, &[("q", "needle"), ("limit", "1")]).await["statuses"]), std::slice::from_ref(&newest));
    assert_eq!(
        ids(&search(&ada, &[("q", "needle"), ("limit", "1"), ("offset", "1")]).await["statuses"]),
        std::slice::from_ref(&old)
    );
    assert_eq!(ids(&search(&ada, &[("q", "needle"), ("account_id", &bob.id)]).await["statuses"]), [""; 0]);
    assert_eq!(ids(&search(&bob, &[("q", "spring")]).await["statuses"]), [""; 0]);
}

#[tokio::test]
async fn those_one_follows_are_found_among_many_of_their_name() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for n in 0..3 {
        node.member(&format!("sam{n}")).await;
    }
    let friend = node.member("sam_the_last").await;
    // More of the name than are looked at, all of them older in the index.
    node.app
        .write(|tx| {
            let (into, body) = match tx.conn.dialect() {
                Dialect::Sqlite => ("insert into accounts_fts (rowid, body) ", "'sam'"),
                Dialect::Postgres => ("insert into accounts_fts (id, body) ", "to_tsvector('simple', 'sam')"),
            };
            let numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400) select i, ";
            Sql::new(into).push(numbers).push(body).push(" from n").execute(tx.conn)
        })
        .await
        .unwrap();
    ada.post(&format!("/api/v1/accounts/{}/follow", friend.id), json!({})).await.ok();
    assert_eq!(ids(&search(&ada, &[("q", "sam")]).await["accounts"])[0], friend.id);
    let following = ada.get("/api/v1/accounts/search?q=sam&following=true").await.ok();
    assert_eq!(ids(&following), [friend.id]);
}

#[tokio::test]
async fn sec_prv_12_nobody_of_a_domain_one_blocks_is_found() {
    let s = Scene::new().await;
    let (ada, vera) = (s.account(&s.ada).await.id.to_string(), s.account(&s.vera).await.id.to_string());
    let found = async |who: &Client, text: &str| {
        let both = ids(&search(who, &[("q", text), ("type", "accounts")]).await["accounts"]);
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        assert_eq!(both, ids(&who.get(&format!("/api/v1/accounts/search?{query}")).await.ok()));
        both
    };
    assert_eq!(found(&s.bob, "ada").await, std::slice::from_ref(&ada));
    s.bob.post("/api/v1/domain_blocks", json!({"domain": s.east.authority})).await.ok();
    s.node.settle().await;
    assert_eq!(found(&s.bob, "ada").await, [""; 0]);
    assert_eq!(found(&s.bob, "test").await, std::slice::from_ref(&vera), "the others are");
    assert_eq!(found(&s.carol, "ada").await, std::slice::from_ref(&ada), "and others find her");
    // Whoever types the whole handle knows whom they ask for.
    assert_eq!(found(&s.bob, &format!("@ada@{}", s.east.authority)).await, [ada]);
}

#[tokio::test]
async fn sec_lim_06_whatever_is_typed_is_only_words() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = say(&ada, "Größe NEAR the 🎉 party AND 100% it's \"quoted\" c++ #Tag_x", "public").await;
    let long = "lange ".repeat(5_000);
    let mut odd: Vec<String> = [
        "' \" % _ * ( NEAR AND -",
        "a\0b",
        "\0",
        "🎉",
        "a\"b",
        "*",
        "x*",
        "NOT x",
        "a OR b",
        "body:x",
        "^a",
        "'",
        "\"",
        "\\",
        "a & b | !c",
        "<->",
        ":*",
        "'a':*",
        "()",
        "((",
        "NEAR(a b, 2)",
        "{a b} : c",
        "--",
        "; drop table posts",
        "½ ² ٣ ﬁ ß İ ǆ",
        "\u{202e}rtl",
        "e\u{301}",
        "\u{fffd}\u{ffff}",
        "%00",
        "$1",
        "?1",
        "@",
        "@@",
        "@ada@",
        "#",
        "##",
        "acct:ada",
        "https://",
        "http://[",
        "https://a.example/\0",
    ]
    .map(str::to_owned)
    .to_vec();
    odd.push("x".repeat(20_000));
    odd.push(long[..20_000].to_owned());
    // A character of every block of the basic plane, alone and in a word.
    for block in (1..0xd8_u32).map(|block| block * 0x100 + 0x41) {
        odd.extend(char::from_u32(block).map(|c| format!("{c} a{c}b")));
    }
    for text in &odd {
        for who in [&ada, &Client::anonymous(&node)] {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
            let reply = who.get(&format!("/api/v2/search?{query}")).await;
            // Nothing is left of a lone NUL.
            assert_eq!(reply.status, if text == "\0" { 400 } else { 200 }, "{text}: {}", reply.text);
            if text.len() > 1_000 {
                break;
            }
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        let found = ada.get(&format!("/api/v1/accounts/search?{query}")).await;
        assert_eq!(found.status, 200, "{text}: {}", found.text);
    }
    for words in ["größe", "GRÖSSE near", "party 100", "it's", "quoted", "and", "🎉 party", "(party)", "party -absent"]
    {
        let found = ids(&search(&ada, &[("q", words)]).await["statuses"]);
        assert_eq!(found, std::slice::from_ref(&post), "{words}");
    }
}

#[tokio::test]
async fn sec_lim_06_a_search_that_takes_too_long_ends_without_an_error() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let me: Id<Account> = ada.id.parse().unwrap();
    let (cut, after, works) = node
        .app
        .read(move |conn| {
            let slow = match conn.dialect() {
                Dialect::Sqlite => None,
                Dialect::Postgres => Some("select 1::bigint from pg_sleep(5)"),
            };
            let budget = Budget::new(20);
            let cut = match slow {
                None => true,
                Some(slow) => budget.run(conn, |conn| Sql::new(slow).scalar_i64(conn))?.is_none() && budget.is_spent(),
            };
            // The transaction is whole, and the next budget counts anew; errors of another kind stay errors.
            let after = Sql::new("select a.id from accounts a where a.id = ").bind(me).exists(conn)?;
            let works = Budget::new(10_000).run(conn, |conn| Sql::new("select a.id from accounts a").exists(conn))?;
            assert!(Budget::new(10_000).run(conn, |conn| Sql::new("select nonsense").scalar_i64(conn)).is_err());
            Ok((cut, after, works))
        })
        .await
        .unwrap();
    assert!(cut && after && works == Some(true));
    assert!(Budget::new(0).is_spent() || !Budget::new(60_000).is_spent());
}

/// What the index gives a searcher to look at: the cost of the search.
async fn candidates(node: &Node, who: &Client, word: &'static str) -> Vec<String> {
    let searcher = Searcher { viewer: Some(who.id.parse().unwrap()), ..Searcher::default() };
    let (all, wanted) = (Stretch { above: 0, below: i64::MAX }, Wanted::words(&[word.to_owned()]));
    let read = node.app.read(move |conn| watercooler::store::search::posts(conn, &wanted, searcher, all, 10_000));
    read.await.unwrap().into_iter().map(|id| id.to_string()).collect()
}

async fn indexable(who: &Client, node: &Node, indexable: bool) {
    let reply = who.patch("/api/v1/accounts/update_credentials", json!({"indexable": indexable})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    node.settle().await;
}

#[tokio::test]
async fn a_common_word_of_people_who_do_not_want_to_be_found_costs_nothing() {
    let node = Node::start().await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    indexable(&bob, &node, false).await;
    let mut his = Vec::new();
    for n in 0..140 {
        his.push(say(&bob, &format!("coffee number {n}"), "public").await);
    }
    // Her own, and those of his that she likes, keeps, boosted, or is named in.
    for (post, what) in his.iter().skip(3).zip(["favourite", "bookmark", "reblog"]) {
        ada.post(&format!("/api/v1/statuses/{post}/{what}"), json!({})).await.ok();
    }
    let mut hers = vec![his[3].clone(), his[4].clone(), his[5].clone()];
    hers.push(say(&bob, "coffee, @ada?", "public").await);
    hers.push(say(&ada, "coffee!", "private").await);
    node.settle().await;
    hers.reverse();
    assert_eq!(ids(&search(&ada, &[("q", "coffee")]).await["statuses"]), hers);
    assert_eq!(candidates(&node, &ada, "coffee").await, hers, "nothing else was looked at");
    assert_eq!(ids(&search(&carol, &[("q", "coffee")]).await["statuses"]), [""; 0]);
    assert_eq!(candidates(&node, &carol, "coffee").await, [""; 0]);
    let of_him = search(&ada, &[("q", "coffee"), ("account_id", &bob.id)]).await;
    assert_eq!(ids(&of_him["statuses"]), hers[1..]);
    // He changes his mind, and again.
    indexable(&bob, &node, true).await;
    assert_eq!(candidates(&node, &carol, "coffee").await.len(), 141);
    assert_eq!(ids(&search(&carol, &[("q", "coffee"), ("limit", "40")]).await["statuses"]).len(), 40);
    indexable(&bob, &node, false).await;
    assert_eq!(candidates(&node, &carol, "coffee").await, [""; 0]);
    assert_eq!(candidates(&node, &ada, "coffee").await, hers);
    // What he changes is found as it is now, by whom it was found before.
    bob.put(&format!("/api/v1/statuses/{}", his[3]), json!({"status": "tea"})).await.ok();
    assert_eq!(candidates(&node, &ada, "coffee").await, hers[..4]);
    assert_eq!(ids(&search(&ada, &[("q", "tea")]).await["statuses"]), his[3..4]);
    // What is taken back is found no more.
    ada.post(&format!("/api/v1/statuses/{}/unfavourite", his[3]), json!({})).await.ok();
    assert_eq!(ids(&search(&ada, &[("q", "tea")]).await["statuses"]), [""; 0]);
}

#[tokio::test]
async fn an_index_of_an_older_version_is_built_anew_in_the_background() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    indexable(&bob, &node, true).await;
    for n in 0..110 {
        say(&bob, &format!("harbour {n}"), "public").await;
    }
    let hers = say(&ada, "my harbour", "direct").await;
    node.app.write(|tx| Sql::new("delete from posts_fts").execute(tx.conn)).await.unwrap();
    assert_eq!(candidates(&node, &ada, "harbour").await, [""; 0]);
    node.app.write(|tx| tx.enqueue(&Task::IndexPosts { author: None, after: 0 })).await.unwrap();
    node.settle().await;
    assert_eq!(candidates(&node, &ada, "harbour").await.len(), 111);
    assert_eq!(ids(&search(&ada, &[("q", "my harbour")]).await["statuses"]), [hers]);
    assert_eq!(candidates(&node, &bob, "harbour").await.len(), 110);
}

#[tokio::test]
async fn somebody_of_another_server_who_wants_to_be_found_is_found_a_minute_later() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "<p>lighthouse</p>");
    s.creates(&s.ada, &note).await;
    let found = async |who: &Client| ids(&search(who, &[("q", "lighthouse")]).await["statuses"]).len();
    assert_eq!(found(&s.carol).await, 0);
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    for (wish, finds) in [(true, 1), (false, 0)] {
        actor["indexable"] = json!(wish);
        s.east.serve("/users/ada", actor.clone());
        s.sends(&s.ada, &s.ada.activity("Update", actor.clone())).await;
        s.node.clock.advance(61_000);
        s.node.settle().await;
        assert_eq!(found(&s.carol).await, finds, "{wish}");
    }
}

#[tokio::test]
async fn a_post_is_found_by_whoever_voted_in_its_poll() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    for who in [&ada, &eve] {
        who.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    }
    let mut polls = Vec::new();
    for visibility in ["private", "public"] {
        let poll = json!({"options": ["a", "b"], "expires_in": 3600, "multiple": true});
        let body = json!({"status": "harbour vote", "visibility": visibility, "poll": poll});
        polls.push(bob.post("/api/v1/statuses", body).await.ok());
    }
    let found =
        async |who: &Client| ids(&search(who, &[("q", "harbour in:library"), ("type", "statuses")]).await["statuses"]);
    assert!(found(&ada).await.is_empty());
    for (post, choices) in polls.iter().zip([json!([0, 1]), json!([1])]) {
        let path = format!("/api/v1/polls/{}/votes", post["poll"]["id"].as_str().unwrap());
        ada.post(&path, json!({ "choices": choices })).await.ok();
    }
    node.settle().await;
    let wanted: Vec<&str> = polls.iter().rev().map(|post| post["id"].as_str().unwrap()).collect();
    assert_eq!(found(&ada).await, wanted);
    assert!(found(&eve).await.is_empty(), "she may read them and did not vote");
    assert_eq!(found(&bob).await, wanted);
    // An index that is made anew knows it too.
    node.app.write(|tx| tx.enqueue(&Task::IndexPosts { author: None, after: 0 })).await.unwrap();
    node.settle().await;
    assert_eq!(found(&ada).await, wanted);
}

#[tokio::test]
async fn operators_narrow_a_search_as_mastodon_has_them() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    indexable(&bob, &node, true).await;
    let plain = say(&bob, "report about the harbour", "public").await;
    let body = json!({"status": "harbour report, a vote", "language": "de", "poll": {"options": ["a", "b"], "expires_in": 3600}});
    let poll = bob.post("/api/v1/statuses", body).await.ok()["id"].as_str().unwrap().to_owned();
    let body = json!({"status": "harbour link https://pages.example/a", "spoiler_text": "careful"});
    let link = bob.post("/api/v1/statuses", body).await.ok()["id"].as_str().unwrap().to_owned();
    let body = json!({"status": "harbour, I answer", "in_reply_to_id": plain, "language": "pt-BR"});
    let reply = ada.post("/api/v1/statuses", body).await.ok()["id"].as_str().unwrap().to_owned();
    let file =
        crate::media::send_form(&ada, "POST", "/api/v2/media", &[], ("file", &crate::media::picture(8, 8))).await.ok();
    let body = json!({"status": "harbour seen", "media_ids": [file["id"]], "visibility": "private"});
    let image = ada.post("/api/v1/statuses", body).await.ok()["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/statuses/{poll}/bookmark"), json!({})).await.ok();
    ada.post(&format!("/api/v1/statuses/{link}/favourite"), json!({})).await.ok();
    node.settle().await;
    let (handle, alone) = (format!("harbour from:@bob@{}", node.domain), format!("from:@bob@{}", node.domain));
    for (query, expected) in [
        ("harbour", vec![&image, &reply, &link, &poll, &plain]),
        ("harbour from:me", vec![&image, &reply]),
        ("harbour from:bob", vec![&link, &poll, &plain]),
        (handle.as_str(), vec![&link, &poll, &plain]),
        (alone.as_str(), vec![&link, &poll, &plain]),
        ("harbour -from:bob", vec![&image, &reply]),
        ("harbour from:nobody", vec![]),
        ("harbour -from:nobody", vec![&image, &reply, &link, &poll, &plain]),
        ("from:me from:bob", vec![]),
        ("has:media", vec![&image]),
        ("has:image from:me", vec![&image]),
        ("has:video", vec![]),
        ("harbour has:poll", vec![&poll]),
        ("harbour has:link", vec![&link]),
        ("harbour has:embed", vec![]),
        ("is:reply", vec![&reply]),
        ("harbour -is:reply -has:image", vec![&link, &poll, &plain]),
        ("is:sensitive", vec![&link]),
        ("language:de", vec![&poll]),
        ("language:pt", vec![&reply]),
        ("language:pt-BR harbour", vec![&reply]),
        ("language:pt-PT", vec![]),
        ("harbour in:library", vec![&image, &reply, &link]),
        ("harbour in:public", vec![&link, &poll, &plain]),
        ("harbour in:all", vec![&image, &reply, &link, &poll, &plain]),
        ("\"harbour report\"", vec![&poll]),
        ("\"report harbour\"", vec![]),
        ("harbour -report", vec![&image, &reply, &link]),
        ("harbour -\"harbour report\"", vec![&image, &reply, &link, &plain]),
        ("harbour has:nothing", vec![]),
        ("HARBOUR FROM:me", vec![&image, &reply]),
    ] {
        let found = ids(&search(&ada, &[("q", query), ("type", "statuses")]).await["statuses"]);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    // The other door says the same, with hashtags as words.
    let first = ada.get("/api/v1/search?q=harbour%20from:me%20%23none").await.ok();
    assert_eq!((&first["statuses"], &first["hashtags"]), (&json!([]), &json!([])));
    let first = ada.get("/api/v1/search?q=harbour%20from:me").await.ok();
    assert_eq!(ids(&first["statuses"]), [image.clone(), reply.clone()]);
    // Pages of it.
    let page = |query: &'static [(&'static str, &'static str)]| async { ids(&search(&ada, query).await["statuses"]) };
    assert_eq!(page(&[("q", "harbour from:bob"), ("limit", "1"), ("offset", "1")]).await, std::slice::from_ref(&poll));
    let below = search(&ada, &[("q", "harbour from:bob"), ("max_id", &poll)]).await;
    assert_eq!(ids(&below["statuses"]), std::slice::from_ref(&plain));
    // What changes is found as it is now.
    bob.put(&format!("/api/v1/statuses/{link}"), json!({"status": "harbour without", "language": "de"})).await.ok();
    node.settle().await;
    assert_eq!(page(&[("q", "has:link")]).await, [""; 0]);
    assert_eq!(page(&[("q", "language:de")]).await, [link, poll]);
    // Nobody forges what the index notes of a post.
    say(&bob, "harbour \u{e000}tvideo \u{e000}lxx", "public").await;
    assert_eq!(page(&[("q", "has:video")]).await, [""; 0]);
    assert_eq!(page(&[("q", "language:xx")]).await, [""; 0]);
}

#[tokio::test]
async fn days_are_those_of_whoever_searches() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    node.clock.set(watercooler::time::Timestamp::parse("2027-03-01T22:30:00Z").unwrap());
    let first = say(&ada, "late tea", "public").await;
    node.clock.advance(3_600_000);
    let second = say(&ada, "later tea", "public").await;
    node.clock.advance(86_400_000);
    let third = say(&ada, "tea again", "public").await;
    let found = async |query: &str| ids(&search(&ada, &[("q", query), ("type", "statuses")]).await["statuses"]);
    for (query, expected) in [
        ("tea during:2027-03-01", vec![&second, &first]),
        ("tea -during:2027-03-01", vec![&third]),
        ("tea before:2027-03-02", vec![&second, &first]),
        ("tea -before:2027-03-02", vec![&third]),
        ("tea after:2027-03-01", vec![&third]),
        ("tea after:2027-02-28 before:2027-03-03", vec![&third, &second, &first]),
        ("during:2027-03-02", vec![&third]),
        ("tea during:2027-03-01 during:2027-03-02", vec![]),
        ("tea before:2027-03-01T23:00:00Z", vec![&first]),
    ] {
        assert_eq!(found(query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let field = json!({"fields_attributes": [{"name": "Site", "value": "Paris (Europe/Paris)"}]});
    ada.patch("/api/v1/accounts/update_credentials", field).await.ok();
    assert_eq!(found("tea during:2027-03-01").await, [first], "in Paris the second one is of the day after");
    assert_eq!(found("tea during:2027-03-02").await, [second]);
}

#[tokio::test]
async fn accents_and_ligatures_make_no_difference_and_what_stood_there_is_folded_too() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = say(&ada, "Crème brûlée in Łódź, Straße, Ærø", "public").await;
    ada.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Zoë Łukasz"})).await.ok();
    for query in ["creme brulee", "CRÈME", "lodz", "ŁÓDŹ", "strasse", "STRASSE", "\"in łodz\"", "aero", "brule\u{301}e"]
    {
        assert_eq!(ids(&search(&ada, &[("q", query)]).await["statuses"]), std::slice::from_ref(&post), "{query}");
    }
    for query in ["zoe", "ZOË luk", "łuk"] {
        assert_eq!(ids(&search(&ada, &[("q", query)]).await["accounts"]), std::slice::from_ref(&ada.id), "{query}");
    }
    node.app.write(|tx| Sql::new("delete from accounts_fts").execute(tx.conn)).await.unwrap();
    assert_eq!(ids(&search(&ada, &[("q", "zoe")]).await["accounts"]), [""; 0]);
    node.app.write(|tx| tx.enqueue(&Task::IndexAccounts { after: 0 })).await.unwrap();
    node.settle().await;
    assert_eq!(ids(&search(&ada, &[("q", "zoe")]).await["accounts"]), std::slice::from_ref(&ada.id));
}

#[tokio::test]
async fn the_words_of_the_house_and_operators_live_side_by_side() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
    bob.patch("/api/watercooler/v1/people/me", json!({"skills": ["Kafka"]})).await.ok();
    node.settle().await;
    let post = say(&ada, "kafka on fire", "public").await;
    for query in ["who knows kafka", "skill:kafka", "skill:kafka language:de"] {
        let found = search(&ada, &[("q", query)]).await;
        assert_eq!(found["statuses"], json!([]), "{query} asks for people");
    }
    assert_eq!(ids(&search(&ada, &[("q", "skill:kafka")]).await["accounts"]), std::slice::from_ref(&bob.id));
    assert_eq!(ids(&search(&ada, &[("q", "kafka from:me")]).await["statuses"]), std::slice::from_ref(&post));
    assert_eq!(ids(&search(&ada, &[("q", "kafka -language:de")]).await["statuses"]), [post]);
}

#[tokio::test]
async fn people_who_want_to_be_found_are_found_by_what_they_say_of_themselves() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let say = json!({
        "discoverable": true, "display_name": "Bob", "note": "I repair **bassoons** and Pianos, https://reeds.example",
        "fields_attributes": [{"name": "Plays", "value": "the Größe of it"}],
    });
    bob.patch("/api/v1/accounts/update_credentials", say).await.ok();
    eve.patch("/api/v1/accounts/update_credentials", json!({"discoverable": false, "note": "bassoons too"})).await.ok();
    let found =
        async |who: &Client, query: &str| ids(&search(who, &[("q", query), ("type", "accounts")]).await["accounts"]);
    // Whole words, the last one as a beginning when it is long enough; with the name, in any order; accents folded.
    for query in ["bassoons", "BASSOONS repair", "repair bob", "bob piano", "bass", "plays", "grosse", "reeds", "bob"] {
        assert_eq!(found(&ada, query).await, std::slice::from_ref(&bob.id), "{query}");
        let named = ada.get(&format!("/api/v1/accounts/search?q={}", query.replace(' ', "%20"))).await.ok();
        assert_eq!(ids(&named), std::slice::from_ref(&bob.id), "{query}");
    }
    for query in ["bas", "bassoons flute", "example bassoons eve", "href", "invisible"] {
        assert_eq!(found(&ada, query).await, [""; 0], "{query}");
    }
    // Who has the name comes before who only says it, whoever has more followers.
    let bassoon = node.member("bassoons_fan").await;
    eve.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    assert_eq!(found(&ada, "bassoons").await, [bassoon.id.clone(), bob.id.clone()]);
    // Strangers look for names, and nobody finds who blocks them.
    let nobody = Client::anonymous(&node);
    assert_eq!(found(&nobody, "bassoons").await, std::slice::from_ref(&bassoon.id));
    assert_eq!(found(&nobody, "bob").await, std::slice::from_ref(&bob.id));
    bob.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    assert_eq!(found(&ada, "bassoons").await, std::slice::from_ref(&bassoon.id));
    // Only those one follows.
    let following = eve.get("/api/v1/accounts/search?q=bassoons&following=true").await.ok();
    assert_eq!(ids(&following), std::slice::from_ref(&bob.id));
    // They change their mind.
    bob.patch("/api/v1/accounts/update_credentials", json!({"discoverable": false})).await.ok();
    assert_eq!(found(&eve, "bassoons").await, std::slice::from_ref(&bassoon.id));
    bob.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true, "note": "tubas"})).await.ok();
    assert_eq!(found(&eve, "tubas").await, std::slice::from_ref(&bob.id));
    assert_eq!(found(&eve, "repair").await, [""; 0]);
}

#[tokio::test]
async fn somebody_elsewhere_is_found_by_their_bio_and_all_are_when_the_index_is_made_anew() {
    let scene = Scene::new().await;
    let mut actor = scene.east.person("gil", &crate::support::rsa(0).public_pem().unwrap());
    actor["summary"] = json!("<p>Builds <b>harpsichords</b></p>");
    actor["discoverable"] = json!(true);
    actor["attachment"] = json!([{"type": "PropertyValue", "name": "Wood", "value": "<i>walnut</i>"}]);
    scene.east.serve("/users/gil", actor);
    let gil = crate::support::Sender::known(&scene.east, "gil");
    scene.meet(&gil).await;
    let id = scene.account(&gil).await.id.to_string();
    let found = async |query: &str| ids(&search(&scene.bob, &[("q", query), ("type", "accounts")]).await["accounts"]);
    assert_eq!(found("harpsichords").await, std::slice::from_ref(&id));
    assert_eq!(found("walnut").await, std::slice::from_ref(&id));
    // As after an upgrade from before.
    scene.node.app.write(|tx| Sql::new("delete from accounts_fts").execute(tx.conn)).await.unwrap();
    assert_eq!(found("walnut").await, [""; 0]);
    scene.node.app.write(|tx| tx.enqueue(&Task::IndexAccounts { after: 0 })).await.unwrap();
    scene.node.settle().await;
    assert_eq!(found("walnut").await, std::slice::from_ref(&id));
    assert_eq!(found("wood").await, std::slice::from_ref(&id));
}
