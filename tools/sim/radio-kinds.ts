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

/** What nodes say among themselves, in datagrams that carry nothing else; of several lines, the first to be found here. */
const TALK: { [kind: string]: RegExp } = {
  hello: /"type":"\?hello"/,
  "hello answer": /"type":"!hello"/,
  news: /"type":"!(root|gone|bye)"/,
  ping: /"type":"[?!]ping"/,
};
/** All that serves the tree and carries nothing of anybody. */
export const CONTROL: readonly string[] = ["beacon", "solicit", "join", "join answer", "probe", ...Object.keys(TALK)];
/** What carries somebody's words, and tells that they have come. */
export const CARRIAGE: readonly string[] = ["data", "ack", "mac ack"];

/** What closes a group, or acknowledges one. */
const GROUP = /"type":"[?!]ack"/;

/** By the first byte of its header, which says the type in the clear; and, with a seal that hides nothing, by what it carries. */
export function datagramKind(bytes: string): string {
  const kind = KINDS[(bytes.charCodeAt(0) >> 2) & 15] ?? "other";
  if (kind !== "data" || GROUP.test(bytes)) return kind;
  for (const talk in TALK) if (TALK[talk]?.test(bytes)) return talk;
  return kind;
}
