//! Background jobs by name. A task is idempotent: it may run again after a crash.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Ids stand as plain numbers: a payload is read back by a later version of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Put a post into the home timelines that its transaction left out (local followers above `after`).
    FanOut {
        /// The post or boost.
        post: i64,
        /// The last follower that has it.
        after: i64,
    },
    /// The same for those who follow a hashtag of it (accounts above `after`).
    FanOutTags {
        /// The post.
        post: i64,
        /// The last account that has it.
        after: i64,
    },
    /// Make the key pair of a local account ahead of its first use.
    MakeKeys {
        /// The account.
        account: i64,
    },
    /// Answer what somebody wrote to the concierge.
    AnswerCommand {
        /// The post.
        post: i64,
    },
    /// Take a step with a question to the network.
    ClimbLadder {
        /// The question.
        question: i64,
        /// The step.
        step: i16,
    },
    /// Make the pairs of a week for a coffee.
    PairCoffee {
        /// The week.
        week: i64,
    },
    /// Send somebody their weekly letter.
    SendDigest {
        /// Who gets it.
        account: i64,
        /// When it is due, in milliseconds.
        at: i64,
    },
    /// Tell the author of an idea what will happen.
    TellIdea {
        /// The idea.
        idea: i64,
    },
    /// Remind the owner of an idea of which nothing was said since.
    RemindIdea {
        /// The idea.
        idea: i64,
        /// The last change, in milliseconds.
        since: i64,
    },
    /// Ask somebody else about a question: one of those who were asked is the wrong one.
    AskAnother {
        /// The question.
        question: i64,
        /// Who is the wrong one.
        instead: i64,
    },
    /// Answer a moderator who accepts or declines a pair of tags as an alias.
    DecideAlias {
        /// The letter that proposed it.
        letter: i64,
        /// The moderator.
        by: i64,
        /// What they said.
        accept: bool,
        /// The post they said it with; none where they tapped.
        said: Option<i64>,
        /// When they said it, in milliseconds; none in a job of an earlier version.
        #[serde(default)]
        since: Option<i64>,
    },
    /// Put an alias that a moderator accepted to the nodes of the stewards.
    SendAlias {
        /// The moderator.
        by: i64,
        /// What is typed.
        word: String,
        /// What is meant.
        means: String,
        /// When they accepted it, in milliseconds; none in a job of an earlier version.
        #[serde(default)]
        since: Option<i64>,
    },
    /// Fetch the accepted answer of another node's question.
    LearnAnswer {
        /// The question.
        question: i64,
    },
    /// Fetch the missing ancestors of a post.
    FetchAncestors {
        /// The post whose parent is unknown.
        post: i64,
    },
    /// Fetch what others answered in the thread of a remote post that somebody opened (THR-03).
    ReadThread {
        /// The post.
        post: i64,
    },
    /// Fetch people who are named in a post and were not known when it came.
    ResolveMentions {
        /// The post.
        post: i64,
        /// Their actor ids, and whether each is only named, not addressed.
        named: Vec<(String, bool)>,
    },
    /// Fetch a remote post by its id, because a relay passed it on.
    FetchPost {
        /// Its id.
        uri: String,
    },
    /// Read the page that a post links to, for its preview.
    FetchCard {
        /// The post.
        post: i64,
    },
    /// Find out whether the quote of a post of another server stands.
    ResolveQuote {
        /// The quoting post.
        post: i64,
        /// Looks before this one at an authorisation that was not there yet.
        #[serde(default)]
        looks: u8,
    },
    /// Find out whether an answer of another server may hang below what it answers.
    ResolveReply {
        /// The answer.
        post: i64,
        /// As of a quote.
        #[serde(default)]
        looks: u8,
    },
    /// Look at the authorisation with which somebody elsewhere agreed to what somebody here wants to do to a post of theirs, or to
    /// be in a collection.
    CheckConsent {
        /// Who agreed.
        by: i64,
        /// The id of the quoting post, reply, Like or Announce, or of the request to be in a collection.
        object: String,
        /// The id of the authorisation.
        stamp: String,
        /// It is a quote.
        quote: bool,
        /// As of a quote.
        #[serde(default)]
        looks: u8,
    },
    /// Read the collections of people that a remote account lists.
    ReadCollections {
        /// The account.
        account: i64,
        /// Where it lists them.
        address: String,
    },
    /// Read a collection of people of a remote account.
    ReadCollection {
        /// The account.
        account: i64,
        /// The id of the collection.
        uri: String,
    },
    /// Look at the authorisations of people in a collection of another server.
    CheckPlaces {
        /// The collection.
        collection: i64,
    },
    /// Read a remote account again from its origin.
    RefreshAccount {
        /// The account.
        account: i64,
    },
    /// Remove an account's posts, files and relations, in chunks.
    PurgeAccount {
        /// The account.
        account: i64,
    },
    /// A poll ends.
    ClosePoll {
        /// The poll.
        poll: i64,
    },
    /// Tell other servers the tallies of a local poll (at most every three minutes).
    SendPollUpdate {
        /// The poll.
        poll: i64,
    },
    /// Read the tallies of a remote poll again.
    RefreshPoll {
        /// The poll.
        poll: i64,
    },
    /// Tell other servers about a changed profile (debounced, OUT-14).
    SendProfile {
        /// The account.
        account: i64,
    },
    /// The time of a waiting post has come.
    PublishScheduled {
        /// The waiting post.
        scheduled: i64,
        /// Its time, in milliseconds.
        at: i64,
    },
    /// The last day of somebody has come.
    Leave {
        /// The account.
        account: i64,
        /// The day: midnight UTC, in milliseconds.
        day: i64,
    },
    /// Carry local followers over after a Move.
    MoveFollowers {
        /// The old account.
        from: i64,
        /// The new account.
        to: i64,
    },
    /// Compare which people of this node follow a remote account with what its server lists (FOL-16).
    SyncFollowers {
        /// The account.
        account: i64,
        /// Where the list is.
        url: String,
        /// Its digest, as announced.
        digest: String,
    },
    /// End a person's follows with people of a domain they block.
    SeverDomain {
        /// The person.
        account: i64,
        /// The domain.
        domain: String,
    },
    /// Read which posts a remote account pins (COLL-01).
    ReadFeatured {
        /// The account.
        account: i64,
    },
    /// Read which hashtags a remote account has on its profile (COLL-04).
    ReadFeaturedTags {
        /// The account.
        account: i64,
    },
    /// Read the last posts of a colleague of another node, whose profile somebody looks at.
    ReadOutbox {
        /// The account.
        account: i64,
        /// What was written since then was missed, in milliseconds; none where the last posts are enough.
        #[serde(default)]
        since: Option<i64>,
    },
    /// This node was away, or a host: read the outboxes of accounts above `after` whom people here follow (ORG-05).
    CatchUp {
        /// The last account that was seen to.
        after: i64,
        /// Since when, in milliseconds; none in a job of an earlier version.
        #[serde(default)]
        since: Option<i64>,
        /// The host; none for all.
        #[serde(default)]
        host: Option<String>,
    },
    /// Read what somebody else says of a post that its own server has not told us (AUTH-13).
    ReadCarried {
        /// The id of the post.
        uri: String,
        /// It is said to be gone.
        gone: bool,
    },
    /// Give a version of the charter to three other nodes.
    SpreadCharter {
        /// Its hash.
        hash: String,
        /// The node that it came from; empty for this one.
        from: String,
    },
    /// Ask one node of the organisation, by lot, for its version of the charter; again a minute later.
    AskCharter,
    /// Ask this node of the organisation for its version of the charter.
    AskCharterOf {
        /// Its domain.
        domain: String,
    },
    /// Have the copies of the other nodes' directories compared, one after the other; again an hour later.
    CompareDirectory,
    /// Compare the copy of this node's directory, and repair it.
    CheckDirectory {
        /// Its domain.
        domain: String,
    },
    /// Erase what a node wrote that was removed from the organisation.
    PurgeDomain {
        /// Its domain.
        domain: String,
    },
    /// Put the posts of an account above `after` on the public timelines or take them off: it is limited, or not any more.
    Relist {
        /// The account.
        account: i64,
        /// The last post that is where it belongs.
        after: i64,
    },
    /// Put accounts above `after` into the full text index again.
    IndexAccounts {
        /// The last account that stands there anew.
        after: i64,
    },
    /// Say yes to all who wait, in chunks: the account decides about its followers no more (as Mastodon does).
    AcceptFollows {
        /// Whose followers.
        account: i64,
    },
    /// Put posts into the full text index as they stand now, in chunks: their author may be found, or not any more.
    IndexPosts {
        /// Whose; none for everybody's.
        author: Option<i64>,
        /// The last post that is done.
        after: i64,
    },
    /// Read who leads and who works on a project of another node.
    ReadProject {
        /// Its account.
        account: i64,
        /// The collection of its members.
        members: Option<String>,
    },
    /// Tell a group of another server that one of its moderators here locks a thread, or opens it again.
    SayLock {
        /// The group.
        group: i64,
        /// The post, with all below it.
        post: i64,
        /// Who does it.
        by: i64,
        /// Or opens it.
        locked: bool,
    },
    /// Measure what is usual in the register of projects, so that warnings are earned.
    MeasureProjects,
    /// Introduce the leads of projects that look alike, and ask those of silent ones whether they are alive.
    PairProjects,
    /// An announcement is over.
    EndAnnouncement {
        /// Which.
        announcement: i64,
        /// When, in milliseconds.
        at: i64,
    },
    /// Tell a client of a notification, through its push service.
    Push {
        /// Its subscription.
        subscription: i64,
        /// The notification.
        notification: i64,
        /// How often that was tried.
        tries: u32,
    },
    /// Send a letter by e-mail.
    SendLetter {
        /// To whom.
        account: i64,
        /// Which.
        letter: Letter,
    },
    /// Remove files no row knows any more, expired rows, old ids.
    Sweep,
}

