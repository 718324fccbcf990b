/**
 * One profiled program on the engine, with a root in this process above it and, if it is a branch, children by WebSocket below. The program of a leaf by radio has an
 * emulated gateway above it, over the stand-in of the radio.
 */
import { SaplineLane } from "../../bench/sapline-lane.ts";
import { EmulatedProgram } from "../../firmware/emulated-node.ts";
import { Engine, firmware, freePort, LISTENER } from "../espruino.ts";
import { MemoryRoot } from "../memory-root.ts";
import { freeBase } from "../radio-contract.ts";
import { CLOCK, METER, probed } from "./probes.ts";

const KEY = "00112233445566778899aabbccddeeff";
/** As many as a chip takes: CHIP_LIMITS. */
export const CHILDREN = 6;
const EVENTS_PER_FRAME = 10;
/** In the air of the stand-in: a gateway, the node, its children. */
const NODES = 2 + CHILDREN;
/** How often the meter is read before what it says is taken for quiet: by radio there is always something going on, and without its root a node dials. */
const LOOKS = 12;

export interface Kit {
  name: string;
  /** The stock program. */
  stock: string;
  /** The profiled node with the same parts. */
  node: string;
  takesChildren: boolean;
  hasRadio: boolean;
}

export const KITS: readonly Kit[] = [
  {
    name: "wifi.js",
    stock: "firmware/wifi.ts",
    node: "test/engine/profile/wifi-node.ts",
    takesChildren: true,
    hasRadio: false,
  },
  {
    name: "main.js",
    stock: "firmware/main.ts",
    node: "test/engine/profile/main-node.ts",
    takesChildren: true,
    hasRadio: true,
  },
  {
    name: "leaf.js",
    stock: "firmware/leaf.ts",
    node: "test/engine/profile/leaf-node.ts",
    takesChildren: false,
    hasRadio: true,
  },
];

export interface StageOptions {
  /** Runs the stock program instead of the profiled node. */
  isStock?: boolean;
  /** Runs from flash, as a chip does. The engine for Linux plays flash by a file and is several times slower then. */
  isFromFlash?: boolean;
  isProbed?: boolean;
  /** Evaluated before the program, after the stand-in. */
  before?: string;
  /** Leaves the radio out where the program has another way up: with the stand-in beside it the largest program does not fit into memory. */
  isWithoutRadio?: boolean;
  /** Prints its variables, for `usage`. */
  isMetered?: boolean;
  /** The root takes nobody until it is told to. */
  isDeaf?: boolean;
}

export class Stage {
  readonly root: MemoryRoot;
  readonly engine: Engine;
  readonly lanes: SaplineLane[] = [];
  /** Events that children had acknowledged. */
  childEvents = 0;
  private readonly listen: number;
  private readonly gateway: EmulatedProgram | undefined;
  /** Emulated children by radio. */
  readonly radioChildren: EmulatedProgram[] = [];
  private readonly radioBase: number;
  private readonly tokens: { [id: string]: string };
  private unsentFrames = 0;

  static async open(kit: Kit, options: StageOptions): Promise<Stage> {
    const tokens: { [id: string]: string } = { node: "token-of-node", gate: "token-of-gate" };
    for (let i = 0; i < CHILDREN; i++) tokens[`child-${i}`] = `token-of-child-${i}`;
    const root = await MemoryRoot.open(tokens);
    if (options.isDeaf === true) root.deafen();
    const parent = { host: "127.0.0.1", port: root.port };
    const hasRadio = kit.hasRadio && !(kit.takesChildren && options.isWithoutRadio === true);
    const radio = hasRadio ? { radio: { key: KEY } } : {};
    const base = hasRadio ? await freeBase(NODES) : 0;
    let gateway: EmulatedProgram | undefined;
    let config: object = { id: "node", token: tokens["node"], ...radio };
    const listen = await freePort();
    if (kit.takesChildren) config = { ...config, parent, listen };
    else {
      const standIn = { base, id: 1, nodes: 2 };
      gateway = await EmulatedProgram.start("firmware/main.ts", {
        id: "gate",
        token: tokens["gate"],
        parent,
        ...radio,
        standIn,
      });
      if (options.isDeaf !== true) await gateway.line(/joined/);
    }
    if (hasRadio) config = { ...config, standIn: { base, id: 2, nodes: kit.takesChildren ? NODES : 2 } };
    const text = options.isStock === true ? await firmware(kit.stock) : await firmware(kit.node, kit.stock);
    const program = options.isProbed === true ? probed(text) : text;
    const before = [
      options.isStock === true ? "" : LISTENER,
      CLOCK,
      hasRadio ? await firmware("firmware/stand-in.ts") : "",
      options.before ?? "",
      options.isMetered === true ? METER : "",
    ].join("\n");
    const files = { "sapline.json": JSON.stringify(config) };
    const engine =
      options.isFromFlash === true
        ? Engine.fromFlash(before, program, "", files)
        : new Engine(`${before}\n${program}`, files);
    return new Stage(root, engine, listen, gateway, base, tokens);
  }

