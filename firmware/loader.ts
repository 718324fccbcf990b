/**
 * The boot loader, `.bootcde` on a board: starts the program of the slot that `sapline.slot` names, and sees to it that a bad one does not stay.
 * It is not updated over the tree, so it is small and does nothing else: what Wi-Fi, radio and console are to be is the program's.
 *
 * A program on trial is left for the other slot if it throws while it starts, if it has started three times without a report, or if it has not
 * reported 50 s after a start. One that was good and fails three times without a report has the other slot tried.
 */
import {
  CRASHES_MAX,
  failed,
  hasProgram,
  otherSlot,
  readSlots,
  type Slots,
  slotFile,
  TRIAL_STARTS,
  TRIAL_WAIT,
  tryOut,
  writeSlots,
} from "./slots.ts";

/** A program that was good is not started more often than this when it throws at its start, in milliseconds. Chosen: for the flash's sake. */
const AGAIN_AFTER = 10000;
/** An endless loop on trial is ended by the chip's watchdog, in seconds. Chosen: longer than the flash is ever busy, shorter than the trial. */
const WATCHDOG_SECONDS = 40;
/** Of an error's text, this is kept, in characters. Chosen. */
const WHY_CHARS = 80;

/** Whether there is another program to go back to; it is the one that runs from the next start on. */
function fallBack(slots: Slots, why: string): boolean {
  const other = otherSlot(slots.slot);
  if (!hasProgram(other)) return false;
  const fell = "slot " + slots.slot + " " + why;
  console.log("sapline: " + fell + "; back to slot " + other);
  return writeSlots({ slot: other, trial: 0, starts: 0, crashes: 0, fell: fell });
}

/** Which slot to start, after what the last start has left. */
function choose(): Slots {
  const slots = readSlots();
  const other = otherSlot(slots.slot);
  if (!hasProgram(slots.slot)) {
    if (hasProgram(other))
      writeSlots({ slot: other, trial: 0, starts: 0, crashes: 0, fell: "slot " + slots.slot + " is empty" });
  } else if (slots.trial > 0) {
    if (slots.starts < TRIAL_STARTS || !fallBack(slots, "has started " + TRIAL_STARTS + " times without a report")) {
      slots.starts += 1;
      writeSlots(slots);
    }
  } else if (slots.crashes >= CRASHES_MAX && hasProgram(other)) {
    tryOut(other, "slot " + slots.slot + " has failed " + CRASHES_MAX + " times");
  } else return slots;
  return readSlots();
}

function watchTrial(slots: Slots): void {
  // The engine kicks it by itself whenever it is idle.
  if (E["enableWatchdog"]) E["enableWatchdog"](WATCHDOG_SECONDS, true);
  setTimeout(() => {
    const then = readSlots();
    if (
      then.trial > 0 &&
      then.slot === slots.slot &&
      fallBack(then, "has not reported after " + TRIAL_WAIT / 1000 + " s")
    )
      E.reboot();
  }, TRIAL_WAIT);
}

function load(): void {
  const slots = choose();
  const program = require("Storage").read(slotFile(slots.slot));
  if (program === undefined) {
    console.log("sapline: there is no program on this board: sapline flash");
    return;
  }
  if (slots.trial > 0) watchTrial(slots);
  try {
    // From flash, and in the outermost scope: to do this is what a loader is for.
    // oxlint-disable-next-line no-eval
    (0, eval)(program);
  } catch (error) {
    const why = "threw: " + (error instanceof Error ? error.message : String(error)).substr(0, WHY_CHARS);
    console.log("sapline: slot " + slots.slot + " " + why);
    const hasChanged = readSlots().trial > 0 && fallBack(readSlots(), why);
    if (!hasChanged) failed();
    // What it has set up before it threw is still there: out with it.
    setTimeout(() => E.reboot(), hasChanged ? 0 : AGAIN_AFTER);
  }
}

load();
