/** Whom the root lets in. What a vector of wire.md shows is not shown again. */
import { expect, test } from "vitest";
import { HELLO_OVERTAKEN_WITHIN, HELLOS_OVERTAKEN_MAX } from "#shared/limits.ts";
import { RootBench } from "../bench.ts";

/** Whether a `?hello` with this nonce is answered. */
function isAnswered(bench: RootBench, nonce: number): boolean {
  bench.lines(1);
  bench.hello(1, "a", { nonce });
  bench.settle();
  return bench.lines(1).some((line) => line.type === "!hello" && line["nonce"] === nonce);
}

test("a ?hello that was said before the last one is dropped, and one of a client that counts anew is not", () => {
  const bench = new RootBench();
  bench.join(1, "a", { nonce: 500 });
  expect(isAnswered(bench, 499)).toBe(false);
  expect(isAnswered(bench, 500 - HELLOS_OVERTAKEN_MAX)).toBe(false);
  expect(isAnswered(bench, 500 - HELLOS_OVERTAKEN_MAX - 1)).toBe(true);
  expect(isAnswered(bench, 501)).toBe(true);
});

test("whoever counts anew from just below is let in after a minute", () => {
  const bench = new RootBench();
  bench.join(1, "a", { nonce: 500 });
  bench.now += HELLO_OVERTAKEN_WITHIN - 1;
  expect(isAnswered(bench, 499)).toBe(false);
  bench.now += 1;
  expect(isAnswered(bench, 499)).toBe(true);
});
