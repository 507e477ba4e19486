// Groups of theirs and projects of ours, pins, and everything that our documents say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as vocab from "@fedify/vocab";
import { PUBLIC } from "./peer.mjs";
import { both, eventually, expanded, losesNothing, startFriends } from "./world.mjs";

/** Their author is followed as well: what is read there may stand at home by itself, beside what the group passes on. */
const passedOn = (uri) => eventually(async () => (await ada.home()).find((status) => status.reblog?.uri === `${uri}`), 30);

const OTHER = { east: "west", west: "east" };
let world, ada, grace, lena;
before(async () => {
  world = await startFriends(["ada", "grace", "lena"], ["bea", "kit"]);
  ({ ada, grace, lena } = world);
  for (const peer of world.peers) peer.person("kit").kind = "Group";
});
after(() => world?.stop());

both("a group of theirs is followed, and what it passes on is read at its author's server", async (host) => {
  const [group, author] = [world[host].person("kit"), world[OTHER[host]].person("bea")];
  const account = await ada.finds(group.handle);
  assert.equal(account.group, true);
  await ada.follows(group);
  const note = author.note(`<p>For the group of ${host}</p>`, { audience: group.uri });
  const create = author.about("Create", note);
  await group.send(group.activity("Announce", { object: create, tos: [PUBLIC], ccs: [group.followersUri] }), "followers");
  const seen = await passedOn(note.id);
  assert.equal(seen.account.acct, group.handle);
  assert.equal(seen.reblog.account.acct, author.handle);
  assert.ok(world[OTHER[host]].received.some((one) => one.method === "GET" && one.path === note.id.pathname), "at its own server");

  // What a group says somebody elsewhere has written is not what they wrote.
  const forged = author.note("<p>true</p>");
  const lie = forged.clone({ content: "<p>a lie</p>" });
  await group.send(group.activity("Announce", { object: author.about("Create", lie), tos: [PUBLIC], ccs: [group.followersUri] }), "followers");
  assert.match((await passedOn(forged.id)).reblog.content, /true/);
});

both("a project of ours is a group to them: followed, written to, and it passes on once", async (host) => {
  const bea = world[host].person("bea");
  const made = await ada.post("/api/watercooler/v1/projects", {
    name: `Quiet bearing ${host}`,
    purpose: "Bearings that nobody hears",
    tags: ["bearings"],
    looking_for: ["a test bench"],
    vendor: ["Acme"],
    publish: true,
  });
  const { acct, uri } = await ada.get(`/api/v1/accounts/${made.id}`);
  const actor = await bea.actor(uri);
  assert.ok(actor instanceof vocab.Group);
  assert.equal(actor.preferredUsername, acct);
  await bea.follow(uri);
  await eventually(() => bea.following.has(uri), 30);

  const note = bea.note(`<p>@${acct} how about ceramic balls?</p>`, { mentions: [{ id: uri, handle: `${acct}@${world.node.domain}` }] });
  await bea.send(bea.about("Create", note), uri);
  const passesOn = (it) => it.type === "Announce" && it.actor === uri && JSON.stringify(it.object).includes(note.id.href);
  const passed = await world[host].gets("Announce", passesOn);
  assert.deepEqual(passed.activity.toIds.map(String), [PUBLIC.href]);
  await ada.post(`/api/watercooler/v1/projects/${made.id}/state`, { state: "paused", reason: "waiting for parts" });
  const says = ({ json }) => json.actor === uri && JSON.stringify(json).includes("waiting for parts");
  const log = await eventually(() => world[host].inbox.find(says), 90);
  assert.ok(log.json.type === "Create" || log.json.type === "Update");
  assert.equal(world[host].inbox.filter(({ json }) => passesOn(json)).length, 1);
});

both("pins are told in both directions", async (host) => {
  const bea = world[host].person("bea");
  const post = await ada.writes(`Pinned for ${host}`);
  await world[host].gets("Create", (it) => it.object.id === post.uri);
  const featured = `${ada.id}/collections/featured`;
  const about = (it) => (it.object.id ?? it.object) === post.uri && it.target === featured;
  await ada.post(`/api/v1/statuses/${post.id}/pin`);
  await world[host].gets("Add", about);
  const pinned = await bea.reads(featured);
  const ids = [];
  for await (const one of world[host].context.traverseCollection(pinned)) ids.push(one.id.href);
  assert.deepEqual(ids, [post.uri]);
  await ada.post(`/api/v1/statuses/${post.id}/unpin`);
  await world[host].gets("Remove", about);

  const note = bea.note("<p>My pin</p>");
  await bea.send(bea.about("Create", note), "followers");
  const { account } = await ada.sees(note.id);
  const target = new URL(`${bea.id}/featured`);
  const list = async () => (await ada.get(`/api/v1/accounts/${account.id}/statuses?pinned=true`)).map((one) => one.uri);
  bea.pinned = [note];
  await bea.send(bea.activity("Add", { object: note.id, target, to: PUBLIC }), "followers");
  await eventually(async () => (await list()).includes(note.id.href), 30);
  bea.pinned = [];
  await bea.send(bea.activity("Remove", { object: note.id, target, to: PUBLIC }), "followers");
  await eventually(async () => (await list()).length === 0, 30);
});

