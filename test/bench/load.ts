/**
 * The load generator: `saturate` keeps a window full on every lane and counts what is acknowledged; `pace` sends at a fixed rate,
 * whatever comes back, and measures from each send to its acknowledgement. Both close their lanes.
 */
import type { Lane, OpenLane } from "./lane.ts";

export interface SaturateOptions {
  connections: number;
  eventsPerFrame: number;
  /** Bytes sent and not acknowledged, on each connection. */
  windowBytes: number;
  /** The same in frames; the smaller one holds. */
  framesMax: number;
  warmUpMillis: number;
  millis: number;
}

/** Events acknowledged per second, once warmed up. */
export async function saturate(open: OpenLane, options: SaturateOptions): Promise<number> {
  const lanes = await openLanes(open, options.connections, options.eventsPerFrame);
  let frames = 0;
  try {
    return await new Promise<number>((resolve, reject) => {
      for (const lane of lanes) {
        lane.onTrouble = (reason) => reject(new Error(reason));
        lane.onAcked = (acked) => {
          frames += acked;
          lane.send(acked);
        };
        lane.send(Math.max(1, Math.min(options.framesMax, Math.floor(options.windowBytes / lane.frameBytes))));
      }
      setTimeout(() => {
        const startedFrames = frames;
        const startedAt = performance.now();
        setTimeout(() => {
          const seconds = (performance.now() - startedAt) / 1000;
          if (frames > startedFrames) resolve(((frames - startedFrames) * options.eventsPerFrame) / seconds);
          else reject(new Error(`nothing was acknowledged in ${seconds.toFixed(1)} s`));
        }, options.millis);
      }, options.warmUpMillis);
    });
  } finally {
    for (const lane of lanes) lane.close();
  }
}

/** Frames on their way on one connection while `publish` fills a server. Chosen. */
const FILLING_FRAMES = 20;

/** Sends `events`, one a frame, and resolves when all are acknowledged. */
export async function publish(open: OpenLane, connections: number, events: number): Promise<void> {
  const lanes = await openLanes(open, connections, 1);
  let unsent = events;
  let acked = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const send = (lane: Lane, frames: number): void => {
        const now = Math.min(frames, unsent);
        unsent -= now;
        lane.send(now);
      };
      for (const lane of lanes) {
        lane.onTrouble = (reason) => reject(new Error(reason));
        lane.onAcked = (frames) => {
          acked += frames;
          if (acked >= events) resolve();
          else send(lane, frames);
        };
        send(lane, FILLING_FRAMES);
      }
    });
  } finally {
    for (const lane of lanes) lane.close();
  }
}

export interface PaceOptions {
  connections: number;
  eventsPerSecond: number;
  warmUpMillis: number;
  millis: number;
}

export interface Latency {
  /** NaN where none of those that were measured was acknowledged in time. */
  p50Millis: number;
  p99Millis: number;
  /** What was really sent, per second. Well below the wanted rate, the figures say little. */
  sentPerSecond: number;
  /** Sent in time, and not acknowledged when the measuring ended. */
  unacked: number;
}

/** Unacknowledged events on one lane, past which the server counts as overwhelmed. Chosen: half of MQTT's packet identifiers. */
const UNACKED_MAX = 30_000;

/** One event a frame. Timers have a grain of a millisecond, so events go out in small bursts; each is timed on its own. */
export async function pace(open: OpenLane, options: PaceOptions): Promise<Latency> {
  const lanes = await openLanes(open, options.connections, 1);
  const sentAt: number[][] = lanes.map(() => []);
  const heads = lanes.map(() => 0);
  const millis: number[] = [];
  let sent = 0;
  let sentMeasured = 0;
  let isMeasuring = false;
  try {
    await new Promise<void>((resolve, reject) => {
      lanes.forEach((lane, index) => {
        lane.onTrouble = (reason) => reject(new Error(reason));
        lane.onAcked = (frames) => {
          const now = performance.now();
          for (let i = 0; i < frames; i++) {
            const at = (sentAt[index] as number[])[(heads[index] as number) + i] as number;
            if (isMeasuring && at >= startedAt + options.warmUpMillis) millis.push(now - at);
          }
          heads[index] = (heads[index] as number) + frames;
        };
      });
      const startedAt = performance.now();
      const tick = (): void => {
        const elapsed = performance.now() - startedAt;
        if (elapsed >= options.warmUpMillis + options.millis) return resolve();
        isMeasuring = elapsed >= options.warmUpMillis;
        for (const due = (elapsed * options.eventsPerSecond) / 1000; sent < due; sent++) {
          const index = sent % lanes.length;
          const times = sentAt[index] as number[];
          if (times.length - (heads[index] as number) > UNACKED_MAX) return resolve();
          times.push(performance.now());
          if (isMeasuring) sentMeasured += 1;
          (lanes[index] as Lane).send(1);
        }
        setTimeout(tick, 1);
      };
      tick();
    });
  } finally {
    for (const lane of lanes) lane.close();
  }
  if (heads.every((acked) => acked === 0)) throw new Error("nothing was acknowledged");
  millis.sort((a, b) => a - b);
  const at = (share: number): number =>
    millis[Math.min(millis.length - 1, Math.floor(millis.length * share))] ?? Number.NaN;
  return {
    p50Millis: at(0.5),
    p99Millis: at(0.99),
    sentPerSecond: (sentMeasured * 1000) / options.millis,
    unacked: Math.max(0, sentMeasured - millis.length),
  };
}

async function openLanes(open: OpenLane, connections: number, eventsPerFrame: number): Promise<Lane[]> {
  const lanes: Lane[] = [];
  // Some at a time: a listen backlog is short.
  while (lanes.length < connections) {
    const indices = Array.from({ length: Math.min(50, connections - lanes.length) }, (_, i) => lanes.length + i);
    const opened = await Promise.allSettled(indices.map((index) => open(index, eventsPerFrame)));
    for (const result of opened) if (result.status === "fulfilled") lanes.push(result.value);
    const failed = opened.find((result) => result.status === "rejected");
    if (failed === undefined) continue;
    for (const lane of lanes) lane.close();
    throw failed.reason as Error;
  }
  return lanes;
}
