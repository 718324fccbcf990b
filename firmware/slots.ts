/**
 * Two slots hold a program each, as the Storage files `sapline.a` and `sapline.b`; the file `sapline.slot` says which of them runs. A new program
 * is on trial until it reports itself good; one that does not is left for the other slot. This is the one place that reads and writes that file;
 * its form, for those who write it from outside, is in docs/alive.md.
 *
 * Guarantee: as long as one of the slots has a program that starts, the board comes back to it, whatever the other one has. A power cut while the
 * file is written may lose it; then the board runs slot a, or b if a is not there or does not start.
 */
import { readJson, writeJson } from "./ports/storage.ts";

export const SLOT_FILE = "sapline.slot";

/** On trial a program may start so often without a report: a power cut is not its fault. Chosen. */
export const TRIAL_STARTS = 3;
/** … and has so long to report after a start, in milliseconds. Chosen: with a start, less than a minute. */
export const TRIAL_WAIT = 50000;
/** A program that was good may fail so often, one time after the other and before it has reported, until the other slot is tried. Chosen. */
export const CRASHES_MAX = 3;

export type Slot = "a" | "b";

/** What `sapline.slot` says. What it does not say, or says wrongly, is as in a board with a program in slot a. */
export interface Slots {
  /** The slot that runs. */
  slot: Slot;
  /** It is on trial: 1, or 0. */
  trial: number;
  /** On trial: how often it was started. */
  starts: number;
  /** Not on trial: how often it failed since it last reported. */
  crashes: number;
  /** Why the board has left the other slot, until somebody was told; or "". */
  fell: string;
}

export function slotFile(slot: Slot): string {
  return "sapline." + slot;
}

export function otherSlot(slot: Slot): Slot {
  return slot === "a" ? "b" : "a";
}

/** There is something in it. */
export function hasProgram(slot: Slot): boolean {
  const first = require("Storage").read(slotFile(slot), 0, 1);
  return first !== undefined && first.length > 0;
}

function asCount(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

export function readSlots(): Slots {
  const read = readJson(SLOT_FILE);
  const file = (typeof read === "object" && read !== null ? read : {}) as { [key: string]: unknown };
  return {
    slot: file["slot"] === "b" ? "b" : "a",
    trial: asCount(file["trial"]),
    starts: asCount(file["starts"]),
    crashes: asCount(file["crashes"]),
    fell: typeof file["fell"] === "string" ? file["fell"] : "",
  };
}

/** False if the flash refused. */
export function writeSlots(slots: Slots): boolean {
  const file: { [key: string]: unknown } = {};
  file["slot"] = slots.slot;
  file["trial"] = slots.trial;
  file["starts"] = slots.starts;
  file["crashes"] = slots.crashes;
  file["fell"] = slots.fell;
  return writeJson(SLOT_FILE, file);
}

/** From the next start on, that slot is on trial. */
export function tryOut(slot: Slot, fell: string): boolean {
  return writeSlots({ slot: slot, trial: 1, starts: 0, crashes: 0, fell: fell });
}

/** The slot that an update may write into: not the one that runs. */
export function idleSlot(): Slot {
  return otherSlot(readSlots().slot);
}

/**
 * The program that runs has joined the root: it is good. Answers why the board has left the other slot, if nobody was told yet, else "".
 * Nothing is written if nothing was open.
 */
export function report(): string {
  const slots = readSlots();
  if (slots.trial > 0 || slots.crashes > 0 || slots.fell !== "") {
    writeSlots({ slot: slots.slot, trial: 0, starts: 0, crashes: 0, fell: "" });
  }
  return slots.fell;
}

/** The program that runs is about to be started again because of a fault of its own. On trial, the starts are counted anyway. */
export function failed(): void {
  const slots = readSlots();
  if (slots.trial > 0 || slots.crashes >= CRASHES_MAX) return;
  slots.crashes += 1;
  writeSlots(slots);
}
