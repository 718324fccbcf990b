/**
 * UpdateDesk keeps the root's rollouts: it takes orders, signs, remembers in the folder `updates` of the data directory, and carries what a rollout wants
 * said to the root's core, and what nodes say to the rollout.
 *
 * Guarantee: what was ordered outlives the root's process. A node is in one unfinished rollout at the most, the newest.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";
import * as v from "valibot";
import type { GroupRow, NodeRow, RootEffect, Transaction } from "#shared/effect.ts";
import { UPDATE_BYTES_MAX } from "#shared/limits.ts";
import type { Root } from "#shared/root.ts";
import { Digest, type Offer, PROGRAM_EID, PROGRAM_NAME_CHARS_MAX, signedText } from "#shared/update/program.ts";
import { SIGNATURE_BYTES } from "#shared/update/signature.ts";
import type { Message } from "#shared/wire/message.ts";
import { unixNow } from "../clock.ts";
import { makeDirectory, writeFileAtomic } from "../file.ts";
import { Trouble } from "../trouble.ts";
import { type Job, Rollout, type SignedProgram } from "./rollout.ts";
import { signNext } from "./signing-key.ts";

/** How often rollouts are looked after. Chosen: far below the waits of the protocol. */
export const TURN_EVERY_MILLIS = 250;
/** Rollouts remembered; the oldest that are over go first. Chosen. */
export const ROLLOUTS_MAX = 20;

const FOLDER = "updates";
const PROGRAM_EID_JSON = JSON.stringify(PROGRAM_EID);

/** What the desk needs of the root: the core, and somebody who performs what it answers. */
export interface DeskPort {
  core: Pick<Root, "nodes" | "node" | "values" | "tell" | "note">;
  perform(effects: readonly RootEffect[]): void;
}

export interface Order {
  /** Or all that take programs. */
  nodes: readonly string[] | "all";
  canaries: number;
  /** What people call it; the first of its digest if absent. */
  version: string | undefined;
  program: Buffer;
}

/** What the API and the command line show. */
export interface UpdateView {
  id: number;
  version: string;
  bytes: number;
  createdAt: number;
  /** Why it goes no further, or "". */
  stopped: string;
  isOver: boolean;
  nodes: {
    id: string;
    isCanary: boolean;
    isUp: boolean;
    step: Job["step"];
    at: number;
    size: number;
    why: string;
    since: number;
  }[];
}

const offerSchema = v.strictObject({
  serial: v.number(),
  name: v.string(),
  version: v.string(),
  size: v.number(),
  digest: v.string(),
});
const fileSchema = v.strictObject({
  id: v.number(),
  createdAt: v.number(),
  version: v.string(),
  stopped: v.string(),
  jobs: v.array(
    v.strictObject({
      node: v.string(),
      isCanary: v.boolean(),
      step: v.picklist(["wait", "send", "try", "good", "failed"]),
      at: v.number(),
      size: v.number(),
      why: v.string(),
      since: v.number(),
      /** Which of `signed` is for it. */
      name: v.string(),
    }),
  ),
  signed: v.array(v.strictObject({ offer: offerSchema, signature: v.string() })),
});
type RolloutFile = v.InferOutput<typeof fileSchema>;

/** A rollout, and what it is of. */
interface Entry {
  id: number;
  createdAt: number;
  version: string;
  program: Buffer;
  /** By the name of the program that it replaces. */
  signed: Map<string, { offer: Offer; signature: Buffer }>;
  nameOf: Map<string, string>;
  rollout: Rollout;
}

const sha256 = (bytes: string): string => createHash("sha256").update(bytes, "latin1").digest().toString("latin1");

/** As nodes compute it, in base64. */
export function digestOf(program: Buffer): string {
  const digest = new Digest(program.length, (at, bytes) => program.toString("latin1", at, at + bytes), sha256);
  for (;;) {
    const hash = digest.next();
    if (hash !== undefined) return Buffer.from(hash, "latin1").toString("base64");
  }
}

