/** Pictures: that they are XML, say what happened, and stay of a moderate size. */
import { expect, test } from "vitest";
import { planOf } from "#tools/sim/plan.ts";
import { runPlan } from "#tools/sim/run.ts";
import { runTree, type TreeResult } from "#tools/sim/scale.ts";
import { escaped } from "#tools/sim/svg.ts";
import type { TraceRecord } from "#tools/sim/trace.ts";
import { timeAxis } from "#tools/sim/trace-layout.ts";
import { tracePicture } from "#tools/sim/trace-picture.ts";
import { treePicture, treeText } from "#tools/sim/tree-picture.ts";

/** Throws unless tags are closed in order, and text and attributes have nothing that XML forbids there. Gives the tags' names. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  let rest = xml;
  while (rest !== "") {
    const text = /^[^<]+/.exec(rest)?.[0];
    if (text !== undefined) {
      if (/&(?!(amp|lt|gt|quot);)/.test(text)) throw new Error(`a bare & in ${text.slice(0, 80)}`);
      rest = rest.slice(text.length);
      continue;
    }
    const tag = /^<(\/?)([a-z]+)((?: [a-z-]+="[^"<]*")*)(\/?)>/i.exec(rest);
    if (tag === null) throw new Error(`no tag: ${rest.slice(0, 80)}`);
    const [whole, close, name, , isEmpty] = tag as unknown as [string, string, string, string, string];
    if (close === "/") {
      if (open.pop() !== name) throw new Error(`${name} is closed but was not open`);
    } else {
      names.push(name);
      if (isEmpty === "") open.push(name);
    }
    rest = rest.slice(whole.length);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join()}`);
  return names;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

const NASTY = `<script>&"'\u0000\ud800]]>`;

test("text that means something to XML is escaped, and what XML cannot hold is replaced", () => {
  expect(escaped(NASTY)).toBe("&lt;script&gt;&amp;&quot;'��]]&gt;");
  expect(escaped("tab\tline\nsmile 😀 ×")).toBe("tab\tline\nsmile 😀 ×");
});

const TREE = runTree({ nodes: 60, depth: 4, seconds: 25, seed: 4 }, () => {});

test("a tree's picture has a sector for each node with its name and figures, in a ring for each level", () => {
  for (const by of ["latency", "resends"] as const) {
    const svg = treePicture(TREE, by);
    expect(tagsOf(svg)[0]).toBe("svg");
    for (const { id } of TREE.nodes) expect(svg).toContain(`<title>${id}: worst `);
    for (const { level, nodes } of TREE.sums.levels) expect(svg).toContain(`level ${level}: ${nodes}<`);
  }
});

test("a node that was late has the colour of its class, and the legend counts it", () => {
  const nodes = TREE.nodes.map((node, i) => ({ ...node, worstMillis: i === 7 ? 15_000 : 2050 }));
  const svg = treePicture({ ...TREE, nodes }, "latency");
  expect(svg).toMatch(/<path class="c5[^>]*><title>n8: worst 15.0 s/);
  expect(count(svg, /<path class="c5/g)).toBe(1);
  expect(svg).toContain(">59 nodes<");
});

/** As a run would give it, without playing one. */
function large(nodes: number, fan: number): TreeResult {
  const all = Array.from({ length: nodes }, (_, i) => {
    const parent = i < fan ? "root" : `n${Math.floor(i / fan)}`;
    return { id: `n${i + 1}`, parent, level: 0, stored: 6, worstMillis: (i * 7919) % 30_000, resends: i % 5 };
  });
  const levels = new Map<string, number>([["root", 0]]);
  for (const node of all) {
    node.level = (levels.get(node.parent) as number) + 1;
    levels.set(node.id, node.level);
  }
  const widths = new Map<number, number>();
  for (const { level } of all) widths.set(level, (widths.get(level) ?? 0) + 1);
  const first = TREE.sums.levels[0];
  if (first === undefined) throw new Error("a tree has a level");
  const sums = [...widths].map(([level, howMany]) => ({ ...first, level, nodes: howMany }));
  return { ...TREE, nodes: all, sums: { ...TREE.sums, levels: sums } };
}

test("pictures of 10 000 and 100 000 nodes stay below 3 MB, whatever the tree is like, and need nothing from elsewhere", () => {
  for (const [nodes, fan] of [
    [10_000, 4],
    [10_000, 5000],
    [10_000, 10_000],
    [10_000, 2],
    [100_000, 6],
  ] as const) {
    const svg = treePicture(large(nodes, fan), "latency");
    expect([nodes, fan, svg.length < 3_000_000]).toEqual([nodes, fan, true]);
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|<image|@import/);
  }
});

