/** What happened in a world, one record each, as text for people and for comparing two runs. The picture is drawn from the same records. */

export type TraceKind =
  | "emit"
  | "arrive"
  | "lost"
  | "dial"
  | "open"
  | "close"
  | "closed"
  | "status"
  | "act"
  | "set"
  | "commit"
  | "outcome"
  | "fault"
  | "boot"
  | "crash"
  | "heal"
  | "settled";

export interface TraceRecord {
  at: number;
  kind: TraceKind;
  /** Whose lane; "" for the world's. */
  node: string;
  /** The other end of a frame or a link. */
  peer: string;
  /** When a frame that arrived or was lost was sent. */
  sentAt: number;
  note: string;
}

/** Takes records as they come. */
export type TraceSink = (record: TraceRecord) => void;

export function traceLine(record: TraceRecord): string {
  const { at, kind, node, peer, sentAt, note } = record;
  const seconds = (at / 1000).toFixed(3).padStart(9);
  const who = node === "" ? "" : ` ${node}`;
  const other = peer === "" ? "" : kind === "arrive" || kind === "lost" ? ` from ${peer}` : ` ${peer}`;
  const when = kind === "arrive" || kind === "lost" ? ` (sent ${(sentAt / 1000).toFixed(3)})` : "";
  return `${seconds} ${kind.padEnd(7)}${who}${other}${when}${note === "" ? "" : `: ${note}`}`;
}

/** A frame in a few words: the types of its lines, and what short lines say. */
export function frameNote(text: string): string {
  const types: string[] = [];
  for (const match of text.matchAll(/^(?:\{"type":"([^"]*)"|\[)/gm)) {
    const type = match[1] ?? "short !update";
    const last = types.at(-1);
    if (last !== undefined && last.replace(/ ×\d+$/, "") === type) {
      types[types.length - 1] = `${type} ×${Number(/×(\d+)$/.exec(last)?.[1] ?? 1) + 1}`;
    } else types.push(type);
  }
  return `${types.join(", ")} (${text.length} B)`;
}
