// megalodon (Fedistar, Whalebird): signs in through the browser, then walks what a client asks for.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import megalodon from "megalodon";
import { authorize, startBrowser } from "./browser.mjs";
import { eventually, startNode } from "./node.mjs";

const generator = megalodon.default ?? megalodon;
const { detector } = megalodon;
let node, browser, ada, grace;

async function signIn(name) {
  const guest = generator("mastodon", node.url);
  const scopes = ["read", "write", "follow", "push"];
  const app = await guest.registerApp("Fedistar", { scopes });
  const code = await authorize(browser, app.url, name);
  const token = await guest.fetchAccessToken(app.client_id, app.client_secret, code);
  assert.ok(token.accessToken ?? token.access_token);
  return generator("mastodon", node.url, token.accessToken ?? token.access_token);
}

before(async () => {
  node = await startNode(["ada", "grace"]);
  browser = await startBrowser();
  ada = await signIn("ada");
  grace = await signIn("grace");
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

test("the node is recognised", async () => {
  assert.equal(await detector(node.url), "mastodon");
  const { data: instance } = await generator("mastodon", node.url).getInstance();
  assert.equal(instance.uri, node.domain);
  assert.match(instance.version, /^4\.6\.0\+watercooler/);
});

test("what a client asks right after signing in", async () => {
  assert.equal((await ada.verifyAccountCredentials()).data.acct, "ada");
  for (const ask of [
    ada.getPreferences(),
    ada.getFilters(),
    ada.getLists(),
    ada.getFollowedTags(),
    ada.getInstanceCustomEmojis(),
    ada.getInstanceAnnouncements(),
    ada.getNotifications({ limit: 30 }),
    ada.getHomeTimeline({ limit: 20 }),
    ada.getLocalTimeline(),
    ada.getConversationTimeline(),
    ada.getFollowRequests(),
    ada.getMarkers(["home", "notifications"]),
    ada.getBookmarks(),
    ada.getFavourites(),
    ada.getMutes(),
    ada.getBlocks(),
    ada.getFeaturedTags(),
  ]) {
    assert.equal((await ask).status, 200);
  }
  await assert.rejects(ada.getPushSubscription(), (error) => error.response.status === 404);
});

test("posting, answering, reacting, and being told of it", async () => {
  const { data: account } = await grace.lookupAccount("ada");
  assert.equal((await grace.followAccount(account.id)).data.following, true);
  const { data: post } = await ada.postStatus("Coffee at ten? #coffee", { visibility: "public" });
  assert.match(post.content, /Coffee at ten\?/);
  await eventually(async () => (await grace.getHomeTimeline()).data.some((s) => s.id === post.id));
  const { data: answer } = await grace.postStatus("@ada gladly", { in_reply_to_id: post.id });
  assert.equal(answer.in_reply_to_id, post.id);
  assert.equal((await grace.favouriteStatus(post.id)).data.favourited, true);
  assert.equal((await grace.reblogStatus(post.id)).data.reblogged ?? true, true);
  const { data: context } = await ada.getStatusContext(post.id);
  assert.deepEqual(context.descendants.map((s) => s.id), [answer.id]);
  const kinds = await eventually(async () => {
    const { data } = await ada.getNotifications();
    const kinds = new Set(data.map((n) => n.type));
    return kinds.size >= 4 && kinds;
  });
  assert.deepEqual([...kinds].sort(), ["favourite", "follow", "mention", "reblog"]);
  assert.equal((await grace.bookmarkStatus(post.id)).data.bookmarked, true);
  assert.equal((await grace.unbookmarkStatus(post.id)).data.bookmarked, false);
  assert.equal((await grace.unfavouriteStatus(post.id)).data.favourited, false);
  assert.equal((await grace.unreblogStatus(post.id)).status, 200);
  assert.equal((await ada.getTagTimeline("coffee")).data[0].id, post.id);
  const { data: edited } = await ada.editStatus(post.id, { status: "Coffee at eleven? #coffee" });
  assert.match(edited.content, /eleven/);
  assert.match((await ada.getStatusSource(post.id)).data.text, /eleven/);
  assert.equal((await ada.deleteStatus(post.id)).status, 200);
  await assert.rejects(ada.getStatus(post.id), (error) => error.response.status === 404);
});

test("polls", async () => {
  const { data: post } = await ada.postStatus("Tea or coffee?", { poll: { options: ["Tea", "Coffee"], expires_in: 3600 } });
  const { data: poll } = await grace.votePoll(post.poll.id, [1]);
  assert.deepEqual(poll.own_votes, [1]);
  assert.equal(poll.options[1].votes_count, 1);
});

test("lists, tags, filters and searching", async () => {
  const { data: account } = await ada.lookupAccount("grace");
  await ada.followAccount(account.id);
  const { data: list } = await ada.createList("Friends");
  await ada.addAccountsToList(list.id, [account.id]);
  const { data: post } = await grace.postStatus("Only for those who read lists #reading", {});
  await eventually(async () => (await ada.getListTimeline(list.id)).data.some((s) => s.id === post.id));
  assert.equal((await ada.followTag("reading")).data.following, true);
  assert.equal((await ada.deleteList(list.id)).status, 200);
  const { data: found } = await ada.search("grace", { type: "accounts" });
  assert.equal(found.accounts[0].acct, "grace");
});

test("a picture is uploaded, described and posted", async () => {
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=",
    "base64",
  );
  const file = join(await mkdtemp(join(tmpdir(), "watercooler-picture-")), "square.png");
  await writeFile(file, png);
  const { data: media } = await ada.uploadMedia(createReadStream(file), { description: "A square" });
  await eventually(async () => (await ada.getMedia(media.id)).data.url);
  await ada.updateMedia(media.id, { description: "A small square" });
  const { data: post } = await ada.postStatus("", { media_ids: [media.id] });
  assert.equal(post.media_attachments[0].description, "A small square");
});

test("the stream brings a post", async () => {
  const { data: account } = await grace.lookupAccount("ada");
  await grace.followAccount(account.id);
  const stream = await grace.userStreaming();
  const arrived = new Promise((resolve, reject) => {
    stream.on("update", resolve);
    stream.on("error", reject);
  });
  await new Promise((resolve) => stream.on("connect", resolve));
  const { data: post } = await ada.postStatus("Live from the third floor", {});
  const seen = await Promise.race([arrived, new Promise((_, reject) => setTimeout(() => reject(new Error("no event")), 10_000).unref())]);
  assert.equal(seen.id, post.id);
  stream.stop();
});
