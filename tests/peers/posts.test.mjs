// Posts in both directions: audiences, mentions, replies, edits, deletions, and who may read what.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as vocab from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";
import { PUBLIC } from "./peer.mjs";
import { both, eventually, losesNothing, startFriends } from "./world.mjs";

let world, ada, grace;
before(async () => {
  world = await startFriends(["ada", "grace"], ["bea", "kit"]);
  ({ ada, grace } = world);
});
after(() => world?.stop());

const VISIBILITIES = ["public", "unlisted", "private", "direct"];
const sorted = (list) => [list ?? []].flat().toSorted();
/** Waits until a delivery that was sent after everything else of that server has had its effect. */
async function afterwards(bea) {
  const note = bea.note("@ada afterwards", { visibility: "direct", mentions: [ada] });
  await bea.send(bea.about("Create", note), ada.id, { shared: false });
  await ada.told("mention", ({ status }) => status.uri === note.id.href);
}

both("what they write arrives for those it is for", async (host) => {
  const bea = world[host].person("bea");
  for (const visibility of VISIBILITIES) {
    const note = bea.note(`<p>To you, ${visibility}<script>alert(1)</script></p>`, { visibility, mentions: [ada] });
    const status = await bea.sends(bea.about("Create", note), visibility === "direct" ? ada.id : "followers", { shared: visibility !== "direct" });
    assert.equal(status, 202);
    const notice = await ada.told("mention", (one) => one.status.uri === note.id.href);
    assert.equal(notice.status.visibility, visibility);
    assert.equal(notice.status.account.acct, bea.handle);
    assert.match(notice.status.content, new RegExp(`To you, ${visibility}`));
    assert.doesNotMatch(notice.status.content, /script|alert/);
    assert.equal(notice.status.mentions[0].acct, "ada");
    const open = ["public", "unlisted"].includes(visibility);
    assert.equal((await grace.ask("GET", `/api/v1/statuses/${notice.status.id}`)).status, open ? 200 : 404);
    if (visibility !== "direct") await ada.sees(note.id);
  }
  const everybodys = await grace.get("/api/v1/timelines/public?remote=true");
  assert.deepEqual([...new Set(everybodys.filter(({ account }) => account.acct === bea.handle).map((one) => one.visibility))], ["public"]);
});

both("a post with everything is understood", async (host) => {
  const bea = world[host].person("bea");
  const note = bea.note('<p>Look at <a href="https://example.org/#torque" class="mention hashtag" rel="tag">#<span>torque</span></a></p>', {
    summary: "machines",
    sensitive: true,
    tags: [new vocab.Hashtag({ href: new URL("https://example.org/tags/torque"), name: "#torque" })],
    attachments: [
      new vocab.Image({ mediaType: "image/png", url: new URL(`${world[host].url}/a.png`), name: "A wrench", width: 8, height: 8 }),
    ],
  });
  await bea.send(bea.about("Create", note), "followers");
  const status = await ada.sees(note.id);
  assert.deepEqual([status.spoiler_text, status.sensitive], ["machines", true]);
  assert.deepEqual(status.tags.map((tag) => tag.name), ["torque"]);
  assert.deepEqual(status.media_attachments.map((media) => media.description), ["A wrench"]);
  const tagged = await grace.get("/api/v1/timelines/tag/torque");
  assert.ok(tagged.some((one) => one.uri === note.id.href));
});

