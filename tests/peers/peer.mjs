// A second implementation of ActivityPub on loopback: Fedify with a few people, who approve, post and remember.
// Nothing of it is ours but the lists; documents, signatures, proofs, queues and retries are Fedify's.
import { setMaxListeners } from "node:events";
import { createServer } from "node:http";
import {
  createExponentialBackoffPolicy,
  createFederation,
  generateCryptoKeyPair,
  InProcessMessageQueue,
  MemoryKvStore,
  signRequest,
} from "@fedify/fedify";
import * as vocab from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";
import { eventually } from "../clients/node.mjs";
import { fetched } from "./network.mjs";

export const PUBLIC = vocab.PUBLIC_COLLECTION;
export const CAVAGE = "draft-cavage-http-signatures-12";
export const RFC9421 = "rfc9421";
export const TYPE = "application/activity+json";

const now = () => Temporal.Now.instant();
const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

// Fedify remembers for a server which signature it took. Here each request begins with the format that the test asked for:
// Fedify covers the fragment of a key's address with RFC 9421 and is refused, after which it would speak the old draft only.
class Unprejudiced extends MemoryKvStore {
  async set(key, ...rest) {
    if (!key.includes("httpMessageSignaturesSpec")) await super.set(key, ...rest);
  }
}

/**
 * Starts one called `HOST.localhost:PORT` with these people on it.
 * `format` is how it signs its requests first; where that is refused, Fedify knocks once more with the other.
 */
