//! Posts as operations: what is stored, who finds it at home, what an edit and an end leave behind. The client side is
//! in `statuses.rs`.

use crate::support::{NOW, Node};
use watercooler::{
    Error,
    db::Sql,
    domain::{
        Viewer, accounts,
        follows::{self, FollowOptions},
        html::sanitize_html,
        media, polls,
        posts::{self, Change, Draft, NewPost, PollDraft},
        reactions, visibility,
    },
    id::Id,
    model::{Account, Audience, Post, Visibility},
    store,
};

/// A local person, made directly.
pub async fn person(node: &Node, name: &'static str) -> Id<Account> {
    let person = accounts::NewPerson::member(name, None, None);
    node.app.write(move |tx| Ok(accounts::create(tx, &person)?.id)).await.unwrap()
}

async fn follow(node: &Node, who: Id<Account>, whom: Id<Account>) {
    node.app.write(move |tx| follows::request(tx, who, whom, &FollowOptions::default()).map(|_| ())).await.unwrap();
}

fn draft(text: &str) -> Draft {
    Draft { text: text.into(), visibility: Some(Visibility::Public), ..Draft::default() }
}

async fn publish(node: &Node, who: Id<Account>, draft: Draft) -> Result<Post, Error> {
    node.app
        .write(move |tx| {
            let id = posts::publish(tx, who, draft)?;
            store::posts::load(tx.conn, id)
        })
        .await
}

async fn home(node: &Node, who: Id<Account>) -> Vec<Id<Post>> {
    node.app
        .read(move |conn| {
            Sql::new("select h.post_id from home_entries h where h.account_id = ")
                .bind(who)
                .push(" order by h.post_id desc")
                .load_ids(conn)
        })
        .await
        .unwrap()
}

async fn load(node: &Node, id: Id<Post>) -> Option<Post> {
    node.app.read(move |conn| store::posts::find(conn, id)).await.unwrap()
}

/// A post of another server whose author is `author`.
pub fn remote(author: Id<Account>, id: Id<Post>, uri: &str, html: &str) -> NewPost {
    NewPost {
        id,
        uri: uri.into(),
        url: Some(uri.into()),
        account: author,
        local: false,
        visibility: Visibility::Public,
        audience: Audience::Open,
        content: sanitize_html(html),
        source_text: None,
        spoiler_text: String::new(),
        sensitive: false,
        language: None,
        in_reply_to: None,
        in_reply_to_uri: None,
        app: None,
        emojis: "[]".into(),
        created_at: NOW,
        group: None,
        mentions: Vec::new(),
        tags: Vec::new(),
        media: Vec::new(),
        poll: None,
        fresh: true,
        edited_at: None,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        meaning: posts::Meaning::Plain,
        quote: None,
        quote_policy: 0,
        policies: watercooler::domain::interactions::Policies::default(),
        waits: None,
    }
}

