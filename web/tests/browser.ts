import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { type Caller, PASSWORD } from "./site";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = fileURLToPath(new URL("shots", import.meta.url));

let browser: Browser | undefined;
let contexts: BrowserContext[] = [];

beforeAll(async () => {
  browser = await chromium.connect(inject("browser"));
});

afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
});

afterAll(async () => {
  await browser?.close();
});

/** A page of a browser that nobody has used before. */
export async function open(path: string, how: How = {}): Promise<Page> {
  if (!browser) throw new Error("the browser is not there yet");
  const context = await browser.newContext({
    baseURL: inject("url"),
    viewport: how.viewport ?? DESKTOP,
    locale: how.locale ?? "en-GB",
    colorScheme: how.colorScheme ?? "light",
    timezoneId: how.timezoneId ?? "UTC",
    reducedMotion: "reduce",
    // A deployment that is tried on one's own machine vouches for itself.
    ignoreHTTPSErrors: true,
  });
  contexts.push(context);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  watch(page);
  if (how.as) await signIn(page, how.as);
  await page.goto(path);
  return page;
}

/** One more page of the same browser: another tab. */
export async function openTab(page: Page, path: string): Promise<Page> {
  const tab = await page.context().newPage();
  watch(tab);
  await tab.goto(path);
  return tab;
}

function watch(page: Page): void {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // What the browser itself notes of answers such as 401 is no fault of the page.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) faults.push(message.text());
  });
  faultsOf.set(page, faults);
}

interface How {
  viewport?: { width: number; height: number };
  locale?: string;
  colorScheme?: "light" | "dark";
  timezoneId?: string;
  as?: { name: string; password?: string } | Caller;
}

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 375, height: 740 };
export const NARROW = { width: 320, height: 640 };

const faultsOf = new WeakMap<Page, string[]>();

/** That nothing broke on the page, and nothing was refused by its policy. */
export function expectSound(page: Page): void {
  expect(faultsOf.get(page)).toEqual([]);
}

/** Signs in through the dialog. */
export async function signIn(page: Page, who: { name: string; password?: string }): Promise<void> {
  if (page.url() === "about:blank") await page.goto("/");
  await page
    .getByRole("banner")
    .getByRole("button", { name: /^(Sign in|登录)$/ })
    .click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/User name|用户名/).fill(who.name);
  await dialog.getByLabel(/Password|密码/).fill(who.password ?? PASSWORD);
  await dialog.getByRole("button", { name: /^(Sign in|登录)$/ }).click();
  await dialog.waitFor({ state: "hidden" });
}

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

const axe = readFile(AXE, "utf8");

/** That axe finds nothing on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  // Told to the browser from outside, for the page's policy allows no script from elsewhere.
  await page.evaluate(await axe);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: unknown[] }> } };
    return (await axe.run()).violations;
  });
  const found = (violations as Violation[]).map(
    ({ id, impact, nodes }) =>
      `${id} (${impact}): ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
  );
  expect(found).toEqual([]);
}

/** That nothing is wider than the window. */
export async function expectNoSideways(page: Page): Promise<void> {
  const [scroll, client] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scroll).toBeLessThanOrEqual(client ?? 0);
}

/** Keeps a picture of the page, where `TALLY_WEB_SHOTS` asks for it. */
export async function shoot(page: Page, name: string, fullPage = false): Promise<void> {
  if (!process.env.TALLY_WEB_SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage });
}
