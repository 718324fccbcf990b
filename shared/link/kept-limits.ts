/** Sizes and waits of events that are kept in flash. They are one board's own business, and nothing of the wire. */
import type { Millis } from "../units.ts";

/** What is kept across a power cut is in flash this long after it was made, if the root has not acknowledged it. Chosen: readings of a minute may be lost. */
export const KEEP_EVERY = 60000 as Millis;
/** A page of kept events, in bytes: with Storage's head of 32 one sector of flash. A longer record gets a longer page. */
export const KEPT_PAGE_BYTES = 4064;
/** What a record takes besides its text, in bytes: the edge's marks. */
export const KEPT_RECORD_BYTES = 16;