/// An account of another server.
pub async fn stranger(node: &Node, name: &'static str) -> Id<Account> {
    node.app
        .write(move |tx| {
            let id = tx.new_id();
            let mut account = accounts::blank(tx, id, name.into(), watercooler::model::AccountKind::Person);
            account.domain = Some("far.example".into());
            account.handle = format!("{name}@far.example");
            account.uri = format!("https://far.example/users/{name}");
            account.url = Some(format!("https://far.example/@{name}"));
            store::users::insert_account(tx.conn, &account)?;
            Ok(id)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_post_reaches_its_author_and_local_followers() {
    let node = Node::start().await;
    let (ann, bob, eve) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "eve").await);
    follow(&node, bob, ann).await;
    let post = publish(&node, ann, draft("Hello #World, @bob!")).await.unwrap();
    assert_eq!(home(&node, ann).await, [post.id]);
    assert_eq!(home(&node, bob).await, [post.id]);
    assert!(home(&node, eve).await.is_empty());
    assert_eq!(post.uri, node.url(&format!("/users/ann/statuses/{}", post.id)));
    assert!(post.content.contains(&format!("href=\"{}\"", node.url("/@bob"))), "{}", post.content);
    let (tags, author, mentions) = node
        .app
        .read(move |conn| {
            let tags = store::posts::tag_names(conn, post.id)?;
            Ok((tags, store::accounts::load(conn, ann)?, store::posts::mentions(conn, post.id)?))
        })
        .await
        .unwrap();
    assert_eq!((tags, author.posts_count, author.last_post_at), (vec!["world".to_owned()], 1, Some(NOW)));
    assert_eq!(mentions.len(), 1);
}

#[tokio::test]
async fn replies_reach_those_who_follow_both_and_never_further_than_their_parent() {
    let node = Node::start().await;
    let (ann, bob, eve) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "eve").await);
    follow(&node, eve, bob).await;
    let root = publish(&node, ann, Draft { visibility: Some(Visibility::Unlisted), ..draft("root") }).await.unwrap();
    let reply = publish(&node, bob, Draft { in_reply_to: Some(root.id), ..draft("hm") }).await.unwrap();
    assert_eq!((reply.visibility, reply.conversation_id), (Visibility::Unlisted, root.id));
    assert_eq!(reply.in_reply_to_account_id, Some(ann));
    assert!(home(&node, eve).await.is_empty());
    follow(&node, eve, ann).await;
    let second = publish(&node, bob, Draft { in_reply_to: Some(root.id), ..draft("hm again") }).await.unwrap();
    assert!(home(&node, eve).await.contains(&second.id));
    assert_eq!(load(&node, root.id).await.unwrap().replies_count, 2);
    // Whoever is answered is addressed, though the text does not name them.
    let mentions = node.app.read(move |c| store::posts::mentions(c, second.id)).await.unwrap();
    assert_eq!(mentions.first().map(|m| (m.account_id, m.silent)), Some((ann, false)));
    // Oneself answering oneself is no conversation with others.
    let own = publish(&node, bob, Draft { in_reply_to: Some(second.id), ..draft("more") }).await.unwrap();
    assert!(home(&node, eve).await.contains(&own.id));
}

#[tokio::test]
async fn direct_posts_reach_only_the_addressed_and_group_into_conversations() {
    let node = Node::start().await;
    let (ann, bob, eve) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "eve").await);
    follow(&node, bob, ann).await;
    follow(&node, eve, ann).await;
    let direct = Draft { visibility: Some(Visibility::Direct), ..draft("psst @bob") };
    let post = publish(&node, ann, direct).await.unwrap();
    assert_eq!(home(&node, bob).await, [post.id]);
    assert!(home(&node, eve).await.is_empty());
    let post_id = post.id;
    for (who, sees) in [(ann, true), (bob, true), (eve, false)] {
        let seen = node
            .app
            .read(move |c| Ok(visibility::visible_post(c, Viewer::from(who), post_id, NOW).is_ok()))
            .await
            .unwrap();
        assert_eq!(seen, sees);
    }
    let answer = publish(&node, bob, Draft { in_reply_to: Some(post.id), ..draft("what?") }).await.unwrap();
    assert_eq!(answer.visibility, Visibility::Direct);
    let rows = |node: &Node| {
        let app = node.app.clone();
        async move {
            app.read(|c| {
                Sql::new("select c.* from conversations c order by c.account_id")
                    .load::<watercooler::model::Conversation>(c)
            })
            .await
            .unwrap()
        }
    };
    let found = rows(&node).await;
    assert_eq!(
        found.iter().map(|r| (r.account_id, r.last_post_id, r.unread)).collect::<Vec<_>>(),
        [(ann, answer.id, true), (bob, answer.id, false)]
    );
    node.app.write(move |tx| posts::delete_own(tx, bob, answer.id, false)).await.unwrap();
    assert!(rows(&node).await.iter().all(|r| r.last_post_id == post.id));
}

