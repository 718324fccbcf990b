/** The files of an Espruino image, and where in the flash each belongs: as it was said, or as its name says. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Trouble } from "#host/trouble.ts";

/** First byte of what a chip can start. Source: Espressif's image format. */
const IMAGE_MAGIC = 0xe9;
/** Where its header names the chip, two bytes. */
const CHIP_ID_AT = 12;
/** Where partitions and the program are on all chips that Espruino runs on. Source: Espruino, targets/esp32/README_flash*.txt. */
const PARTITIONS_AT = 0x8000;
const PROGRAM_AT = 0x10000;
const FLASH_BYTES_MAX = 0x1000000;

/** Chips by the number in an image's header, and where each looks for its boot loader. */
const CHIPS: { readonly [id: number]: { name: string; bootAt: number } } = {
  0: { name: "ESP32", bootAt: 0x1000 },
  2: { name: "ESP32-S2", bootAt: 0x1000 },
  5: { name: "ESP32-C3", bootAt: 0 },
  9: { name: "ESP32-S3", bootAt: 0 },
  13: { name: "ESP32-C6", bootAt: 0 },
};

export interface ImagePart {
  name: string;
  address: number;
  bytes: Uint8Array;
  /** The chip that it is for, such as "ESP32-C3"; "" if it does not say. */
  chip: string;
}

/** From `FILE` or `ADDRESS=FILE`, in the order of the flash. Throws `Trouble`. */
export function imageParts(named: readonly string[]): ImagePart[] {
  const parts = named.map(partOf).sort((a, b) => a.address - b.address);
  const chips = new Set(parts.map(({ chip }) => chip).filter((chip) => chip !== ""));
  if (chips.size > 1)
    throw new Trouble(`these files are for different chips (${[...chips].join(", ")}): take those of one build`);
  for (const [at, part] of parts.entries()) {
    const next = parts[at + 1];
    if (next !== undefined && part.address + part.bytes.length > next.address)
      throw new Trouble(
        `${part.name} at ${hex(part.address)} reaches into ${next.name} at ${hex(next.address)}: look at the addresses`,
      );
  }
  return parts;
}

export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

function partOf(named: string): ImagePart {
  const [, said, file] = /^(0x[0-9a-fA-F]{1,7}|\d{1,8})=(.+)$/.exec(named) ?? [undefined, undefined, named];
  const bytes = readBytes(file as string);
  const name = basename(file as string);
  const id =
    bytes[0] === IMAGE_MAGIC && bytes.length > CHIP_ID_AT + 1
      ? (bytes[CHIP_ID_AT] ?? 0) + 256 * (bytes[CHIP_ID_AT + 1] ?? 0)
      : -1;
  const chip = CHIPS[id];
  const address = said === undefined ? usualAddress(name, chip?.bootAt) : Number(said);
  if (address % 0x1000 !== 0 || address + bytes.length > FLASH_BYTES_MAX)
    throw new Trouble(
      `${named}: the address must be a multiple of 0x1000, and the file must end below ${hex(FLASH_BYTES_MAX)}`,
    );
  return { name, address, bytes, chip: chip?.name ?? "" };
}

function readBytes(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Trouble(`cannot read ${file}: ${(error as Error).message}`);
  }
  if (bytes.length === 0) throw new Trouble(`${file} is empty: download it again`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new Trouble(`${file} is packed: unpack it (tar xzf), and name the files that are in it`);
  return bytes;
}

/** By the names that Espruino's builds have. */
function usualAddress(name: string, bootAt: number | undefined): number {
  if (/^partition/i.test(name)) return PARTITIONS_AT;
  if (/^bootloader/i.test(name)) {
    if (bootAt !== undefined) return bootAt;
    throw new Trouble(
      `${name} does not say for which chip it is: name its address, such as 0x1000=${name} (ESP32) or 0x0=${name} (C3, S3)`,
    );
  }
  if (/^espruino.*\.bin$/i.test(name)) return PROGRAM_AT;
  throw new Trouble(`${name}: nothing says where in the flash it belongs: name its address, such as 0x10000=${name}`);
}
