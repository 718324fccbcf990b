/** Who somebody is: connections that overlap, two boards with one name, words about an earlier life, tokens that are not good any more. */
import { expect, test } from "vitest";
import type { LinkId } from "#shared/units.ts";
import { strike } from "#tools/sim/faults.ts";
import { settle } from "#tools/sim/settling.ts";
import type { Witness } from "#tools/sim/witness.ts";
import { chain, hasJoined, narrow, say, scene, talking, upTo } from "./scenes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What the root's log says of a node's comings and goings. */
function comings(seen: Witness, id: string): string[] {
  const own = seen.stored("root").filter(({ event }) => event["id"] === id);
  return own.map(({ event }) => event.type).filter((type) => type === "!joined" || type === "!left");
}

// fluxmq#508, moquette#124: a client was back before its old connection had ended, and the old one's late end took the new session down.
test.each([["the root", ["leaf"]] as const, ["a branch", ["porch", "leaf"]] as const])(
  "the end of an old link that %s hears of late, at whatever moment, leaves the new link alone",
  (_, ids) => {
    const moments = { before: 0, within: 0, after: 0 };
    for (let late = 200; late <= 620; late += 6) {
      const parent = ids.at(-2) ?? "root";
      const { world, seen } = scene([...chain(...ids), { id: "sibling", parent }]);
      world.until("joined", () => hasJoined(world, "leaf")() && hasJoined(world, "sibling")());
      world.run(100);
      const endsAt = world.now + late;
      strike(world, { kind: "cut", node: "leaf", childNotice: 0, parentNotice: late });
      world.run(10);
      expect(hasJoined(world, "leaf")()).toBe(false);
      world.until("joined again", hasJoined(world, "leaf"), 5000);
      const openedAt = seen.times("open", "leaf")[1] as number;
      const joinedAt = seen.times("status", "leaf").at(-1) as number;
      moments[endsAt < openedAt ? "before" : endsAt <= joinedAt ? "within" : "after"] += 1;
      world.run(5000);
      expect(comings(seen, "leaf").at(-1)).toBe("!joined");
      expect(world.root.core.node("leaf")?.isUp).toBe(true);
      expect(seen.times("open", "leaf")).toHaveLength(2);
      expect(comings(seen, "sibling")).toEqual(["!joined"]);
      say(world, "leaf", 3);
      settle(world);
      expect(seen.seqs("leaf")).toEqual(upTo(3));
    }
    expect(Math.min(moments.before, moments.within, moments.after)).toBeGreaterThan(0);
  },
);

// fluxmq#508 again: even if whoever holds the sockets reports the end of one that was replaced long ago.
test("a word about a link that was replaced changes nothing, at the root and at a branch", () => {
  const { world, seen } = scene(chain("porch", "leaf"));
  for (const [id, above] of [
    ["porch", world.root],
    ["leaf", world.node("porch")],
  ] as const) {
    world.until("joined", hasJoined(world, "leaf"));
    const old = world.wiresUp(id)[0]?.parent.link as LinkId;
    strike(world, { kind: "cut", node: id, childNotice: 0, parentNotice: -1 });
    world.until("left", () => !world.node(id).core.isJoined());
    world.until("joined again", hasJoined(world, "leaf"), MINUTE);
    expect(world.wiresUp(id)[0]?.parent.link).toBeGreaterThan(old);
    const before = comings(seen, "leaf").length;
    above.linkEnded(old);
    world.run(1000);
    expect(comings(seen, "leaf")).toHaveLength(before);
    expect(hasJoined(world, "leaf")()).toBe(true);
  }
  settle(world);
});

// its-client#443, fluxmq#597: two clients with one id threw each other out as quickly as they could connect, without end.
test("two boards with one id take turns slowly, are called a conflict, and lose nothing that was acknowledged", () => {
  const { world, seen } = scene(talking(chain("leaf"), { readingsEvery: 1000 }));
  world.until("joined", hasJoined(world, "leaf"));
  strike(world, { kind: "twin", node: "leaf", parent: "root", lasts: 5 * MINUTE });
  world.run(5 * MINUTE - 10);
  const opened = [...seen.times("open", "leaf"), ...seen.times("open", "leaf′1")].length;
  expect(opened).toBeGreaterThan(10);
  expect(opened).toBeLessThanOrEqual((5 * MINUTE) / 2500);
  expect(seen.notes("status", "leaf")).toContain("away: replaced");
  const conflicts = seen.stored("root", "!conflict");
  expect(conflicts[0]?.event).toMatchObject({ id: "leaf", reason: "two programs use this id: give one another id" });
  // One for each minute or so, not one for each turn.
  expect(conflicts.length).toBeLessThanOrEqual(6);
  world.run(MINUTE);
  settle(world);
  // That no board took the other's ack for its own, and none of the events is missing, is watched all the while.
  const lives = new Set(seen.stored("leaf", "reading").map(({ event }) => event["life"]));
  expect(lives.size).toBe(2);
});

