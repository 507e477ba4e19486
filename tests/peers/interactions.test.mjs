// Likes, boosts, reactions, polls, in both directions.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
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

const status = (id) => ada.get(`/api/v1/statuses/${id}`);

/** A post of ours that the other server has. */
async function ours(host, text, parameters) {
  const post = await ada.writes(`${text} ${host}`, parameters);
  const { activity } = await world[host].gets("Create", (it) => it.object.id === post.uri);
  return { ...post, note: await activity.getObject() };
}
/** A post of theirs that the node has. */
async function theirs(host, text, values) {
  const bea = world[host].person("bea");
  const note = bea.note(text, values);
  await bea.send(bea.about("Create", note), "followers");
  return { note, seen: await ada.sees(note.id) };
}

both("their likes count once, and are taken back", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ours(host, "Likeable");
  const like = await bea.send(bea.activity("Like", { object: new URL(post.uri), to: new URL(ada.id) }), ada.id);
  await bea.send(bea.activity("Like", { object: new URL(post.uri), to: new URL(ada.id) }), ada.id);
  const second = await kit.send(kit.activity("Like", { object: new URL(post.uri), to: new URL(ada.id) }), ada.id);
  await eventually(async () => (await status(post.id)).favourites_count === 2, 30);
  const told = (await ada.notices("favourite")).filter((notice) => notice.status.id === post.id);
  assert.deepEqual(told.map((notice) => notice.account.uri).toSorted(), [bea.id, kit.id].toSorted());

  // A neighbour cannot take back what another liked.
  assert.equal(await bea.forges(bea.activity("Undo", { object: second, to: new URL(ada.id) }), ada.id), 403);
  await bea.undo(like, ada.id);
  await eventually(async () => (await status(post.id)).favourites_count === 1, 30);
  const left = await ada.get(`/api/v1/statuses/${post.id}/favourited_by`);
  assert.deepEqual(left.map((account) => account.uri), [kit.id]);
});

both("their boosts count once, and are taken back", async (host) => {
  const bea = world[host].person("bea");
  const post = await ours(host, "Boostable");
  const announce = bea.activity("Announce", { object: new URL(post.uri), tos: [PUBLIC], ccs: [bea.followersUri, new URL(ada.id)] });
  await bea.send(announce, ada.id);
  await bea.send(announce, ada.id, { shared: false });
  const notice = await ada.told("reblog", (one) => one.status.id === post.id);
  assert.equal(notice.account.uri, bea.id);
  assert.equal((await status(post.id)).reblogs_count, 1);
  await bea.undo(announce, ada.id);
  await eventually(async () => (await status(post.id)).reblogs_count === 0, 30);
});

both("a boost brings a post of a third server, read there", async (host) => {
  const other = host === "east" ? "west" : "east";
  const [bea, kit] = [world[host].person("bea"), world[other].person("kit")];
  const note = kit.note("<p>Said far away</p>");
  await bea.send(bea.activity("Announce", { object: note.id, tos: [PUBLIC], ccs: [bea.followersUri] }), "followers");
  const boost = await ada.sees(note.id);
  assert.equal(boost.account.acct, bea.handle);
  assert.equal(boost.reblog.account.acct, kit.handle);
  assert.match(boost.reblog.content, /Said far away/);
  assert.ok(world[other].received.some((one) => one.method === "GET" && one.path === note.id.pathname));
});

