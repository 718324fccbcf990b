/** A TCP relay on 127.0.0.1 that can hold what goes one way: so a test stands exactly between a send and its ack. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class HeldLine {
  heldBytes = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isUpHeld = false;
  private isDownHeld = false;
  /** Chunks downwards of a connection that still pass: the answer to the upgrade, for one. */
  private downFree = 0;
  private held: (() => void)[] = [];

  static async to(port: number): Promise<HeldLine> {
    const held = new HeldLine(port);
    await new Promise<void>((resolve) => held.server.listen(0, "127.0.0.1", resolve));
    return held;
  }

  private constructor(port: number) {
    this.server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      let down = 0;
      near.on("data", (chunk: Buffer) => this.carry(this.isUpHeld, far, chunk));
      far.on("data", (chunk: Buffer) => this.carry(this.isDownHeld && ++down > this.downFree, near, chunk));
      this.join(near, far);
      this.join(far, near);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as { port: number }).port}/node`;
  }

  holdUp(): void {
    this.isUpHeld = true;
  }

  holdDown(chunksFree = 0): void {
    this.isDownHeld = true;
    this.downFree = chunksFree;
  }

  /** Passes on what was held, to those that are still there. */
  release(): void {
    this.isUpHeld = false;
    this.isDownHeld = false;
    for (const pass of this.held.splice(0)) pass();
    this.heldBytes = 0;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.held = [];
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private carry(isHeld: boolean, to: Socket, chunk: Buffer): void {
    if (!isHeld) return void to.write(chunk);
    this.heldBytes += chunk.length;
    this.held.push(() => void (to.destroyed || to.write(chunk)));
  }

  private join(one: Socket, other: Socket): void {
    this.sockets.add(one);
    one.on("error", () => {});
    one.on("close", () => {
      this.sockets.delete(one);
      other.destroy();
    });
  }
}
