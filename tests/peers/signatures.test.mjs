// Who said it: both signature formats, what is wrong with one refused and without effect, proofs, and reads that need one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generateCryptoKeyPair, signObject, verifyObject } from "@fedify/fedify";
import { Create } from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";
import { CAVAGE, RFC9421, TYPE } from "./peer.mjs";
import { both, eventually, startBoth } from "./world.mjs";

const FORMAT = { east: CAVAGE, west: RFC9421 };
let world, ada, inbox;
before(async () => {
  world = await startBoth(["ada"], ["bea", "kit", "lou"], { settings: '[federation]\nauthorized_fetch = "on"\n' });
  ({ ada } = world);
  inbox = `${ada.id}/inbox`;
  for (const peer of world.peers) {
    const bea = peer.person("bea");
    await ada.follows(bea);
    await bea.follow(ada.id);
    await eventually(() => bea.following.has(ada.id), 30);
  }
});
after(() => world?.stop());

const mentions = async (uri) => (await ada.notices("mention")).filter(({ status }) => status.uri === `${uri}`);
const told = (uri) => ada.told("mention", ({ status }) => status.uri === `${uri}`);
/** Something said to ada, as an activity that waits to be sent. */
function said(person, text) {
  const note = person.note(`<p>@ada ${text}</p>`, { visibility: "direct", mentions: [ada] });
  return { note, create: person.about("Create", note) };
}
/** Sends a request with some of it changed; answers status and the word for what is wrong. */
async function spoiled(request, { url = request.url, body, headers = {} } = {}) {
  const kept = Object.entries({ ...Object.fromEntries(request.headers), ...headers }).filter(([, value]) => value !== null);
  const response = await fetch(url, { method: request.method, headers: kept, body: body ?? (await request.text()) });
  const text = await response.text();
  return [response.status, text && JSON.parse(text).error];
}
const hours = (n) => Temporal.Now.instant().add({ hours: n });

both("a letter is taken, again without a second effect", async (host) => {
  const bea = world[host].person("bea");
  const { note, create } = said(bea, "once");
  const letter = await bea.letter(create, inbox);
  assert.deepEqual(await spoiled(letter.clone()), [202, ""]);
  await told(note.id);
  assert.deepEqual(await spoiled(letter.clone()), [202, ""], "the same bytes");
  assert.deepEqual(await spoiled(await bea.letter(create, inbox)), [202, ""], "the same activity");
  assert.deepEqual(await spoiled(await bea.letter(create, `${world.node.url}/inbox`)), [202, ""], "at another door");
  const last = said(bea, "and that was all");
  await spoiled(await bea.letter(last.create, inbox));
  await told(last.note.id);
  assert.equal((await mentions(note.id)).length, 1);
});

both("a letter that proves nothing is refused, says why, and has no effect", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const old = FORMAT[host] === CAVAGE;
  const digest = old ? "digest" : "content-digest";
  const tries = {
    "not signed": [bea, {}, { headers: { signature: null, "signature-input": null } }, ["unsigned"]],
    "another body": [bea, {}, { body: "changed" }, ["digest"]],
    "no digest": [bea, {}, { headers: { [digest]: null } }, ["no_digest", "cover", "signature"]],
    "another digest": [bea, {}, { headers: { [digest]: `${old ? "SHA-256=" : "sha-256=:"}${"A".repeat(43)}=${old ? "" : ":"}` } }, ["digest", "signature"]],
    "another inbox": [bea, { inbox: `${world.node.url}/users/concierge/inbox` }, { url: inbox }, ["signature", "host"]],
    "another date": [bea, {}, { headers: { date: new Date(Date.now() - 60_000).toUTCString() } }, ["signature"]],
    "two hours old": [bea, { currentTime: hours(-2) }, {}, ["stale"]],
    "two hours ahead": [bea, { currentTime: hours(2) }, {}, ["future"]],
    "the key of a neighbour under her name": [bea, { key: { ...bea.rsa, key: kit.rsa.key } }, {}, ["signature"]],
    "a key that nobody has": [bea, { key: { ...bea.rsa, id: new URL(`${bea.id}#other-key`) } }, {}, ["no_key"]],
    "the key of nobody": [bea, { key: { ...bea.rsa, id: new URL(`${world[host].url}/users/nobody#main-key`) } }, {}, ["no_key", "gone"]],
    "a neighbour's letter in her name": [bea, { key: kit.rsa }, {}, ["not_the_actor"]],
  };
  const notes = [];
  for (const [what, [person, options, change, words]] of Object.entries(tries)) {
    const { note, create } = said(person, what);
    notes.push(note);
    const { inbox: door = inbox, ...rest } = options;
    const letter = await person.letter(create, door, rest);
    if (change.body) change.body = (await letter.clone().text()).replace(what, "what she never said");
    const [status, word] = await spoiled(letter, change);
    assert.equal(status, 401, `${what}: ${status} ${word}`);
    assert.ok(words.includes(word), `${what}: ${word}`);
  }
  const genuine = said(bea, "this is really me");
  assert.deepEqual(await spoiled(await bea.letter(genuine.create, inbox)), [202, ""]);
  await told(genuine.note.id);
  for (const note of notes) assert.deepEqual(await mentions(note.id), []);
});