  private constructor(
    root: MemoryRoot,
    engine: Engine,
    listen: number,
    gateway: EmulatedProgram | undefined,
    radioBase: number,
    tokens: { [id: string]: string },
  ) {
    this.radioBase = radioBase;
    this.tokens = tokens;
    this.root = root;
    this.engine = engine;
    this.listen = listen;
    this.gateway = gateway;
  }

  /** Variables in use once it is quiet: the fewest of the next looks. */
  async usage(): Promise<number> {
    const looks = (): number[] =>
      this.engine.lines.filter((line) => line.startsWith("usage ")).map((line) => Number(line.slice(6)));
    const known = looks().length;
    const enough = known + LOOKS;
    await this.until(() => looks().length >= enough, "the meter");
    return Math.min(...looks().slice(known));
  }

  /** Readings of the node that the root has. */
  stored(): number {
    return this.root.events.reduce(
      (sum, { node, event }) => (node === "node" && event["type"] === "!update" ? sum + 1 : sum),
      0,
    );
  }

  async until(condition: () => boolean, what: string, wait = 60_000): Promise<void> {
    const end = Date.now() + wait;
    while (!condition()) {
      if (Date.now() > end)
        throw new Error(`not within ${wait} ms: ${what}\n${this.engine.lines.slice(-20).join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** All the children it may have, joined. */
  async openChildren(): Promise<void> {
    for (let i = 0; i < CHILDREN; i++) {
      const target = { port: this.listen, id: `child-${i}`, token: `token-of-child-${i}` };
      const lane = await SaplineLane.open(target, i, EVENTS_PER_FRAME, false);
      lane.onTrouble = (reason) => this.engine.lines.push(`fault: child ${i}: ${reason}`);
      lane.onAcked = (frames) => {
        this.childEvents += frames * EVENTS_PER_FRAME;
        const more = Math.min(frames, this.unsentFrames);
        this.unsentFrames -= more;
        if (more > 0) lane.send(more);
      };
      this.lanes.push(lane);
    }
  }

  /** All the children it may have, by radio, joined: each plays back so many readings. They hear nobody but the node. */
  async openRadioChildren(readings: number): Promise<void> {
    const lines = Array.from(
      { length: readings },
      (_, at) => `s${at % 5},${at / 8},${1_732_345_600_000 + at * 1000}\n`,
    );
    for (let i = 0; i < CHILDREN; i++) {
      const id = `child-${i}`;
      const config = {
        id,
        token: this.tokens[id],
        radio: { key: KEY, children: false },
        standIn: { base: this.radioBase, id: 3 + i, nodes: 2 },
        replay: { every: 100, batch: 5 },
      };
      const files = { readings: lines.join("") };
      this.radioChildren.push(await EmulatedProgram.start("test/engine/radio-replay.ts", config, files));
    }
    for (const child of this.radioChildren) await child.line(/joined/, 60_000);
  }

  /** Has the children say so many frames in all, each child one after the other. */
  childrenSay(frames: number): void {
    this.unsentFrames += frames - this.lanes.length;
    for (const lane of this.lanes) lane.send(1);
  }

  closeChildren(): void {
    for (const lane of this.lanes.splice(0)) lane.close();
  }

  async close(): Promise<void> {
    this.closeChildren();
    for (const child of this.radioChildren) await child.stop();
    await this.engine.stop();
    await this.gateway?.stop();
    await this.root.close();
  }
}
