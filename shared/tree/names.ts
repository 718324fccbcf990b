/**
 * Names takes the aliases that a node gives with a group (wire.md, section 17). They become an event of the root's own, in the transaction of
 * that group, so that they are a fact of the log like all else.
 */
import { ALIASES_MAX } from "../limits.ts";
import { count, type Counters } from "../table.ts";
import type { UnixMillis } from "../units.ts";
import { isEntityId, isNumber, type Message } from "../wire/message.ts";
import type { Presence } from "./presence.ts";
import type { Projection } from "./projection.ts";
import type { Member } from "./roll.ts";

export class Names {
  private projection: Projection;
  private presence: Presence;
  private counters: Counters;

  constructor(projection: Projection, presence: Presence, counters: Counters) {
    this.projection = projection;
    this.presence = presence;
    this.counters = counters;
  }

  /** `ack` closes a group of which events are taken. */
  take(member: Member, ack: Message, unix: UnixMillis): void {
    const eids = ack["eids"];
    if (eids === undefined) return;
    const alias = ack["k"];
    const known = this.projection.aliases(member.id, member.epoch);
    if (!areNames(alias, eids, known.length)) return count(this.counters, "aliases malformed");
    // Said again with a group that is sent again, or by one who says them each time.
    if (eids.every((eid, i) => known[(alias as number) - 1 + i] === eid)) return;
    this.presence.log({ type: "!named", id: member.id, ep: member.epoch, k: alias, eids }, unix);
  }
}

/** Whether these are names for aliases from `alias` on: they go on from the `known` that there are, or say some of them again. */
function areNames(alias: unknown, eids: unknown, known: number): eids is string[] {
  if (!isNumber(alias) || alias < 1 || alias > known + 1 || !Array.isArray(eids)) return false;
  return alias - 1 + eids.length <= ALIASES_MAX && eids.every(isEntityId);
}
