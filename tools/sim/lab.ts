/**
 * The Intel lab as a radio tree: 54 boards, links as they were measured, and more lost besides; every half minute the power of one of
 * them fails. What came of it: which readings are on the disk, how soon children had a parent again, what the air was used for.
 *
 * A child is repaired when the root knows it again over another parent, or over the same one after that has booted. Its time counts
 * from the cut.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Trouble } from "#host/trouble.ts";
import { intelLab } from "./air/topologies.ts";
import { type AirSoFar, airSoFar, type AirUse, airUse } from "./lab-air.ts";
import { type Life, Violation } from "./checks.ts";
import type { NodeProcess } from "./node-process.ts";
import { type NodePlan, planOf, type WorldPlan } from "./plan.ts";
import type { RadioProcess } from "./radio-process.ts";
import { settle } from "./settling.ts";
import { World } from "./world.ts";

export interface LabOptions {
  /** The texts of data/intel-lab. */
  locations: string;
  connectivity: string;
  seed: number;
  seconds: number;
  extraLoss: number;
  readingsEvery: number;
  cutEvery: number;
  /** How long a power cut lasts, in milliseconds. */
  downMillis: number;
}

export const LAB_DEFAULTS: Omit<LabOptions, "locations" | "connectivity" | "seconds"> = {
  seed: 1,
  extraLoss: 0.3,
  readingsEvery: 30_000,
  cutEvery: 30_000,
  downMillis: 10_000,
};

/** A board in the tree as it was at the end. */
export interface LabNode {
  id: string;
  x: number;
  y: number;
  /** "" if it had none. */
  parent: string;
  /** Links to the root; 0 if there is no way. */
  depth: number;
  /** Share of attempts to the parent that arrives, as measured, before all that is lost besides. */
  arrives: number;
}

export interface LabResult {
  options: Omit<LabOptions, "locations" | "connectivity">;
  violation: string | undefined;
  /** When all had joined for the first time, in milliseconds; -1: never. */
  joinedAfter: number;
  /** Power cuts; children that they left without a parent, and how soon those had one again (milliseconds). Who still looks at the end
   * counts with what it has waited. */
  cuts: number;
  repairs: { count: number; median: number; p90: number; worst: number; open: number; slowest: Repair[] };
  readings: {
    /** That nodes took, that are on the disk, and that were only in the memory of a board whose power failed. */
    taken: number;
    stored: number;
    lost: number;
  };
  air: AirUse;
  /** The same after the first five minutes: until then boards that booted in one moment look for their places. */
  airLater: AirUse;
  speed: { nodeSeconds: number; perSecond: number; wallMillis: number };
  nodes: LabNode[];
}

/** A child that a power cut left without a parent, and how long until it had one; all in milliseconds of virtual time. */
export interface Repair {
  child: string;
  parent: string;
  cutAt: number;
  took: number;
}

/** How far it is. */
export interface LabProgress {
  millis: number;
  lasts: number;
  cuts: number;
  repairs: number;
  worst: number;
  wallMillis: number;
}

interface Orphan {
  node: NodeProcess;
  life: number;
  cutAt: number;
  old: NodeProcess;
}

const GATEWAY = "m0";
const GATEWAY_CHILDREN = 48;
/** Milliseconds between two looks at children without a parent, and between two others. */
const LOOK_EVERY = 50;
const STEP = 1000;
/** Milliseconds of the wall's clock between two words of how far it is. */
const TELL_EVERY = 5000;
/** The slowest repairs that are told one by one. */
const SLOWEST_MAX = 5;
/** When the first places are found, in milliseconds. */
const FOUND_AFTER = 300_000;

/** The texts of the lab. Throws `Trouble` if they are not there. */
export function readLab(folder: string): Pick<LabOptions, "locations" | "connectivity"> {
  try {
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { locations: read("mote_locs.txt"), connectivity: read("connectivity.txt") };
  } catch {
    throw new Trouble(
      `${folder} has no mote_locs.txt and connectivity.txt: give the folder data/intel-lab of the repository`,
    );
  }
}