both("a signature that leaves out what matters is none", async (host) => {
  if (FORMAT[host] === CAVAGE) return; // Fedify's own choice of headers cannot be changed there.
  const bea = world[host].person("bea");
  const component = (value) => ({ value, params: {} });
  // Fedify adds the digest by itself.
  for (const components of [["@method"], ["@target-uri"], ["@method", "@authority"], ["@method", "@path"]]) {
    const { create } = said(bea, components.join());
    const letter = await bea.letter(create, inbox, { rfc9421: { components: components.map(component) } });
    assert.deepEqual(await spoiled(letter), [401, "cover"], components.join());
  }
  const least = said(bea, "just enough");
  const components = ["@method", "@target-uri"].map(component);
  assert.deepEqual(await spoiled(await bea.letter(least.create, inbox, { rfc9421: { components } })), [202, ""]);
  await told(least.note.id);
});

both("somebody with a new key is heard, and their old key is worth nothing", async (host) => {
  const lou = world[host].person("lou");
  const first = said(lou, "with the first key");
  assert.deepEqual(await spoiled(await lou.letter(first.create, inbox)), [202, ""]);
  await told(first.note.id);
  const old = lou.rsa;
  Object.assign(lou, { keyName: "second-key", keys: [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), lou.keys[1]] });
  const second = said(lou, "with the second key");
  assert.deepEqual(await spoiled(await lou.letter(second.create, inbox)), [202, ""]);
  await told(second.note.id);
  const third = said(lou, "with the first key again");
  const [status, word] = await spoiled(await lou.letter(third.create, inbox, { key: old }));
  assert.equal(status, 401, word);
});

both("what ours send is signed so that Fedify believes it", async (host) => {
  const peer = world[host];
  const post = await ada.writes(`Signed for ${host}`);
  await peer.gets("Create", (it) => it.object.id === post.uri);
  const { headers, status } = peer.received.find((one) => one.method === "POST" && one.body.includes(`"${post.uri}"`));
  assert.equal(status, 202);
  assert.match(headers.signature, new RegExp(`keyId="${ada.id}#main-key"`));
  const covered = headers.signature.match(/headers="([^"]*)"/)[1].split(" ");
  assert.deepEqual(covered.toSorted(), ["(request-target)", "content-type", "date", "digest", "host"]);
  assert.match(headers.digest, /^SHA-256=/);
  assert.equal(headers["content-type"], TYPE);
  assert.ok(Math.abs(Date.parse(headers.date) - Date.now()) < 60_000);
  assert.deepEqual(peer.refused, []);
});

both("who signs may read, who does not sees a key and nothing else", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ada.writes(`For readers with a name, ${host}`);
  const format = FORMAT[host];
  for (const address of [post.uri, `${post.uri}/activity`, `${ada.id}/outbox`, `${ada.id}/followers`]) {
    assert.equal((await bea.get(address, { format })).status, 200, address);
    const stranger = await bea.get(address, { signed: false });
    assert.ok([401, 403, 404].includes(stranger.status), `${address}: ${stranger.status}`);
    assert.ok(!stranger.text.includes("For readers"));
  }
  const read = await bea.get(post.uri, { format });
  assert.match(read.headers.get("vary"), /signature/i);
  assert.match(read.headers.get("cache-control"), /private|no-store/);
  assert.match(`${(await kit.reads(post.uri)).content}`, /For readers/);
  const bare = JSON.parse((await bea.get(ada.id, { signed: false })).text);
  assert.ok(bare.publicKey.publicKeyPem && bare.inbox);
  assert.ok(!bare.summary && !bare.attachment && !bare.published);
});

