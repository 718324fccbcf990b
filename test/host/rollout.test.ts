/** Rollouts against nodes that answer as firmware/updates.ts does, over ways that lose whatever they like. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  UPDATE_AGAIN_AFTER,
  UPDATE_PART_BYTES,
  UPDATE_SAY_BYTES,
  UPDATE_TRIES_MAX,
  UPDATE_WINDOW_BYTES,
  UPDATES_AT_ONCE,
} from "#shared/limits.ts";
import { SIGNATURE_BYTES } from "#shared/update/signature.ts";
import type { Message } from "#shared/wire/message.ts";
import { type Job, Rollout } from "#host/update/rollout.ts";
import { TURN_EVERY_MILLIS } from "#host/update/update-desk.ts";

const PROGRAM = randomBytes(9000);
const SIGNATURE = randomBytes(SIGNATURE_BYTES);
const OFFER = { serial: 7, name: "sapline", version: "2", size: PROGRAM.length, digest: "d" };
const SIZE = SIGNATURE_BYTES + PROGRAM.length;

/** mulberry32. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Node {
  isUp: boolean;
  /** It knows nothing of programs. */
  isMute: boolean;
  taken: Buffer;
  saidAt: number;
  /** What becomes of it. */
  end: { step: string; why?: string };
  offers: number;
}

class World {
  now = 1_700_000_000_000;
  loss = 0;
  readonly nodes = new Map<string, Node>();
  readonly notes: Message[] = [];
  readonly rollout: Rollout;
  changes = 0;
  /** Furthest that was sent beyond what its node had. */
  ahead = 0;
  private readonly chance = dice(20);
  private answers: { node: string; value: object }[] = [];

  constructor(ids: readonly string[], canaries = 0) {
    for (const id of ids)
      this.nodes.set(id, {
        isUp: true,
        isMute: false,
        taken: Buffer.alloc(0),
        saidAt: 0,
        end: { step: "good" },
        offers: 0,
      });
    const jobs = ids.map(
      (node, at): Job => ({ node, isCanary: at < canaries, step: "wait", at: 0, size: SIZE, why: "", since: this.now }),
    );
    this.rollout = new Rollout(
      jobs,
      "",
      {
        isUp: (id) => this.node(id).isUp,
        tell: (id, fields) => this.tell(id, fields),
        note: (event) => void this.notes.push(event),
        changed: () => void (this.changes += 1),
        signedFor: () => ({ offer: OFFER, signature: SIGNATURE, program: PROGRAM }),
      },
      this.now,
    );
  }

  node(id: string): Node {
    return this.nodes.get(id) as Node;
  }

  job(id: string): Job {
    return this.rollout.jobs.find(({ node }) => node === id) as Job;
  }

  /** For so long, or until it is over. */
  run(millis: number): void {
    for (const end = this.now + millis; this.now < end && !this.rollout.isOver; this.now += TURN_EVERY_MILLIS) {
      this.rollout.turn(this.now);
      // A round trip takes no time here, so a window goes as soon as the one before was heard of.
      while (this.answers.length > 0) {
        const { node, value } = this.answers.shift() as { node: string; value: object };
        this.rollout.heard(node, value, this.now);
      }
    }
  }

  private tell(id: string, fields: Message): boolean {
    const node = this.node(id);
    if (!node.isUp) return false;
    if (node.isMute || this.chance() < this.loss) return true;
    if (fields.type === "?program") {
      node.offers += 1;
      this.say(id, node.taken.length >= SIZE ? { u: 7, ...node.end } : { u: 7, step: "take", at: node.taken.length });
      return true;
    }
    const at = fields["at"] as number;
    const bytes = Buffer.from(fields["data"] as string, "base64");
    expect(bytes.length).toBeLessThanOrEqual(UPDATE_PART_BYTES);
    expect(at < SIGNATURE_BYTES || node.taken.length >= SIGNATURE_BYTES, "beyond the signature, unasked").toBe(true);
    this.ahead = Math.max(this.ahead, at + bytes.length - node.taken.length);
    if (at > node.taken.length && node.saidAt !== node.taken.length)
      this.say(id, { u: 7, step: "take", at: node.taken.length });
    if (at !== node.taken.length) return true;
    node.taken = Buffer.concat([node.taken, bytes]);
    const had = node.taken.length;
    if (had === SIZE) {
      this.say(id, { u: 7, step: "try" });
      this.say(id, { u: 7, ...node.end });
    } else if (had === SIGNATURE_BYTES || had - node.saidAt >= UPDATE_SAY_BYTES)
      this.say(id, { u: 7, step: "take", at: had });
    return true;
  }

  private say(node: string, value: object): void {
    this.node(node).saidAt = this.node(node).taken.length;
    this.answers.push({ node, value });
  }
}

test("every node gets signature and program to the byte, whatever is lost on the way", () => {
  for (const loss of [0, 0.1, 0.4]) {
    const world = new World(["kitchen", "attic", "porch"]);
    world.loss = loss;
    world.run(7_200_000);
    expect(world.rollout.jobs.map(({ step }) => step)).toEqual(["good", "good", "good"]);
    for (const { taken } of world.nodes.values()) expect(taken.equals(Buffer.concat([SIGNATURE, PROGRAM]))).toBe(true);
    expect(world.ahead).toBeLessThanOrEqual(Math.max(UPDATE_WINDOW_BYTES, SIGNATURE_BYTES));
  }
});

