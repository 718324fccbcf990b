/**
 * Landscape says how well each station hears each other one: path loss by the logarithm of the distance, walls, shadowing that stays
 * with a pair, boards that send louder or hear worse than others; or links that somebody measured. All of it depends on the seed and
 * the names alone, whatever else there is in the world and in whatever order it came.
 *
 * What changes from frame to frame is not here: see medium.ts.
 */
import { Chance } from "../chance.ts";
import { NOISE_DBM } from "./phy.ts";

export interface Spot {
  id: string;
  /** Metres. */
  x: number;
  y: number;
}

/** What costs a signal that crosses it so much, in dB. */
export interface Wall {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  lossDb: number;
}

export interface LandscapePlan {
  /** How fast it gets weaker: 2 in vacuum, 3 over a field, 4 through houses whose walls are not drawn. */
  exponent: number;
  /** Deviation of a pair's path from the rule, both ways alike, in dB. */
  shadowDb: number;
  /** Deviation of one frame from its link's mean, in dB. */
  fadingDb: number;
  /** Deviation of a board's power, and of its noise, in dB. What makes links asymmetric. */
  boardDb: number;
  walls?: readonly Wall[];
  /** Share of attempts from one to the other that arrive, instead of all the above. */
  measured?: (from: string, to: string) => number;
}

/** A field. Fitted to Espressif's two open-field figures (100 % to 150 m, 60 % at 300 m); how the 4 dB of deviation are shared out among
 * the three is chosen. */
export const OPEN_FIELD: LandscapePlan = { exponent: 3, shadowDb: 3, fadingDb: 2, boardDb: 1.5 };
/** Inside, with walls that are drawn. Rule of thumb. */
export const INDOORS: LandscapePlan = { exponent: 3, shadowDb: 4, fadingDb: 3, boardDb: 1.5 };
/** No chance: for tests of something else. */
export const EXACT: LandscapePlan = { exponent: 3, shadowDb: 0, fadingDb: 0, boardDb: 0 };

/** What a board radiates, its antenna and the receiver's together, and the loss of the first metre. ESP32; a PCB antenna; free space. */
const POWER_DBM = 20;
const ANTENNAS_DB = -3;
const FIRST_METRE_DB = 40.05;
/** A pair of boards is never nearer than this, in metres. */
const NEAREST = 0.1;
/** Strength that a measured link of one half is given, and by how much it changes with the odds: it decides who hears whom and what
 * survives a collision, not what arrives. Chosen: links that are good look good. */
const HALF_DBM = -85;
const ODDS_DB = 6;

export class Landscape {
  readonly plan: LandscapePlan;
  private readonly seed: number;

  constructor(plan: LandscapePlan, seed: number) {
    this.plan = plan;
    this.seed = seed;
  }

  /** Mean strength of one's frames at another's antenna, in dBm; -Infinity: none. */
  strengthDbm(from: Spot, to: Spot): number {
    const { plan } = this;
    if (plan.measured !== undefined) {
      const share = plan.measured(from.id, to.id);
      return share <= 0 ? -Infinity : HALF_DBM + ODDS_DB * Math.log(share / Math.max(1 - share, 0.001));
    }
    const metres = Math.max(NEAREST, Math.hypot(from.x - to.x, from.y - to.y));
    const path = FIRST_METRE_DB + 10 * plan.exponent * Math.log10(metres);
    const pair = from.id < to.id ? `${from.id} ${to.id}` : `${to.id} ${from.id}`;
    const chance = this.deviation(`path ${pair}`, plan.shadowDb) + this.deviation(`power ${from.id}`, plan.boardDb);
    return POWER_DBM + ANTENNAS_DB - path - this.wallsDb(from, to) + chance;
  }

  /** What a board hears when nobody sends, in dBm. */
  noiseDbm(at: Spot): number {
    return NOISE_DBM + this.deviation(`noise ${at.id}`, this.plan.boardDb);
  }

  /** Share of attempts that arrive if nothing disturbs: 1 where strength and noise decide. */
  arrives(from: Spot, to: Spot): number {
    return this.plan.measured?.(from.id, to.id) ?? 1;
  }

  private wallsDb(from: Spot, to: Spot): number {
    let sum = 0;
    for (const wall of this.plan.walls ?? []) if (crosses(wall, from, to)) sum += wall.lossDb;
    return sum;
  }

  private deviation(name: string, sigmaDb: number): number {
    return sigmaDb === 0 ? 0 : sigmaDb * normal(new Chance(hashOf(`${this.seed} ${name}`)).random);
  }
}

/** A number of mean 0 and deviation 1, normally distributed (Box and Muller). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** FNV-1a, and a last stir: names that differ in one letter must not give chances that are alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Whether the way from one spot to the other goes through the wall. A corner that is just touched counts once: a wall has its first end. */
function crosses(wall: Wall, from: Spot, to: Spot): boolean {
  const { x1, y1, x2, y2 } = wall;
  const ofFrom = side(x1, y1, x2, y2, from.x, from.y);
  const ofTo = side(x1, y1, x2, y2, to.x, to.y);
  if (ofFrom > 0 === ofTo > 0) return false;
  const ofFirst = side(from.x, from.y, to.x, to.y, x1, y1);
  const ofSecond = side(from.x, from.y, to.x, to.y, x2, y2);
  return ofFirst > 0 !== ofSecond > 0;
}

/** Above 0: the point is on the left of the line. */
function side(x1: number, y1: number, x2: number, y2: number, x: number, y: number): number {
  return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
}
