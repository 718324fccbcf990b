/**
 * The programs for the chip, and how large each may be, in bytes. Measured: run from flash, a program costs the chip a variable for each 13 bytes
 * of it, and the smallest chips have 4000 to 5000 of them.
 */

import type { Parts } from "./program-text.ts";

export interface Program {
  name: string;
  entry: string;
  /** Larger must not be flashed. */
  bytesMax: number;
  /** It counts nothing: on a chip there is nobody yet whom its counters could be told. For a program that has no bytes to spare. */
  isSilent?: boolean;
  /** Nobody else's code runs beside it: what it does not call itself is left out. */
  isWhole?: boolean;
  /** It takes no children: what serves them is left out. */
  isLeaf?: boolean;
  /** It is a program of the node API, like those of users, and has these parts. */
  parts?: Parts;
}

/** Chosen: 32 KiB. */
const WIFI_BYTES_MAX = 32768;

export const FIRMWARE: readonly Program[] = [
  // Chosen: 44 KiB.
  { name: "main", entry: "firmware/main.ts", bytesMax: 45056, isSilent: true, isWhole: true },
  { name: "wifi", entry: "firmware/wifi.ts", bytesMax: WIFI_BYTES_MAX, isWhole: true },
  // Chosen: 28 KiB.
  { name: "leaf", entry: "firmware/leaf.ts", bytesMax: 28672, isLeaf: true, isSilent: true, isWhole: true },
  // Chosen: 8 KiB, a quarter of a node.
  { name: "dongle", entry: "firmware/dongle.ts", bytesMax: 8192 },
  // Chosen: 4 KiB. It is never updated over the tree, so it is to stay small.
  { name: "loader", entry: "firmware/loader.ts", bytesMax: 4096 },
  // Not for chips: goes before a program where there is no radio.
  { name: "stand-in", entry: "firmware/stand-in.ts", bytesMax: 8192 },
  {
    name: "cabin",
    entry: "examples/cabin/cabin.ts",
    bytesMax: WIFI_BYTES_MAX,
    parts: { sockets: true, radio: false, children: true },
  },
  // Larger than the firmware by its own code, and by names that it keeps unshortened.
  { name: "weather", entry: "examples/weather/replay.ts", bytesMax: WIFI_BYTES_MAX + 2048 },
];
