// Walks the methods of a library one by one, and holds each answer against the types that the library publishes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { methodsOf, mismatches, published } from "./types.mjs";

/**
 * The table of a walk over the methods of the interface `name` in `file`.
 *
 * `told` is the type of what is heard by methods that answer something to listen to; `loose` are places where the types
 * differ from what Mastodon itself answers, each with a reason: `[pattern, "reason"]`, of `method: place is value`.
 */
export function walk(file, name, { told, loose = [] } = {}) {
  const library = published(file, name);
  const methods = methodsOf(library);
  const walked = new Set();
  const unused = new Set(loose.map(([place]) => place));

  const excused = (method) => (problem) => {
    const found = loose.find(([place]) => place.test(`${method}: ${problem}`));
    if (found) unused.delete(found[0]);
    return found !== undefined;
  };

  return {
    /** Calls `method`, and says what must hold of its answer, beyond its type. */
    row(method, call, holds = () => true) {
      walked.add(method);
      test(method, async () => {
        assert.ok(methods.has(method), "the library has no such method");
        const answer = await call(method);
        assert.ok(await holds(answer), `${method}: ${holds} does not hold of ${JSON.stringify(answer)?.slice(0, 2000)}`);
        const wrong = typed(library, methods.get(method), answer, excused(method), told);
        assert.ok(wrong.length === 0, `${method}: ${wrong.join("; ")}`);
      });
    },
    /** Calls `method` where the answer has to be a refusal with `status`, for a reason. */
    refused(method, status, reason, call) {
      walked.add(method);
      test(`${method} is refused: ${reason}`, () =>
        assert.rejects(call(method), (error) => {
          const told = error.statusCode ?? error.response?.status;
          return told === status || assert.fail(`${method}: ${told ?? error}, not ${status}`);
        }));
    },
    /** A method that cannot be asked of a node, for a reason. */
    without(method, reason) {
      assert.ok(reason);
      walked.add(method);
    },
    /** Fails when the library has a method that the table lacks. */
    complete() {
      test("the table has every method of the library", () => {
        assert.deepEqual(
          [...methods.keys()].filter((method) => !walked.has(method)),
          [],
        );
      });
      test("each place where its types are held loosely was met", () => assert.deepEqual([...unused], []));
    },
  };
}

/** A method whose answer nobody reads may answer anything. */
function typed({ checker }, type, answer, excused, told) {
  const name = checker.typeToString(type);
  if (name === "void") return [];
  assert.notEqual(name, "any", "the types of the library are not all there");
  return told && name === told.of ? mismatches(told.checker, told.type, answer, excused) : mismatches(checker, type, answer, excused);
}

/** Calls the method of a masto.js client at a path: an argument for each `$select` in it comes first. */
export function at(client, path, args) {
  const rest = [...args];
  const method = path.split(".").reduce((on, name) => (name === "$select" ? on.$select(rest.shift()) : on[name]), client);
  return method(...rest);
}
