/**
 * Bugs that people make in such protocols, each as an edit of shared/. A swarm has to catch every one: a simulator that finds
 * nothing proves something only then.
 */

export interface PlantedBug {
  name: string;
  edits: readonly { file: string; from: string; to: string }[];
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "skips an ack now and then",
    edits: [
      {
        file: "shared/root.ts",
        from: "      this.acksSent += 1;\n",
        to: "      this.acksSent += 1;\n      if (this.acksSent % 50 === 0) return;\n",
      },
    ],
  },
  {
    name: "does not answer a group that comes again",
    edits: [
      {
        file: "shared/root.ts",
        from: "if (member.stored === member.last)\n",
        to: "if (member.stored === member.last && group.events.length === 0)\n",
      },
    ],
  },
  {
    name: "acknowledges before the sync",
    edits: [
      {
        file: "shared/root.ts",
        from: "this.append(member, group, verdict.skip, unix, out);",
        to: "this.append(member, group, verdict.skip, unix, out); this.presence.sendLines(from, [ackLine(member.id, member.epoch, member.last)], unix, out);",
      },
    ],
  },
  {
    name: "accepts a group after a hole",
    edits: [
      {
        file: "shared/tree/intake.ts",
        from: 'if (first > last + 1) return { kind: "hole" };',
        to: 'if (first > last + 1) return { kind: "take", skip: 0 };',
      },
    ],
  },
  {
    name: "forgets where an epoch stood",
    edits: [{ file: "shared/tree/admission.ts", from: ": this.parts.projection.lastOf(id, offered);", to: ": 0;" }],
  },
  {
    name: "runs an action after its deadline",
    edits: [{ file: "shared/tree/actions.ts", from: "rootNow >= sentAt + ttl", to: "false" }],
  },
  {
    name: "gives up the newest value of an entity instead of an older one",
    edits: [
      {
        file: "shared/link/outbox.ts",
        from: "if (newer.get(entry.eid)) victim = i;",
        to: "if (victim < 0) victim = i;",
      },
    ],
  },
  {
    name: "takes the late end of an old link for the end of the new one (a node)",
    edits: [
      { file: "shared/node.ts", from: "else if (link === this.joining.anyLink()) this.lose", to: "else this.lose" },
    ],
  },
  {
    name: "takes the late end of an old link for the end of the new one (a branch)",
    edits: [
      {
        file: "shared/tree/branch.ts",
        from: "    this.children.remove(link);\n    for (const id of this.routes.removeLink(link)) up.push(goneLine(id));\n",
        to: `    const { id } = this.children.get(link) as Child;
    this.children.remove(link);
    const gone = this.routes.removeLink(link);
    if (id !== "" && gone.indexOf(id) < 0) { this.routes.remove(id); gone.push(id); }
    for (const each of gone) up.push(goneLine(each));
`,
      },
    ],
  },
  {
    name: "keeps a route whose link is gone",
    edits: [
      {
        file: "shared/tree/branch.ts",
        from: "for (const id of this.routes.removeLink(link)) up.push(goneLine(id));",
        to: "",
      },
    ],
  },
  {
    name: "lets one group too many into the window",
    edits: [
      {
        file: "shared/link/flight.ts",
        from: "this.flightBytes + bytes <= this.limits.windowBytes;",
        to: "this.flightBytes <= this.limits.windowBytes;",
      },
    ],
  },
  {
    name: "leaves out the first group when it sends again",
    edits: [
      {
        file: "shared/link/flight.ts",
        from: "    this.nextTo = this.acked;\n    this.flightBytes = 0;\n",
        to: `    this.nextTo = this.acked;
    this.flightBytes = 0;
    const first = this.outbox.chunks[0] as unknown as { events: number; bytes: number };
    if (this.sent > 1) { this.next = 1; this.nextTo += first.events; this.flightBytes = first.bytes; }
`,
      },
    ],
  },
  {
    name: "does not name its entities again in a new epoch",
    edits: [{ file: "shared/link/flight.ts", from: "      this.outbox.namesKnown = 0;\n", to: "" }],
  },
  {
    name: "forgets what a node's aliases stand for when it comes back in its epoch",
    edits: [
      {
        file: "shared/tree/projection.ts",
        from: "const eids = known.node?.row.epoch === epoch ? known.node.row.eids : [];",
        to: "const eids: string[] = [];",
      },
    ],
  },
  {
    name: "takes an alias for known once it was sent",
    edits: [
      {
        file: "shared/link/outbox.ts",
        from: "    return this.aliases.told(from, (this.chunks[place] as Chunk).names);\n",
        to: "    this.namesKnown = (this.chunks[place] as Chunk).names;\n    return this.aliases.told(from, this.namesKnown);\n",
      },
    ],
  },
];
