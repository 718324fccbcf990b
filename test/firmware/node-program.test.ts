/** The node as a program has it: its limits, what counts as a change, and what is said again. What it does on a chip: node-api-contract.ts. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { network } from "./engine-globals.ts";
import { Parent } from "./fake-parent.ts";
import { type Line, longForm } from "../long-form.ts";
import { Board } from "#firmware/board.ts";
import { checkConfiguration } from "#firmware/configuration.ts";
import { ENTITIES_MAX, EVERY_MIN, NodeProgram } from "#firmware/node-program.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { ENTITY_ID_BYTES_MAX } from "#shared/limits.ts";

describe("a program's node", () => {
  let program: NodeProgram;
  let parent: Parent;
  let said: Line[];
  let eids: string[];
  let printed: string[];
  let opened: Board | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("getTime", () => Date.now() / 1000);
    printed = [];
    opened = undefined;
    vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
    network.dials.splice(0);
    program = new NodeProgram("leaf");
    said = [];
    eids = [];
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const board = (id = "leaf"): Board => {
    const configuration = checkConfiguration({
      id,
      token: "t",
      parent: { host: "h", port: 1 },
      limits: { flushBytes: 0 },
    });
    const made = new Board(configuration, "test/1", program);
    withSockets(made);
    return made;
  };

  /** As `node` does it: the program is loaded after this, and started after that. */
  const open = (): void => {
    opened = board();
    expect(program.take(opened)).toBe(true);
  };

  const join = (): void => {
    if (!opened) open();
    program.start();
    (opened as Board).start();
    vi.advanceTimersByTime(0);
    parent = new Parent();
    parent.welcome();
    vi.advanceTimersByTime(1);
  };

  /** All that was said so far, each event acknowledged. */
  const events = (of: Line = {}): Line[] => {
    for (let i = 0; i < 4; i++) {
      program.flush();
      vi.advanceTimersByTime(1);
      for (const line of longForm(parent.lines(), eids)) {
        if (line["type"] === "?ack") parent.say({ type: "!ack", dst: "leaf", ep: 1, n: line["n"] as number });
        else said.push(line);
      }
    }
    return said.filter((line) => Object.keys(of).every((name) => line[name] === of[name]));
  };

  const values = (eid: string): unknown[] => events({ eid }).map((line) => line["value"]);

  test("refuses a name that is taken, empty or too long, and one entity too many", () => {
    program.entity("a");
    for (const eid of ["a", "", "x".repeat(ENTITY_ID_BYTES_MAX + 1)])
      expect(() => program.entity(eid)).toThrow(/name of its own/);
    program.entity("x".repeat(ENTITY_ID_BYTES_MAX));
    for (let i = 2; i < ENTITIES_MAX; i++) program.entity(`e${i}`);
    expect(() => program.entity("more")).toThrow(`${ENTITIES_MAX} entities are the most`);
  });

  test("refuses readings more often than the least time, and what is no time", () => {
    program.entity("a", { every: EVERY_MIN, read: () => 1 });
    for (const every of [EVERY_MIN - 1, 0, -1, NaN]) {
      expect(() => program.entity("b", { every, read: () => 1 })).toThrow(`b: every must be ${EVERY_MIN} or more`);
    }
  });

  test("is only the node that its program names, and any if it names none", () => {
    expect(program.take(board("cellar"))).toBe(false);
    expect(printed).toEqual(["sapline: this program is of leaf, and sapline.json of cellar"]);
    expect(program.update("x", 1)).toBe(false);
    program = new NodeProgram(undefined);
    expect(program.take(board("cellar"))).toBe(true);
    expect(program.id).toBe("cellar");
  });

  test("without a board nothing is taken, and nothing throws", () => {
    const entity = program.entity("x", { every: 50, read: () => 1 });
    expect([entity.update(1), program.update("x", 1), program.emit({ type: "a" }), program.log("b")]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    program.flush();
    expect(program.isRootUp()).toBe(false);
  });

  test("reads at the start and then each `every`, also entities that are declared later", () => {
    let reads = 0;
    open();
    program.entity("a", { every: 100, read: () => ++reads });
    join();
    expect(reads).toBe(1);
    vi.advanceTimersByTime(100);
    expect(reads).toBe(2);
    let later = 0;
    program.entity("b", { every: 1000, read: () => ++later });
    vi.advanceTimersByTime(0);
    expect(later).toBe(1);
    vi.advanceTimersByTime(999);
    expect(later).toBe(1);
    vi.advanceTimersByTime(1);
    expect(later).toBe(2);
  });

  test("within the deadband is by as much or less, for numbers; all else has to be another", () => {
    join();
    const t = program.entity("t", { deadband: 0.5 });
    for (const value of [20, 20.5, 19.5, 20.625, 20.25, 20, 20]) expect(t.update(value)).toBe(true);
    expect(values("t")).toEqual([20, 20.625, 20]);
    const s = program.entity("s", { deadband: 0 });
    for (const value of ["a", "a", "b", 1, 1, "1", true, null, null, [1], [1]]) s.update(value);
    expect(values("s")).toEqual(["a", "b", 1, "1", true, null, [1], [1]]);
    const list = [1];
    const l = program.entity("l", { deadband: 0 });
    l.update(list);
    list.push(2);
    l.update(list);
    expect(values("l")).toEqual([[1], [1, 2]]);
    const all = program.entity("all");
    for (const value of [1, 1, 1]) all.update(value);
    expect(values("all")).toEqual([1, 1, 1]);
  });

  test("what is no value is refused, whatever reports it", () => {
    join();
    const entity = program.entity("x");
    for (const value of [undefined, NaN, Infinity, -Infinity]) {
      expect(entity.update(value)).toBe(false);
      expect(program.update("x", value)).toBe(false);
    }
    expect(events({ eid: "x" })).toEqual([]);
  });

  test("unit and class are said with the first value, and with the first after each joining, and not else", () => {
    join();
    const entity = program.entity("t", { unit: "V", class: "voltage" });
    const plain = program.entity("p");
    for (const value of [1, 2, 3]) entity.update(value);
    plain.update(1);
    expect(events({ eid: "t" }).map((line) => [line["unit"], line["class"]])).toEqual([
      ["V", "voltage"],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(events({ eid: "p" })[0]).not.toHaveProperty("unit");
    program.status(false, "gone");
    entity.update(4);
    program.status(true, "joined");
    entity.update(5);
    expect(events({ eid: "t" }).map((line) => line["unit"])).toEqual(["V", undefined, undefined, undefined, "V"]);
  });

  test("a reading that fails is logged when it begins to, and again when it fails after having worked", () => {
    let fault: string | undefined = "no sensor";
    open();
    program.entity("t", {
      every: 100,
      read: () => {
        if (fault !== undefined) throw new Error(fault);
        return 1;
      },
    });
    join();
    vi.advanceTimersByTime(300);
    expect(events({ type: "!log" })).toHaveLength(1);
    fault = undefined;
    vi.advanceTimersByTime(200);
    fault = "broken";
    vi.advanceTimersByTime(300);
    expect(events({ type: "!log" }).map((line) => line["text"])).toEqual([
      "reading t failed: no sensor",
      "reading t failed: broken",
    ]);
  });

  test("a desired value that cannot be had is logged once, however often the root says it; the next one again", () => {
    const seen: unknown[] = [];
    join();
    program.entity("t", { type: "number", unit: "V", set: (value) => void seen.push(value) });
    for (let i = 0; i < 5; i++) program.set("t", "warm", 7);
    program.set("t", "hot", 8);
    program.set("t", 21, 9);
    program.set("t", 22, 10);
    expect(events({ type: "!log" })).toHaveLength(2);
    expect(seen).toEqual([21, 22]);
    expect(events({ eid: "t" })).toMatchObject([
      { value: 21, rev: 9, unit: "V" },
      { value: 22, rev: 10 },
    ]);
    expect(events({ eid: "t" })[1]).not.toHaveProperty("unit");
  });

  test("a listener that throws is logged, and joining goes on", () => {
    program.onRootUp(() => {
      throw new Error("my fault");
    });
    program.onRootDown(() => {
      throw new Error("mine too");
    });
    join();
    program.status(false, "gone");
    expect(events({ type: "!log" }).map((line) => line["text"])).toEqual([
      "on the root's coming: my fault",
      "on the root's going: mine too",
    ]);
  });
});
