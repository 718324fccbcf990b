/** What stands between the console and strangers, over real HTTP: sign-in, roles, origins, the pages' headers; and what the console asks. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { FAILURES_FREE } from "#host/people/attempts.ts";
import { passwordCost } from "#host/people/password.ts";
import { PeopleFile } from "#host/people/people.ts";
import { RootHost } from "#host/root-host.ts";
import { TokenFile } from "#host/tokens.ts";
import { temporaryDirectory, until, workerFile } from "./built.ts";
import { WireClient } from "./client.ts";

const PASSWORD = "a password of tests";
let directory: { path: string; remove(): void };
let host: RootHost;
let pages: string;
let tokens: TokenFile;

beforeAll(async () => {
  passwordCost.log = 4;
  directory = temporaryDirectory();
  pages = mkdtempSync(join(tmpdir(), "sapline-pages-"));
  writeFileSync(join(pages, "index.html"), "<p>the page");
  writeFileSync(join(pages, "console.js"), "// the script");
  const people = new PeopleFile(directory.path);
  for (const role of ["look", "act", "administer"] as const) await people.add(role, role, PASSWORD);
  tokens = new TokenFile(directory.path);
  host = await RootHost.start({
    host: "127.0.0.1",
    port: 0,
    directory: directory.path,
    connectionsMax: 8,
    workerFile: await workerFile(),
    pages: pathToFileURL(`${pages}/`),
    onFailed: () => {},
    log: () => {},
  });
});
afterAll(async () => {
  passwordCost.log = 15;
  await host.stop();
  directory.remove();
  rmSync(pages, { recursive: true });
});

interface Reply {
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  text: string;
  body: { [field: string]: unknown } & { error?: string };
}

function ask(method: string, path: string, body?: unknown, headers: { [name: string]: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const json = { "content-type": "application/json" };
    const request = httpRequest(
      `${host.url}${path}`,
      { method, headers: { ...json, ...headers } },
      async (response) => {
        let text = "";
        for await (const chunk of response) text += String(chunk);
        const isJson = String(response.headers["content-type"]).includes("json");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: isJson ? (JSON.parse(text) as Reply["body"]) : {},
        });
      },
    );
    request.on("error", reject);
    request.end(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  });
}

const own = (): string => new URL(host.url).host;
/** As a browser says it of a page of ours. */
const fromOurPage = (): { [name: string]: string } => ({ origin: `http://${own()}`, "sec-fetch-site": "same-origin" });

async function signIn(name: string): Promise<{ cookie: string; csrf: string; setCookie: string }> {
  const reply = await ask("POST", "/api/session", { name, password: PASSWORD }, fromOurPage());
  expect(reply.status).toBe(200);
  const setCookie = String(reply.headers["set-cookie"]);
  return { cookie: setCookie.split(";")[0] as string, csrf: String(reply.body["csrf"]), setCookie };
}

const signedIn = new Map<string, { cookie: string; csrf: string; setCookie: string }>();
async function headersOf(name: string): Promise<{ [name: string]: string }> {
  const session = signedIn.get(name) ?? (await signIn(name));
  signedIn.set(name, session);
  return { ...fromOurPage(), cookie: session.cookie, "x-sapline-csrf": session.csrf };
}

async function joined(id: string): Promise<WireClient> {
  const client = await WireClient.open(`${host.url.replace("http", "ws")}/node`, tokens.add(id, false));
  await client.join(id);
  return client;
}

