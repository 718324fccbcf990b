/**
 * The log's threads: one that writes, one that reads, both this file. Waiting for the disk and taking rows apart happen here,
 * so that the thread with the sockets never waits.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { NodeRow } from "#shared/effect.ts";
import { unreachable } from "#shared/units.ts";
import { makeDirectory } from "../file.ts";
import { chart, type Chart } from "./chart.ts";
import { DirectoryLock } from "./lock.ts";
import type {
  FoundEvents,
  ReaderQuestion,
  ReaderReply,
  ReaderRequest,
  WorkerSetup,
  WriterReply,
  WriterRequest,
} from "./message.ts";
import { findEvents, LogReader } from "./reader.ts";
import { logFile } from "./schema.ts";
import { topology } from "./topology.ts";
import { explain } from "./trouble.ts";
import { LogWriter } from "./writer.ts";

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error("log-worker.js is started by the root as a thread, not by itself");
if (setup.role === "writer") write(setup, (reply) => port.postMessage(reply));
else read(setup, (reply) => port.postMessage(reply));

function write({ directory, synchronous }: WorkerSetup, reply: (reply: WriterReply) => void): void {
  const file = logFile(directory);
  let lock: DirectoryLock;
  let writer: LogWriter;
  try {
    makeDirectory(directory);
    lock = new DirectoryLock(directory);
    writer = new LogWriter(file, synchronous);
    reply({ kind: "opened", image: writer.image() });
  } catch (error) {
    reply({ kind: "refused", message: explain(error, "open the log", file) });
    return;
  }
  port?.on("message", (request: WriterRequest) => {
    switch (request.kind) {
      case "store": {
        const startedAt = performance.now();
        const { groups } = request.transaction;
        try {
          writer.commit(request.transaction);
        } catch (error) {
          return reply({ kind: "failed", message: explain(error, `store ${groups.length} groups of events`, file) });
        }
        reply({ kind: "stored", tookMillis: performance.now() - startedAt });
        try {
          writer.tidy();
        } catch (error) {
          reply({ kind: "failed", message: explain(error, "copy the write-ahead log", file) });
        }
        break;
      }
      case "close":
        try {
          writer.close();
          lock.release();
          reply({ kind: "closed" });
        } catch (error) {
          reply({ kind: "failed", message: explain(error, "close the log", file) });
        }
        port.close();
        break;
    }
  });
}

function read({ directory }: WorkerSetup, reply: (reply: ReaderReply) => void): void {
  const file = logFile(directory);
  let reader: LogReader | undefined;
  port?.on("message", ({ call, question }: ReaderRequest) => {
    try {
      reader ??= new LogReader(file);
      reply({ kind: "answer", call, answer: answerTo(question, reader) });
    } catch (error) {
      reply({ kind: "trouble", call, message: explain(error, "read events", file) });
    }
  });
}

function answerTo(question: ReaderQuestion, reader: LogReader): FoundEvents | Chart | NodeRow[] {
  const startedAt = performance.now();
  switch (question.kind) {
    case "find":
      return findEvents(reader, question.query, question.limit);
    case "chart":
      return chart(reader, question.query, () => performance.now() - startedAt);
    case "topology":
      return topology(reader, question.rootId, question.at);
    default:
      return unreachable(question);
  }
}
