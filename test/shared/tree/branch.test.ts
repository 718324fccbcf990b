import { expect, test } from "vitest";
import { CHIP_LIMITS, FRAME_BYTES_MAX, LINK_TIMEOUT, VIA_NODES_MAX, SWEEP_EVERY } from "#shared/limits.ts";
import { group, NodeBench, text } from "../bench.ts";

const READING = { type: "!update", eid: "t", value: 1 };

/** A branch `b` with the children `c` (link 1) and `d` (link 2), joined. */
function branch(limits = {}): NodeBench {
  const bench = new NodeBench("b", limits).join();
  bench.child(1, "c");
  bench.child(2, "d");
  return bench;
}

test("a child's group goes up without change, byte by byte, and at once", () => {
  const bench = branch();
  const frame = group(
    "c",
    3,
    2,
    '{"type":"!update",  "eid":"t","value":1.50,"ünknown":"\\u00e9😀"}',
    '{"type":"strange"}',
  );
  bench.up(1, frame);
  expect(bench.texts(bench.parent)).toEqual([frame]);
});

test("groups of a stranger are dropped whole and counted, and the others in the frame go on", () => {
  const bench = branch();
  const mine = group("c", 3, 1, READING);
  for (const src of ["d", "x", "b", "root", "__proto__", 5, null, undefined]) {
    bench.up(1, group(src as string, 3, 1, { type: "forged" }) + mine);
    expect(bench.texts(bench.parent), String(src)).toEqual([mine]);
    bench.drained();
  }
  expect(bench.core.counters["group of a stranger"]).toBe(8);
});

test("a control line in the middle of a group is taken out, and the group goes on without it", () => {
  const bench = branch();
  const ping = { type: "?ping" };
  bench.up(1, text(READING, ping, READING, ping, ping, READING, { type: "?ack", src: "c", ep: 3, n: 3 }));
  expect(bench.texts(bench.parent)).toEqual([group("c", 3, 3, READING, READING, READING)]);
  expect(bench.lines(1)[0]?.type).toBe("!ping");
});

test("a ping is answered with the root's clock", () => {
  const bench = branch();
  bench.now += 700;
  bench.up(1, text({ type: "?ping" }));
  expect(bench.lines(1)).toEqual([{ type: "!ping", now: 1_700_000_000_700 }]);
});

test("a cut last line is dropped and counted, and what was whole goes on", () => {
  const bench = branch();
  const frame = group("c", 3, 1, READING);
  bench.up(1, frame + '{"type":"!upd');
  bench.up(1, frame + '{"type":"?ack","src":"c","ep":3,"n":2}');
  expect(bench.texts(bench.parent)).toEqual([frame, frame]);
  expect(bench.core.counters["line cut"]).toBe(2);
});

test("lines without a closing `?ack` are dropped and counted", () => {
  const bench = branch();
  bench.up(1, text(READING));
  expect(bench.texts(bench.parent)).toEqual([]);
  expect(bench.core.counters["lines without ?ack"]).toBe(1);
});

test("a line that is no JSON, or looks like control and is none, travels in its group: it keeps its number", () => {
  const bench = branch();
  const frame = group("c", 3, 5, "{", '{"type":"?ack"', '{"type":"?strange"}', '"?hello"', '{"t":"?ack"}');
  bench.up(1, frame);
  expect(bench.texts(bench.parent)).toEqual([frame]);
});

test("takes a frame of 16384 bytes, and closes the link with a reason for one of a byte more", () => {
  for (const bytes of [FRAME_BYTES_MAX - 1, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1]) {
    const bench = branch({ relayBytes: 100_000 });
    const frame = group("c", 3, 1, READING);
    const filler = group("c", 3, 1, { type: "x", pad: "" }).length;
    bench.up(1, frame + group("c", 3, 1, { type: "x", pad: "p".repeat(bytes - frame.length - filler) }));
    expect(bench.closes.map((close) => close.code)).toEqual(bytes > FRAME_BYTES_MAX ? [1009] : []);
    expect(bench.texts(bench.parent).some((sent) => sent.includes('"n":1'))).toBe(bytes <= FRAME_BYTES_MAX);
    if (bytes > FRAME_BYTES_MAX) expect(bench.closes[0]?.reason).toMatch(/16384.*smaller/);
  }
});

