// masto.js, method by method: all that its types declare, on a node with something of everything.
// A row a line, however long.
import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";
import WebSocket from "ws";
import { startBrowser } from "./browser.mjs";
import { OUT_OF_BAND, tokenOf } from "./masto.mjs";
import { eventually, freePort, PASSWORD, startNode } from "./node.mjs";
import { mismatches, published } from "./types.mjs";
import { at, walk } from "./walk.mjs";

const SCOPES = "read write follow push profile admin:read admin:write";
const types = (path) => fileURLToPath(new URL(`./node_modules/masto/dist/esm/mastodon/${path}`, import.meta.url));
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=", "base64");
const picture = () => new Blob([PNG], { type: "image/png" });

const page = "https://example.org/news";
let node, browser, machine, app;
const people = {};
const ids = {};

async function signIn(name) {
  const token = await tokenOf(name, { node, browser, app, scope: SCOPES });
  const client = createRestAPIClient({ url: node.url, accessToken: token });
  people[name] = { client, token, id: (await client.v1.accounts.verifyCredentials()).id };
}

/** A machine beside the node, that translates. */
const beside = (port, answer) =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const [type, body] = answer(request.url);
      response.writeHead(200, { "content-type": type }).end(body);
    }).listen(port, "127.0.0.1", () => resolve(server));
  });

before(async () => {
  const babel = await freePort();
  machine = await beside(babel, (path) => [
    "application/json",
    path === "/languages"
      ? `[{"code": "en", "name": "English", "targets": ["de"]}, {"code": "de", "name": "German", "targets": ["en"]}]`
      : `{"translatedText": ["<p>Guten Tag</p>"], "detectedLanguage": [{"confidence": 90, "language": "en"}]}`,
  ]);
  const settings = `[translation]\nurl = "http://127.0.0.1:${babel}"\naddresses = ["127.0.0.0/8"]\n`;
  node = await startNode(["ada", "grace", "bob"], { settings, log: "debug" });
  await node.verb(["account", "role", "ada", "admin"]);
  const file = join(await mkdtemp(join(tmpdir(), "watercooler-emoji-")), "gear.png");
  await writeFile(file, PNG);
  await node.verb(["emoji", "add", "gear", file, "--category", "Machines"]);
  await node.verb(["announcement", "create", "The lift works again :gear:"]);
  browser = await startBrowser();
  app = await createRestAPIClient({ url: node.url }).v1.apps.create({ clientName: "Walker", redirectUris: OUT_OF_BAND, scopes: SCOPES });
  for (const name of ["ada", "grace", "bob"]) await signIn(name);
});
after(async () => {
  await browser?.close();
  await node?.stop();
  machine?.close();
});

