// A node of ours, other servers that it knows by ordinary peer entries, and its people with their apps.
import assert from "node:assert/strict";
import { test } from "node:test";
import jsonld from "jsonld";
import { eventually, startNode } from "../clients/node.mjs";
import { fetched, network } from "./network.mjs";
import { CAVAGE, RFC9421, startPeer } from "./peer.mjs";

export { eventually };

/** The entry of a server on plain http on this machine. */
export const entry = ({ host, port }) =>
  `[[federation.peer]]\ndomain = "${host}"\naddresses = ["127.0.0.1/32"]\nport = ${port}\nscheme = "http"\n`;

/** A person of a node, with a token as an app has it. */
class User {
  constructor(node, name, token) {
    Object.assign(this, { node, name, token });
    this.id = `${node.url}/users/${name}`;
    this.handle = `${name}@${node.domain}`;
  }
  /** A request to the client API; answers status and document. */
  async ask(method, path, parameters) {
    const headers = { authorization: `Bearer ${this.token}` };
    if (parameters) headers["content-type"] = "application/json";
    const response = await network(`${this.node.url}${path}`, { method, headers, body: parameters && JSON.stringify(parameters) });
    const text = await response.text();
    let body = text;
    try {
      body = JSON.parse(text);
    } catch {
      // A page.
    }
    return { status: response.status, body };
  }
  async #ok(method, path, parameters) {
    const { status, body } = await this.ask(method, path, parameters);
    assert.equal(status, 200, `${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }
  get(path) {
    return this.#ok("GET", path);
  }
  post(path, parameters = {}) {
    return this.#ok("POST", path, parameters);
  }
  put(path, parameters) {
    return this.#ok("PUT", path, parameters);
  }
  delete(path) {
    return this.#ok("DELETE", path);
  }
  /** A picture for a post. */
  async upload(file, fields) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ file, ...fields })) form.append(name, value);
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await network(`${this.node.url}/api/v2/media`, { method: "POST", headers, body: form });
    assert.equal(response.status, 200);
    return response.json();
  }
  /** Writes a post. */
  writes(status, parameters = {}) {
    return this.post("/api/v1/statuses", { status, visibility: "public", ...parameters });
  }
  /** The account of somebody elsewhere, looked up by handle or address as a search box does. */
  async finds(name) {
    const { accounts } = await this.get(`/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(name)}`);
    assert.equal(accounts.length, 1, `${name} is found`);
    return accounts[0];
  }
  /** A post elsewhere by its address; undefined when it is not to be had. */
  async opens(uri) {
    const { statuses } = await this.get(`/api/v2/search?resolve=true&type=statuses&q=${encodeURIComponent(uri)}`);
    return statuses[0];
  }
  async relation(id) {
    return (await this.get(`/api/v1/accounts/relationships?id[]=${id}`))[0];
  }
  /** Follows somebody elsewhere and waits until they agreed. */
  async follows(person) {
    const { id } = await this.finds(person.handle);
    await this.post(`/api/v1/accounts/${id}/follow`);
    await eventually(async () => (await this.relation(id)).following, 30);
    return id;
  }
  home() {
    return this.get("/api/v1/timelines/home?limit=40");
  }
  /** Waits until a post with this address is in the home timeline. */
  sees(uri) {
    return eventually(async () => (await this.home()).find((status) => (status.reblog ?? status).uri === `${uri}`), 30);
  }
  notices(kind) {
    return this.get(`/api/v1/notifications?types[]=${kind}&limit=40`);
  }
  /** Waits for a notification of this kind for which `is` holds. */
  told(kind, is = () => true) {
    return eventually(async () => (await this.notices(kind)).find(is), 30);
  }
}

export async function signIn(node, name) {
  return new User(node, name, (await node.verb(["token", "create", name, "--scopes", "read write follow"])).token);
}

/**
 * A node with `people`, and the servers of `servers` (host: { people, format }).
 * Answers all of them by name: the people of the node as users, the servers as peers.
 */
export async function startWorld(people, servers, { settings = "", ...options } = {}) {
  const peers = {};
  for (const [host, { people, ...rest }] of Object.entries(servers)) peers[host] = await startPeer(host, people, rest);
  const node = await startNode(people, { ...options, settings: settings + Object.values(peers).map(entry).join("") });
  const users = {};
  for (const name of people) users[name] = await signIn(node, name);
  return {
    node,
    peers: Object.values(peers),
    ...peers,
    ...users,
    async stop() {
      for (const peer of Object.values(peers)) await peer.stop();
      await node.stop();
    },
  };
}

/** A test once for each way of signing: east speaks the old draft, west RFC 9421. */
export function both(name, body) {
  for (const host of Object.keys(FORMATS)) test(`${name} (${FORMATS[host]})`, () => body(host));
}

/** What the checklist wants and the node does not do yet: said, and never passed. */
export const missing = (name, reason) => test(name, { todo: reason });

const FORMATS = { east: CAVAGE, west: RFC9421 };

/** A world with the two servers that `both` goes through, and these people on each. */
export const startBoth = (people, others, options) =>
  startWorld(people, Object.fromEntries(Object.entries(FORMATS).map(([host, format]) => [host, { people: others, format }])), options);

/** As `startBoth`, and the first of ours and their bea on each server follow one another. */
export async function startFriends(people, others, options) {
  const world = await startBoth(people, others, options);
  const own = world[people[0]];
  for (const peer of world.peers) {
    const bea = peer.person("bea");
    await own.follows(bea);
    await bea.follow(own.id);
    await eventually(() => bea.following.has(own.id), 30);
  }
  return world;
}

/** No document loses anything, and these types were among them. */
export async function losesNothing({ node, peers }, types) {
  const { kinds, lost } = await inJsonLd(node, peers);
  assert.deepEqual(lost, []);
  for (const type of types) assert.ok(kinds.includes(type), `${type} among ${kinds}`);
}

/** What a document says to JSON-LD: full IRIs and nothing else. */
export async function expanded(peer, document) {
  const [meaning] = await jsonld.expand(document, { documentLoader: peer.context.contextLoader, safe: true });
  return meaning;
}

/**
 * Every document that these servers were sent, and all that they and others read here, says all it says to JSON-LD too:
 * a term that its context does not define would be lost on the way. Answers the types that were looked at, and what is lost.
 */
export async function inJsonLd(node, peers) {
  const texts = new Set(peers.flatMap(({ received }) => received.map(({ body }) => body)));
  for (const { answer, answered, url } of fetched) {
    if (url.startsWith(node.url) && answered?.["content-type"]?.includes("activity+json")) texts.add(answer);
  }
  const lost = new Set();
  const kinds = new Set();
  for (const text of texts) {
    if (!text) continue;
    const document = JSON.parse(text);
    // What is passed on in a thread is somebody else's, and goes as it came.
    if (document.actor && !document.actor.startsWith(node.url)) continue;
    kinds.add(document.type);
    // The ActivityStreams context gives what it does not know a name that means nothing.
    const walk = (value) => {
      for (const [name, inner] of Object.entries(value)) {
        const words = [name, ...(name === "@type" ? [inner].flat() : [])];
        for (const word of words.filter((one) => one.startsWith("_:"))) lost.add(`${document.type}: ${word.slice(2)}`);
        if (inner && typeof inner === "object") walk(inner);
      }
    };
    walk(await jsonld.expand(document, { documentLoader: peers[0].context.contextLoader, safe: true }));
  }
  return { kinds: [...kinds], lost: [...lost] };
}