both("our likes and boosts reach the author, and so does their end", async (host) => {
  const bea = world[host].person("bea");
  const { note, seen } = await theirs(host, "<p>Likeable too</p>");
  await ada.post(`/api/v1/statuses/${seen.id}/favourite`);
  const like = await world[host].gets("Like", (it) => it.object === note.id.href);
  assert.equal(like.json.actor, ada.id);
  assert.ok(like.json.id.startsWith(world.node.url));
  await ada.post(`/api/v1/statuses/${seen.id}/unfavourite`);
  const unliked = await world[host].gets("Undo", (it) => it.object.type === "Like" && it.object.object === note.id.href);
  assert.equal(unliked.json.object.id, like.json.id);

  await ada.post(`/api/v1/statuses/${seen.id}/reblog`);
  const boost = await world[host].gets("Announce", (it) => it.object === note.id.href);
  assert.deepEqual(boost.activity.toIds.map(String), [PUBLIC.href]);
  assert.deepEqual(boost.activity.ccIds.map(String).toSorted(), [`${ada.id}/followers`, bea.id].toSorted());
  assert.ok((await bea.reads(boost.json.id)) instanceof vocab.Announce, "the boost can be read at its id");
  await ada.post(`/api/v1/statuses/${seen.id}/unreblog`);
  const unboosted = await world[host].gets("Undo", (it) => it.object.type === "Announce" && it.object.object === note.id.href);
  assert.equal(unboosted.json.object.id, boost.json.id);
});

both("their reactions are counted as likes, whatever their form, and are taken back", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ours(host, "Reactable");
  const values = { object: new URL(post.uri), to: new URL(ada.id), content: "🔧" };
  const one = await bea.send(bea.activity("EmojiReact", values), ada.id);
  const two = await kit.send(kit.activity("Like", values), ada.id);
  await eventually(async () => (await status(post.id)).favourites_count === 2, 30);
  await bea.undo(one, ada.id);
  await kit.undo(two, ada.id);
  await eventually(async () => (await status(post.id)).favourites_count === 0, 30);
});

both("they vote in our poll, once each, and see it as a poll", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ours(host, "Which?", { poll: { options: ["Oil", "Grease"], expires_in: 3600 } });
  const { note } = post;
  assert.ok(note instanceof vocab.Question);
  const options = [];
  for await (const option of note.getExclusiveOptions()) options.push(`${option.name}`);
  assert.deepEqual(options, ["Oil", "Grease"]);
  assert.ok(note.endTime);
  const votes = async (person, option, key) => {
    const vote = new vocab.Note({
      id: new URL(`${person.id}#votes/${host}-${key}`),
      name: option,
      attribution: person.uri,
      to: new URL(ada.id),
      replyTarget: new URL(post.uri),
    });
    await person.sends(person.activity("Create", { object: vote, to: new URL(ada.id) }), ada.id, { shared: false });
  };
  await votes(bea, "Oil", 1);
  await votes(bea, "Oil", 2);
  await votes(bea, "Grease", 3);
  await votes(kit, "Tar", 4);
  await votes(kit, "Grease", 5);
  const poll = await eventually(async () => {
    const { poll } = await status(post.id);
    return poll.votes_count === 2 && poll;
  }, 30);
  assert.deepEqual(poll.options.map((option) => option.votes_count), [1, 1]);
  assert.equal((await ada.get(`/api/v1/statuses/${post.id}/context`)).descendants.length, 0, "votes are no posts");
  assert.equal((await ada.notices("mention")).length, 0);
  const asked = await bea.reads(post.uri);
  const counts = [];
  for await (const option of asked.getExclusiveOptions()) counts.push((await option.getReplies()).totalItems);
  assert.deepEqual(counts, [1, 1]);
});

