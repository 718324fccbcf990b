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
import { type Life, Violation } from "./checks.ts";
import type { NodeProcess } from "./node-process.ts";
import { type NodePlan, planOf, type WorldPlan } from "./plan.ts";
import { CARRIAGE, CONTROL } from "./radio-kinds.ts";
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
  repairs: { count: number; median: number; p90: number; worst: number; open: number };
  readings: {
    /** That nodes took, that are on the disk, and that were only in the memory of a board whose power failed. */
    taken: number;
    stored: number;
    lost: number;
  };
  /** Shares of the air that are taken, 0 to 1: at each place by what is noticed there. Control: all that carries nobody's words. */
  air: Air;
  /** The same after the first five minutes: until then boards that booted in one moment look for their places. */
  airLater: Air;
  speed: { nodeSeconds: number; perSecond: number; wallMillis: number };
  nodes: LabNode[];
}

export interface Shares {
  mean: number;
  busiest: number;
  /** Of all places together, as if they were one. */
  sum: number;
}

interface Air {
  control: Shares;
  all: Shares;
}

interface Orphan {
  node: NodeProcess;
  life: number;
  cutAt: number;
  old: NodeProcess;
}

const GATEWAY = "m0";
const GATEWAY_CHILDREN = 48;
const ALL = [...CONTROL, ...CARRIAGE] as const;
/** Milliseconds between two looks at children without a parent, and between two others. */
const LOOK_EVERY = 50;
const STEP = 1000;
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

/** Plays it. `now`: the wall's clock, in milliseconds. */
export function runLab(options: LabOptions, now: () => number = () => performance.now()): LabResult {
  const world = new World(labPlan(options), { isThorough: false });
  const lab = new Lab(world, options);
  const startedAt = now();
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

const NONE: Shares = { mean: 0, busiest: 0, sum: 0 };

/** What was used of the air up to a moment: microseconds at each place, and of all together. */
interface Used {
  at: number;
  places: number[];
  sum: number;
}

class Lab {
  readonly nodes: NodeProcess[];
  private readonly world: World;
  private readonly options: LabOptions;
  private readonly delays: number[] = [];
  /** What was in the memory of boards as their power failed: events the root had not acknowledged. */
  private readonly held = new Map<Life, number>();
  private orphans: Orphan[] = [];
  private waited: number[] = [];
  private cuts = 0;
  private joinedAfter = -1;
  private lost = 0;
  private air: Air = { control: NONE, all: NONE };
  private airLater: Air = { control: NONE, all: NONE };
  private tree: LabNode[] = [];

  constructor(world: World, options: LabOptions) {
    this.world = world;
    this.options = options;
    this.nodes = [...world.nodes.values()];
  }

  play(): void {
    const { world } = this;
    const { lasts } = world.plan;
    // The first cut comes when everybody is there, or after two minutes.
    let cutAt = Infinity;
    let found: readonly Used[] | undefined;
    while (world.now < lasts) {
      world.run(Math.min(this.orphans.length > 0 ? LOOK_EVERY : STEP, lasts - world.now));
      this.look();
      if (world.now >= FOUND_AFTER) found ??= this.used();
      if (this.joinedAfter < 0 && this.nodes.every((node) => node.core.isJoined())) this.joinedAfter = world.now;
      if (cutAt === Infinity && (this.joinedAfter >= 0 || world.now >= 120_000)) cutAt = world.now;
      if (world.now < cutAt) continue;
      cutAt += this.options.cutEvery;
      this.cut(world.chance.pick(this.nodes.filter((node) => node.id !== GATEWAY && node.isUp)));
    }
    this.waited = this.orphans.map(({ cutAt }) => world.now - cutAt);
    this.air = airOf(this.used());
    this.airLater = airOf(this.used(), found);
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
    const delays = this.delays.concat(this.waited).toSorted((a, b) => a - b);
    const quantile = (share: number): number =>
      delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? 0;
    const lives = [...this.world.checks.all()];
    return {
      joinedAfter: this.joinedAfter,
      cuts: this.cuts,
      repairs: {
        count: delays.length,
        median: quantile(0.5),
        p90: quantile(0.9),
        worst: quantile(1),
        open: this.waited.length,
      },
      readings: {
        taken: lives.reduce((sum, life) => sum + life.accepted, 0),
        stored: this.world.checks.stored,
        lost: this.lost,
      },
      air: this.air,
      airLater: this.airLater,
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
    this.orphans = this.orphans.filter(({ node, life, cutAt, old }) => {
      // Its own power has failed since.
      if (node.life !== life) return false;
      const parent = node.parentNow();
      const isElsewhere = parent !== "" && parent !== old.name;
      const isRepaired = node.core.isJoined() && (isElsewhere || (parent === old.name && old.isUp));
      if (isRepaired) this.delays.push(this.world.now - cutAt);
      return !isRepaired;
    });
  }

  /** Of control, and of all. */
  private used(): Used[] {
    const { air, now } = this.world;
    const { airMicros } = air.stats();
    return [CONTROL, ALL].map((kinds) => ({
      at: now * 1000,
      places: [...air.micros(kinds).values()],
      sum: kinds.reduce((sum, kind) => sum + (airMicros[kind] ?? 0), 0),
    }));
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

/** What was used since then, or since the beginning. */
function airOf([control, all]: readonly Used[], since: readonly Used[] = []): Air {
  return { control: sharesOf(control as Used, since[0]), all: sharesOf(all as Used, since[1]) };
}

function sharesOf(now: Used, since: Used | undefined): Shares {
  const micros = now.at - (since?.at ?? 0);
  const places = now.places.map((taken, i) => (taken - (since?.places[i] ?? 0)) / micros);
  return {
    mean: places.reduce((sum, share) => sum + share, 0) / places.length,
    busiest: Math.max(...places),
    sum: (now.sum - (since?.sum ?? 0)) / micros,
  };
}

/** As people read it. */
export function labTable(result: LabResult): string {
  const { cuts, repairs, readings, air, airLater, speed, options } = result;
  const at = ({ mean, busiest, sum }: Shares): string =>
    `${percent(mean)} at the mean place, ${percent(busiest)} at the busiest, ${percent(sum)} all places as one`;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`;
  return [
    `54 boards, ${options.seconds} s, ${percent(options.extraLoss)} of all attempts lost besides, a reading each ${options.readingsEvery / 1000} s`,
    `all joined after          ${result.joinedAfter < 0 ? "never at once" : seconds(result.joinedAfter)}`,
    `readings                  ${readings.taken} taken, ${readings.stored} stored, ${readings.lost} lost in memories whose power failed`,
    `power cuts                ${cuts}, and ${repairs.count} children that had to find a parent (${repairs.open} still look)`,
    `until they had one        median ${seconds(repairs.median)}, nine in ten ${seconds(repairs.p90)}, worst ${seconds(repairs.worst)}`,
    `control, of the air       ${at(air.control)}`,
    `  after five minutes      ${at(airLater.control)}`,
    `all, of the air           ${at(air.all)}`,
    `  after five minutes      ${at(airLater.all)}`,
    `speed                     ${Math.round(speed.perSecond)} node-seconds a second`,
  ].join("\n");
}
