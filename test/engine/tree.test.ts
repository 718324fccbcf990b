import { afterEach, describe, expect, test } from "vitest";
import { Engine, ESPRUINO, firmware, freePort, SKIP_REASON } from "./espruino.ts";
import { MemoryRoot } from "./memory-root.ts";

const TOKENS = { branch: "token-of-branch", leaf: "token-of-leaf" };
/** Prints the variables in use, collected, once a second. */
const METER = `setInterval(function(){ console.log("variables " + process.memory().usage); }, 1000);`;

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

function variables(engine: Engine): number[] {
  return engine.lines.filter((line) => line.startsWith("variables ")).map((line) => Number(line.slice(10)));
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
    await leaf.line(/replay: done 1080$/, 110_000);
    await branch.line(/replay: done 1080$/, 20_000);
    expect(root.readings("branch")).toEqual(made.branch);
    expect(root.readings("leaf")).toEqual(made.leaf);
    for (const [name, engine] of [
      ["branch", branch],
      ["leaf", leaf],
    ] as const) {
      const used = variables(engine);
      const early = used.slice(5, 15);
      const late = used.slice(-10);
      console.log(
        `${name}: variables in use ${Math.max(...early)} early, ${Math.max(...late)} late, ${Math.max(...used)} at most`,
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
