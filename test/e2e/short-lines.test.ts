/** Short lines at a real root that is killed: what an alias stands for is on its disk, and in its log. */
import { afterEach, expect, test } from "vitest";
import { Bench, freePort, until } from "./processes.ts";
import { RawNode } from "./raw-node.ts";

let bench: Bench;
afterEach(() => bench.close());

const AT = 1_732_345_678_000;

async function acked(node: RawNode, n: number): Promise<void> {
  await until(
    () => node.acked === n,
    10_000,
    () => `event ${n} was not acknowledged: ${JSON.stringify(node.lines)}`,
  );
}

test("a root that is killed, and one whose projections are built again, know what an alias stands for; a new epoch begins without", async () => {
  bench = new Bench();
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/node`;
  let root = await bench.root(port);
  const token = bench.token("sensor");

  const first = await RawNode.join(url, "sensor", token);
  const close = (n: number, more: object = {}) => ({ type: "?ack", src: "sensor", ep: first.epoch, n, ...more });
  first.say([1, 21.5, AT], [2, "open"], [1, 21.6, 250], close(3, { k: 1, eids: ["t", "door"] }));
  await acked(first, 3);
  await root.end("SIGKILL");

  root = await bench.root(port);
  const second = await RawNode.join(url, "sensor", token, first.epoch);
  expect(second.epoch).toBe(first.epoch);
  second.say([2, "shut", AT + 500], { type: "!log", text: "long and short together" }, [1, 21.7], close(6));
  await acked(second, 6);
  await root.end("SIGTERM");

  const log = bench.log("--node", "sensor").map(({ n, type, eid, value, ts }) => [n, type, eid, value, ts]);
  expect(log.map((event) => event.slice(0, 4))).toEqual([
    [1, "!update", "t", 21.5],
    [2, "!update", "door", "open"],
    [3, "!update", "t", 21.6],
    [4, "!update", "door", "shut"],
    [5, "!log", null, null],
    [6, "!update", "t", 21.7],
  ]);
  expect(log.filter(([, type]) => type === "!update").map((event) => event[4])).toEqual([
    AT,
    AT,
    AT + 250,
    AT + 500,
    AT + 500,
  ]);

  // The log alone is enough: nothing of the projections has to be changed, and the aliases are there again.
  expect(bench.sapline("log", "rebuild", "--data", bench.data)).toContain("all were right before");
  root = await bench.root(port);
  const third = await RawNode.join(url, "sensor", token, first.epoch);
  third.say([1, 21.8, AT + 1000], close(7));
  await acked(third, 7);
  const fourth = await RawNode.join(url, "sensor", token);
  expect(fourth.epoch).toBeGreaterThan(first.epoch);
  fourth.say([1, 0, AT], { type: "?ack", src: "sensor", ep: fourth.epoch, n: 1 });
  await acked(fourth, 1);
  const last = bench.log("--node", "sensor").slice(-2);
  expect(last.map(({ type, eid, value }) => [type, eid, value])).toEqual([
    ["!update", "t", 21.8],
    ["!gap", null, null],
  ]);
});
