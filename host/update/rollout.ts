/**
 * A rollout: one program, signed, on its way to some nodes. It says what to say to whom, and learns from what they answer; it has no clock, no disk and no wire.
 *
 * Guarantee: with canaries, no other node is offered the program before all of them run it and have joined; a canary that does not come to that stops the
 * rollout. A node that is away keeps its place. Bounded: UPDATES_AT_ONCE nodes at a time, UPDATE_WINDOW_BYTES beyond what each has.
 */
import {
  UPDATE_AGAIN_AFTER,
  UPDATE_AGAIN_AFTER_MAX,
  UPDATE_PART_BYTES,
  UPDATE_TRIAL_WITHIN,
  UPDATE_TRIES_MAX,
  UPDATE_WINDOW_BYTES,
  UPDATES_AT_ONCE,
} from "#shared/limits.ts";
import type { Offer } from "#shared/update/program.ts";
import { SIGNATURE_BYTES } from "#shared/update/signature.ts";
import { isNumber, type Message } from "#shared/wire/message.ts";

/** What has become of a node's part in it. */
export type JobStep =
  /** Its turn has not come, or it is away. */
  | "wait"
  | "send"
  /** It has it all, and starts it. */
  | "try"
  | "good"
  | "failed";

/** All that has to outlive the root's process. */
export interface Job {
  node: string;
  isCanary: boolean;
  step: JobStep;
  /** Bytes of signature and program that the node has, and how many there are. */
  at: number;
  size: number;
  why: string;
  /** When `step` changed, milliseconds since 1970. */
  since: number;
}

/** A program and its signature, for the nodes that run a program of the same name. */
export interface SignedProgram {
  offer: Offer;
  signature: Buffer;
  program: Buffer;
}

export interface RolloutPort {
  isUp(node: string): boolean;
  /** False if there is no way to it. */
  tell(node: string, fields: Message): boolean;
  /** An event of the root's own, for the log. */
  note(event: Message): void;
  /** Something that has to outlive this process has changed. */
  changed(): void;
  signedFor(node: string): SignedProgram;
}

/** What this process knows of a transfer. */
interface Transfer {
  offeredAt: number;
  wait: number;
  /** Offers since the last word. */
  tries: number;
  /** How far was sent. */
  sent: number;
  again: number;
}

export class Rollout {
  readonly jobs: Job[];
  /** Why it goes no further; "" while it does. */
  stopped: string;
  private readonly port: RolloutPort;
  /** Before that nobody could be heard. */
  private readonly startedAt: number;
  private readonly transfers = new Map<string, Transfer>();

  /** `now`: as in all others, milliseconds since 1970. */
  constructor(jobs: Job[], stopped: string, port: RolloutPort, now: number) {
    this.startedAt = now;
    this.jobs = jobs;
    this.stopped = stopped;
    this.port = port;
  }

  get isOver(): boolean {
    return this.stopped !== "" || this.jobs.every(({ step }) => step === "good" || step === "failed");
  }

  stop(why: string, now: number): void {
    if (this.stopped !== "") return;
    this.stopped = why;
    this.port.note({ type: "!log", text: `update: ${why}`, ts: now });
    this.port.changed();
  }

  /** Those nodes have no more part in it. */
  giveUp(nodes: ReadonlySet<string>, why: string, now: number): void {
    if (this.isOver) return;
    for (const job of this.jobs) {
      if (!nodes.has(job.node) || job.step === "good" || job.step === "failed") continue;
      job.why = why;
      this.move(job, "failed", now);
    }
  }

  /** Offers, sends again, gives up: to be called several times a second. */
  turn(now: number): void {
    if (this.isOver) return;
    let room = UPDATES_AT_ONCE - this.jobs.filter((job) => job.step === "send" && this.port.isUp(job.node)).length;
    for (const job of this.jobs) {
      if (this.isOver) return;
      if (job.step === "good" || job.step === "failed") continue;
      if (!this.port.isUp(job.node)) this.transfers.delete(job.node);
      if (job.step === "try" && now - Math.max(job.since, this.startedAt) > UPDATE_TRIAL_WITHIN) {
        this.fail(job, "has not come back from the start of its new program", now);
      } else if (this.port.isUp(job.node)) {
        if (job.step === "wait" && (room <= 0 || !this.mayBegin(job))) continue;
        if (job.step === "wait") room -= 1;
        this.offerAgain(job, now);
      }
    }
  }

