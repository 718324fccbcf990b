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
export const CONTROL = ["beacon", "solicit", "join", "join answer", "probe", "greeting"] as const;
/** What carries somebody's words, and tells that they have come. */
export const CARRIAGE = ["data", "ack", "mac ack"] as const;

/** Lines of nodes among themselves, but for those that close groups and acknowledge them. */
const GREETING = /"type":"(\?hello|!hello|!root|!gone|!bye|\?ping|!ping)"/;
const GROUP = /"type":"[?!]ack"/;

/** By the first byte of its header, which says the type in the clear; and, with a seal that hides nothing, by what it carries. */
export function datagramKind(bytes: string): string {
  const kind = KINDS[(bytes.charCodeAt(0) >> 2) & 15] ?? "other";
  return kind === "data" && GREETING.test(bytes) && !GROUP.test(bytes) ? "greeting" : kind;
}
