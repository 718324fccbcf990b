/** Issue 4, done-line 3: what four hops carry that share one air, in events a second. */
import { expect, test } from "vitest";
import type { NodeEffect } from "#shared/effect.ts";
import type { NodeProcess } from "#tools/sim/node-process.ts";
import { hasJoined } from "../scenes.ts";
import { radioScene, room } from "./radio-scenes.ts";

const SECONDS = 10;

/** What a node's program does as it has time: says values of five entities for as long as they are taken. */
function speak(node: NodeProcess, value: number): number {
  let taken = 0;
  node.input(() => {
    for (;;) {
      const event = { type: "!update", eid: `sensor.${taken % 5}`, value: (value + taken) % 1000 };
      if (node.core.outbox.bytes() > 9000) return;
      const { accepted, effects } = node.core.emit(event, node.instant());
      (node as unknown as { perform(effects: readonly NodeEffect[]): void }).perform(effects);
      if (!accepted) return;
      taken += 1;
    }
  });
  return taken;
}

test("four hops in one collision domain carry at least 600 short events a second", () => {
  // All hear each other, and each takes one child.
  const { world, seen } = radioScene(room(5), { radio: { childrenMax: 1 } });
  world.until("joined", () => [...world.nodes.keys()].every((id) => hasJoined(world, id)()), 60_000);
  const last = [...world.nodes.values()].find((node) => world.root.core.node(node.id)?.via.length === 4) as NodeProcess;
  expect(last.limits.windowBytes).toBe(6144);
  let said = 0;
  const play = (seconds: number): void => {
    for (let at = 0; at < seconds * 1000; at += 20) {
      said += speak(last, said);
      world.run(20);
    }
  };
  const events = (): number =>
    seen.transactions
      .flatMap((transaction) => transaction.groups)
      .filter((row) => row.node === last.id)
      .reduce((sum, row) => sum + row.last - row.first + 1, 0);
  play(5);
  const before = events();
  play(SECONDS);
  const perSecond = (events() - before) / SECONDS;
  console.log(`four hops: ${Math.round(perSecond)} events a second`);
  expect(perSecond).toBeGreaterThan(600);
});