/** Fills the parent's pipe, so that frames wait. */
function stuck(limits = {}): NodeBench {
  const bench = branch({ pipeBytes: 10, relayBytes: 1000, ...limits });
  bench.up(2, group("d", 1, 1, READING));
  bench.sent = [];
  return bench;
}

function frameOf(bytes: number): string {
  const bare = group("c", 3, 1, { type: "x", pad: "" }).length;
  return group("c", 3, 1, { type: "x", pad: "p".repeat(bytes - bare) });
}

test("a child is paused when more than relayBytes wait, and not at just that many", () => {
  for (const [bytes, flow] of [
    [499, []],
    [500, []],
    [501, ["pause 1"]],
  ] as const) {
    const bench = stuck();
    bench.up(1, frameOf(500));
    bench.up(1, frameOf(bytes));
    expect(bench.flow, String(bytes)).toEqual(flow);
  }
});

test("only the children that send are paused, each once; all are resumed when half has gone up", () => {
  const bench = stuck();
  for (let i = 0; i < 4; i++) bench.up(1, frameOf(300));
  expect(bench.flow).toEqual(["pause 1"]);
  bench.up(2, group("d", 1, 2, READING));
  expect(bench.flow).toEqual(["pause 1", "pause 2"]);
  bench.drained();
  bench.drained();
  expect(bench.flow.length).toBe(2);
  bench.drained();
  expect(bench.flow).toEqual(["pause 1", "pause 2", "resume 1", "resume 2"]);
});

test("past twice relayBytes whole frames are dropped and counted, and what waits stays whole", () => {
  const bench = stuck();
  for (let i = 0; i < 4; i++) bench.up(1, frameOf(500));
  bench.up(1, frameOf(150));
  expect(bench.core.counters["frame over the limit"]).toBe(1);
  for (let i = 0; i < 6; i++) bench.drained();
  expect(bench.texts(bench.parent)).toEqual(Array(4).fill(frameOf(500)));
});

test("when the way up is lost, what waited is discarded and counted, and paused children are resumed", () => {
  const bench = stuck();
  for (let i = 0; i < 3; i++) bench.up(1, frameOf(500));
  bench.closed(bench.parent);
  expect(bench.flow).toEqual(["pause 1", "resume 1"]);
  expect(bench.core.counters["frame discarded"]).toBe(3);
  expect(bench.lines(1)).toEqual([{ type: "!root", up: false }]);
});

test("without a root a child's groups are dropped and counted, and its `?hello` is told so", () => {
  const bench = branch();
  bench.down({ type: "!root", up: false });
  bench.sent = [];
  bench.up(1, group("c", 3, 1, READING));
  expect(bench.core.counters["group without a root"]).toBe(1);
  bench.claim(1, "c", 9);
  expect(bench.lines(1)).toEqual([{ type: "!root", up: false }]);
  expect(bench.texts(bench.parent)).toEqual([]);
});

test("a branch passes nothing of a child upward but `?hello`, until the root has answered it", () => {
  const bench = new NodeBench("b").join();
  bench.connect(1);
  bench.claim(1, "c", 5);
  expect(bench.lines(bench.parent)).toEqual([{ type: "?hello", v: 1, id: "c", token: "t-c", nonce: 5, via: ["b"] }]);
  bench.up(1, group("c", 3, 1, READING));
  expect(bench.texts(bench.parent)).toEqual([]);
  bench.admit({ type: "?hello", id: "c", nonce: 5 });
  bench.up(1, group("c", 3, 1, READING));
  expect(bench.texts(bench.parent)).toEqual([group("c", 3, 1, READING)]);
});

test("a grandchild's `?hello` gets the branch's id at the end of its way, and unknown fields are kept", () => {
  const bench = branch();
  bench.up(1, text({ type: "?hello", v: 1, id: "e", via: ["c"], nonce: 1, extra: { deep: [1] } }));
  expect(bench.lines(bench.parent)).toEqual([
    { type: "?hello", v: 1, id: "e", via: ["c", "b"], nonce: 1, extra: { deep: [1] } },
  ]);
});

