/**
 * Actions runs each `?act` at most once and never late, and remembers answers for those that come again.
 */
import { ACT_TTL, ACTS_REMEMBERED } from "../limits.ts";
import { asReason, isEntityId, type Message } from "../wire/message.ts";

interface Known {
  id: string;
  /** The answer, once it was given. */
  answer: Message | undefined;
}

export class Actions {
  private known: Known[];

  constructor() {
    this.known = [];
  }

  /**
   * What to do about a `?act`, the root's clock being `rootNow` (0 if unknown: then nothing can be told to be in time).
   * "run" it; "answer" with `again`; or "drop" it: malformed, late, or still running.
   */
  judge(message: Message, rootNow: number): "run" | "answer" | "drop" {
    const id = message["id"];
    if (typeof id !== "string" || !isEntityId(message["eid"])) return "drop";
    const known = this.knownBy(id);
    if (known !== undefined) return known.answer === undefined ? "drop" : "answer";
    const ttl = typeof message["ttl"] === "number" ? (message["ttl"] as number) : ACT_TTL;
    const sentAt = message["ts"];
    if (rootNow <= 0 || (typeof sentAt === "number" && rootNow >= sentAt + ttl)) return "drop";
    if (this.known.length >= ACTS_REMEMBERED) this.known.shift();
    this.known.push({ id, answer: undefined });
    return "run";
  }

  /** The event that answers, to be sent now and to be remembered. Undefined if that action is not waiting for an answer. */
  answer(id: string, ok: boolean, value: unknown): Message | undefined {
    const known = this.knownBy(id);
    if (known === undefined || known.answer !== undefined) return undefined;
    known.answer = ok ? { type: "!act", id, ok, value } : { type: "!act", id, ok, error: asReason(value) };
    return known.answer;
  }

  again(id: string): Message | undefined {
    const known = this.knownBy(id);
    return known === undefined ? undefined : known.answer;
  }

  private knownBy(id: string): Known | undefined {
    return this.known.filter((one) => one.id === id)[0];
  }
}