export function labPlan(options: LabOptions): WorldPlan {
  const { spots, landscape } = intelLab(options.locations, options.connectivity);
  const nodes = spots.map(({ id, x, y }): NodePlan => {
    const traffic = { readingsEvery: options.readingsEvery };
    if (id !== GATEWAY) return { id, parent: "air", radio: { x, y }, traffic };
    // It is at a PC's side and has that one's memory.
    return { id, parent: "root", limits: "pc", radio: { x, y, channel: 6, childrenMax: GATEWAY_CHILDREN }, traffic };
  });
  const air = { landscape, extraLoss: options.extraLoss };
  return planOf({ seed: options.seed, nodes, air, lasts: options.seconds * 1000, settlesWithin: 600_000 });
}

/** Plays it, and tells `progress` every few seconds. `now`: the wall's clock, in milliseconds. */
export function runLab(
  options: LabOptions,
  progress: (progress: LabProgress) => void = () => {},
  now: () => number = () => performance.now(),
): LabResult {
  const world = new World(labPlan(options), { isThorough: false });
  const startedAt = now();
  let toldAt = startedAt;
  const lab = new Lab(world, options, (far) => {
    if (now() - toldAt < TELL_EVERY) return;
    toldAt = now();
    progress({ ...far, wallMillis: toldAt - startedAt });
  });
  let violation: string | undefined;
  let wallMillis = 0;
  try {
    lab.play();
    wallMillis = now() - startedAt;
    settle(world);
    lab.account();
  } catch (error) {
    violation = error instanceof Violation ? error.message : `a core threw: ${String((error as Error).stack)}`;
    wallMillis ||= now() - startedAt;
  }
  const nodeSeconds = (options.seconds * lab.nodes.length * Math.min(world.now, world.plan.lasts)) / world.plan.lasts;
  const { locations: _locations, connectivity: _connectivity, ...rest } = options;
  return {
    options: rest,
    violation,
    ...lab.result(),
    speed: { nodeSeconds, wallMillis, perSecond: (nodeSeconds * 1000) / Math.max(1, wallMillis) },
  };
}

class Lab {
  readonly nodes: NodeProcess[];
  private readonly world: World;
  private readonly options: LabOptions;
  private readonly repairs: Repair[] = [];
  /** What was in the memory of boards as their power failed: events the root had not acknowledged. */
  private readonly held = new Map<Life, number>();
  private orphans: Orphan[] = [];
  private open = 0;
  private cuts = 0;
  private joinedAfter = -1;
  private lost = 0;
  private airFound: AirSoFar | undefined;
  private airEnd: AirSoFar;
  private tree: LabNode[] = [];
  private readonly tell: (far: Omit<LabProgress, "wallMillis">) => void;

  constructor(world: World, options: LabOptions, tell: (far: Omit<LabProgress, "wallMillis">) => void) {
    this.world = world;
    this.options = options;
    this.tell = tell;
    this.nodes = [...world.nodes.values()];
    this.airEnd = airSoFar(world.air);
  }

  play(): void {
    const { world } = this;
    const { lasts } = world.plan;
    // The first cut comes when everybody is there, or after two minutes.
    let cutAt = Infinity;
    let worst = 0;
    while (world.now < lasts) {
      world.run(Math.min(this.orphans.length > 0 ? LOOK_EVERY : STEP, lasts - world.now));
      this.look();
      if (world.now >= FOUND_AFTER) this.airFound ??= airSoFar(world.air);
      if (this.joinedAfter < 0 && this.nodes.every((node) => node.core.isJoined())) this.joinedAfter = world.now;
      if (cutAt === Infinity && (this.joinedAfter >= 0 || world.now >= 120_000)) cutAt = world.now;
      if (world.now < cutAt) continue;
      for (const { took } of this.repairs.slice(-10)) worst = Math.max(worst, took);
      this.tell({ millis: world.now, lasts, cuts: this.cuts, repairs: this.repairs.length, worst });
      cutAt += this.options.cutEvery;
      this.cut(world.chance.pick(this.nodes.filter((node) => node.id !== GATEWAY && node.isUp)));
    }
    this.open = this.orphans.length;
    for (const orphan of this.orphans) this.repairs.push(this.repairOf(orphan));
    this.airEnd = airSoFar(world.air);
    this.tree = this.nodes.map((node) => this.nodeOf(node as RadioProcess));
  }

