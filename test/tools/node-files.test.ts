/** What a `sapline.config` comes to for each board, and the sentences for what cannot be. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Configuration } from "../../types/sapline.d.ts";
import { checkConfiguration } from "#firmware/configuration.ts";
import { radioSettings } from "#firmware/radio-configuration.ts";
import { loadProject, type Project } from "#host/project.ts";
import { TokenFile } from "#host/tokens.ts";
import { boardConfiguration, nodeOf, partsOf } from "#tools/project/node-files.ts";
import { nodeToken } from "#tools/project/node-tokens.ts";
import { temporaryFolder } from "../temporary.ts";

type Nodes = NonNullable<Configuration["nodes"]>;

async function project(nodes: Nodes, more: object = {}): Promise<Project> {
  const folder = temporaryFolder();
  const file = join(folder, "sapline.config.json");
  writeFileSync(file, JSON.stringify({ root: "192.168.1.10", nodes, ...more }));
  return loadProject(undefined, { workingDirectory: folder, environment: {} });
}

/** Without updates, whose key takes a second to make. */
const PLAIN = { updates: false, alive: false };

async function board(id: string, nodes: Nodes, more: object = {}): Promise<{ [name: string]: unknown }> {
  const made = await project(nodes, more);
  return boardConfiguration(made, nodeOf(made, id));
}

test("a node is usually a leaf by WebSocket below the root, and its program is its id", async () => {
  const made = await project({ kitchen: PLAIN });
  const kitchen = nodeOf(made, "kitchen");
  expect(kitchen.entry).toBe(join(made.folder, "kitchen.ts"));
  expect(partsOf(made, kitchen)).toEqual({
    sockets: true,
    radio: false,
    children: false,
    updates: false,
    alive: false,
    keeps: false,
    sleeps: false,
  });
  expect(boardConfiguration(made, kitchen)).toMatchObject({
    id: "kitchen",
    parent: { host: "192.168.1.10", port: 4000 },
  });
});

test("a parent takes children on a port, and they find it there", async () => {
  const nodes: Nodes = {
    hall: { ...PLAIN, address: "192.168.1.21" },
    cellar: { ...PLAIN, parent: "hall" },
    attic: { ...PLAIN, listen: 80, address: "hall.lan:8080" },
    roof: { ...PLAIN, parent: "attic" },
  };
  const made = await project(nodes);
  expect(partsOf(made, nodeOf(made, "hall")).children).toBe(true);
  expect(await board("hall", nodes)).toMatchObject({ listen: 4001 });
  expect(await board("cellar", nodes)).toMatchObject({ parent: { host: "192.168.1.21", port: 4001 } });
  expect(await board("attic", nodes)).toMatchObject({ listen: 80 });
  expect(await board("roof", nodes)).toMatchObject({ parent: { host: "hall.lan", port: 8080 } });
});

test("by radio a node finds its parent itself; with a parent it is a gateway, and all have one key", async () => {
  const nodes: Nodes = {
    gate: { ...PLAIN, radio: true },
    field: { ...PLAIN, parent: "auto", radio: { channel: 6, open: true } },
    leaf: { ...PLAIN, parent: "auto", radio: { sleepy: true } },
    both: { ...PLAIN, radio: true, outgress: "auto" },
  };
  const made = await project(nodes, { wifi: { ssid: "house" } });
  const parts = (id: string): object => partsOf(made, nodeOf(made, id));
  expect(parts("gate")).toMatchObject({ sockets: true, radio: true, children: true });
  expect(parts("field")).toMatchObject({ sockets: false, radio: true, children: true });
  expect(parts("leaf")).toMatchObject({ sockets: false, radio: true, children: false });
  const made1 = (id: string): { [name: string]: unknown } => boardConfiguration(made, nodeOf(made, id));
  // A station that saves power is deaf to its children by radio between the router's beacons.
  const wifi = { ssid: "house", password: "", powersave: "none" };
  expect(made1("gate")).toMatchObject({ parent: {}, wifi, radio: { channel: 1 } });
  expect(made1("field")).toMatchObject({ radio: { channel: 6, open: true } });
  expect(made1("field")["parent"]).toBeUndefined();
  expect(made1("field")["wifi"]).toBeUndefined();
  expect(made1("leaf")).toMatchObject({ radio: { children: false, sleepy: true } });
  expect(made1("both")).toMatchObject({ outgress: "auto", parent: {} });
  const keys = new Set(Object.keys(nodes).map((id) => (made1(id)["radio"] as { key: string }).key));
  expect(keys.size).toBe(1);
});

