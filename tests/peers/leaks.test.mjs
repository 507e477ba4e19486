// What is for the site or for the organisation is not there for anybody else. Three servers of other software look on: one
// outside, one that the charter lists, and one that it lists as closed. They follow, ask at every door, and keep every byte;
// at the end all of it is searched for words and addresses that only the posts have. A post for everybody goes the same
// ways, and is found: nothing is proven by a door that is shut.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { after, before, test } from "node:test";
import * as vocab from "@fedify/vocab";
import { freePort, startNode } from "../clients/node.mjs";
import { escaped, fetched } from "./network.mjs";
import { CAVAGE, PUBLIC, RFC9421, startPeer, TYPE } from "./peer.mjs";
import { entry, eventually, signIn } from "./world.mjs";

const TAG = "leaktest";
const word = (kind) => `${kind}${randomBytes(6).toString("hex")}`;
const OPEN = word("open");
const ORG = word("org");
const SITE = word("site");

let hq, lyon, oslo, out, listed, closed;
let ada, ben, lea, olaf;
/** A project of ada that everybody follows. */
let project;
/** A page elsewhere that posts link to. */
let page;
/** The polls in which somebody inside voted. */
const voted = new Set();
const streams = [];
/** The posts by audience, each with what became of it. */
const posts = { open: [], organisation: [], site: [] };
/** Numbers of what strangers must not hear of, by audience; they are in the addresses too. */
const secrets = { organisation: new Set(), site: new Set() };

/** Everything that comes back on a connection that stays open: a stream without a token. */
function listen(node, path, headers = {}) {
  const heard = { path, status: 0, text: "" };
  const asked = request(`${node.url}${path}`, { headers });
  const keep = (from) => from.on("data", (bytes) => (heard.text += bytes.toString("latin1"))).on("error", () => {});
  asked.on("response", (response) => {
    heard.status = response.statusCode;
    keep(response);
  });
  asked.on("upgrade", (response, socket, head) => {
    heard.status = response.statusCode;
    heard.text += head.toString("latin1");
    keep(socket);
  });
  asked.on("error", () => {});
  asked.end();
  streams.push({ heard, stop: () => asked.destroy() });
}

before(async () => {
  [out, listed, closed] = await Promise.all([
    startPeer("out", ["olga"], { format: CAVAGE }),
    startPeer("listed", ["lisa"], { format: RFC9421 }),
    startPeer("closed", ["carl"], { format: CAVAGE }),
  ]);
  const ports = [await freePort(), await freePort(), await freePort()];
  // Reads without a signature are allowed and pages are public, so that no other door hides this one.
  const settings = (others) => `[federation]\nauthorized_fetch = "off"\n${others.map(entry).join("")}`;
  hq = await startNode(["ada", "ben"], { host: "hq.localhost", port: ports[0], settings: settings([out, listed, closed]) });
  lyon = await startNode(["lea"], { host: "lyon.localhost", port: ports[1], settings: settings([out, listed, closed]) });
  oslo = await startNode(["olaf"], { host: "oslo.localhost", port: ports[2], settings: settings([out, listed, closed]) });
  const here = ["--address", "127.0.0.0/8"];
  await hq.verb(["org", "init", "--name", "Example", "--department", "HQ", ...here, "--rule", "open_allowed=true"]);
  for (const [node, department] of [[lyon, "Lyon"], [oslo, "Oslo"]]) {
    const { code } = await hq.verb(["org", "invite", "--domain", node.domain, "--department", department, "--http", ...here]);
    await node.verb(["org", "join", code]);
  }
  for (const [peer, mark] of [[listed, []], [closed, ["--closed"]]]) {
    const actor = [...peer.people.values()][0].id;
    await hq.verb(["org", "add", peer.authority, "--department", peer.host, "--actor", actor, ...here, ...mark]);
  }
  const version = (await hq.verb(["org", "show"])).version;
  for (const node of [lyon, oslo]) await eventually(async () => (await node.verb(["org", "show"])).version === version, 60);

  [ada, ben] = [await signIn(hq, "ada"), await signIn(hq, "ben")];
  [lea, olaf] = [await signIn(lyon, "lea"), await signIn(oslo, "olaf")];
  for (const away of [lea, olaf]) await away.follows(ada);
  await ben.post(`/api/v1/accounts/${(await ben.finds("ada")).id}/follow`);
  for (const peer of [out, listed, closed]) {
    const [person] = peer.people.values();
    for (const { id } of [ada, ben, lea, olaf]) {
      await person.follow(id);
      await eventually(() => person.following.has(id), 60);
    }
  }
  page = `${out.url}/news`;
  out.pages.set("/news", "<!doctype html><title>News</title><p>of glue");
  const made = await ada.post("/api/watercooler/v1/projects", { name: "Quiet bearing", purpose: "Bearings that nobody hears", publish: true });
  project = await ada.get(`/api/v1/accounts/${made.id}`);
  for (const peer of [out, listed, closed]) {
    const [person] = peer.people.values();
    await person.follow(project.uri);
    await eventually(() => person.following.has(project.uri), 60);
  }
  const key = randomBytes(16).toString("base64");
  const socket = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": key };
  for (const node of [hq, lyon, oslo]) {
    for (const stream of ["public", "public/local", "public/remote", `hashtag?tag=${TAG}`, "user"]) listen(node, `/api/v1/streaming/${stream}`);
    for (const stream of ["public", "public:local", `hashtag&tag=${TAG}`]) listen(node, `/api/v1/streaming?stream=${stream}`, socket);
  }
});
after(async () => {
  for (const { stop } of streams) stop();
  for (const peer of [out, listed, closed]) await peer?.stop();
  await hq?.stop();
  await lyon?.stop();
  await oslo?.stop();
});

