/**
 * Clients in another language, against the real root: the node that was written from docs/wire.md alone (examples/python/node.py) and
 * the plain bridge of the README. They run with Debian's Python and its python3-websockets; where that is missing, they are skipped, and say so.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HeldLine } from "./held-line.ts";
import { Bench, freePort, type LoggedEvent, type Running, until } from "./processes.ts";

const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3";
const asked = spawnSync(PYTHON, ["-c", "import websockets; print(websockets.__version__)"], { encoding: "utf8" });
const hasPython = asked.status === 0;
if (!hasPython) {
  console.warn(
    `SKIPPED: no websockets for ${PYTHON}: apt-get install python3-websockets, or set PYTHON. It said: ${asked.stderr ?? ""}`,
  );
}

let bench: Bench;
let port: number;
let line: HeldLine;

beforeEach(async () => {
  bench = new Bench();
  port = await freePort();
  line = await HeldLine.to(port);
});

afterEach(async () => {
  line.close();
  await bench.close();
});

describe.skipIf(!hasPython)("in Python", () => {
  test("a node in Python joins, sends groups, sees acks, and each event is stored once and in order", async () => {
    const token = bench.token("kitchen");
    await bench.root(port);
    const node = startNode(token);
    const values = range(1, 500);
    write(node, values);
    node.child.stdin?.end();
    expect(await node.exit()).toBe(0);
    expect(node.output).toMatch(/"joined": 1, "n": 0/);
    expect(node.output).toMatch(/"acked": 500/);
    expect(valuesOf("kitchen")).toEqual(values);
    expect(numbersOf("kitchen")).toEqual(values.map((n) => `1/${n}`));
  });

  test("a node killed after the root stored and before it heard the ack resumes, and stores nothing twice", async () => {
    const token = bench.token("kitchen");
    await bench.root(port);
    const node = startNode(token);
    await node.line(/"joined": 1/);
    line.holdDown();
    write(node, range(1, 20));
    await stored(20);
    expect(node.output).not.toContain('"acked"');
    await node.end("SIGKILL");
    line.release();
    const again = startNode(token);
    write(again, range(21, 25));
    again.child.stdin?.end();
    expect(await again.exit()).toBe(0);
    expect(again.output).toMatch(/"joined": 1, "n": 20/);
    expect(valuesOf("kitchen")).toEqual(range(1, 25));
    expect(numbersOf("kitchen")).toEqual(range(1, 25).map((n) => `1/${n}`));
  });

  test("a node killed with events under way that the root never got sends them when it is back", async () => {
    const token = bench.token("kitchen");
    await bench.root(port);
    const node = startNode(token);
    await node.line(/"joined": 1/);
    line.holdUp();
    write(node, range(1, 20));
    await until(
      () => takenBy(node) === 20 && line.heldBytes > 1000,
      20_000,
      () => `${line.heldBytes} bytes held`,
    );
    await node.end("SIGKILL");
    line.cut();
    line.release();
    expect(valuesOf("kitchen")).toEqual([]);
    const again = startNode(token);
    again.child.stdin?.end();
    expect(await again.exit()).toBe(0);
    expect(valuesOf("kitchen")).toEqual(range(1, 20));
  });

  test("a node killed again and again, at any moment, with the root killed too: what it took is stored once and in order", async () => {
    const token = bench.token("kitchen");
    let root = await bench.root(port);
    let next = 1;
    for (let round = 0; round < 6; round++) {
      const node = startNode(token);
      write(node, range(next, next + 99));
      // Somewhere in the middle: while it takes, sends, or hears acks.
      await until(
        () => takenBy(node) >= 20 + 10 * round,
        20_000,
        () => node.output + node.errors,
      );
      if (round % 2 === 1) {
        await root.end("SIGKILL");
        root = await bench.root(port);
      }
      await node.end("SIGKILL");
      const last = lastOf(bench.folder);
      expect(last).toBeGreaterThanOrEqual(next - 1 + takenBy(node));
      next = last + 1;
    }
    const node = startNode(token);
    node.child.stdin?.end();
    expect(await node.exit(40_000)).toBe(0);
    expect(valuesOf("kitchen")).toEqual(range(1, next - 1));
  });

  test("behind a branch that is killed, and a root that is killed, each event is stored once and in order", async () => {
    const token = bench.token("kitchen");
    const porch = { id: "porch", token: bench.token("porch"), listen: String(await freePort()) };
    let root = await bench.root(port);
    let branch = startBranch(porch);
    const node = startNode(token, `ws://127.0.0.1:${porch.listen}/node`);
    // In whichever epoch: while the branch starts, a ?hello may be said again before its answer comes, and each is given one.
    await node.line(/"joined": \d+/);
    write(node, range(1, 100));
    await until(
      () => takenBy(node) === 100,
      20_000,
      () => node.output,
    );
    await branch.end("SIGKILL");
    write(node, range(101, 200));
    await until(
      () => takenBy(node) === 200,
      20_000,
      () => node.output,
    );
    branch = startBranch(porch);
    await node.line(/"acked": 200,/);
    await root.end("SIGKILL");
    write(node, range(201, 300));
    root = await bench.root(port);
    node.child.stdin?.end();
    expect(await node.exit(40_000)).toBe(0);
    expect(valuesOf("kitchen")).toEqual(range(1, 300));
    const joined = bench.log("--node", "root").map((event) => JSON.stringify(event));
    expect(joined.some((text) => text.includes('"id":"kitchen"') && text.includes('"via":["porch"]'))).toBe(true);
    expect([root.isRunning, branch.isRunning]).toEqual([true, true]);
  });

  test("a node answers an action and a desired value", async () => {
    const token = bench.token("kitchen");
    await bench.root(port);
    const node = startNode(token);
    await node.line(/"joined": 1/);
    const url = `http://127.0.0.1:${port}`;
    const act = bench.start(process.execPath, [
      "dist/sapline.js",
      "act",
      "kitchen",
      "echo",
      "7",
      "--url",
      url,
      "--json",
    ]);
    expect([await act.exit(), act.output]).toEqual([0, expect.stringContaining("7")]);
    const set = bench.start(process.execPath, ["dist/sapline.js", "set", "kitchen", "target", "21", "--url", url]);
    expect(await set.exit()).toBe(0);
    await until(
      () => eventsOf("kitchen").length === 2,
      20_000,
      () => JSON.stringify(eventsOf("kitchen")),
    );
    const [answer, update] = eventsOf("kitchen");
    expect(answer?.type).toBe("!act");
    expect([update?.type, update?.eid, update?.value]).toEqual(["!update", "target", 21]);
  });

  test("the plain bridge of the README, run as it is printed, stores its lines once, and again only after a broken link", async () => {
    const readme = readFileSync("README.md", "utf8");
    const program = /```python\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    expect(program.split("\n").filter((text) => text.trim() !== "").length).toBeLessThanOrEqual(20);
    const file = join(bench.folder, "bridge.py");
    writeFileSync(file, program);
    const token = bench.token("meter");
    await bench.root(port);
    const start = (): Running => bench.start(PYTHON, [file, line.url, token]);

    const bridge = start();
    write(bridge, range(1, 120));
    bridge.child.stdin?.end();
    expect(await bridge.exit()).toBe(0);
    expect(valuesOf("meter")).toEqual(range(1, 120));

    // Its ack never comes, and the link breaks: at least once, in an epoch for each connection.
    line.holdDown(1);
    const unlucky = start();
    write(unlucky, range(201, 205));
    unlucky.child.stdin?.end();
    await until(
      () => valuesOf("meter").length === 125,
      20_000,
      () => unlucky.errors,
    );
    line.cut();
    line.release();
    expect(await unlucky.exit()).toBe(0);
    expect(valuesOf("meter").slice(120)).toEqual([...range(201, 205), ...range(201, 205)]);
    expect(new Set(eventsOf("meter").map((event) => event.epoch))).toEqual(new Set([1, 2, 3]));
  });

  test("a wrong token ends the node in Python with a sentence that says what to do", async () => {
    bench.token("kitchen");
    await bench.root(port);
    const before = bench.log();
    const node = startNode("wrong");
    expect(await node.exit()).toBe(1);
    expect(node.errors).toContain("sapline token add kitchen");
    expect(bench.log()).toEqual(before);
  });
});

test("a wrong token gets 401, and changes nothing", async () => {
  const token = bench.token("kitchen");
  await bench.root(port);
  const before = bench.log();
  for (const headers of [
    {},
    { authorization: "Bearer wrong" },
    { cookie: "leaf-token=wrong" },
    { cookie: `other=${token}` },
  ]) {
    expect(await upgradeStatus(headers)).toBe(401);
  }
  expect(bench.log()).toEqual(before);
  expect(await upgradeStatus({ authorization: `Bearer ${token}` })).toBe(101);
  expect(await upgradeStatus({ cookie: `leaf-token=${token}` })).toBe(101);
});

test("a binary frame ends the link with 1003", async () => {
  const token = bench.token("kitchen");
  await bench.root(port);
  const socket = new WebSocket(line.url, { headers: { authorization: `Bearer ${token}` } });
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  socket.on("open", () => socket.send(Buffer.from('{"type":"?ping"}\n')));
  expect(await closed).toBe(1003);
});

function startNode(token: string, url = line.url): Running {
  return bench.start(PYTHON, ["examples/python/node.py", url, "kitchen", token, join(bench.folder, "state")]);
}

function startBranch({ id, token, listen }: { id: string; token: string; listen: string }): Running {
  const parent = `ws://127.0.0.1:${port}/node`;
  const flags = ["--id", id, "--token", token, "--parent", parent, "--listen", listen];
  return bench.start(process.execPath, ["dist/sapline.js", "node", ...flags]);
}

function write(running: Running, values: number[]): void {
  running.child.stdin?.on("error", () => {});
  running.child.stdin?.write(values.map((value) => `{"type":"!update","eid":"t","value":${value}}\n`).join(""));
}

function takenBy(running: Running): number {
  return running.output.split('"taken"').length - 1;
}

/** The newest value that the node's state file knows, 0 if all of them are at the root. */
function lastOf(folder: string): number {
  const [, , lines] = JSON.parse(readFileSync(join(folder, "state"), "utf8")) as [number, number, string[]];
  const held = lines.at(-1);
  const newest = held === undefined ? eventsOf("kitchen").at(-1) : (JSON.parse(held) as { value: number });
  return Number(newest?.value ?? 0);
}

function eventsOf(node: string): LoggedEvent[] {
  return bench.log("--node", node);
}

function valuesOf(node: string): unknown[] {
  return eventsOf(node).map((event) => event.value);
}

function numbersOf(node: string): string[] {
  return eventsOf(node).map((event) => `${event.epoch}/${event.n}`);
}

async function stored(howMany: number): Promise<void> {
  await until(
    () => eventsOf("kitchen").length === howMany,
    20_000,
    () => `${eventsOf("kitchen").length} stored`,
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function upgradeStatus(headers: { [name: string]: string }): Promise<number> {
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path: "/node", headers: { ...upgrade, ...headers } });
    asking.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    asking.on("error", reject);
    asking.end();
  });
}
