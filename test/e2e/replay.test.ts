/**
 * Real readings from an emulated board, three hops from the root, while everything on the way is killed and cut.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { asReplayFile, type Reading, readWeather } from "#tools/demo/readings.ts";
import { seeded } from "../shared/world.ts";
import { Bench, freePort, type Running, until } from "./processes.ts";
import { Proxy } from "./proxy.ts";

const READINGS = readWeather("examples/weather/seattle-weather.csv");
const SEED = Number(process.env["SEED"] || 1);

let bench: Bench;
let proxies: Proxy[] = [];

afterEach(async () => {
  for (const proxy of proxies) proxy.close();
  proxies = [];
  await bench.close();
});

function emulate(id: string, bundle: string, config: object, readings: Reading[] = []): Running {
  const storage = join(bench.folder, id);
  mkdirSync(storage, { recursive: true });
  if (readings.length > 0) writeFileSync(join(storage, "readings"), asReplayFile(readings));
  const args = ["dist/emulator.js", "--bundle", `dist/firmware/${bundle}.js`, "--storage", storage];
  return bench.start(process.execPath, [...args, "--config", JSON.stringify(config)]);
}

/** root <- porch <- shed <- leaf, with a proxy that can cut each link. */
class Chain {
  readonly leaf: Running;
  root: Running;
  readonly links: Proxy[];
  private readonly rootPort: number;
  private readonly branches: { [id: string]: { config: object; running: Running } };

  constructor(root: Running, rootPort: number, links: Proxy[], ports: number[], replay: object) {
    this.root = root;
    this.rootPort = rootPort;
    this.links = links;
    const parents = links.map((link) => ({ host: "127.0.0.1", port: link.port }));
    const porch = { id: "porch", token: bench.token("porch"), parent: parents[0], listen: ports[0] };
    const shed = { id: "shed", token: bench.token("shed"), parent: parents[1], listen: ports[1] };
    this.branches = {
      porch: { config: porch, running: emulate("porch", "main", porch) },
      shed: { config: shed, running: emulate("shed", "main", shed) },
    };
    this.leaf = emulate(
      "leaf",
      "weather",
      { id: "leaf", token: bench.token("leaf"), parent: parents[2], replay },
      READINGS,
    );
  }

  static async start(replay: object): Promise<Chain> {
    bench = new Bench();
    const [rootPort, porchPort, shedPort] = [await freePort(), await freePort(), await freePort()];
    proxies = [await Proxy.to(rootPort), await Proxy.to(porchPort), await Proxy.to(shedPort)];
    return new Chain(await bench.root(rootPort), rootPort, proxies, [porchPort, shedPort], replay);
  }

  async killRoot(): Promise<void> {
    await this.root.end("SIGKILL");
    this.root = await bench.root(this.rootPort);
  }

  async killBranch(id: string): Promise<void> {
    const branch = this.branches[id];
    if (branch === undefined) throw new Error(`no branch ${id}`);
    await branch.running.end("SIGKILL");
    branch.running = emulate(id, "main", branch.config);
  }

  get printed(): string {
    return `leaf: ${this.leaf.output}${this.leaf.errors}\nroot: ${this.root.output}${this.root.errors}`;
  }
}

function expectAllStored(): void {
  const stored = bench.log("--node", "leaf").filter((event) => event.type === "!update");
  expect(stored.length).toBe(READINGS.length);
  expect(stored.map(({ eid, value, ts }) => ({ eid, value, ts }))).toEqual(READINGS);
  const numbers = new Set(stored.map((event) => `${event.epoch} ${event.n}`));
  expect(numbers.size).toBe(READINGS.length);
}

test("5844 readings of a leaf three hops from the root are stored exactly once, in order, value by value", async () => {
  const chain = await Chain.start({ every: 10, batch: 40 });
  await chain.leaf.line(/replay: done/, 60_000);
  expectAllStored();
});

test(`the same while the root is killed 5 times, each branch twice, and links are cut 20 times (SEED=${SEED})`, async () => {
  console.log(`replay with SEED=${SEED}`);
  const random = seeded(SEED);
  const chain = await Chain.start({ every: 100, batch: 16 });
  const faults = [
    ...Array.from({ length: 5 }, () => () => chain.killRoot()),
    ...["porch", "shed", "porch", "shed"].map((id) => () => chain.killBranch(id)),
    ...Array.from({ length: 20 }, () => () => cutSomeLink(chain, random)),
  ];
  shuffle(faults, random);
  const before = () => Math.floor(random() * 800);
  for (const fault of faults) {
    const pause = Date.now() + before();
    await until(
      () => Date.now() >= pause,
      5000,
      () => "the clock stands still",
    );
    expect(chain.leaf.output, chain.printed).not.toMatch(/replay: done/);
    await fault();
  }
  await chain.leaf.line(/replay: done/, 120_000);
  expectAllStored();
  expect(chain.links.reduce((cuts, link) => cuts + link.cuts, 0)).toBeGreaterThanOrEqual(20);
});

/** Waits for a link that carries something, so that each cut is one. */
async function cutSomeLink(chain: Chain, random: () => number): Promise<void> {
  const link = chain.links[Math.floor(random() * chain.links.length)] as Proxy;
  await until(
    () => link.isCarrying,
    40_000,
    () => `a link did not come back: ${chain.printed}`,
  );
  link.cut();
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}
