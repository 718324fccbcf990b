/**
 * Writes an image onto a chip that may be empty, by the boot loader in its ROM: through the package esptool-js, which is Espressif's own. The package
 * is optional, like the serial port's.
 */
import { createHash } from "node:crypto";
import { Trouble } from "#host/trouble.ts";
import { hex, type ImagePart } from "./image-parts.ts";
import type { WebSerialPort } from "./web-serial-port.ts";

/** Not written as a literal where it is imported: without the package the rest must compile and run. */
const PACKAGE: string = "esptool-js";
/** The ROM's own speed, in bits per second. */
const ROM_BAUD = 115_200;

interface Loader {
  chip: { CHIP_NAME: string };
  main(): Promise<string>;
  writeFlash(options: object): Promise<void>;
  eraseFlash(): Promise<unknown>;
}
interface Package {
  ESPLoader: new (options: object) => Loader;
  Transport: new (
    device: WebSerialPort,
    tracing: boolean,
  ) => { trace: (text: string) => void; disconnect(): Promise<void> };
}

export interface WriteOptions {
  port: WebSerialPort;
  /** For people: the port's name. */
  path: string;
  baud: number;
  parts: readonly ImagePart[];
  /** The whole flash is erased before, with all that is in Storage. */
  isErasing: boolean;
  /** One line. */
  say(text: string): void;
  /** From 0 to 1. */
  tell(part: ImagePart, share: number): void;
}

/** Resolves with the chip's name when all is written, compared, and the chip was reset. Rejects with `Trouble`. */
export async function writeChip(options: WriteOptions): Promise<string> {
  const { port, path, baud, parts, say } = options;
  const { ESPLoader, Transport } = await loadPackage();
  const transport = new Transport(port, false);
  // It writes on stdout, whether it was asked to or not.
  transport.trace = () => {};
  // Of its many words only what may explain a failure.
  const words: string[] = [];
  const terminal = {
    clean: () => {},
    writeLine: (line: string) => void words.push(line),
    write: () => {},
  };
  const loader = new ESPLoader({ transport, baudrate: baud, romBaudrate: ROM_BAUD, terminal });
  try {
    say(`${path}: looking for a chip`);
    await loader.main().catch((error: Error) => {
      throw error instanceof Trouble ? error : new Trouble(noChip(path, error.message));
    });
    const chip = loader.chip.CHIP_NAME;
    say(`${path}: ${chip}`);
    const wrong = parts.find((part) => part.chip !== "" && part.chip !== chip);
    if (wrong !== undefined)
      throw new Trouble(`${wrong.name} is for the ${wrong.chip}, and this chip is an ${chip}: take the files for that`);
    if (options.isErasing) {
      say("erasing the whole flash, which takes up to a minute");
      await loader.eraseFlash();
    }
    await loader.writeFlash({
      fileArray: parts.map(({ bytes, address }) => ({ data: bytes, address })),
      flashMode: "keep",
      flashFreq: "keep",
      flashSize: "keep",
      eraseAll: false,
      compress: true,
      reportProgress: (file: number, done: number, total: number) =>
        options.tell(parts[file] as ImagePart, done / total),
      calculateMD5Hash: (image: Uint8Array) => createHash("md5").update(image).digest("hex"),
    });
    await port.resetChip();
    return chip;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    const { message } = error as Error;
    throw new Trouble(
      /MD5/.test(message)
        ? "what is in the flash is not what was sent: try another cable, or a slower --baud; if it stays so, the flash is damaged"
        : `writing broke off (${message}): look at the cable, or try a slower --baud, and start again`,
    );
  } finally {
    await Promise.race([transport.disconnect().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1000))]);
    await port.close();
  }
}

export function partName({ name, address }: ImagePart): string {
  return `${name} at ${hex(address)}`;
}

function noChip(path: string, message: string): string {
  if (/magic|chip id/i.test(message))
    return `the chip on ${path} is none that is known here (${message}): it has to be an ESP32`;
  return `no chip answers on ${path}: hold BOOT, press RESET (or plug it in), let BOOT go, and start again`;
}

async function loadPackage(): Promise<Package> {
  try {
    return (await import(PACKAGE)) as Package;
  } catch (error) {
    throw new Trouble(
      `this needs the package esptool-js, which is not installed here: npm install esptool-js (${(error as Error).message.split("\n")[0]})`,
    );
  }
}
