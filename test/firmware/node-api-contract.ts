/** What the node API promises, as tests to be run wherever a program runs: emulated and on the engine. The program is test/firmware/kitchen.ts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { programText } from "#tools/bundle/program-text.ts";
import { until } from "../e2e/processes.ts";
import { MemoryRoot } from "../engine/memory-root.ts";

export interface RunningProgram {
  readonly lines: string[];
  line(pattern: RegExp): Promise<string>;
  faults(): string[];
  stop(): Promise<void>;
}

type Fields = { [field: string]: unknown };

export function nodeApiContract(run: (text: string, config: object) => Promise<RunningProgram>): void {
  let root: MemoryRoot;
  let kitchen: RunningProgram;

  beforeAll(async () => {
    root = await MemoryRoot.open({ kitchen: "t" });
    const { text, faults } = await programText({
      entry: "test/firmware/kitchen.ts",
      parts: { sockets: true, radio: false, children: false },
    });
    expect(faults).toEqual([]);
    kitchen = await run(text, {
      id: "kitchen",
      token: "t",
      parent: { host: "127.0.0.1", port: root.port },
      limits: { flushBytes: 0 },
    });
    await kitchen.line(/root up, kitchen/);
  }, 60_000);

  afterAll(async () => {
    await kitchen.stop();
    await root.close();
  });

  const events = (of: Fields): Fields[] =>
    root.events.map(({ event }) => event).filter((event) => Object.keys(of).every((name) => event[name] === of[name]));
  const event = async (of: Fields, count = 1): Promise<Fields> => {
    await until(
      () => events(of).length >= count,
      15_000,
      () => `${count} of ${JSON.stringify(of)} in ${JSON.stringify(root.events)}`,
    );
    return events(of)[count - 1] as Fields;
  };

  test("a unit and a class are said with an entity's first value, in UTF-8", async () => {
    expect(await event({ eid: "temperature", value: 21 })).toMatchObject({ unit: "°C", class: "temperature" });
    expect(await event({ eid: "lamp", value: false })).toMatchObject({ class: "switch" });
    const all = events({ eid: "lamp" });
    expect(all.filter((one) => one["class"] === "switch").length).toBeLessThanOrEqual(2);
  });

  test("readings come one after another from the start on, and undefined is none", async () => {
    await event({ eid: "temperature", value: 23 });
    expect(events({ eid: "temperature" }).map((one) => one["value"])).toEqual([21, 22, 23]);
  });

  test("what is reported while the program is loaded is not lost, whatever it is", async () => {
    expect(await event({ eid: "loose" })).toMatchObject({ value: [1, "é"] });
    expect(await event({ type: "rang" })).toMatchObject({ times: 2 });
    expect(kitchen.lines).toContain("at once: false lamp");
  });

  test("within the deadband nothing is said", async () => {
    await event({ eid: "temperature", value: 23 });
    expect(events({ eid: "steady" })).toHaveLength(1);
  });

  test("a reading that fails is logged once, and the others go on", async () => {
    await event({ type: "!log", text: "reading broken failed: no sensor" });
    await event({ type: "!log", text: "reading nonsense failed: it is no number" });
    await event({ eid: "temperature", value: 23 });
    expect(events({ text: "reading broken failed: no sensor" })).toHaveLength(1);
    expect(events({ eid: "nonsense" })).toEqual([]);
  });

  test("an action gets its value, and what it answers is the entity's value", async () => {
    expect(await root.act("kitchen", "lamp", true)).toEqual({ ok: true, value: true });
    await event({ eid: "lamp", value: true });
    expect(await root.act("kitchen", "fan", "low")).toEqual({ ok: true, value: "lüftet" });
    expect(await root.act("kitchen", "fan", "high")).toEqual({ ok: true, value: null });
  });

  test("a value of another type is answered with an error, and the handler does not see it", async () => {
    expect(await root.act("kitchen", "lamp", "true")).toEqual({ ok: false, error: "lamp takes a boolean" });
    expect(await root.act("kitchen", "fan", "medium")).toEqual({
      ok: false,
      error: "fan takes one of off, low, high",
    });
    expect(await root.act("kitchen", "fan", 0)).toMatchObject({ ok: false });
  });

  test("a handler that throws is answered, and so is an action that there is not", async () => {
    expect(await root.act("kitchen", "stuck", 1)).toEqual({ ok: false, error: "the relay is stuck" });
    expect(await root.act("kitchen", "target", 1)).toEqual({ ok: false, error: "no such action: target" });
    expect(await root.act("kitchen", "nothing", 1)).toEqual({ ok: false, error: "no such action: nothing" });
  });

  test("a desired value is settled by what holds then; one of another type, or that is refused, is logged", async () => {
    root.set("kitchen", "target", 40);
    expect(await event({ eid: "target", value: 25 })).toMatchObject({ rev: expect.any(Number) as number, unit: "°C" });
    root.set("kitchen", "target", "warm");
    await event({ type: "!log", text: "setting target failed: target takes a number" });
    root.set("kitchen", "fussy", 1);
    await event({ type: "!log", text: "setting fussy failed: never" });
    root.set("kitchen", "nobody", 1);
    await event({ type: "!log", text: "setting nobody failed: no such setting" });
  });

  test("the program hears when the root comes and goes, and what it says then is kept", async () => {
    await event({ type: "!log", text: "größer" });
    root.deafen();
    await kitchen.line(/^root down: /);
    root.hear();
    await event({ type: "!log", text: "größer" }, 2);
    // Named again after a joining: the root may be another.
    expect(await root.act("kitchen", "lamp", false)).toEqual({ ok: true, value: false });
    await until(
      () => events({ eid: "lamp", value: false }).some((one, at) => at > 0 && one["class"] === "switch"),
      5000,
      () => "the class of the lamp, again",
    );
    expect(kitchen.faults()).toEqual([]);
  });
}
