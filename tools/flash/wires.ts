/** Ways from a PC to a board's console: a serial port (or a pseudo-terminal), and TCP, which is what Espruino's telnet console speaks. */
import { connect } from "node:net";
import type { Wire } from "#host/board/wire.ts";
import { openSerial } from "#host/radio/serial-device.ts";
import { Trouble } from "#host/trouble.ts";

/** Espruino's console on an ESP32, in bits per second. */
export const CONSOLE_BAUD = 115_200;
/** The port of Espruino's telnet console. */
export const TELNET_PORT = 23;
/** A board in the network answers in this time, in milliseconds. Chosen. */
const CONNECT_WITHIN_MILLIS = 8000;

/** Where a board is. */
export type Place = { kind: "serial"; path: string; baud: number } | { kind: "tcp"; host: string; port: number };

/** For people. */
export function placeName(place: Place): string {
  return place.kind === "serial" ? place.path : `${place.host}:${place.port}`;
}

/** `HOST`, `HOST:PORT` or `tcp://HOST:PORT`. Throws `Trouble`. */
export function tcpPlace(text: string): Place {
  const match = /^(?:tcp:\/\/)?(\[[0-9a-fA-F:]+\]|[^:[\]/]+)(?::(\d{1,5}))?\/?$/.exec(text);
  const port = match?.[2] === undefined ? TELNET_PORT : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535)
    throw new Trouble(`--tcp must be an address such as 192.168.1.20 or 192.168.1.20:${TELNET_PORT}, not "${text}"`);
  return { kind: "tcp", host: match[1].replace(/^\[|\]$/g, ""), port };
}

/** Rejects with `Trouble`. */
export async function openWire(place: Place): Promise<Wire> {
  return place.kind === "serial" ? openSerialWire(place.path, place.baud) : openTcpWire(place.host, place.port);
}

async function openSerialWire(path: string, baud: number): Promise<Wire> {
  const listener = {
    data: (text: string) => wire.onText(text),
    closed: (reason: string) => wire.onClosed(reason),
  };
  const device = await openSerial(path, baud, listener, "board");
  const wire: Wire = {
    write: async (text) => device.write(text),
    onText: () => {},
    onClosed: () => {},
    close: async () => device.close(),
  };
  return wire;
}

async function openTcpWire(host: string, port: number): Promise<Wire> {
  const where = `${host}:${port}`;
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Trouble(why));
    };
    socket.setTimeout(CONNECT_WITHIN_MILLIS, () =>
      fail(`nothing answers at ${where}: is the board on, and in this network? Otherwise use its cable`),
    );
    socket.once("error", (error: NodeJS.ErrnoException) => fail(connectTrouble(where, error)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      resolve();
    });
  });
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    socket.destroy();
    wire.onClosed(`the connection to ${where} broke: see that the board is on and in reach, then start again`);
  };
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    if (isOpen) wire.onText(text);
  });
  socket.on("error", end);
  socket.on("close", end);
  const wire: Wire = {
    write: async (text) =>
      new Promise((resolve) => {
        if (socket.write(text, "latin1")) resolve();
        else {
          const go = (): void => {
            socket.off("drain", go);
            socket.off("close", go);
            resolve();
          };
          socket.on("drain", go);
          socket.on("close", go);
        }
      }),
    onText: () => {},
    onClosed: () => {},
    close: async () => {
      isOpen = false;
      socket.destroy();
    },
  };
  return wire;
}

function connectTrouble(where: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return `no console at ${where}: Sapline's programs shut Espruino's telnet console, so use the board's cable, or sapline update`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `there is no machine called ${where.replace(/:\d+$/, "")} in this network: name its address`;
    default:
      return `cannot connect to ${where}: ${error.message}`;
  }
}
