//! Pages of groups for people to whom very much happens.

use crate::{
    posts::stranger,
    support::{Client, Node},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use watercooler::{
    id::Id,
    model::{Account, NotificationKind as Kind, Post},
    store::notifications::{About, insert},
};

const API: &str = "/api/v2/notifications";

/// A node with somebody popular.
struct Fame {
    node: Node,
    ada: Client,
    fans: Vec<Id<Account>>,
    posts: Vec<Id<Post>>,
}

impl Fame {
    async fn of(posts: usize, fans: usize) -> Self {
        let node = Node::start().await;
        let ada = node.member("ada").await;
        let mut these = Vec::new();
        for n in 0..posts {
            let post = ada.post("/api/v1/statuses", json!({"status": format!("thought {n}")})).await.ok();
            these.push(post["id"].as_str().unwrap().parse().unwrap());
        }
        let mut fans_of = Vec::new();
        for n in 0..fans {
            fans_of.push(stranger(&node, format!("fan{n}").leak()).await);
        }
        Self { node, ada, fans: fans_of, posts: these }
    }

    /// Likes of these posts, in this order, by one fan after the other.
    async fn liked(&self, posts: impl IntoIterator<Item = usize>) {
        let (ada, fans): (Id<Account>, _) = (self.ada.id.parse().unwrap(), self.fans.clone());
        let posts: Vec<Id<Post>> = posts.into_iter().map(|n| self.posts[n]).collect();
        let write = move |tx: &mut watercooler::domain::Tx<'_>| {
            for (post, fan) in posts.iter().zip(fans.iter().cycle()) {
                insert(tx.conn, ada, Kind::Favourite, *fan, About::Post(*post), tx.now)?;
            }
            Ok(())
        };
        self.node.app.write(write).await.unwrap();
    }

    /// The groups of a page, and where the next and the previous one are.
    async fn page(&self, path: &str) -> (Vec<Value>, Option<String>, Option<String>) {
        let reply = self.ada.get(path).await;
        let link = reply.header("link").to_owned();
        let to = |rel: &str| {
            let part = link.split(", ").find(|part| part.contains(&format!("rel=\"{rel}\"")))?;
            Some(part.split('<').nth(1)?.split('>').next()?.to_owned())
        };
        (reply.ok()["notification_groups"].as_array().unwrap().clone(), to("next"), to("prev"))
    }
    /// How many statements a page takes: the fewest of three times, because what is kept in memory for some seconds may end
    /// at any of them.
    async fn needs(&self, path: &str) -> u64 {
        let mut fewest = u64::MAX;
        for _ in 0..3 {
            let before = self.node.statements();
            self.page(path).await;
            fewest = fewest.min(self.node.statements() - before);
        }
        fewest
    }
}

