/**
 * The connection to the root: the stream of stored events, and what was missed while there was none.
 *
 * Guarantee: the stream is open before the root is asked for what it knows, and what comes meanwhile is folded on top, so that nothing
 * falls between. Everything that arrives within one frame is folded in it, and shown at once. Lost, it comes back by itself.
 */
import { signal } from "@preact/signals";
import { ApiError, ask, person } from "../api.ts";
import { rootNow, setRootTime } from "../clock.ts";
import type { StoredEvent } from "../words.ts";
import { type EntityJson, Model, type NodeJson, type TrafficJson } from "./model.ts";
import { Tail } from "./tail.ts";

export type Connection =
  | { name: "first" }
  | { name: "live" }
  /** Values are as of `since`, milliseconds since 1970. */
  | { name: "lost"; since: number };

/** Numbers that change faster than this are a flicker to people. */
const SHOW_EVERY_MILLIS = 200;
/** The root sends a comment each 15 s: silence for longer is a dead connection. */
const SILENT_MILLIS = 40_000;
/** Many come at once: they are asked about together. */
const RELINK_MILLIS = 1500;
const AGAIN_FIRST_MILLIS = 500;
const AGAIN_MOST_MILLIS = 5000;

export const model = new Model();
export const tail = new Tail();
export const connection = signal<Connection>({ name: "first" });
/** Grows when what is shown of the model should be looked at again: five times a second at most. */
export const shown = signal(0);
/** The same, for who is where. */
export const movedShown = signal(0);
/** Told in the very frame, for what moves. */
export const frameListeners = new Set<() => void>();

let waiting: StoredEvent[] = [];
let isFrameDue = false;
let shownAt = 0;
let showTimer = 0;
let relinkTimer = 0;
/** Before the root's answer has come, events wait. */
let isLoaded = false;
let ending: AbortController | undefined;

/** Connects, and stays connected until `disconnect`. */
export async function connect(): Promise<void> {
  disconnect();
  const own = new AbortController();
  ending = own;
  let wait = AGAIN_FIRST_MILLIS;
  while (!own.signal.aborted) {
    const startedAt = Date.now();
    try {
      await follow(own.signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return;
    }
    if (own.signal.aborted) return;
    if (connection.value.name === "live") connection.value = { name: "lost", since: rootNow() };
    wait = Date.now() - startedAt > 10_000 ? AGAIN_FIRST_MILLIS : Math.min(wait * 1.5, AGAIN_MOST_MILLIS);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export function disconnect(): void {
  ending?.abort();
  ending = undefined;
}

/** One connection, to its end. */
async function follow(signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  const stop = (): void => silence.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENT_MILLIS);
  isLoaded = false;
  waiting = [];
  try {
    const response = await fetch("/api/events", { signal: silence.signal });
    if (response.status === 401) {
      person.value = null;
      throw new ApiError(401, "", undefined);
    }
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const loading = load().catch((error: unknown) => {
      stop();
      throw error;
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENT_MILLIS);
      text += value;
      const end = text.lastIndexOf("\n\n");
      if (end < 0) continue;
      for (const line of text.slice(0, end).split("\n"))
        if (line.startsWith("data: ")) waiting.push(JSON.parse(line.slice(6)) as StoredEvent);
      text = text.slice(end + 2);
      frame();
    }
    await loading;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

async function load(): Promise<void> {
  const [nodes, entities, traffic] = await Promise.all([
    ask<{ root: { startedAt: number }; nodes: NodeJson[] }>("GET", "/api/nodes"),
    ask<{ entities: EntityJson[] }>("GET", "/api/entities"),
    ask<{ now: number; nodes: TrafficJson[] }>("GET", "/api/traffic"),
  ]);
  setRootTime(traffic.now);
  model.load(nodes.root.startedAt, nodes.nodes, entities.entities, traffic.nodes);
  isLoaded = true;
  connection.value = { name: "live" };
  frame();
  show();
}

/** Some time after somebody came or went; if it fails, the next one's coming asks again. */
function relink(): void {
  relinkTimer = 0;
  ask<{ nodes: NodeJson[] }>("GET", "/api/nodes").then(
    ({ nodes }) => model.relink(nodes),
    () => {},
  );
}

/** Folds what has come in the next frame; a page that nobody sees has no frames. */
function frame(): void {
  if (isFrameDue) return;
  isFrameDue = true;
  if (document.hidden) setTimeout(fold, 500);
  else requestAnimationFrame(fold);
}

function fold(): void {
  isFrameDue = false;
  if (!isLoaded || waiting.length === 0) return;
  const events = waiting;
  waiting = [];
  const { moved } = model;
  for (const event of events) model.take(event);
  if (model.moved !== moved) relinkTimer ||= window.setTimeout(relink, RELINK_MILLIS);
  tail.add(events);
  for (const listener of frameListeners) listener();
  const wait = SHOW_EVERY_MILLIS - (performance.now() - shownAt);
  if (wait <= 0) show();
  else showTimer ||= window.setTimeout(show, wait);
}

function show(): void {
  clearTimeout(showTimer);
  showTimer = 0;
  shownAt = performance.now();
  shown.value = model.changes;
  movedShown.value = model.moved;
}

setInterval(() => {
  model.turn();
  if (!document.hidden && isLoaded) show();
}, 1000);
