/**
 * What the profiled programs do on the chip: five entities, the first of which can also be switched and set, and what the profile asks for through
 * globals: `say(n)` reports so many readings, entity by entity; `fill(rounds)` reports as fast as the outbox has room, from then on, at the most so many
 * readings of each entity in one turn.
 */
import type { Board } from "#firmware/board.ts";
import { boot } from "#firmware/boot.ts";
import { Entities, type Entity } from "#firmware/entities.ts";

const ENTITIES = 5;
const engine = global as unknown as { [name: string]: unknown };
/** What a reading of each entity takes in the outbox at the most, in bytes. */
const ROUND_ROOM = 500;

export function profileNode(equip: (board: Board) => void): void {
  const entities = new Entities();
  entities.onStatus = (isJoined, reason) => console.log(isJoined ? "joined" : "away: " + reason);
  const meters: Entity[] = [];
  meters.push(
    entities.entity("greenhouse.temperature.0", { onAct: (value) => value === true, onSet: (value) => value }),
  );
  for (let i = 1; i < ENTITIES; i++) meters.push(entities.entity("greenhouse.temperature." + i, {}));
  const board = boot("profile", entities, equip);
  if (!board) return;
  const node = board.node;
  let said = 0;
  const report = (): void => {
    (meters[said % ENTITIES] as Entity).update((said % 1000) / 8);
    said += 1;
  };
  const fill = (rounds: number): void => {
    let left = node.outbox.room();
    for (let round = 0; round < rounds && left > ROUND_ROOM; round++) {
      for (let i = 0; i < ENTITIES; i++) report();
      left -= ROUND_ROOM;
    }
    setTimeout(() => fill(rounds), 0);
  };
  engine["say"] = (count: number): void => {
    for (let i = 0; i < count; i++) report();
  };
  engine["fill"] = fill;
  engine["backlog"] = (): number => node.backlog();
  engine["acked"] = (): number => said - node.backlog();
  entities.start(board);
  board.start();
}
