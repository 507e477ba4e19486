//! A node's database as the figures want it: people, follows, posts, a long thread, followers elsewhere.

use crate::{
    Error, Result,
    app::App,
    crypto::PrivateKey,
    db::Dialect,
    domain::{
        accounts::{self, NewPerson},
        follows::{self, FollowOptions},
        oauth,
        posts::{Draft, publish},
        reactions,
    },
    id::Id,
    limits,
    model::{Account, AccountKind, Follow, FollowState, Visibility},
    store,
};

/// People the reader follows, and local followers of the author.
const AUTHORS: usize = 200;
const FOLLOWERS: usize = 50;
/// Answers of the long thread.
const REPLIES: usize = 200;
/// Posts written in one transaction while seeding.
const CHUNK: usize = 250;
/// Receiving hosts, and inboxes on each.
pub(super) const HOSTS: usize = 200;
pub(super) const INBOXES: usize = 10;

/// Sockets that one person keeps open, as many as may be, and people who do.
pub(super) const SOCKETS_EACH: usize = limits::SOCKETS_PER_USER;
const LISTENERS: usize = 500;
/// Posts of somebody popular, each liked by all authors: 10,000 notifications.
const LIKED: usize = 50;

/// What the load needs to know.
pub(super) struct World {
    pub author_token: String,
    pub reader_token: String,
    pub sender_token: String,
    pub herald_token: String,
    pub sender: Id<Account>,
    pub popular_token: String,
    pub listener_tokens: Vec<String>,
    pub writer: Id<Account>,
    pub thread: String,
    pub remote: String,
}

/// Writes it all; `say` hears how far it is.
pub(super) async fn seed(
    app: &App,
    posts: usize,
    receiver: u16,
    key: &PrivateKey,
    say: &dyn Fn(String),
) -> Result<World> {
    let People { author, reader, sender, herald, popular, authors, listeners } = app.write(people).await?;
    let writer = authors.first().copied().unwrap_or(author);
    let mut written = 0;
    while written < posts {
        let (from, authors) = (written, authors.clone());
        app.write(move |tx| {
            for n in from..posts.min(from + CHUNK) {
                let by = authors.get(n % authors.len()).copied().unwrap_or(author);
                let text = format!("Post {n}: the torque sensors of line {} drift again. #sensors", n % 97);
                publish(tx, by, Draft { text, visibility: Some(Visibility::Public), ..Draft::default() })?;
            }
            Ok(())
        })
        .await?;
        written += CHUNK;
        if app.db().dialect() == Dialect::Postgres && (written == 2 * CHUNK || written.is_multiple_of(CHUNK * 40)) {
            // What a server does by itself within a minute: without it the planner takes full tables for empty ones.
            app.write(|tx| store::health::analyze(tx.conn)).await?;
        }
        if written.is_multiple_of(CHUNK * 40) {
            say(format!("{} of {posts} posts", written.min(posts)));
        }
    }
    for n in 0..LIKED {
        let authors = authors.clone();
        app.write(move |tx| {
            let post = publish(tx, popular, public(&format!("Something that everybody likes, {n}")))?;
            authors.into_iter().try_for_each(|by| reactions::favourite(tx, by, post).map(drop))
        })
        .await?;
    }
    let thread = app
        .write(move |tx| {
            let root = publish(tx, author, public("A long thread begins."))?;
            for n in 0..REPLIES {
                let draft = Draft { in_reply_to: Some(root), ..public(&format!("Answer {n}")) };
                publish(tx, reader, draft)?;
            }
            Ok(root.to_string())
        })
        .await?;
    let public_key = key.public()?.stored().to_vec();
    let remote = app
        .write(move |tx| {
            let first = known_actor(tx, "h0.bench.localhost", "known0", receiver, true, Some(public_key.clone()))?;
            follow(tx, reader, first.id)?;
            for host in 0..HOSTS {
                for n in 0..INBOXES {
                    let name = format!("follower{n}");
                    let other = known_actor(tx, &format!("h{host}.bench.localhost"), &name, receiver, false, None)?;
                    follow(tx, other.id, sender)?;
                    let other = known_actor(tx, &format!("s{host}.bench.localhost"), &name, receiver, true, None)?;
                    follow(tx, other.id, herald)?;
                }
            }
            Ok(first.uri)
        })
        .await?;
    let token = async |id: Id<Account>| {
        app.write(move |tx| Ok(oauth::issue_by_command(tx, id, "read write follow")?.2.token)).await
    };
    let mut listener_tokens = Vec::new();
    for listener in listeners {
        listener_tokens.push(token(listener).await?);
    }
    Ok(World {
        listener_tokens,
        popular_token: token(popular).await?,
        author_token: token(author).await?,
        reader_token: token(reader).await?,
        sender_token: token(sender).await?,
        herald_token: token(herald).await?,
        sender,
        writer,
        thread,
        remote,
    })
}