#[tokio::test]
async fn sec_prv_03_nothing_can_be_done_to_an_invisible_post() {
    let node = Node::start().await;
    let (ann, eve) = (person(&node, "ann").await, person(&node, "eve").await);
    let hidden = Draft { visibility: Some(Visibility::Private), ..draft("for followers") };
    let poll = PollDraft { options: vec!["a".into(), "b".into()], expires_in: 600, ..PollDraft::default() };
    let post = publish(&node, ann, Draft { poll: Some(poll), ..hidden }).await.unwrap();
    let id = post.id;
    let poll = post.poll_id.unwrap();
    let tried = node
        .app
        .write(move |tx| {
            Ok([
                reactions::favourite(tx, eve, id).err(),
                reactions::boost(tx, eve, id, None).err(),
                reactions::bookmark(tx, eve, id).err(),
                reactions::pin(tx, eve, id).err(),
                reactions::mute_conversation(tx, eve, id).err(),
                reactions::unfavourite(tx, eve, id).err(),
                polls::vote(tx, eve, poll, &[0]).err(),
                posts::publish(tx, eve, Draft { in_reply_to: Some(id), ..draft("x") }).err(),
                posts::delete_own(tx, eve, id, false).err(),
                posts::edit(tx, eve, id, Change { text: Some("x".into()), ..Change::default() }).err(),
            ])
        })
        .await
        .unwrap();
    for (n, error) in tried.into_iter().enumerate() {
        assert!(matches!(error, Some(Error::NotFound)), "{n}: {error:?}");
    }
}

#[tokio::test]
async fn rel_01_a_key_makes_one_post_for_an_hour() {
    let node = Node::start().await;
    let ann = person(&node, "ann").await;
    let keyed = || Draft { idempotency_key: Some("k1".into()), ..draft("once") };
    let first = publish(&node, ann, keyed()).await.unwrap();
    assert_eq!(publish(&node, ann, keyed()).await.unwrap().id, first.id);
    // A refused post uses no key up.
    let bad = Draft { idempotency_key: Some("k2".into()), ..draft("") };
    assert!(publish(&node, ann, bad).await.is_err());
    let good = Draft { idempotency_key: Some("k2".into()), ..draft("fine") };
    assert_ne!(publish(&node, ann, good).await.unwrap().id, first.id);
    node.clock.advance(3_600_001);
    assert_ne!(publish(&node, ann, keyed()).await.unwrap().id, first.id);
}

#[tokio::test]
async fn what_the_limits_forbid_is_refused() {
    let node = Node::start().await;
    let ann = person(&node, "ann").await;
    let poll = |options: &[&str], seconds| {
        let options = options.iter().map(|o| (*o).to_owned()).collect();
        Draft { poll: Some(PollDraft { options, expires_in: seconds, ..PollDraft::default() }), ..draft("?") }
    };
    for bad in [
        draft(""),
        draft(" \n "),
        draft(&"x".repeat(5_001)),
        draft(&"é\u{301}".repeat(40_000)),
        Draft { spoiler_text: "y".repeat(3_000), ..draft(&"x".repeat(2_001)) },
        Draft { language: Some("klingon".into()), ..draft("x") },
        Draft { media: vec![Id::new(77)], ..draft("x") },
        poll(&["a"], 600),
        poll(&["a", "a"], 600),
        poll(&["a", "b", "c", "d", "e"], 600),
        poll(&["a", &"b".repeat(51)], 600),
        poll(&["a", "b"], 299),
        poll(&["a", "b"], 2_629_747),
    ] {
        let error = publish(&node, ann, bad).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
    }
    publish(&node, ann, draft(&"x".repeat(5_000))).await.unwrap();
    let url = format!("{} {}", "x".repeat(4_976), format_args!("https://a.example/{}", "z".repeat(200)));
    publish(&node, ann, draft(&url)).await.unwrap();
}

#[tokio::test]
async fn fed_thr_02_answers_that_come_first_find_their_place() {
    let node = Node::start().await;
    let (far, near) = (stranger(&node, "far").await, person(&node, "near").await);
    follow(&node, near, far).await;
    node.app.write(move |tx| follows::accept(tx, far, near)).await.unwrap();
    let (root, reply) = node
        .app
        .write(move |tx| {
            let id = posts::free_id(tx, NOW)?;
            let mut late = remote(far, id, "https://far.example/2", "<p>two</p>");
            late.in_reply_to_uri = Some("https://far.example/1".into());
            let reply = posts::insert_post(tx, late.clone())?.unwrap();
            assert!(posts::insert_post(tx, NewPost { id: tx.new_id(), ..late })?.is_none());
            let id = posts::free_id(tx, NOW)?;
            let root = posts::insert_post(tx, remote(far, id, "https://far.example/1", "<p>one</p>"))?.unwrap();
            Ok((root.id, reply.id))
        })
        .await
        .unwrap();
    let reply = load(&node, reply).await.unwrap();
    assert_eq!((reply.in_reply_to_id, reply.conversation_id), (Some(root), root));
    assert_eq!(reply.in_reply_to_uri, None);
    assert_eq!(load(&node, root).await.unwrap().replies_count, 1);
    assert!(home(&node, near).await.contains(&root));
}

