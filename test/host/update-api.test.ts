/** Orders of updates: what the root refuses, what it remembers, what the command line makes of it. A node here is a client that answers by hand. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UPDATE_BYTES_MAX } from "#shared/limits.ts";
import { RootHost } from "#host/root-host.ts";
import { TokenFile } from "#host/tokens.ts";
import type { UpdateView } from "#host/update/update-desk.ts";
import { sapline, temporaryDirectory, until, workerFile } from "./built.ts";
import { WireClient } from "./client.ts";

const directory = temporaryDirectory();
const files = temporaryDirectory();
const GOOD = '"?part"; console.log("hello");';
let host: RootHost;
let kitchen: WireClient;
let epoch = 0;
let said = 0;

async function start(): Promise<void> {
  host = await RootHost.start({
    host: "127.0.0.1",
    port: 0,
    directory: directory.path,
    connectionsMax: 8,
    workerFile: await workerFile(),
    onFailed: () => {},
    log: () => {},
  });
}

async function join_(): Promise<void> {
  kitchen = await WireClient.open(`${host.url.replace("http", "ws")}/node`, token);
  kitchen.say({ type: "?hello", v: 1, id: "kitchen", fw: "sapline/1", nonce: 1 });
  epoch = (await kitchen.next("!hello"))["ep"] as number;
  said = 0;
}

/** The node says how far it is. */
async function word(value: object): Promise<void> {
  said += 1;
  await kitchen.store("kitchen", epoch, said, [{ type: "!update", eid: "sapline.program", value }]);
}

let token = "";
beforeAll(async () => {
  const tokens = new TokenFile(directory.path);
  token = tokens.add("kitchen", false);
  tokens.add("attic", false);
  await start();
});
afterAll(async () => {
  await host.stop();
  directory.remove();
  files.remove();
});

interface Reply {
  status: number;
  body: UpdateView & { error?: string; updates: UpdateView[] };
}

async function ask(method: string, path: string, body?: object): Promise<Reply> {
  const response = await fetch(`${host.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Reply["body"] };
}

async function order(program: string | Buffer, more: object = { nodes: ["kitchen"] }): Promise<Reply> {
  return ask("POST", "/api/updates", { program: Buffer.from(program).toString("base64"), ...more });
}

test("what would leave a node without a program, or is no order at all, is refused with what to do", async () => {
  const refusals: [string, Promise<Reply>][] = [
    ["has joined yet", order(GOOD)],
    ["no node has said that it takes programs", order(GOOD, { nodes: "all" })],
    ["the program is empty", order("")],
    [`at most ${UPDATE_BYTES_MAX}`, order(`"?part"//${"x".repeat(UPDATE_BYTES_MAX)}`)],
    ["it has a byte 255", order(Buffer.from([...Buffer.from(GOOD), 255]))],
    ["is no JavaScript", order("?part {")],
    ["this would be the node's last", order("console.log(1)")],
    ["no node is named", order(GOOD, { nodes: [] })],
    ['"nodes" is missing', order(GOOD, {})],
    ['"nodes" is not what it should be', order(GOOD, { nodes: "some" })],
    ["unknown field", order(GOOD, { nodes: ["kitchen"], canary: 1 })],
    ["program (base64)", ask("POST", "/api/updates", { nodes: ["kitchen"], program: 7 })],
    ["there is no update 9", ask("DELETE", "/api/updates/9")],
  ];
  for (const [sentence, asked] of refusals) {
    const { status, body } = await asked;
    expect([status, body.error]).toEqual([400, expect.stringContaining(sentence)]);
  }
  expect((await ask("PUT", "/api/updates")).status).toBe(405);
  expect((await ask("GET", "/api/nodes/kitchen/update")).status).toBe(404);
  expect(existsSync(join(directory.path, "updates"))).toBe(false);
});

