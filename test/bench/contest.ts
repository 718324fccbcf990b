/**
 * The contest: every contestant in turn, again and again, so that a busy moment of this machine hits all of them alike.
 * What counts is the ratio within a round; absolute figures drift.
 */
import { type Latency, pace, saturate } from "./load.ts";
import type { OpenLane } from "./lane.ts";

export interface Contestant {
  key: string;
  open: OpenLane;
  /** Done before each measurement, for a server whose past would weigh on it. */
  prepare?: (() => Promise<void>) | undefined;
  eventsPerFrame: number;
  /** Whether it takes part in the latency contest. */
  isPaced: boolean;
  /** Frames in flight on each connection, where it must be fewer than the window allows. */
  framesMax?: number | undefined;
  /** Bytes in flight on each connection, where it is not the plan's. */
  windowBytes?: number | undefined;
}

export interface Plan {
  rounds: number;
  connections: number[];
  /** Bytes in flight on each of so many connections. */
  windowBytes: (connections: number) => number;
  warmUpMillis: number;
  millis: number;
  paceRounds: number;
  paceWarmUpMillis: number;
  paceMillis: number;
  paceConnections: number;
  paceEventsPerSecond: number;
}

export interface Results {
  /** Events per second by contestant, then by number of connections; one figure a round, NaN where it failed. */
  rates: Map<string, Map<number, number[]>>;
  /** By contestant, one a round; undefined where it failed. */
  latencies: Map<string, (Latency | undefined)[]>;
  /** What failed, in words. */
  troubles: string[];
}

export async function contest(
  contestants: readonly Contestant[],
  plan: Plan,
  progress: (line: string) => void,
): Promise<Results> {
  const results: Results = { rates: new Map(), latencies: new Map(), troubles: [] };
  for (const { key } of contestants) {
    results.rates.set(key, new Map(plan.connections.map((connections) => [connections, []])));
    results.latencies.set(key, []);
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const connections of plan.connections) {
      for (const contestant of inTurn(contestants, round)) {
        const rate = await measureRate(contestant, connections, plan, results.troubles);
        results.rates.get(contestant.key)?.get(connections)?.push(rate);
        progress(
          `round ${round + 1}/${plan.rounds}: ${contestant.key}, ${connections} conn.: ${Math.round(rate)} events/s`,
        );
      }
    }
  }
  const paced = contestants.filter(({ isPaced }) => isPaced);
  for (let round = 0; round < plan.paceRounds; round++) {
    for (const contestant of inTurn(paced, round)) {
      const latency = await measureLatency(contestant, plan, results.troubles);
      results.latencies.get(contestant.key)?.push(latency);
      progress(`latency ${round + 1}/${plan.paceRounds}: ${contestant.key}: p50 ${latency?.p50Millis.toFixed(2)} ms`);
    }
  }
  return results;
}

/** Every second round runs backwards: nobody always follows the same neighbour. */
function inTurn<T>(items: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? items : [...items].reverse();
}

async function measureRate(
  { key, open, prepare, eventsPerFrame, framesMax = Infinity, windowBytes }: Contestant,
  connections: number,
  plan: Plan,
  troubles: string[],
): Promise<number> {
  try {
    await prepare?.();
    return await saturate(open, {
      connections,
      eventsPerFrame,
      windowBytes: windowBytes ?? plan.windowBytes(connections),
      framesMax,
      warmUpMillis: plan.warmUpMillis,
      millis: plan.millis,
    });
  } catch (error) {
    troubles.push(`${key}, ${connections} connections: ${(error as Error).message}`);
    return Number.NaN;
  }
}

async function measureLatency(
  { key, open, prepare }: Contestant,
  plan: Plan,
  troubles: string[],
): Promise<Latency | undefined> {
  try {
    await prepare?.();
    return await pace(open, {
      connections: plan.paceConnections,
      eventsPerSecond: plan.paceEventsPerSecond,
      warmUpMillis: plan.paceWarmUpMillis,
      millis: plan.paceMillis,
    });
  } catch (error) {
    troubles.push(`${key}, latency: ${(error as Error).message}`);
    return undefined;
  }
}
