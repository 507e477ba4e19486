//! Rows put straight into a node's database, for tests that need another server's people without a real one behind
//! them, or a post without the whole way through the client API.

use super::{Node, Peer};
use watercooler::{
    db::{Conn, Sql},
    domain::{Fact, accounts},
    id::Id,
    model::{Account, AccountKind, Audience, Follow, FollowState, Listing, Post, Visibility},
    store,
};

/// A local person, with keys.
pub async fn local(node: &Node, name: &str) -> Account {
    let new = accounts::NewPerson::member(name, None, None);
    let account = node.app.write(move |tx| accounts::create(tx, &new)).await.unwrap();
    watercooler::federation::own_keys::with_keys(&node.app, account).await.unwrap()
}

/// Somebody who lives on a scripted server.
pub async fn remote(node: &Node, peer: &Peer, name: &str) -> Account {
    let (authority, base, name) = (peer.authority.clone(), peer.url(""), name.to_owned());
    node.app
        .write(move |tx| {
            let id = tx.new_id();
            let uri = format!("{base}/users/{name}");
            let account = Account {
                handle: format!("{name}@{authority}"),
                domain: Some(authority),
                url: Some(format!("{base}/@{name}")),
                inbox_url: Some(format!("{uri}/inbox")),
                shared_inbox_url: Some(format!("{base}/inbox")),
                followers_url: Some(format!("{uri}/followers")),
                uri,
                ..accounts::blank(tx, id, name, AccountKind::Person)
            };
            store::actor_keys::insert_account(tx.conn, &account)?;
            Ok(account)
        })
        .await
        .unwrap()
}

/// A follow that stands, without anybody having been told.
pub async fn follows(node: &Node, follower: &Account, target: &Account) {
    let (follower, target) = (follower.id, target.id);
    node.app
        .write(move |tx| {
            let follow = Follow {
                id: tx.new_id(),
                account_id: follower,
                target_id: target,
                state: FollowState::Accepted,
                uri: None,
                show_boosts: true,
                notify: false,
                languages: None,
                created_at: tx.now,
            };
            store::follows::insert(tx.conn, &follow)?;
            store::accounts::count_follow(tx.conn, follower, target, 1)
        })
        .await
        .unwrap();
}

/// A post row, ready to be changed before it is written.
pub fn post(node: &Node, author: &Account, number: i64, visibility: Visibility, content: &str) -> Post {
    let local = author.is_local();
    let id = Id::compose(node.clock.now(), node.clock.now(), u16::try_from(number).unwrap());
    Post {
        id,
        uri: format!("{}/statuses/{id}", author.uri),
        url: None,
        account_id: author.id,
        visibility,
        local,
        listing: if visibility == Visibility::Public && local { Listing::Local } else { Listing::Hidden },
        content: format!("<p>{content}</p>"),
        source_text: local.then(|| content.to_owned()),
        source_type: 0,
        spoiler_text: String::new(),
        sensitive: false,
        language: Some("en".into()),
        in_reply_to_id: None,
        in_reply_to_account_id: None,
        in_reply_to_uri: None,
        conversation_id: id,
        boost_of_id: None,
        poll_id: None,
        app_id: None,
        media_ids: "[]".into(),
        emojis: "[]".into(),
        replies_count: 0,
        boosts_count: 0,
        favourites_count: 0,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        created_at: node.clock.now(),
        edited_at: None,
        fetched_at: None,
        group_id: None,
        audience: Audience::Open,
        quote_policy: 0,
        quotes_count: 0,
    }
}

/// Stores a post with the people it mentions, and says so.
pub async fn publish(node: &Node, post: Post, mentioned: &[&Account]) -> Post {
    let ids: Vec<Id<Account>> = mentioned.iter().map(|a| a.id).collect();
    node.app
        .write(move |tx| {
            diesel_insert(tx.conn, &post);
            for id in ids {
                Sql::new("insert into mentions (post_id, account_id) values (")
                    .bind(post.id)
                    .with(",", id)
                    .push(")")
                    .execute(tx.conn)?;
            }
            tx.record(match post.boost_of_id {
                Some(_) => Fact::PostBoosted { boost: post.id, fresh: true },
                None => Fact::PostPublished { post: post.id, fresh: true },
            })?;
            Ok(post)
        })
        .await
        .unwrap()
}

fn diesel_insert(conn: &mut Conn, post: &Post) {
    use diesel::prelude::*;
    use watercooler::model::schema::posts;
    watercooler::on_backend!(conn, c => diesel::insert_into(posts::table).values(post).execute(c)).unwrap();
}

/// Says that something happened.
pub async fn record(node: &Node, fact: Fact) {
    node.app.write(move |tx| tx.record(fact)).await.unwrap();
}
