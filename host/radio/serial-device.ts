/**
 * Opens a serial port, by the package `serialport` (prebuilt for Linux, macOS and Windows; optional, since only boards on a cable need it).
 * A pseudo-terminal will do as well. What goes wrong is told in a sentence that says what to do.
 */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { Trouble } from "../trouble.ts";

export interface SerialListener {
  /** Bytes, one character each. */
  data(chunk: string): void;
  /** It is gone, and not because we closed it. */
  closed(reason: string): void;
}

export interface SerialDevice {
  write(text: string): void;
  close(): void;
}

/** Rejects with `Trouble`. */
export type OpenSerial = (path: string, baud: number, listener: SerialListener) => Promise<SerialDevice>;

/** The part of the package that is used. */
interface Port {
  open(done: (error: Error | null) => void): void;
  write(bytes: Buffer): boolean;
  close(done: (error: Error | null) => void): void;
  /** Called once all that was written is with the hardware. */
  drain(done: (error: Error | null | undefined) => void): void;
  update(options: { baudRate: number }, done: (error: Error | null) => void): void;
  set(lines: { dtr?: boolean; rts?: boolean }, done: (error: Error | null) => void): void;
  on(event: "data", listener: (bytes: Buffer) => void): void;
  on(event: "error" | "close", listener: (error: Error | null) => void): void;
}
export interface SerialPortClass {
  new (options: { path: string; baudRate: number; autoOpen: false; hupcl: boolean }): Port;
  /** Rejects where the system cannot tell. Numbers in hexadecimal. */
  list(): Promise<{ path: string; vendorId?: string; productId?: string }[]>;
}

/** Not written as a literal where it is imported: without the package the rest must compile and run. */
const PACKAGE: string = "serialport";

/** `what` is plugged in there, for what is said of it. */
export async function openSerial(
  path: string,
  baud: number,
  listener: SerialListener,
  what = "dongle",
): Promise<SerialDevice> {
  checkDevice(path, what);
  const SerialPort = await serialPortClass();
  // Not hung up at the end: on many boards that is wired to the reset.
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, hupcl: false });
  let isOpen = true;
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null ? resolve() : reject(new Trouble(openTrouble(path, error.message, what)))));
  });
  const end = (error: Error | null): void => {
    if (!isOpen) return;
    isOpen = false;
    listener.closed(`${path} is gone${error === null ? "" : ` (${error.message})`}: plug the ${what} in again`);
    port.close(() => {});
  };
  port.on("data", (bytes) => {
    if (isOpen) listener.data(bytes.toString("latin1"));
  });
  port.on("error", end);
  port.on("close", end);
  return {
    write: (text) => void port.write(Buffer.from(text, "latin1")),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      port.close(() => {});
    },
  };
}

/** Rejects with `Trouble` if the package is not installed. */
export async function serialPortClass(): Promise<SerialPortClass> {
  try {
    const { SerialPort } = (await import(PACKAGE)) as { SerialPort: SerialPortClass };
    return SerialPort;
  } catch (error) {
    throw new Trouble(
      `a serial port needs the package serialport, which is not installed here: npm install serialport (${(error as Error).message.split("\n")[0]})`,
    );
  }
}

/** What the file system knows already; on Windows a port is no file. Throws `Trouble`. */
export function checkDevice(path: string, what: string): void {
  if (process.platform === "win32") return;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new Trouble(`there is no ${path}: plug the ${what} in, and look for its name in /dev/serial/by-id`);
  if (!stats.isCharacterDevice())
    throw new Trouble(`${path} is no serial port: name the ${what}'s device, such as /dev/ttyUSB0`);
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch {
    throw new Trouble(permissionTrouble(path));
  }
}

function permissionTrouble(path: string): string {
  const group = groupName(statSync(path).gid);
  return `this user may not open ${path}: sudo usermod -aG ${group} ${userInfo().username}, then log in again`;
}

export function groupName(gid: number): string {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((one) => one.split(":")[2] === String(gid));
    return line?.split(":")[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}

/** In words: the package says what the system said. */
export function openTrouble(path: string, message: string, what: string): string {
  if (/lock|busy|temporarily unavailable|access denied/i.test(message))
    return `${path} is in use by another program: end it (another root, a terminal, a flasher)`;
  if (/permission denied/i.test(message)) return permissionTrouble(path);
  if (/inappropriate ioctl/i.test(message))
    return `${path} is no serial port: name the ${what}'s device, such as /dev/ttyUSB0`;
  return `cannot open ${path}: ${message}`;
}
