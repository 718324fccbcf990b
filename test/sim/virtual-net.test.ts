/** TCP of simulated boards, and the WebSocket frames that the simulated root reads out of it. */
import { expect, test } from "vitest";
import { encodeFrame, OPCODE_TEXT } from "#firmware/ports/websocket-codec.ts";
import type { Stream, StreamListener } from "#tools/emulator/network.ts";
import { Chance } from "#tools/sim/chance.ts";
import { planOf } from "#tools/sim/plan.ts";
import { FrameReader, frameOf, TEXT } from "#tools/sim/project/frames.ts";
import { VirtualNet } from "#tools/sim/project/virtual-net.ts";
import { World } from "#tools/sim/world.ts";

/** One end: what it has heard. */
class Ear {
  readonly words: string[] = [];
  bytes = "";
  stream: Stream | undefined;

  listener(): StreamListener {
    return {
      connected: () => this.words.push("connected"),
      data: (bytes) => void (this.bytes += bytes.toString("latin1")),
      drained: () => this.words.push("drained"),
      ended: () => this.words.push("ended"),
      failed: () => this.words.push("failed"),
      closed: () => this.words.push("closed"),
    };
  }

  write(text: string): boolean | undefined {
    return this.stream?.write(Buffer.from(text, "latin1"));
  }
}

function stage(): { world: World; net: VirtualNet; near: Ear; far: Ear } {
  const world = new World(planOf({ nodes: [] }));
  const net = new VirtualNet(world);
  const [near, far] = [new Ear(), new Ear()];
  net.host("shed").listen(
    80,
    (stream) => {
      far.stream = stream;
      return far.listener();
    },
    () => {},
  );
  near.stream = net.host("hut").connect("shed", 80, near.listener());
  return { world, net, near, far };
}

test("bytes arrive once, in their order, a latency later, both ways", () => {
  const { world, near, far } = stage();
  world.run(10);
  expect(near.words).toEqual(["connected"]);
  for (const piece of ["a", "bc", "def"]) near.write(piece);
  far.write("back");
  world.run(4);
  expect([near.bytes, far.bytes]).toEqual(["", ""]);
  world.run(10);
  expect([near.bytes, far.bytes]).toEqual(["back", "abcdef"]);
});

test("a reader that pauses slows the writer, who is told when it may go on; nothing is lost", () => {
  const { world, near, far } = stage();
  world.run(10);
  far.stream?.pause();
  expect(near.write("x".repeat(5000))).toBe(true);
  expect(near.write("y".repeat(5000))).toBe(false);
  world.run(1000);
  expect([far.bytes.length, near.words]).toEqual([0, ["connected"]]);
  far.stream?.resume();
  world.run(10);
  expect(far.bytes).toBe("x".repeat(5000) + "y".repeat(5000));
  expect(near.words).toEqual(["connected", "drained"]);
});

test("an end in good order comes after all bytes, and both ends hear that it is over", () => {
  const { world, near, far } = stage();
  world.run(10);
  near.write("last");
  near.stream?.finish();
  world.run(10);
  expect([far.bytes, far.words]).toEqual(["last", ["ended"]]);
  far.stream?.destroy();
  world.run(20);
  expect(far.words).toEqual(["ended", "closed"]);
  expect(near.words).toEqual(["connected", "closed"]);
});

test("a cut is heard at each end when it is to be, and what was under way is gone", () => {
  const { world, net, near, far } = stage();
  world.run(10);
  near.write("lost");
  expect(net.cut("hut", "shed", 20, -1)).toBe(1);
  world.run(10_000);
  expect([far.bytes, far.words, near.words]).toEqual(["", [], ["connected", "failed", "closed"]]);
  expect(net.cut("hut", "shed", 0, 0)).toBe(0);
});

test("nobody refuses where the power is off; where nobody listens, it is refused at once", () => {
  const { world, net } = stage();
  const ear = new Ear();
  const hut = net.host("hut");
  expect(hut.connect("shed", 81, ear.listener())).toBeUndefined();
  expect(hut.connect("elsewhere", 80, ear.listener())).toBeUndefined();
  net.silence("shed");
  ear.stream = hut.connect("shed", 80, ear.listener());
  world.run(60_000);
  expect([ear.stream === undefined, ear.words]).toEqual([false, []]);
  ear.stream?.destroy();
  world.run(0);
  expect(ear.words).toEqual(["closed"]);
});

test("a port is taken until its listener ends", () => {
  const { net } = stage();
  const shed = net.host("shed");
  const nobody = (): StreamListener => new Ear().listener();
  expect(shed.listen(80, nobody, () => {})).toBeUndefined();
  const end = shed.listen(81, nobody, () => {});
  end?.();
  expect(shed.listen(81, nobody, () => {})).toBeDefined();
});

test("frames of the firmware come out the same however their bytes are cut", () => {
  const texts = ["", "a", "é".repeat(60), "x".repeat(125), "y".repeat(126), "z".repeat(5000)];
  const bytes = texts.map((text) => encodeFrame(OPCODE_TEXT, Buffer.from(text).toString("latin1"), true)).join("");
  const all = Buffer.from(bytes, "latin1");
  const chance = new Chance(7);
  for (const most of [1, 2, 700, all.length]) {
    const reader = new FrameReader();
    const read: string[] = [];
    for (let at = 0; at < all.length; ) {
      const to = at + (most === 700 ? chance.between(1, most) : most);
      for (const { opcode, payload } of reader.take(all.subarray(at, to))) {
        expect(opcode).toBe(TEXT);
        read.push(payload.toString());
      }
      at = to;
    }
    expect(read).toEqual(texts);
  }
});

test("a mask is taken off, and what no board sends is refused", () => {
  const masked = Buffer.from([0x81, 0x82, 1, 2, 3, 4, "h".charCodeAt(0) ^ 1, "i".charCodeAt(0) ^ 2]);
  expect(new FrameReader().take(masked)[0]?.payload.toString()).toBe("hi");
  for (const head of [
    [0x81, 2],
    [0x01, 0x82],
    [0x81, 0xff],
  ])
    expect(() => new FrameReader().take(Buffer.from(head))).toThrow("a board sent a frame");
});

test("a frame for a board has its length in as few bytes as can be", () => {
  const head = (bytes: number): number[] => [...frameOf(TEXT, Buffer.alloc(bytes)).subarray(0, 4)];
  expect(head(125).slice(0, 2)).toEqual([0x81, 125]);
  expect(head(126)).toEqual([0x81, 126, 0, 126]);
  expect(head(65_535)).toEqual([0x81, 126, 255, 255]);
  expect(frameOf(TEXT, Buffer.alloc(65_536)).readUInt32BE(6)).toBe(65_536);
});