test("a node that comes back goes on where it was, and one that is away keeps its place", () => {
  const world = new World(["kitchen", "attic"]);
  world.node("attic").isUp = false;
  world.node("kitchen").taken = Buffer.concat([SIGNATURE, PROGRAM]).subarray(0, 5000);
  world.run(60_000);
  expect(world.rollout.jobs.map(({ step }) => step)).toEqual(["good", "wait"]);
  expect(world.rollout.isOver).toBe(false);
  world.now += 30 * 24 * 3_600_000;
  world.node("attic").isUp = true;
  world.rollout.joined("attic");
  world.run(60_000);
  expect(world.job("attic").step).toBe("good");
});

test("a node that begins anew is sent all of it again", () => {
  const world = new World(["kitchen"]);
  world.node("kitchen").end = { step: "take" };
  world.run(5000);
  // Its flash was bad: from behind the signature.
  world.node("kitchen").taken = SIGNATURE;
  world.node("kitchen").saidAt = SIGNATURE_BYTES;
  world.node("kitchen").end = { step: "good" };
  world.rollout.heard("kitchen", { u: 7, step: "take", at: SIGNATURE_BYTES }, world.now);
  // At once, not when it is offered again.
  world.run(UPDATE_AGAIN_AFTER / 2);
  expect(world.job("kitchen").step).toBe("good");
  expect(world.node("kitchen").taken.length).toBe(SIZE);
});

test("the others are offered nothing until every canary is good", () => {
  const world = new World(["a", "b", "c", "d"], 2);
  world.node("b").isUp = false;
  world.run(600_000);
  expect(world.rollout.jobs.map(({ step }) => step)).toEqual(["good", "wait", "wait", "wait"]);
  expect([world.node("c").offers, world.node("d").offers]).toEqual([0, 0]);
  world.node("b").isUp = true;
  world.run(600_000);
  expect(world.rollout.jobs.every(({ step }) => step === "good")).toBe(true);
});

test("a bad canary stops the rollout with a sentence, which is in the log", () => {
  const world = new World(["a", "b", "c"], 1);
  world.node("a").end = { step: "back", why: "slot b threw: no such pin" };
  world.run(600_000);
  const sentence = "a fell back: slot b threw: no such pin; 2 other nodes were not offered it";
  expect(world.rollout.stopped).toBe(sentence);
  expect(world.notes.at(-1)).toMatchObject({ type: "!log", text: `update: ${sentence}` });
  expect([world.node("b").offers, world.node("c").offers]).toEqual([0, 0]);
  expect(world.rollout.isOver).toBe(true);
});

test("without canaries one that fails is told, and the others go on", () => {
  const world = new World(["a", "b"]);
  world.node("a").end = { step: "no", why: "its signature is not of this tree's key" };
  world.run(600_000);
  expect(world.rollout.jobs.map(({ step, why }) => [step, why])).toEqual([
    ["failed", "refused: its signature is not of this tree's key"],
    ["good", ""],
  ]);
});

test("a node that never answers is given up, and is offered it ever more seldom until then", () => {
  const world = new World(["a"]);
  world.node("a").isMute = true;
  const startedAt = world.now;
  world.run(3_600_000);
  expect(world.job("a").why).toContain("does not answer");
  expect(world.now - startedAt).toBeGreaterThan(UPDATE_TRIES_MAX * UPDATE_AGAIN_AFTER);
});

test("a node that does not come back from its trial has failed, and no earlier than it could have come", () => {
  const world = new World(["a", "b"], 1);
  world.node("a").end = { step: "try" };
  world.run(5000);
  world.node("a").isUp = false;
  world.run(200_000);
  expect(world.job("a").step).toBe("try");
  world.run(60_000);
  expect(world.job("a").why).toContain("has not come back");
  expect(world.rollout.stopped).toContain("1 other node was not offered it");
  // It comes after all: that is the truth then.
  world.rollout.heard("a", { u: 7, step: "good" }, world.now);
  expect(world.job("a")).toMatchObject({ step: "good", why: "" });
});

test("no more nodes than a few are sent it at once, and those that are away take no place", () => {
  const ids = Array.from({ length: 3 * UPDATES_AT_ONCE }, (_, at) => `n${at}`);
  const world = new World(ids);
  for (const id of ids) world.node(id).isMute = true;
  for (const id of ids.slice(0, 3)) world.node(id).isUp = false;
  world.run(3000);
  expect(world.rollout.jobs.filter(({ step }) => step === "send").length).toBe(UPDATES_AT_ONCE);
});

test("each offer is in the log once, and what other programs say changes nothing", () => {
  const world = new World(["a"]);
  world.rollout.heard("a", { u: 6, step: "good" }, world.now);
  world.rollout.heard("a", { u: 7, step: "take", at: SIZE + 1 }, world.now);
  for (const value of [null, 7, "good", {}, { u: 7 }, { u: "7", step: "good" }])
    world.rollout.heard("a", value, world.now);
  world.rollout.heard("stranger", { u: 7, step: "good" }, world.now);
  expect(world.job("a").step).toBe("wait");
  world.run(60_000);
  expect(world.notes).toEqual([
    { type: "?program", dst: "a", u: 7, name: "sapline", version: "2", size: PROGRAM.length, digest: "d" },
  ]);
});
