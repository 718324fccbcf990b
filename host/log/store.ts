/**
 * LogStore is the root's side of the log's writing thread.
 *
 * Guarantee: `onStored` follows each `store`, and only when the transaction is on disk. If it cannot be put there, `onFailed` is called
 * once, with a sentence for the person in charge, and nothing is ever reported as stored again; the process should end.
 */
import { Worker } from "node:worker_threads";
import type { RootImage, Transaction } from "#shared/effect.ts";
import type { ReaderRequest, WorkerSetup, WriterReply, WriterRequest } from "./message.ts";
import { Trouble } from "../trouble.ts";

/**
 * Bytes of events between one writing of last values and the next. Busy entities change in every commit, and to write 5000 of them
 * took as long as the events (measured). Chosen: a start, which folds so much at the most, takes a fraction of a second longer.
 */
export const VALUES_AFTER_BYTES = 8_388_608;

/**
 * A commit begins once so many bytes of events wait for it, or with fewer at the end of the event loop's turn. It costs as much as 700
 * events even if it is nearly empty (measured). Chosen: seven times that.
 */
export const GATHER_BYTES = 524_288;

export interface LogStoreOptions {
  directory: string;
  onStored(tookMillis: number): void;
  onFailed(message: string): void;
  /** The bundled worker; beside the running bundle if absent. */
  workerFile?: URL | undefined;
  synchronous?: string | undefined;
}

export class LogStore {
  readonly image: RootImage;
  private readonly worker: Worker;
  private readonly options: LogStoreOptions;
  private hasEnded = false;
  private onClosed: (() => void) | undefined;

  /** Takes the directory's lock and opens the log. Rejects with `Trouble` if the directory is in use or the log is refused. */
  static open(options: LogStoreOptions): Promise<LogStore> {
    const { directory, synchronous } = options;
    const worker = startWorker({ role: "writer", directory, synchronous }, options.workerFile);
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (reply: WriterReply) => {
        worker.removeListener("error", reject);
        if (reply.kind === "opened") return resolve(new LogStore(worker, reply.image, options));
        void worker.terminate();
        reject(new Trouble(reply.kind === "refused" ? reply.message : `the log answered ${reply.kind}`));
      });
    });
  }

  private constructor(worker: Worker, image: RootImage, options: LogStoreOptions) {
    this.worker = worker;
    this.image = image;
    this.options = options;
    worker.on("message", (reply: WriterReply) => this.onReply(reply));
    worker.on("error", (error) => this.fail(`the log's thread has ended: ${error.message}. Start the root again`));
    worker.on("exit", () => {
      this.fail("the log's thread has ended. Start the root again");
      this.onClosed?.();
    });
  }

  /** At most one at a time. */
  store(transaction: Transaction): void {
    post(this.worker, { kind: "store", transaction });
  }

  /**
   * Copies the rest of the WAL into the file, lets the directory go, and ends the thread: a process that exits while the thread still
   * takes its database down may crash. Never rejects.
   */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.hasEnded) return resolve();
      this.onClosed = resolve;
      post(this.worker, { kind: "close" });
    });
  }

  private onReply(reply: WriterReply): void {
    switch (reply.kind) {
      case "stored":
        if (!this.hasEnded) this.options.onStored(reply.tookMillis);
        break;
      case "closed":
        this.hasEnded = true;
        break;
      case "failed":
        this.fail(reply.message);
        break;
      default:
        this.fail(`the log answered ${reply.kind}`);
    }
  }

  private fail(message: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.onClosed?.();
    this.options.onFailed(message);
  }
}

export function startWorker(setup: WorkerSetup, file: URL | undefined): Worker {
  return new Worker(file ?? new URL("./log-worker.js", import.meta.url), { workerData: setup });
}

export function post(worker: Worker, request: WriterRequest | ReaderRequest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(request);
}