both("a post that is only named is fetched, in the node's own name", async (host) => {
  const bea = world[host].person("bea");
  const note = bea.note("<p>Come and get it</p>", { visibility: "unlisted" });
  await bea.send(bea.activity("Create", { object: note.id, tos: note.toIds, ccs: note.ccIds }), "followers");
  const status = await ada.sees(note.id);
  assert.match(status.content, /Come and get it/);
  const request = world[host].received.find((one) => one.method === "GET" && note.id.pathname === one.path);
  assert.equal(request.status, 200);
  assert.ok(request.headers.signature.includes(`keyId="${world.node.url}/actor#main-key"`));
  assert.match(request.headers["user-agent"], /^Watercooler\//);
});

both("a reply stands under what it answers, in both directions", async (host) => {
  const bea = world[host].person("bea");
  const asked = await ada.writes(`Who has a wrench? ${host}`);
  await world[host].gets("Create", (it) => it.object.id === asked.uri);
  const answer = bea.note("<p>@ada I do</p>", { mentions: [ada], replyTarget: new URL(asked.uri) });
  await bea.send(bea.about("Create", answer), "followers");
  const notice = await ada.told("mention", ({ status }) => status.uri === answer.id.href);
  assert.equal(notice.status.in_reply_to_id, asked.id);
  const { descendants } = await ada.get(`/api/v1/statuses/${asked.id}/context`);
  assert.deepEqual(descendants.map((one) => one.uri), [answer.id.href]);
  const replies = await bea.reads(`${asked.uri}/replies`);
  assert.ok(replies instanceof vocab.Collection);

  const thanks = await ada.writes(`@${bea.handle} thank you`, { in_reply_to_id: notice.status.id });
  const { activity } = await world[host].gets("Create", (it) => it.object.id === thanks.uri);
  const note = await activity.getObject();
  assert.equal(note.replyTargetId.href, answer.id.href);
  const mentions = [];
  for await (const tag of note.getTags()) mentions.push(`${tag.name} ${tag.href.href}`);
  assert.deepEqual(mentions, [`@${bea.handle} ${bea.id}`]);
  assert.ok(note.content.includes(`href="${world[host].url}/@bea"`));
});

both("their edit is shown, an older one is not, and what they delete is gone for good", async (host) => {
  const bea = world[host].person("bea");
  const first = bea.note("<p>Meet at nine</p>");
  await bea.send(bea.about("Create", first), "followers");
  const { id } = await ada.sees(first.id);
  const later = (seconds) => Temporal.Now.instant().add({ seconds });
  const second = first.clone({ content: "<p>Meet at ten</p>", updated: later(1) });
  bea.keep(second);
  await bea.send(bea.about("Update", second), "followers");
  await eventually(async () => (await ada.get(`/api/v1/statuses/${id}`)).content.includes("ten"), 30);
  assert.ok((await ada.get(`/api/v1/statuses/${id}`)).edited_at);
  const history = await ada.get(`/api/v1/statuses/${id}/history`);
  assert.deepEqual(history.map((one) => one.content.match(/nine|ten/)[0]), ["nine", "ten"]);
  await bea.send(bea.about("Update", first.clone({ content: "<p>Meet at eight</p>", updated: later(-60) })), "followers");
  await afterwards(bea);
  assert.match((await ada.get(`/api/v1/statuses/${id}`)).content, /ten/);

  const kit = world[host].person("kit");
  const forged = [
    kit.activity("Delete", { object: new vocab.Tombstone({ id: first.id }), to: PUBLIC }),
    kit.activity("Update", { object: second.clone({ content: "<p>Owned</p>", updated: later(60) }), to: PUBLIC }),
  ];
  for (const one of forged) assert.equal(await kit.forges(one, ada.id), 403);
  await afterwards(bea);
  assert.match((await ada.get(`/api/v1/statuses/${id}`)).content, /ten/, "a neighbour can do nothing to it");

  world[host].objects.delete(`bea/${first.id.pathname.split("/").at(-1)}`);
  await bea.send(bea.about("Delete", new vocab.Tombstone({ id: first.id }), { tos: first.toIds, ccs: first.ccIds }), "followers");
  await eventually(async () => (await ada.ask("GET", `/api/v1/statuses/${id}`)).status === 404, 30);
  await bea.send(bea.about("Create", first), "followers");
  await afterwards(bea);
  assert.ok(!(await ada.home()).some((one) => one.uri === first.id.href));
});

both("what ours write is addressed as they chose, and goes where it belongs", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const followers = `${ada.id}/followers`;
  const expected = {
    public: [[PUBLIC.href], [followers, bea.id]],
    unlisted: [[followers], [PUBLIC.href, bea.id]],
    private: [[followers], [bea.id]],
    direct: [[bea.id], []],
  };
  for (const visibility of VISIBILITIES) {
    const post = await ada.writes(`@${bea.handle} this is ${visibility} #torque`, { visibility, spoiler_text: "machines", language: "en" });
    const { json, activity, recipient } = await world[host].gets("Create", (it) => it.object.id === post.uri);
    assert.equal(json.actor, ada.id);
    assert.equal(json.id, `${post.uri}/activity`);
    const [to, cc] = expected[visibility];
    // Fedify is asked what it understood, and the document what it says.
    for (const one of [await activity.getObject(), activity]) {
      assert.deepEqual(sorted(one.toIds.map((id) => id.href)), sorted(to), visibility);
      assert.deepEqual(sorted(one.ccIds.map((id) => id.href)), sorted(cc), visibility);
    }
    assert.deepEqual([sorted(json.object.to), sorted(json.object.cc)], [sorted(to), sorted(cc)]);
    assert.equal(recipient, visibility === "direct" ? "bea" : null, "an inbox of one's own for what is private, else the shared one");
    const note = await activity.getObject();
    assert.ok(note instanceof vocab.Note);
    assert.equal(note.attributionId.href, ada.id);
    assert.deepEqual([`${note.summary}`, note.sensitive], ["machines", true]);
    assert.ok(note.published && note.url);
    assert.deepEqual(json.object.contentMap, { en: json.object.content });
    const tags = [];
    for await (const tag of note.getTags()) tags.push(`${tag.constructor.name} ${tag.name}`);
    assert.deepEqual(tags.toSorted(), ["Hashtag #torque", `Mention @${bea.handle}`]);

    const open = ["public", "unlisted"].includes(visibility);
    assert.equal((await bea.reads(post.uri))?.id?.href, post.uri, `${visibility}: who it is for reads it`);
    for (const address of [post.uri, `${post.uri}/activity`]) {
      assert.equal((await kit.get(address)).status, open ? 200 : 404, `${visibility}: a stranger at ${address}`);
      assert.equal((await kit.get(address, { signed: false })).status, open ? 200 : 404);
      assert.equal((await bea.get(address)).status, 200);
    }
  }
  const outbox = await kit.reads(`${ada.id}/outbox`);
  const listed = new Set();
  for await (const one of world[host].context.traverseCollection(outbox)) {
    assert.ok(one instanceof vocab.Create || one instanceof vocab.Announce);
    for (const to of [...one.toIds, ...one.ccIds]) listed.add(to.href);
  }
  assert.ok(listed.has(PUBLIC.href));
  assert.ok(!(await kit.get(`${ada.id}/outbox?page=true`)).text.includes("this is private"));
});