  /** The value of PROGRAM_EID that a node has said. */
  heard(node: string, value: unknown, now: number): void {
    const job = this.jobs.find((one) => one.node === node);
    if (job === undefined || job.step === "good" || typeof value !== "object" || value === null) return;
    const { u, step, at, why } = value as { [key: string]: unknown };
    if (u !== this.port.signedFor(node).offer.serial) return;
    if (job.step === "failed" || this.stopped !== "") {
      // Late, or nobody's business any more; but so it is.
      if (step === "good") this.succeed(job, now);
      return;
    }
    const transfer = this.transferOf(job, now);
    transfer.tries = 0;
    transfer.wait = UPDATE_AGAIN_AFTER;
    transfer.offeredAt = now;
    const reason = typeof why === "string" ? why.slice(0, 200) : "";
    if (step === "take" && isNumber(at) && at <= job.size) this.goOn(job, transfer, at, now);
    else if (step === "try") this.move(job, "try", now);
    else if (step === "good") this.succeed(job, now);
    else if (step === "back") this.fail(job, `fell back: ${reason}`, now);
    else if (step === "no") this.fail(job, `refused: ${reason}`, now);
  }

  /** It has just joined: what it says of itself is news. */
  joined(node: string): void {
    this.transfers.delete(node);
  }

  private mayBegin(job: Job): boolean {
    return job.isCanary || this.jobs.every((other) => !other.isCanary || other.step === "good");
  }

  private transferOf(job: Job, now: number): Transfer {
    const known = this.transfers.get(job.node);
    if (known !== undefined) return known;
    const transfer = { offeredAt: now - UPDATE_AGAIN_AFTER, wait: UPDATE_AGAIN_AFTER, tries: 0, sent: 0, again: -1 };
    this.transfers.set(job.node, transfer);
    return transfer;
  }

  private offerAgain(job: Job, now: number): void {
    const transfer = this.transferOf(job, now);
    if (now - transfer.offeredAt < transfer.wait) return;
    if (transfer.tries >= UPDATE_TRIES_MAX && job.step !== "try")
      return this.fail(job, "does not answer: its program takes none over the tree, flash it by cable", now);
    const { offer } = this.port.signedFor(job.node);
    const { serial, name, version, size, digest } = offer;
    const fields = { type: "?program", u: serial, name, version, size, digest };
    if (!this.port.tell(job.node, fields)) return;
    if (job.step === "wait") {
      const { type, ...others } = fields;
      this.port.note({ type, dst: job.node, ...others });
      this.move(job, "send", now);
    }
    if (transfer.tries > 0) transfer.wait = Math.min(transfer.wait * 2, UPDATE_AGAIN_AFTER_MAX);
    transfer.tries += 1;
    transfer.offeredAt = now;
    transfer.again = -1;
  }

  /** It has so much: what comes next, up to the window's end. The program begins when the signature was found good. */
  private goOn(job: Job, transfer: Transfer, at: number, now: number): void {
    if (job.step !== "send") this.move(job, "send", now);
    // Twice the same is a hole, or the answer to an offer: again from there, but once. Less than before: it has begun anew.
    if (at < job.at || transfer.sent < at || (at === job.at && transfer.again !== at)) {
      transfer.again = at;
      transfer.sent = at;
    }
    job.at = at;
    const { offer, signature, program } = this.port.signedFor(job.node);
    const end = at < SIGNATURE_BYTES ? SIGNATURE_BYTES : Math.min(at + UPDATE_WINDOW_BYTES, job.size);
    while (transfer.sent < end) {
      const from = transfer.sent;
      const [source, start] = from < SIGNATURE_BYTES ? [signature, from] : [program, from - SIGNATURE_BYTES];
      const bytes = source.subarray(start, start + UPDATE_PART_BYTES);
      const data = bytes.toString("base64");
      if (!this.port.tell(job.node, { type: "?part", u: offer.serial, at: from, data })) return;
      transfer.sent = from + bytes.length;
    }
  }

  private move(job: Job, step: JobStep, now: number): void {
    if (job.step === step) return;
    job.step = step;
    job.since = now;
    this.port.changed();
  }

  private succeed(job: Job, now: number): void {
    job.at = job.size;
    job.why = "";
    this.move(job, "good", now);
  }

  private fail(job: Job, why: string, now: number): void {
    job.why = why;
    this.move(job, "failed", now);
    if (!job.isCanary) return;
    const others = this.jobs.filter(({ step }) => step === "wait").length;
    this.stop(`${job.node} ${why}; ${others} other node${others === 1 ? " was" : "s were"} not offered it`, now);
  }
}