both("ours vote in their poll, and see its tallies", async (host) => {
  const bea = world[host].person("bea");
  const option = (name, totalItems) => new vocab.Note({ name, replies: new vocab.Collection({ totalItems }) });
  const question = { kind: "Question", endTime: Temporal.Now.instant().add({ hours: 1 }), voters: 3 };
  const { note, seen } = await theirs(host, "<p>Which ones?</p>", {
    ...question,
    inclusiveOptions: [option("Oil", 2), option("Grease", 1), option("Tar", 0)],
  });
  assert.equal(seen.poll.multiple, true);
  assert.deepEqual(seen.poll.options.map((one) => [one.title, one.votes_count]), [["Oil", 2], ["Grease", 1], ["Tar", 0]]);
  assert.equal(seen.poll.voters_count, 3);

  const voted = await ada.post(`/api/v1/polls/${seen.poll.id}/votes`, { choices: [0, 2] });
  assert.deepEqual(voted.own_votes, [0, 2]);
  for (const name of ["Oil", "Tar"]) {
    const vote = await world[host].gets("Create", (it) => it.object.inReplyTo === note.id.href && it.object.name === name);
    assert.equal(vote.recipient, "bea", "to her own inbox");
    assert.deepEqual(vote.activity.toIds.map(String), [bea.id]);
    assert.deepEqual(vote.activity.ccIds, []);
    assert.ok(!vote.json.object.content);
  }
  const counted = note.clone({ inclusiveOptions: [option("Oil", 3), option("Grease", 1), option("Tar", 1)], voters: 4 });
  bea.keep(counted);
  await bea.send(bea.about("Update", counted), "followers");
  const after = await eventually(async () => {
    const one = await status(seen.id);
    return one.poll.voters_count === 4 && one;
  }, 30);
  assert.deepEqual(after.poll.options.map((one) => one.votes_count), [3, 1, 1]);
  assert.equal(after.edited_at, null, "new tallies are no edit");
});

const anybody = new vocab.InteractionPolicy({ canQuote: new vocab.InteractionRule({ automaticApproval: PUBLIC }) });
const quoteState = (id, state) => eventually(async () => (await status(id)).quote?.state === state, 30);

both("a quote of ours is asked for, allowed with a stamp, and taken back", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const { note, seen } = await theirs(host, `<p>Quotable ${host}</p>`, { interactionPolicy: anybody });
  assert.equal(seen.quote_approval.current_user, "automatic");
  const post = await ada.writes(`Look ${host}`, { quoted_status_id: seen.id });
  assert.equal(post.quote.state, "pending");
  const { activity } = await world[host].gets("QuoteRequest", (_, it) => it.instrumentId?.href === post.uri);
  assert.deepEqual([activity.objectId.href, activity.actorId.href], [note.id.href, ada.id]);
  const quoting = { interactingObject: new URL(post.uri), interactionTarget: note.id };
  const stamp = new vocab.QuoteAuthorization({ id: bea.newId("stamps"), attribution: bea.uri, to: PUBLIC, ...quoting });
  bea.keep(stamp);
  const accept = (who) => who.activity("Accept", { object: activity, result: stamp.id, to: new URL(ada.id) });
  assert.equal(await kit.sends(accept(kit), ada.id), 202);
  assert.equal((await status(post.id)).quote.state, "pending", "only whose post it is may say so");
  await bea.send(accept(bea), ada.id);
  await quoteState(post.id, "accepted");
  const { activity: update } = await world[host].gets("Update", (it) => it.object.id === post.uri);
  const told = await update.getObject();
  assert.deepEqual([told.quoteId.href, told.quoteAuthorizationId.href], [note.id.href, stamp.id.href]);

  const end = (who) => who.activity("Delete", { object: stamp.id, to: PUBLIC });
  await kit.sends(end(kit), ada.id);
  assert.equal((await status(post.id)).quote.state, "accepted");
  await bea.send(end(bea), ada.id);
  await quoteState(post.id, "revoked");
});

both("a quote of theirs is allowed with a stamp, shown as one, and taken back", async (host) => {
  const bea = world[host].person("bea");
  const post = await ours(host, "Quoted");
  const note = bea.note(`<p>Listen ${host}</p>`, { quote: new URL(post.uri) });
  const request = bea.activity("QuoteRequest", { object: new URL(post.uri), instrument: note, to: new URL(ada.id) });
  await bea.send(request, ada.id);
  const { activity } = await world[host].gets("Accept", (_, it) => it.objectId?.href === request.id.href);
  const stamp = await bea.reads(activity.resultId);
  assert.ok(stamp instanceof vocab.QuoteAuthorization);
  assert.deepEqual([stamp.interactingObjectId.href, stamp.interactionTargetId.href], [note.id.href, post.uri]);
  const allowed = note.clone({ quoteAuthorization: activity.resultId });
  bea.keep(allowed);
  await bea.send(bea.about("Create", allowed), "followers");
  const notice = await ada.told("quote", (one) => one.status.uri === note.id.href);
  assert.deepEqual([notice.status.quote.state, notice.status.quote.quoted_status.id], ["accepted", post.id]);
  assert.equal((await status(post.id)).quotes_count, 1);

  await ada.post(`/api/v1/statuses/${post.id}/quotes/${notice.status.id}/revoke`);
  await world[host].gets("Delete", (it) => (it.object.id ?? it.object) === activity.resultId.href);
  assert.equal(await bea.reads(activity.resultId), null);
  assert.equal((await status(notice.status.id)).quote.state, "revoked");
});

