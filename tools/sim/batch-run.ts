/** Plays a batch of seeds on all cores. What comes out does not depend on how many there are, but for the time it took. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { addSums, type BatchSums, emptySums } from "./batch.ts";
import type { Portion } from "./batch-worker.ts";

/** Seeds that a thread is handed at a time. Chosen: about two seconds of work. */
const PORTION_SEEDS = 20;

export interface BatchRun {
  sums: BatchSums;
  wallMillis: number;
}

/** `progress` is told after each portion what all threads have played so far. */
export async function runBatch(
  first: number,
  count: number,
  progress: (sums: BatchSums) => void,
  threads = availableParallelism(),
): Promise<BatchRun> {
  const startedAt = performance.now();
  const sums = emptySums();
  let next = first;
  const take = (): Portion | undefined => {
    const portion = { first: next, count: Math.min(PORTION_SEEDS, first + count - next) };
    next += portion.count;
    return portion.count > 0 ? portion : undefined;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./sim-worker.js", import.meta.url));
    try {
      for (let portion = take(); portion !== undefined; portion = take()) {
        addSums(sums, await played(worker, portion));
        progress(sums);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(count / PORTION_SEEDS)) }, work));
  sums.failures.sort((a, b) => a.seed - b.seed);
  return { sums, wallMillis: performance.now() - startedAt };
}

/** What came of a portion. Rejects if the thread ends before it has answered. */
function played(worker: Worker, portion: Portion): Promise<BatchSums> {
  return new Promise((resolve, reject) => {
    const answered = (sums: BatchSums): void => {
      worker.off("error", reject).off("exit", ended);
      resolve(sums);
    };
    const ended = (): void => reject(new Error("a thread of the batch has ended"));
    worker.once("message", answered).once("error", reject).once("exit", ended);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(portion);
  });
}
