/** What the air costs: a house full of boards that say little must take few steps, whoever counts the time. */
import { expect, test } from "vitest";
import type { AirStats } from "#tools/sim/air/books.ts";
import { BROADCAST, Stage } from "./air-stage.ts";

/** Steps for each attempt to send and each frame heard: back-off, frame, acknowledgement, callback, JavaScript. No slots are counted. */
const STEPS_EACH_MAX = 2;
const BOARDS = 54;
const HOPS = 3;
const SECONDS = 1200;

/** Each board says a reading of 100 bytes in 30 s, over three hops with an answer of 12 bytes on each, and a beacon in 16 s. */
function lightTraffic(stage: Stage): AirStats {
  for (let i = 0; i < BOARDS; i++) stage.add(`n${i}`, (i % 9) * 6, Math.floor(i / 9) * 6, { turnMicros: 2000 });
  const later = (micros: number, run: () => void): void => stage.clock.at(stage.clock.now + Math.floor(micros), run);
  stage.boards.forEach((board, i) => {
    board.onHeard = ({ mac, bytes }) => {
      board.heards.length = 0;
      if (bytes[0] !== "r") return;
      board.transmit(mac, "a".repeat(12));
      const hops = Number(bytes[1]);
      if (hops > 1) board.transmit(stage.boards[(i * 7 + hops) % BOARDS] ?? board, `r${hops - 1}`.padEnd(100));
    };
    const every = (micros: number, run: () => void): void => {
      run();
      later(micros, () => every(micros, run));
    };
    const { random } = stage.air;
    later(random() * 30e6, () =>
      every(30e6, () => board.transmit(stage.boards[(i + 1) % BOARDS] ?? board, `r${HOPS}`.padEnd(100))),
    );
    later(random() * 16e6, () => every(16e6, () => board.transmit(BROADCAST, "b".repeat(40))));
  });
  stage.seconds(SECONDS);
  return stage.air.stats();
}

test.each([
  ["undisturbed", 0],
  ["with 30 % of frames lost", 0.3],
])(
  "an air of 54 boards in range of each other, %s, takes a step or two for each attempt to send and each frame heard",
  (_, extraLoss) => {
    const stage = new Stage({ extraLoss });
    const { counts } = lightTraffic(stage);
    const frames = (BOARDS * SECONDS * (2 * HOPS)) / 30;
    expect(counts.frames).toBeGreaterThan(frames);
    expect(counts.heard).toBeGreaterThan(frames);
    const steps = stage.clock.taken / (counts.attempts + counts.heard);
    console.info(`${steps.toFixed(2)} steps for each attempt and each frame heard`);
    expect(steps).toBeLessThan(STEPS_EACH_MAX);
  },
);
