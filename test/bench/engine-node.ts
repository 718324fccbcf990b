/**
 * A program for the chip: the firmware's node, emitting events as fast as its outbox has room. Prints how many the root has
 * acknowledged, twice a second.
 */
import { Board } from "#firmware/board.ts";
import { boot } from "#firmware/boot.ts";
import { Entities } from "#firmware/entities.ts";

/** What one event takes in the outbox at the most, in bytes. */
const EVENT_ROOM = 200;
const PRINT_EVERY = 500;
/** The time in the first event, milliseconds since 1970. */
const FIRST_TS = 1732345678123;

let emitted = 0;

function fill(board: Board): void {
  while (board.node.room() > EVENT_ROOM) {
    const event = {
      type: "!update",
      eid: "greenhouse.bme280.temperature." + (emitted % 10),
      value: (emitted % 1000) / 8,
      ts: FIRST_TS + emitted * 250,
      rssi: -67,
    };
    if (!board.emit(event).accepted) break;
    emitted++;
  }
  setTimeout(() => fill(board), 0);
}

const board = boot("bench", new Entities());
if (board !== undefined) {
  const node = board.node;
  board.start();
  fill(board);
  setInterval(() => console.log("acked " + (emitted - node.backlog())), PRINT_EVERY);
}
