// Finding one another and following, in both directions, with Fedify on the other side.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseNodeInfo } from "@fedify/fedify";
import { escaped, fetched } from "./network.mjs";
import { CAVAGE, RFC9421 } from "./peer.mjs";
import { both, eventually, losesNothing, startBoth } from "./world.mjs";

let world, ada, grace;
before(async () => {
  world = await startBoth(["ada", "grace"], ["bea", "kit"]);
  ({ ada, grace } = world);
  await grace.ask("PATCH", "/api/v1/accounts/update_credentials", { locked: true });
  for (const { people } of world.peers) people.get("kit").asks = true;
});
after(() => world?.stop());

both("each finds the other's people", async (host) => {
  const bea = world[host].person("bea");
  const account = await ada.finds(`@${bea.handle}`);
  assert.equal(account.acct, bea.handle);
  assert.equal(account.display_name, `bea of ${host}`);
  assert.equal(account.uri, bea.id);
  assert.equal(account.locked, false);
  assert.match(account.note, /Of another server/);
  assert.equal((await ada.finds(world[host].person("kit").id)).locked, true);

  const actor = await bea.actor(ada.id);
  assert.equal(actor.preferredUsername, "ada");
  assert.equal(actor.followersId.href, `${ada.id}/followers`);
  assert.equal(actor.endpoints.sharedInbox.href, `${world.node.url}/inbox`);
  assert.equal((await actor.getPublicKey()).ownerId.href, ada.id);
  const multikeys = [];
  for await (const key of actor.getAssertionMethods()) multikeys.push(key);
  assert.deepEqual(multikeys.map((key) => [key.controllerId.href, key.publicKey.algorithm.name]), [[ada.id, "Ed25519"]]);
  const found = await world[host].context.lookupWebFinger(new URL(ada.id));
  assert.equal(found.subject, `acct:${ada.handle}`);
  assert.equal(found.links.find((link) => link.rel === "self").href, ada.id);
  // Fedify asks no private address for NodeInfo, whatever its settings: it is handed the document.
  const { links } = await (await fetch(`${world.node.url}/.well-known/nodeinfo`)).json();
  const document = links.find((link) => link.rel.endsWith("/schema/2.1")).href;
  const info = parseNodeInfo(await (await fetch(document)).json());
  assert.equal(info.software.name, "watercooler");
  assert.deepEqual(info.protocols, ["activitypub"]);
});

both("somebody of ours follows, is accepted, and leaves", async (host) => {
  const bea = world[host].person("bea");
  const id = await ada.follows(bea);
  assert.ok(bea.followers.has(ada.id));
  const { json, recipient } = await world[host].gets("Follow", (it) => it.actor === ada.id);
  assert.equal(recipient, "bea", "to her own inbox");
  assert.ok(json.id.startsWith(`${world.node.url}/activities/`));
  assert.equal(json.object, bea.id);

  await ada.post(`/api/v1/accounts/${id}/unfollow`);
  const undone = await world[host].gets("Undo", (it) => it.actor === ada.id);
  assert.deepEqual([undone.json.object.id, undone.json.object.type, undone.json.object.object], [json.id, "Follow", bea.id]);
  await eventually(() => !bea.followers.has(ada.id));
  assert.equal((await ada.relation(id)).following, false);
});

both("somebody of theirs refuses, then accepts, then ends it", async (host) => {
  const kit = world[host].person("kit");
  const { id } = await ada.finds(kit.handle);
  const asks = async () => {
    const before = kit.asked.length;
    await ada.post(`/api/v1/accounts/${id}/follow`);
    return eventually(() => kit.asked.length > before && kit.asked.at(-1), 30);
  };
  const first = await asks();
  assert.equal((await ada.relation(id)).requested, true);
  await kit.reject(first);
  await eventually(async () => !(await ada.relation(id)).requested, 30);
  assert.equal((await ada.relation(id)).following, false);

  const second = await asks();
  assert.notEqual(second.id.href, first.id.href);
  await kit.accept(second);
  await eventually(async () => (await ada.relation(id)).following, 30);
  await kit.reject(second);
  await eventually(async () => !(await ada.relation(id)).following, 30);
});

