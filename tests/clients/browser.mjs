// Signing in as a person does it: in a browser, on the pages, without scripts of ours.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { PASSWORD } from "./node.mjs";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** A headless browser without JavaScript: every page has to work without it. */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  return {
    close: () => browser.close(),
    async page(options = {}) {
      const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 420, height: 800 }, ...options });
      const page = await context.newPage();
      page.problems = [];
      page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
      page.on("requestfailed", (request) => page.problems.push(`${request.url()}: ${request.failure()?.errorText}`));
      return page;
    },
  };
}

/** Keeps a picture of a page where SCREENSHOTS says. */
export async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Follows an authorisation address to its end: signs in, allows, and answers the code shown on the last page. */
export async function authorize(browser, url, name, pictures) {
  const page = await browser.page();
  await page.goto(url);
  await page.getByLabel(/user name|e-mail/i).fill(name);
  await page.getByLabel(/password/i).fill(PASSWORD);
  if (pictures) await picture(page, "sign-in");
  await page.getByRole("button", { name: /sign in/i }).click();
  if (pictures) await picture(page, "consent");
  await page.locator("button[value=allow]").click();
  if (pictures) await picture(page, "code");
  const code = await page.locator("#code").inputValue({ timeout: 5000 });
  await page.context().close();
  return code.trim();
}