export async function startPeer(host, names, { format = RFC9421 } = {}) {
  const people = new Map();
  const objects = new Map();
  const peer = {
    people,
    objects,
    /** Every request that came in, as bytes. */
    received: [],
    /** Activities that Fedify found genuine and understood: `{ recipient, activity, json }`. */
    inbox: [],
    /** Those that it refused, with its reason. */
    refused: [],
    /** Answers requests by a status in place of Fedify, where it gives one. */
    refuses: null,
    /** Pages of the web: path to markup. */
    pages: new Map(),
    /** What Fedify itself stumbled over. */
    errors: [],
  };

  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    const { method, url, headers } = incoming;
    const entry = { method, path: url, headers, body: body.toString(), status: 0 };
    peer.received.push(entry);
    const request = new Request(`http://${headers.host}${url}`, {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
      body: body.length ? body : undefined,
    });
    let response;
    try {
      const status = peer.refuses?.(entry);
      const page = peer.pages.get(url);
      if (page && method === "GET") response = new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
      else response = status ? new Response("", { status }) : await peer.federation.fetch(request, { contextData: undefined });
    } catch (error) {
      peer.errors.push(error);
      response = new Response("", { status: 500 });
    }
    entry.status = response.status;
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  peer.port = server.address().port;
  peer.host = `${host}.localhost`;
  peer.authority = `${peer.host}:${peer.port}`;
  peer.url = `http://${peer.authority}`;

  const federation = createFederation({
    kv: new Unprejudiced(),
    queue: new InProcessMessageQueue({ pollInterval: { milliseconds: 20 } }),
    manuallyStartQueue: true,
    origin: peer.url,
    allowPrivateAddress: true,
    firstKnock: format,
    circuitBreaker: false,
    outboxRetryPolicy: createExponentialBackoffPolicy({ initialDelay: { milliseconds: 500 }, maxAttempts: 6 }),
    inboxRetryPolicy: () => null,
    onOutboxError: (error) => peer.errors.push(error),
  });
  peer.federation = federation;
  peer.context = federation.createContext(new URL(peer.url), undefined);

  federation
    .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
      const person = people.get(identifier);
      if (!person) return null;
      if (person.gone) return new vocab.Tombstone({ id: context.getActorUri(identifier), deleted: now() });
      const keys = await context.getActorKeyPairs(identifier);
      return new vocab[person.kind]({
        id: context.getActorUri(identifier),
        preferredUsername: identifier,
        name: person.title,
        summary: person.summary,
        url: new URL(`/@${identifier}`, peer.url),
        published: person.since,
        inbox: context.getInboxUri(identifier),
        outbox: context.getOutboxUri(identifier),
        followers: context.getFollowersUri(identifier),
        following: context.getFollowingUri(identifier),
        featured: context.getFeaturedUri(identifier),
        endpoints: new vocab.Endpoints({ sharedInbox: context.getInboxUri() }),
        manuallyApprovesFollowers: person.asks,
        discoverable: true,
        publicKey: keys[0].cryptographicKey.clone({ id: person.rsa.id }),
        assertionMethods: keys.map((key) => key.multikey),
        aliases: person.aliases,
        successor: person.successor,
      });
    })
    .setKeyPairsDispatcher((_, identifier) => people.get(identifier)?.keys ?? [])
    .mapHandle((_, name) => (people.has(name) ? name : null));

  const all = (pick) => (_, identifier) => (people.has(identifier) ? { items: pick(people.get(identifier)) } : null);
  federation.setFollowersDispatcher("/users/{identifier}/followers", all((person) => [...person.followers.values()]));
  federation.setFollowingDispatcher("/users/{identifier}/following", all((person) => [...person.following].map((id) => new URL(id))));
  federation.setFeaturedDispatcher("/users/{identifier}/featured", all((person) => person.pinned));
  federation.setOutboxDispatcher("/users/{identifier}/outbox", all((person) => person.sent));

  // What is not for everybody is shown to whoever proves who they are: whom it asks is the reader's affair.
  const shown = (Class, path) =>
    federation
      .setObjectDispatcher(Class, path, (_, { identifier, id }) => objects.get(`${identifier}/${id}`) ?? null)
      .authorize(async (context, { identifier, id }) => {
        const object = objects.get(`${identifier}/${id}`);
        if (!object || [...object.toIds, ...object.ccIds].some((to) => to.href === PUBLIC.href)) return true;
        return (await context.getSignedKeyOwner()) !== null;
      });
  shown(vocab.Note, "/users/{identifier}/notes/{id}");
  shown(vocab.Question, "/users/{identifier}/polls/{id}");
  shown(vocab.QuoteAuthorization, "/users/{identifier}/stamps/{id}");

  federation
    .setInboxListeners("/users/{identifier}/inbox", "/inbox")
    .setSharedKeyDispatcher(() => ({ identifier: names[0] }))
    .on(vocab.Activity, async (context, activity) => {
      peer.inbox.push({ recipient: context.recipient, activity, json: await activity.toJsonLd() });
      if (activity instanceof vocab.Follow) {
        const person = personOf(activity.objectId);
        if (!person) return;
        person.asked.push(activity);
        if (!person.asks) await person.accept(activity);
      } else if (activity instanceof vocab.Accept || activity instanceof vocab.Reject) {
        const follow = await activity.getObject({ ...context, crossOrigin: "trust" });
        const person = follow instanceof vocab.Follow ? personOf(follow.actorId) : null;
        if (!person || follow.objectId?.href !== activity.actorId?.href) return;
        person.following[activity instanceof vocab.Accept ? "add" : "delete"](activity.actorId.href);
      } else if (activity instanceof vocab.Undo) {
        const undone = await activity.getObject({ ...context, crossOrigin: "trust" });
        if (undone instanceof vocab.Follow) personOf(undone.objectId)?.followers.delete(activity.actorId.href);
      }
    })
    .onUnverifiedActivity((_, activity, reason) => {
      peer.refused.push({ activity, reason });
    })
    .onError((_, error) => {
      peer.errors.push(error);
    });
  federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
    software: { name: "fedify-peer", version: "1.0.0" },
    protocols: ["activitypub"],
    usage: { users: { total: people.size }, localPosts: objects.size, localComments: 0 },
  }));

  const personOf = (id) => [...people.values()].find((person) => person.id === id?.href);

  let serial = 0;
  /** One of its people (or groups), and what they can do. */
  class Person {
    title = "";
    summary = "<p>Of another server</p>";
    since = now();
    asks = false;
    gone = false;
    aliases = [];
    successor = null;
    kind = "Person";
    keyName = "main-key";
    followers = new Map();
    following = new Set();
    asked = [];
    pinned = [];
    sent = [];
    constructor(name, keys) {
      Object.assign(this, { name, keys, title: `${name} of ${host}` });
      this.id = `${peer.url}/users/${name}`;
      this.uri = new URL(this.id);
      this.handle = `${name}@${peer.authority}`;
      this.followersUri = new URL(`${this.id}/followers`);
    }
    newId(kind) {
      return new URL(`${this.id}/${kind}/${++serial}`);
    }
    /** An activity by this person, with an id of its own. */
    activity(kind, values) {
      return new vocab[kind]({ id: this.newId(kind.toLowerCase()), actor: this.uri, ...values });
    }
    /** A post in one of Mastodon's four visibilities, kept so that it can be read here. `to` are ids of those it mentions. */
    note(content, { visibility = "public", mentions = [], kind = "Note", ...values } = {}) {
      const id = this.newId(kind === "Question" ? "polls" : "notes");
      const people = mentions.map((one) => new URL(one.id));
      const audience = {
        public: { tos: [PUBLIC], ccs: [this.followersUri, ...people] },
        unlisted: { tos: [this.followersUri], ccs: [PUBLIC, ...people] },
        private: { tos: [this.followersUri], ccs: people },
        direct: { tos: people, ccs: [] },
      }[visibility];
      const note = new vocab[kind]({
        id,
        attribution: this.uri,
        content,
        published: now(),
        url: id,
        tags: mentions.map((one) => new vocab.Mention({ href: new URL(one.id), name: `@${one.handle}` })),
        ...audience,
        ...values,
      });
      this.keep(note);
      return note;
    }
    keep(note) {
      objects.set(`${this.name}/${note.id.pathname.split("/").at(-1)}`, note);
    }
    /** The activity about a post, addressed as the post is. */
    about(kind, note, values = {}) {
      return this.activity(kind, { object: note, tos: note.toIds, ccs: note.ccIds, ...values });
    }
    /** Hands an activity to Fedify's queue for these actors (`everybody`: its followers); answers it. */
    async send(activity, to, { shared = true, ...options } = {}) {
      const recipients = to === "followers" ? [...this.followers.values()] : await Promise.all([to].flat().map((id) => this.actor(id)));
      await peer.context.sendActivity({ identifier: this.name }, recipients, activity, {
        preferSharedInbox: shared,
        orderingKey: this.id,
        ...options,
      });
      return activity;
    }
    /** The same, and waits until the other server has answered; answers the status. */
    async sends(activity, to, options) {
      await this.send(activity, to, options);
      return answerTo(activity.id);
    }
    /** A signed request that delivers this activity to an inbox, to be sent or spoiled by hand: past Fedify's queue and retries. */
    async letter(activity, inbox, { spec = format, key = this.rsa, ...options } = {}) {
      const body = typeof activity === "string" ? activity : JSON.stringify(await activity.toJsonLd(peer.context));
      const request = new Request(inbox, { method: "POST", body, headers: { "content-type": TYPE } });
      return signRequest(request, key.key, key.id, { spec, ...options });
    }
    /** Tries what it may not, once; answers the status. */
    async forges(activity, to) {
      const { inboxId } = await this.actor(to);
      return (await fetch(await this.letter(activity, inboxId))).status;
    }
    /** An actor as Fedify reads it from its own server, asked for by this person. */
    async actor(id) {
      const loader = await peer.context.getDocumentLoader({ identifier: this.name });
      const found = await peer.context.lookupObject(new URL(id), { documentLoader: loader });
      if (!vocab.isActor(found)) throw new Error(`${id} is no actor to Fedify: ${found}`);
      return found;
    }
    /** Any document as Fedify reads it, asked for by this person; null when it does not get it. */
    async reads(id) {
      const loader = await peer.context.getDocumentLoader({ identifier: this.name });
      return peer.context.lookupObject(new URL(id), { documentLoader: loader });
    }
    async follow(id, options) {
      return this.send(this.activity("Follow", { object: new URL(id), to: new URL(id) }), id, { shared: false, ...options });
    }
    async accept(follow) {
      this.followers.set(follow.actorId.href, await this.actor(follow.actorId));
      await this.send(this.activity("Accept", { object: follow, to: follow.actorId }), follow.actorId, { shared: false });
    }
    async reject(follow) {
      this.followers.delete(follow.actorId.href);
      await this.send(this.activity("Reject", { object: follow, to: follow.actorId }), follow.actorId, { shared: false });
    }
    async undo(activity, to, options) {
      return this.send(this.activity("Undo", { object: activity, tos: activity.toIds, ccs: activity.ccIds }), to, options);
    }
    get rsa() {
      return { key: this.keys[0].privateKey, id: new URL(`${this.id}#${this.keyName}`) };
    }
    get ed25519() {
      return { key: this.keys[1].privateKey, id: new URL(`${this.id}#multikey-2`) };
    }
    /** Asks for any address as a program of this person would, signed; through `fetch`, so that it is kept. */
    async get(url, { accept = TYPE, format = CAVAGE, signed = true, headers = {} } = {}) {
      let request = new Request(url, { headers: { accept, ...headers }, redirect: "manual" });
      if (signed) request = await signRequest(request, this.rsa.key, this.rsa.id, { spec: format });
      // A connection that was kept may be closed by the other side just when it is used again: a read is then asked anew.
      const response = await fetch(request.clone()).catch((error) => {
        if (!["UND_ERR_SOCKET", "ECONNRESET"].includes(error.cause?.code)) throw error;
        return fetch(request);
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    }
  }

  async function answerTo(id) {
    const posts = await eventually(() => {
      const found = fetched.filter((one) => one.method === "POST" && one.status && one.sent.includes(`"${id.href}"`));
      return found.length > 0 && found;
    }, 30);
    return posts.at(-1).status;
  }

  for (const name of names) {
    const keys = [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")];
    people.set(name, new Person(name, keys));
  }

  const running = new AbortController();
  setMaxListeners(0, running.signal);
  const queue = federation.startQueue(undefined, { signal: running.signal });

  /** Waits for an activity of this kind that Fedify found genuine, for which `is` holds. */
  peer.gets = (kind, is = () => true) =>
    eventually(() => peer.inbox.find(({ activity, json }) => activity instanceof vocab[kind] && is(json, activity)), 30);
  peer.person = (name) => people.get(name);
  peer.stop = async () => {
    running.abort();
    await queue;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return peer;
}