#[tokio::test]
async fn fed_post_11_an_object_id_is_stored_once() {
    let node = Node::start().await;
    let far = stranger(&node, "far").await;
    let stored = node
        .app
        .write(move |tx| {
            let mut stored = 0;
            for _ in 0..3 {
                let id = posts::free_id(tx, NOW)?;
                stored += usize::from(posts::insert_post(tx, remote(far, id, "https://far.example/1", "x"))?.is_some());
            }
            Ok((stored, store::accounts::load(tx.conn, far)?.posts_count))
        })
        .await
        .unwrap();
    assert_eq!(stored, (1, 1));
}

#[tokio::test]
async fn edits_keep_every_earlier_state() {
    let node = Node::start().await;
    let (ann, bob, cat) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "cat").await);
    let post = publish(&node, ann, draft("one @bob #a")).await.unwrap();
    let id = post.id;
    let change = |text: &str| Change { text: Some(text.into()), ..Change::default() };
    let same = change("one @bob #a");
    node.app.write(move |tx| posts::edit(tx, ann, id, same)).await.unwrap();
    assert_eq!(load(&node, id).await.unwrap().edited_at, None);
    node.clock.advance(60_000);
    let second = change("two @cat #b");
    node.app.write(move |tx| posts::edit(tx, ann, id, second)).await.unwrap();
    let edited = load(&node, id).await.unwrap();
    assert_eq!(edited.edited_at, Some(NOW.plus_millis(60_000)));
    let (history, tags, mentions) = node
        .app
        .read(move |c| {
            let history = posts::history(c, &edited)?;
            Ok((history, store::posts::tag_names(c, id)?, store::posts::mentions(c, id)?))
        })
        .await
        .unwrap();
    assert_eq!(history.len(), 2);
    assert!(history[0].content.contains("one ") && history[1].content.contains("two "));
    assert_eq!((history[0].created_at, history[1].created_at), (NOW, NOW.plus_millis(60_000)));
    assert_eq!(tags, ["b"]);
    // Who was named once may read it on.
    let mut who: Vec<_> = mentions.iter().map(|m| (m.account_id, m.silent)).collect();
    who.sort();
    assert_eq!(who, [(bob, true), (cat, false)]);
}

#[tokio::test]
async fn fed_out_09_a_deleted_post_leaves_a_tombstone_and_no_counts() {
    let node = Node::start().await;
    let (ann, bob) = (person(&node, "ann").await, person(&node, "bob").await);
    let root = publish(&node, bob, draft("root")).await.unwrap();
    let post = publish(&node, ann, Draft { in_reply_to: Some(root.id), ..draft("reply") }).await.unwrap();
    let below = publish(&node, bob, Draft { in_reply_to: Some(post.id), ..draft("below") }).await.unwrap();
    let (id, uri) = (post.id, post.uri.clone());
    node.app
        .write(move |tx| {
            reactions::favourite(tx, bob, id)?;
            reactions::boost(tx, bob, id, None)?;
            posts::delete_own(tx, ann, id, false)
        })
        .await
        .unwrap();
    assert!(load(&node, id).await.is_none());
    assert_eq!(load(&node, root.id).await.unwrap().replies_count, 0);
    assert_eq!(load(&node, below.id).await.unwrap().in_reply_to_id, None);
    let (buried, left, booster) = node
        .app
        .read(move |c| {
            let left = Sql::new("select p.id from posts p where p.boost_of_id is not null").exists(c)?;
            Ok((store::posts::is_buried(c, &uri)?, left, store::accounts::load(c, bob)?))
        })
        .await
        .unwrap();
    assert!(buried && !left);
    assert_eq!((booster.posts_count, booster.open_posts_count), (2, 2), "the boost that went with it does not count");
}