const strangers = () => [out, listed];
/** What must not be heard of any more, and what may be. */
function made(audience, status) {
  posts[audience].push(status);
  secrets[audience]?.add(status.id);
  return status;
}
/** The posts that ada wrote, without what others made of them. */
const written = (...audiences) =>
  audiences.flatMap((audience) => posts[audience].filter(({ account, isBoost }) => account.acct === "ada" && !isBoost));
/** Once this has arrived, everything that its author said before has. */
async function settled() {
  for (const author of [ada, ben]) {
    const probe = word("probe");
    await author.writes(`!open ${probe}`);
    for (const peer of [out, listed, closed]) await eventually(() => peer.received.some(({ body }) => body.includes(probe)), 60);
  }
  for (const author of [lea, olaf]) {
    const probe = word("probe");
    await author.writes(`!open ${probe}`);
    for (const peer of [out, listed, closed]) await eventually(() => peer.received.some(({ body }) => body.includes(probe)), 60);
  }
}
/** All that a peer was sent. */
const sentTo = (peer) => peer.received.map(({ path, body }) => `${path} ${body}`).join("\n");

test("a post goes as far as its author says, and no further", async () => {
  const [carl] = closed.people.values();
  made("open", await ada.writes(`!open ${OPEN} #${TAG}`));
  made("site", await ada.writes(`!site ${SITE} #${TAG}`));
  made("site", await ada.writes(`${SITE} by parameter #${TAG}`, { local_only: true }));
  made("site", await ada.writes(`!site ${SITE} unlisted`, { visibility: "unlisted" }));
  made("site", await ada.writes(`!site ${SITE} for followers`, { visibility: "private" }));
  made("site", await ada.writes(`!site ${SITE} to @${carl.handle}`));
  made("site", await ada.writes(`!site ${SITE} which?`, { poll: { options: [SITE, "no"], expires_in: 3600 } }));
  made("organisation", await ada.writes(`${ORG} #${TAG}`));
  made("organisation", await ada.writes(`${ORG} unlisted`, { visibility: "unlisted" }));
  made("organisation", await ada.writes(`${ORG} which?`, { poll: { options: [ORG, "no"], expires_in: 3600 } }));
  // Naming somebody who is too far away is refused, or the name is only a name.
  for (const peer of strangers()) {
    const [person] = peer.people.values();
    const { status, body } = await ada.ask("POST", "/api/v1/statuses", { status: `${ORG} to @${person.handle}` });
    if (status === 200) made("organisation", body);
    else assert.equal(status, 422, JSON.stringify(body));
  }
  assert.equal(posts.site[0].local_only, true);
  for (const audience of Object.keys(posts)) for (const post of posts[audience]) assert.equal(post.audience, audience, post.content);
  assert.ok(!posts.site[0].content.includes("!site") && !posts.open[0].content.includes("!open"), "the word itself does not appear");

  for (const away of [lea, olaf]) {
    await away.sees(posts.organisation[0].uri);
    await away.sees(posts.open[0].uri);
  }
  await settled();
  for (const peer of [out, listed, closed]) {
    assert.ok(sentTo(peer).includes(OPEN), `${peer.host} has what is for everybody`);
    assert.equal(sentTo(peer).includes(ORG), peer === closed, `${peer.host}: what is for the organisation`);
    assert.ok(!sentTo(peer).includes(SITE), `${peer.host}: what is for the site`);
  }
  for (const away of [lea, olaf]) assert.ok(!(await away.home()).some((status) => JSON.stringify(status).includes(SITE)));
});

