/**
 * What a node says of itself to all who hear it: where its way up leads, on which channel, whether it takes children, and how well it hears
 * some neighbours. The same body answers a `join`, so that a child knows what is so now, and not some beacons ago.
 *
 * Addresses are said by their last three bytes ("tails"). The path lists the tails of all nodes above, parent first, so a node sees its
 * own tail in it and never chooses a descendant; there is no need to look into anybody's frames for that.
 *
 *     0  tree version     1-4  life: a random number since the sender's start     5  channel     6  children it has room for
 *     7  hops above, qualities: 4 bits each     8…  3 bytes per hop, then 4 bytes per quality (tail, share of its beacons heard in 1/255)
 */
import { type Mac, macBytes } from "./seal.ts";
import { BEACON_QUALITIES_MAX, DEPTH_MAX } from "./tree-limits.ts";

export const TAIL_BYTES = 3;

export interface Beacon {
  /** Of the source above: a random number since its start. */
  treeVersion: number;
  /** 4 bytes. */
  life: string;
  channel: number;
  slots: number;
  /** Tails, parent first, source last; "" at a source and at a node without a way up. */
  path: string;
  /** Four bytes per neighbour: its tail, and the share of its beacons that we heard. */
  qualities: string;
}

/** The last three bytes of an address "aa:bb:cc:dd:ee:ff". */
export function tailOf(mac: Mac): string {
  return macBytes(mac).substr(3);
}

/** Whether that tail is on the path. */
export function isOnPath(path: string, tail: string): boolean {
  for (let i = 0; i < path.length; i += TAIL_BYTES) if (path.substr(i, TAIL_BYTES) === tail) return true;
  return false;
}

export function beaconBody(beacon: Beacon): string {
  const counts = (beacon.path.length / TAIL_BYTES) * 16 + beacon.qualities.length / (TAIL_BYTES + 1);
  return (
    String.fromCharCode(beacon.treeVersion) +
    beacon.life +
    String.fromCharCode(beacon.channel, beacon.slots, counts) +
    beacon.path +
    beacon.qualities
  );
}

/** undefined if the bytes are no body; there must be nothing behind it. */
export function readBeacon(bytes: string): Beacon | undefined {
  const counts = bytes.charCodeAt(7);
  const pathBytes = (counts >> 4) * TAIL_BYTES;
  const qualities = counts & 15;
  // Of an empty text the counts are no number, and so is the length.
  if (bytes.length !== 8 + pathBytes + qualities * (TAIL_BYTES + 1)) return undefined;
  if (counts >> 4 > DEPTH_MAX || qualities > BEACON_QUALITIES_MAX) return undefined;
  return {
    treeVersion: bytes.charCodeAt(0),
    life: bytes.substr(1, 4),
    channel: bytes.charCodeAt(5),
    slots: bytes.charCodeAt(6),
    path: bytes.substr(8, pathBytes),
    qualities: bytes.substr(8 + pathBytes),
  };
}

/** The share of its beacons that the sender heard from the node with that tail, 1 to 255; 0 if the beacon does not say. */
export function qualityFor(beacon: Beacon, tail: string): number {
  for (let i = 0; i < beacon.qualities.length; i += TAIL_BYTES + 1) {
    if (beacon.qualities.substr(i, TAIL_BYTES) === tail) return beacon.qualities.charCodeAt(i + TAIL_BYTES);
  }
  return 0;
}
