/** What the main thread and the log's two threads say to each other. */
import type { RootImage, Transaction } from "#shared/effect.ts";
import type { EventQuery } from "./reader.ts";
import type { StoredEvent } from "./event.ts";

/** How a thread is started. The writer takes the directory's lock; the reader does not. */
export interface WorkerSetup {
  role: "writer" | "reader";
  directory: string;
  /** For tests of the refusal; "FULL" if absent. */
  synchronous?: string | undefined;
}

export type WriterRequest = { kind: "store"; transaction: Transaction } | { kind: "close" };

export type WriterReply =
  | { kind: "opened"; image: RootImage }
  /** Nothing was opened, and why. */
  | { kind: "refused"; message: string }
  /** The outstanding transaction is on disk. */
  | { kind: "stored"; tookMillis: number }
  /** A write failed: nothing more will be written. */
  | { kind: "failed"; message: string }
  | { kind: "closed" };

export type ReaderRequest = { kind: "find"; call: number; query: EventQuery; limit: number };

export type ReaderReply =
  | { kind: "found"; call: number; events: StoredEvent[]; isTruncated: boolean }
  | { kind: "trouble"; call: number; message: string };