const rest = walk(types("rest/client.d.ts"), "Client", {
  loose: [
    [/lastStatusAt is null/, "of somebody who never wrote"],
    [/featureApproval\.current_user is missing/, "the library reads every key in camel case, this one too"],
    [/: thumbnail\.(blurhash|versions) is missing/, "the node has no thumbnail of its own"],
    [/urls\.status is null/, "there is no status page"],
    [/apiVersions\.mastodon is \d/, "a number, as documented"],
    [/instance\.languages\.list: \[\d+\] is \{/, "a code and a name, as documented"],
    [/posting:default:language is null/, "nothing was chosen"],
    [/clientSecretExpiresAt is 0/, "never, as a number"],
    [/source\.role is missing/, "the role stands beside the source"],
    [/roles?(\[\d+\])?\.(id|permissions) is "/, "strings, as documented"],
    [/role\.(position|createdAt|updatedAt) is missing/, "no part of a role, as documented"],
    [/: (\[\d+\]\.)?languages is null/, "all languages of somebody who is followed"],
    [/tags\[\d+\]\.id is missing/, "the hashtags of a status have name and address"],
    [/options\[\d+\]\.emojis is missing/, "the emoji of a poll stand beside its options"],
    [/params\.applicationId is \d/, "a number, as documented"],
    [/params\.id is missing/, "no part of what was asked for"],
    [/application is missing/, "of boosts, and of what is for few"],
    [/detectedLanguageSource is missing/, "documented as `detected_source_language`"],
    [/eatured_?[tT]ags\..*statusesCount is "/, "a string, as documented"],
    [/markers\..*: notifications is missing/, "only the timeline that was asked for"],
    [/filtered\[\d+\]\.filter\.(keywords|statuses) is missing/, "a result says which filter, not what is in it"],
    [/notificationsCount is "/, "a string, as documented"],
    [/announcements\.list: .*(startsAt|endsAt) is null/, "nothing takes place"],
    [/push\.subscription\..*: id is \d/, "a number, as clients on phones read it"],
    [/push\.subscription\..*: alerts\.admin is missing/, "the keys are `admin.sign_up` and `admin.report`"],
    [/domainAllows\.\$select\.remove: \w+ is missing/, "an empty object, as every delete"],
    [/rejectReposts is missing/, "documented as `reject_reports`"],
    [/ipBlocks\..*expiresAt is "/, "a date, as documented"],
    [/admin\.reports\..*: (\[\d+\]\.)?\w*[aA]ccount(\.\w+)* is /, "accounts as staff sees them, as documented"],
    [/retention\.create: .*value is "/, "a string, as documented"],
  ],
});
const as = (name) => (method, args, holds) => rest.row(method, (path) => at(people[name].client, path, args()), holds);
const ada = as("ada");
const grace = as("grace");
const bob = as("bob");
const none = () => [];
const withIds = (list, ...wanted) => wanted.every((id) => list.some((each) => each.id === id));

// The node, its people, and the people's ways.
ada("v1.instance.fetch", none, (a) => a.uri === node.domain);
ada("v2.instance.fetch", none, (a) => a.domain === node.domain && a.configuration.translation.enabled);
ada("v1.instance.peers.list", none, Array.isArray);
ada("v1.instance.activity.list", none, (a) => a.length === 12);
ada("v1.instance.languages.list", none, (a) => a.length > 0);
ada("v1.instance.extendedDescription.fetch", none);
ada("v1.instance.translationLanguages.list", none, (a) => a.en.includes("de"));
ada("v1.customEmojis.list", none, (a) => a[0].shortcode === "gear" && a[0].category === "Machines");
ada("v1.preferences.fetch", none, (a) => a["posting:default:visibility"] === "public");
ada("v1.apps.verifyCredentials", none, (a) => a.name === "Walker");
rest.row("v1.apps.create", () => createRestAPIClient({ url: node.url }).v1.apps.create({ clientName: "Other", redirectUris: OUT_OF_BAND, scopes: "read" }), (a) => a.clientId && a.clientSecret);
ada("v1.accounts.verifyCredentials", none, (a) => a.acct === "ada" && a.source.privacy === "public");
for (const name of ["ada", "grace", "bob"]) {
  as(name)("v1.accounts.updateCredentials", () => [{ displayName: `${name} L.`, note: "Engines :gear:", discoverable: true, avatar: picture(), fieldsAttributes: [{ name: "Floor", value: "3" }] }], (a) => a.discoverable && a.fields[0].value === "3" && a.emojis.length === 1);
}
ada("v1.profile.fetch", none, (a) => a.displayName === "ada L.");
ada("v1.profile.update", () => [{ displayName: "Ada L.", header: picture(), headerDescription: "A square", indexable: true }], (a) => a.displayName === "Ada L." && a.headerDescription === "A square");
ada("v1.profile.avatar.remove", none, (a) => a.acct === "ada");
ada("v1.profile.header.remove", none, (a) => a.acct === "ada");
ada("v1.accounts.lookup", () => [{ acct: "grace" }], (a) => a.id === people.grace.id);
ada("v1.accounts.$select.fetch", () => [people.grace.id], (a) => a.acct === "grace");
ada("v1.accounts.fetch", () => [{ id: [people.grace.id, people.bob.id] }], (a) => a.length === 2);
ada("v1.accounts.search.list", () => [{ q: "gra" }], (a) => withIds(a, people.grace.id));
ada("v1.directory.list", () => [{ local: true, order: "new" }], (a) => withIds(a, people.grace.id));
ada("v1.suggestions.list", none, Array.isArray);
ada("v2.suggestions.list", none, Array.isArray);
ada("v1.suggestions.$select.remove", () => [people.bob.id]);
ada("v1.accounts.$select.follow", () => [people.grace.id, { notify: true, reblogs: true }], (a) => a.following && a.notifying);
grace("v1.accounts.$select.follow", () => [people.ada.id], (a) => a.following);
bob("v1.accounts.$select.follow", () => [people.ada.id], (a) => a.following);
bob("v1.accounts.$select.follow", () => [people.grace.id], (a) => a.following);
ada("v1.accounts.relationships.fetch", () => [{ id: [people.grace.id, people.bob.id] }], (a) => a[0].followedBy && a.length === 2);
ada("v1.accounts.familiarFollowers.fetch", () => [{ id: [people.grace.id] }], (a) => a[0].id === people.grace.id);
ada("v1.accounts.$select.followers.list", () => [people.ada.id], (a) => a.length === 2);
ada("v1.accounts.$select.following.list", () => [people.ada.id], (a) => a.length === 1);
ada("v1.accounts.$select.note.create", () => [people.grace.id, { comment: "met at lunch" }], (a) => a.note === "met at lunch");
ada("v1.accounts.$select.endorse", () => [people.grace.id], (a) => a.endorsed);
ada("v1.accounts.$select.endorsements.list", () => [people.ada.id], (a) => a.length === 1);
ada("v1.endorsements.list", none, (a) => a.length === 1);
ada("v1.accounts.$select.unendorse", () => [people.grace.id], (a) => !a.endorsed);
ada("v1.accounts.$select.pin", () => [people.grace.id], (a) => a.endorsed);
ada("v1.accounts.$select.unpin", () => [people.grace.id], (a) => !a.endorsed);
ada("v1.accounts.$select.identityProofs.list", () => [people.grace.id], (a) => a.length === 0);

// Posts.
ada("v1.media.create", () => [{ file: picture(), description: "A square", focus: "0.1,-0.2" }], (a) => a.type === "image" && a.description === "A square");
ada("v2.media.create", () => [{ file: picture() }], (a) => (ids.media = a.id));
ada("v1.media.$select.fetch", () => [ids.media], (a) => a.url && a.blurhash);
ada("v1.media.$select.update", () => [ids.media, { description: "A small square" }], (a) => a.description === "A small square");
ada("v1.statuses.create", () => [{ mediaIds: [ids.media], status: "Look", sensitive: true, spoilerText: "square" }], (a) => a.mediaAttachments.length === 1 && (ids.shown = a.id));
ada("v1.statuses.create", () => [{ status: `Hello @grace :gear: #harbour, read ${page}`, language: "en", visibility: "public" }], (a) => a.mentions.length === 1 && a.tags.length === 1 && a.emojis.length === 1 && (ids.post = a.id));
ada("v1.statuses.create", () => [{ status: "Which?", poll: { options: ["One", "Two"], expiresIn: 3600, multiple: true } }], (a) => (ids.poll = a.poll.id) && (ids.asked = a.id));
grace("v1.polls.$select.votes.create", () => [ids.poll, { choices: [0, 1] }], (a) => a.voted && a.ownVotes.length === 2);
ada("v1.polls.$select.fetch", () => [ids.poll], (a) => a.votesCount === 2 && a.votersCount === 1);
ada("v1.statuses.$select.fetch", () => [ids.asked], (a) => a.poll.id === ids.poll);
ada("v1.statuses.fetch", () => [{ id: [ids.post, ids.shown] }], (a) => withIds(a, ids.post, ids.shown));
rest.refused("v1.statuses.$select.card.fetch", 404, "Mastodon does not serve it any more; `card` is in the status", (path) => at(people.ada.client, path, [ids.post]));
grace("v1.statuses.create", () => [{ status: "@ada hello! #harbour", inReplyToId: ids.post }], (a) => a.inReplyToId === ids.post && (ids.answer = a.id));
ada("v1.statuses.$select.context.fetch", () => [ids.post], (a) => a.descendants[0].id === ids.answer);
grace("v1.statuses.create", () => [{ status: "Indeed", quotedStatusId: ids.post }], (a) => a.quote.state === "accepted" && a.quote.quotedStatus.id === ids.post && (ids.quote = a.id));
ada("v1.statuses.$select.quotes.list", () => [ids.post], (a) => withIds(a, ids.quote));
grace("v1.statuses.$select.favourite", () => [ids.post], (a) => a.favourited && a.favouritesCount === 1);
grace("v1.statuses.$select.bookmark", () => [ids.post], (a) => a.bookmarked);
grace("v1.statuses.$select.reblog", () => [ids.post, { visibility: "public" }], (a) => a.reblog.id === ids.post);
grace("v1.statuses.$select.mute", () => [ids.post], (a) => a.muted);
grace("v1.statuses.$select.unmute", () => [ids.post], (a) => !a.muted);
ada("v1.statuses.$select.favouritedBy.list", () => [ids.post], (a) => withIds(a, people.grace.id));
ada("v1.statuses.$select.rebloggedBy.list", () => [ids.post], (a) => withIds(a, people.grace.id));
grace("v1.favourites.list", none, (a) => withIds(a, ids.post));
grace("v1.bookmarks.list", none, (a) => withIds(a, ids.post));
ada("v1.statuses.$select.update", () => [ids.shown, { status: "Look here", mediaIds: [ids.media], mediaAttributes: [{ id: ids.media, description: "The square" }] }], (a) => a.editedAt && a.mediaAttachments[0].description === "The square");
ada("v1.statuses.$select.source.fetch", () => [ids.shown], (a) => a.text === "Look here");
ada("v1.statuses.$select.history.list", () => [ids.shown], (a) => a.length === 2);
ada("v1.statuses.$select.pin", () => [ids.post], (a) => a.pinned);
ada("v1.accounts.$select.statuses.list", () => [people.ada.id, { pinned: true }], (a) => withIds(a, ids.post));
ada("v1.accounts.$select.statuses.list", () => [people.ada.id, { onlyMedia: true, excludeReplies: true, excludeReblogs: true }], (a) => withIds(a, ids.shown));
ada("v1.statuses.$select.unpin", () => [ids.post], (a) => !a.pinned);
grace("v1.statuses.$select.translate", () => [ids.post, { lang: "de" }], (a) => a.content === "<p>Guten Tag</p>");
ada("v1.scheduledStatuses.list", none, (a) => a.length === 0);
test("a post waits", async () => {
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const poll = { options: ["One", "Two"], expiresIn: 3600 };
  ids.waiting = (await people.ada.client.v1.statuses.create({ status: "Later", scheduledAt, poll })).id;
});
ada("v1.scheduledStatuses.list", none, (a) => withIds(a, ids.waiting));
ada("v1.scheduledStatuses.$select.fetch", () => [ids.waiting], (a) => a.params.text === "Later");
ada("v1.scheduledStatuses.$select.update", () => [ids.waiting, { scheduledAt: new Date(Date.now() + 7_200_000).toISOString() }], (a) => a.id === ids.waiting);
ada("v1.scheduledStatuses.$select.remove", () => [ids.waiting]);

// Tags.
ada("v1.tags.$select.fetch", () => ["harbour"], (a) => a.name === "harbour" && a.history.length > 0);
ada("v1.tags.$select.follow", () => ["harbour"], (a) => a.following);
ada("v1.followedTags.list", none, (a) => a[0].name === "harbour");
ada("v1.tags.$select.unfollow", () => ["harbour"], (a) => !a.following);
ada("v1.tags.$select.feature", () => ["harbour"], (a) => a.featuring);
ada("v1.tags.$select.unfeature", () => ["harbour"], (a) => !a.featuring);
ada("v1.featuredTags.suggestions.list", none, (a) => a[0].name === "harbour");
ada("v1.featuredTags.create", () => [{ name: "harbour" }], (a) => (ids.featured = a.id));
ada("v1.featuredTags.list", none, (a) => withIds(a, ids.featured));
ada("v1.accounts.$select.featuredTags.list", () => [people.ada.id], (a) => a[0].name === "harbour");
ada("v1.featuredTags.$select.remove", () => [ids.featured]);

// Lists and timelines.
ada("v1.lists.create", () => [{ title: "Team", exclusive: false }], (a) => (ids.list = a.id));
ada("v1.lists.list", none, (a) => withIds(a, ids.list));
ada("v1.lists.$select.fetch", () => [ids.list], (a) => a.title === "Team");
ada("v1.lists.$select.update", () => [ids.list, { title: "The team" }], (a) => a.title === "The team");
ada("v1.lists.$select.accounts.create", () => [ids.list, { accountIds: [people.grace.id] }]);
ada("v1.lists.$select.accounts.list", () => [ids.list], (a) => withIds(a, people.grace.id));
ada("v1.accounts.$select.lists.list", () => [people.grace.id], (a) => withIds(a, ids.list));
ada("v1.timelines.list.$select.list", () => [ids.list], Array.isArray);
ada("v1.lists.$select.accounts.remove", () => [ids.list, { accountIds: [people.grace.id] }]);
ada("v1.timelines.home.list", none, (a) => withIds(a, ids.post));
grace("v1.timelines.home.list", none, (a) => withIds(a, ids.post, ids.asked, ids.shown));
ada("v1.timelines.public.list", () => [{ local: true }], (a) => withIds(a, ids.post));
ada("v1.timelines.tag.$select.list", () => ["harbour"], (a) => withIds(a, ids.post));
ada("v1.timelines.link.list", () => [{ url: page }], (a) => withIds(a, ids.post));
ada("v1.markers.create", () => [{ home: { lastReadId: ids.post } }], (a) => a.home.lastReadId === ids.post);
ada("v1.markers.fetch", () => [{ timeline: ["home"] }], (a) => a.home.version >= 0);

// Finding.
ada("v1.search.list", () => [{ q: "harbour" }], (a) => a.hashtags.length > 0);
ada("v2.search.list", () => [{ q: "hello" }], (a) => withIds(a.statuses, ids.post));
ada("v2.search.list", () => [{ q: "grace" }], (a) => withIds(a.accounts, people.grace.id));
ada("v1.trends.statuses.list", none, Array.isArray);
ada("v1.trends.links.list", none, Array.isArray);
ada("v1.trends.tags.list", none, (a) => a[0].name === "harbour");

// Filters.
ada("v2.filters.create", () => [{ title: "Noise", context: ["home", "public"], filterAction: "warn", expiresIn: 3600, keywordsAttributes: [{ keyword: "noise", wholeWord: true }] }], (a) => (ids.filter = a.id) && a.keywords.length === 1);
ada("v2.filters.list", none, (a) => withIds(a, ids.filter));
ada("v2.filters.$select.fetch", () => [ids.filter], (a) => a.title === "Noise");
ada("v2.filters.$select.update", () => [ids.filter, { title: "Loud" }], (a) => a.title === "Loud");
ada("v2.filters.$select.keywords.create", () => [ids.filter, { keyword: "indeed", wholeWord: true }], (a) => (ids.keyword = a.id));
ada("v2.filters.$select.keywords.list", () => [ids.filter], (a) => withIds(a, ids.keyword));
ada("v2.filters.keywords.$select.fetch", () => [ids.keyword], (a) => a.keyword === "indeed");
ada("v2.filters.keywords.$select.update", () => [ids.keyword, { keyword: "indeed", wholeWord: false }], (a) => !a.wholeWord);
ada("v1.timelines.home.list", none, (a) => a.find((each) => each.id === ids.quote).filtered[0].keywordMatches[0] === "indeed");
ada("v2.filters.keywords.$select.remove", () => [ids.keyword]);
ada("v2.filters.$select.statuses.create", () => [ids.filter, { statusId: ids.answer }], (a) => (ids.hidden = a.id) && a.statusId === ids.answer);
ada("v2.filters.$select.statuses.list", () => [ids.filter], (a) => withIds(a, ids.hidden));
ada("v2.filters.statuses.$select.fetch", () => [ids.hidden], (a) => a.statusId === ids.answer);
ada("v2.filters.statuses.$select.remove", () => [ids.hidden]);
ada("v2.filters.$select.remove", () => [ids.filter]);
ada("v1.filters.create", () => [{ phrase: "din", context: ["home"], wholeWord: true, expiresIn: 3600 }], (a) => (ids.filter = a.id) && a.phrase === "din");
ada("v1.filters.list", none, (a) => withIds(a, ids.filter));
ada("v1.filters.$select.fetch", () => [ids.filter], (a) => a.wholeWord);
ada("v1.filters.$select.update", () => [ids.filter, { phrase: "racket", context: ["home"] }], (a) => a.phrase === "racket");
ada("v1.filters.$select.remove", () => [ids.filter]);

// Who asks, who is told, who is left out.
bob("v1.accounts.updateCredentials", () => [{ locked: true }], (a) => a.locked);
ada("v1.accounts.$select.follow", () => [people.bob.id], (a) => a.requested);
bob("v1.notifications.list", none, (a) => a[0].type === "follow_request");
bob("v1.followRequests.list", none, (a) => withIds(a, people.ada.id));
bob("v1.followRequests.$select.authorize", () => [people.ada.id], (a) => a.followedBy);
grace("v1.accounts.$select.follow", () => [people.bob.id], (a) => a.requested);
bob("v1.followRequests.$select.reject", () => [people.grace.id], (a) => !a.followedBy);
grace("v2.notifications.policy.fetch", none, (a) => a.forNotFollowing === "accept");
grace("v2.notifications.policy.update", () => [{ forNotFollowing: "filter" }], (a) => a.forNotFollowing === "filter");
bob("v1.statuses.create", () => [{ status: "@grace one" }], (a) => a.id);
rest.row(
  "v1.notifications.requests.list",
  (path) =>
    eventually(async () => {
      const list = await at(people.grace.client, path, []);
      return list.length && list;
    }),
  (a) => (ids.request = a[0].id) && a[0].account.id === people.bob.id,
);
grace("v1.notifications.requests.$select.fetch", () => [ids.request], (a) => a.lastStatus && Number(a.notificationsCount) === 1);
grace("v1.notifications.requests.$select.dismiss", () => [ids.request]);
grace("v1.notifications.requests.dismiss", () => [{ id: [ids.request] }]);
grace("v1.notifications.requests.accept", () => [{ id: [ids.request] }]);
bob("v1.statuses.create", () => [{ status: "@grace two" }], (a) => a.id);
grace("v1.notifications.requests.merged.fetch", none, (a) => a.merged === true);
test("somebody is held back again", async () => {
  await people.grace.client.v2.notifications.policy.update({ forNotFollowing: "accept", forNotFollowers: "filter" });
  await people.ada.client.v2.notifications.policy.update({ forNotFollowing: "filter" });
  await people.ada.client.v1.accounts.$select(people.bob.id).unfollow();
  await people.bob.client.v1.statuses.create({ status: "@ada three" });
  const [request] = await eventually(async () => {
    const list = await people.ada.client.v1.notifications.requests.list();
    return list.length && list;
  });
  ids.request = request.id;
});
ada("v1.notifications.requests.$select.accept", () => [ids.request]);
ada("v1.notifications.list", () => [{ limit: 40 }], (a) => ["mention", "favourite", "reblog", "follow", "quote"].every((type) => a.some((each) => each.type === type)) && (ids.told = a[0].id));
ada("v1.notifications.fetch", () => [{ types: ["mention"] }], (a) => a.every((each) => each.type === "mention"));
ada("v1.notifications.$select.fetch", () => [ids.told], (a) => a.id === ids.told);
ada("v1.notifications.unreadCount.fetch", none, (a) => a.count > 0);
ada("v2.notifications.unreadCount.fetch", none, (a) => a.count > 0);
ada("v2.notifications.list", () => [{ expandAccounts: "full" }], (a) => (ids.group = a.notificationGroups[0].groupKey));
ada("v2.notifications.list", () => [{ expandAccounts: "partial_avatars" }], (a) => a.notificationGroups.length > 0);
ada("v2.notifications.$select.fetch", () => [ids.group], (a) => a.notificationGroups[0].groupKey === ids.group);
ada("v2.notifications.$select.accounts.fetch", () => [ids.group], (a) => a.length > 0);
ada("v1.notifications.$select.dismiss", () => [ids.told]);
ada("v2.notifications.$select.dismiss", () => [ids.group]);
grace("v1.notifications.list", none, Array.isArray);
bob("v1.notifications.clear", none);
grace("v1.statuses.create", () => [{ status: "@ada psst", visibility: "direct" }], (a) => a.visibility === "direct");
rest.row(
  "v1.conversations.list",
  (path) =>
    eventually(async () => {
      const list = await at(people.ada.client, path, []);
      return list.length && list;
    }),
  (a) => (ids.talk = a[0].id) && a[0].unread,
);
ada("v1.conversations.$select.read", () => [ids.talk], (a) => !a.unread);
ada("v1.conversations.$select.unread", () => [ids.talk], (a) => a.unread);
ada("v1.timelines.direct.list", none, (a) => a.length > 0);
ada("v1.conversations.$select.remove", () => [ids.talk]);
ada("v1.accounts.$select.mute", () => [people.bob.id, { notifications: true, duration: 3600 }], (a) => a.muting && a.mutingNotifications);
ada("v1.mutes.list", none, (a) => withIds(a, people.bob.id) && a[0].muteExpiresAt);
ada("v1.accounts.$select.unmute", () => [people.bob.id], (a) => !a.muting);
ada("v1.accounts.$select.removeFromFollowers", () => [people.bob.id]);
ada("v1.accounts.$select.block", () => [people.bob.id], (a) => a.blocking);
ada("v1.blocks.list", none, (a) => withIds(a, people.bob.id));
ada("v1.accounts.$select.unblock", () => [people.bob.id], (a) => !a.blocking);
ada("v1.domainBlocks.create", () => [{ domain: "noise.example" }]);
ada("v1.domainBlocks.list", none, (a) => a.includes("noise.example"));
ada("v1.domainBlocks.remove", () => [{ domain: "noise.example" }]);
grace("v1.reports.create", () => [{ accountId: people.bob.id, statusIds: [], comment: "loud", category: "spam" }], (a) => (ids.report = a.id) && a.targetAccount.id === people.bob.id);

// Announcements, collections, the year, push.
rest.row("v1.announcements.list", (path) => at(people.ada.client, path, []), (a) => (ids.announcement = a[0].id) && a[0].emojis.length === 1);
ada("v1.announcements.$select.reactions.$select.update", () => [ids.announcement, "gear"]);
ada("v1.announcements.list", none, (a) => a[0].reactions[0].me);
ada("v1.announcements.$select.reactions.$select.remove", () => [ids.announcement, "gear"]);
ada("v1.announcements.$select.dismiss", () => [ids.announcement]);
ada("v1.collections.create", () => [{ name: "Engines", description: "Who builds them", language: "en", sensitive: false, discoverable: true, accountIds: [people.grace.id] }], (a) => (ids.collection = a.collection.id) && a.collection.itemCount === 1);
ada("v1.collections.$select.fetch", () => [ids.collection], (a) => a.collection.name === "Engines" && a.accounts.length > 0 && (ids.item = a.collection.items[0].id));
ada("v1.collections.$select.update", () => [ids.collection, { name: "Machines", tagName: "harbour" }], (a) => a.collection.name === "Machines");
ada("v1.collections.$select.items.create", () => [ids.collection, { accountId: people.bob.id }], (a) => (ids.second = a.collectionItem.id));
ada("v1.accounts.$select.collections.list", () => [people.ada.id], (a) => withIds(a.collections, ids.collection));
grace("v1.accounts.$select.inCollections.list", () => [people.grace.id], (a) => withIds(a.collections, ids.collection));
grace("v1.collections.$select.items.$select.revoke", () => [ids.collection, ids.item]);
ada("v1.collections.$select.items.$select.remove", () => [ids.collection, ids.second]);
ada("v1.collections.$select.remove", () => [ids.collection]);
ada("v1.annualReports.list", none, (a) => a.annualReports.length === 0);
ada("v1.annualReports.$select.state.fetch", () => ["2025"], (a) => a.state === "ineligible");
ada("v1.annualReports.$select.generate", () => ["2025"]);
for (const verb of ["fetch", "read"]) {
  rest.refused(`v1.annualReports.$select.${verb}`, 404, "nobody gets a report on their year", (path) => at(people.ada.client, path, ["2025"]));
}
const keys = () => {
  const ecdh = createECDH("prime256v1");
  return { p256dh: ecdh.generateKeys("base64url"), auth: randomBytes(16).toString("base64url") };
};
ada("v1.push.subscription.create", () => [{ subscription: { endpoint: "https://push.example/1", keys: keys() }, data: { alerts: { mention: true } }, policy: "all" }], (a) => a.alerts.mention);
ada("v1.push.subscription.fetch", none, (a) => a.endpoint === "https://push.example/1" && a.serverKey);
ada("v1.push.subscription.update", () => [{ data: { alerts: { mention: false, follow: true } } }], (a) => a.alerts.follow && !a.alerts.mention);
ada("v1.push.subscription.remove", none);

// Staff.
ada("v1.admin.accounts.list", () => [{ local: true }], (a) => withIds(a, people.ada.id, people.bob.id));
ada("v1.admin.accounts.$select.fetch", () => [people.bob.id], (a) => a.username === "bob" && a.confirmed);
for (const [type, undo, field] of [
  ["silence", "unsilence", "silenced"],
  ["sensitive", "unsensitive", "sensitized"],
  ["disable", "enable", "disabled"],
  ["suspend", "unsuspend", "suspended"],
]) {
  ada("v1.admin.accounts.$select.action.create", () => [people.bob.id, { type, text: "for the test" }]);
  ada("v1.admin.accounts.$select.fetch", () => [people.bob.id], (a) => a[field]);
  ada(`v1.admin.accounts.$select.${undo}`, () => [people.bob.id], (a) => !a[field]);
}
ada("v1.admin.emailDomainBlocks.create", () => [{ domain: "asks.example", allowWithApproval: true }], (a) => (ids.block = a.id));
ada("v1.admin.emailDomainBlocks.list", none, (a) => withIds(a, ids.block));
ada("v1.admin.emailDomainBlocks.$select.fetch", () => [ids.block], (a) => a.domain === "asks.example");
const joins = (name) =>
  rest.row(
    "v1.accounts.create",
    async () => {
      const { accessToken } = await createOAuthAPIClient({ url: node.url }).token.create({
        grantType: "client_credentials",
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        redirectUri: OUT_OF_BAND,
        scope: "read write",
      });
      const client = createRestAPIClient({ url: node.url, accessToken });
      const token = await client.v1.accounts.create({
        username: name,
        email: `${name}@asks.example`,
        password: PASSWORD,
        agreement: true,
        locale: "en",
        reason: "I work here",
      });
      people[name] = { token: token.accessToken, client: createRestAPIClient({ url: node.url, accessToken: token.accessToken }) };
      return token;
    },
    (a) => a.accessToken,
  );
joins("carol");
joins("dave");
rest.refused("v1.emails.confirmations.create", 403, "nobody waits for a mail of a node that sends none", (path) => at(people.carol.client, path, [{}]));
ada("v1.admin.accounts.list", () => [{ pending: true }], (a) => (ids.carol = a.find((each) => each.username === "carol").id) && (ids.dave = a.find((each) => each.username === "dave").id));
ada("v1.admin.accounts.$select.approve", () => [ids.carol], (a) => a.approved);
ada("v1.admin.accounts.$select.reject", () => [ids.dave], (a) => a.username === "dave");
ada("v1.admin.emailDomainBlocks.$select.remove", () => [ids.block]);
ada("v1.admin.canonicalEmailBlocks.create", () => [{ email: "loud@noise.example" }], (a) => (ids.block = a.id));
ada("v1.admin.canonicalEmailBlocks.list", none, (a) => withIds(a, ids.block));
ada("v1.admin.canonicalEmailBlocks.$select.fetch", () => [ids.block], (a) => a.canonicalEmailHash);
ada("v1.admin.canonicalEmailBlocks.test", () => [{ email: "L.oud+1@noise.example" }], (a) => withIds(a, ids.block));
ada("v1.admin.canonicalEmailBlocks.$select.remove", () => [ids.block]);
ada("v1.admin.domainAllows.create", () => [{ domain: "friends.example" }], (a) => (ids.allow = a.id));
ada("v1.admin.domainAllows.list", none, (a) => withIds(a, ids.allow));
ada("v1.admin.domainAllows.$select.fetch", () => [ids.allow], (a) => a.domain === "friends.example");
ada("v1.admin.domainAllows.$select.remove", () => [ids.allow]);
ada("v1.admin.domainBlocks.create", () => [{ domain: "noise.example", severity: "silence", rejectMedia: true, publicComment: "loud" }], (a) => (ids.block = a.id));
ada("v1.admin.domainBlocks.list", none, (a) => withIds(a, ids.block));
ada("v1.admin.domainBlocks.$select.fetch", () => [ids.block], (a) => a.rejectMedia);
ada("v1.admin.domainBlocks.$select.update", () => [ids.block, { severity: "suspend" }], (a) => a.severity === "suspend");
ada("v1.instance.domainBlocks.fetch", none, (a) => a[0].domain === "noise.example");
ada("v1.admin.domainBlocks.$select.remove", () => [ids.block]);
ada("v1.admin.ipBlocks.create", () => [{ ip: "192.0.2.0/24", severity: "sign_up_block", comment: "bots", expiresIn: 3600 }], (a) => (ids.block = a.id));
ada("v1.admin.ipBlocks.list", none, (a) => withIds(a, ids.block));
ada("v1.admin.ipBlocks.$select.fetch", () => [ids.block], (a) => a.ip === "192.0.2.0/24");
ada("v1.admin.ipBlocks.$select.update", () => [ids.block, { severity: "no_access", comment: "all" }], (a) => a.severity === "no_access");
ada("v1.admin.ipBlocks.$select.remove", () => [ids.block]);
// What staff did about bob closed it.
ada("v1.admin.reports.list", () => [{ resolved: true }], (a) => withIds(a, ids.report));
ada("v1.admin.reports.$select.fetch", () => [ids.report], (a) => a.comment === "loud");
ada("v1.admin.reports.$select.assignToSelf", () => [ids.report], (a) => a.assignedAccount.id === people.ada.id);
ada("v1.admin.reports.$select.unassign", () => [ids.report], (a) => !a.assignedAccount);
ada("v1.admin.reports.$select.resolve", () => [ids.report], (a) => a.actionTaken);
ada("v1.admin.reports.$select.reopen", () => [ids.report], (a) => !a.actionTaken);
const span = () => ({ startAt: new Date(Date.now() - 3 * 86_400_000).toISOString(), endAt: new Date().toISOString() });
ada("v1.admin.measures.create", () => [{ keys: ["active_users", "new_users", "interactions", "opened_reports", "resolved_reports", "instance_accounts"], instanceAccounts: { domain: "noise.example" }, ...span() }], (a) => a.length === 6);
ada("v1.admin.dimensions.create", () => [{ keys: ["languages", "sources", "servers", "space_usage", "software_versions"], limit: 5, ...span() }], (a) => a.length === 5);
ada("v1.admin.retention.create", () => [{ frequency: "day", ...span() }], (a) => a.length > 0);
for (const kind of ["links", "links.publishers"]) {
  ada(`v1.admin.trends.${kind}.list`, none, Array.isArray);
  for (const verb of ["approve", "reject"]) {
    const reason = "no page on a machine without a name of its own gets a card, and so none trends";
    rest.refused(`v1.admin.trends.${kind}.$select.${verb}`, 404, reason, (path) => at(people.ada.client, path, ["1"]));
  }
}
ada("v1.admin.trends.tags.list", none, (a) => a[0].name === "harbour" && (ids.tag = a[0].id));
ada("v1.admin.trends.tags.$select.reject", () => [ids.tag], (a) => !a.requiresReview && !a.trendable);
ada("v1.admin.trends.tags.$select.approve", () => [ids.tag], (a) => a.trendable);
ada("v1.admin.trends.statuses.list", none, Array.isArray);
ada("v1.admin.trends.statuses.$select.reject", () => [ids.post], (a) => a.id === ids.post);
ada("v1.admin.trends.statuses.$select.approve", () => [ids.post], (a) => a.id === ids.post);

const of = (keys, by) => Object.fromEntries(keys.map((key) => [key, by]));
const byTag = () => of(["tagAccounts", "tagUses", "tagServers", "tagLanguages"], { id: ids.tag });
const byDomain = of(["instanceAccounts", "instanceMediaAttachments", "instanceReports", "instanceStatuses", "instanceFollows", "instanceFollowers", "instanceLanguages"], { domain: "far.example" });
const MEASURES = ["tag_accounts", "tag_uses", "tag_servers", "instance_accounts", "instance_media_attachments", "instance_reports", "instance_statuses", "instance_follows", "instance_followers"];
ada("v1.admin.measures.create", () => [{ keys: MEASURES, ...byTag(), ...byDomain, ...span() }], (a) => a.length === MEASURES.length);
const DIMENSIONS = ["tag_servers", "tag_languages", "instance_accounts", "instance_languages"];
ada("v1.admin.dimensions.create", () => [{ keys: DIMENSIONS, limit: 5, ...byTag(), ...byDomain, ...span() }], (a) => a.length === DIMENSIONS.length);

// What is taken back.
grace("v1.statuses.$select.unfavourite", () => [ids.post], (a) => !a.favourited);
grace("v1.statuses.$select.unbookmark", () => [ids.post], (a) => !a.bookmarked);
grace("v1.statuses.$select.unreblog", () => [ids.post], (a) => !a.reblogged);
ada("v1.statuses.$select.remove", () => [ids.asked], (a) => a.text === "Which?");
ada("v1.accounts.$select.unfollow", () => [people.grace.id], (a) => !a.following);
ada("v1.lists.$select.remove", () => [ids.list]);
rest.complete();

// The other two clients of the library.
const oauth = walk(types("oauth/client.d.ts"), "Client");
oauth.row("token.create", () => createOAuthAPIClient({ url: node.url }).token.create({ grantType: "client_credentials", clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: OUT_OF_BAND, scope: "read" }), (a) => (ids.token = a.accessToken));
oauth.row("revoke", () => createOAuthAPIClient({ url: node.url }).revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token: ids.token }));
oauth.complete();

const events = published(types("streaming/event.d.ts"), "Event");
const streams = walk(types("streaming/client.d.ts"), "Client", {
  told: { of: "Subscription", ...events },
  loose: [
    [/application is missing/, "of boosts, and of what is for few"],
    [/tags\[\d+\]\.id is missing/, "the hashtags of a status have name and address"],
    [/featureApproval\.current_user is missing/, "the library reads every key in camel case, this one too"],
  ],
});
let streaming;
const writes = (name, parameters) => () => people[name].client.v1.statuses.create(parameters());
const tagged = writes("ada", () => ({ status: "Live #harbour" }));
const plain = writes("ada", () => ({ status: "Live" }));
const withMedia = async () => {
  const media = await people.ada.client.v1.media.create({ file: picture() });
  return people.ada.client.v1.statuses.create({ status: "Live", mediaIds: [media.id] });
};
streams.row("prepare", () => {
  streaming = createStreamingAPIClient({
    streamingApiUrl: node.url.replace("http", "ws"),
    accessToken: people.grace.token,
    implementation: WebSocket,
  });
  return streaming.prepare();
});
/** Subscribes, has something happen until it is told of, and answers what was told. */
const heard = (path, happens, parameters = () => []) =>
  streams.row(
    path,
    async () => {
      const subscription = at(streaming, path, parameters());
      const told = subscription[Symbol.asyncIterator]().next();
      let event;
      void told.then(({ value }) => (event = value));
      const end = Date.now() + 20_000;
      while (!event && Date.now() < end) {
        await happens();
        await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 1000))]);
      }
      subscription.unsubscribe();
      return event;
    },
    (a) => a.stream.length > 0,
  );