both("an answer of somebody else to a request is none", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const { id } = await grace.finds(kit.handle);
  await grace.post(`/api/v1/accounts/${id}/follow`);
  const follow = await eventually(() => kit.asked.find((it) => it.actorId.href === grace.id), 30);
  const forged = bea.activity("Accept", { object: follow, to: follow.actorId });
  assert.equal(await bea.forges(forged, grace.id), 403);
  // Deliveries of one server keep their order: when the next one is there, the forged one has been.
  const probe = bea.note("@grace after it", { visibility: "direct", mentions: [grace] });
  await bea.send(bea.about("Create", probe), grace.id);
  await grace.told("mention", (notice) => notice.status.uri === probe.id.href);
  const relation = await grace.relation(id);
  assert.deepEqual([relation.following, relation.requested], [false, true]);
});

both("somebody of theirs follows, is accepted, and leaves", async (host) => {
  const bea = world[host].person("bea");
  const follow = await bea.follow(ada.id);
  const { json, recipient } = await world[host].gets("Accept", (it) => it.actor === ada.id);
  assert.equal(recipient, "bea");
  assert.ok(json.id.startsWith(world.node.url));
  assert.deepEqual([json.object.id, json.object.actor, json.object.object], [follow.id.href, bea.id, ada.id]);
  await eventually(() => bea.following.has(ada.id));
  const notice = await ada.told("follow", ({ account }) => account.uri === bea.id);
  assert.equal((await ada.relation(notice.account.id)).followed_by, true);

  await bea.undo(follow, ada.id);
  await eventually(async () => !(await ada.relation(notice.account.id)).followed_by, 30);
});

both("an Undo by the id alone does as well", async (host) => {
  const bea = world[host].person("bea");
  const { id } = await ada.finds(bea.handle);
  const follow = await bea.follow(ada.id);
  await eventually(async () => (await ada.relation(id)).followed_by, 30);
  await bea.send(bea.activity("Undo", { object: follow.id, to: new URL(ada.id) }), ada.id);
  await eventually(async () => !(await ada.relation(id)).followed_by, 30);
});

both("somebody of ours lets one in, refuses another, and removes a follower", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const wish = async (person) => {
    await person.follow(grace.id);
    return eventually(async () => (await grace.get("/api/v1/follow_requests")).find(({ uri }) => uri === person.id), 30);
  };
  const first = await wish(bea);
  await grace.told("follow_request", ({ account }) => account.uri === bea.id);
  await grace.post(`/api/v1/follow_requests/${first.id}/authorize`);
  await eventually(() => bea.following.has(grace.id), 30);

  const second = await wish(kit);
  await grace.post(`/api/v1/follow_requests/${second.id}/reject`);
  const refusal = await world[host].gets("Reject", (it) => it.actor === grace.id && it.object.actor === kit.id);
  assert.equal(refusal.recipient, "kit");
  assert.ok(!kit.following.has(grace.id));

  await grace.post(`/api/v1/accounts/${first.id}/remove_from_followers`);
  await eventually(() => !bea.following.has(grace.id), 30);
  assert.equal((await grace.relation(first.id)).followed_by, false);
});

test("nothing that was sent or read is lost in JSON-LD", () => losesNothing(world, ["Accept", "Follow", "Person", "Reject", "Undo"]));

test("each server was spoken with as it speaks, and nothing left this machine", () => {
  for (const [host, format] of [["east", CAVAGE], ["west", RFC9421]]) {
    const { url, errors } = world[host];
    const deliveries = fetched.filter(({ method, sent, status }) => method === "POST" && sent.includes(`"id":"${url}`) && status !== 403);
    assert.ok(deliveries.length > 5);
    for (const one of deliveries) {
      assert.equal(one.status, 202, one.sent);
      assert.equal("signature-input" in one.headers, format === RFC9421, `${host} signs by ${format}: ${one.sent}`);
    }
    assert.deepEqual(errors, []);
    assert.deepEqual(world[host].refused, []);
  }
  assert.deepEqual(escaped, []);
});
