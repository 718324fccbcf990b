/**
 * A program for the chip: the firmware's node, emitting events as fast as its outbox has room. Prints how many the root has
 * acknowledged, twice a second.
 */
import type { Board } from "#firmware/board.ts";
import { boot } from "#firmware/boot.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { Entities, type Entity } from "#firmware/entities.ts";

/** What an event of each meter takes in the outbox at the most, in bytes. */
const ROUND_ROOM = 1000;
const PRINT_EVERY = 500;

const entities = new Entities();
const meters: Entity[] = [];
for (let i = 0; i < 10; i++) meters.push(entities.entity("greenhouse.bme280.temperature." + i, {}));
let emitted = 0;

function fill(board: Board): void {
  // All meters in turn, while there surely is room for all.
  for (let left = board.node.outbox.room() - ROUND_ROOM; left > 0; left -= ROUND_ROOM) {
    const value = (emitted % 1000) / 8;
    for (const meter of meters) meter.update(value);
    emitted += meters.length;
  }
  setTimeout(() => fill(board), 0);
}

const board = boot("bench", entities, withSockets);
if (board !== undefined) {
  const node = board.node;
  entities.start(board);
  board.start();
  fill(board);
  setInterval(() => console.log("acked " + (emitted - node.backlog())), PRINT_EVERY);
}
