/** A client that speaks the wire by hand, so that a test sees every line. */
import { WebSocket } from "ws";
import { until } from "./processes.ts";

export interface Line {
  type: string;
  [field: string]: unknown;
}

export class RawNode {
  readonly lines: Line[] = [];
  isOpen = true;
  epoch = 0;
  private readonly socket: WebSocket;
  private readonly id: string;

  private constructor(socket: WebSocket, id: string) {
    this.socket = socket;
    this.id = id;
    socket.on("message", (data: Buffer) => {
      for (const line of data.toString().split("\n")) if (line !== "") this.lines.push(JSON.parse(line) as Line);
    });
    socket.on("close", () => (this.isOpen = false));
    socket.on("error", () => {});
  }

  /** Connects and says `?hello`, offering an epoch if there is one. */
  static async join(url: string, id: string, token: string, epoch = 0): Promise<RawNode> {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const node = new RawNode(socket, id);
    node.say({ type: "?hello", v: 1, id, ...(epoch > 0 ? { ep: epoch } : {}) });
    const hello = await node.answer("!hello");
    node.epoch = hello["ep"] as number;
    return node;
  }

  say(...lines: (Line | readonly unknown[])[]): void {
    this.socket.send(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** A group of events numbered `from` to `to`. */
  group(from: number, to: number): void {
    const events = Array.from({ length: to - from + 1 }, (_, i) => ({ type: "!update", eid: "t", value: from + i }));
    this.say(...events, { type: "?ack", src: this.id, ep: this.epoch, n: to });
  }

  async answer(type: string): Promise<Line> {
    await until(
      () => this.lines.some((line) => line.type === type),
      10_000,
      () => `no ${type}: ${JSON.stringify(this.lines)}`,
    );
    return this.lines.find((line) => line.type === type) as Line;
  }

  /** The last event that the root says it has. */
  get acked(): number {
    return this.lines
      .filter((line) => line.type === "!ack")
      .reduce((most, line) => Math.max(most, line["n"] as number), 0);
  }

  close(): void {
    this.socket.terminate();
  }
}