test("boosts, answers, edits and pins go no further than their post", async () => {
  for (const [audience, mark] of [["open", "!open "], ["organisation", ""], ["site", ""]]) {
    for (const post of [...posts[audience]]) {
      const kind = { open: OPEN, organisation: ORG, site: SITE }[audience];
      if (post.visibility !== "private") {
        const boost = await ben.post(`/api/v1/statuses/${post.id}/reblog`);
        made(audience, { ...boost, isBoost: true });
      }
      // What is answered decides, whatever stands at the start of the answer.
      for (const start of new Set([mark, "!open "])) {
        const { status, body } = await ben.ask("POST", "/api/v1/statuses", { status: `${start}${kind} answered`, in_reply_to_id: post.id });
        if (status === 200) made(audience, body);
        else assert.equal(status, 422, JSON.stringify(body));
      }
      await ada.post(`/api/v1/statuses/${post.id}/pin`).catch(() => {}); // five at most
      if (!post.poll) {
        const names = strangers().map((peer) => `@${[...peer.people.values()][0].handle}`);
        const { status } = await ada.ask("PUT", `/api/v1/statuses/${post.id}`, { status: `${kind} edited for ${names.join(" ")} #${TAG}` });
        assert.ok(status === 200 || status === 422, `${status}`);
        await ada.put(`/api/v1/statuses/${post.id}`, { status: `${kind} edited #${TAG}` });
      }
      await ben.post(`/api/v1/statuses/${post.id}/favourite`);
    }
  }
  for (const audience of ["open", "organisation"]) {
    const [post] = posts[audience];
    const kind = audience === "open" ? OPEN : ORG;
    for (const [away, where] of [[lea, "lyon"], [olaf, "oslo"]]) {
      const copy = await away.sees(post.uri);
      made(audience, { ...(await away.post(`/api/v1/statuses/${copy.id}/reblog`)), isBoost: true });
      const answer = await away.ask("POST", "/api/v1/statuses", { status: `!open ${kind} from ${where}`, in_reply_to_id: copy.id });
      if (answer.status === 200) made(audience, answer.body);
      secrets[audience]?.add(copy.id);
    }
  }
  await settled();
  const texts = (peer) => peer.received.filter(({ body }) => body.includes(OPEN)).map(({ body }) => JSON.parse(body));
  for (const peer of [out, listed, closed]) {
    const seen = texts(peer);
    for (const what of ["answered", "edited", "from lyon", "from oslo"]) {
      assert.ok(seen.some(({ object }) => object.content?.includes(what)), `${peer.host}: ${what} of what is open`);
    }
    assert.ok(peer.received.some(({ body }) => body.includes('"Announce"') && body.includes(posts.open[0].uri)), peer.host);
  }
});

