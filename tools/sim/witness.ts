/**
 * Witness remembers what happened in one world, for whoever asks afterwards: what is on the disk, which frames went where, what was
 * noted. It keeps everything, so it is for small worlds; it changes nothing.
 */
import type { Transaction } from "#shared/effect.ts";
import { type Message, parseMessage } from "#shared/wire/message.ts";
import { type Mark, markOf } from "./mark.ts";
import { type TraceKind, traceLine, type TraceRecord } from "./trace.ts";

/** An event as it is on the root's disk. */
export interface SeenEvent {
  epoch: number;
  n: number;
  received: number;
  event: Message;
}

/** A frame that has arrived, or was lost when it would have. Times in milliseconds of virtual time. */
export interface SeenFrame {
  from: string;
  to: string;
  text: string;
  sentAt: number;
  at: number;
  isLost: boolean;
}

export class Witness {
  readonly records: TraceRecord[] = [];
  readonly frames: SeenFrame[] = [];
  /** What became durable, commit by commit. */
  readonly transactions: Transaction[] = [];

  /** The events of a node on the disk, in their order, gaps among them; of one type, if it is given. */
  stored(node: string, type?: string): SeenEvent[] {
    const rows = this.transactions.flatMap((transaction) => transaction.groups.filter((row) => row.node === node));
    const events = rows.flatMap(({ epoch, first, received, lines }) =>
      lines.split("\n").map((line, i) => ({ epoch, n: first + i, received, event: parseMessage(line) as Message })),
    );
    return type === undefined ? events : events.filter(({ event }) => event.type === type);
  }

  /** Which of the events that a node's application said are on the disk, by their places: 1, 2, 3 … if nothing is missing. */
  seqs(node: string): number[] {
    return this.stored(node).flatMap(({ event }) => (markOf(event) === undefined ? [] : [(markOf(event) as Mark).seq]));
  }

  /** How many events the gaps of a node stand for. */
  gaps(node: string): number {
    return this.stored(node, "!gap").reduce((sum, { event }) => sum + (event["n"] as number), 0);
  }

  /** How often each event of a node left its own board, lost or not: by life and place. */
  sendings(node: string): Map<string, number> {
    const howOften = new Map<string, number>();
    for (const { from, text } of this.frames) {
      if (from !== node) continue;
      for (const [, seq, life] of text.matchAll(/"seq":(\d+),"life":(\d+)/g)) {
        const key = `${life}/${seq}`;
        howOften.set(key, (howOften.get(key) ?? 0) + 1);
      }
    }
    return howOften;
  }

  /** Lines of a type that a node sent, to anybody or to one other. */
  said(type: string, from: string, to?: string): Message[] {
    return this.frames
      .filter((frame) => frame.from === from && (to === undefined || frame.to === to))
      .flatMap((frame) => frame.text.split("\n"))
      .filter((line) => line.startsWith(`{"type":"${type}"`))
      .map((line) => parseMessage(line) as Message);
  }

  /** When something of that kind was noted of a node. */
  times(kind: TraceKind, node: string): number[] {
    return this.of(kind, node).map(({ at }) => at);
  }

  /** What was noted: for "status", whether the node has joined, and why not. */
  notes(kind: TraceKind, node: string): string[] {
    return this.of(kind, node).map(({ note }) => note);
  }

  /** The last so many records, for people. */
  story(howMany = 60): string {
    return this.records.slice(-howMany).map(traceLine).join("\n");
  }

  private of(kind: TraceKind, node: string): TraceRecord[] {
    return this.records.filter((record) => record.kind === kind && record.node === node);
  }
}
