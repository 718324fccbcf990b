/**
 * RootDoor is where boards find the simulated root: a port of the virtual net that speaks HTTP as far as a WebSocket needs it, looks at the token, and makes of each socket a link of the
 * simulated root's process. It decides nothing about the protocol.
 */
import { createHash } from "node:crypto";
import type { Stream, StreamListener } from "../../emulator/network.ts";
import type { LinkId } from "#shared/units.ts";
import type { RootProcess } from "../root-process.ts";
import { Wire, type WireEnd, type WireOwner, type WireWorld } from "../wire.ts";
import { CLOSE, FrameReader, frameOf, PING, PONG, TEXT } from "./frames.ts";
import type { VirtualNet } from "./virtual-net.ts";

export const ROOT_HOST = "root";
export const ROOT_PORT = 4000;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Longest head of a request. A board that sends more is cut. */
const HEAD_BYTES_MAX = 8192;

/** The world, as far as a door needs it. */
export interface DoorWorld extends WireWorld {
  readonly root: RootProcess;
  /** Whose token that is. */
  idOf(token: string): string | undefined;
}

/** The wire of tools/sim, but for its bytes: those go by the virtual net. */
class DoorWire extends Wire {
  private readonly stream: Stream;
  private readonly breaks: (itsNotice: number, rootsNotice: number) => void;

  constructor(
    world: WireWorld,
    child: WireOwner,
    root: RootProcess,
    stream: Stream,
    breaks: (itsNotice: number, rootsNotice: number) => void,
  ) {
    super(world, child, -1 as LinkId, root, root.nextLink());
    this.stream = stream;
    this.breaks = breaks;
  }

  override send(_from: WireEnd, text: string): void {
    if (this.stream.write(frameOf(TEXT, Buffer.from(text)))) this.world.later(0, () => this.drained());
  }

  /** All that was written has left. */
  drained(): void {
    if (this.parent.isListening()) this.parent.owner.socketEmpty(this.parent.link);
  }

  override close(from: WireEnd): void {
    from.isGone = true;
    this.stream.write(frameOf(CLOSE, Buffer.from([1000 >> 8, 1000 & 255])));
    this.stream.finish();
  }

  override pause(): void {
    this.stream.pause();
  }

  override resume(): void {
    this.stream.resume();
  }

  override cut(childNotice: number, parentNotice: number): void {
    this.breaks(childNotice, parentNotice);
  }
}

/** One connection of a board. */
class Visit {
  private head = Buffer.alloc(0);
  private readonly frames = new FrameReader();
  private readonly world: DoorWorld;
  private readonly net: VirtualNet;
  private readonly stream: Stream;
  private wire: DoorWire | undefined;

  constructor(world: DoorWorld, net: VirtualNet, stream: Stream) {
    this.world = world;
    this.net = net;
    this.stream = stream;
  }

  listener(): StreamListener {
    const ended = (): void => this.end();
    return {
      connected: () => {},
      data: (bytes) => (this.wire === undefined ? this.request(bytes) : this.take(this.wire, bytes)),
      drained: () => this.wire?.drained(),
      ended,
      failed: ended,
      closed: ended,
    };
  }

  private request(bytes: Buffer): void {
    this.head = Buffer.concat([this.head, bytes]);
    const end = this.head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.head.length > HEAD_BYTES_MAX) this.answer("431 Request Header Fields Too Large");
      return;
    }
    const text = this.head.subarray(0, end).toString("latin1");
    const rest = this.head.subarray(end + 4);
    const key = /^sec-websocket-key: *(\S+)/im.exec(text)?.[1];
    const id = this.world.idOf(/^authorization: *bearer +(\S+)/im.exec(text)?.[1] ?? "");
    if (!text.startsWith("GET /node ")) return this.answer("404 Not Found");
    if (key === undefined) return this.answer("426 Upgrade Required");
    if (id === undefined) return this.answer("401 Unauthorized");
    const accept = createHash("sha1")
      .update(key + GUID)
      .digest("base64");
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    this.stream.write(Buffer.from(`${head}Sec-WebSocket-Accept: ${accept}\r\n\r\n`, "latin1"));
    this.open(id);
    if (rest.length > 0 && this.wire !== undefined) this.take(this.wire, rest);
  }

  private open(id: string): void {
    const { root } = this.world;
    const child: WireOwner = {
      id,
      life: 0,
      isUp: true,
      frameCame: () => {},
      socketEmpty: () => {},
      linkEnded: () => {},
    };
    this.wire = new DoorWire(this.world, child, root, this.stream, (itsNotice, rootsNotice) => {
      this.net.cut(id, ROOT_HOST, itsNotice, rootsNotice);
    });
    root.attach(this.wire.parent);
    root.opened(this.wire.parent.link, id);
  }

  private take(wire: DoorWire, bytes: Buffer): void {
    for (const { opcode, payload } of this.frames.take(bytes)) {
      if (!wire.parent.isListening()) return;
      if (opcode === TEXT) {
        const text = payload.toString();
        this.world.arrivedAt(wire.parent, text, this.world.now);
        this.world.root.frameCame(wire.parent.link, text);
      } else if (opcode === PING) this.stream.write(frameOf(PONG, payload));
      else if (opcode === CLOSE) {
        this.stream.write(frameOf(CLOSE, payload.subarray(0, 2)));
        this.stream.finish();
        this.end();
      }
    }
  }

  private end(): void {
    this.stream.destroy();
    const end = this.wire?.parent;
    if (end === undefined || !end.isListening()) return;
    end.isGone = true;
    end.owner.linkEnded(end.link);
  }

  private answer(status: string): void {
    this.stream.write(Buffer.from(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, "latin1"));
    this.stream.finish();
  }
}

export class RootDoor {
  private readonly world: DoorWorld;
  private readonly net: VirtualNet;
  private ending: (() => void) | undefined;

  constructor(world: DoorWorld, net: VirtualNet) {
    this.world = world;
    this.net = net;
  }

  /** The root's program runs: it takes connections. */
  open(): void {
    this.ending = this.net.host(ROOT_HOST).listen(
      ROOT_PORT,
      (stream) => new Visit(this.world, this.net, stream).listener(),
      () => {},
    );
  }

  /** It is gone: they are refused. */
  shut(): void {
    this.ending?.();
    this.ending = undefined;
  }
}