test("a `?hello` for another node, from a link that never said its own, or through a stranger is dropped and counted", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "e", 1, ["c"]);
  bench.claim(1, "x", 1);
  bench.claim(1, "e", 1, ["d"]);
  expect(bench.texts(bench.parent)).toEqual([]);
  expect(bench.core.counters["?hello of a stranger"]).toBe(3);
});

test("loops are refused: its own id, itself on the way, and ways that are too long", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "b", 1);
  bench.claim(1, "e", 1, ["b", "c"]);
  expect(bench.core.counters["?hello in a loop"]).toBe(2);
  const way = (nodes: number) => [...Array.from({ length: nodes - 1 }, (_, i) => "n" + i), "c"];
  bench.claim(1, "e", 1, way(VIA_NODES_MAX));
  expect(bench.core.counters["?hello malformed"]).toBe(1);
  expect(bench.texts(bench.parent)).toEqual([]);
  bench.claim(1, "e", 1, way(VIA_NODES_MAX - 1));
  expect(bench.lines(bench.parent).length).toBe(1);
});

test("a stranger's `?hello` takes nobody's place: the route changes by the root's word for that nonce only", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "c", 666);
  bench.up(1, group("c", 3, 1, READING));
  bench.down({ type: "!hello", dst: "c", error: "token", nonce: 666 });
  expect(bench.lines(3)).toEqual([{ type: "!hello", dst: "c", error: "token", nonce: 666 }]);
  expect(bench.closes.map((close) => close.link)).toEqual([3]);
  bench.up(1, group("c", 3, 2, READING));
  expect(bench.texts(bench.parent).filter((sent) => sent.startsWith('{"type":"!update"')).length).toBe(2);
  expect(bench.lines(bench.parent)).toEqual([]);
});

test("an answer that nobody here asked for reaches nobody", () => {
  const bench = branch();
  bench.down({ type: "!hello", dst: "c", ep: 9, n: 0, now: 1, nonce: "other" });
  expect(bench.texts(1)).toEqual([]);
  expect(bench.core.counters["line for nobody below"]).toBe(1);
});

test("a child that says hello again on its own link is answered, and nothing else happens", () => {
  const bench = branch();
  bench.claim(1, "c", 9);
  bench.sent = [];
  bench.admit({ type: "?hello", id: "c", nonce: 9 });
  expect(bench.lines(1).map((line) => line.type)).toEqual(["!hello"]);
  expect(bench.closes).toEqual([]);
  expect(bench.texts(bench.parent)).toEqual([]);
});

test("a takeover between two children: the old one is told and closed, and its late close changes nothing", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "c", 7);
  bench.admit({ type: "?hello", id: "c", nonce: 7 });
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "c", reason: "replaced" }]);
  expect(bench.closes).toEqual([{ link: 1, code: 1008, reason: "replaced" }]);
  bench.drained();
  bench.sent = [];
  bench.closed(1);
  expect(bench.texts(bench.parent)).toEqual([]);
  bench.up(1, group("c", 3, 1, { type: "old" }));
  bench.up(3, group("c", 4, 1, READING));
  expect(bench.texts(bench.parent)).toEqual([group("c", 4, 1, READING)]);
});

test("a takeover between a child and a sub-branch: the sub-branch is told and stays open", () => {
  const bench = branch();
  bench.claim(1, "e", 1, ["c"]);
  bench.admit({ type: "?hello", id: "e", nonce: 1 });
  bench.sent = [];
  bench.connect(3);
  bench.claim(3, "e", 2);
  bench.admit({ type: "?hello", id: "e", nonce: 2 });
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "e", reason: "replaced" }]);
  expect(bench.closes).toEqual([]);
  bench.drained();
  bench.sent = [];
  bench.up(1, text({ type: "!gone", id: "e" }));
  expect(bench.core.counters["!gone of a stranger"]).toBe(1);
  bench.up(3, group("e", 2, 1, READING));
  expect(bench.texts(bench.parent)).toEqual([group("e", 2, 1, READING)]);
});