both("a reaction is shown with its emoji, and with the picture of a custom one", async (host) => {
  const [bea, kit] = [world[host].person("bea"), world[host].person("kit")];
  const post = await ours(host, "Reactable too");
  const reacts = (person, kind, content, tags = []) =>
    person.send(person.activity(kind, { object: new URL(post.uri), to: new URL(ada.id), content, tags }), ada.id);
  const picture = new URL("/emoji/wrench.png", world[host].url);
  const emoji = new vocab.Emoji({ name: ":wrench:", icon: new vocab.Image({ url: picture, mediaType: "image/png" }) });
  const one = await reacts(bea, "EmojiReact", "🔧");
  await reacts(kit, "Like", ":wrench:", [emoji]);
  const both = await eventually(async () => {
    const { reactions } = await status(post.id);
    return reactions.length === 2 && reactions;
  }, 30);
  const name = `wrench@${world[host].authority}`;
  const [custom, plain] = both.toSorted((a, b) => b.name.length - a.name.length);
  // Its picture comes through the node.
  const seal = createHash("sha256").update(picture.href).digest("hex").slice(0, 32);
  assert.ok(custom.url.endsWith(`/media/remote/emoji/${seal}`), custom.url);
  assert.deepEqual(custom, { name, count: 1, me: false, url: custom.url, static_url: custom.url });
  assert.deepEqual(plain, { name: "🔧", count: 1, me: false });
  const list = await ada.get(`/api/v1/pleroma/statuses/${post.id}/reactions`);
  const who = Object.fromEntries(list.map((reaction) => [reaction.name, reaction.accounts.map(({ uri }) => uri)]));
  assert.deepEqual(who, { [name]: [kit.id], "🔧": [bea.id] });
  await bea.undo(one, ada.id);
  await eventually(async () => (await status(post.id)).reactions.length === 1, 30);
});

both("our reactions reach the author with their emoji, and so does their end", async (host) => {
  const { note, seen } = await theirs(host, "<p>Reactable as well</p>");
  const path = `/api/v1/pleroma/statuses/${seen.id}/reactions`;
  await ada.put(`${path}/${encodeURIComponent("🔧")}`);
  const like = await world[host].gets("Like", (it) => it.object === note.id.href);
  assert.ok(like.activity instanceof vocab.Like);
  assert.equal(`${like.activity.content}`, "🔧");
  await ada.put(`${path}/${encodeURIComponent("🪛")}`);
  const react = await world[host].gets("EmojiReact", (it) => it.object === note.id.href);
  assert.ok(react.activity instanceof vocab.EmojiReact);
  assert.equal(`${react.activity.content}`, "🪛");
  assert.ok((await world[host].person("bea").reads(react.json.id)) instanceof vocab.EmojiReact, "it can be read at its id");
  await ada.delete(`${path}/${encodeURIComponent("🪛")}`);
  const undone = await world[host].gets("Undo", (it) => it.object.type === "EmojiReact" && it.object.object === note.id.href);
  assert.equal(undone.json.object.id, react.json.id);
});

test("nothing that was sent or read is lost in JSON-LD", () => losesNothing(world, ["Accept", "Announce", "Create", "Delete", "EmojiReact", "Like", "Question", "QuoteAuthorization", "QuoteRequest", "Undo", "Update"]));

test("nothing here made either server stumble", () => {
  for (const peer of world.peers) {
    assert.deepEqual(peer.errors, []);
    assert.deepEqual(peer.refused, []);
  }
});