test("a board takes programs over the tree and watches itself, unless it is told not to; it keeps events if it is told to", async () => {
  const made = await project({
    kitchen: {},
    cellar: { ...PLAIN, keep: true },
    attic: { ...PLAIN, keep: { every: 5000 } },
  });
  const kitchen = nodeOf(made, "kitchen");
  expect(partsOf(made, kitchen)).toMatchObject({ updates: true, alive: true, keeps: false, sleeps: false });
  expect(partsOf(made, nodeOf(made, "cellar"))).toMatchObject({ updates: false, alive: false, keeps: true });
  expect(boardConfiguration(made, nodeOf(made, "cellar"))["keep"]).toBeUndefined();
  expect(boardConfiguration(made, nodeOf(made, "attic"))).toMatchObject({ keep: { every: 5000 } });
});

test("a board takes every configuration that is made for it", async () => {
  const nodes: Nodes = {
    gate: { ...PLAIN, radio: true, address: "a", limits: { childrenMax: 3 }, settings: { replay: { every: 5 } } },
    leaf: { ...PLAIN, parent: "auto", radio: true },
    cellar: { ...PLAIN, parent: "gate", wifi: { ssid: "other", password: "p", powersave: "max" } },
    barn: { ...PLAIN, wifi: false },
  };
  const made = await project(nodes, { wifi: { ssid: "house" } });
  for (const node of made.nodes) {
    const configuration = boardConfiguration(made, node);
    expect(checkConfiguration(configuration), node.id).toMatchObject({ id: node.id });
    if (configuration["radio"] !== undefined) expect(radioSettings(configuration), node.id).toBeTypeOf("object");
  }
  expect(boardConfiguration(made, nodeOf(made, "cellar"))["wifi"]).toEqual({
    ssid: "other",
    password: "p",
    powersave: "max",
  });
  expect(boardConfiguration(made, nodeOf(made, "barn"))["wifi"]).toBeUndefined();
  expect(boardConfiguration(made, nodeOf(made, "gate"))).toMatchObject({
    limits: { childrenMax: 3 },
    replay: { every: 5 },
  });
});

test("a node's token is made once, and is the root's", async () => {
  const made = await project({ kitchen: PLAIN });
  const data = made.settings.data;
  expect(data).toBe(join(made.folder, ".sapline"));
  const token = nodeToken(data, "kitchen");
  expect(nodeToken(data, "kitchen")).toBe(token);
  const tokens = new TokenFile(data);
  tokens.refresh();
  expect(tokens.isTokenOf("kitchen", token)).toBe(true);
  // One that somebody else made: only its board knows it.
  tokens.add("attic", false);
  expect(() => nodeToken(data, "attic")).toThrow(/attic has a token .*sapline token revoke attic/);
  tokens.revoke("kitchen");
  expect(nodeToken(data, "kitchen")).not.toBe(token);
});

test.each<[nodes: unknown, sentence: RegExp]>([
  [{}, /names no nodes: write nodes: \{ kitchen/],
  [undefined, /names no nodes/],
  [{ root: {} }, /"root" cannot be a node's id/],
  [{ "the kitchen": {} }, /"the kitchen" cannot be a node's id/],
  [{ kitchen: { parent: "auto" } }, /kitchen: a parent "auto" is found by radio/],
  [{ kitchen: { parent: "hall" } }, /kitchen: there is no node "hall" to be its parent/],
  [{ a: { parent: "b" }, b: { parent: "a" } }, /a: its parents go in a circle, over a, b/],
  [{ a: { parent: "a" } }, /a: its parents go in a circle/],
  [{ kitchen: { colour: "red" } }, /sapline\.config\.json: "nodes\.kitchen\.colour" is no setting of a node/],
  [{ kitchen: { listen: 70_000 } }, /"nodes\.kitchen\.listen" is not as it must be/],
])("a configuration that cannot be is a sentence: %j", async (nodes, sentence) => {
  await expect(project(nodes as Nodes)).rejects.toThrow(sentence);
});

test("what a board has to know and nobody says is a sentence", async () => {
  await expect(board("kitchen", { kitchen: PLAIN }, { root: undefined })).rejects.toThrow(
    /kitchen connects to the root, and nothing says where that is: write root: "/,
  );
  await expect(board("kitchen", { kitchen: PLAIN }, { root: "http://here/" })).rejects.toThrow(
    /root must be an address/,
  );
  await expect(board("cellar", { hall: PLAIN, cellar: { ...PLAIN, parent: "hall" } })).rejects.toThrow(
    /cellar connects to hall, .* give hall an address/,
  );
  await expect(board("attic", { kitchen: PLAIN })).rejects.toThrow('there is no node "attic": there is kitchen');
  const folder = temporaryFolder();
  mkdirSync(join(folder, "empty"));
  const nowhere = loadProject(undefined, { workingDirectory: join(folder, "empty"), environment: {} });
  await expect(nowhere).rejects.toThrow(/no sapline\.config\.ts here: .*`sapline new NAME`/);
});