heard("user.subscribe", plain);
heard("user.notification.subscribe", writes("ada", () => ({ status: "@grace live" })));
heard("public.subscribe", plain);
heard("public.local.subscribe", plain);
heard("public.media.subscribe", withMedia);
heard("public.local.media.subscribe", withMedia);
heard("hashtag.subscribe", tagged, () => [{ tag: "harbour" }]);
heard("hashtag.local.subscribe", tagged, () => [{ tag: "harbour" }]);
heard("direct.subscribe", writes("ada", () => ({ status: "@grace psst", visibility: "direct" })));
test("grace has a list with ada in it", async () => {
  const { v1 } = people.grace.client;
  ids.list = (await v1.lists.create({ title: "Team" })).id;
  await v1.lists.$select(ids.list).accounts.create({ accountIds: [people.ada.id] });
});
heard("list.subscribe", plain, () => [{ list: ids.list }]);
for (const path of ["public.remote.subscribe", "public.remote.media.subscribe"]) {
  streams.without(path, "nobody of another server writes in this walk; the streams are held to the same rules in the tests of the node");
}
streams.row("close", () => streaming.close());
streams.complete();

test("the log of all this holds nothing that was written, and nobody's secrets", () => {
  const log = node.log();
  assert.ok(log.includes("accounts/verify_credentials"), "the log says what was asked for");
  for (const secret of [PASSWORD, "@example.org", "@asks.example", "Hello @grace", "psst", app.clientSecret, ...Object.values(people).map(({ token }) => token)]) {
    assert.ok(!log.includes(secret), `the log holds ${secret}`);
  }
});
