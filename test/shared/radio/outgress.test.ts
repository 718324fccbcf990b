import { describe, expect, test } from "vitest";
import { LINK_TIMEOUT } from "#shared/limits.ts";
import { Outgress } from "#shared/radio/outgress.ts";
import { OUTGRESS_PATIENCE, OUTGRESS_TRY_AFTER, OUTGRESS_TRY_AFTER_MAX } from "#shared/radio/tree-limits.ts";
import type { Instant } from "#shared/units.ts";

const at = (millis: number): Instant => millis as Instant;

describe("outgress", () => {
  test("WebSocket is dialled first, and the radio while it is put off", () => {
    const outgress = new Outgress();
    expect(outgress.dial(true, at(0))).toBe(true);
    expect(outgress.dial(true, at(500))).toBe(false);
    expect(outgress.dial(true, at(OUTGRESS_TRY_AFTER))).toBe(true);
  });

  test("without a network the radio is dialled, and WebSocket is looked for as soon as there is one", () => {
    const outgress = new Outgress();
    expect(outgress.dial(false, at(0))).toBe(false);
    expect(outgress.advise(false, false, at(10))).toBe("stay");
    expect(outgress.wakeAt(false)).toBeUndefined();
    expect(outgress.advise(true, true, at(20))).toBe("look");
    expect(outgress.advise(true, true, at(30))).toBe("stay");
  });

  test("a parent by WebSocket that is lost is dialled again at once, for it was good", () => {
    const outgress = new Outgress();
    outgress.dial(true, at(0));
    outgress.advise(true, true, at(90_000));
    expect(outgress.dial(true, at(90_100))).toBe(true);
    expect(outgress.dial(true, at(90_700))).toBe(false);
  });

  test("WebSocket is left when the network goes, and when nobody joins over it", () => {
    const outgress = new Outgress();
    outgress.dial(true, at(0));
    expect(outgress.advise(true, true, at(1000))).toBe("stay");
    expect(outgress.advise(false, true, at(2000))).toBe("leave");
    expect(outgress.dial(false, at(2100))).toBe(false);

    const other = new Outgress();
    other.dial(true, at(0));
    expect(other.wakeAt(true)).toBe(OUTGRESS_PATIENCE);
    expect(other.advise(true, false, at(OUTGRESS_PATIENCE - 1))).toBe("stay");
    expect(other.advise(true, false, at(OUTGRESS_PATIENCE))).toBe("leave");
    // Once, and then by radio for a while.
    expect(other.advise(true, false, at(OUTGRESS_PATIENCE + 1))).toBe("stay");
    expect(other.dial(true, at(OUTGRESS_PATIENCE + 300))).toBe(false);
  });

  test("the radio is left only when the parent has answered by WebSocket, and the next dial goes there", () => {
    const outgress = new Outgress();
    outgress.dial(false, at(0));
    outgress.advise(false, true, at(1));
    expect(outgress.advise(true, true, at(10))).toBe("look");
    expect(outgress.found(at(40))).toBe(true);
    expect(outgress.dial(true, at(300))).toBe(true);
    // An answer that comes late is no reason to leave WebSocket.
    expect(outgress.found(at(400))).toBe(false);
  });

  test("it is looked for more and more seldom, up to the longest wait, and for ever", () => {
    const outgress = new Outgress();
    outgress.dial(true, at(0));
    outgress.dial(true, at(1));
    const looks: number[] = [];
    for (let now = 0; now < 600_000; now += 100) if (outgress.advise(true, true, at(now)) === "look") looks.push(now);
    const waits = looks.slice(1).map((look, index) => look - (looks[index] as number));
    expect(looks[0]).toBe(OUTGRESS_TRY_AFTER);
    expect(waits.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 60_000]);
    expect(Math.max(...waits)).toBe(OUTGRESS_TRY_AFTER_MAX);
    expect(waits.at(-1)).toBe(OUTGRESS_TRY_AFTER_MAX);
  });

  test("a link is never given up for the radio before its own timeout", () => {
    expect(OUTGRESS_PATIENCE).toBeGreaterThanOrEqual(LINK_TIMEOUT);
  });
});
