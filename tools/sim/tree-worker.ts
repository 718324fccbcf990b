/** A thread that plays some parts of a large tree: it is told which, tells how it goes, and at last what came of it. */
import { parentPort, workerData } from "node:worker_threads";
import { type Played, playTree, type TreeProgress, type TreeThread } from "./tree-play.ts";

export type TreeWord = { progress: TreeProgress } | { played: Played };

function say(word: TreeWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(word);
}

say({
  played: playTree(
    workerData as TreeThread,
    (progress) => say({ progress }),
    () => performance.now(),
  ),
});
