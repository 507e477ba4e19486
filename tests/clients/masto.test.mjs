// masto.js (Elk, Phanpy): signs in through the browser, then walks the calls of tier 1.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";
import WebSocket from "ws";
import { startBrowser } from "./browser.mjs";
import { OUT_OF_BAND, tokenOf } from "./masto.mjs";
import { eventually, startNode } from "./node.mjs";

const SCOPES = "read write follow push";
let node, browser, ada, grace;

async function signIn(name, pictures) {
  const guest = createRestAPIClient({ url: node.url });
  const app = await guest.v1.apps.create({ clientName: "Elk", redirectUris: OUT_OF_BAND, scopes: SCOPES });
  const token = await tokenOf(name, { node, browser, app, scope: SCOPES, pictures });
  const client = createRestAPIClient({ url: node.url, accessToken: token });
  client.token = token;
  return { rest: client, token, app };
}

before(async () => {
  node = await startNode(["ada", "grace"]);
  browser = await startBrowser();
  ada = await signIn("ada", true);
  grace = await signIn("grace@example.org");
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

const refused = (status) => (error) => error.statusCode === status || assert.fail(String(error));

test("the node presents itself", async () => {
  const guest = createRestAPIClient({ url: node.url });
  const v2 = await guest.v2.instance.fetch();
  assert.equal(v2.domain, node.domain);
  assert.equal(v2.configuration.statuses.maxCharacters, 5000);
  assert.match(v2.configuration.urls.streaming, /^ws:\/\//);
  const v1 = await guest.v1.instance.fetch();
  assert.equal(v1.uri, node.domain);
  const metadata = await (await fetch(`${node.url}/.well-known/oauth-authorization-server`)).json();
  assert.equal(metadata.token_endpoint, `${node.url}/oauth/token`);
  const links = (await (await fetch(`${node.url}/.well-known/nodeinfo`)).json()).links;
  for (const { href } of links.filter((link) => link.rel.includes("nodeinfo"))) {
    assert.equal((await (await fetch(href)).json()).software.name, "watercooler");
  }
  assert.equal((await fetch(`${node.url}/.well-known/host-meta`)).status, 200);
});

test("what a client asks right after signing in", async () => {
  const { v1, v2 } = ada.rest;
  assert.equal((await v1.accounts.verifyCredentials()).acct, "ada");
  assert.equal((await v1.apps.verifyCredentials()).name, "Elk");
  for (const ask of [
    () => v1.preferences.fetch(),
    () => v1.customEmojis.list(),
    () => v1.announcements.list(),
    () => v1.lists.list(),
    () => v1.followedTags.list(),
    () => v1.featuredTags.list(),
    () => v2.filters.list(),
    () => v1.filters.list(),
    () => v1.followRequests.list(),
    () => v1.conversations.list(),
    () => v1.notifications.list(),
    () => v1.timelines.home.list({ limit: 40 }),
    () => v1.timelines.public.list({ local: true }),
    () => v1.markers.fetch({ timeline: ["home", "notifications"] }),
    () => v1.mutes.list(),
    () => v1.blocks.list(),
    () => v1.bookmarks.list(),
    () => v1.favourites.list(),
    () => v2.notifications.list(),
    () => v2.notifications.unreadCount.fetch(),
    () => v2.notifications.policy.fetch(),
  ]) {
    assert.ok(await ask(), String(ask));
  }
  await assert.rejects(v1.push.subscription.fetch(), refused(404));
});

test("posts, answers, reactions and edits", async () => {
  const [a, g] = [ada.rest.v1, grace.rest.v1];
  const me = await a.accounts.lookup({ acct: "ada" });
  assert.equal((await g.accounts.$select(me.id).follow()).following, true);
  const [relation] = await g.accounts.relationships.fetch({ id: [me.id] });
  assert.equal(relation.following, true);
  const post = await a.statuses.create({ status: "Hello @grace, see https://example.org #hello", visibility: "public", language: "en" });
  assert.equal(post.mentions[0].acct, "grace");
  assert.equal(post.tags[0].name, "hello");
  assert.match(post.createdAt, /\.\d{3}Z$/);
  await eventually(async () => (await g.timelines.home.list()).some((s) => s.id === post.id));
  const answer = await g.statuses.create({ status: "@ada hello!", inReplyToId: post.id, spoilerText: "greeting" });
  assert.equal((await a.statuses.$select(post.id).context.fetch()).descendants[0].id, answer.id);
  const select = g.statuses.$select(post.id);
  assert.equal((await select.favourite()).favourited, true);
  assert.equal((await select.bookmark()).bookmarked, true);
  assert.equal((await select.reblog()).reblog.id, post.id);
  assert.equal((await a.statuses.$select(post.id).fetch()).favouritesCount, 1);
  assert.equal((await a.statuses.$select(post.id).favouritedBy.list())[0].acct, "grace");
  assert.equal((await a.statuses.$select(post.id).rebloggedBy.list())[0].acct, "grace");
  assert.equal((await select.unfavourite()).favourited, false);
  assert.equal((await select.unbookmark()).bookmarked, false);
  assert.equal((await select.unreblog()).reblogged, false);
  const mine = a.statuses.$select(post.id);
  assert.match((await mine.update({ status: "Hello again" })).content, /Hello again/);
  assert.equal((await mine.source.fetch()).text, "Hello again");
  assert.equal((await mine.history.list()).length, 2);
  assert.equal((await mine.pin()).pinned, true);
  assert.equal((await a.accounts.$select(me.id).statuses.list({ pinned: true }))[0].id, post.id);
  assert.equal((await mine.unpin()).pinned, false);
  assert.ok((await a.notifications.list()).some((n) => n.type === "mention"));
  const one = (await a.notifications.list())[0];
  assert.equal((await a.notifications.$select(one.id).fetch()).id, one.id);
  assert.equal((await mine.remove()).id, post.id);
  await assert.rejects(mine.fetch(), refused(404));
});

test("visibilities are kept", async () => {
  const [a, g] = [ada.rest.v1, grace.rest.v1];
  const direct = await a.statuses.create({ status: "only me", visibility: "direct" });
  await assert.rejects(g.statuses.$select(direct.id).fetch(), refused(404));
  const told = await a.statuses.create({ status: "@grace psst", visibility: "direct" });
  assert.equal((await g.statuses.$select(told.id).fetch()).visibility, "direct");
  await eventually(async () => (await g.conversations.list()).length > 0);
});

test("an answer to the same Idempotency-Key is the same post", async () => {
  const send = () =>
    fetch(`${node.url}/api/v1/statuses`, {
      method: "POST",
      headers: { authorization: `Bearer ${ada.token}`, "idempotency-key": "once", "content-type": "application/json" },
      body: JSON.stringify({ status: "Sent twice" }),
    }).then((response) => response.json());
  const [first, second] = [await send(), await send()];
  assert.equal(first.id, second.id);
});

test("pages follow one another", async () => {
  const a = ada.rest.v1;
  for (let i = 0; i < 5; i++) await a.statuses.create({ status: `Page ${i} #paging` });
  const pages = [];
  for await (const page of a.timelines.tag.$select("paging").list({ limit: 2 })) pages.push(page.length);
  assert.deepEqual(pages.filter(Boolean), [2, 2, 1]);
});

test("polls, media, lists, filters, markers, search", async () => {
  const [a, g] = [ada.rest, grace.rest];
  const asked = await a.v1.statuses.create({ status: "Which?", poll: { options: ["One", "Two"], expiresIn: 3600, multiple: true } });
  const voted = await g.v1.polls.$select(asked.poll.id).votes.create({ choices: [0, 1] });
  assert.deepEqual(voted.ownVotes, [0, 1]);
  assert.equal((await a.v1.polls.$select(asked.poll.id).fetch()).votesCount, 2);

  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=",
    "base64",
  );
  const media = await a.v2.media.create({ file: new Blob([png], { type: "image/png" }), description: "Square", focus: "0.1,-0.2" });
  assert.equal((await a.v1.media.$select(media.id).fetch()).description, "Square");
  assert.equal((await a.v1.media.$select(media.id).update({ description: "A square" })).description, "A square");
  const shown = await a.v1.statuses.create({ status: "Look", mediaIds: [media.id] });
  assert.equal((await fetch(shown.mediaAttachments[0].url)).status, 200);

  const friend = await a.v1.accounts.lookup({ acct: "grace" });
  await a.v1.accounts.$select(friend.id).follow();
  const list = await a.v1.lists.create({ title: "Team", repliesPolicy: "list" });
  await a.v1.lists.$select(list.id).accounts.create({ accountIds: [friend.id] });
  const theirs = await g.v1.statuses.create({ status: "For the team" });
  await eventually(async () => (await a.v1.timelines.list.$select(list.id).list()).some((s) => s.id === theirs.id));

  const filter = await a.v2.filters.create({ title: "Noise", context: ["home"], filterAction: "warn", keywordsAttributes: [{ keyword: "noise", wholeWord: true }] });
  assert.equal(filter.keywords[0].keyword, "noise");
  await a.v2.filters.$select(filter.id).remove();

  const marker = await a.v1.markers.create({ home: { lastReadId: theirs.id } });
  assert.equal(marker.home.lastReadId, theirs.id);

  assert.equal((await a.v2.search.list({ q: "@grace", type: "accounts" })).accounts[0].id, friend.id);
  assert.equal((await a.v2.search.list({ q: theirs.url, resolve: true })).statuses[0].id, theirs.id);
  assert.equal((await a.v1.accounts.search.list({ q: "gra" }))[0].id, friend.id);
  assert.equal((await a.v1.tags.$select("team").follow()).following, true);
  assert.equal((await a.v1.accounts.$select(friend.id).unfollow()).following, false);
});

test("the profile can be changed", async () => {
  const changed = await ada.rest.v1.accounts.updateCredentials({ displayName: "Ada L.", note: "Engines", fieldsAttributes: [{ name: "Floor", value: "3" }] });
  assert.equal(changed.displayName, "Ada L.");
  assert.equal(changed.fields[0].name, "Floor");
});

test("the stream brings posts and notifications", async () => {
  const streaming = createStreamingAPIClient({ streamingApiUrl: node.url.replace("http", "ws"), accessToken: grace.token, implementation: WebSocket });
  const me = await grace.rest.v1.accounts.lookup({ acct: "ada" });
  await grace.rest.v1.accounts.$select(me.id).follow();
  const events = streaming.user.subscribe();
  const seen = (async () => {
    for await (const event of events) if (event.event === "update") return event.payload;
  })();
  try {
    // Nothing says when the stream is open: what was written before that does not come by it.
    const posted = [];
    let came;
    for (let n = 0; n < 10 && !came; n++) {
      posted.push((await ada.rest.v1.statuses.create({ status: `Live ${n}` })).id);
      came = await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 2_000))]);
    }
    assert.ok(posted.includes(came?.id), "no event");
  } finally {
    streaming.close();
  }
});

test("signing out ends the token", async () => {
  await createOAuthAPIClient({ url: node.url }).revoke({
    clientId: grace.app.clientId,
    clientSecret: grace.app.clientSecret,
    token: grace.token,
  });
  await assert.rejects(grace.rest.v1.accounts.verifyCredentials(), refused(401));
});