test("links, questions, projects and votes go no further than their post", async () => {
  for (const [audience, mark, kind] of [["open", "!open ", OPEN], ["organisation", "", ORG], ["site", "!site ", SITE]]) {
    made(audience, await ada.writes(`${mark}${kind} ${page}`));
    made(audience, await ada.writes(`${mark}@${project.acct} ${kind} hums #${TAG}`));
    const question = made(audience, await ada.writes(`${mark}#ask ${kind}? #${TAG}`));
    const answer = made(audience, await ben.writes(`${mark}${kind}, of course`, { in_reply_to_id: question.id }));
    made(audience, await ada.writes(`${mark}@ben ✅`, { in_reply_to_id: answer.id }));
    const poll = made(audience, await ada.writes(`${mark}${kind} or which?`, { poll: { options: [kind, "no"], expires_in: 3600 } }));
    await ben.post(`/api/v1/polls/${poll.poll.id}/votes`, { choices: [0] });
    voted.add(poll.id);
    for (const post of [question, answer, poll]) assert.equal(post.audience, audience, post.content);
    assert.equal((await ada.get(`/api/v1/statuses/${question.id}`)).audience, audience);
  }
  await settled();
  // What is open goes each of these ways.
  const [hum] = posts.open.filter(({ content }) => content.includes(" hums"));
  const [question, answer] = ["#<span>ask</span>", ", of course"].map((text) => posts.open.find(({ content }) => content.includes(text)));
  for (const peer of [out, listed, closed]) {
    const sent = peer.received.filter(({ body }) => body).map(({ body }) => JSON.parse(body));
    assert.ok(sent.some(({ type, actor, object }) => type === "Announce" && actor === project.uri && object === hum.uri), peer.host);
    const ends = ({ type, object }) => type === "Update" && object.id === question.uri && object.acceptedAnswer === answer.uri;
    assert.ok(await eventually(() => peer.received.some(({ body }) => body && ends(JSON.parse(body))), 60), peer.host);
  }
});

test("knowing the address helps nobody: likes, boosts, answers and votes from outside are about nothing", async () => {
  for (const peer of strangers()) {
    const [person] = peer.people.values();
    for (const post of written("site", "organisation")) {
      const object = new URL(post.uri);
      const tos = [PUBLIC, new URL(ada.id)];
      await person.send(person.activity("Like", { object, tos }), ada.id);
      await person.send(person.activity("Announce", { object, tos }), ada.id);
      const note = person.note("<p>I know of it</p>", { mentions: [ada, ben], replyTarget: object });
      await person.send(person.about("Create", note), [ada.id, ben.id]);
      if (!post.poll) continue;
      const vote = new vocab.Note({ id: person.newId("votes"), name: "no", attribution: person.uri, to: new URL(ada.id), replyTarget: object });
      await person.send(person.activity("Create", { object: vote, to: new URL(ada.id) }), ada.id);
    }
    // Taken after all of that.
    const last = person.note("<p>@ada and that is all I know</p>", { visibility: "direct", mentions: [ada] });
    await person.send(person.about("Create", last), ada.id);
    await ada.told("mention", ({ status }) => status.uri === last.id.href);
  }
  await settled();
  for (const post of written("site", "organisation")) {
    const now = await ada.get(`/api/v1/statuses/${post.id}`);
    assert.equal(now.poll?.votes_count ?? 0, voted.has(post.id) ? 1 : 0);
    for (const list of ["favourited_by", "reblogged_by"]) {
      const by = await ada.get(`/api/v1/statuses/${post.id}/${list}`);
      assert.deepEqual(by.map(({ acct }) => acct).filter((acct) => strangers().some((peer) => acct.endsWith(peer.authority))), [], list);
    }
  }
});

/** A token of an app that nobody signed in to. */
async function appToken(node) {
  const ask = async (path, form) => (await fetch(`${node.url}${path}`, { method: "POST", body: new URLSearchParams(form) })).json();
  const uri = "urn:ietf:wg:oauth:2.0:oob";
  const app = await ask("/api/v1/apps", { client_name: "Stranger", redirect_uris: uri, scopes: "read" });
  const { client_id, client_secret } = app;
  const token = await ask("/oauth/token", { grant_type: "client_credentials", client_id, client_secret, redirect_uri: uri, scope: "read" });
  assert.ok(token.access_token, JSON.stringify(token));
  return token.access_token;
}

/** The number of a post that there never was. */
const NEVER = "117682463689109022";
/** The doors of each post by its number. */
const OF_A_POST = [
  ["/users/ada/statuses/", ["", "/activity", "/replies", "/replies?page=true", "/likes", "/shares"]],
  ["/@ada/", ["", "/embed", ".json", ".rss"]],
  ["/api/v1/statuses/", ["", "/context", "/history", "/source", "/reblogged_by", "/favourited_by", "/card"]],
  ["/api/v1/statuses?id[]=", [""]],
  ["/api/watercooler/v1/statuses/", ["/delivery"]],
  ["/activities/", [""]],
];