#[tokio::test]
async fn boosts_and_favourites_count_once_and_act_on_the_original() {
    let node = Node::start().await;
    let (ann, bob, eve) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "eve").await);
    follow(&node, eve, bob).await;
    let post = publish(&node, ann, draft("boost me")).await.unwrap();
    let id = post.id;
    let boost = node
        .app
        .write(move |tx| {
            let boost = reactions::boost(tx, bob, id, None)?;
            assert_eq!(reactions::boost(tx, bob, boost, None)?, boost);
            assert_eq!(reactions::favourite(tx, eve, boost)?, id);
            reactions::favourite(tx, eve, id)?;
            Ok(boost)
        })
        .await
        .unwrap();
    assert_eq!(home(&node, eve).await, [boost]);
    let counted = load(&node, id).await.unwrap();
    assert_eq!((counted.boosts_count, counted.favourites_count), (1, 1));
    node.app
        .write(move |tx| {
            reactions::unboost(tx, bob, boost)?;
            reactions::unfavourite(tx, eve, id).map(|_| ())
        })
        .await
        .unwrap();
    let counted = load(&node, id).await.unwrap();
    assert_eq!((counted.boosts_count, counted.favourites_count), (0, 0));
    let private = Draft { visibility: Some(Visibility::Private), ..draft("mine") };
    let private = publish(&node, ann, private).await.unwrap().id;
    follow(&node, bob, ann).await;
    let (own, other) = node
        .app
        .write(move |tx| Ok((reactions::boost(tx, ann, private, None), reactions::boost(tx, bob, private, None))))
        .await
        .unwrap();
    assert!(matches!(other, Err(Error::Forbidden(_))));
    assert_eq!(load(&node, own.unwrap()).await.unwrap().visibility, Visibility::Private);
}

#[tokio::test]
async fn pins_are_five_at_most() {
    let node = Node::start().await;
    let ann = person(&node, "ann").await;
    for n in 0..6 {
        let id = publish(&node, ann, draft(&format!("post {n}"))).await.unwrap().id;
        let pinned = node.app.write(move |tx| Ok(reactions::pin(tx, ann, id))).await.unwrap();
        assert_eq!(pinned.is_ok(), n < 5);
    }
}

#[tokio::test]
async fn fed_poll_04_each_voter_counts_once() {
    let node = Node::start().await;
    let (ann, bob) = (person(&node, "ann").await, person(&node, "bob").await);
    let (far, other) = (stranger(&node, "far").await, stranger(&node, "other").await);
    let ask = |multiple| Draft {
        poll: Some(PollDraft {
            options: vec!["tea".into(), "mate".into()],
            expires_in: 600,
            multiple,
            hide_totals: false,
        }),
        ..draft("drinks?")
    };
    let single = publish(&node, ann, ask(false)).await.unwrap();
    let several = publish(&node, ann, ask(true)).await.unwrap();
    let (one, many) = (single.poll_id.unwrap(), several.poll_id.unwrap());
    let again = several.clone();
    let tallies = node
        .app
        .write(move |tx| {
            polls::vote(tx, bob, one, &[0])?;
            assert!(polls::vote(tx, bob, one, &[1]).is_err());
            assert!(polls::vote(tx, ann, one, &[1]).is_err());
            assert!(polls::vote(tx, bob, many, &[0, 7]).is_err());
            polls::vote(tx, bob, many, &[1, 0, 0])?;
            let (far, other) = (store::accounts::load(tx.conn, far)?, store::accounts::load(tx.conn, other)?);
            for title in ["mate", "tea", "mate", "water"] {
                polls::receive_vote(tx, &far, &single, title)?;
                polls::receive_vote(tx, &other, &several, title)?;
            }
            let mut tallies = Vec::new();
            for id in [one, many] {
                let votes: Vec<i64> = store::polls::options(tx.conn, id)?.iter().map(|o| o.votes_count).collect();
                tallies.push((votes, store::polls::load(tx.conn, id)?.voters_count));
            }
            Ok(tallies)
        })
        .await
        .unwrap();
    assert_eq!(tallies, [(vec![1, 1], Some(2)), (vec![2, 2], Some(2))]);
    node.clock.advance(600_000);
    node.settle().await;
    let closed = node
        .app
        .write(move |tx| {
            let far = store::accounts::load(tx.conn, far)?;
            polls::receive_vote(tx, &far, &again, "tea")?;
            assert!(polls::vote(tx, ann, many, &[0]).is_err());
            store::polls::load(tx.conn, many)
        })
        .await
        .unwrap();
    assert_eq!((closed.closed_at, closed.voters_count), (Some(NOW.plus_seconds(600)), Some(2)));
}

