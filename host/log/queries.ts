/**
 * LogQueries is the root's side of the log's reading thread, which starts with the first question and is idle otherwise.
 * Bounded: past `QUERIES_MAX` unanswered questions a new one is refused.
 */
import type { Worker } from "node:worker_threads";
import type { NodeRow } from "#shared/effect.ts";
import type { NodeId } from "#shared/units.ts";
import type { Chart, ChartQuery } from "./chart.ts";
import type { FoundEvents, ReaderQuestion, ReaderReply } from "./message.ts";
import type { EventQuery } from "./reader.ts";
import { post, startWorker } from "./store.ts";
import { Trouble } from "../trouble.ts";

/** Questions that wait for the reading thread. Chosen: more than a console's charts ask at once. */
export const QUERIES_MAX = 64;

interface Waiting {
  resolve(answer: FoundEvents | Chart | NodeRow[]): void;
  reject(error: unknown): void;
}

export class LogQueries {
  private readonly directory: string;
  private readonly workerFile: URL | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined;
  private calls = 0;

  constructor(directory: string, workerFile?: URL) {
    this.directory = directory;
    this.workerFile = workerFile;
  }

  /** The newest `limit` events that fit. All of these reject with `Trouble` when a row is damaged or too many questions wait. */
  find(query: EventQuery, limit: number): Promise<FoundEvents> {
    return this.ask({ kind: "find", query, limit }) as Promise<FoundEvents>;
  }

  chart(query: ChartQuery): Promise<Chart> {
    return this.ask({ kind: "chart", query }) as Promise<Chart>;
  }

  /** The nodes as they were at a moment, milliseconds since 1970. */
  topology(rootId: NodeId, at: number): Promise<NodeRow[]> {
    return this.ask({ kind: "topology", rootId, at }) as Promise<NodeRow[]>;
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private ask(question: ReaderQuestion): Promise<FoundEvents | Chart | NodeRow[]> {
    if (this.waiting.size >= QUERIES_MAX)
      return Promise.reject(new Trouble(`${QUERIES_MAX} questions to the log are waiting already: ask again later`));
    this.worker ??= this.start();
    const call = ++this.calls;
    post(this.worker, { call, question });
    return new Promise((resolve, reject) => this.waiting.set(call, { resolve, reject }));
  }

  private start(): Worker {
    const worker = startWorker({ role: "reader", directory: this.directory }, this.workerFile);
    worker.unref();
    worker.on("message", (reply: ReaderReply) => {
      const waiting = this.waiting.get(reply.call);
      this.waiting.delete(reply.call);
      if (reply.kind === "answer") waiting?.resolve(reply.answer);
      else waiting?.reject(new Trouble(reply.message));
    });
    worker.on("error", () => {});
    worker.on("exit", () => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values())
        reject(new Trouble("the log's reading thread has ended: ask again"));
      this.waiting.clear();
    });
    return worker;
  }
}