fn number(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

fn keys(groups: &[Value]) -> Vec<&str> {
    groups.iter().map(|group| group["group_key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn somebody_with_ten_thousand_notifications_sees_whole_groups() {
    let fame = Fame::of(50, 16).await;
    for some in 0..5 {
        fame.liked((some * 10..some * 10 + 10).flat_map(|post| std::iter::repeat_n(post, 200))).await;
    }
    let bob = fame.node.member("bob").await;
    bob.post("/api/v1/statuses", json!({"status": "@ada how do you do it?"})).await.ok();
    let needed = fame.needs(&format!("{API}?limit=40")).await;
    let (first, next, _) = fame.page(&format!("{API}?limit=40")).await;
    assert_eq!((first.len(), &first[0]["type"]), (40, &json!("mention")));
    for (n, group) in first.iter().skip(1).enumerate() {
        assert_eq!(group["status_id"], fame.posts[49 - n].to_string());
        assert_eq!(group["notifications_count"], 200);
        let people: BTreeSet<&str> =
            group["sample_account_ids"].as_array().unwrap().iter().map(|who| who.as_str().unwrap()).collect();
        assert_eq!(people.len(), 8);
        assert_eq!(
            number(&group["page_max_id"]) - number(&group["page_min_id"]),
            199,
            "the whole of it is in the page"
        );
        assert_eq!(group["most_recent_notification_id"], number(&group["page_max_id"]));
    }
    let (second, beyond, back) = fame.page(&next.unwrap()).await;
    assert_eq!(second.len(), 11);
    assert!(second.iter().all(|group| group["notifications_count"] == 200), "{second:#?}");
    let all: BTreeSet<&str> = keys(&first).into_iter().chain(keys(&second)).collect();
    assert_eq!(all.len(), 51, "no group is shown twice");
    assert_eq!(fame.page(&beyond.unwrap()).await.0, [Value::Null; 0]);
    // The way back leads to the same groups.
    let (again, ..) = fame.page(&back.unwrap()).await;
    assert_eq!(keys(&again), keys(&first));
    assert_eq!(fame.ada.get(&format!("{API}/unread_count")).await.ok(), json!({"count": 51}));
    assert_eq!(fame.ada.get(&format!("{API}/unread_count?limit=7")).await.ok(), json!({"count": 7}));
    // The group alone, its people, and the group dismissed as a whole.
    let group = format!("{API}/{}", keys(&first)[1]);
    assert_eq!(fame.ada.get(&group).await.ok()["notification_groups"][0]["notifications_count"], 200);
    fame.ada.post(&format!("{group}/dismiss"), json!({})).await.ok();
    assert_eq!(fame.ada.get(&group).await.status, 404);
    assert_eq!(fame.ada.get(&format!("{API}/unread_count")).await.ok(), json!({"count": 50}));
    // Somebody to whom little happens needs as many statements.
    let few = Fame::of(2, 2).await;
    few.liked([0, 1, 1]).await;
    let less = few.needs(&format!("{API}?limit=40")).await;
    assert!(needed <= less + 1, "{needed} for many, {less} for few");
}

#[tokio::test]
async fn groups_that_grow_at_the_same_time_are_whole_on_every_page() {
    let fame = Fame::of(3, 16).await;
    let bob = fame.node.member("bob").await;
    for n in 0..3 {
        fame.liked((0..90).map(|n| n % 3)).await;
        bob.post("/api/v1/statuses", json!({"status": format!("@ada number {n}")})).await.ok();
    }
    // Each page as far as it goes; an app puts together what has the same key.
    let (mut whole, mut singles): (BTreeMap<String, (i64, i64)>, BTreeSet<String>) = Default::default();
    let (mut path, mut pages) = (format!("{API}?limit=2"), 0);
    loop {
        let (groups, next, _) = fame.page(&path).await;
        if groups.is_empty() {
            break;
        }
        assert!(groups.len() <= 2);
        for group in &groups {
            let key = group["group_key"].as_str().unwrap().to_owned();
            match group["type"].as_str().unwrap() {
                "mention" => assert!(singles.insert(key), "a single one is shown once"),
                _ => {
                    let (count, oldest) = whole.entry(key).or_insert((0, i64::MAX));
                    *count = (*count).max(group["notifications_count"].as_i64().unwrap());
                    *oldest = (*oldest).min(number(&group["page_min_id"]));
                }
            }
        }
        pages += 1;
        path = next.unwrap();
    }
    assert!(pages > 3);
    assert_eq!((whole.len(), singles.len()), (3, 3));
    assert!(whole.values().all(|(count, _)| *count == 90), "{whole:?}");
    let oldest: BTreeSet<i64> = whole.values().map(|(_, oldest)| *oldest).collect();
    let first = *oldest.first().unwrap();
    assert_eq!(oldest, BTreeSet::from([first, first + 1, first + 2]), "down to the oldest of each");
    // On one page there is room for all.
    let (all, ..) = fame.page(API).await;
    assert_eq!(all.len(), 6);
    // Whom one mutes is not counted.
    fame.ada.post(&format!("/api/v1/accounts/{}/mute", fame.fans[0]), json!({})).await.ok();
    let (all, ..) = fame.page(API).await;
    let count =
        |groups: &[Value]| groups.iter().map(|group| group["notifications_count"].as_i64().unwrap()).sum::<i64>();
    assert_eq!(count(&all), 3 + 270 - 3 * 6);
    let named = all.iter().flat_map(|group| group["sample_account_ids"].as_array().unwrap());
    assert!(named.into_iter().all(|who| *who != fame.fans[0].to_string()));
}

#[tokio::test]
async fn the_newest_groups_come_first_whatever_they_are_about() {
    let fame = Fame::of(60, 2).await;
    fame.liked((0..60).rev()).await;
    let (groups, next, _) = fame.page(&format!("{API}?limit=20")).await;
    let about = |groups: &[Value]| -> Vec<String> {
        groups.iter().map(|group| group["status_id"].as_str().unwrap().to_owned()).collect()
    };
    let wanted =
        |range: std::ops::Range<usize>| -> Vec<String> { fame.posts[range].iter().map(Id::to_string).collect() };
    assert_eq!(about(&groups), wanted(0..20));
    assert_eq!(about(&fame.page(&next.unwrap()).await.0), wanted(20..40));
    // Stretches of time, one after the other.
    fame.node.clock.advance(13 * 3_600_000);
    fame.liked([30, 30]).await;
    let (groups, ..) = fame.page(&format!("{API}?limit=3")).await;
    assert_eq!(about(&groups), [&wanted(30..31)[..], &wanted(0..2)[..]].concat());
    assert_eq!(groups[0]["notifications_count"], 2, "the older like is of another group");
    // One by one for an app that wants them so.
    let (alone, ..) = fame.page(&format!("{API}?limit=3&grouped_types[]=follow")).await;
    assert_eq!(about(&alone), [&wanted(30..31)[..], &wanted(30..31)[..], &wanted(0..1)[..]].concat());
    assert!(keys(&alone).iter().all(|key| key.starts_with("ungrouped-")));
    let (none, ..) = fame.page(&format!("{API}?exclude_types[]=favourite")).await;
    assert_eq!(none, [Value::Null; 0]);
}
