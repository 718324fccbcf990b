/** What each of the root's counters means for somebody who owns the boards. */

const WORDS: { readonly [name: string]: string } = {
  "group known": "Sent again by a node whose acknowledgement was lost, recognised, and stored once.",
  "group after a hole": "Came before what belongs in front of it: asked for again, nothing is lost.",
  "group of a stranger": "From a node that has not said hello on this link: asked to join first.",
  "group of another epoch": "From an older session of a node: it is told the new one.",
  "group with a wrong number": "Numbered in a way that cannot be: a program that does not keep to the wire.",
  "line malformed": "Not readable as JSON. In a numbered group a gap stands in its place.",
  "line cut": "A frame ended in the middle of a line.",
  "lines without ?ack": "Said without numbers by a node that should number.",
  "link silent": "A link said nothing for 15 s and was closed. Its nodes join again by themselves.",
  "link too slow": "A link did not take what the root had for it, and was closed.",
  conflict: "Two boards use the same name: give one of them another.",
  "?hello malformed": "A hello that could not be read.",
  "?hello over the limit": "Too many hellos on one link at once: they are said again.",
  "lines of nobody": "Said by a node by radio before its hello: it is asked to join first.",
  "dongle noise": "Lines on the dongle's serial port that are none of its own: a console, a driver's log.",
  "dongle damaged": "Lines of the dongle that arrived damaged; what they carried is sent again.",
  "dongle damaged there": "Lines to the dongle that arrived damaged; what they carried is sent again.",
  "!gone of a stranger": "A branch reported the going of a node that is not below it any more.",
};

export function counterWords(name: string): string {
  if (name.startsWith("radio ") && WORDS[name] === undefined)
    return "Dropped by the hop by radio: strangers, the air's losses, or somebody without the key.";
  if (name.startsWith("?hello refused")) return "A node was not let in: look at its token, version and name.";
  return WORDS[name] ?? "See docs/wire.md for what this counts.";
}
