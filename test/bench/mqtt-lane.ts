/**
 * MqttLane publishes at QoS 1 over MQTT 3.1.1 and counts PUBACK. MqttKeeper is a persistent subscriber that acknowledges what it
 * gets, so that the broker has something to save.
 *
 * Each message is a write of its own, as in client libraries. Our own few lines instead of one: the `mqtt` package builds each
 * packet anew and keeps each message in a store, which makes the load generator slower than the broker, and the broker would look
 * bad for it.
 */
import { connect, type Socket } from "node:net";
import { eventTexts, publications } from "./events.ts";
import type { Lane } from "./lane.ts";

const OPEN_TIMEOUT_MILLIS = 10_000;
/** Spec: MQTT 3.1.1, section 2.2.1: types of packets, with the flags they must have, at QoS 1. */
const CONNACK = 0x20;
const PUBLISH_QOS1 = 0x32;
/** Added to the type: the message stays, for those who subscribe later. */
const RETAIN = 0x01;
const PUBACK = 0x40;
const SUBSCRIBE = 0x82;
const SUBACK = 0x90;
/** Largest packet identifier; 0 is not allowed. Spec. */
const PACKET_ID_MAX = 65_535;

export class MqttLane implements Lane {
  readonly eventsPerFrame: number;
  readonly frameBytes: number;
  onAcked: (frames: number) => void = () => {};
  onTrouble: (reason: string) => void = () => {};
  private readonly socket: Socket;
  /** Whole packets, but for their identifiers, and where those go. */
  private readonly packets: Buffer[];
  private readonly idsAt: number[];
  private id = 0;
  private turn: number;
  /** Bytes of a PUBACK that was cut by the end of a chunk. */
  private unread: Buffer = Buffer.alloc(0);

  /** `isRetained`: each entity has a topic, whose last message the broker keeps; then a message is one event. */
  static async open(port: number, index: number, eventsPerFrame: number, isRetained: boolean): Promise<MqttLane> {
    return new MqttLane(await dial(port, `bench-${index}`, true), index, eventsPerFrame, isRetained);
  }

  private constructor(socket: Socket, index: number, eventsPerFrame: number, isRetained: boolean) {
    this.socket = socket;
    this.eventsPerFrame = eventsPerFrame;
    const messages = isRetained
      ? publications().map(({ entity, message }) => ({ topic: `bench/${index}/sensor/${entity}/state`, message }))
      : // One event is a JSON value; the newline that separates several has no place after it.
        eventTexts(eventsPerFrame).map((text) => ({
          topic: `bench/${index}`,
          message: eventsPerFrame === 1 ? text.trimEnd() : text,
        }));
    const type = PUBLISH_QOS1 + (isRetained ? RETAIN : 0);
    this.packets = messages.map(({ topic, message }) =>
      packet(type, [string(topic), Buffer.alloc(2), Buffer.from(message)]),
    );
    this.idsAt = this.packets.map((bytes, i) => {
      const topic = (messages[i] as { topic: string }).topic;
      return bytes.indexOf(topic) + topic.length;
    });
    this.frameBytes = (this.packets[0] as Buffer).length;
    this.turn = index % this.packets.length;
    socket.on("data", (data: Buffer) => this.read(data));
    socket.on("error", (error) => this.onTrouble(error.message));
    socket.on("close", () => this.onTrouble("connection closed"));
  }

  send(frames: number): void {
    for (let i = 0; i < frames; i++) {
      const out = Buffer.from(this.packets[this.turn] as Buffer);
      const idAt = this.idsAt[this.turn] as number;
      this.turn = (this.turn + 1) % this.packets.length;
      this.id = this.id === PACKET_ID_MAX ? 1 : this.id + 1;
      out.writeUInt16BE(this.id, idAt);
      this.socket.write(out);
    }
  }

  close(): void {
    this.onAcked = this.onTrouble = () => {};
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    const bytes = this.unread.length === 0 ? data : Buffer.concat([this.unread, data]);
    const whole = bytes.length - (bytes.length % 4);
    // A broker sends a publisher nothing but PUBACK, which is four bytes.
    for (let at = 0; at < whole; at += 4)
      if (bytes[at] !== PUBACK) return this.onTrouble(`a packet of type ${bytes[at]} instead of PUBACK`);
    this.unread = bytes.subarray(whole);
    if (whole > 0) this.onAcked(whole / 4);
  }
}

/** A subscriber to everything the lanes publish, at QoS 1, that goes away and leaves its session: the broker keeps messages for it. */
export async function leaveSubscriber(port: number): Promise<void> {
  const socket = await dial(port, "keeper", false);
  socket.on("error", () => {});
  socket.write(packet(SUBSCRIBE, [Buffer.from([0, 1]), string("bench/#"), Buffer.from([1])]));
  const answer = await firstChunk(socket);
  socket.destroy();
  if (answer[0] !== SUBACK || answer[4] !== 1) throw new Error("the broker refused the subscription");
}

async function dial(port: number, clientId: string, isClean: boolean): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  const timer = setTimeout(() => socket.destroy(new Error("no answer")), OPEN_TIMEOUT_MILLIS);
  try {
    socket.write(packet(0x10, [string("MQTT"), Buffer.from([4, isClean ? 2 : 0, 0, 60]), string(clientId)]));
    const answer = await firstChunk(socket);
    if (answer[0] !== CONNACK || answer[3] !== 0) throw new Error(`the broker refused the connection: ${answer[3]}`);
    return socket;
  } finally {
    clearTimeout(timer);
  }
}

/** What the server says first. Its answers here are shorter than any segment, and nothing follows unasked. */
function firstChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const failed = (error?: Error): void => reject(error ?? new Error("connection closed by the broker"));
    socket.once("error", failed);
    socket.once("close", failed);
    socket.once("data", (data: Buffer) => {
      socket.off("error", failed).off("close", failed);
      resolve(data);
    });
  });
}

function packet(type: number, parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