/** Those that are the same on every node. */
const pages = () => [
  ...["/", "/inbox", "/actor", "/actor/outbox", "/answers", `/answers/${TAG}`, "/projects", "/public", "/explore", "/sitemap.xml", `/tags/${TAG}`, `/tags/${TAG}.rss`],
  ...["/charter", "/charter/directory", "/charter/directory/questions", "/nodeinfo/2.1", "/api/v1/instance", "/api/v2/instance", "/api/v1/instance/activity"],
  ...["public?limit=40", "public?local=true&limit=40", "public?remote=true", "home", `link?url=${encodeURIComponent(page)}`].map((end) => `/api/v1/timelines/${end}`),
  ...["?limit=40", "?local=true", "?all[]=x"].map((end) => `/api/v1/timelines/tag/${TAG}${end}`),
  ...["trends/statuses", "trends/tags", "trends/links", `tags/${TAG}`, "directory"].map((end) => `/api/v1/${end}`),
  ...["announcements", "conversations", "notifications"].map((end) => `/api/v1/${end}`),
];

/** Every address behind which something could be found. */
async function doors(node) {
  const found = new Set(pages());
  const add = (base, ...more) => more.forEach((end) => found.add(base + end));
  for (const [base, ends] of OF_A_POST) add(base + NEVER, ...ends);
  for (const address of [`${node.url}/users/ada/statuses/${NEVER}`, `${node.url}/@ada/${NEVER}`]) add("/api/oembed?url=", encodeURIComponent(address));
  for (const post of [...posts.site, ...posts.organisation, ...posts.open]) {
    const { origin, pathname } = new URL(post.uri);
    const local = origin === node.url;
    if (local) {
      add(pathname.replace(/\/activity$/, ""), "", "/activity", "/replies", "/replies?page=true", "/likes", "/shares", "/context");
      add("/activities/", post.id);
      add("/api/oembed?url=", encodeURIComponent(post.uri));
    }
    const reader = { [lyon.url]: lea, [oslo.url]: olaf }[node.url];
    const id = local ? post.id : reader && (await reader.opens(post.uri))?.id;
    if (!id) continue;
    add(`/api/v1/statuses/${id}`, "", "/context", "/history", "/source", "/reblogged_by", "/favourited_by", "/card");
    add("/api/v1/statuses?id[]=", id);
    add(`/api/watercooler/v1/statuses/${id}`, "/delivery");
    const page = `/@${post.account.acct.split("@")[0]}/${id}`;
    add(page, "", "/embed", ".json", ".rss");
    for (const address of [post.uri, `${node.url}${page}`]) {
      for (const ask of ["/api/oembed?url=", "/.well-known/webfinger?resource=", "/authorize_interaction?uri=", "/api/v2/search?resolve=true&q="]) {
        add(ask, encodeURIComponent(address));
      }
    }
    if (post.poll) add("/api/v1/polls/", post.poll.id);
  }
  for (const api of ["/api/v1/search?q=", "/api/v2/search?q="]) add(api, OPEN, ORG, SITE, TAG);
  for (const { name } of [ada, ben, lea, olaf].filter((user) => user.node === node)) {
    const { id } = await (await fetch(`${node.url}/api/v1/accounts/lookup?acct=${name}`)).json();
    add(`/users/${name}`, "", "/outbox", "/outbox?page=true", "/followers", "/following", "/projects", "/collections/featured", "/collections/tags");
    add(`/@${name}`, "", ".rss", ".atom", "/feed.rss", "/with_replies", "/media", `/tagged/${TAG}`);
    add(`/api/v1/accounts/${id}`, "", "/featured_tags");
    add(`/api/v1/accounts/${id}/statuses`, "?limit=40", "?pinned=true", "?only_media=true", `?tagged=${TAG}`);
  }
  const group = await (await fetch(`${node.url}/api/v1/accounts/lookup?acct=${project.acct}${node === hq ? "" : `@${hq.domain}`}`)).json();
  if (group.id) add(`/api/v1/accounts/${group.id}`, "", "/statuses?limit=40");
  if (node === hq) {
    add(new URL(project.uri).pathname, "", "/outbox?page=true", "/members", "/moderators", "/collections/featured");
    add(`/@${project.acct}`, "");
  }
  return found;
}

