/** Plays a large tree in threads of its own. What comes out does not depend on how many there are, but for the time it took. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { crewMemory } from "./parts/crew.ts";
import { resultOf, type TreeResult } from "./scale.ts";
import type { Played, TreeProgress, TreeThread } from "./tree-play.ts";
import { PARTS, treePlan, type TreeSize } from "./tree-plan.ts";
import type { TreeWord } from "./tree-worker.ts";

/** What a thread may fill with new objects before it looks which of them are still in use, in MiB. Measured: see there. */
const YOUNG_MEBIBYTES = 96;

export async function runTreeInThreads(
  size: TreeSize,
  progress: (progress: TreeProgress) => void,
  threads = availableParallelism(),
): Promise<TreeResult> {
  // A size that cannot be is refused here, not in each thread.
  treePlan(size);
  const memory = crewMemory(size.nodes, PARTS);
  const crews = Math.min(threads, PARTS);
  const workers = Array.from({ length: crews }, (_, thread) => workerFor({ size, memory, thread, threads: crews }));
  try {
    const played = await Promise.all(workers.map((worker) => playedBy(worker, progress)));
    return resultOf(size, played as [Played, ...Played[]]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function workerFor(workerData: TreeThread): Worker {
  return new Worker(new URL("./sim-tree-worker.js", import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEBIBYTES },
  });
}

/** What came of a thread. Rejects if it ends before it has said so: then the others wait in vain, and are ended too. */
function playedBy(worker: Worker, progress: (progress: TreeProgress) => void): Promise<Played> {
  return new Promise((resolve, reject) => {
    worker.on("message", (word: TreeWord) => {
      if ("progress" in word) progress(word.progress);
      else resolve(word.played);
    });
    worker.once("error", reject).once("exit", () => reject(new Error("a thread of the tree has ended")));
  });
}
