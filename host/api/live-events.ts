/**
 * LiveEvents sends stored events to whoever listens on `/api/events`, as server-sent events, after each commit.
 * Best effort: a consumer that does not read is cut, and asks the log for what it missed.
 */
import type { ServerResponse } from "node:http";
import type { GroupRow } from "#shared/effect.ts";
import { decodeGroup, type StoredEvent } from "../log/event.ts";
import { ApiTrouble } from "./reply.ts";

/** Consumers at once. Chosen: consoles and scripts of one house; more belong behind a broker. */
export const CONSUMERS_MAX = 100;
/** Bytes that wait for a consumer, past which it is cut. Chosen: seconds of a busy tree. */
export const CONSUMER_BYTES_MAX = 1_048_576;
/** A comment is sent this often, so that a dead connection is noticed on both sides. Chosen: below proxies' 30 s and more. */
export const COMMENT_EVERY_MILLIS = 15_000;

export interface LiveFilter {
  node: string | undefined;
  eid: string | undefined;
  type: string | undefined;
}

interface Consumer {
  response: ServerResponse;
  filter: LiveFilter;
  /** Whether it may still listen: somebody may have been signed out. */
  isAllowed: () => boolean;
  /** Of this commit, not yet written: one write is one packet. */
  text: string;
}

export class LiveEvents {
  private readonly consumers = new Set<Consumer>();
  private timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.consumers.size;
  }

  /** Throws `ApiTrouble` when there are too many. */
  add(response: ServerResponse, filter: LiveFilter, isAllowed: () => boolean = () => true): void {
    if (this.consumers.size >= CONSUMERS_MAX)
      throw new ApiTrouble(503, `${CONSUMERS_MAX} consumers listen already: end one, or ask again later`);
    const consumer = { response, filter, isAllowed, text: "" };
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no",
    });
    response.write(": events follow as they are stored\n\n");
    response.on("error", () => {});
    response.on("close", () => this.remove(consumer));
    this.consumers.add(consumer);
    this.timer ??= setInterval(() => this.comment(), COMMENT_EVERY_MILLIS);
  }

  /** `groups` are on disk. Costs nothing while nobody listens. */
  publish(groups: readonly GroupRow[]): void {
    if (this.consumers.size === 0) return;
    for (const group of groups) {
      const interested = [...this.consumers].filter(
        ({ filter }) => filter.node === undefined || filter.node === group.node,
      );
      if (interested.length === 0) continue;
      for (const event of decodeGroup(group)) this.send(interested, event);
    }
    for (const consumer of this.consumers) {
      const { text } = consumer;
      consumer.text = "";
      if (text !== "") this.write(consumer, text);
    }
  }

  close(): void {
    for (const { response } of this.consumers) response.end();
    this.consumers.clear();
    clearInterval(this.timer);
  }

  private send(interested: readonly Consumer[], event: StoredEvent): void {
    let text: string | undefined;
    for (const consumer of interested) {
      const { eid, type } = consumer.filter;
      if ((eid !== undefined && eid !== event.eid) || (type !== undefined && type !== event.type)) continue;
      text ??= `id: ${event.node}/${event.epoch}/${event.n}\ndata: ${JSON.stringify(event)}\n\n`;
      consumer.text += text;
    }
  }

  private comment(): void {
    for (const consumer of this.consumers) {
      if (consumer.isAllowed()) this.write(consumer, ":\n\n");
      else this.cut(consumer);
    }
  }

  private write(consumer: Consumer, text: string): void {
    if (!this.consumers.has(consumer)) return;
    consumer.response.write(text);
    if (consumer.response.writableLength > CONSUMER_BYTES_MAX) this.cut(consumer);
  }

  private cut(consumer: Consumer): void {
    this.remove(consumer);
    consumer.response.destroy();
  }

  private remove(consumer: Consumer): void {
    this.consumers.delete(consumer);
    if (this.consumers.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