function syntaxFault(text: string): string {
  try {
    const script = new Script(text);
    return script instanceof Script ? "" : "it cannot be compiled";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Throws `Trouble` for what would leave a node without a program, or without a way to another one. */
export function checkProgram(program: Buffer): void {
  if (program.length === 0) throw new Trouble("the program is empty: build it first");
  if (program.length > UPDATE_BYTES_MAX)
    throw new Trouble(`the program has ${program.length} bytes: at most ${UPDATE_BYTES_MAX} go over the tree`);
  if (program.includes(255))
    throw new Trouble("the program is no text: it has a byte 255, which is what empty flash reads as");
  const fault = syntaxFault(program.toString("utf8"));
  if (fault !== "") throw new Trouble(`the program is no JavaScript: ${fault}`);
  if (!program.includes("?part"))
    throw new Trouble(
      "the program takes no programs over the tree, so this would be the node's last: build it with the part for updates",
    );
}

export class UpdateDesk {
  private readonly data: string;
  private readonly folder: string;
  private readonly port: DeskPort;
  private readonly log: (line: string) => void;
  private entries: Entry[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `log`: one line for the person in charge. */
  constructor(data: string, port: DeskPort, log: (line: string) => void) {
    this.data = data;
    this.folder = join(data, FOLDER);
    this.port = port;
    this.log = log;
    this.load();
  }

  /** Begins to work, until `close`. */
  open(): void {
    this.timer = setInterval(() => this.turn(), TURN_EVERY_MILLIS);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private turn(): void {
    for (const { rollout } of this.entries) rollout.turn(unixNow());
  }

  /** These are on disk. */
  stored({ groups, nodes }: Transaction): void {
    if (this.entries.length === 0) return;
    for (const { rollout } of this.entries) for (const row of nodes) if (row.isUp) rollout.joined(row.id);
    for (const group of groups) {
      if (!group.lines.includes(PROGRAM_EID_JSON)) continue;
      for (const value of programValues(group))
        for (const { rollout } of this.entries) rollout.heard(group.node, value, unixNow());
    }
  }

  /** Throws `Trouble`. */
  order({ nodes, canaries, version, program }: Order): UpdateView {
    checkProgram(program);
    const rows = this.rowsFor(nodes);
    if (canaries < 0 || canaries > rows.length)
      throw new Trouble(`there can be 0 to ${rows.length} canaries: so many nodes are to be updated`);
    const digest = digestOf(program);
    const label = version ?? createHash("sha256").update(program).digest("hex").slice(0, 8);
    if (label.length === 0 || label.length > PROGRAM_NAME_CHARS_MAX || /[^\x20-\x7e]/.test(label))
      throw new Trouble(`the version must be a text of 1 to ${PROGRAM_NAME_CHARS_MAX} characters of ASCII`);
    const now = unixNow();
    const nameOf = new Map(rows.map((row) => [row.id as string, programName(row)]));
    const signed = new Map<string, { offer: Offer; signature: Buffer }>();
    for (const name of new Set(nameOf.values())) {
      const offerAs = (serial: number): Offer => ({ serial, name, version: label, size: program.length, digest });
      const { serial, signature } = signNext(this.data, (next) => signedText(offerAs(next)));
      signed.set(name, { offer: offerAs(serial), signature });
    }
    const id = Math.max(...[...signed.values()].map(({ offer }) => offer.serial));
    const jobs = rows.map(
      (row, at): Job => ({
        node: row.id,
        isCanary: at < canaries,
        step: "wait",
        at: 0,
        size: SIGNATURE_BYTES + program.length,
        why: "",
        since: now,
      }),
    );
    for (const { rollout } of this.entries) rollout.giveUp(new Set(nameOf.keys()), `replaced by update ${id}`, now);
    const entry = this.entryOf({ id, createdAt: now, version: label, program, signed, nameOf }, jobs, "");
    this.entries.push(entry);
    makeDirectory(this.folder);
    writeFileAtomic(join(this.folder, `${id}.js`), program, 0o600);
    this.save(entry);
    this.forgetOld();
    this.turn();
    return this.viewOf(entry);
  }

  /** Nodes that have begun keep what they do; no other begins. Throws `Trouble` if there is none of that id. */
  stop(id: number): UpdateView {
    const entry = this.entries.find((one) => one.id === id);
    if (entry === undefined) throw new Trouble(`there is no update ${id}: see GET /api/updates`);
    if (!entry.rollout.isOver) entry.rollout.stop("stopped by hand", unixNow());
    return this.viewOf(entry);
  }

  /** Newest first. */
  views(): UpdateView[] {
    return this.entries.map((entry) => this.viewOf(entry)).reverse();
  }

  private rowsFor(nodes: readonly string[] | "all"): NodeRow[] {
    if (nodes === "all") {
      const all = this.port.core
        .nodes()
        .filter(({ id }) => this.port.core.values(id).some(({ eid }) => eid === PROGRAM_EID));
      if (all.length === 0)
        throw new Trouble("no node has said that it takes programs over the tree: see docs/update.md");
      // Those who are there first; of them leaves first, for a branch that restarts takes those behind it away for a while.
      return all.sort(
        (a, b) => Number(b.isUp) - Number(a.isUp) || b.via.length - a.via.length || (a.id < b.id ? -1 : 1),
      );
    }
    if (nodes.length === 0) throw new Trouble("no node is named: name one, or all");
    return [...new Set(nodes)].map((id) => {
      const row = this.port.core.node(id);
      if (row === undefined) throw new Trouble(`no node "${id.slice(0, 40)}" has joined yet: see sapline nodes`);
      return row;
    });
  }

  private entryOf(parts: Omit<Entry, "rollout">, jobs: Job[], stopped: string): Entry {
    const signedFor = (node: string): SignedProgram => {
      const { offer, signature } = parts.signed.get(parts.nameOf.get(node) as string) as {
        offer: Offer;
        signature: Buffer;
      };
      return { offer, signature, program: parts.program };
    };
    const entry: Entry = {
      ...parts,
      rollout: new Rollout(
        jobs,
        stopped,
        {
          isUp: (node) => this.port.core.node(node)?.isUp === true,
          tell: (node, fields) => {
            const { isSaid, effects } = this.port.core.tell(node, fields, unixNow());
            this.port.perform(effects);
            return isSaid;
          },
          note: (event) => this.port.perform(this.port.core.note(event, unixNow())),
          changed: () => this.save(entry),
          signedFor,
        },
        unixNow(),
      ),
    };
    return entry;
  }

  private viewOf({ id, version, program, createdAt, rollout }: Entry): UpdateView {
    return {
      id,
      version,
      bytes: program.length,
      createdAt,
      stopped: rollout.stopped,
      isOver: rollout.isOver,
      nodes: rollout.jobs.map(({ node, ...job }) => ({
        id: node,
        isUp: this.port.core.node(node)?.isUp === true,
        ...job,
      })),
    };
  }

  private save({ id, createdAt, version, signed, nameOf, rollout }: Entry): void {
    const file: RolloutFile = {
      id,
      createdAt,
      version,
      stopped: rollout.stopped,
      jobs: rollout.jobs.map((job) => ({ ...job, name: nameOf.get(job.node) as string })),
      signed: [...signed.values()].map(({ offer, signature }) => ({ offer, signature: signature.toString("base64") })),
    };
    writeFileAtomic(join(this.folder, `${id}.json`), `${JSON.stringify(file)}\n`, 0o600);
  }

  private load(): void {
    if (!existsSync(this.folder)) return;
    const ids = readdirSync(this.folder).flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
    for (const id of ids.map(Number).sort((a, b) => a - b)) {
      try {
        const file = v.parse(fileSchema, JSON.parse(readFileSync(join(this.folder, `${id}.json`), "utf8")));
        const program = readFileSync(join(this.folder, `${id}.js`));
        const signed = new Map(
          file.signed.map(({ offer, signature }) => [
            offer.name,
            { offer, signature: Buffer.from(signature, "base64") },
          ]),
        );
        const nameOf = new Map(file.jobs.map(({ node, name }) => [node, name]));
        const jobs = file.jobs.map(({ name: _name, ...job }) => job);
        const { createdAt, version, stopped } = file;
        this.entries.push(this.entryOf({ id, createdAt, version, program, signed, nameOf }, jobs, stopped));
      } catch (error) {
        this.log(`update ${id} is forgotten: its files in ${this.folder} cannot be read: ${(error as Error).message}`);
      }
    }
  }

  private forgetOld(): void {
    while (this.entries.length > ROLLOUTS_MAX) {
      const oldest = this.entries.find(({ rollout }) => rollout.isOver) ?? (this.entries[0] as Entry);
      this.entries = this.entries.filter((entry) => entry !== oldest);
      for (const kind of ["json", "js"]) rmSync(join(this.folder, `${oldest.id}.${kind}`), { force: true });
    }
  }
}

/** What its program calls itself, up to the version. */
function programName({ id, fw }: NodeRow): string {
  const name = fw.split("/")[0] ?? "";
  if (name === "" || name.length > PROGRAM_NAME_CHARS_MAX)
    throw new Trouble(`${id} has not said what it runs: it cannot be updated over the tree`);
  return name;
}

function programValues(group: GroupRow): unknown[] {
  return group.lines.split("\n").flatMap((line) => {
    if (!line.includes(PROGRAM_EID_JSON)) return [];
    const event = JSON.parse(line) as Message;
    return event.type === "!update" && event["eid"] === PROGRAM_EID ? [event["value"]] : [];
  });
}
