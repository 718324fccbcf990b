/** The wire alone: when a socket is empty for its program, and when frames arrive. */
import { expect, test } from "vitest";
import type { LinkId } from "#shared/units.ts";
import type { LinkPlan } from "#tools/sim/plan.ts";
import { type Happening, Queue } from "#tools/sim/queue.ts";
import { Wire, type WireOwner, type WireWorld } from "#tools/sim/wire.ts";

/** One wire, and what its ends hear, with the moment. */
function bench(link: LinkPlan): { wire: Wire; heard: string[]; run: (until: number) => void } {
  const queue = new Queue();
  const heard: string[] = [];
  let now = 0;
  const once = (run: () => void): Happening => ({ happen: run });
  const world: WireWorld = {
    get now() {
      return now;
    },
    later: (millis, run) => queue.put(now + millis, once(run)),
    at: (moment, happening) => queue.put(moment, happening),
    vanishes: () => false,
    linkAlong: () => link,
    arrivedAt: () => {},
    lostAt: () => {},
  };
  const owner = (id: string): WireOwner => ({
    id,
    life: 1,
    isUp: true,
    frameCame: (_, text) => heard.push(`${now} ${id} gets ${text.length}`),
    socketEmpty: () => heard.push(`${now} ${id} is empty`),
    linkEnded: () => heard.push(`${now} ${id} ended`),
  });
  const wire = new Wire(world, owner("child"), -1 as LinkId, owner("parent"), 1 as LinkId);
  const run = (until: number): void => {
    for (let at = queue.nextAt; at !== undefined && at <= until; at = queue.nextAt) {
      now = at;
      queue.take().happen();
    }
    now = until;
  };
  return { wire, heard, run };
}

test("a socket without a kernel's buffer is empty when the last byte is on its way, and frames arrive one latency later", () => {
  const { wire, heard, run } = bench({ latencyMillis: 5, bytesPerSecond: 1000, noticeMillis: 0 });
  wire.send(wire.child, "x".repeat(10));
  wire.send(wire.child, "x".repeat(20));
  run(100);
  // The first is on its way after 10 ms, but then the socket holds the second.
  expect(heard).toEqual(["15 parent gets 10", "30 child is empty", "35 parent gets 20"]);
});

test("a kernel that takes a hundred bytes leaves the socket empty at once, until more than that is under way", () => {
  const { wire, heard, run } = bench({ latencyMillis: 5, bytesPerSecond: 1000, socketBytes: 100, noticeMillis: 0 });
  wire.send(wire.child, "x".repeat(60));
  wire.send(wire.child, "x".repeat(40));
  run(0);
  expect(heard).toEqual(["0 child is empty"]);
  wire.send(wire.child, "x".repeat(30));
  run(29);
  expect(heard).toHaveLength(1);
  run(1000);
  expect(heard.slice(1)).toEqual([
    "30 child is empty",
    "65 parent gets 60",
    "105 parent gets 40",
    "135 parent gets 30",
  ]);
});

test("a link without a width takes no time, and tells once that it is empty", () => {
  const { wire, heard, run } = bench({ latencyMillis: 5, noticeMillis: 0 });
  wire.send(wire.parent, "ab");
  wire.send(wire.parent, "cde");
  run(100);
  expect(heard).toEqual(["0 parent is empty", "5 child gets 2", "5 child gets 3"]);
  // And again, in the same moment as the last word.
  for (let i = 0; i < 2; i++) {
    wire.send(wire.parent, "f");
    run(100);
  }
  expect(heard.slice(3)).toEqual(["100 parent is empty", "100 parent is empty"]);
});
