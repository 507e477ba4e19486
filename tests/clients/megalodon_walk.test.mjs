// megalodon, method by method: all that its interface declares, on a node with something of everything.
// A row a line, however long.
import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import megalodon from "megalodon";
import { authorize, startBrowser } from "./browser.mjs";
import { eventually, PASSWORD, startNode } from "./node.mjs";
import { walk } from "./walk.mjs";

const generator = megalodon.default ?? megalodon;
const SCOPES = ["read", "write", "follow", "push"];
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=", "base64");
let node, browser, app, file;
const people = {};
const ids = {};
const guest = () => generator("mastodon", node.url);

before(async () => {
  node = await startNode(["ada", "grace", "bob", "dan"]);
  file = join(await mkdtemp(join(tmpdir(), "watercooler-picture-")), "square.png");
  await writeFile(file, PNG);
  await node.verb(["emoji", "add", "gear", file]);
  await node.verb(["announcement", "create", "The lift works again :gear:"]);
  browser = await startBrowser();
  app = await guest().registerApp("Walker", { scopes: SCOPES });
  for (const name of ["grace", "bob", "dan"]) {
    const code = await authorize(browser, app.url, name);
    const { access_token, accessToken } = await guest().fetchAccessToken(app.client_id, app.client_secret, code);
    await signedIn(name, access_token ?? accessToken);
  }
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

async function signedIn(name, token) {
  const client = generator("mastodon", node.url, token);
  people[name] = { client, token, id: (await client.verifyAccountCredentials()).data.id };
}

const whole = walk(fileURLToPath(new URL("./node_modules/megalodon/lib/src/megalodon.d.ts", import.meta.url)), "MegalodonInterface", {
  loose: [
    [/\.(suspended|limited|moved) is missing/, "there when it is so"],
    [/\.pinned is missing/, "of posts of one's own"],
    [/\.category is null/, "an emoji without a heading"],
    [/contact_account is null/, "nobody is named"],
    [/published is missing/, "documented as `published_at`"],
    [/history\[\d+\]\.(uses|accounts) is "/, "strings, as documented"],
    [/statuses_count is "/, "a string, as documented"],
    [/^deleteFilter: data\.\w+ is missing/, "an empty object, as every delete"],
    [/mute_expires_at is null/, "for good"],
    [/Push\w+: data\.id is \d/, "a number, as clients on phones read it"],
  ],
});
/** A method of somebody's client, with its arguments and what holds of the document that is answered. */
const as =
  (name) =>
  (method, args, holds = () => true) =>
    whole.row(method, () => people[name].client[method](...args()), (answer) => answer.status === 200 && holds(answer.data));
const ada = as("ada");
const grace = as("grace");
const bob = as("bob");
const none = () => [];
const withIds = (list, ...wanted) => wanted.every((id) => list.some((each) => each.id === id));
const later = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();

// The app and who signs in with it.
whole.row("registerApp", () => guest().registerApp("Other", { scopes: ["read"] }), (a) => a.client_id && a.url.startsWith(node.url));
whole.row("createApp", () => guest().createApp("Other", { scopes: ["read"], website: "https://app.example/" }), (a) => a.client_id);
whole.row(
  "fetchAccessToken",
  async () => {
    const code = await authorize(browser, app.url, "ada");
    const token = await guest().fetchAccessToken(app.client_id, app.client_secret, code);
    await signedIn("ada", token.access_token ?? token.accessToken);
    return token;
  },
  (a) => a.access_token ?? a.accessToken,
);
ada("verifyAppCredentials", none, (a) => a.name === "Walker");
ada("verifyAccountCredentials", none, (a) => a.acct === "ada" && a.source.privacy === "public");
for (const name of ["ada", "grace", "bob"]) {
  as(name)("updateCredentials", () => [{ display_name: `${name} L.`, note: "Engines :gear:", discoverable: true, source: { language: "en" }, fields_attributes: [{ name: "Floor", value: "3" }] }], (a) => a.fields[0].value === "3" && a.emojis.length === 1);
}

// The node.
ada("getInstance", none, (a) => a.uri === node.domain);
ada("getInstancePeers", none, Array.isArray);
ada("getInstanceActivity", none, (a) => a.length === 12);
ada("getInstanceCustomEmojis", none, (a) => a[0].shortcode === "gear");
ada("getInstanceDirectory", () => [{ local: true, order: "new" }], (a) => withIds(a, people.grace.id));
ada("getInstanceAnnouncements", none, (a) => (ids.announcement = a[0].id));
ada("addReactionToAnnouncement", () => [ids.announcement, "gear"]);
ada("getInstanceAnnouncements", none, (a) => a[0].reactions.length === 1);
ada("removeReactionFromAnnouncement", () => [ids.announcement, "gear"]);
ada("dismissInstanceAnnouncement", () => [ids.announcement]);
ada("getPreferences", none, (a) => a["posting:default:visibility"] === "public");

// People.
ada("lookupAccount", () => ["grace"], (a) => a.id === people.grace.id);
ada("getAccount", () => [people.grace.id], (a) => a.acct === "grace");
ada("searchAccount", () => ["gra", { limit: 5 }], (a) => withIds(a, people.grace.id));
ada("getSuggestions", () => [5], Array.isArray);
ada("followAccount", () => [people.grace.id, { reblog: true }], (a) => a.following);
grace("followAccount", () => [people.ada.id], (a) => a.following);
bob("followAccount", () => [people.ada.id], (a) => a.following);
as("dan")("followAccount", () => [people.ada.id], (a) => a.following);
ada("subscribeAccount", () => [people.grace.id], (a) => a.notifying);
ada("unsubscribeAccount", () => [people.grace.id], (a) => !a.notifying);
ada("getAccountFollowers", () => [people.ada.id, { limit: 2, get_all: true, sleep_ms: 1 }], (a) => a.length === 3);
ada("getAccountFollowing", () => [people.ada.id], (a) => withIds(a, people.grace.id));
ada("getRelationship", () => [people.grace.id], (a) => a.following && a.followed_by);
ada("getRelationships", () => [[people.grace.id, people.bob.id]], (a) => a.length === 2);
// The library forgets to send the note.
ada("setAccountNote", () => [people.grace.id, "met at lunch"], (a) => a.note === "");
ada("pinAccount", () => [people.grace.id], (a) => a.id === people.grace.id);
ada("getEndorsements", none, (a) => withIds(a, people.grace.id));
ada("unpinAccount", () => [people.grace.id]);
ada("getIdentityProof", () => [people.grace.id], (a) => a.length === 0);

// Posts.
ada("uploadMedia", () => [createReadStream(file), { description: "A square", focus: "0.1,-0.2" }], (a) => (ids.media = a.id));
ada("getMedia", () => [ids.media], (a) => a.url && a.blurhash);
ada("updateMedia", () => [ids.media, { description: "A small square" }], (a) => a.description === "A small square");
ada("postStatus", () => ["Look", { media_ids: [ids.media], sensitive: true, spoiler_text: "square" }], (a) => (ids.shown = a.id) && a.media_attachments.length === 1);
ada("postStatus", () => ["Hello @grace :gear: #harbour", { visibility: "public", language: "en" }], (a) => (ids.post = a.id) && a.tags.length === 1 && a.mentions.length === 1);
ada("postStatus", () => ["Which?", { poll: { options: ["One", "Two"], expires_in: 3600, multiple: true } }], (a) => (ids.poll = a.poll.id) && (ids.asked = a.id));
grace("votePoll", () => [ids.poll, [0, 1]], (a) => a.voted);
ada("getPoll", () => [ids.poll], (a) => a.votes_count === 2);
ada("getStatus", () => [ids.asked], (a) => a.poll.id === ids.poll);
grace("postStatus", () => ["@ada hello!", { in_reply_to_id: ids.post }], (a) => (ids.answer = a.id) && a.in_reply_to_id === ids.post);
ada("getStatusContext", () => [ids.post], (a) => a.descendants[0].id === ids.answer);
ada("editStatus", () => [ids.shown, { status: "Look here", media_ids: [ids.media] }], (a) => a.content.includes("Look here"));
ada("getStatusSource", () => [ids.shown], (a) => a.text === "Look here");
grace("favouriteStatus", () => [ids.post], (a) => a.favourited);
grace("bookmarkStatus", () => [ids.post], (a) => a.bookmarked);
grace("reblogStatus", () => [ids.post], (a) => a.reblog.id === ids.post);
grace("muteStatus", () => [ids.post], (a) => a.muted);
grace("unmuteStatus", () => [ids.post], (a) => !a.muted);
ada("pinStatus", () => [ids.post], (a) => a.pinned);
ada("getAccountStatuses", () => [people.ada.id, { pinned: true }], (a) => withIds(a, ids.post));
ada("unpinStatus", () => [ids.post], (a) => !a.pinned);
ada("getStatusRebloggedBy", () => [ids.post], (a) => withIds(a, people.grace.id));
ada("getStatusFavouritedBy", () => [ids.post], (a) => withIds(a, people.grace.id));
grace("getFavourites", none, (a) => withIds(a, ids.post));
grace("getBookmarks", none, (a) => withIds(a, ids.post));
ada("postStatus", () => ["Later", { scheduled_at: later(1) }], (a) => (ids.waiting = a.id) && a.scheduled_at);
ada("getScheduledStatuses", none, (a) => withIds(a, ids.waiting));
ada("getScheduledStatus", () => [ids.waiting], (a) => a.params.text === "Later");
ada("scheduleStatus", () => [ids.waiting, later(2)], (a) => a.id === ids.waiting);
ada("cancelScheduledStatus", () => [ids.waiting]);

// Tags, lists, timelines, searches.
ada("getTag", () => ["harbour"], (a) => a.name === "harbour");
ada("followTag", () => ["harbour"], (a) => a.following);
ada("getFollowedTags", none, (a) => a[0].name === "harbour");
ada("unfollowTag", () => ["harbour"], (a) => !a.following);
ada("getSuggestedTags", none, (a) => a[0].name === "harbour");
ada("createFeaturedTag", () => ["harbour"], (a) => (ids.featured = a.id));
ada("getFeaturedTags", none, (a) => withIds(a, ids.featured));
ada("deleteFeaturedTag", () => [ids.featured]);
ada("getInstanceTrends", () => [5], (a) => a[0].name === "harbour");
ada("createList", () => ["Team"], (a) => (ids.list = a.id));
ada("getLists", none, (a) => withIds(a, ids.list));
ada("getList", () => [ids.list], (a) => a.title === "Team");
ada("updateList", () => [ids.list, "The team"], (a) => a.title === "The team");
ada("addAccountsToList", () => [ids.list, [people.grace.id]]);
ada("getAccountsInList", () => [ids.list], (a) => withIds(a, people.grace.id));
ada("getAccountLists", () => [people.grace.id], (a) => withIds(a, ids.list));
ada("getListTimeline", () => [ids.list], Array.isArray);
ada("deleteAccountsFromList", () => [ids.list, [people.grace.id]]);
ada("deleteList", () => [ids.list]);
ada("getHomeTimeline", none, (a) => withIds(a, ids.post));
grace("getHomeTimeline", none, (a) => withIds(a, ids.post, ids.asked, ids.shown));
ada("getPublicTimeline", none, (a) => withIds(a, ids.post));
ada("getLocalTimeline", none, (a) => withIds(a, ids.post));
ada("getTagTimeline", () => ["harbour"], (a) => withIds(a, ids.post));
ada("search", () => ["hello", { type: "statuses" }], (a) => withIds(a.statuses, ids.post));
ada("search", () => ["grace", { type: "accounts" }], (a) => withIds(a.accounts, people.grace.id));
ada("search", () => ["harbour", { type: "hashtags" }], (a) => a.hashtags.length === 1);
ada("saveMarkers", () => [{ home: { last_read_id: ids.post }, notifications: { last_read_id: "1" } }], (a) => a.home.last_read_id === ids.post);
ada("getMarkers", () => [["home", "notifications"]], (a) => a.home.last_read_id === ids.post);

// Filters; who asks, who is told, who is left out.
ada("createFilter", () => ["din", ["home"], { whole_word: true, expires_in: "3600" }], (a) => (ids.filter = a.id) && a.whole_word);
ada("getFilters", none, (a) => withIds(a, ids.filter));
ada("getFilter", () => [ids.filter], (a) => a.phrase === "din");
ada("updateFilter", () => [ids.filter, "racket", ["home", "public"]], (a) => a.phrase === "racket");
ada("deleteFilter", () => [ids.filter]);
bob("updateCredentials", () => [{ locked: true }], (a) => a.locked);
ada("followAccount", () => [people.bob.id], (a) => a.requested);
grace("followAccount", () => [people.bob.id], (a) => a.requested);
bob("getFollowRequests", () => [5], (a) => withIds(a, people.ada.id, people.grace.id));
bob("acceptFollowRequest", () => [people.ada.id], (a) => a.followed_by);
bob("rejectFollowRequest", () => [people.grace.id], (a) => !a.followed_by);
ada("getNotifications", () => [{ limit: 30 }], (a) => (ids.told = a[0].id) && ["mention", "favourite", "reblog", "follow"].every((type) => a.some((each) => each.type === type)));
ada("getNotification", () => [ids.told], (a) => a.id === ids.told);
ada("dismissNotification", () => [ids.told]);
ada("dismissNotifications", none);
grace("postStatus", () => ["@ada psst", { visibility: "direct" }], (a) => a.visibility === "direct");
whole.row(
  "getConversationTimeline",
  () =>
    eventually(async () => {
      const answer = await people.ada.client.getConversationTimeline();
      return answer.data.length && answer;
    }),
  (a) => (ids.talk = a.data[0].id) && a.data[0].unread,
);
ada("readConversation", () => [ids.talk], (a) => !a.unread);
ada("deleteConversation", () => [ids.talk]);
ada("muteAccount", () => [people.bob.id, true], (a) => a.muting && a.muting_notifications);
ada("getMutes", none, (a) => withIds(a, people.bob.id));
ada("unmuteAccount", () => [people.bob.id], (a) => !a.muting);
ada("blockAccount", () => [people.bob.id], (a) => a.blocking);
ada("getBlocks", none, (a) => withIds(a, people.bob.id));
ada("unblockAccount", () => [people.bob.id], (a) => !a.blocking);
ada("blockDomain", () => ["noise.example"]);
ada("getDomainBlocks", none, (a) => a.includes("noise.example"));
ada("unblockDomain", () => ["noise.example"]);
grace("report", () => [people.bob.id, { comment: "loud", category: "spam" }], (a) => a.target_account.id === people.bob.id);
const ecdh = createECDH("prime256v1");
const keys = { p256dh: ecdh.generateKeys("base64url"), auth: randomBytes(16).toString("base64url") };
ada("subscribePushNotification", () => [{ endpoint: "https://push.example/1", keys }, { alerts: { mention: true } }], (a) => a.alerts.mention);
ada("getPushSubscription", none, (a) => a.endpoint === "https://push.example/1");
ada("updatePushSubscription", () => [{ alerts: { mention: false, follow: true } }], (a) => a.alerts.follow);
ada("deletePushSubscription", none);

// Streams.
whole.row("streamingURL", () => people.ada.client.streamingURL(), (a) => /^ws:/.test(a));
/** Opens a stream, has something happen until it is told of, and answers the stream. */
const heard = (method, event, args, happens) =>
  whole.row(
    method,
    async () => {
      const stream = await people.grace.client[method](...args());
      const told = new Promise((resolve, reject) => {
        stream.on(event, resolve);
        stream.on("error", reject);
      });
      await new Promise((resolve) => stream.on("connect", resolve));
      await happens();
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`no ${event}`)), 10_000).unref());
      ids.heard = await Promise.race([told, late]);
      stream.stop();
      return stream;
    },
    () => ids.heard.id,
  );
