/**
 * Bridge lets a PC program be a node: it emits events that reach the root's disk exactly once while this process lives, and
 * iterates over what comes down.
 *
 * Guarantee: an event that `emit` took is kept until the root has it on disk, through every reconnection; `flush` resolves only
 * then. When the outbox is full, `emit` says so, and nothing is dropped in silence. A crash of this process loses what was not
 * acknowledged: whoever cannot afford that repeats it from its own source after `flush` has not resolved.
 */
import { PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import type { NodeId } from "#shared/units.ts";
import { isNodeId } from "#shared/wire/message.ts";
import { Arrivals, type Arrival } from "./arrivals.ts";
import { NodeEdge } from "./node-edge.ts";
import { PC_TEXT } from "./text-codec.ts";
import { Trouble } from "./trouble.ts";
import { HOST_VERSION } from "./version.ts";

/** Longest `maxDelay`, in milliseconds. Chosen: who waits longer forgets that it waits. */
const DELAY_MAX = 60_000;

export interface BridgeOptions {
  /** Of the root or of a branch: "ws://127.0.0.1:4000/node". */
  url: string;
  /** Made by `sapline token add ID`, for that id. */
  id: string;
  token: string;
  /** An event waits at most this long for company, in milliseconds: 0 to 60000, usually 2000. */
  maxDelay?: number;
  /** A message is sent as soon as it exceeds this many bytes: 1 to 16000, usually 1000. */
  sizeThreshold?: number;
  /** Bytes of events kept until they are acknowledged, usually 1 MiB. Past it `emit` answers false. */
  outboxBytes?: number;
  /** Told when the way to the root opens or closes, and why. */
  onStatus?: (isJoined: boolean, reason: string) => void;
}

/** An event: its `type`, and whatever else JSON can say. `{type: "!update", eid, value}` makes `value` the entity's last value. */
export type BridgeEvent = { type: string; [field: string]: unknown };

export class Bridge implements AsyncIterable<Arrival> {
  /** Drops and refusals, by reason. */
  readonly counters: { [reason: string]: number };
  private readonly edge: NodeEdge;
  private readonly arrivals = new Arrivals(() => performance.now());
  private flushes: { left: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  private roomWaiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private isIterated = false;
  private isClosed = false;

  /** Starts to connect at once, and again whenever the connection is lost, later and later. Throws `Trouble` for an option that cannot be. */
  constructor(options: BridgeOptions) {
    const {
      url,
      id,
      token,
      maxDelay = PC_LIMITS.flushAfter,
      sizeThreshold = PC_LIMITS.flushBytes,
      outboxBytes = PC_LIMITS.outboxBytes,
    } = options;
    if (!isNodeId(id)) throw new Trouble(`"${id}" cannot be a node's id: use letters, digits, ".", "_" and "-"`);
    if (!(maxDelay >= 0 && maxDelay <= DELAY_MAX)) throw new Trouble(`maxDelay must be 0 to ${DELAY_MAX} milliseconds`);
    if (!(sizeThreshold >= 1 && sizeThreshold <= 16_000)) throw new Trouble("sizeThreshold must be 1 to 16000 bytes");
    if (!(outboxBytes >= 8192)) throw new Trouble("outboxBytes must be 8192 or more");
    const limits = { ...PC_LIMITS, flushBytes: sizeThreshold, flushAfter: maxDelay, outboxBytes };
    const node = new TreeNode(
      { id: id as NodeId, token, fw: `sapline-bridge ${HOST_VERSION}`, limits },
      PC_TEXT,
      Math.random,
    );
    this.counters = node.counters;
    this.edge = new NodeEdge(node, url, token, {
      act: (actId, eid, value) => this.act(actId, eid, value),
      set: (eid, value, rev) => this.arrive({ kind: "set", eid, value, rev }),
      deliver: (event) => this.arrive({ kind: "event", event }),
      status: (isJoined, reason) => options.onStatus?.(isJoined, reason),
      acknowledged: (howMany) => this.acknowledged(howMany),
    });
    this.edge.start();
  }

  /** The root is reached and takes events. */
  get isJoined(): boolean {
    return this.edge.node.isJoined();
  }

  /** Events not acknowledged yet. */
  get backlog(): number {
    return this.edge.node.backlog();
  }

  /**
   * Takes an event; it is copied at once. False if the outbox is full: wait for `room`, then try again. An `!update` that finds it
   * full takes the place of an older, unsent value of its entity, which a numbered `!gap` stands for.
   * Throws `Trouble` for what can never be taken: no type, a reserved type, or a line over 4096 bytes.
   */
  emit(event: BridgeEvent): boolean {
    if (this.isClosed) throw new Trouble("this bridge is closed");
    const { accepted, reason } = this.edge.emit(event);
    if (!accepted && reason === "type")
      throw new Trouble(`"${String(event.type)}" cannot be an event's type: it is empty or the protocol's own`);
    if (!accepted && reason === "long") throw new Trouble("this event is longer than 4096 bytes as JSON: split it");
    return accepted;
  }

  /**
   * Resolves when any event fits without another giving way. Whoever can wait loses and squashes nothing by
   * `await bridge.room(); bridge.emit(event);`. Rejects when the bridge is closed.
   */
  room(): Promise<void> {
    if (this.isClosed) return Promise.reject(new Trouble("this bridge is closed"));
    if (this.edge.hasRoom()) return Promise.resolve();
    return new Promise((resolve, reject) => this.roomWaiters.push({ resolve, reject }));
  }

  /** Sends at once, and resolves when everything emitted before is on the root's disk. Rejects when the bridge is closed before. */
  flush(): Promise<void> {
    if (this.isClosed) return Promise.reject(new Trouble("this bridge is closed"));
    this.edge.flush();
    const left = this.edge.node.backlog();
    if (left === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.flushes.push({ left, resolve, reject }));
  }

  /** The outcome of an action that was iterated over. `value` is its result, or the error in words. */
  answer(action: { id: string }, ok: boolean, value?: unknown): void {
    this.edge.answer(action.id, ok, value ?? null);
  }

  /** What comes down, as it comes. Ends when the bridge is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Arrival, undefined> {
    this.isIterated = true;
    return { next: () => this.arrivals.take() };
  }

  /** Ends the connection at once: call `flush` before, to lose nothing. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.edge.stop();
    this.arrivals.end();
    const error = new Trouble(`this bridge was closed with ${this.backlog} events not acknowledged`);
    for (const { reject } of [...this.flushes.splice(0), ...this.roomWaiters.splice(0)]) reject(error);
  }

  private act(id: string, eid: string, value: unknown): void {
    if (!this.isIterated) return this.edge.answer(id, false, "this program takes no actions");
    if (!this.put({ kind: "act", id, eid, value })) this.edge.answer(id, false, "this program is too busy");
  }

  private arrive(arrival: Arrival): void {
    if (this.isIterated) this.put(arrival);
  }

  private put(arrival: Arrival): boolean {
    const isTaken = this.arrivals.put(arrival);
    if (!isTaken) this.counters["arrival over the limit"] = (this.counters["arrival over the limit"] ?? 0) + 1;
    return isTaken;
  }

  /**
   * Events leave the outbox from its front, so a flush is done when as many have left as it found. Squashing can leave fewer to be
   * acknowledged; an empty outbox ends every flush.
   */
  private acknowledged(howMany: number): void {
    const isEmpty = this.edge.node.backlog() === 0;
    for (const flush of this.flushes) flush.left -= howMany;
    const done = this.flushes.filter(({ left }) => left <= 0 || isEmpty);
    this.flushes = this.flushes.filter((flush) => !done.includes(flush));
    for (const { resolve } of done) resolve();
    if (this.edge.hasRoom()) for (const { resolve } of this.roomWaiters.splice(0)) resolve();
  }
}
