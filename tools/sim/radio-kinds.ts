/** What datagrams of the radio hop are for: by these names the air's books sum the time they take. */
import { ACK, BEACON, DATA, JOIN, JOIN_ACK, SOLICIT } from "#shared/radio/header.ts";
import { PROBE } from "#shared/radio/tree-limits.ts";

const KINDS: { [type: number]: string } = {
  [DATA]: "data",
  [ACK]: "ack",
  [BEACON]: "beacon",
  [SOLICIT]: "solicit",
  [JOIN]: "join",
  [JOIN_ACK]: "join answer",
  [PROBE]: "probe",
};

/** All that serves the tree and carries nothing of anybody. */
export const CONTROL = ["beacon", "solicit", "join", "join answer", "probe"] as const;

/** By the first byte of its header, which says the type in the clear. */
export function datagramKind(bytes: string): string {
  return KINDS[(bytes.charCodeAt(0) >> 2) & 15] ?? "other";
}
