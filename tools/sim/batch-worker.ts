/** A thread that plays seeds: it is handed some at a time and answers with the sums of their worlds. */
import { parentPort } from "node:worker_threads";
import { emptySums, playSeed } from "./batch.ts";

/** Seeds from `first` on, `count` of them. */
export interface Portion {
  first: number;
  count: number;
}

parentPort?.on("message", ({ first, count }: Portion) => {
  const sums = emptySums();
  for (let seed = first; seed < first + count; seed++) playSeed(seed, sums, () => performance.now());
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(sums);
});