// Sparkplug: the last will of an old session arrived after the new birth, and a node that was there counted as dead (hence bdSeq).
test.each([["the root", []] as const, ["a branch above both", ["hall"]] as const])(
  "news from the old branch that a node is gone, told to %s after the node has joined elsewhere, is no news",
  (_, above) => {
    const { world, seen } = scene([
      ...chain(...above, "porch", "leaf"),
      { id: "attic", parent: above.at(-1) ?? "root" },
    ]);
    world.run(2000);
    narrow(world, "porch", 250_000, 3000);
    const leaf = world.node("leaf");
    for (const wire of world.wiresUp("leaf")) wire.cut(0, 100);
    leaf.parent = "attic";
    world.run(50);
    world.until("joined through the attic", hasJoined(world, "leaf"), 2500);
    expect(seen.said("!gone", "porch")).toEqual([]);
    world.run(100);
    const before = comings(seen, "leaf");
    expect(before.at(-1)).toBe("!joined");
    world.run(4000);
    expect(seen.said("!gone", "porch", above.at(-1) ?? "root")).toMatchObject([{ id: "leaf" }]);
    const told = above.length === 0 ? world.root.core : world.node("hall").core;
    expect(told.counters["!gone of a stranger"]).toBe(1);
    expect(comings(seen, "leaf")).toEqual(before);
    expect(world.root.core.node("leaf")).toMatchObject({ isUp: true, via: ["attic", ...above] });
    // Words for it find the new way.
    const call = world.act("leaf", 2000);
    world.run(1000);
    expect(world.calls.get(call)?.outcome?.ok).toBe(true);
    settle(world);
  },
);

// pocket-dial#336, omi#11694: a token had run out, and the device asked again and again for days, its error like any other's.
test.each([
  ["at the root", ["leaf"], "away: token refused: check it"],
  ["behind a branch", ["porch", "leaf"], "away: token"],
] as const)("a token that is refused %s for two days is tried once a minute, and said so", (_, ids, reason) => {
  const { world, seen } = scene(chain(...ids));
  world.until("joined", hasJoined(world, "leaf"));
  strike(world, { kind: "revoke", node: "leaf", lasts: 48 * HOUR });
  world.run(2 * MINUTE);
  const taken = say(world, "leaf", 20);
  const before = { dials: seen.times("dial", "leaf").length, notes: seen.notes("status", "leaf").length };
  world.run(47 * HOUR);
  const dials = seen.times("dial", "leaf").length - before.dials;
  expect(dials).toBeGreaterThan(47 * 30);
  expect(dials).toBeLessThanOrEqual(47 * 60);
  expect(new Set(seen.notes("status", "leaf").slice(before.notes))).toEqual(new Set([reason]));
  expect(seen.seqs("leaf")).toEqual([]);
  world.run(HOUR);
  world.until("joined, the token being good again", hasJoined(world, "leaf"), 2 * MINUTE);
  settle(world);
  expect(seen.seqs("leaf")).toEqual(upTo(taken));
});

// Found here, seed 4548 of a swarm: the branch kept the claim of a board that had knocked behind another child and left, so the end of
// the admitted one passed for a move, and the root was not told.
test("a board that knocked behind another branch and went unheard does not hide the end of the one with its id", () => {
  const { world, seen } = scene([...chain("hub", "porch", "leaf"), { id: "shed", parent: "hub" }]);
  world.until("joined", () => hasJoined(world, "leaf")() && hasJoined(world, "shed")());
  world.swallows = (from, _to, text) => from === "hub" && text.includes('"?hello"');
  strike(world, { kind: "twin", node: "leaf", parent: "shed", lasts: 10_000 });
  world.run(30_000);
  const knocks = seen.said("?hello", "shed", "hub").filter((line) => line["id"] === "leaf");
  expect(knocks.length).toBeGreaterThan(0);
  expect(hasJoined(world, "leaf")()).toBe(true);
  world.swallows = () => false;
  world.crash(world.node("leaf"), 20);
  world.run(1000);
  expect(world.root.core.node("leaf")?.isUp).toBe(false);
});