const writes =
  (text, options = {}) =>
  () =>
    people.ada.client.postStatus(text, options);
heard("userStreaming", "update", none, writes("Live"));
heard("publicStreaming", "update", none, writes("Live"));
heard("localStreaming", "update", none, writes("Live"));
heard("tagStreaming", "update", () => ["harbour"], writes("Live #harbour"));
test("grace has a list with ada in it", async () => {
  const { data: list } = await people.grace.client.createList("Team");
  ids.list = list.id;
  await people.grace.client.addAccountsToList(list.id, [people.ada.id]);
});
heard("listStreaming", "update", () => [ids.list], writes("Live"));
heard("directStreaming", "conversation", none, writes("@grace psst", { visibility: "direct" }));

// What is taken back.
grace("unfavouriteStatus", () => [ids.post], (a) => !a.favourited);
grace("unbookmarkStatus", () => [ids.post], (a) => !a.bookmarked);
grace("unreblogStatus", () => [ids.post], (a) => !a.reblogged);
ada("deleteStatus", () => [ids.asked]);
ada("unfollowAccount", () => [people.grace.id], (a) => !a.following);
whole.row(
  "registerAccount",
  async () => {
    const response = await fetch(`${node.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: app.client_id,
        client_secret: app.client_secret,
        scope: "read write",
      }),
    });
    const { access_token } = await response.json();
    return generator("mastodon", node.url, access_token).registerAccount("carol", "carol@example.org", PASSWORD, true, "en", "I work here");
  },
  (a) => a.data.access_token,
);
whole.row("revokeToken", () => guest().revokeToken(app.client_id, app.client_secret, people.bob.token), (a) => a.status === 200);
whole.refused("refreshToken", 400, "a token is good until it is revoked, and has no other that renews it", () => guest().refreshToken(app.client_id, app.client_secret, "none"));
whole.row("cancel", () => guest().cancel());
for (const method of ["getAccountFavourites", "readNotifications", "createEmojiReaction", "deleteEmojiReaction", "getEmojiReactions", "getEmojiReaction"]) {
  const reason = "the library itself has none for Mastodon";
  test(`${method}: ${reason}`, () => assert.rejects(people.ada.client[method]("1", "x"), /does not support/));
  whole.without(method, reason);
}
whole.complete();
