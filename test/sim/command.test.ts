/** `sapline sim`, as people type it. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Trouble } from "#host/trouble.ts";
import type { TreeResult } from "#tools/sim/scale.ts";
import { readWorld } from "#tools/sim/world-file.ts";
import { temporaryFolder } from "../temporary.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function sim(...args: string[]): Promise<Ended> {
  const command = [join("dist", "sapline.js"), "sim", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { maxBuffer: 64e6 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function worldFile(name: string, text: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

test("the same seed prints the same trace, byte for byte, and another seed another one", async () => {
  const [first, again, other] = await Promise.all(["3", "3", "4"].map((seed) => sim("--seed", seed, "--trace")));
  expect(first?.code).toBe(0);
  expect(first?.stdout.length).toBeGreaterThan(10_000);
  expect(again?.stdout).toBe(first?.stdout);
  expect(other?.stdout).not.toBe(first?.stdout);
});

test("a batch says the same of its worlds with one thread and with two, and tells its progress on stderr", async () => {
  const batch = (threads: string) => sim("--seeds", "10", "--from", "7", "--threads", threads, "--json");
  const [one, two] = await Promise.all([batch("1"), batch("2")]);
  const sums = [one, two].map((ended) => ({ ...(JSON.parse(ended.stdout) as object), wallMillis: 0 }));
  expect(sums[0]).toMatchObject({ worlds: 10, failures: [] });
  expect(sums[1]).toEqual(sums[0]);
  expect(one.stderr).toMatch(/^seeds 7 to 16\n/);
});

test("a world of one's own is played from a .ts file and from a .json file", async () => {
  const plan = { nodes: [{ id: "porch", parent: "root", traffic: { readingsEvery: 500 } }], lasts: 5000 };
  const files = [
    worldFile("porch.ts", `const lasts: number = 5000;\nexport default { ...${JSON.stringify(plan)}, lasts };\n`),
    worldFile("porch.json", JSON.stringify(plan)),
  ];
  const ended = await Promise.all(files.map((file) => sim("--world", file)));
  for (const { code, stdout } of ended) {
    expect(stdout).toContain("porch below root");
    expect(stdout).toContain("all promises kept");
    expect(code).toBe(0);
  }
  expect(ended[0]?.stdout).toBe(ended[1]?.stdout);
});

test("the picture of a run is an SVG with a lane for each node", async () => {
  const svg = join(temporaryFolder(), "run.svg");
  const { code } = await sim("--seed", "3", "--svg", svg);
  expect(code).toBe(0);
  const picture = readFileSync(svg, "utf8");
  expect(picture).toMatch(/^<svg [^]*<\/svg>\s*$/);
  for (const lane of ["root", "n1", "n2"]) expect(picture).toContain(`>${lane}<`);
});

test("a large tree: progress on stderr, tables on stdout, a picture of all its nodes, and JSON for programs", async () => {
  const svg = join(temporaryFolder(), "tree.svg");
  const tree = ["--nodes", "60", "--depth", "3", "--seconds", "20"];
  const [people, programs] = await Promise.all([sim(...tree, "--svg", svg), sim(...tree, "--json")]);
  expect([people.code, programs.code]).toEqual([0, 0]);
  expect(people.stderr).toMatch(/of 20 s, 60 of 60 joined/);
  expect(people.stdout).toMatch(/^nodes +60 in 3 levels/);
  expect(people.stdout).toMatch(/level 3 .*█/);
  expect(readFileSync(svg, "utf8")).toMatch(/^<svg [^]*<\/svg>\s*$/);
  const result = JSON.parse(programs.stdout) as TreeResult;
  expect(result.nodes).toHaveLength(60);
  expect(result.sums.delivered).toBe(result.sums.taken);
  expect(result.sums.delivered).toBeGreaterThan(100);
});

test("a large tree goes the same way in one thread and in two: every figure but the time it took is the same", async () => {
  const tree = (threads: string) =>
    sim("--nodes", "300", "--depth", "4", "--seconds", "40", "--threads", threads, "--json");
  const [one, two] = await Promise.all([tree("1"), tree("2")]);
  const [first, second] = [one, two].map(({ stdout }) => JSON.parse(stdout) as TreeResult);
  expect([first?.speed.threads, second?.speed.threads]).toEqual([1, 2]);
  expect({ ...second, speed: 0 }).toEqual({ ...first, speed: 0 });
  expect(first?.violation).toBeUndefined();
  expect(first?.counts["fault: cut"]).toBe(2);
  expect(first?.sums.delivered).toBeGreaterThan(1100);
});

test("a project: progress on stderr, tables on stdout, JSON for programs, and a board that never joins ends with code 1", async () => {
  const folder = temporaryFolder();
  const save = (id: string): void =>
    writeFileSync(join(folder, "hut.ts"), `import { node } from "sapline";\nnode("${id}").update("door", "öpen");\n`);
  writeFileSync(join(folder, "sapline.config.json"), JSON.stringify({ nodes: { hut: {} } }));
  save("hut");
  const run = ["--project", folder, "--lasts", "5m", "--seed", "7"];
  const [people, told, programs] = await Promise.all([sim(...run), sim(...run, "--trace"), sim(...run, "--json")]);
  expect([people.code, told.code, programs.code]).toEqual([0, 0, 0]);
  expect(people.stderr).toMatch(/^hut: seed 7\nplayed in [^]* × real time\n$/);
  expect(people.stdout).toMatch(/^seed +7\nvirtual time +5 min\n/);
  expect(people.stdout).toMatch(/^hut door +1 +1 +0 +0 +0 +"öpen"$/m);
  expect(told.stdout).toMatch(/^ +0\.\d+ {2}hut +starts\n[^]*^ +0\.\d+ {2}hut +sapline: joined\n/m);
  expect(JSON.parse(programs.stdout)).toMatchObject({ seed: 7, entities: [{ node: "hut", eid: "door", stored: 1 }] });
  save("hat");
  const broken = await sim(...run);
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/BROKEN: not settled after 300 s: hut has never joined; .*\nreplay with --seed 7\n$/);
});

test("a world that breaks a promise is made smaller, printed as a file that breaks it too, and ends with code 1", async () => {
  // Nobody settles in no time at all.
  const plan = {
    nodes: ["a", "b", "c"].map((id) => ({ id, parent: "root", bootsAt: 1000, traffic: { readingsEvery: 100 } })),
    faults: [{ at: 2000, kind: "set", node: "b" }],
    lasts: 900,
    settlesWithin: 0,
  };
  const broken = await sim("--world", worldFile("broken.json", JSON.stringify(plan)));
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/BROKEN after .*\n {2}not settled after 0 s/);
  const smaller = broken.stdout.split("as a file for --world:\n")[1] ?? "";
  expect((JSON.parse(smaller) as typeof plan).nodes).toHaveLength(1);
  const again = await sim("--world", worldFile("smaller.json", smaller));
  expect(again.code).toBe(1);
});

test.each([
  ["{}", 'nodes: Invalid key: Expected "nodes"'],
  ['{"nodes": 3}', "nodes: Invalid type: Expected Array"],
  ['{"nodes": [{"id": "a b", "parent": "root"}]}', "nodes.0.id: an id is a letter or digit"],
  ['{"nodes": [{"id": "a", "parent": "b"}]}', "a has the parent b, and no node is called so"],
  ['{"nodes": [{"id": "a", "parent": "a"}]}', "a is above its own parent: a tree has no rings"],
  ['{"nodes": [{"id": "root", "parent": "root"}]}', "no node may be called root"],
  ['{"nodes": [], "faults": [{"at": 1, "kind": "cat"}]}', "faults.0.kind: Invalid type"],
  ['{"nodes": [], "faults": [{"at": -1, "kind": "disk error", "lasts": 1}]}', "faults.0.at: Invalid value"],
  ['{"nodes": [], "faults": [{"at": 1, "kind": "silence", "node": "b"}]}', 'the fault "silence" names b'],
  ['{"nodes": [], "faults": [{"at": 1, "kind": "silence", "node": "root"}]}', "is for a node, not the root"],
  ["{", "cannot read world.json"],
  ["[]", "world.json must hold a world"],
])("a world file that says %s is refused in a sentence", async (text, sentence) => {
  const refused = readWorld(worldFile("world.json", text));
  await expect(refused).rejects.toThrow(Trouble);
  await expect(refused).rejects.toThrow(sentence);
});

test("a file that is not there, two worlds at once, and a picture of a batch are refused with what to do", async () => {
  const refused = await Promise.all([
    sim("--world", "nowhere.json"),
    sim("--seed", "1", "--nodes", "10"),
    sim("--seeds", "3", "--svg", "x.svg"),
    sim("--seed", "0"),
    sim("--nodes", "3", "--depth", "6"),
    sim("--lasts", "2h"),
    sim("--project", ".", "--nodes", "3"),
    sim("--project", ".", "--lasts", "2 weeks"),
  ]);
  expect(refused.map(({ code }) => code)).toEqual([1, 1, 1, 2, 1, 1, 1, 2]);
  expect(refused.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
    expect.stringContaining("cannot read nowhere.json"),
    expect.stringContaining("give one of them"),
    expect.stringContaining("give --seed or --world"),
    expect.stringContaining("It must be a whole number from 1"),
    expect.stringContaining("give more --nodes or less --depth"),
    expect.stringContaining("name one by --project"),
    expect.stringContaining("leave out --world, --nodes and --lab"),
    expect.stringContaining("such as 90s, 30m, 24h or 7d"),
  ]);
});