test("`!bye` from above ends the child that it names, and only the route of one farther down", () => {
  const bench = branch();
  bench.claim(1, "e", 1, ["c"]);
  bench.admit({ type: "?hello", id: "e", nonce: 1 });
  bench.sent = [];
  bench.down({ type: "!bye", dst: "e", reason: "replaced" });
  expect(bench.lines(1)).toEqual([{ type: "!bye", dst: "e", reason: "replaced" }]);
  expect(bench.closes).toEqual([]);
  bench.up(1, group("e", 1, 1, READING));
  expect(bench.core.counters["group of a stranger"]).toBe(1);
  bench.down({ type: "!bye", dst: "d", reason: "revoked" });
  expect(bench.closes).toEqual([{ link: 2, code: 1008, reason: "revoked" }]);
});

test("when a child's link closes, the root is told of everyone behind it", () => {
  const bench = branch();
  bench.claim(1, "e", 1, ["c"]);
  bench.admit({ type: "?hello", id: "e", nonce: 1 });
  bench.sent = [];
  bench.closed(1);
  expect(bench.lines(bench.parent)).toEqual([
    { type: "!gone", id: "c" },
    { type: "!gone", id: "e" },
  ]);
});

test("`!gone` counts only from the link that the node is behind", () => {
  const bench = branch();
  bench.up(2, text({ type: "!gone", id: "c" }));
  bench.up(1, text({ type: "!gone", id: "x" }, { type: "!gone", id: 5 }, { type: "!gone" }));
  expect(bench.texts(bench.parent)).toEqual([]);
  expect(bench.core.counters["!gone of a stranger"]).toBe(4);
  bench.up(1, group("c", 3, 1, READING));
  expect(bench.texts(bench.parent).length).toBe(1);
});

test("an old link's close says nothing of a node whose new link waits for its answer", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "c", 7);
  bench.drained();
  bench.sent = [];
  bench.closed(1);
  expect(bench.texts(bench.parent)).toEqual([]);
  bench.admit({ type: "?hello", id: "c", nonce: 7 });
  bench.up(3, group("c", 4, 1, READING));
  expect(bench.texts(bench.parent)).toEqual([group("c", 4, 1, READING)]);
});

test("the root is told of a child that closed before its answer came: it may have been admitted", () => {
  const bench = branch();
  bench.connect(3);
  bench.claim(3, "e", 7);
  bench.sent = [];
  bench.closed(3);
  expect(bench.lines(bench.parent)).toEqual([{ type: "!gone", id: "e" }]);
});

test("an action for an unknown node below is answered offline, with the branch's own number; other lines are counted only", () => {
  const bench = branch();
  bench.down({ type: "?act", dst: "x", id: "a1.1", eid: "lamp", value: 1, ttl: 5000 });
  const lines = bench.lines(bench.parent);
  expect(lines[0]).toMatchObject({ type: "!act", id: "a1.1", ok: false, error: "offline" });
  expect(lines[1]).toEqual({ type: "?ack", src: "b", ep: 1, n: 1 });
  bench.down({ type: "?set", dst: "x", eid: "a", value: 1, rev: 1 });
  bench.down({ type: "?act", dst: "x", id: 5 });
  expect(bench.texts(bench.parent)).toEqual([]);
  expect(bench.core.counters["line for nobody below"]).toBe(3);
});

test("a line for a node below reaches it without change", () => {
  const bench = branch();
  bench.down('{"type":"?act", "dst":"c","x":1.0,"id":"a"}');
  expect(bench.texts(1)).toEqual(['{"type":"?act", "dst":"c","x":1.0,"id":"a"}\n']);
  expect(bench.texts(2)).toEqual([]);
});

test("a child that takes nothing loses lines, bounded and counted, and gets them again once it takes", () => {
  const bench = branch();
  for (let i = 0; i < 200; i++) bench.down({ type: "?act", dst: "c", id: "a" + i, pad: "p".repeat(100) });
  const bytes = bench.texts(1).join("").length;
  expect(bytes).toBeGreaterThan(CHIP_LIMITS.relayBytes);
  expect(bytes).toBeLessThan(CHIP_LIMITS.relayBytes + 200);
  expect(bench.core.counters["line to a slow child"]).toBeGreaterThan(100);
  bench.drained(1);
  bench.down({ type: "?act", dst: "c", id: "b" });
  expect(bench.lines(1).length).toBe(1);
});

/** Keeps the parent's link alive meanwhile. */
function pass(bench: NodeBench, millis: number, each: () => void = () => {}): void {
  for (let passed = 0; passed < millis; passed += 500) {
    bench.down({ type: "?ping" });
    each();
    bench.run(500);
  }
}

