import { expect, test } from "vitest";
import { judge } from "#shared/tree/intake.ts";

test("a group is taken only as a continuation: known, overlapping, following on, or after a hole", () => {
  for (const [last, n, howMany, verdict] of [
    [0, 1, 1, { kind: "take", skip: 0 }],
    [0, 5, 5, { kind: "take", skip: 0 }],
    [0, 6, 5, { kind: "hole" }],
    [10, 10, 3, { kind: "known" }],
    [10, 9, 3, { kind: "known" }],
    [10, 11, 3, { kind: "take", skip: 2 }],
    [10, 11, 11, { kind: "take", skip: 10 }],
    [10, 13, 3, { kind: "take", skip: 0 }],
    [10, 14, 3, { kind: "hole" }],
    [10, 10, 0, { kind: "known" }],
    [10, 11, 0, { kind: "hole" }],
    [0, 0, 0, { kind: "known" }],
    [10, 2, 3, { kind: "wrong" }],
    [10, -1, 0, { kind: "wrong" }],
    [10, 11.5, 1, { kind: "wrong" }],
    [10, 2147483648, 1, { kind: "wrong" }],
    [10, "11", 1, { kind: "wrong" }],
    [10, undefined, 1, { kind: "wrong" }],
  ] as const) {
    expect(judge(last, n, howMany), `last ${last}, n ${n}, ${howMany} events`).toEqual(verdict);
  }
});
