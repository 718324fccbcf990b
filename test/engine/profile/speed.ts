/**
 * How fast: all contestants of a heat are on the engine at once, and all but one stand still, in turn and often, so that a busy machine is as busy for each. What counts is the work of
 * the engine's own processor, not the clock, for others use this machine too. All run from memory, as a module of Espruino's does.
 *
 * What does not compare: MQTT's PUBACK, and what the other ends of the `ws` programs answer, say that a message has arrived there. The root's `!ack` says that it is stored, once and in
 * order. The node makes short lines and groups as large as it likes; by MQTT each event is a message, as people write it. The relay by `ws` has no custody, no order and no limits. All
 * get their answers from this process, at once.
 */
import { median } from "../../bench/report.ts";
import { SaplineLane } from "../../bench/sapline-lane.ts";
import { Engine, freePort, LISTENER } from "../espruino.ts";
import { MqttPeer, WsPeer } from "./peers.ts";
import { CHILDREN, type Kit, KITS, Stage } from "./stage.ts";
import { missing, mqttProgram, wsLeafProgram, wsRelayProgram } from "./stock.ts";

const SETTLE_MILLIS = 150;
const SLICE_MILLIS = 500;
/** In groups of this size events come by `ws`: about what the node's frames hold in long lines. */
const EVENTS_PER_MESSAGE = 10;
const START_WAIT = 60_000;

export interface Contestant {
  key: string;
  engine: Engine;
  /** Events that were acknowledged so far. */
  events: () => number;
  close: () => Promise<void>;
  /** Events per second of the engine's own work, one a round. */
  rates: number[];
}

/** Where turns are measured a leaf reports little in each: how long it fills its outbox for is not the node's affair. */
async function ours(kit: Kit, isBranch: boolean, before: string): Promise<Contestant> {
  const stage = await Stage.open(kit, { before, isWithoutRadio: true });
  const { engine } = stage;
  await engine.line(/^joined/, START_WAIT);
  if (isBranch) {
    await stage.openChildren();
    stage.childrenSay(Infinity);
  } else await engine.ask(`fill(${before === "" ? "Infinity" : 1})`);
  const events = isBranch ? () => stage.childEvents : () => stage.stored();
  return { key: kit.name, engine, events, close: async () => stage.close(), rates: [] };
}

async function stock(
  key: string,
  peer: MqttPeer | WsPeer,
  program: string,
  meet: () => Promise<SaplineLane[]>,
): Promise<Contestant> {
  const engine = new Engine(LISTENER + program, {});
  await engine.line(/^joined/, START_WAIT);
  const lanes = await meet();
  const close = async (): Promise<void> => {
    for (const lane of lanes) lane.close();
    await engine.stop();
    await peer.close();
  };
  return { key, engine, events: () => peer.events, close, rates: [] };
}

async function mqttLeaf(before: string): Promise<Contestant> {
  const peer = await MqttPeer.open();
  return stock("MQTT", peer, before + mqttProgram(peer.port, "greenhouse"), async () => []);
}

async function wsLeaf(eventsPerMessage: number, before: string): Promise<Contestant> {
  const peer = await WsPeer.open();
  const key = eventsPerMessage === 1 ? "ws" : `ws, ${eventsPerMessage} a message`;
  return stock(key, peer, before + wsLeafProgram(peer.port, eventsPerMessage), async () => []);
}

async function wsRelay(before: string): Promise<Contestant> {
  const peer = await WsPeer.open();
  const listen = await freePort();
  return stock("ws", peer, before + wsRelayProgram(peer.port, listen), async () => {
    const lanes: SaplineLane[] = [];
    for (let i = 0; i < CHILDREN; i++) {
      const child = { port: listen, id: `child-${i}`, token: "none" };
      const lane = await SaplineLane.open(child, i, EVENTS_PER_MESSAGE, false);
      lane.onAcked = (frames) => lane.send(frames);
      lane.send(1);
      lanes.push(lane);
    }
    return lanes;
  });
}

const WITH_SOCKETS = KITS.filter((kit) => kit.takesChildren);

/** Starts a contestant. `before` is evaluated before its program. */
export type Open = (before: string) => Promise<Contestant>;

/** Who reports. */
export function leaves(): Open[] {
  return [
    ...WITH_SOCKETS.map(
      (kit): Open =>
        async (before) =>
          ours(kit, false, before),
    ),
    ...(missing("MQTT") === undefined ? [mqttLeaf] : []),
    ...(missing("ws") === undefined
      ? [async (before: string) => wsLeaf(1, before), async (before: string) => wsLeaf(EVENTS_PER_MESSAGE, before)]
      : []),
  ];
}

/** Who carries what others report. */
export function branches(): Open[] {
  return [
    ...WITH_SOCKETS.map(
      (kit): Open =>
        async (before) =>
          ours(kit, true, before),
    ),
    ...(missing("ws") === undefined ? [wsRelay] : []),
  ];
}

/** Has them work one at a time for so many rounds. */
export async function compete(heat: readonly Open[], rounds: number): Promise<Contestant[]> {
  const settled = await Promise.allSettled(heat.map(async (open) => open("")));
  const all = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    for (const one of settled) if (one.status === "rejected") throw one.reason;
    for (const one of all) one.engine.pause();
    for (let i = 0; i < rounds; i++) for (const one of all) await slice(one);
    for (const one of all) refuseFaults(one);
    return all;
  } finally {
    for (const one of all) await one.close();
  }
}

/** Has each work alone for a while, and asks it. */
export async function eachAlone(
  heat: readonly Open[],
  before: string,
  millis: number,
  ask: (one: Contestant) => Promise<void>,
): Promise<void> {
  for (const open of heat) {
    const one = await open(before);
    try {
      await new Promise((resolve) => setTimeout(resolve, millis));
      await ask(one);
      refuseFaults(one);
    } finally {
      await one.close();
    }
  }
}

function refuseFaults({ key, engine }: Contestant): void {
  const faults = engine.faults();
  if (faults.length > 0) throw new Error(`${key}: ${faults.join("; ")}`);
}

async function slice(one: Contestant): Promise<void> {
  one.engine.resume();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLIS));
  const events = one.events();
  const worked = one.engine.workedMillis();
  await new Promise((resolve) => setTimeout(resolve, SLICE_MILLIS));
  one.rates.push(((one.events() - events) * 1000) / (one.engine.workedMillis() - worked));
  one.engine.pause();
}

/** By how much the first is faster than the second: the median of the rounds. undefined if one of them was not there. */
export function ratio(all: readonly Contestant[], first: string, second: string): number | undefined {
  const a = all.find(({ key }) => key === first);
  const b = all.find(({ key }) => key === second);
  if (a === undefined || b === undefined) return undefined;
  return median(a.rates.map((rate, at) => rate / (b.rates[at] as number)));
}