test("nothing that our documents say is lost in JSON-LD", async () => {
  const bea = world.east.person("bea");
  await grace.ask("PATCH", "/api/v1/accounts/update_credentials", {
    display_name: "Grace H.",
    note: "Compilers",
    fields_attributes: [
      { name: "Ask me about", value: "#torque #sensors · knows #excel" },
      { name: "Works on", value: "Quiet bearing" },
      { name: "Team", value: "Test engineer, Bench 3" },
      { name: "Site", value: "Lyon (Europe/Paris), fr en" },
      { name: "Car", value: "none" },
    ],
  });
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=", "base64");
  const media = await grace.upload(new Blob([png], { type: "image/png" }), { description: "A square", focus: "0.1,-0.2" });
  const full = { media_ids: [media.id], spoiler_text: "squares", language: "en" };
  const first = await grace.writes(`#ask @${bea.handle} who knows #torque?`, full);
  const poll = await grace.writes("Which?", { poll: { options: ["One", "Two"], expires_in: 3600, multiple: true }, in_reply_to_id: first.id });
  await grace.put(`/api/v1/statuses/${first.id}`, { ...full, status: `#ask @${bea.handle} who knows #torque sensors?` });
  await grace.post(`/api/v1/statuses/${first.id}/pin`);
  await bea.send(bea.activity("Like", { object: new URL(first.uri), to: new URL(grace.id) }), grace.id);
  await grace.told("favourite");
  const addresses = ["/actor", "/actor/outbox", "/users/concierge"].map((path) => `${world.node.url}${path}`);
  const ofPeople = ["outbox", "outbox?page=true", "followers", "followers?page=true", "following", "collections/featured", "collections/tags", "projects"];
  for (const id of [grace.id, ada.id]) addresses.push(id, ...ofPeople.map((more) => `${id}/${more}`));
  const ofPosts = ["activity", "replies", "replies?page=true", "likes", "shares"];
  for (const { uri } of [first, poll]) addresses.push(uri, ...ofPosts.map((more) => `${uri}/${more}`));
  for (const { id } of await ada.get("/api/watercooler/v1/projects")) {
    const { uri } = await ada.get(`/api/v1/accounts/${id}`);
    for (const more of ["", "/members", "/moderators", "/outbox?page=true"]) addresses.push(uri + more);
  }
  for (const address of addresses) assert.equal((await bea.get(address)).status, 200, address);
  const types = ["Add", "Announce", "Application", "Create", "Group", "Note", "OrderedCollection", "Person", "Question", "Remove", "Service"];
  await losesNothing(world, types);
});

const AS = "https://www.w3.org/ns/activitystreams#";
const SDO = "https://schema.org/";
const WC = "https://w3id.org/watercooler/ns#";
/** What stands below an IRI: values, ids, or the same of what is inside. */
const said = (values) =>
  (values ?? []).map((one) => ("@value" in one ? one["@value"] : Object.keys(one).join() === "@id" ? one["@id"] : one));