#[tokio::test]
async fn many_followers_get_the_post_by_job() {
    let node = Node::start().await;
    let ann = person(&node, "ann").await;
    node.app
        .write(move |tx| {
            for n in 0..1_100 {
                let id: Id<Account> = tx.new_id();
                let account = accounts::blank(tx, id, format!("reader{n}"), watercooler::model::AccountKind::Person);
                store::users::insert_account(tx.conn, &account)?;
                Sql::new("insert into follows (id, account_id, target_id, state, created_at) values (")
                    .bind(tx.new_id::<Account>())
                    .with(",", id)
                    .with(",", ann)
                    .push(", 1, 0)")
                    .execute(tx.conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    publish(&node, ann, draft("to all")).await.unwrap();
    let entries = |node: &Node| {
        let app = node.app.clone();
        async move { app.read(|c| Sql::new("select count(*) from home_entries").scalar_i64(c)).await.unwrap() }
    };
    assert_eq!(entries(&node).await, 501);
    node.settle().await;
    assert_eq!(entries(&node).await, 1_101);
}

#[tokio::test]
async fn mutes_and_hidden_boosts_keep_posts_from_home() {
    let node = Node::start().await;
    let (ann, bob, eve) = (person(&node, "ann").await, person(&node, "bob").await, person(&node, "eve").await);
    follow(&node, eve, bob).await;
    let post = publish(&node, ann, draft("x")).await.unwrap().id;
    node.app
        .write(move |tx| {
            follows::mute(tx, eve, ann, true, None)?;
            reactions::boost(tx, bob, post, None).map(|_| ())
        })
        .await
        .unwrap();
    assert!(home(&node, eve).await.is_empty());
    node.app
        .write(move |tx| {
            follows::unmute(tx, eve, ann)?;
            let options = FollowOptions { show_boosts: Some(false), ..FollowOptions::default() };
            follows::request(tx, eve, bob, &options)?;
            reactions::unboost(tx, bob, post)?;
            reactions::boost(tx, bob, post, None).map(|_| ())
        })
        .await
        .unwrap();
    assert!(home(&node, eve).await.is_empty());
}

#[tokio::test]
async fn words_of_posts_are_found_until_they_go() {
    let node = Node::start().await;
    let ann = person(&node, "ann").await;
    let post = publish(&node, ann, Draft { spoiler_text: "gardening".into(), ..draft("Rhubarb grows") }).await.unwrap();
    let found = |word: &'static str| {
        let app = node.app.clone();
        async move {
            app.read(move |c| {
                match c.dialect() {
                    watercooler::db::Dialect::Sqlite => {
                        Sql::new("select f.rowid from posts_fts f where f.body match ").bind(word)
                    }
                    watercooler::db::Dialect::Postgres => {
                        Sql::new("select f.id from posts_fts f where f.body @@ to_tsquery('simple', ")
                            .bind(word)
                            .push(")")
                    }
                }
                .load_ids::<Post>(c)
            })
            .await
            .unwrap()
        }
    };
    assert_eq!(found("rhubarb").await, [post.id]);
    assert_eq!(found("gardening").await, [post.id]);
    let (id, change) = (post.id, Change { text: Some("Quince grows".into()), ..Change::default() });
    node.app.write(move |tx| posts::edit(tx, ann, id, change)).await.unwrap();
    assert!(found("rhubarb").await.is_empty() && found("quince").await == [id]);
    node.app.write(move |tx| posts::delete_own(tx, ann, id, false)).await.unwrap();
    assert!(found("quince").await.is_empty());
}
