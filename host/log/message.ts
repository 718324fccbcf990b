/** What the main thread and the log's two threads say to each other. */
import type { NodeRow, RootImage, Transaction } from "#shared/effect.ts";
import type { NodeId } from "#shared/units.ts";
import type { Chart, ChartQuery } from "./chart.ts";
import type { StoredEvent } from "./event.ts";
import type { EventQuery } from "./reader.ts";

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

/** A question to the reading thread. */
export type ReaderQuestion =
  | { kind: "find"; query: EventQuery; limit: number }
  | { kind: "chart"; query: ChartQuery }
  | { kind: "topology"; rootId: NodeId; at: number };

export type ReaderRequest = { call: number; question: ReaderQuestion };

export type ReaderReply =
  | { kind: "answer"; call: number; answer: FoundEvents | Chart | NodeRow[] }
  | { kind: "trouble"; call: number; message: string };

export interface FoundEvents {
  /** Oldest first. */
  events: StoredEvent[];
  /** There were more than the limit; these are the newest. */
  isTruncated: boolean;
}
