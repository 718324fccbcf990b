/** `sapline sim --project`: the programs of a project's boards, in virtual time. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadProject } from "#host/project.ts";
import { programText } from "#tools/bundle/program-text.ts";
import { partsOf } from "#tools/project/node-files.ts";
import { boardPlans } from "#tools/sim/project/board-plans.ts";
import { PROBE } from "#tools/sim/project/probe.ts";
import { type ProjectResult, runProject } from "#tools/sim/project/project-run.ts";
import { projectTable } from "#tools/sim/project/project-table.ts";
import { temporaryFolder } from "../temporary.ts";

/** As `sapline new` makes it. */
let hut = "";

beforeAll(() => {
  const folder = temporaryFolder();
  execFileSync(process.execPath, [join(process.cwd(), "dist", "new.js"), "hut"], { cwd: folder });
  hut = join(folder, "hut");
});

/** A project of one's own: its nodes, and a program for each. */
function project(nodes: object, programs: { [id: string]: string }): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "sapline.config.json"), JSON.stringify({ nodes }));
  for (const [id, text] of Object.entries(programs))
    writeFileSync(join(folder, `${id}.ts`), `import { node } from "sapline";\nconst own = node("${id}");\n${text}\n`);
  return folder;
}

interface Wish {
  minutes: number;
  seed?: number;
  hasFaults?: boolean;
  /** Real milliseconds for a part of a program. */
  patience?: number;
}

const notices: string[] = [];

async function play(
  folder: string,
  { minutes, seed = 1, hasFaults = false, patience = 5000 }: Wish,
): Promise<ProjectResult> {
  const made = await loadProject(undefined, { workingDirectory: folder, environment: {} });
  const place = mkdtempSync(join(temporaryFolder(), "play-"));
  notices.length = 0;
  const boards = await boardPlans(made, join(place, "programs"), (sentence) => notices.push(sentence));
  const plan = { boards, folder: join(place, "flash"), seed, lastsMillis: minutes * 60_000, hasFaults };
  return runProject(plan, () => {}, patience);
}

function sum(result: ProjectResult, what: "taken" | "stored" | "lost", node?: string): number {
  return result.entities
    .filter((row) => node === undefined || row.node === node)
    .reduce((all, row) => all + row[what], 0);
}

test("a new project plays an hour: everything that its nodes have taken is stored, once", async () => {
  const result = await play(hut, { minutes: 60 });
  expect(result.violation).toBeUndefined();
  const row = (eid: string) => result.entities.find((one) => one.eid === eid);
  expect(row("temperature")).toMatchObject({ node: "kitchen", taken: 1800, stored: 1800, lost: 0, refused: 0 });
  expect(row("lamp")).toMatchObject({ taken: 1, stored: 1, last: false });
  expect(row("target")).toMatchObject({ node: "cellar", taken: 1, stored: 1, last: 12 });
  expect(row("humidity")?.taken).toBeGreaterThan(300);
  expect(sum(result, "stored")).toBe(sum(result, "taken"));
  expect(result.nodes).toMatchObject([
    { node: "kitchen", parent: "root", starts: 1 },
    { node: "cellar", parent: "kitchen", starts: 1 },
  ]);
});

test("a board's program is the one that `sapline build` makes, but for the probe in it", async () => {
  const made = await loadProject(undefined, { workingDirectory: hut, environment: {} });
  const boards = await boardPlans(made, join(temporaryFolder(), "programs"), () => {});
  for (const node of made.nodes) {
    const { text } = await programText({ entry: node.entry, parts: partsOf(made, node) });
    const bundle = boards.find(({ id }) => id === node.id)?.bundle as string;
    expect(readFileSync(bundle, "utf8").split(PROBE)).toHaveLength(2);
    expect(readFileSync(bundle, "utf8").replace(PROBE, "")).toBe(text);
  }
});

