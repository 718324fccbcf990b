/** Programs over a tree of emulated boards, three deep, the last hop by radio (the stand-in over UDP), and what the root makes of what they answer. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emulate, type EmulatedNode } from "#tools/emulator/emulate.ts";
import { freePort } from "../engine/espruino.ts";
import { freeBase } from "../engine/radio-contract.ts";
import { temporaryDirectory, until } from "../host/built.ts";
import { broken, counted, counter, loader, standIn, UpdateStage } from "./update-stage.ts";

const IDS = ["porch", "shed", "leaf"];
const KEY = "00112233445566778899aabbccddeeff";

/** An emulated board with a boot loader and slots. */
class Board {
  readonly lines: string[] = [];
  readonly storage: string;
  private readonly options: { first: string };
  private node: EmulatedNode | undefined;

  constructor(folder: string, files: { [name: string]: string }, first: string) {
    this.storage = folder;
    this.options = { first };
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, "latin1");
  }

  start(): void {
    this.node = emulate({ storageDir: this.storage, ...this.options, log: (line) => this.lines.push(line) });
  }

  cut(): void {
    this.node?.stop();
  }
}

const folder = temporaryDirectory();
const boards = new Map<string, Board>();
let stage: UpdateStage;

const board = (id: string): Board => boards.get(id) as Board;

beforeAll(async () => {
  stage = await UpdateStage.open(IDS);
  const [listen, base] = [await freePort(), await freeBase(3)];
  const first = join(folder.path, "stand-in.js");
  writeFileSync(first, await standIn());
  const program = await counter("radio", "1");
  const parents: { [id: string]: object } = {
    porch: { parent: stage.address, listen },
    shed: { parent: { host: "127.0.0.1", port: listen }, radio: { key: KEY }, standIn: { base, id: 1, nodes: 3 } },
    leaf: { radio: { key: KEY, children: false }, standIn: { base, id: 2, nodes: 3 } },
  };
  for (const id of IDS) {
    const config = JSON.stringify(stage.config(id, parents[id] as object));
    const files = { ".bootcde": await loader(), "sapline.a": program, "sapline.json": config };
    const one = new Board(join(folder.path, id), files, first);
    boards.set(id, one);
    one.start();
  }
  await stage.takers(...IDS);
}, 60_000);
afterAll(async () => {
  for (const one of boards.values()) one.cut();
  await stage.close();
  folder.remove();
});

test("a good program runs on all three, over WebSocket and by radio, and nothing that they counted is lost", async () => {
  expect(stage.host.node("leaf")?.via).toEqual(["shed", "porch"]);
  const { id } = stage.order("all", await counter("radio", "2"), 1);
  for (const node of ["leaf", "shed", "porch"]) {
    await stage.step(id, node, "good", 30_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${IDS.map((one) => board(one).lines.slice(-20).join("\n")).join("\n--\n")}`);
    });
  }
  for (const node of IDS) {
    expect(stage.host.node(node)?.fw).toBe("counter/2");
    const made = counted(board(node).lines);
    await until(`all counts of ${node}`, async () => (await stage.stored(node)).length >= made.length);
    expect((await stage.stored(node)).slice(0, made.length)).toEqual(made);
  }
});

test("a program with a wrong signature is refused before a byte of it is sent", async () => {
  const idle = (): string => readFileSync(join(board("porch").storage, "sapline.a"), "latin1");
  const before = idle();
  const program = await counter("radio", "3");
  const { id } = stage.forging(() => stage.order(["porch"], program));
  expect(await stage.step(id, "porch", "failed", 10_000)).toBe("refused: its signature is not of this tree's key");
  expect(stage.job(id, "porch").at).toBeLessThan(2508);
  expect(idle()).toBe(before);
});

test("a program that throws at its start is left for the one before, which says so", async () => {
  const { id } = stage.order(["leaf", "porch"], broken(await counter("radio", "3")), 1);
  expect(await stage.step(id, "leaf", "failed", 30_000)).toBe("fell back: slot a threw: no such pin");
  expect(stage.view(id).stopped).toMatch(/^leaf fell back: .*; 1 other node was not offered it$/);
  await stage.joined("leaf");
  expect(stage.host.node("leaf")?.fw).toBe("counter/2");
});

test("an older program, signed as it is, and one of another name are refused", async () => {
  const offer = { type: "?program", name: "counter", version: "1", size: 40_000, digest: "x" };
  stage.tell("leaf", { ...offer, u: 1 });
  await until("the leaf to refuse it", () => (stage.word("leaf") as { u: number }).u === 1);
  expect(stage.word("leaf")).toEqual({ u: 1, step: "no", why: "older than 3, which it has" });
  stage.tell("leaf", { ...offer, u: 99, name: "lamp" });
  await until("the leaf to refuse that too", () => (stage.word("leaf") as { u: number }).u === 99);
  expect(stage.word("leaf")).toEqual({ u: 99, step: "no", why: "for lamp; it runs counter" });
});

test("a transfer goes on where it was after the node, its branch and the root have been away, and a byte that was changed is noticed", async () => {
  const program = await counter("radio", "3");
  const { id } = stage.order(["shed"], program);
  const at = (): number => stage.job(id, "shed").at;
  const slot = join(board("shed").storage, "sapline.a");
  let before = 0;
  const part = async (share: number): Promise<void> => {
    await until("a part of it", () => at() > program.length * share, 20_000);
    before = at();
  };
  await part(0.2);
  board("shed").cut();
  board("shed").start();
  await until("more", () => at() !== before, 20_000);
  expect(at()).toBeGreaterThan(before);
  await part(0.4);
  board("porch").cut();
  await until("the shed to be away", () => stage.host.node("shed")?.isUp === false);
  expect(at()).toBeGreaterThanOrEqual(before);
  board("porch").start();
  await part(0.6);
  await stage.restart();
  await stage.joined("shed");
  await until("more", () => at() > before, 20_000);
  // Somebody, or the flash itself, changes a byte of what is written.
  const bytes = readFileSync(slot);
  bytes[1000] = (bytes[1000] as number) ^ 1;
  writeFileSync(slot, bytes);
  await stage.step(id, "shed", "good", 30_000);
  expect(stage.host.node("shed")?.fw).toBe("counter/3");
});
