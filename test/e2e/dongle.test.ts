/** The root with a dongle: its program and the nodes' on emulated chips, over the radio's stand-in; the root in this process. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DONGLE_BAUD } from "#shared/radio/dongle.ts";
import { parseInstallKey } from "#host/radio/install-key.ts";
import { RootHost } from "#host/root-host.ts";
import { TokenFile } from "#host/tokens.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { EmulatedDongle } from "../firmware/emulated-dongle.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";
import { temporaryDirectory, workerFile } from "../host/built.ts";
import { until } from "./processes.ts";

const KEY = "00112233445566778899aabbccddeeff";
const NODES = 4;
const DONGLE = 1;

let directory: { path: string; remove(): void };
let base: number;
let host: RootHost;
let dongle: EmulatedDongle;
let tokens: TokenFile;
const logged: string[] = [];
const nodes: EmulatedProgram[] = [];

beforeEach(async () => {
  logged.length = 0;
  directory = temporaryDirectory();
  tokens = new TokenFile(directory.path);
  base = await freeBase(NODES);
  dongle = await EmulatedDongle.start({ base, id: DONGLE, nodes: NODES });
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
  await host.stop();
  dongle.stop();
  directory.remove();
});

async function startRoot(): Promise<void> {
  host = await RootHost.start({
    host: "127.0.0.1",
    port: 0,
    directory: directory.path,
    connectionsMax: 8,
    radio: {
      port: "dongle",
      baud: DONGLE_BAUD,
      channel: 6,
      installKey: parseInstallKey(KEY) as string,
      open: dongle.open,
    },
    workerFile: await workerFile(),
    tokensEveryMillis: 50,
    onFailed: (message) => logged.push(message),
    log: (line) => logged.push(line),
  });
}

function readings(node: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${node}.s${at % 5},${at / 10},${1_732_345_600_000 + at}`);
}

async function startNode(id: string, air: number, made: string[], more: object = {}): Promise<EmulatedProgram> {
  const config = {
    id,
    token: tokens.add(id, true),
    radio: { key: KEY },
    standIn: { base, id: air, nodes: NODES },
    replay: { every: 20, batch: 3 },
    ...more,
  };
  const node = await EmulatedProgram.start("test/engine/radio-replay.ts", config, {
    readings: made.map((line) => `${line}\n`).join(""),
  });
  nodes.push(node);
  return node;
}

/** What the root has stored of a node, in order. */
async function stored(node: string): Promise<string[]> {
  const { events } = await host.find({ node, eid: undefined, from: undefined, to: undefined }, 10_000);
  return events
    .filter(({ type }) => type === "!update")
    .sort((a, b) => a.epoch - b.epoch || a.n - b.n)
    .map(({ eid, value, ts }) => `${eid},${String(value)},${ts}`);
}

/** `!joined` and `!left` of a node, as the root has logged them. */
async function comings(node: string): Promise<string[]> {
  const { events } = await host.find({ node: "root", eid: undefined, from: undefined, to: undefined }, 10_000);
  return events.filter(({ more }) => more?.["id"] === node).map(({ type }) => type);
}

const whatWasSaid = (): string => JSON.stringify([logged, host.health(), nodes.map(({ lines }) => lines)], null, 1);

describe("a root with a dongle", () => {
  test("is the parent of nodes by radio; what they say is stored once, in order, and what it asks of them is answered", async () => {
    await startRoot();
    const made = { one: readings("one", 200), two: readings("two", 200) };
    const one = await startNode("one", 2, made.one);
    const two = await startNode("two", 3, made.two);
    for (const node of [one, two]) await node.line(/replay: done 200$/, 30_000);
    expect(await stored("one")).toEqual(made.one);
    expect(await stored("two")).toEqual(made.two);
    expect(host.node("one")).toMatchObject({ isUp: true, fw: "radio-replay/0" });
    expect(host.health().radio).toMatchObject({ trouble: "", mac: "02:00:00:00:00:01", version: "0.0.0" });
    expect(await host.act("one", "nothing", true, 5000)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/no/),
    });
    expect(logged).toEqual(["radio: dongle 02:00:00:00:00:01 on dongle, channel 6, program 0.0.0"]);
    expect(logged.join() + JSON.stringify(host.health())).not.toContain(KEY);
  });

  test("loses no event and no link when the dongle's program starts again, time after time", async () => {
    await startRoot();
    const made = readings("leaf", 600);
    const leaf = await startNode("leaf", 2, made);
    await leaf.line(/joined/);
    for (let times = 1; times <= 5; times++) {
      const before = (await stored("leaf")).length;
      dongle.restart();
      await until(async () => (await stored("leaf")).length > before, 10_000, whatWasSaid);
    }
    await leaf.line(/replay: done 600$/, 30_000);
    expect(await stored("leaf")).toEqual(made);
    expect(await comings("leaf")).toEqual(["!joined"]);
    expect(logged.length).toBe(6);
  });

  test("goes on without its dongle, says so once, and has its nodes back when it is plugged in again", async () => {
    dongle.unplug();
    await startRoot();
    expect(host.health()).toMatchObject({ ok: true });
    await until(() => dongle.opened >= 2, 10_000, whatWasSaid);
    expect(logged).toEqual(["radio: there is no dongle: plug the dongle in; trying again"]);
    expect(host.health().radio?.trouble).toBe("there is no dongle: plug the dongle in");
    const made = readings("leaf", 300);
    const leaf = await startNode("leaf", 2, made);
    dongle.plug();
    await leaf.line(/joined/, 30_000);
    await until(async () => (await stored("leaf")).length > 50, 20_000, whatWasSaid);
    dongle.unplug();
    expect(logged.at(-1)).toBe("radio: the port is gone; trying again");
    await until(() => dongle.opened >= 6, 20_000, whatWasSaid);
    dongle.plug();
    await leaf.line(/replay: done 300$/, 60_000);
    expect(await stored("leaf")).toEqual(made);
    expect(host.health().radio?.trouble).toBe("");
  });

  test("tells a node by radio whose token is wrong, and stores nothing of it; with its own token it is taken", async () => {
    await startRoot();
    const made = readings("leaf", 20);
    const wrong = await startNode("leaf", 2, made, { token: tokens.add("another", false) });
    await wrong.line(/away: .*token/, 30_000);
    expect(await stored("leaf")).toEqual([]);
    expect(await stored("another")).toEqual([]);
    expect(host.health().counters["?hello refused: token"]).toBeGreaterThan(0);
    await wrong.stop();
    const right = await startNode("leaf", 2, made);
    await right.line(/replay: done 20$/, 30_000);
    expect(await stored("leaf")).toEqual(made);
  });

  test("tells a node whose token is revoked before it ends the link", async () => {
    await startRoot();
    const leaf = await startNode("leaf", 2, readings("leaf", 20));
    await leaf.line(/replay: done 20$/, 30_000);
    tokens.revoke("leaf");
    await leaf.line(/away: .*revoked/, 30_000);
    await until(() => host.health().radio?.children === 0, 10_000, whatWasSaid);
    expect(host.node("leaf")?.isUp).toBe(false);
  });
});
