import { readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { RootHost, TOKENS_EVERY_MILLIS } from "#host/root-host.ts";
import { TokenFile } from "#host/tokens.ts";
import { temporaryDirectory, until, workerFile } from "./built.ts";
import { WireClient } from "./client.ts";

let directory: { path: string; remove(): void };
let host: RootHost;
let tokens: TokenFile;
const logged: string[] = [];
/** A node for each test, whose token the root has read when it starts: a later one it notices within a second. */
const NODES = [
  "patient",
  "steady",
  "stays",
  "leaves",
  "careful",
  "porch",
  "history",
  "actor",
  "wisher",
  "strict",
  "live",
  "cook",
  "crowd",
  "echoer",
];
const tokenOf = new Map<string, string>();

beforeAll(async () => {
  directory = temporaryDirectory();
  tokens = new TokenFile(directory.path);
  for (const id of NODES) tokenOf.set(id, tokens.add(id, false));
  host = await RootHost.start({
    host: "127.0.0.1",
    port: 0,
    directory: directory.path,
    connectionsMax: 8,
    workerFile: await workerFile(),
    tokensEveryMillis: 50,
    onFailed: (message) => logged.push(message),
    log: (line) => logged.push(line),
  });
});
afterAll(async () => {
  await host.stop();
  directory.remove();
});

const nodeUrl = (): string => `${host.url.replace("http", "ws")}/node`;

/** One of NODES, joined. */
async function joined(id: string): Promise<{ client: WireClient; epoch: number; token: string }> {
  const token = tokenOf.get(id) as string;
  const client = await WireClient.open(nodeUrl(), token);
  return { client, epoch: await client.join(id), token };
}

interface Reply {
  status: number;
  headers: { [name: string]: unknown };
  body: { [field: string]: unknown } & { error?: string };
}

function ask(method: string, path: string, body?: unknown, headers: { [name: string]: string } = {}): Promise<Reply> {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${host.url}${path}`, { method, headers }, async (response) => {
      let said = "";
      for await (const chunk of response) said += String(chunk);
      const isJson = String(response.headers["content-type"]).includes("json");
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: isJson ? JSON.parse(said) : { text: said },
      });
    });
    request.on("error", reject);
    request.end(text);
  });
}

/** The status and body of an upgrade that is refused; 101 if it is not. */
async function upgrade(path: string, headers: { [name: string]: string }): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(`${host.url.replace("http", "ws")}${path}`, { headers });
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.on("open", () => {
      socket.terminate();
      resolve({ status: 101, body: "" });
    });
    socket.on("unexpected-response", async (_request, response) => {
      let body = "";
      for await (const chunk of response) body += String(chunk);
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
}

describe("connecting", () => {
  test("a missing, empty, wrong or revoked token is a 401 that says what to do, before anything is known of the node", async () => {
    for (const headers of [
      {},
      { cookie: "leaf-token=" },
      { cookie: "leaf-token" },
      { cookie: "other=x" },
      { authorization: "Bearer " },
      { authorization: "Basic x" },
    ]) {
      const { status, body } = await upgrade("/node", headers as { [name: string]: string });
      expect([status, body]).toEqual([401, expect.stringContaining("send the node's token")]);
    }
    for (const headers of [
      { cookie: "leaf-token=wrong" },
      { authorization: "Bearer wrong" },
      { cookie: `leaf-token=${"x".repeat(5000)}` },
    ]) {
      const { status, body } = await upgrade("/node", headers as { [name: string]: string });
      expect([status, body]).toEqual([401, expect.stringContaining("unknown here or was revoked")]);
    }
    expect((await ask("GET", "/healthz")).body["connections"]).toBe(0);
    expect(host.nodes()).toEqual([]);
  });

  test("the token may be a cookie among others, or a Bearer token", async () => {
    const token = tokens.add("late", false);
    await until(
      "the token is noticed",
      async () => (await upgrade("/node", { authorization: `Bearer ${token}` })).status === 101,
    );
    for (const cookie of [`leaf-token=${token}`, `a=b; leaf-token=${token}; c=d`, `leaf-token="${token}"`])
      expect((await upgrade("/node", { cookie })).status).toBe(101);
    expect((await upgrade("/other", { cookie: `leaf-token=${token}` })).status).toBe(404);
  });

  test("past the limit of connections the next one is a 503, and a place that is free again is given away", async () => {
    const token = tokenOf.get("crowd") as string;
    await until(
      "the token is noticed",
      async () => (await upgrade("/echo", { cookie: `leaf-token=${token}` })).status === 101,
    );
    await until("all are gone", () => host.health().connections === 0);
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 8; i++) {
      const socket = new WebSocket(`${host.url.replace("http", "ws")}/echo`, {
        headers: { cookie: `leaf-token=${token}` },
      });
      await once(socket, "open");
      sockets.push(socket);
    }
    expect((await upgrade("/node", { cookie: `leaf-token=${token}` })).status).toBe(503);
    for (const socket of sockets) socket.terminate();
    await until(
      "a place is free",
      async () => (await upgrade("/node", { cookie: `leaf-token=${token}` })).status === 101,
    );
  });

  test("a binary message closes with 1003, one over 256 KiB with 1009, half a request with nothing, and others stay", async () => {
    const { client, epoch, token } = await joined("steady");
    const binary = await WireClient.open(nodeUrl(), token);
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect(await until("closed", () => binary.closed)).toEqual({
      code: 1003,
      reason: expect.stringContaining("send text"),
    });
    const long = await WireClient.open(nodeUrl(), token);
    long.socket.send("x".repeat(262_145));
    expect((await until("closed", () => long.closed)).code).toBe(1009);
    const half = connect(Number(new URL(host.url).port), "127.0.0.1");
    half.write("GET /node HTTP/1.1\r\nUpgrade: webso");
    half.destroy();
    await client.store("steady", epoch, 1, [{ type: "!update", eid: "t", value: 1 }]);
    client.close();
  });

  test("/echo sends back text and binary of up to 256 KiB as they were", async () => {
    const token = tokenOf.get("echoer") as string;
    await until(
      "the token is noticed",
      async () => (await upgrade("/echo", { cookie: `leaf-token=${token}` })).status === 101,
    );
    expect((await upgrade("/echo", {})).status).toBe(401);
    const socket = new WebSocket(`${host.url.replace("http", "ws")}/echo`, {
      headers: { cookie: `leaf-token=${token}` },
    });
    await once(socket, "open");
    for (const message of ["", "hello ü", "x".repeat(262_144), Buffer.from([0, 255, 10])]) {
      socket.send(message);
      const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
      expect(isBinary).toBe(typeof message !== "string");
      expect(data.equals(Buffer.from(message as string))).toBe(true);
    }
    socket.terminate();
  });

  test("a revoked token ends its node's connection when the file is looked at next, within two seconds, and nobody else's", async () => {
    const other = await joined("stays");
    const { client, token } = await joined("leaves");
    expect(TOKENS_EVERY_MILLIS).toBeLessThan(2000);
    tokens.revoke("leaves");
    await until("closed", () => client.closed);
    expect((await upgrade("/node", { authorization: `Bearer ${token}` })).status).toBe(401);
    await other.client.store("stays", other.epoch, 1, [{ type: "!update", eid: "t", value: 1 }]);
    other.client.close();
  });

  test("a damaged tokens.json is logged, and whoever is connected stays", async () => {
    const { client, epoch } = await joined("careful");
    const path = join(directory.path, "tokens.json");
    const { careful, ...others } = JSON.parse(readFileSync(path, "utf8")) as { careful: object };
    writeFileSync(path, "{");
    await until("it is logged", () => logged.some((line) => line.includes("is damaged")));
    await client.store("careful", epoch, 1, [{ type: "!update", eid: "t", value: 1 }]);
    expect(careful).toBeDefined();
    writeFileSync(path, JSON.stringify(others));
    await until("closed", () => client.closed);
  });
});

describe("the API", () => {
  test("shows a node, its place and its entities, away and up", async () => {
    const before = Date.now();
    const { client, epoch } = await joined("porch");
    await client.store("porch", epoch, 2, [
      { type: "!update", eid: "lamp", value: true, ts: before },
      { type: "!update", eid: "t", value: 21.5 },
    ]);
    expect((await ask("GET", "/api/nodes/porch")).body).toEqual({
      id: "porch",
      parent: "root",
      via: [],
      up: true,
      since: expect.any(Number),
      epoch,
      fw: "test",
      link: "websocket",
    });
    const { nodes, root } = (await ask("GET", "/api/nodes")).body as { nodes: { id: string }[]; root: object };
    expect(nodes.map(({ id }) => id)).toContain("porch");
    expect(root).toEqual({ id: "root", startedAt: host.startedAt });
    const { entities } = (await ask("GET", "/api/nodes/porch/entities")).body as {
      entities: { eid: string; ts: number; ageMs: number }[];
    };
    expect(entities[0]).toEqual({
      node: "porch",
      eid: "lamp",
      value: true,
      unit: null,
      ts: before,
      received: expect.any(Number),
      epoch: expect.any(Number),
      n: expect.any(Number),
      ageMs: expect.any(Number),
      desired: null,
    });
    expect(entities[0]?.ageMs).toBeLessThan(5000);
    expect(((await ask("GET", "/api/entities")).body["entities"] as unknown[]).length).toBeGreaterThanOrEqual(2);
    client.close();
    await until("away", async () => (await ask("GET", "/api/nodes/porch")).body["up"] === false);
  });

  test("history is bounded by time and count, in order, and says if there was more", async () => {
    const { client, epoch } = await joined("history");
    await client.store(
      "history",
      epoch,
      4,
      [1, 2, 3, 4].map((value) => ({ type: "!update", eid: "t/ä", value, ts: value * 1000 })),
    );
    const path = "/api/nodes/history/entities/t%2F%C3%A4/history";
    const values = async (query: string): Promise<unknown> => {
      const { body } = await ask("GET", `${path}${query}`);
      return [(body["events"] as { value: unknown }[]).map(({ value }) => value), body["isTruncated"]];
    };
    expect(await values("")).toEqual([[1, 2, 3, 4], false]);
    expect(await values("?from=2000&to=3000")).toEqual([[2, 3], false]);
    expect(await values("?limit=2")).toEqual([[3, 4], true]);
    expect(await values("?from=1970-01-01T00:00:04Z")).toEqual([[4], false]);
    for (const query of ["?from=soon", "?limit=0", "?limit=10001", "?limit=x", "?form=1"])
      expect((await ask("GET", `${path}${query}`)).status, query).toBe(400);
    expect(((await ask("GET", "/api/log?node=history&limit=1")).body["events"] as object[])[0]).toMatchObject({
      node: "history",
      n: 4,
      eid: "t/ä",
    });
    client.close();
  });

  test("an action ends in the node's answer, its error, `timeout` or `offline`, each with its status", async () => {
    const { client, epoch } = await joined("actor");
    const act = (body: object) => ask("POST", "/api/nodes/actor/act", body);
    const unanswered = act({ eid: "door", ttl: 1 });
    expect(await client.next("?act")).toMatchObject({ eid: "door", ttl: 1 });
    const answered = act({ eid: "lamp", value: true });
    const asked = await client.next("?act");
    expect(asked).toMatchObject({ eid: "lamp", value: true, ttl: 5000 });
    await client.store("actor", epoch, 1, [{ type: "!act", id: asked["id"], ok: true, value: "on" }]);
    expect(await answered).toMatchObject({ status: 200, body: { ok: true, value: "on" } });
    const failed = act({ eid: "lamp" });
    const again = await client.next("?act");
    await client.store("actor", epoch, 2, [{ type: "!act", id: again["id"], ok: false, error: "broken" }]);
    expect(await failed).toMatchObject({ status: 502, body: { ok: false, error: "broken" } });
    expect(await unanswered).toMatchObject({ status: 504, body: { ok: false, error: "timeout" } });
    client.close();
    await until("away", () => host.node("actor")?.isUp === false);
    expect(await act({ eid: "lamp" })).toMatchObject({ status: 503, body: { ok: false, error: "offline" } });
    expect((await ask("POST", "/api/nodes/nobody/act", { eid: "x" })).status).toBe(404);
  });

  test("a desired value is kept, sent, shown, and settled by the node", async () => {
    const { client, epoch } = await joined("wisher");
    const { status, body } = await ask("PUT", "/api/nodes/wisher/set", { eid: "target", value: 21 });
    expect([status, body]).toEqual([200, { rev: expect.any(Number) }]);
    expect(await client.next("?set")).toMatchObject({ eid: "target", value: 21, rev: body["rev"] });
    const entity = async () => (await ask("GET", "/api/nodes/wisher/entities/target")).body;
    expect(await entity()).toMatchObject({
      value: null,
      ts: null,
      ageMs: null,
      desired: { value: 21, isSettled: false },
    });
    await client.store("wisher", epoch, 1, [{ type: "!update", eid: "target", value: 21, rev: body["rev"] }]);
    expect(await entity()).toMatchObject({ value: 21, desired: { value: 21, isSettled: true } });
    expect((await ask("POST", "/api/nodes/nobody/set", { eid: "x", value: 1 })).status).toBe(404);
    expect((await ask("POST", "/api/nodes/wisher/set", { eid: "x", value: "v".repeat(4100) })).body.error).toContain(
      "too long",
    );
    client.close();
  });

  test("a wish is answered only when it is on disk", async () => {
    const { client } = await joined("patient");
    await until("nothing is under way", () => host.health().commitWaitingMillis === null);
    const { commits } = host.health();
    await host.set("patient", "target", 1);
    expect(host.health().commits).toBeGreaterThan(commits);
    client.close();
  });

  test("bad input is a 4xx with a sentence that says what to do", async () => {
    const { client } = await joined("strict");
    const act = "/api/nodes/strict/act";
    const cases: [method: string, path: string, body: unknown, status: number, words: string][] = [
      ["POST", act, "{", 400, "not JSON"],
      ["POST", act, "[]", 400, "eid, value, ttl"],
      ["POST", act, "null", 400, "eid, value, ttl"],
      ["POST", act, {}, 400, '"eid" is missing'],
      ["POST", act, { eid: 5 }, 400, "must be the name of an entity"],
      ["POST", act, { eid: "" }, 400, "must not be empty"],
      ["POST", act, { eid: "ü".repeat(33) }, 400, "at most 64 bytes"],
      ["POST", act, { eid: "x", ttl: 0 }, 400, '"ttl" must be'],
      ["POST", act, { eid: "x", ttl: "5" }, 400, '"ttl" must be'],
      ["POST", act, { eid: "x", ttl: 60_001 }, 400, '"ttl" must be'],
      ["POST", act, { eid: "x", tll: 5 }, 400, 'unknown field "tll"'],
      ["POST", act, `"${"x".repeat(20_000)}"`, 413, "longer than 16384 bytes"],
      ["PUT", "/api/nodes/strict/set", { eid: "x" }, 400, '"value" is missing'],
      ["GET", act, undefined, 405, "use POST"],
      ["DELETE", "/api/nodes", undefined, 405, "use GET"],
      ["GET", "/api/nodes?x=1", undefined, 400, "unknown parameter"],
      ["GET", "/api/nodes/nobody", undefined, 404, "see /api/nodes"],
      ["GET", "/api/nodes/strict/entities/none", undefined, 404, "see /api/nodes/strict/entities"],
      ["GET", "/api/nothing", undefined, 404, "docs/api.md"],
      ["GET", "/api/", undefined, 404, "docs/api.md"],
      ["GET", "/api/nodes/%zz", undefined, 400, "encode it"],
      ["GET", "/nothing", undefined, 404, "docs/api.md"],
      ["GET", "/node", undefined, 426, "is a WebSocket"],
    ];
    for (const [method, path, body, status, words] of cases)
      expect(await ask(method, path, body), `${method} ${path}`).toMatchObject({
        status,
        body: { error: expect.stringContaining(words) },
      });
    client.close();
  });

  test("events come live after their commit, filtered, and the response stays open", async () => {
    const { client, epoch } = await joined("live");
    const response = await fetch(`${host.url}/api/events?node=live&eid=t`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.getReader();
    await client.store("live", epoch, 2, [
      { type: "!update", eid: "other", value: 0 },
      { type: "!update", eid: "t", value: 1 },
    ]);
    await client.store("live", epoch, 3, [{ type: "!update", eid: "t", value: 2 }]);
    let text = "";
    while (!text.includes('"n":3')) text += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    const events = [...text.matchAll(/^id: (.*)\ndata: (.*)$/gm)].map(([, id, data]) => [
      id,
      JSON.parse(data as string).value,
    ]);
    expect(events).toEqual([
      [`live/${epoch}/2`, 1],
      [`live/${epoch}/3`, 2],
    ]);
    client.close();
  });

  test("pages of other sites and names that are not this machine's are refused; the API token opens from anywhere", async () => {
    const token = readFileSync(join(directory.path, "api-token"), "utf8").trim();
    const own = new URL(host.url).host;
    const get = async (headers: { [name: string]: string }) =>
      (await ask("GET", "/api/nodes", undefined, headers)).status;
    expect(await get({})).toBe(200);
    expect(await get({ host: "localhost:1" })).toBe(200);
    expect(await get({ host: own, origin: `http://${own}` })).toBe(200);
    expect(await get({ host: "evil.example" })).toBe(403);
    expect(await get({ origin: "http://evil.example" })).toBe(403);
    expect(await get({ origin: "null" })).toBe(403);
    expect(await get({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await get({ "x-forwarded-for": "192.0.2.1" })).toBe(401);
    expect(await get({ authorization: "Bearer wrong" })).toBe(401);
    expect(await get({ host: "evil.example", authorization: `Bearer ${token}` })).toBe(200);
    expect(await get({ "x-forwarded-for": "192.0.2.1", authorization: `Bearer ${token}` })).toBe(200);
    expect((await ask("GET", "/healthz", undefined, { host: "evil.example" })).body).toEqual({ ok: true });
  });

  test("health tells of commits and counts, and the pages of every ingress are there", async () => {
    const { status, body } = await ask("GET", "/healthz");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      trouble: "",
      commits: expect.any(Number),
      lastCommitMillis: expect.any(Number),
    });
    expect((await ask("GET", "/")).body["text"]).toBe("Hello leaf!");
    expect((await ask("GET", "/ping")).body["text"]).toBe("pong");
  });
});
