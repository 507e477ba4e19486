// A person signs in to an app through the browser, and looks at the public pages.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { picture, startBrowser } from "./browser.mjs";
import { PASSWORD, startNode } from "./node.mjs";

let node, browser;
before(async () => {
  node = await startNode(["ada"]);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

const post = async (path, body, token) => {
  const response = await fetch(node.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
};

test("an app gets a token through the sign-in and consent pages, with PKCE and state", async () => {
  const arrived = [];
  const app = createServer((request, response) => {
    arrived.push(request.url);
    response.end("<!doctype html><title>Done</title>You can go back to the app.");
  });
  await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
  const redirect = `http://127.0.0.1:${app.address().port}/callback`;
  try {
    const { json: registered } = await post("/api/v1/apps", {
      client_name: "Test client",
      redirect_uris: redirect,
      scopes: "read write follow push",
      website: "https://client.example",
    });
    const verifier = randomBytes(32).toString("base64url");
    const query = new URLSearchParams({
      response_type: "code",
      client_id: registered.client_id,
      redirect_uri: redirect,
      scope: "read write follow push",
      state: "kept as it is",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const page = await browser.page();
    const shown = await page.goto(`${node.url}/oauth/authorize?${query}`);
    const policy = shown.headers()["content-security-policy"] ?? (await shown.headerValue("content-security-policy"));
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);

    await page.getByLabel(/user name|e-mail/i).fill("ada");
    await page.getByLabel(/password/i).fill("wrong password");
    await page.getByRole("button", { name: /sign in/i }).click();
    await page.getByRole("alert").waitFor();
    await picture(page, "sign-in-refused");
    assert.ok(page.problems.every((problem) => problem.includes("422")), page.problems.join());
    page.problems.length = 0;
    await page.getByLabel(/user name|e-mail/i).fill("ada@example.org");
    await page.getByLabel(/password/i).fill(PASSWORD);
    await picture(page, "sign-in");
    await page.getByRole("button", { name: /sign in/i }).click();

    assert.match(await page.locator("h1").innerText(), /Test client/);
    await picture(page, "consent");
    await page.locator("button[value=allow]").click();
    await page.waitForURL(`${redirect}**`);
    assert.deepEqual(page.problems, []);
    await page.context().close();

    const back = new URL(arrived.find((url) => url.startsWith("/callback")), redirect);
    assert.equal(back.searchParams.get("state"), "kept as it is");
    const { status, json: granted } = await post("/oauth/token", {
      grant_type: "authorization_code",
      code: back.searchParams.get("code"),
      client_id: registered.client_id,
      client_secret: registered.client_secret,
      redirect_uri: redirect,
      code_verifier: verifier,
    });
    assert.equal(status, 200);
    assert.equal(granted.token_type, "Bearer");
    assert.equal(granted.scope, "read write follow push");
    const me = await fetch(`${node.url}/api/v1/accounts/verify_credentials`, {
      headers: { authorization: `Bearer ${granted.access_token}` },
    });
    assert.equal((await me.json()).acct, "ada");
  } finally {
    app.close();
  }
});

test("refusing takes the person back to the app with an error", async () => {
  const app = createServer((_, response) => response.end("ok"));
  await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
  const redirect = `http://127.0.0.1:${app.address().port}/back`;
  try {
    const { json: registered } = await post("/api/v1/apps", { client_name: "Nosy", redirect_uris: redirect, scopes: "read" });
    const query = new URLSearchParams({ response_type: "code", client_id: registered.client_id, redirect_uri: redirect });
    const page = await browser.page();
    await page.goto(`${node.url}/oauth/authorize?${query}`);
    await page.getByLabel(/user name|e-mail/i).fill("ada");
    await page.getByLabel(/password/i).fill(PASSWORD);
    await page.getByRole("button", { name: /sign in/i }).click();
    await page.locator("button[value=deny]").click();
    await page.waitForURL(`${redirect}**`);
    assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");
    await page.context().close();
  } finally {
    app.close();
  }
});

test("visitors see the front page, a profile and a post, in the dark and on a narrow screen too", async () => {
  const { token } = await node.verb(["token", "create", "ada"]);
  const { json: status } = await post("/api/v1/statuses", { status: "Hello from the third floor. #coffee" }, token);
  for (const [name, path] of [["front", "/"], ["profile", "/@ada"], ["post", `/@ada/${status.id}`]]) {
    for (const options of [{ viewport: { width: 360, height: 700 } }, { colorScheme: "dark", viewport: { width: 1200, height: 800 } }]) {
      const page = await browser.page(options);
      const shown = await page.goto(node.url + path);
      assert.equal(shown.status(), 200, path);
      const { scroll, width } = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        width: document.documentElement.clientWidth,
      }));
      assert.ok(scroll <= width, `${path} is wider than the screen: ${scroll} > ${width}`);
      assert.equal(await page.locator("h1").count() >= 1, true, `${path} has a heading`);
      assert.equal(await page.locator("html[lang]").count(), 1);
      assert.equal(await page.locator("img:not([alt])").count(), 0, "every picture has a text");
      assert.deepEqual(page.problems, [], path);
      await picture(page, `${name}-${options.colorScheme ?? "narrow"}`);
      await page.context().close();
    }
  }
});
