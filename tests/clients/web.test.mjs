// An app on the web, of another origin than the node, in a real browser: it signs somebody in, posts with a picture, and sees
// the post arrive by streaming.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { picture, startBrowser } from "./browser.mjs";
import { PASSWORD, eventually, startNode } from "./node.mjs";

let node, browser, app;
before(async () => {
  const page = await readFile(new URL("app.html", import.meta.url));
  app = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
  node = await startNode(["ada"]);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
  app?.close();
});

test("an app of another origin signs in, posts with a picture and sees it arrive", async () => {
  const page = await browser.page({ javaScriptEnabled: true });
  await page.goto(`http://127.0.0.1:${app.address().port}/?node=${encodeURIComponent(node.url)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel(/user name|e-mail/i).fill("ada");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.locator("button[value=allow]").click();
  await page.getByText("Signed in as ada").waitFor();
  await page.getByLabel("Words").fill("Look at this wall");
  await page.getByRole("button", { name: "Post" }).click();
  const article = page.locator("article");
  await article.waitFor();
  assert.equal(await article.count(), 1);
  assert.equal(await article.innerText(), "Look at this wall");
  const shown = page.getByAltText("A teal wall");
  const width = () => shown.evaluate((image) => image.complete && image.naturalWidth);
  assert.equal(await eventually(width), 64);
  const read = (name) => page.locator("main").evaluate((main, name) => main.dataset[name], name);
  assert.match(await eventually(() => read("next")), /rel="next"/, "pages may read the Link header");
  await picture(page, "app-of-another-origin");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
