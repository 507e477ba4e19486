// What a machine gives a server of its own, for servers that share one process: names below .localhost, and fetch.
// Everything that goes out through `globalThis.fetch` (Fedify's and that of tests that play the stranger) is kept in `fetched`.
import dns from "node:dns";

// RFC 6761: names below .localhost are this machine. Not every resolver knows.
const lookup = dns.lookup;
dns.lookup = (host, options, done) => {
  if (typeof options === "function") [options, done] = [{}, options];
  if (!host.endsWith(".localhost")) return lookup(host, options, done);
  process.nextTick(() => (options?.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)));
};

// Fedify is made for Node 22, which says what it is; of all that is new there, this is what Fedify needs.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node}` };

/** The real one, for the people of the node: what they read with their apps is not what strangers read. */
export const network = globalThis.fetch;

/** Every answer to a request of a stranger, oldest first. */
export const fetched = [];

/** Requests to anywhere but this machine; they are refused, and tests want none. */
export const escaped = [];

const isHere = (url) => url.hostname === "localhost" || url.hostname.endsWith(".localhost") || url.hostname === "127.0.0.1";

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const url = new URL(request.url);
  if (!isHere(url)) {
    escaped.push(url.href);
    throw new TypeError(`no way out of this machine: ${url.href}`);
  }
  const sent = request.body ? await request.clone().text() : "";
  const headers = Object.fromEntries(request.headers);
  const entry = { method: request.method, url: url.href, headers, sent, status: 0, answer: "" };
  fetched.push(entry);
  const response = await network(request);
  entry.status = response.status;
  entry.answered = Object.fromEntries(response.headers);
  entry.answer = await response.clone().text();
  return response;
};