both("a picture goes along with its description", async (host) => {
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4EaCBFTEMLQkAaplQAbIh774AAAAASUVORK5CYII=", "base64");
  const media = await ada.upload(new Blob([png], { type: "image/png" }), { description: "A square", focus: "0.1,-0.2" });
  const post = await ada.writes(`A picture for ${host}`, { media_ids: [media.id] });
  const { activity, json } = await world[host].gets("Create", (it) => it.object.id === post.uri);
  const note = await activity.getObject();
  const files = [];
  for await (const file of note.getAttachments()) files.push([file.constructor.name, file.mediaType, `${file.name}`, file.width, file.height]);
  assert.deepEqual(files, [["Document", "image/png", "A square", 8, 8]]);
  assert.equal((await fetch(json.object.attachment[0]?.url ?? json.object.attachment.url)).status, 200);
});

both("our edit and our deletion follow the post", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ada.writes(`Meet at nine, ${host}`);
  await world[host].gets("Create", (it) => it.object.id === post.uri);
  await ada.put(`/api/v1/statuses/${post.id}`, { status: `Meet at ten, ${host}` });
  const edit = await world[host].gets("Update", (it) => it.object.id === post.uri);
  const note = await edit.activity.getObject();
  assert.match(`${note.content}`, /Meet at ten/);
  assert.ok(note.updated && Temporal.Instant.compare(note.updated, note.published) > 0);
  assert.match(`${(await kit.reads(post.uri)).content}`, /Meet at ten/);

  await ada.delete(`/api/v1/statuses/${post.id}`);
  const end = await world[host].gets("Delete", (it) => (it.object.id ?? it.object) === post.uri);
  assert.ok((await end.activity.getObject()) instanceof vocab.Tombstone);
  const gone = await bea.get(post.uri);
  assert.equal(gone.status, 410);
  assert.equal(JSON.parse(gone.text).type, "Tombstone");
  assert.deepEqual(world[host].errors, []);
});

test("nothing that was sent or read is lost in JSON-LD", () =>
  losesNothing(world, ["Create", "Delete", "Note", "OrderedCollection", "OrderedCollectionPage", "Tombstone", "Update"]));