describe("sign-in", () => {
  test("a page of a browser sees nothing before somebody has signed in, and says who afterwards", async () => {
    expect((await ask("GET", "/api/nodes", undefined, fromOurPage())).status).toBe(401);
    expect((await ask("GET", "/api/session", undefined, fromOurPage())).text).toBe("null\n");
    const headers = await headersOf("look");
    expect((await ask("GET", "/api/nodes", undefined, headers)).status).toBe(200);
    expect((await ask("GET", "/api/session", undefined, headers)).body).toMatchObject({ name: "look", role: "look" });
  });

  test("programs on this machine and with the API's token go on without it", async () => {
    expect((await ask("GET", "/api/nodes")).status).toBe(200);
  });

  test("the cookie is kept from scripts and from other sites", async () => {
    const { setCookie } = await signIn("look");
    expect(setCookie).toMatch(/^sapline-session-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    const proxied = { ...fromOurPage(), "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.9" };
    const reply = await ask("POST", "/api/session", { name: "look", password: PASSWORD }, proxied);
    expect(String(reply.headers["set-cookie"])).toMatch(/; Secure$/);
  });

  test("a wrong password and an unknown name get the same answer", async () => {
    const wrong = await ask("POST", "/api/session", { name: "look", password: "wrong" }, fromOurPage());
    const unknown = await ask("POST", "/api/session", { name: "nobody", password: "wrong" }, fromOurPage());
    expect(wrong.status).toBe(401);
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body]);
    expect(wrong.headers["set-cookie"]).toBeUndefined();
  });

  test("many wrong passwords from one address are held up, and others are not", async () => {
    const from = (address: string) => ({ ...fromOurPage(), "x-forwarded-for": `10.0.0.1, ${address}` });
    const statuses = [];
    for (let i = 0; i <= FAILURES_FREE; i++)
      statuses.push(
        (await ask("POST", "/api/session", { name: `guess ${i}`, password: "wrong" }, from("192.0.2.1"))).status,
      );
    expect(statuses).toEqual([...Array.from({ length: FAILURES_FREE }, () => 401), 429]);
    const other = await ask("POST", "/api/session", { name: "act", password: PASSWORD }, from("192.0.2.2"));
    expect(other.status).toBe(200);
  });

  test("signing out ends the session, not only the cookie", async () => {
    const { cookie, csrf } = await signIn("look");
    const headers = { ...fromOurPage(), cookie, "x-sapline-csrf": csrf };
    expect((await ask("DELETE", "/api/session", undefined, headers)).status).toBe(200);
    expect((await ask("GET", "/api/nodes", undefined, headers)).status).toBe(401);
  });

  test("a new password of one's own needs the old one, and ends the other sessions", async () => {
    const zoe = { name: "zoe", role: "look", password: PASSWORD };
    expect((await ask("POST", "/api/people", zoe, await headersOf("administer"))).status).toBe(200);
    const [here, there] = [await signIn("zoe"), await signIn("zoe")];
    const headers = { ...fromOurPage(), cookie: here.cookie, "x-sapline-csrf": here.csrf };
    const change = (current: string) =>
      ask("PUT", "/api/session/password", { current, password: "a newer password" }, headers);
    expect((await change("wrong")).status).toBe(401);
    expect((await change(PASSWORD)).status).toBe(200);
    const elsewhere = { ...fromOurPage(), cookie: there.cookie };
    expect((await ask("GET", "/api/nodes", undefined, elsewhere)).status).toBe(401);
  });
});