test("a silent child is asked, and its link ended at the timeout; one that says anything stays", () => {
  const bench = branch();
  pass(bench, LINK_TIMEOUT + SWEEP_EVERY, () => bench.up(2, text({ type: "!ping" })));
  expect(bench.lines(1).filter((line) => line.type === "?ping").length).toBeGreaterThan(0);
  expect(bench.closes).toEqual([{ link: 1, code: 1001, reason: "silent for too long" }]);
  expect(bench.lines(bench.parent)).toContainEqual({ type: "!gone", id: "c" });
});

test("a child that never says hello is ended at the timeout, even though it talks", () => {
  const bench = branch();
  bench.connect(3);
  pass(bench, LINK_TIMEOUT + SWEEP_EVERY, () => [1, 2, 3].forEach((link) => bench.up(link, text({ type: "?ping" }))));
  expect(bench.closes).toEqual([{ link: 3, code: 1008, reason: "say ?hello first" }]);
});

test("a paused child is not ended for its silence", () => {
  const bench = stuck();
  for (let i = 0; i < 3; i++) bench.up(1, frameOf(500));
  pass(bench, LINK_TIMEOUT + SWEEP_EVERY, () => bench.up(2, text({ type: "!ping" })));
  expect(bench.closes).toEqual([]);
});

test("one child more than its limit is closed with a word that says what to do", () => {
  const bench = new NodeBench("b", { childrenMax: 2 }).join();
  for (const link of [1, 2, 3]) bench.connect(link);
  expect(bench.closes).toEqual([{ link: 3, code: 1013, reason: "this branch is full: connect to another" }]);
  bench.closed(1);
  bench.connect(4);
  expect(bench.closes.length).toBe(1);
});

test("a flood of `?hello` is bounded, in nodes and in bytes, and never a frame that the parent would refuse", () => {
  const bench = branch({ routesMax: 8 });
  for (let i = 0; i < 300; i++) bench.claim(1, "n" + i, 1, ["c"]);
  expect(bench.texts(bench.parent).length).toBe(8);
  expect(bench.core.counters["?hello over the limit"]).toBe(292);
  const flood = text(
    ...Array.from({ length: 100 }, (_, i) => ({ type: "?hello", v: 1, id: "n1", via: ["c"], nonce: i })),
  );
  for (let i = 0; i < 50; i++) bench.up(1, flood);
  const frames = bench.texts(bench.parent);
  expect(frames.join("").length).toBeLessThan(3 * (CHIP_LIMITS.pipeBytes + CHIP_LIMITS.relayBytes));
  for (const frame of frames) expect(frame.length).toBeLessThan(FRAME_BYTES_MAX / 2);
  expect(bench.core.counters["control lines over the limit"]).toBeGreaterThan(0);
});

test("a frame of the children and one of its own go up in turn", () => {
  const bench = stuck({ flushBytes: 50, groupBytes: 50 });
  for (let i = 0; i < 3; i++) bench.up(1, group("c", 3, i + 1, READING));
  for (let i = 0; i < 3; i++) bench.emit({ type: "own", pad: "p".repeat(60) });
  const order: string[] = [];
  for (let i = 0; i < 6; i++) {
    bench.drained();
    order.push(...bench.lines(bench.parent).flatMap((line) => (line.type === "?ack" ? [String(line["src"])] : [])));
  }
  expect(order.join("")).toMatch(/^(bc){3}$|^(cb){3}$/);
});

test("a frame from a link that is not a child's any more changes nothing", () => {
  const bench = branch();
  bench.closed(1);
  bench.sent = [];
  bench.up(1, group("c", 3, 1, READING) + text({ type: "?hello", v: 1, id: "c", nonce: 4 }, { type: "?ping" }));
  bench.closed(1);
  bench.drained(1);
  expect(bench.sent).toEqual([]);
});

test("when joined again, the children are told to say hello", () => {
  const bench = branch();
  bench.down({ type: "!root", up: false });
  expect(bench.lines(1)).toEqual([{ type: "!root", up: false }]);
  bench.down({ type: "!root", up: true });
  bench.admit(bench.hello(), 1);
  expect(bench.lines(1)).toEqual([{ type: "!root", up: true }]);
});