/** Everything that a program could tell one run from another by, and whatever the simulator can do to it. */
const EVERYTHING = {
  nodes: {
    hall: {},
    desk: { parent: "hall", keep: { every: 10_000 } },
    gate: { parent: "hall", sleep: { every: 60_000 } },
    roof: {
      parent: "desk",
      radio: { sleepy: true },
      devices: [{ kind: "voltage", pin: "D34", volts: { between: [1, 3], every: 60_000 } }],
    },
  },
  programs: {
    hall: `own.entity("chance", { every: 4000, read: () => Math.random() });
      own.entity("hour", { every: 7000, read: () => new Date().toISOString() });`,
    desk: `let count = 0;
      setInterval(() => Promise.resolve(1).then(() => own.update("count", ++count)), 3000);
      own.emit({ type: "began", at: Date.now(), ticks: getTime(), noise: E.hwRand(), name: "Küche" });`,
    gate: `own.entity("battery", { unit: "V", every: 60000, read: () => 3 + Math.random() });`,
    roof: `own.entity("volts", { every: 5000, deadband: 0.05, read: () => analogRead(D34) });
      setInterval(() => { if (Math.random() < 0.01) throw new Error("struck"); }, 10000);`,
  },
};

test("the same seed gives the same run, byte for byte, and another seed another", async () => {
  const folder = project(EVERYTHING.nodes, EVERYTHING.programs);
  const results = [];
  for (const seed of [5, 5, 6]) results.push(await play(folder, { minutes: 15, seed, hasFaults: true }));
  const [first, again, other] = results.map((result) => JSON.stringify(result) + projectTable(result));
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("cut links, boards without power and a root that is killed cost nothing but what was in a memory", async () => {
  const folder = project(EVERYTHING.nodes, EVERYTHING.programs);
  const counts = { links: 0, boards: 0, roots: 0, lost: 0 };
  for (const seed of [1, 2]) {
    const result = await play(folder, { minutes: 45, seed, hasFaults: true });
    expect(result.violation, `seed ${seed}`).toBeUndefined();
    expect(sum(result, "stored") + sum(result, "lost")).toBe(sum(result, "taken"));
    // It has said everything to its flash before it sleeps, and its power was cut while it did.
    expect(sum(result, "lost", "gate")).toBeLessThanOrEqual(2);
    expect(result.nodes.find(({ node }) => node === "gate")?.wakes).toBeGreaterThan(35);
    counts.links += result.counts["links cut"] ?? 0;
    counts.boards += result.counts["power cuts"] ?? 0;
    counts.roots += result.counts["root killed"] ?? 0;
    counts.lost += sum(result, "lost");
  }
  expect(counts.links).toBeGreaterThan(3);
  expect(counts.boards).toBeGreaterThan(3);
  expect(counts.roots).toBeGreaterThan(1);
  expect(counts.lost).toBeGreaterThan(3);
});

test("what a full outbox gives up has its gap on the disk, and what it refuses is counted", async () => {
  const text = `let count = 0;
    own.entity("quick", { every: 1000, read: () => ++count });
    setInterval(() => own.emit({ type: "beat", count: count, pad: "x".repeat(40) }), 4000);`;
  const result = await play(project({ hut: { limits: { outboxBytes: 1500 } } }, { hut: text }), {
    minutes: 45,
    seed: 3,
    hasFaults: true,
  });
  expect(result.violation).toBeUndefined();
  const [beat, quick] = result.entities;
  expect(quick?.givenUp).toBeGreaterThan(20);
  expect(quick).toMatchObject({ taken: (quick?.stored ?? 0) + (quick?.lost ?? 0) + (quick?.givenUp ?? 0), refused: 0 });
  expect(beat?.refused).toBeGreaterThan(5);
  expect(beat).toMatchObject({ taken: (beat?.stored ?? 0) + (beat?.lost ?? 0), givenUp: 0 });
});

test("a node with a radio joins by WebSocket, and that is said", async () => {
  const folder = project({ meadow: { parent: "auto", radio: true } }, { meadow: `own.update("grass", 3);` });
  const result = await play(folder, { minutes: 1 });
  expect(notices).toEqual([expect.stringMatching(/^meadow has a radio: here it joins by WebSocket/)]);
  expect(result).toMatchObject({ violation: undefined, entities: [{ eid: "grass", stored: 1, last: 3 }] });
});

test.each([
  ["at once", "for (;;) {}", /^[^:]*hut.ts: the program of hut does not come back, at 0.\d s: /],
  ["after a while", "setTimeout(() => { for (;;) {} }, 60000);", /the program of hut does not come back, at 60.\d s: /],
  ["in a promise", "const again = () => { Promise.resolve(1).then(again); }; again();", /does not come back/],
])("a program that loops for ever %s ends with its file and node", async (_, text, sentence) => {
  await expect(play(project({ hut: {} }, { hut: text }), { minutes: 5, patience: 400 })).rejects.toThrow(sentence);
});

test("a program that throws while it is loaded, or cannot be built, ends with its file and node", async () => {
  await expect(play(project({ hut: {} }, { hut: `throw new Error("no sensor");` }), { minutes: 5 })).rejects.toThrow(
    /hut.ts: the program of hut throws at its start: no sensor/,
  );
  await expect(play(project({ hut: {} }, { hut: "const { id } = own;" }), { minutes: 5 })).rejects.toThrow(
    /^hut cannot be built: .*hut.ts:3 destructuring is refused/,
  );
});

test("a program that throws later starts again, and what it had said in time is stored", async () => {
  const text = `own.update("start", getTime()); setTimeout(() => { throw new Error("struck"); }, 100000);`;
  const result = await play(project({ hut: {} }, { hut: text }), { minutes: 10 });
  expect(result.nodes).toMatchObject([{ node: "hut", starts: 6, restarts: 5, fault: "struck" }]);
  expect(result.entities).toMatchObject([{ eid: "start", taken: 6, stored: 6, lost: 0 }]);
  expect(projectTable(result)).toContain("hut: nobody caught: struck");
});

test("a board that never joins breaks the promise, with its last words", async () => {
  const folder = project({ hut: {} }, {});
  writeFileSync(join(folder, "hut.ts"), `import { node } from "sapline";\nnode("hat").update("a", 1);\n`);
  const result = await play(folder, { minutes: 1 });
  expect(result.violation).toMatch(/^not settled after 300 s: hut has never joined; .* this program is of hat/);
});

test("a program that connects to somebody else finds nobody, and goes on", async () => {
  const text = `try { require("net").connect({ host: "192.168.1.9", port: 80 }, () => {}); } catch (error) { own.update("said", error.message); }
    try { require("dgram").createSocket("udp4").bind(5000); } catch (error) { own.update("datagrams", error.message); }`;
  const result = await play(project({ hut: {} }, { hut: text }), { minutes: 1 });
  expect(result.entities.map(({ last }) => last)).toEqual(["Unable to create socket", "Unable to create socket"]);
});

test("odd values, names beyond ASCII and times of a program's own are what they were", async () => {
  const text = `for (const value of [-0, 1e21, 1e-7, null, "é€", { a: undefined, b: [NaN] }, new Date(5), () => 1]) own.update("Küche", value);
    own.update("raw", String.fromCharCode(252 + own.id.length, 254, 65)); own.update("long", new Array(5000).join("x"));
    own.emit({ type: "seen", ts: 5, seq: 1 }); own.emit({ type: "seen", ts: 5, seq: 1 }); own.log("well"); own.emit({ type: "!log", text: "fine" });
    own.update("none", NaN);`;
  const result = await play(project({ hut: {} }, { hut: text }), { minutes: 1 });
  expect(result.violation).toBeUndefined();
  expect(result.entities).toMatchObject([
    { eid: "Küche", taken: 8, stored: 8 },
    { eid: "long", taken: 0, refused: 1 },
    { eid: "raw", taken: 1, stored: 1 },
    { eid: "seen", taken: 2, stored: 2, last: { type: "seen", seq: 1 } },
  ]);
});
