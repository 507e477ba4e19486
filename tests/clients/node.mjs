// A real node for real clients: the program itself on a free port and a fresh data folder.
import { spawn, execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.WATERCOOLER ?? new URL("../../target/debug/watercooler", import.meta.url).pathname;

/** A port of this machine that nobody listens on. */
export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export const PASSWORD = "correct horse battery staple";

/** Starts a node called `HOST:PORT` with these people on it; `settings` are more lines of its `watercooler.toml`, `log` what it logs. */
export async function startNode(people, { host = "localhost", port, settings = "", log: logs = "info" } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "watercooler-clients-"));
  port ??= await freePort();
  await writeFile(
    join(folder, "watercooler.toml"),
    `domain = "${host}:${port}"\nlisten = "127.0.0.1:${port}"\nregistration = "open"\nlog = "${logs}"\n` +
      `[rate_limits]\nmode = "off"\n[instance]\nname = "Engineering"\n${settings}`,
  );
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WATERCOOLER")));
  const server = spawn(program, ["serve", "--json"], { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (text) => (log += text));
  await new Promise((resolve, reject) => {
    server.stdout.once("data", resolve);
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`the node did not start: ${log}`)));
  });
  const verb = (args, input) =>
    new Promise((resolve, reject) => {
      const child = execFile(program, [...args, "--json"], { cwd: folder, env: environment }, (error, out, err) =>
        error ? reject(new Error(err || String(error))) : resolve(JSON.parse(out)),
      );
      // A verb that reads nothing may have answered before it is given that nothing.
      child.stdin.on("error", () => {});
      child.stdin.end(input ?? "");
    });
  for (const name of people) {
    await verb(["account", "create", name, "--email", `${name}@example.org`, "--password-stdin"], PASSWORD);
  }
  return {
    url: `http://${host}:${port}`,
    domain: `${host}:${port}`,
    host,
    port,
    verb,
    log: () => log,
    async stop() {
      server.kill("SIGTERM");
      await new Promise((resolve) => server.once("exit", resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is there: what happens in the background takes a moment. */
export async function eventually(what, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    let failure;
    try {
      const value = await what();
      if (value) return value;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > end) throw failure ?? new Error("it never happened");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
