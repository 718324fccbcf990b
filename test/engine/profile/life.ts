/**
 * What a profiled node lives through while its variables and its stack are watched: it joins, reports, loses its root, keeps 200 readings, delivers them, is switched and set, and, if it
 * takes children, carries what six of them say as fast as they can.
 */
import { expect } from "vitest";
import { CHILDREN, type Kit, type Stage } from "./stage.ts";

/** Readings kept while the root is away. */
export const BACKLOG = 200;
/** Of all entities, once each. */
const FIRST = 5;
/** The fewest that are kept of a backlog from before the first join: the time is not known yet, so they are kept long, and old values give way to new ones. */
export const EARLY_KEPT = 80;
const CHILD_FRAMES = 120;

/** Readings of each entity ten seconds apart. */
const KEEP = (count: number): string =>
  `(function() { for (var i = 0; i < ${count}; i++) { ahead += 2; say(1); } return backlog(); })()`;

export interface Lived {
  /** Variables that a buffered event takes. */
  perEvent: number;
  /** Variables that a child takes that is joined and quiet. */
  perChild: number | undefined;
}

export async function live(kit: Kit, stage: Stage): Promise<Lived> {
  const { engine, root } = stage;
  await engine.line(/^joined/, 60_000);
  await engine.ask(`say(${FIRST})`);
  await stage.until(() => stage.stored() === FIRST, "the first readings");
  const quiet = await stage.usage();
  let perChild: number | undefined;
  if (kit.takesChildren) {
    await stage.openChildren();
    perChild = ((await stage.usage()) - quiet) / CHILDREN;
    stage.childrenSay(CHILD_FRAMES);
    await stage.until(() => stage.childEvents === CHILD_FRAMES * 10, "what children said", 120_000);
  }
  stage.closeChildren();
  root.deafen();
  await engine.line(/^away/);
  const before = await stage.usage();
  expect(await engine.ask(KEEP(BACKLOG))).toBe(BACKLOG);
  const perEvent = ((await stage.usage()) - before) / BACKLOG;
  root.hear();
  await stage.until(() => stage.stored() >= FIRST + BACKLOG, "the readings that were kept", 120_000);
  const values = root.events.filter(({ node, event }) => node === "node" && event["type"] === "!update");
  expect(values.map(({ event }) => event["value"])).toEqual(
    Array.from({ length: FIRST + BACKLOG }, (_, at) => (at % 1000) / 8),
  );
  expect(await root.act("node", "greenhouse.temperature.0", true)).toEqual({ ok: true, value: true });
  root.set("node", "greenhouse.temperature.0", 21);
  await stage.until(() => root.root.desired("node")[0]?.isSettled === true, "the setting");
  expect(engine.faults()).toEqual([]);
  return { perEvent, perChild };
}

/** A node that has never had a root keeps what it can; then the root comes. Answers how many readings were kept. */
export async function liveEarly(stage: Stage): Promise<number> {
  const { engine, root } = stage;
  await engine.ask(KEEP(BACKLOG), 60_000);
  root.hear();
  await engine.line(/^joined/, 60_000);
  await stage.until(
    () => root.events.some(({ event }) => event["value"] === (BACKLOG - 1) / 8),
    "the last reading",
    120_000,
  );
  expect(engine.faults()).toEqual([]);
  return stage.stored();
}

/** Readings of each child by radio. */
const RADIO_READINGS = 100;

/** A gateway carries what six children by radio say. Answers the variables that such a child takes when it is quiet again. */
export async function liveWithRadioChildren(stage: Stage): Promise<number> {
  const { engine, root } = stage;
  await engine.line(/^joined/, 60_000);
  const quiet = await stage.usage();
  await stage.openRadioChildren(RADIO_READINGS);
  const isDone = (child: number): boolean => root.readings(`child-${child}`).length === RADIO_READINGS;
  for (let child = 0; child < CHILDREN; child++) {
    await stage.until(() => isDone(child), `the readings of child ${child} by radio`, 120_000);
    const values = root.events.filter(({ node, event }) => node === `child-${child}` && event["type"] === "!update");
    expect(values.map(({ event }) => event["value"])).toEqual(
      Array.from({ length: RADIO_READINGS }, (_, at) => at / 8),
    );
  }
  const perChild = ((await stage.usage()) - quiet) / CHILDREN;
  expect(engine.faults()).toEqual([]);
  return perChild;
}
