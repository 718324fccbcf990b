/**
 * An emulated chip's TCP over this machine's. A refused connection and a taken port are told at once, as on the chip, where the system tells who listens (Linux, this machine);
 * elsewhere the refusal comes later, as `failed` and `closed`. Listens on 127.0.0.1 alone.
 */
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import type { Network, Stream, StreamListener } from "./network.ts";

const LOOPBACK = "127.0.0.1";

/** Ports with a listener on this machine; undefined where the system does not tell. */
function listeningPorts(): Set<number> | undefined {
  const ports = new Set<number>();
  try {
    for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
      for (const line of readFileSync(file, "latin1").split("\n").slice(1)) {
        const fields = line.trim().split(/\s+/);
        if (fields[3] === "0A") ports.add(parseInt(fields[1]?.split(":").pop() ?? "", 16));
      }
    }
  } catch {
    return ports.size > 0 ? ports : undefined;
  }
  return ports;
}

function streamOf(raw: Socket): Stream {
  return {
    write: (bytes) => raw.write(bytes),
    pause: () => void raw.pause(),
    resume: () => void raw.resume(),
    finish: () => raw.destroySoon(),
    destroy: () => void raw.destroy(),
  };
}

function tell(raw: Socket, listener: StreamListener): void {
  raw.on("connect", () => listener.connected());
  raw.on("data", (bytes) => listener.data(bytes));
  raw.on("drain", () => listener.drained());
  raw.on("end", () => listener.ended());
  raw.on("error", (error) => listener.failed(error.message));
  raw.on("close", () => listener.closed());
}

export const REAL_NETWORK: Network = {
  connect(host, port, listener) {
    const isHere = host === LOOPBACK || host === "localhost";
    if (isHere && listeningPorts()?.has(port) === false) return undefined;
    const raw = connect({ host, port, noDelay: false });
    tell(raw, listener);
    return streamOf(raw);
  },
  listen(port, accept, failed) {
    if (listeningPorts()?.has(port) === true) return undefined;
    const server = createServer({ noDelay: false }, (raw) => tell(raw, accept(streamOf(raw))));
    server.on("error", (error) => failed(error.message));
    server.listen(port, LOOPBACK);
    return () => void server.close();
  },
};
