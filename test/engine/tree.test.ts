import { afterEach, describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, freePort, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { MemoryRoot } from "./memory-root.ts";

const TOKENS = { branch: "token-of-branch", leaf: "token-of-leaf", stock: "token-of-stock" };
/** Prints the variables in use, collected, once a second, and those that are free. */
const METER = `setInterval(function(){ var m = process.memory(); console.log("variables " + m.usage + " " + m.free); }, 1000);`;

/** 30 minutes of six sensors, one reading each ten seconds. */
function halfAnHour(node: string): string[] {
  const lines: string[] = [];
  for (let second = 0; second < 1800; second += 10) {
    for (let sensor = 0; sensor < 6; sensor++) {
      const value = (((second * 7 + sensor * 131) % 900) - 200) / 10;
      lines.push(`${node}.sensor${sensor},${value},${1_732_345_600_000 + second * 1000 + sensor}`);
    }
  }
  return lines;
}

/** Variables in use, or (at 2) free, second by second. */
function variables(engine: Engine, at = 1): number[] {
  return engine.lines.filter((line) => line.startsWith("variables ")).map((line) => Number(line.split(" ")[at]));
}

async function until(condition: () => boolean, what: string, wait: number): Promise<void> {
  const end = Date.now() + wait;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(ESPRUINO === "")(`a tree of engines${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  const engines: Engine[] = [];
  let root: MemoryRoot;

  const start = async (entry: string, config: object, readings: string[], extra = ""): Promise<Engine> => {
    const engine = new Engine((await firmware(entry)) + extra, {
      "sapline.json": JSON.stringify(config),
      readings: readings.map((line) => `${line}\n`).join(""),
    });
    engines.push(engine);
    return engine;
  };

  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.stop();
    await root.close();
  });

  test("half an hour of readings in a minute, from a branch and the leaf behind it: each exactly once, in order, memory steady", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const replay = { every: 330, batch: 6 };
    const made = { branch: halfAnHour("branch"), leaf: halfAnHour("leaf") };
    const branch = await start(
      "examples/weather/replay.ts",
      { id: "branch", token: TOKENS.branch, parent: { host: "127.0.0.1", port: root.port }, listen, replay },
      made.branch,
      METER,
    );
    await branch.line(/joined/);
    const leaf = await start(
      "examples/weather/replay.ts",
      { id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: listen }, replay },
      made.leaf,
      METER,
    );
    // The firmware itself, as a second child: its health is reported every ten seconds.
    const stock = await start(
      "firmware/main.ts",
      { id: "stock", token: TOKENS.stock, parent: { host: "127.0.0.1", port: listen } },
      [],
    );
    await leaf.line(/replay: done 1080$/, 110_000);
    await branch.line(/replay: done 1080$/, 20_000);
    expect(root.readings("branch")).toEqual(made.branch);
    expect(root.readings("leaf")).toEqual(made.leaf);
    figure(
      "readings made, stored, lost",
      `${1080 * 2}, ${root.readings("branch").length + root.readings("leaf").length}, 0`,
    );
    for (const eid of ["memory.free", "uptime"]) {
      const values = root.events.filter(({ node, event }) => node === "stock" && event["eid"] === eid);
      expect(values.length, eid).toBeGreaterThanOrEqual(4);
      expect(Number(values[0]?.event["value"]), eid).toBeGreaterThan(8);
    }
    expect(stock.faults()).toEqual([]);
    for (const [name, engine] of [
      ["branch", branch],
      ["leaf", leaf],
    ] as const) {
      const used = variables(engine);
      const early = used.slice(5, 15);
      const late = used.slice(-10);
      const free = Math.min(...variables(engine, 2));
      figure(
        `${name}, half an hour in a minute: variables`,
        `${Math.max(...early)} early, ${Math.max(...late)} late, ${Math.max(...used)} at most; ${free} free at least`,
      );
      expect(Math.max(...late) - Math.max(...early), `${name} keeps growing: ${used}`).toBeLessThan(300);
      expect(engine.faults()).toEqual([]);
    }
  });

  test("the root goes away in the middle: nothing is lost or stored twice, on either side of the branch", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const replay = { every: 40, batch: 2 };
    const made = { branch: halfAnHour("branch").slice(0, 300), leaf: halfAnHour("leaf").slice(0, 300) };
    const branch = await start(
      "examples/weather/replay.ts",
      { id: "branch", token: TOKENS.branch, parent: { host: "127.0.0.1", port: root.port }, listen, replay },
      made.branch,
    );
    await branch.line(/joined/);
    const leaf = await start(
      "examples/weather/replay.ts",
      { id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: listen }, replay },
      made.leaf,
    );
    await until(() => root.readings("leaf").length > 50, "50 readings of the leaf", 20_000);
    root.deafen();
    await branch.line(/away/);
    await leaf.line(/away/);
    root.hear();
    await leaf.line(/replay: done 300$/, 60_000);
    await branch.line(/replay: done 300$/, 60_000);
    expect(root.readings("branch")).toEqual(made.branch);
    expect(root.readings("leaf")).toEqual(made.leaf);
    expect([...branch.faults(), ...leaf.faults()]).toEqual([]);
  });

  test("two leaves that report as fast as they can: the branch loses nothing", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const replay = { every: 1, batch: 20 };
    const branch = await start(
      "firmware/main.ts",
      { id: "branch", token: TOKENS.branch, parent: { host: "127.0.0.1", port: root.port }, listen },
      [],
      METER,
    );
    await branch.line(/joined/);
    const read = branch.lines.length;
    await until(() => branch.lines.slice(read).some((line) => line.startsWith("variables ")), "the meter", 5000);
    figure(
      "branch at rest, no child yet: variables",
      `${variables(branch).at(-1)}; ${variables(branch, 2).at(-1)} free`,
    );
    const names = ["leaf", "stock"] as const;
    const made = { leaf: halfAnHour("leaf"), stock: halfAnHour("stock") };
    const leaves: Engine[] = [];
    for (const id of names) {
      leaves.push(
        await start(
          "examples/weather/replay.ts",
          { id, token: TOKENS[id], parent: { host: "127.0.0.1", port: listen }, replay },
          made[id],
        ),
      );
    }
    const stored = (): number => root.readings("leaf").length + root.readings("stock").length;
    await until(() => stored() > 0, "the first reading", 20_000);
    const [from, since] = [stored(), performance.now()];
    await until(() => stored() === 2160, "all readings", 60_000);
    const rate = ((2160 - from) * 1000) / (performance.now() - since);
    for (const leaf of leaves) await leaf.line(/replay: done 1080$/);
    for (const id of names) expect(root.readings(id)).toEqual(made[id]);
    expect([branch, ...leaves].flatMap((engine) => engine.faults())).toEqual([]);
    // By the clock this says more of the machine than of the branch: see docs/chip-profile.md.
    figure(
      "through the branch, from two leaves that share its processors",
      `${Math.round(rate)} events a second by the clock, 0 lost`,
    );
    figure("branch, at full speed: variables", `${Math.max(...variables(branch))} at most`);
  });

  test("actions run once and answer, and a setting is applied and settled, through a branch", async () => {
    root = await MemoryRoot.open(TOKENS);
    const listen = await freePort();
    const branch = await start(
      "test/engine/lamp.ts",
      { id: "branch", token: TOKENS.branch, parent: { host: "127.0.0.1", port: root.port }, listen },
      [],
    );
    await branch.line(/joined/);
    const leaf = await start(
      "test/engine/lamp.ts",
      { id: "leaf", token: TOKENS.leaf, parent: { host: "127.0.0.1", port: listen } },
      [],
    );
    await leaf.line(/joined/);
    for (const node of ["branch", "leaf"]) {
      expect(await root.act(node, "lamp", true)).toEqual({ ok: true, value: true });
      expect(await root.act(node, "lamp", "é")).toEqual({ ok: true, value: false });
      expect(await root.act(node, "broken", 1)).toEqual({ ok: false, error: "the relay is stuck" });
      expect(await root.act(node, "nothing", 1)).toEqual({ ok: false, error: "no such action: nothing" });
      root.set(node, "target", 21);
      await until(() => root.root.desired(node)[0]?.isSettled === true, "the setting settles", 10_000);
    }
    await leaf.line(/^target 21$/);
    expect(root.root.values("leaf").find((row) => row.eid === "target")?.value).toBe(21);
    expect([...branch.faults(), ...leaf.faults()]).toEqual([]);
  });
});
