/** A TCP relay on 127.0.0.1 whose connections a test can cut. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class Proxy {
  readonly port: number;
  cuts = 0;
  private readonly server: Server;
  private readonly sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.server = server;
    this.sockets = sockets;
    this.port = (server.address() as { port: number }).port;
  }

  static async to(port: number): Promise<Proxy> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Proxy(server, sockets);
  }

  get isCarrying(): boolean {
    return this.sockets.size > 0;
  }

  cut(): void {
    if (this.isCarrying) this.cuts += 1;
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