/** Those who are not of the organisation ask at every door; thoroughly: each in every way. */
async function everybodyAsks({ thoroughly }) {
  const answers = new Map();
  const questions = [];
  for (const node of [hq, lyon, oslo]) {
    const ways = [
      [out, { accept: "text/html", signed: false }],
      [out, { format: CAVAGE }],
    ];
    if (thoroughly) {
      ways.push(
        [out, { accept: TYPE, signed: false }],
        [out, { accept: "application/json", signed: false, headers: { authorization: `Bearer ${await appToken(node)}` } }],
        [listed, { format: RFC9421 }],
      );
    }
    for (const path of await doors(node)) {
      for (const [peer, way] of ways) {
        questions.push({ node, path, way, person: [...peer.people.values()][0] });
      }
    }
  }
  const ask = async () => {
    for (let question = questions.pop(); question; question = questions.pop()) {
      const { node, path, way, person } = question;
      const { status, text } = await person.get(`${node.url}${path}`, way);
      assert.ok(status < 500, `${status} ${node.url}${path}`);
      const door = `${node.host}${path}`;
      if (!answers.has(door)) answers.set(door, { statuses: new Set(), isOpen: false });
      answers.get(door).statuses.add(status);
      answers.get(door).isOpen ||= text.includes(OPEN);
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  return answers;
}

/** Each of them is answered for as a post that never was. */
function areNotThere(answers) {
  for (const post of written("site", "organisation")) {
    for (const [base, ends] of OF_A_POST) {
      for (const end of ends) {
        const [itself, never] = [post.id, NEVER].map((id) => answers.get(`${hq.host}${base}${id}${end}`).statuses);
        assert.deepEqual(itself, never, `${base}${post.id}${end} is not there`);
      }
    }
    for (const path of ["/users/ada/statuses/", "/@ada/"]) {
      const embed = (id) => answers.get(`${hq.host}/api/oembed?url=${encodeURIComponent(`${hq.url}${path}${id}`)}`).statuses;
      assert.deepEqual(embed(post.id), embed(NEVER), `${path}${post.id} is not shown by others`);
    }
  }
}

test("no door shows it to a stranger, signed or not, with an app's token or without", async () => {
  const answers = await everybodyAsks({ thoroughly: true });
  areNotThere(answers);
  // And the same doors do show what is open.
  const account = (await ada.get("/api/v1/accounts/lookup?acct=ada")).id;
  const words = ["/@ada", `/@ada/tagged/${TAG}`, `/tags/${TAG}`, "/answers", `/answers/${TAG}`, `/@${project.acct}`, "/users/ada/outbox?page=true"];
  words.push("/users/ada/collections/featured", ...["?limit=40", "?pinned=true", `?tagged=${TAG}`].map((end) => `/api/v1/accounts/${account}/statuses${end}`));
  words.push(...["public?limit=40", "public?local=true&limit=40", `tag/${TAG}?limit=40`, `link?url=${encodeURIComponent(page)}`].map((end) => `/api/v1/timelines/${end}`));
  words.push(`/api/v1/accounts/${project.id}/statuses?limit=40`);
  const shut = words.filter((path) => !answers.get(`${hq.host}${path}`).isOpen);
  // Each post that is for everybody, whatever it is: behind every door that a post has.
  for (const { uri, id, poll, account: { acct }, isBoost } of posts.open.filter(({ uri }) => uri.startsWith(hq.url))) {
    if (isBoost) continue;
    const note = new URL(uri).pathname;
    const ends = ["", "/activity", "/replies", "/replies?page=true", "/likes", "/shares"].map((end) => note + end);
    const api = ["", "/context", "/history", "/reblogged_by", "/favourited_by"].map((end) => `/api/v1/statuses/${id}${end}`);
    const own = [`/@${acct}/${id}`, `/api/oembed?url=${encodeURIComponent(uri)}`, ...(poll ? [`/api/v1/polls/${poll.id}`] : [])];
    shut.push(...[...ends, ...api, ...own].filter((path) => !answers.get(`${hq.host}${path}`).statuses.has(200)));
    // The ✅ below an answer has no word of its own.
    const said = posts.open.find((post) => post.id === id).content.includes(OPEN);
    const shows = [note, `${note}/activity`, `/@${acct}/${id}`, `/api/v1/statuses/${id}`];
    if (said) shut.push(...shows.filter((path) => !answers.get(`${hq.host}${path}`).isOpen));
  }
  assert.deepEqual(shut, [], "these doors show what is open");
  const outbox = await (await fetch(`${project.uri}/outbox?page=true`, { headers: { accept: TYPE } })).json();
  const passed = outbox.orderedItems.filter(({ type }) => type === "Announce").map(({ object }) => object);
  assert.deepEqual(passed, [posts.open.find(({ content }) => content.includes(" hums")).uri]);
  const [carl] = closed.people.values();
  assert.equal((await carl.get(posts.organisation[0].uri)).status, 200, "a closed server of the charter reads what is for the organisation");
  assert.equal((await carl.get(posts.site[0].uri)).status, 404);
});

test("their end is no news either", async () => {
  for (const post of written("site", "organisation", "open")) await ada.delete(`/api/v1/statuses/${post.id}`);
  await settled();
  for (const peer of [out, listed, closed]) {
    const heard = peer.received.filter(({ body }) => body).map(({ body }) => JSON.parse(body));
    const ends = heard.filter(({ type }) => type === "Delete").map(({ object }) => object.id ?? object);
    assert.ok(ends.includes(posts.open[0].uri), peer.host);
    assert.equal(ends.includes(posts.organisation[0].uri), peer === closed, peer.host);
    assert.ok(!ends.includes(posts.site[0].uri), peer.host);
  }
  // What the project passed on ends as it began.
  for (const peer of strangers()) {
    const heard = peer.received.filter(({ body }) => body).map(({ body }) => JSON.parse(body));
    const ends = heard.filter(({ type, object }) => type === "Announce" && object.type === "Delete").map(({ object }) => object.object);
    assert.deepEqual([...new Set(ends)], [posts.open.find(({ content }) => content.includes(" hums")).uri], peer.host);
  }
  const answers = await everybodyAsks({ thoroughly: false });
  areNotThere(answers);
  assert.ok(answers.get(`${hq.host}${new URL(posts.open[0].uri).pathname}`).statuses.has(410), "what was open is known to be gone");
});

test("in all that any stranger ever received or read there is no word of it", () => {
  const [carl] = closed.people.values();
  const bytes = [];
  for (const peer of [out, listed, closed]) {
    for (const { method, path, headers, body } of peer.received) {
      bytes.push({ who: peer.host, what: `${method} ${path}`, asked: "", text: `${path}\n${JSON.stringify(headers)}\n${body}` });
    }
  }
  for (const { url, headers, sent, answer, answered } of fetched) {
    const isCarl = JSON.stringify(headers).includes(carl.id);
    bytes.push({ who: isCarl ? closed.host : "stranger", what: url, asked: `${url} ${sent}`, text: `${answer}\n${JSON.stringify(answered)}` });
  }
  for (const { heard } of streams) bytes.push({ who: "stream", what: `${heard.path} (${heard.status})`, asked: "", text: heard.text });

  assert.ok(bytes.length > 500 && bytes.some(({ text }) => text.includes(OPEN)));
  const leaks = [];
  for (const { who, what, asked, text } of bytes) {
    const words = { site: [SITE, ...secrets.site], organisation: who === closed.host ? [] : [ORG, ...secrets.organisation] };
    for (const [audience, list] of Object.entries(words)) {
      // Who asked for something by its name may be told the name.
      for (const one of list) if (text.includes(one) && !asked.includes(one)) leaks.push(`${audience}: ${who}: ${what}: ${one}`);
    }
  }
  assert.deepEqual(leaks.slice(0, 50), [], `${leaks.length} leaks in ${bytes.length} messages`);
  assert.deepEqual(escaped, []);
});