test("one late node among ten thousand too narrow to be seen is seen", () => {
  const flat = large(10_000, 10_000);
  // Beside one that is a little late, in whose sector it comes to be.
  const worst = new Map([
    [4710, 3000],
    [4711, 25_000],
  ]);
  const nodes = flat.nodes.map((node, i) => ({ ...node, worstMillis: worst.get(i) ?? 2050 }));
  const hot = [...treePicture({ ...flat, nodes }, "latency").matchAll(/<path class="c6[^>]*><title>([^<]*)/g)];
  expect(hot).toHaveLength(1);
  expect(hot[0]?.[1]).toMatch(/^n4711 to n\d+, \d+ nodes: worst 25.0 s/);
});

test("a tree of one node is a whole ring, not an empty arc", () => {
  const svg = treePicture(large(1, 1), "latency");
  const [, from, to] = /<path class="c\d wide" d="M(\S+ \S+)A\S+ \S+ 0 1 1 (\S+ \S+)L/.exec(svg) ?? [];
  expect(from).toBeDefined();
  expect(from).not.toBe(to);
});

test("the small picture for terminals has a line a level, with bars as long as levels are wide", () => {
  const text = treeText(TREE);
  const lines = text.split("\n");
  expect(lines).toHaveLength(2 + TREE.sums.levels.length);
  const bars = lines.slice(2).map((line) => count(line, /█/g));
  expect(Math.max(...bars)).toBe(40);
  expect(bars).toEqual([...bars].sort((a, b) => a - b));
  for (const line of lines) expect(line.length).toBeLessThan(72);
});

const PLAN = planOf({
  nodes: [
    { id: "a", parent: "root", traffic: { readingsEvery: 3000 } },
    { id: "b", parent: "a", traffic: { statesEvery: 2000 } },
  ],
  lasts: 20_000,
  faults: [
    { at: 5000, kind: "lose", node: "a", share: 1, lasts: 4000 },
    { at: 12_000, kind: "crash", node: "b", lasts: 2000, isSilent: false },
  ],
});

function traced(): TraceRecord[] {
  const records: TraceRecord[] = [];
  expect(runPlan(PLAN, { trace: (record) => records.push(record) }).violation).toBeUndefined();
  return records;
}

test("each frame of a trace is an arrow with its note as title; a lost one ends in a cross; faults, crashes and commits are there", () => {
  const records = traced();
  const svg = tracePicture(PLAN, records);
  expect(tagsOf(svg)[0]).toBe("svg");
  const lost = records.filter((record) => record.kind === "lost");
  const arrived = records.filter((record) => record.kind === "arrive");
  expect(lost.length).toBeGreaterThan(0);
  // One of each is in the legend.
  expect(count(svg, /<g class="lost">/g)).toBe(lost.length + 1);
  expect(count(svg, /<path class="head"/g)).toBe(arrived.length + 5);
  expect(count(svg, /, lost<\/title>/g)).toBe(lost.length);
  for (const { note, peer, node } of arrived) expect(svg).toContain(escaped(`${peer} to ${node}: ${note}, sent `));
  expect(svg).toContain("lose (node a");
  expect(svg).toContain("crash");
  expect(count(svg, /<g class="commit">/g)).toBe(records.filter(({ kind }) => kind === "commit").length + 1);
  expect(svg).toContain(">all is well from here on<");
  expect(svg).not.toContain("not drawn");
});

test("a lane is broken off while its process is dead", () => {
  const svg = tracePicture(PLAN, traced());
  // Before each of the three was switched on there may be a stub; b alone was off later on.
  expect(count(svg, /class="lane off"/g)).toBeGreaterThan(0);
  const long = [...svg.matchAll(/class="lane off" d="M(\S+) (\S+)V(\S+)"/g)].filter(
    ([, , from, to]) => Number(to) - Number(from) > 20,
  );
  expect(long.length).toBeGreaterThanOrEqual(1);
});

function frame(at: number): TraceRecord {
  return { at: at + 5, kind: "arrive", node: "root", peer: "a", sentAt: at, note: `!update ${at}` };
}

test("no more arrows are drawn than the bound, and a note says how many more there are and from when on", () => {
  const records = Array.from({ length: 30 }, (_, i) => frame(i * 100));
  const titles = (svg: string): number => count(svg, /<title>a to root/g);
  const first = tracePicture(PLAN, records, { arrowsMax: 20 });
  expect(titles(first)).toBe(20);
  expect(first).toContain("10 more frames, and all else from 2.005 s on, are not drawn.");
  expect(first).toContain("!update 0,");
  const last = tracePicture(PLAN, records, { arrowsMax: 20, isEnd: true });
  expect(titles(last)).toBe(20);
  expect(last).toContain("10 more frames, and all else up to 0.905 s, are not drawn.");
  expect(last).toContain("!update 2900,");
  for (const most of [30, 31]) expect(tracePicture(PLAN, records, { arrowsMax: most })).not.toContain("not drawn");
});

test("where a promise was broken, the end is drawn and its sentence stands there, whatever it contains", () => {
  const records = Array.from({ length: 30 }, (_, i) => frame(i * 100));
  records.push({ at: 4000, kind: "fault", node: "", peer: "", sentAt: 0, note: `VIOLATION: ${NASTY}` });
  const svg = tracePicture(PLAN, records, { arrowsMax: 5, title: NASTY });
  tagsOf(svg);
  expect(svg).toContain(`VIOLATION: ${escaped(NASTY)}`);
  expect(svg).toContain("!update 2900,");
});

test("the root's lane is the first, then come the nodes of the plan, then boards with another's id", () => {
  const records: TraceRecord[] = [{ at: 1, kind: "boot", node: "b′1", peer: "", sentAt: 0, note: "" }, frame(3)];
  const svg = tracePicture(PLAN, records);
  const places = ["root", "a", "b", "b′1"].map((lane) => svg.indexOf(`>${lane}</text>`));
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test("an empty trace is an empty picture, not an error", () => {
  expect(tagsOf(tracePicture(PLAN, [])).length).toBeGreaterThan(5);
});

test("time runs down without fail, and a pause of an hour is not much longer than one of a second", () => {
  const axis = timeAxis([0, 1, 2, 10, 1010, 3_601_010]);
  const places = [0, 1, 2, 10, 1010, 3_601_010].map((moment) => axis.y(moment));
  for (let i = 1; i < places.length; i++) expect(places[i]).toBeGreaterThan(places[i - 1] as number);
  expect(axis.y(3_601_010) - axis.y(1010)).toBeLessThan(2 * (axis.y(1010) - axis.y(10)));
  expect(axis.height).toBe(axis.y(3_601_010));
  expect(axis.marks[0]).toBe(0);
});
