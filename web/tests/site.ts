import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the pages are, and who may do what there. */
export interface Site {
  readonly url: string;
  readonly admin: { readonly name: string; readonly password: string };
  stop(): Promise<void>;
}

const ADMIN = { name: "root-admin", password: "root-password" };
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Tally in one process on a data folder of its own, or the site that `TALLY_WEB_URL` names, with
 * an admin as `TALLY_WEB_ADMIN=name:password` says.
 */
export async function startSite(): Promise<Site> {
  const named = process.env.TALLY_WEB_URL;
  if (named) {
    const [name = "", password = ""] = (process.env.TALLY_WEB_ADMIN ?? "").split(":");
    return { url: named.replace(/\/$/, ""), admin: { name, password }, stop: async () => {} };
  }
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const program = process.env.TALLY_STANDALONE ?? join(target, "debug/standalone");
  const data = await mkdtemp(join(tmpdir(), "tally-web-"));
  const port = await freePort();
  const args = ["--data-dir", data, "--port", String(port), "--web", join(root, "web/dist")];
  const server = spawn(program, args, {
    env: {
      ...process.env,
      TALLY__ADMIN__USER_NAME: ADMIN.name,
      TALLY__ADMIN__PASSWORD: ADMIN.password,
      TALLY__AUTH__BCRYPT_COST: "4",
      TALLY__LOG__FILTER: "warn",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await ended(server);
    await rm(data, { recursive: true, force: true });
  };
  try {
    await ready(url, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, admin: ADMIN, stop };
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  for (let n = 0; n < 300; n += 1) {
    if (server.exitCode !== null) throw new Error(`standalone ended with ${server.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("standalone is not ready after 30 s");
}

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    server.once("exit", () => resolve());
    server.kill("SIGTERM");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Calls to the API beside the pages: what others do meanwhile. */
export class Caller {
  private constructor(
    readonly url: string,
    readonly name: string,
    private readonly token: string,
  ) {}

  static async signIn(url: string, name: string, password: string): Promise<Caller> {
    const body = { user_name: name, password };
    const pair = (await call(url, "POST", "/sessions", body)) as { access_token: string };
    return new Caller(url, name, pair.access_token);
  }

  /** A new member of a name that nobody has. */
  static async signUp(url: string, begin: string): Promise<Caller> {
    const name = fresh(begin);
    await call(url, "POST", "/users", { user_name: name, password: PASSWORD });
    return await Caller.signIn(url, name, PASSWORD);
  }

  call<Answer>(method: string, path: string, body?: object, headers: object = {}): Promise<Answer> {
    const all = { authorization: `Bearer ${this.token}`, ...headers };
    return call(this.url, method, path, body, all) as Promise<Answer>;
  }
}

export const PASSWORD = "a-long-password";

/** A name that nobody has. */
export function fresh(begin: string): string {
  return `${begin}-${Math.random().toString(36).slice(2, 10)}`;
}

async function call(
  url: string,
  method: string,
  path: string,
  body?: object,
  headers: object = {},
): Promise<unknown> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}