both("where the old draft is refused the node reads with RFC 9421", async (host) => {
  const [peer, bea] = [world[host], world[host].person("bea")];
  const note = bea.note("<p>For modern readers</p>", { visibility: "private" });
  peer.refuses = ({ method, headers }) => (method === "GET" && !headers["signature-input"] ? 401 : 0);
  const found = await eventually(() => ada.opens(note.id.href), 30).finally(() => (peer.refuses = null));
  assert.match(found.content, /For modern readers/);
  const reads = peer.received.filter((one) => one.path === note.id.pathname);
  assert.deepEqual(reads.map((one) => [one.status, "signature-input" in one.headers]), [[401, false], [200, true]]);
});

/** Something public by bea, with a proof of hers and carried by somebody of another server. */
async function carried(host, spoil = (text) => text) {
  const other = host === "east" ? "west" : "east";
  const [bea, carrier] = [world[host].person("bea"), world[other].person("bea")];
  const note = bea.note(`<p>Carried from ${host}</p>`);
  const create = await signObject(bea.about("Create", note), bea.ed25519.key, bea.ed25519.id, world[host].context);
  // As Fedify sends what it has proven.
  const json = JSON.stringify(await create.toJsonLd({ contextLoader: world[host].context.contextLoader, format: "compact" }));
  const body = spoil(json.replaceAll('"as:Public"', '"https://www.w3.org/ns/activitystreams#Public"'));
  assert.match(body, /eddsa-jcs-2022/);
  return { note, answer: await spoiled(await carrier.letter(body, `${world.node.url}/inbox`, { spec: FORMAT[other] })) };
}

both("what somebody else carries is not believed with a proof that is wrong", async (host) => {
  const { note, answer } = await carried(host, (text) => text.replace("<p>Carried", "<p>Forged"));
  assert.equal(answer[0], 401);
  const last = said(world[host].person("bea"), "after the forged one");
  await spoiled(await world[host].person("bea").letter(last.create, inbox));
  await told(last.note.id);
  assert.ok(!(await ada.home()).some((status) => status.uri === note.id.href));
});

test("what somebody else carries is believed with a proof of its actor", async () => {
  const { note, answer } = await carried("east");
  assert.equal(answer[0], 202, `${answer}`);
  await ada.sees(note.id);
});

// Fedify covers the address as it has it, with the fragment; refused, it would knock again with the old draft and stay with that.
test("a key is given to who signs for its whole address", async () => {
  const read = await world.west.person("bea").get(`${ada.id}#main-key`, { format: RFC9421 });
  assert.equal(read.status, 200, read.text);
});

both("public activities of ours carry a proof that Fedify believes", async (host) => {
  const peer = world[host];
  const post = await ada.writes(`Proven for ${host}`);
  await peer.gets("Create", (it) => it.object.id === post.uri);
  const { body } = peer.received.find((one) => one.method === "POST" && one.body.includes(`"${post.uri}"`));
  const proven = await verifyObject(Create, JSON.parse(body), peer.context);
  assert.equal(proven?.id?.href, `${post.uri}/activity`);
  assert.equal(await verifyObject(Create, JSON.parse(body.replaceAll("Proven", "Forged")), peer.context), null);
});

both("a delivery is signed by RFC 9421 where the old draft is refused", async (host) => {
  const peer = world[host];
  peer.refuses = ({ method, headers }) => (method === "POST" && !headers["signature-input"] ? 401 : 0);
  const post = await ada.writes(`For modern inboxes, ${host}`);
  await peer.gets("Create", (it) => it.object.id === post.uri).finally(() => (peer.refuses = null));
  const brought = peer.received.filter((one) => one.method === "POST" && one.body.includes(`"${post.uri}"`));
  assert.deepEqual(brought.map((one) => [one.status, "signature-input" in one.headers]).at(-1), [202, true]);
});
