import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/order.ts";

/** Unit tests by what they test, but seconds of work each: they run with the host's. */
const SLOW = [
  "test/tools/{flash,emulator,drivers}.test.ts",
  "test/firmware/{alive,slots,entities,dongle,espnow,espnow-udp}.test.ts",
  "test/shared/{fuzz,link/short,update/signature}.test.ts",
];

export default defineConfig({
  test: {
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/{shared,firmware,tools}/**/*.test.ts", "test/*.test.ts"],
          exclude: SLOW,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real sockets, disks and threads: too slow for the quick check.
        extends: true,
        test: {
          name: "host",
          include: ["test/host/**/*.test.ts", ...SLOW],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "sim",
          include: ["test/sim/**/*.test.ts"],
          testTimeout: 240_000,
          setupFiles: ["test/sim/nice.ts"],
          // Beside those that follow, which mostly wait: three more workers than there are cores (see test/order.ts).
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/{e2e,native}/**/*.test.ts"],
          testTimeout: 240_000,
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "console",
          include: ["test/console/**/*.test.ts"],
          testTimeout: 120_000,
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          globalSetup: "test/engine/figures.ts",
          testTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