/// What a letter by e-mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Whether the address is theirs.
    Confirm,
    /// A new password.
    Password,
}

impl Task {
    /// The queue; each has its own concurrency limit.
    pub fn queue(&self) -> &'static str {
        match self {
            // It may take minutes, and what others wait for shall not wait for it.
            Self::ReadThread { .. } => "reading",
            // And this hours, of all whom people here follow: whoever opens a thread shall not wait for that either.
            Self::ReadOutbox { since: Some(_), .. } => "missed",
            Self::FetchAncestors { .. }
            | Self::ResolveMentions { .. }
            | Self::FetchPost { .. }
            | Self::ResolveQuote { .. }
            | Self::ResolveReply { .. }
            | Self::CheckConsent { .. }
            | Self::RefreshAccount { .. }
            | Self::RefreshPoll { .. }
            | Self::ReadFeatured { .. }
            | Self::ReadFeaturedTags { .. }
            | Self::ReadCollections { .. }
            | Self::ReadCollection { .. }
            | Self::CheckPlaces { .. }
            | Self::ReadOutbox { .. }
            | Self::ReadCarried { .. }
            | Self::LearnAnswer { .. }
            | Self::ReadProject { .. }
            | Self::SayLock { .. }
            | Self::CompareDirectory
            | Self::CheckDirectory { .. }
            | Self::SyncFollowers { .. }
            | Self::MoveFollowers { .. } => "fetch",
            Self::SpreadCharter { .. } | Self::AskCharter | Self::AskCharterOf { .. } => "charter",
            Self::MakeKeys { .. }
            | Self::IndexPosts { .. }
            | Self::IndexAccounts { .. }
            | Self::MeasureProjects
            | Self::PairProjects => "heavy",
            // Slow sites of the world shall not stand in the way of other nodes.
            Self::FetchCard { .. } => "preview",
            Self::Push { .. } => "push",
            Self::SendLetter { .. } => "mail",
            // People wait for it.
            Self::AnswerCommand { .. }
            | Self::ClimbLadder { .. }
            | Self::AskAnother { .. }
            | Self::TellIdea { .. }
            | Self::RemindIdea { .. }
            | Self::DecideAlias { .. } => "concierge",
            _ => "default",
        }
    }
    /// Its name, for `watercooler jobs`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FanOut { .. } => "fan_out",
            Self::FanOutTags { .. } => "fan_out_tags",
            Self::MakeKeys { .. } => "make_keys",
            Self::AnswerCommand { .. } => "answer_command",
            Self::ClimbLadder { .. } => "climb_ladder",
            Self::AskAnother { .. } => "ask_another",
            Self::PairCoffee { .. } => "pair_coffee",
            Self::SendDigest { .. } => "send_digest",
            Self::TellIdea { .. } => "tell_idea",
            Self::RemindIdea { .. } => "remind_idea",
            Self::DecideAlias { .. } => "decide_alias",
            Self::SendAlias { .. } => "send_alias",
            Self::LearnAnswer { .. } => "learn_answer",
            Self::FetchAncestors { .. } => "fetch_ancestors",
            Self::ReadThread { .. } => "read_thread",
            Self::ResolveMentions { .. } => "resolve_mentions",
            Self::FetchPost { .. } => "fetch_post",
            Self::FetchCard { .. } => "fetch_card",
            Self::ResolveQuote { .. } => "resolve_quote",
            Self::ResolveReply { .. } => "resolve_reply",
            Self::CheckConsent { .. } => "check_consent",
            Self::RefreshAccount { .. } => "refresh_account",
            Self::PurgeAccount { .. } => "purge_account",
            Self::ClosePoll { .. } => "close_poll",
            Self::SendPollUpdate { .. } => "send_poll_update",
            Self::RefreshPoll { .. } => "refresh_poll",
            Self::SendProfile { .. } => "send_profile",
            Self::PublishScheduled { .. } => "publish_scheduled",
            Self::Leave { .. } => "leave",
            Self::MoveFollowers { .. } => "move_followers",
            Self::SyncFollowers { .. } => "sync_followers",
            Self::SeverDomain { .. } => "sever_domain",
            Self::ReadFeatured { .. } => "read_featured",
            Self::ReadFeaturedTags { .. } => "read_featured_tags",
            Self::ReadCollections { .. } => "read_collections",
            Self::ReadCollection { .. } => "read_collection",
            Self::CheckPlaces { .. } => "check_places",
            Self::ReadOutbox { .. } => "read_outbox",
            Self::CatchUp { .. } => "catch_up",
            Self::ReadCarried { .. } => "read_carried",
            Self::SpreadCharter { .. } => "spread_charter",
            Self::AskCharter => "ask_charter",
            Self::AskCharterOf { .. } => "ask_charter_of",
            Self::CompareDirectory => "compare_directory",
            Self::CheckDirectory { .. } => "check_directory",
            Self::PurgeDomain { .. } => "purge_domain",
            Self::AcceptFollows { .. } => "accept_follows",
            Self::IndexPosts { .. } => "index_posts",
            Self::IndexAccounts { .. } => "index_accounts",
            Self::Relist { .. } => "relist",
            Self::ReadProject { .. } => "read_project",
            Self::SayLock { .. } => "say_lock",
            Self::MeasureProjects => "measure_projects",
            Self::PairProjects => "pair_projects",
            Self::Push { .. } => "push",
            Self::SendLetter { .. } => "send_letter",
            Self::EndAnnouncement { .. } => "end_announcement",
            Self::Sweep => "sweep",
        }
    }
    /// Two waiting jobs of one key are one job.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::FanOut { .. } | Self::FanOutTags { .. } | Self::AcceptFollows { .. } => None,
            Self::IndexPosts { author: Some(author), after: 0 } => Some(format!("index_posts {author}")),
            Self::IndexPosts { .. } | Self::IndexAccounts { .. } | Self::Relist { .. } => None,
            Self::Sweep => Some("sweep".into()),
            Self::EndAnnouncement { announcement, at } => Some(format!("end_announcement {announcement} {at}")),
            Self::SendLetter { account, letter } => Some(format!("send_letter {account} {letter:?}")),
            Self::Push { subscription, notification, .. } => Some(format!("push {subscription} {notification}")),
            Self::MeasureProjects | Self::PairProjects => Some(self.kind().into()),
            Self::ReadProject { account, .. } => Some(format!("read_project {account}")),
            Self::SayLock { group, post, by, locked } => Some(format!("say_lock {group} {post} {by} {locked}")),
            Self::AskCharter => Some("ask_charter".into()),
            Self::CompareDirectory => Some("compare_directory".into()),
            Self::SpreadCharter { hash, .. } => Some(format!("spread_charter {hash}")),
            Self::AskCharterOf { domain } | Self::PurgeDomain { domain } | Self::CheckDirectory { domain } => {
                Some(format!("{} {domain}", self.kind()))
            }
            Self::FetchPost { uri } => Some(format!("fetch_post {uri}")),
            Self::ReadCollection { account, uri } => Some(format!("read_collection {account} {uri}")),
            Self::CheckPlaces { collection } => Some(format!("check_places {collection}")),
            Self::ReadCarried { uri, gone } => Some(format!("read_carried {gone} {uri}")),
            Self::CheckConsent { object, stamp, looks, .. } => Some(format!("check_consent {object} {stamp} {looks}")),
            // A look that waits does not stand in the way of one at something new.
            Self::ResolveQuote { post, looks } | Self::ResolveReply { post, looks } => {
                Some(format!("{} {post} {looks}", self.kind()))
            }
            Self::CatchUp { after, host, .. } => Some(format!("catch_up {after} {}", host.as_deref().unwrap_or("*"))),
            Self::ReadOutbox { account, since } => {
                Some(format!("read_outbox {account}{}", if since.is_some() { " missed" } else { "" }))
            }
            Self::MakeKeys { account }
            | Self::RefreshAccount { account }
            | Self::PurgeAccount { account }
            | Self::ReadFeatured { account }
            | Self::ReadFeaturedTags { account }
            | Self::ReadCollections { account, .. }
            | Self::SyncFollowers { account, .. }
            | Self::SendProfile { account } => Some(format!("{} {account}", self.kind())),
            Self::PublishScheduled { scheduled, at } => Some(format!("publish_scheduled {scheduled} {at}")),
            Self::Leave { account, day } => Some(format!("leave {account} {day}")),
            Self::FetchAncestors { post }
            | Self::ReadThread { post }
            | Self::ResolveMentions { post, .. }
            | Self::FetchCard { post }
            | Self::AnswerCommand { post } => Some(format!("{} {post}", self.kind())),
            Self::ClimbLadder { question, step } => Some(format!("climb_ladder {question} {step}")),
            Self::AskAnother { question, instead } => Some(format!("ask_another {question} {instead}")),
            Self::PairCoffee { week } => Some(format!("pair_coffee {week}")),
            Self::SendDigest { account, at } => Some(format!("send_digest {account} {at}")),
            Self::TellIdea { idea } => Some(format!("tell_idea {idea}")),
            Self::RemindIdea { idea, since } => Some(format!("remind_idea {idea} {since}")),
            Self::SendAlias { word, means, .. } => Some(format!("send_alias {word} {means}")),
            Self::DecideAlias { letter, by, .. } => Some(format!("decide_alias {letter} {by}")),
            Self::LearnAnswer { question } => Some(format!("learn_answer {question}")),
            Self::ClosePoll { poll } | Self::SendPollUpdate { poll } | Self::RefreshPoll { poll } => {
                Some(format!("{} {poll}", self.kind()))
            }
            Self::SeverDomain { account, domain } => Some(format!("sever_domain {account} {domain}")),
            Self::MoveFollowers { from, .. } => Some(format!("move_followers {from}")),
        }
    }
    /// As stored.
    pub fn payload(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
    /// From a stored payload.
    pub fn parse(payload: &str) -> Result<Self> {
        serde_json::from_str(payload).map_err(Error::internal)
    }
}