  /** Each life that ended has lost at most what was in its memory then, and nothing in front of what is stored. */
  account(): void {
    for (const life of this.world.checks.all()) {
      const lost = life.accepted - life.stored - life.gaps;
      if (lost !== 0 && !life.isOver)
        throw new Violation(`${life.node} lives, and ${lost} of its readings are not stored`);
      const held = this.held.get(life) ?? 0;
      if (lost > held)
        throw new Violation(`${life.node} lost ${lost} readings, and had ${held} in its memory when its power failed`);
      this.lost += lost;
    }
  }

  result(): Omit<LabResult, "options" | "violation" | "speed"> {
    const repairs = this.repairs.toSorted((a, b) => a.took - b.took);
    const quantile = (share: number): number =>
      repairs[Math.min(repairs.length - 1, Math.floor(share * repairs.length))]?.took ?? 0;
    const lives = [...this.world.checks.all()];
    return {
      joinedAfter: this.joinedAfter,
      cuts: this.cuts,
      repairs: {
        count: repairs.length,
        median: quantile(0.5),
        p90: quantile(0.9),
        worst: quantile(1),
        open: this.open,
        slowest: repairs.slice(-SLOWEST_MAX).toReversed(),
      },
      readings: {
        taken: lives.reduce((sum, life) => sum + life.accepted, 0),
        stored: this.world.checks.stored,
        lost: this.lost,
      },
      air: airUse(GATEWAY, this.airEnd),
      airLater: airUse(GATEWAY, this.airEnd, this.airFound),
      nodes: this.tree,
    };
  }

  private cut(victim: NodeProcess): void {
    const { world } = this;
    this.cuts += 1;
    for (const node of this.nodes) {
      if (node.isUp && node.core.isJoined() && node.parentNow() === victim.name)
        this.orphans.push({ node, life: node.life, cutAt: world.now, old: victim });
    }
    this.held.set(victim.speaker, victim.core.backlog());
    world.crash(victim, -1);
    world.later(this.options.downMillis, () => world.boot(victim));
  }

  private look(): void {
    this.orphans = this.orphans.filter((orphan) => {
      const { node, life, old } = orphan;
      // Its own power has failed since.
      if (node.life !== life) return false;
      const parent = node.parentNow();
      const isElsewhere = parent !== "" && parent !== old.name;
      const isRepaired = node.core.isJoined() && (isElsewhere || (parent === old.name && old.isUp));
      if (isRepaired) this.repairs.push(this.repairOf(orphan));
      return !isRepaired;
    });
  }

  private repairOf({ node, cutAt, old }: Orphan): Repair {
    return { child: node.id, parent: old.id, cutAt, took: this.world.now - cutAt };
  }

  private nodeOf(node: RadioProcess): LabNode {
    const { id } = node;
    const { x = 0, y = 0 } = node.plan.radio ?? {};
    const parent = node.isUp ? node.parentNow() : "";
    let depth = 0;
    let at = node.isUp ? id : "";
    for (; at !== "root" && at !== "" && depth <= this.nodes.length; depth++) at = this.world.node(at).parentNow();
    if (at !== "root") depth = 0;
    const arrives = parent === "" || parent === "root" ? 1 : this.world.air.link(id, parent).arrives;
    return { id, x, y, parent, depth, arrives };
  }
}
