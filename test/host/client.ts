/** A node written from the wire's description alone, for tests of the root: it says what a test tells it to say. */
import { once } from "node:events";
import { WebSocket } from "ws";

export interface Line {
  type: string;
  [field: string]: unknown;
}

export class WireClient {
  readonly lines: Line[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      for (const text of String(data).split("\n")) if (text !== "") this.lines.push(JSON.parse(text) as Line);
    });
    socket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on("error", () => {});
  }

  static async open(url: string, token: string): Promise<WireClient> {
    const client = new WireClient(new WebSocket(url, { headers: { authorization: `Bearer ${token}` } }));
    await once(client.socket, "open");
    return client;
  }

  say(...lines: object[]): void {
    this.socket.send(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** The oldest line of this type that was not taken yet. */
  async next(type: string): Promise<Line> {
    const giveUpAt = performance.now() + 5000;
    for (;;) {
      const at = this.lines.findIndex((line) => line.type === type);
      if (at >= 0) return this.lines.splice(at, 1)[0] as Line;
      if (performance.now() > giveUpAt) throw new Error(`no ${type} came; there is ${JSON.stringify(this.lines)}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Joins, and returns the epoch that the root gave. */
  async join(id: string, epoch?: number): Promise<number> {
    this.say({ type: "?hello", v: 1, id, fw: "test", nonce: 1, ...(epoch === undefined ? {} : { ep: epoch }) });
    const hello = await this.next("!hello");
    if (hello["error"] !== undefined) throw new Error(`refused: ${String(hello["error"])}`);
    return hello["ep"] as number;
  }

  /** Sends events `last - events.length + 1` to `last`, and waits until the root has them on disk. */
  async store(id: string, epoch: number, last: number, events: object[]): Promise<void> {
    this.say(...events, { type: "?ack", src: id, ep: epoch, n: last });
    while (((await this.next("!ack"))["n"] as number) < last);
  }

  close(): void {
    this.socket.terminate();
  }
}