test("an update outlives the root: a node that is away then is offered it when it is back, and what it says goes on", async () => {
  await join_();
  await word({ u: 0, step: "good" });
  const { status, body } = await order(GOOD, { nodes: "all", canaries: 1, version: "two" });
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: 1, version: "two", bytes: GOOD.length, stopped: "", isOver: false });
  expect(body.nodes).toMatchObject([
    { id: "kitchen", isCanary: true, isUp: true, step: "send", at: 0, size: 2508 + GOOD.length },
  ]);
  const offer = await kitchen.next("?program");
  expect(offer).toMatchObject({ dst: "kitchen", u: 1, name: "sapline", version: "two", size: GOOD.length });
  await word({ u: 1, step: "take", at: 0 });
  const parts = [await kitchen.next("?part"), await kitchen.next("?part")];
  expect(parts.map((part) => part["at"])).toEqual([0, 384]);
  kitchen.close();
  await host.stop();
  await start();
  expect((await ask("GET", "/api/updates")).body.updates).toMatchObject([{ id: 1, version: "two", isOver: false }]);
  await join_();
  expect(await kitchen.next("?program")).toEqual(offer);
  await word({ u: 1, step: "take", at: 2508 });
  const part = await kitchen.next("?part");
  expect([part["at"], Buffer.from(String(part["data"]), "base64").toString()]).toEqual([2508, GOOD]);
  await word({ u: 1, step: "try" });
  await word({ u: 1, step: "good" });
  await until("it is good", async () => (await ask("GET", "/api/updates")).body.updates[0]?.isOver);
});

test("a newer update takes a node out of an older one, and one that is stopped offers nothing more", async () => {
  const first = (await order(GOOD)).body;
  const second = (await ask("POST", "/api/nodes/kitchen/update", { program: btoa(`${GOOD}//`) })).body;
  expect(second.id).toBe(first.id + 1);
  const views = (await ask("GET", "/api/updates")).body.updates;
  expect(views.map(({ id }) => id)).toEqual([second.id, first.id, 1]);
  expect(views[1]?.nodes[0]).toMatchObject({ step: "failed", why: `replaced by update ${second.id}` });
  const stopped = (await ask("DELETE", `/api/updates/${second.id}`)).body;
  expect(stopped).toMatchObject({ stopped: "stopped by hand", isOver: true });
  const { events } = await host.find(
    { node: "root", eid: undefined, type: "?program", from: undefined, to: undefined },
    10,
  );
  expect(events.map((event) => (event as { more?: { u?: number } }).more?.u)).toEqual([1, first.id, second.id]);
});

test("the oldest are forgotten, with their files", async () => {
  for (let i = 0; i < 20; i++) await order(GOOD);
  const views = (await ask("GET", "/api/updates")).body.updates;
  expect(views.length).toBe(20);
  expect(readdirSync(join(directory.path, "updates")).length).toBe(40);
  expect(views.some(({ id }) => id === 1)).toBe(false);
});

test("`sapline update` orders, follows, and tells how it ended, by words, JSON and exit code", async () => {
  const program = join(files.path, "new.js");
  writeFileSync(program, GOOD);
  const run = async (...args: string[]) => sapline(["update", "--url", host.url, ...args], { cwd: files.path });
  expect((await run("kitchen")).stderr).toContain("there is no build/kitchen/program.js: run sapline build");
  await join_();
  const running = run("kitchen", "--program", program, "--as", "three");
  const offer = await until("the offer", () => kitchen.lines.find((line) => line["version"] === "three"), 15_000);
  const serial = offer["u"];
  await word({ u: serial, step: "back", why: "slot b threw: no such pin" });
  const { code, stdout, stderr } = await running;
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining("kitchen: failed: fell back: slot b threw: no such pin\n"),
  ]);
  expect(stderr).toContain(`update ${String(serial)}: version three, ${GOOD.length} bytes, 1 node\n`);
  kitchen.close();
  await until("the kitchen to be away", () => host.node("kitchen")?.isUp === false);
  const away = await run("--all", "--program", program, "--json");
  expect(away.code).toBe(0);
  expect(JSON.parse(away.stdout)).toMatchObject({ id: "kitchen", isCanary: true, isUp: false, step: "wait" });
  expect((await run("--list")).stdout.split("\n")[1]).toMatch(/ 0 of 1 +under way$/);
});