fn public(text: &str) -> Draft {
    Draft { text: text.into(), visibility: Some(Visibility::Public), ..Draft::default() }
}

/// People of the node.
#[derive(Clone)]
struct People {
    author: Id<Account>,
    reader: Id<Account>,
    sender: Id<Account>,
    herald: Id<Account>,
    popular: Id<Account>,
    authors: Vec<Id<Account>>,
    listeners: Vec<Id<Account>>,
}

fn people(tx: &mut crate::domain::Tx<'_>) -> Result<People> {
    let mut make = |name: &str| Ok::<_, Error>(accounts::create(tx, &NewPerson::member(name, None, None))?.id);
    let author = make("author")?;
    let reader = make("reader")?;
    let sender = make("sender")?;
    let herald = make("herald")?;
    let popular = make("popular")?;
    let followers = (0..FOLLOWERS).map(|n| make(&format!("follower{n}"))).collect::<Result<Vec<_>>>()?;
    let authors = (0..AUTHORS).map(|n| make(&format!("author{n}"))).collect::<Result<Vec<_>>>()?;
    let listeners = (0..LISTENERS).map(|n| make(&format!("listener{n}"))).collect::<Result<Vec<_>>>()?;
    for id in followers {
        follows::request(tx, id, author, &FollowOptions::default())?;
    }
    for id in &authors {
        follows::request(tx, reader, *id, &FollowOptions::default())?;
    }
    Ok(People { author, reader, sender, herald, popular, authors, listeners })
}

fn known_actor(
    tx: &mut crate::domain::Tx<'_>,
    host: &str,
    name: &str,
    port: u16,
    shares: bool,
    key: Option<Vec<u8>>,
) -> Result<Account> {
    let authority = format!("{host}:{port}");
    let uri = format!("http://{authority}/users/{name}");
    let id = tx.new_id();
    let account = Account {
        handle: format!("{name}@{authority}"),
        domain: Some(authority.clone()),
        url: Some(uri.clone()),
        inbox_url: Some(format!("{uri}/inbox")),
        shared_inbox_url: shares.then(|| format!("http://{authority}/inbox")),
        followers_url: Some(format!("{uri}/followers")),
        public_key_id: key.is_some().then(|| format!("{uri}#main-key")),
        public_key: key,
        fetched_at: Some(tx.now),
        uri,
        ..accounts::blank(tx, id, name.to_owned(), AccountKind::Person)
    };
    store::actor_keys::insert_account(tx.conn, &account)?;
    Ok(account)
}

fn follow(tx: &mut crate::domain::Tx<'_>, from: Id<Account>, to: Id<Account>) -> Result<()> {
    let follow = Follow {
        id: tx.new_id(),
        account_id: from,
        target_id: to,
        state: FollowState::Accepted,
        uri: None,
        show_boosts: true,
        notify: false,
        languages: None,
        created_at: tx.now,
    };
    store::follows::insert(tx.conn, &follow)?;
    store::accounts::count_follow(tx.conn, from, to, 1)
}
