/**
 * Calls are the actions under way at the root: who waits for which answer, and until when.
 * Each call ends in exactly one outcome: the node's answer, `offline`, or `timeout`.
 */
import { ACT_GRACE } from "../limits.ts";
import type { ActOutcome, RootEffect } from "../effect.ts";
import { Table } from "../table.ts";
import { after, type Instant, type Millis, type NodeId, sooner } from "../units.ts";
import { asReason, type Message } from "../wire/message.ts";

interface Call {
  call: number;
  dst: NodeId;
  until: Instant;
}

export interface Ended {
  call: number;
  outcome: ActOutcome;
}

export class Calls {
  private waiting: Table<Call>;
  /** No call ends before; it may be that of a call that was answered. So nobody has to look at all of them after each input. */
  private soonest: Instant | undefined;

  constructor() {
    this.waiting = new Table<Call>();
    this.soonest = undefined;
  }

  get size(): number {
    return this.waiting.size;
  }

  begin(id: string, call: number, dst: NodeId, ttl: Millis, now: Instant): void {
    const until = after(now, ttl + ACT_GRACE);
    this.waiting.set(id, { call, dst, until });
    this.soonest = sooner(this.soonest, until);
  }

  /** An `!act` was stored. `mayAnswer`: whether its origin is the node that was asked, or a branch on its way. */
  answered(event: Message, mayAnswer: (dst: NodeId) => boolean): Ended | undefined {
    const id = event["id"];
    if (typeof id !== "string") return undefined;
    const call = this.waiting.get(id);
    if (call === undefined || !mayAnswer(call.dst)) return undefined;
    this.waiting.remove(id);
    if (this.waiting.size === 0) this.soonest = undefined;
    const isOk = event["ok"] === true;
    const outcome: ActOutcome = isOk
      ? { ok: true, value: event["value"] }
      : { ok: false, error: asReason(event["error"]) || "failed" };
    return { call: call.call, outcome };
  }

  overdue(now: Instant): Ended[] {
    if (this.soonest === undefined || now < this.soonest) return [];
    const ended: Ended[] = [];
    this.soonest = undefined;
    this.waiting.keys().forEach((id) => {
      const call = this.waiting.get(id) as Call;
      if (now < call.until) {
        this.soonest = sooner(this.soonest, call.until);
        return;
      }
      this.waiting.remove(id);
      ended.push({ call: call.call, outcome: { ok: false, error: "timeout" } });
    });
    return ended;
  }

  /** When a call may have to end. */
  wakeAt(): Instant | undefined {
    return this.soonest;
  }
}

/** The outcome of a call that nobody was asked for. */
export function outcome(call: number, error: string): RootEffect {
  return { kind: "outcome", call, outcome: { ok: false, error } };
}

export function asEffect(ended: Ended): RootEffect {
  return { kind: "outcome", call: ended.call, outcome: ended.outcome };
}
