// Blocks, reports, profiles that change, moves and farewells, in both directions.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as vocab from "@fedify/vocab";
import { PUBLIC } from "./peer.mjs";
import { both, eventually, losesNothing, startBoth } from "./world.mjs";

const OTHER = { east: "west", west: "east" };
// Somebody who moves or leaves is gone for the next test: one of each for each server.
const MOVERS = ["mia_east", "mia_west", "leo_east", "leo_west"];
let world, ada, grace;
before(async () => {
  world = await startBoth(["ada", "grace", ...MOVERS], ["bea", "kit", "mia", "leo"]);
  ({ ada, grace } = world);
  for (const peer of world.peers) {
    const bea = peer.person("bea");
    for (const person of ["bea", "mia", "leo"]) await grace.follows(peer.person(person));
    await bea.follow(grace.id);
    await eventually(() => bea.following.has(grace.id), 30);
  }
  // Told after a minute's rest; asked for at the end.
  const changed = await grace.ask("PATCH", "/api/v1/accounts/update_credentials", {
    display_name: "Grace H.",
    fields_attributes: [{ name: "Floor", value: "7" }],
  });
  assert.equal(changed.status, 200);
});
after(() => world?.stop());

/** Something that is taken after everything that this person sent before. */
async function afterwards(person, reader) {
  const note = person.note("<p>and now this</p>", { visibility: "direct", mentions: [reader] });
  await person.send(person.about("Create", note), reader.id, { shared: false });
  await reader.told("mention", ({ status }) => status.uri === note.id.href);
}

both("their block ends both follows and hides nothing but them, until it is lifted", async (host) => {
  const kit = world[host].person("kit");
  const id = await ada.follows(kit);
  await kit.follow(ada.id);
  await eventually(async () => (await ada.relation(id)).followed_by && kit.following.has(ada.id), 30);
  for (const list of [kit.followers, kit.following]) list.delete(ada.id); // as its own server does by itself
  const block = await kit.send(kit.activity("Block", { object: new URL(ada.id), to: new URL(ada.id) }), ada.id, { shared: false });
  await eventually(async () => (await ada.relation(id)).blocked_by, 30);
  const { following, followed_by } = await ada.relation(id);
  assert.deepEqual([following, followed_by], [false, false]);
  await kit.undo(block, ada.id, { shared: false });
  await eventually(async () => !(await ada.relation(id)).blocked_by, 30);
});

both("a block by ours is told, ends both follows, and what the blocked one does has no effect", async (host) => {
  const kit = world[host].person("kit");
  const id = await ada.follows(kit);
  await kit.follow(ada.id);
  await eventually(() => kit.following.has(ada.id), 30);
  const post = await ada.writes(`Before the block, ${host}`);
  await world[host].gets("Create", (it) => it.object.id === post.uri);

  await ada.post(`/api/v1/accounts/${id}/block`);
  const { json, recipient } = await world[host].gets("Block", (it) => it.actor === ada.id);
  assert.deepEqual([json.object, recipient], [kit.id, "kit"]);
  await eventually(() => !kit.following.has(ada.id) && !kit.followers.has(ada.id), 30);

  const said = kit.note("<p>@ada hello?</p>", { visibility: "direct", mentions: [ada] });
  assert.equal(await kit.sends(kit.about("Create", said), ada.id, { shared: false }), 202);
  assert.equal(await kit.sends(kit.activity("Like", { object: new URL(post.uri), to: new URL(ada.id) }), ada.id), 202);
  const wish = await kit.follow(ada.id);
  await world[host].gets("Reject", (it) => it.object.id === wish.id.href);
  await afterwards(kit, grace);
  assert.ok(!(await ada.notices("mention")).some(({ status }) => status.uri === said.id.href));
  assert.equal((await ada.get(`/api/v1/statuses/${post.id}`)).favourites_count, 0);
  assert.equal((await kit.get(post.uri)).status, 404, "a signed read by the blocked one");

  const quiet = await ada.writes(`After the block, ${host}`);
  await ada.post(`/api/v1/accounts/${id}/unblock`);
  const lifted = await world[host].gets("Undo", (it) => it.object.type === "Block" && it.object.object === kit.id);
  assert.equal(lifted.json.object.id, json.id);
  assert.ok(!world[host].inbox.some(({ json }) => json.object?.id === quiet.uri));
});

both("their report reaches staff with the server's name, and not the reported", async (host) => {
  const kit = world[host].person("kit");
  const post = await grace.writes(`Reportable, ${host}`);
  const flag = kit.activity("Flag", { objects: [new URL(grace.id), new URL(post.uri)], content: `spam, says ${host}`, to: new URL(grace.id) });
  assert.equal(await kit.sends(flag, grace.id), 202);
  const report = await eventually(async () => (await world.node.verb(["report", "list"])).find((one) => one.comment === `spam, says ${host}`), 30);
  assert.equal(report.from, world[host].authority);
  assert.match(report.about, /^grace(@|$)/);
  assert.equal(report.posts.length, 1);
  assert.ok(!(await grace.get("/api/v1/notifications?limit=40")).some((notice) => notice.type === "admin.report"));
});

test("a report names its posts so that a script can find them", async () => {
  const reports = await world.node.verb(["report", "list"]);
  assert.deepEqual(reports.flatMap((one) => one.posts).map((id) => typeof id), reports.map(() => "string"));
});

