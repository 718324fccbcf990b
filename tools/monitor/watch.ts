/** Watches a board's console for as long as it is let, and opens it again whenever it goes away. It says nothing to the board. */
import type { Wire } from "#host/board/wire.ts";
import { openWire, type Place } from "../flash/wires.ts";
import { PrintedLines } from "./printed-lines.ts";

/** A board that is away is looked for this often, in milliseconds. Chosen. */
const AGAIN_AFTER_MILLIS = 700;

export interface WatchListener {
  line(text: string): void;
  /** It is there: for the first time, or again. */
  opened(): void;
  /** It is gone, or still away for another reason than before. */
  away(reason: string): void;
}

/** Rejects with `Trouble` if it cannot be opened the first time. Resolves with what ends it. */
export async function watchBoard(
  place: Place,
  listener: WatchListener,
  open: (place: Place) => Promise<Wire> = openWire,
): Promise<() => Promise<void>> {
  let isEnded = false;
  let wire: Wire | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reason = "";
  const lines = new PrintedLines((line) => listener.line(line));
  const use = (opened: Wire): void => {
    wire = opened;
    reason = "";
    opened.onText = (text) => lines.take(text);
    opened.onClosed = (why) => {
      lines.end();
      lose(why);
    };
    listener.opened();
  };
  const lose = (why: string): void => {
    if (isEnded) return;
    wire = undefined;
    if (why !== reason) listener.away(why);
    reason = why;
    timer = setTimeout(() => void again(), AGAIN_AFTER_MILLIS);
  };
  const again = async (): Promise<void> => {
    try {
      const opened = await open(place);
      if (isEnded) await opened.close();
      else use(opened);
    } catch (error) {
      lose((error as Error).message);
    }
  };
  use(await open(place));
  return async () => {
    isEnded = true;
    clearTimeout(timer);
    lines.end();
    await wire?.close();
  };
}