describe("other sites", () => {
  test.each([
    [{ origin: "http://evil.example" }],
    [{ origin: "null" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site", origin: "http://127.0.0.1:1" }],
  ])("a page of another site does nothing with somebody's cookie: %o", async (stolen) => {
    const headers = { ...(await headersOf("administer")), "sec-fetch-site": "cross-site", ...stolen };
    if (!("sec-fetch-site" in stolen)) Reflect.deleteProperty(headers, "sec-fetch-site");
    for (const [method, path, body] of [
      ["POST", "/api/nodes/x/act", { eid: "lamp", value: true }],
      ["POST", "/api/tokens", { id: "evil" }],
      ["GET", "/api/events", undefined],
      ["GET", "/api/nodes", undefined],
      ["POST", "/api/session", { name: "act", password: PASSWORD }],
      ["DELETE", "/api/session", undefined],
    ] as const)
      expect((await ask(method, path, body, headers)).status, `${method} ${path}`).toBe(403);
  });

  test("a change without the session's own word is refused, also with the cookie and the right origin", async () => {
    const { "x-sapline-csrf": _, ...headers } = await headersOf("administer");
    expect((await ask("POST", "/api/tokens", { id: "evil" }, headers)).status).toBe(403);
    expect((await ask("POST", "/api/tokens", { id: "evil" }, { ...headers, "x-sapline-csrf": "guess" })).status).toBe(
      403,
    );
    expect(tokens.list().map(({ id }) => id)).not.toContain("evil");
  });

  test("a form of another site cannot sign anybody in", async () => {
    const form = { "content-type": "text/plain" };
    const reply = await ask("POST", "/api/session", JSON.stringify({ name: "look", password: PASSWORD }), form);
    expect(reply.status).toBe(415);
  });

  test("a WebSocket of another site's page is refused though it has a node's cookie", async () => {
    const token = tokens.add("cookie-jar", false);
    const open = (origin: string | undefined): Promise<string> => {
      const socket = new WebSocket(`${host.url.replace("http", "ws")}/echo`, {
        headers: { cookie: `leaf-token=${token}`, ...(origin === undefined ? {} : { origin }) },
      });
      return new Promise((resolve) => {
        socket.on("error", (error) => resolve(String(error)));
        socket.on("open", () => {
          socket.terminate();
          resolve("open");
        });
      });
    };
    expect(await open("http://evil.example")).toContain("403");
    expect(await open(`http://${own()}`)).toBe("open");
    expect(await open(undefined)).toBe("open");
  });
});

describe("roles", () => {
  test("each role may do what it may, and no more", async () => {
    const node = await joined("lamp-post");
    const tries: [string, string, unknown][] = [
      ["GET", "/api/nodes", undefined],
      ["PUT", "/api/nodes/lamp-post/set", { eid: "lamp", value: true }],
      ["POST", "/api/tokens", { id: "made-by", replace: true }],
      ["GET", "/api/tokens", undefined],
      ["GET", "/api/people", undefined],
      ["GET", "/api/updates", undefined],
      ["POST", "/api/updates", { nodes: ["lamp-post"], program: btoa("'?part'") }],
      ["POST", "/api/nodes/lamp-post/update", { program: btoa("'?part'") }],
      ["DELETE", "/api/updates/1", undefined],
    ];
    const statuses: { [role: string]: number[] } = {};
    for (const role of ["look", "act", "administer"]) {
      statuses[role] = [];
      for (const [method, path, body] of tries)
        statuses[role].push((await ask(method, path, body, await headersOf(role))).status);
    }
    expect(statuses).toEqual({
      look: [200, 403, 403, 403, 403, 200, 403, 403, 403],
      act: [200, 200, 403, 403, 403, 200, 403, 403, 403],
      administer: [200, 200, 200, 200, 200, 200, 200, 200, 200],
    });
    node.close();
  });

  test("who administers adds people, whose password is seen once, and takes them away again", async () => {
    const headers = await headersOf("administer");
    const made = await ask("POST", "/api/people", { name: "guest", role: "look" }, headers);
    expect(made.body).toEqual({ name: "guest", role: "look", password: expect.stringMatching(/^\S{24}$/) });
    expect((await ask("PUT", "/api/people/guest", { role: "chief" }, headers)).status).toBe(400);
    expect((await ask("PUT", "/api/people/guest", { role: "act" }, headers)).status).toBe(200);
    expect((await ask("DELETE", "/api/people/guest", undefined, headers)).status).toBe(200);
    expect((await ask("GET", "/api/people", undefined, headers)).text).not.toContain("guest");
    expect((await ask("DELETE", "/api/people/administer", undefined, headers)).body.error).toContain(
      "nobody would be left",
    );
  });

  test("a token is made and ended from the console, and its node is cut at once", async () => {
    const headers = await headersOf("administer");
    const made = await ask("POST", "/api/tokens", { id: "newcomer" }, headers);
    const client = await WireClient.open(`${host.url.replace("http", "ws")}/node`, String(made.body["token"]));
    await client.join("newcomer");
    expect((await ask("POST", "/api/tokens", { id: "newcomer" }, headers)).status).toBe(400);
    expect((await ask("POST", "/api/tokens", { id: "<b>" }, headers)).body.error).toContain("cannot be a node's id");
    expect((await ask("DELETE", "/api/tokens/newcomer", undefined, headers)).status).toBe(200);
    expect(await until("it is cut", () => client.closed)).toMatchObject({ code: 1008 });
  });
});

describe("pages", () => {
  test("a browser that opens the root is led to the console; a program gets what every ingress says", async () => {
    const browser = await ask("GET", "/", undefined, { accept: "text/html,*/*" });
    expect([browser.status, browser.headers["location"]]).toEqual([303, "/console/"]);
    expect((await ask("GET", "/")).text).toBe("Hello leaf!");
  });

  test("the page allows itself nothing from elsewhere, no script inside, and no frame around", async () => {
    for (const path of ["/console/", "/console/node/kitchen", "/console/../console/console.js"]) {
      const { status, headers } = await ask("GET", path);
      expect(status).toBe(200);
      const policy = String(headers["content-security-policy"]);
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  test("only the console's own files are given out, packed for whoever takes that, and once if they have not changed", async () => {
    expect((await ask("GET", "/console/console.js")).text).toBe("// the script");
    for (const path of ["/console/..%2fpeople.json", "/console/people.json", "/console/%2e%2e/people.json"])
      expect((await ask("GET", path)).text).not.toContain("scrypt");
    const { headers } = await ask("GET", "/console/console.js", undefined, { "accept-encoding": "gzip" });
    expect(headers["content-encoding"]).toBe("gzip");
    const again = await ask("GET", "/console/console.js", undefined, { "if-none-match": String(headers["etag"]) });
    expect(again.status).toBe(304);
    expect((await ask("POST", "/console/", {})).status).toBe(405);
  });
});

describe("what the console asks", () => {
  test("charts gather events in columns, with least, most and last, and leave out empty ones", async () => {
    const client = await joined("charted");
    const at = (second: number, value: unknown) => ({
      type: "!update",
      eid: "t",
      value,
      ts: 1_700_000_000_000 + second * 1000,
    });
    await client.store("charted", 1, 5, [at(0, 1), at(1, 5), at(2, 3), at(60, true), at(61, "text")]);
    const { body } = await ask(
      "GET",
      "/api/nodes/charted/entities/t/chart?from=1700000000000&to=1700000100000&buckets=10",
    );
    expect(body).toEqual({
      from: 1_700_000_000_000,
      to: 1_700_000_100_000,
      bucketMillis: 10_000,
      buckets: [
        { at: 1_700_000_000_000, count: 3, min: 1, max: 5, mean: 3, last: 3 },
        { at: 1_700_000_060_000, count: 2, min: 1, max: 1, mean: 1, last: "text" },
      ],
      isTruncated: false,
    });
    const all = await ask("GET", "/api/nodes/charted/entities/t/chart");
    expect(all.body["from"]).toBe(1_700_000_000_000);
    expect((await ask("GET", "/api/nodes/charted/entities/t/chart?buckets=0")).status).toBe(400);
    client.close();
  });

  test("gaps are found by their type, and counted with the node's traffic; units are learned", async () => {
    const client = await joined("gappy");
    await client.store("gappy", 1, 3, [
      { type: "!gap", n: 7, reason: "full", class: "state" },
      { type: "!log", text: 'it says "!gap" and is none' },
      { type: "!update", eid: "t", value: 1, unit: "°C" },
    ]);
    const { events } = (await ask("GET", "/api/log?node=gappy&type=!gap")).body as { events: { more: object }[] };
    expect(events.map(({ more }) => more)).toEqual([{ n: 7, reason: "full", class: "state" }]);
    const { nodes } = (await ask("GET", "/api/traffic")).body as { nodes: { id: string }[] };
    expect(nodes.find(({ id }) => id === "gappy")).toMatchObject({ events: 3, given: 7 });
    expect((await ask("GET", "/api/nodes/gappy/entities/t")).body["unit"]).toBe("°C");
    client.close();
  });

  test("the tree of an earlier moment is told as it was", async () => {
    const client = await joined("traveller");
    const here = Date.now();
    const topology = async (at: number): Promise<{ id: string; up: boolean }[]> =>
      ((await ask("GET", `/api/topology?at=${at}`)).body as { nodes: { id: string; up: boolean }[] }).nodes;
    client.close();
    await until("it has left", async () =>
      (await topology(Date.now())).some(({ id, up }) => id === "traveller" && !up),
    );
    expect((await topology(here)).find(({ id }) => id === "traveller")).toMatchObject({ up: true, parent: "root" });
    expect(await topology(1000)).toEqual([]);
  });

  test("health is told second by second, with what is on the disk", async () => {
    const { body } = await until("a second has passed", async () => {
      const reply = await ask("GET", "/api/health");
      return (reply.body["seconds"] as object[]).length > 0 ? reply : undefined;
    });
    const seconds = body["seconds"] as { at: number; stored: number }[];
    expect(seconds[0]).toMatchObject({
      stored: expect.any(Number),
      duplicates: expect.any(Number),
      given: expect.any(Number),
    });
    expect(body["stock"]).toMatchObject({ logBytes: expect.any(Number), freeBytes: expect.any(Number) });
    const later = await ask("GET", `/api/health?after=${seconds.at(-1)?.at}`);
    expect((later.body["seconds"] as { at: number }[]).every(({ at }) => at > (seconds.at(-1)?.at ?? 0))).toBe(true);
  });
});