both("a report by ours is forwarded in the node's name, not the person's", async (host) => {
  const bea = world[host].person("bea");
  const note = bea.note("<p>Buy now</p>");
  await bea.send(bea.about("Create", note), "followers");
  const seen = await grace.sees(note.id);
  await grace.post("/api/v1/reports", { account_id: seen.account.id, status_ids: [seen.id], comment: "an advertisement", forward: true });
  const { json, activity } = await world[host].gets("Flag", (it) => JSON.stringify(it.object).includes(note.id.href));
  assert.equal(json.actor, `${world.node.url}/actor`);
  assert.deepEqual(activity.objectIds.map(String), [bea.id, note.id.href]);
  assert.equal(`${activity.content}`, "an advertisement");
  assert.ok(!JSON.stringify(json).includes("grace"));
});

both("their profile changes here when they say so", async (host) => {
  const bea = world[host].person("bea");
  bea.title = `Bea the second of ${host}`;
  bea.summary = "<p>Now in another department</p>";
  await bea.send(bea.activity("Update", { object: await bea.actor(bea.id), to: PUBLIC }), "followers");
  const { id } = await grace.finds(bea.handle);
  await eventually(async () => (await grace.get(`/api/v1/accounts/${id}`)).display_name === bea.title, 30);
  assert.match((await grace.get(`/api/v1/accounts/${id}`)).note, /another department/);
});

both("who follows somebody of theirs goes along when they move, if the new account agrees", async (host) => {
  const [mia, there] = [world[host].person("mia"), world[OTHER[host]].person("kit")];
  const move = () => mia.activity("Move", { object: mia.uri, target: there.uri, to: mia.followersUri });
  await mia.send(move(), "followers");
  await afterwards(mia, grace);
  assert.ok(!there.followers.has(grace.id), "no alias, no move");
  there.aliases = [mia.uri];
  mia.successor = there.uri;
  await mia.send(move(), "followers");
  await eventually(() => there.followers.has(grace.id), 60);
  await eventually(() => !mia.followers.has(grace.id), 60);
  const { id } = await grace.finds(mia.handle);
  assert.equal((await grace.get(`/api/v1/accounts/${id}`)).moved?.acct, there.handle);
  there.aliases = [];
});

both("somebody of ours moves to theirs, and the followers are told", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const name = `mia_${host}`;
  const mia = world[name];
  await bea.follow(mia.id);
  await eventually(() => bea.following.has(mia.id), 30);
  const wish = () => world.node.verb(["account", "move", name, kit.id]);
  await assert.rejects(wish(), "it does not say yet that it is the same person");
  kit.aliases = [mia.id].map((id) => new URL(id));
  await wish();
  const { json } = await world[host].gets("Move", (it) => it.actor === mia.id);
  assert.deepEqual([json.object, json.target], [mia.id, kit.id]);
  const actor = await eventually(async () => {
    const found = await bea.actor(mia.id);
    return found.successorId && found;
  }, 30);
  assert.equal(actor.successorId.href, kit.id);
  assert.equal((await mia.ask("POST", "/api/v1/statuses", { status: "still here?" })).status, 403);
  const late = await kit.follow(mia.id);
  await world[host].gets("Reject", (it) => it.object.id === late.id.href);
});

both("who deletes themselves there is gone here", async (host) => {
  const leo = world[host].person("leo");
  const note = leo.note("<p>Soon gone</p>");
  await leo.send(leo.about("Create", note), "followers");
  const { id, account } = await grace.sees(note.id);
  await leo.send(leo.activity("Delete", { object: leo.uri, to: PUBLIC }), "followers");
  leo.gone = true;
  await eventually(async () => (await grace.ask("GET", `/api/v1/statuses/${id}`)).status === 404, 30);
  await eventually(async () => (await grace.ask("GET", `/api/v1/accounts/${account.id}`)).status !== 200, 30);
});

both("who is deleted here says so to everybody who knew them", async (host) => {
  const bea = world[host].person("bea");
  const name = `leo_${host}`;
  const { id } = world[name];
  await bea.follow(id);
  await eventually(() => bea.following.has(id), 30);
  const post = await world[name].writes("My last words");
  await world[host].gets("Create", (it) => it.object.id === post.uri);
  await world.node.verb(["account", "delete", name, "--yes"]);
  const { json } = await world[host].gets("Delete", (it) => it.actor === id);
  assert.equal(json.object.id ?? json.object, id);
  await eventually(async () => (await bea.get(id)).status === 410, 30);
  assert.equal((await bea.get(post.uri)).status, 410);
});

both("a profile that changed here is told once, with all of it", async (host) => {
  const { activity } = await eventually(
    () => world[host].inbox.find((one) => one.activity instanceof vocab.Update && one.json.object?.id === grace.id),
    120,
  );
  const actor = await activity.getObject();
  assert.equal(`${actor.name}`, "Grace H.");
  const fields = [];
  for await (const field of actor.getAttachments()) fields.push(`${field.name}: ${field.value}`);
  assert.ok(fields.includes("Floor: 7"), fields.join());
});

test("nothing that was sent or read is lost in JSON-LD", () => losesNothing(world, ["Application", "Block", "Flag", "Move", "Reject", "Update"]));

test("nothing here made either server stumble", () => {
  for (const peer of world.peers) {
    assert.deepEqual(peer.errors, []);
    // Of those who left, the key is gone: only servers that knew them can know their farewell.
    assert.deepEqual(peer.refused.filter(({ activity }) => !(activity instanceof vocab.Delete)), []);
  }
});
