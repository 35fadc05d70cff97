import { type BrowserServer, chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { furnish } from "./content";
import { type Site, startSite } from "./site";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    admin: { name: string; password: string };
    browser: string;
  }
}

const PROGRAM = process.env.TALLY_CHROMIUM ?? "/usr/bin/chromium";

/** Starts one site and one browser for all tests, and ends them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let site: Site | undefined;
  let browser: BrowserServer | undefined;
  const stop = async () => {
    await browser?.close();
    await site?.stop();
  };
  try {
    site = await startSite();
    await furnish(site);
    browser = await chromium.launchServer({
      executablePath: PROGRAM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide("url", site.url);
  project.provide("admin", site.admin);
  project.provide("browser", browser.wsEndpoint());
  return stop;
}
