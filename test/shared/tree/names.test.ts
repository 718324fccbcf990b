/** What the root does with the names of aliases that come with a group. */
import { expect, test } from "vitest";
import { ALIASES_MAX } from "#shared/limits.ts";
import { RootBench, text, UNIX_AT_START } from "../bench.ts";

/** A root that a joined node says named groups to; the names that are on its disk, as `k:eids`. */
class NamesBench {
  private bench = new RootBench();
  private ep = this.bench.join(1, "leaf");
  private n = 0;

  /** A group of one reading in a short line, with names. */
  say(alias: number, k: unknown, eids: unknown): this {
    this.n += 1;
    this.bench.say(
      1,
      text(`[${alias},20.5,${UNIX_AT_START}]`, { type: "?ack", src: "leaf", ep: this.ep, n: this.n, k, eids }),
    );
    this.bench.settle();
    return this;
  }

  named(): string[] {
    return this.bench
      .events("root")
      .flatMap(({ event }) => (event.type === "!named" ? [`${event["k"]}:${(event["eids"] as string[]).join()}`] : []));
  }
}

test("names that are known in part are kept whole: the new ones among them are not lost", () => {
  expect(new NamesBench().say(1, 1, ["a"]).say(2, 1, ["a", "b"]).named()).toEqual(["1:a", "1:a,b"]);
});

test("names that are all known already are not written again", () => {
  const bench = new NamesBench().say(1, 1, ["a", "b"]);
  expect(bench.say(1, 1, ["a", "b"]).say(2, 2, ["b"]).say(1, 1, ["a"]).named()).toEqual(["1:a,b"]);
});

test("names that leave a hole, are not names, or are too many are not taken", () => {
  const tooMany = Array.from({ length: ALIASES_MAX + 1 }, (_, i) => `e${i}`);
  for (const [k, eids] of [
    [2, ["b"]],
    [0, ["a"]],
    ["1", ["a"]],
    [1, "a"],
    [1, ["a", 5]],
    [1, tooMany],
  ]) {
    expect(new NamesBench().say(1, k, eids).named(), JSON.stringify([k, eids]).slice(0, 80)).toEqual([]);
  }
});