test("every fact of people, projects and questions has the IRI that the vocabulary gives it for ever", async () => {
  const means = async (uri) => {
    const { status, text } = await world.east.person("bea").get(uri);
    assert.equal(status, 200, text);
    return expanded(world.east, JSON.parse(text));
  };
  const url = world.node.url;
  // People.
  const facts = {
    skills: [{ name: "Vibration analysis", stance: "ask" }, { name: "Excel", stance: "knows" }, { name: "Rust", stance: "learning" }],
    ...{ title: "Test engineer", department: "Bench 3", site: "Lyon", time_zone: "Europe/Paris", languages: ["fr", "en"] },
  };
  assert.equal((await lena.ask("PATCH", "/api/watercooler/v1/people/me", facts)).status, 200);
  const fields = { tags: ["Bearings"], publish: true };
  const project = async (name, more = {}) => {
    const made = await lena.post("/api/watercooler/v1/projects", { name, purpose: `What ${name} is for`, ...fields, ...more });
    return { id: made.id, uri: (await lena.get(`/api/v1/accounts/${made.id}`)).uri };
  };
  const [old, twin, other] = [await project("Falconry"), await project("Zinc bath"), await project("Lunch choir")];
  const more = { looking_for: ["Acoustics"], vendor: ["SoundCam rental"], links: ["https://wiki.example/b7"], language: "en", state: "active" };
  const made = await project("Quiet engine", more);
  for (const [to, kind, reason] of [[old, "supersedes", "it flew away"], [twin, "same_work_as", ""], [other, "related_to", ""]]) {
    await lena.post(`/api/watercooler/v1/projects/${made.id}/relations`, { to: to.uri, kind, reason });
  }
  const person = await means(lena.id);
  const term = (name, code, stance) => ({
    "@type": [`${SDO}DefinedTerm`],
    "@id": `${url}/tags/${code}`,
    [`${AS}name`]: [{ "@value": name }],
    [`${SDO}termCode`]: [{ "@value": code }],
    ...(stance && { [`${WC}stance`]: [{ "@value": stance }] }),
  });
  const skills = [term("Vibration analysis", "vibrationanalysis", "ask"), term("Excel", "excel", "knows"), term("Rust", "rust", "learning")];
  assert.deepEqual(person["@type"], [`${AS}Person`]);
  assert.deepEqual(said(person[`${SDO}knowsAbout`]), skills);
  assert.deepEqual(said(person[`${SDO}jobTitle`]), ["Test engineer"]);
  assert.deepEqual(said(person[`${SDO}memberOf`]), [{ "@type": [`${AS}Organization`], [`${AS}name`]: [{ "@value": "Bench 3" }] }]);
  assert.deepEqual(said(person[`${SDO}workLocation`]), ["Lyon"]);
  assert.deepEqual(said(person[`${WC}timeZone`]), ["Europe/Paris"]);
  assert.deepEqual(said(person[`${SDO}knowsLanguage`]), ["fr", "en"]);
  assert.deepEqual(said(person[`${WC}worksOn`]), [`${lena.id}/projects`]);
  assert.equal(person[`${WC}leftOn`], undefined);

  // Projects.
  const group = await means(made.uri);
  assert.deepEqual(group["@type"], [`${AS}Group`]);
  const site = said(group[`${SDO}parentOrganization`]);
  assert.deepEqual([site.length, site[0]["@type"]], [1, [`${AS}Organization`]]);
  const because = { "@id": old.uri, [`${WC}reason`]: [{ "@value": "it flew away" }] };
  for (const [iri, values] of Object.entries({
    [`${SDO}additionalType`]: [`${SDO}Project`],
    [`${WC}kind`]: ["project"],
    [`${WC}workState`]: ["active"],
    [`${WC}lead`]: [lena.id],
    [`${AS}attributedTo`]: [`${made.uri}/moderators`],
    [`${SDO}member`]: [`${made.uri}/members`],
    [`${SDO}knowsAbout`]: [term("Bearings", "bearings")],
    [`${WC}lookingFor`]: [term("Acoustics", "acoustics")],
    [`${WC}vendor`]: ["SoundCam rental"],
    [`${WC}relatedTo`]: [other.uri],
    [`${WC}sameWorkAs`]: [twin.uri],
    [`${WC}supersedes`]: [because],
    [`${WC}reason`]: ["it flew away"],
  })) {
    assert.deepEqual(said(group[iri]), values, iri);
  }

  // Questions.
  const question = await grace.writes("#ask Which glue? #glue");
  const before = await means(question.uri);
  assert.deepEqual([said(before[`${WC}kind`]), said(before[`${WC}askState`])], [["ask"], ["open"]]);
  assert.equal(before[`${SDO}acceptedAnswer`], undefined);
  const answer = await ada.writes("@grace Silicone", { in_reply_to_id: question.id });
  await grace.writes("@ada ✅", { in_reply_to_id: answer.id });
  const end = await means(question.uri);
  assert.deepEqual([said(end[`${WC}kind`]), said(end[`${WC}askState`])], [["ask"], ["answered"]]);
  assert.deepEqual(said(end[`${SDO}acceptedAnswer`]), [answer.uri]);

  // Who has left.
  await world.node.verb(["account", "leave", "lena"]);
  const gone = await means(lena.id);
  assert.match(said(gone[`${WC}leftOn`]).join(), /^\d{4}-\d\d-\d\d$/);
});

test("nothing here made either server stumble", () => {
  for (const peer of world.peers) {
    assert.deepEqual(peer.errors, []);
    assert.deepEqual(peer.refused, []);
  }
});
