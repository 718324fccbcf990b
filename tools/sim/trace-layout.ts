/**
 * Where things are in a trace's picture: moments to pixels downwards, lanes to pixels sideways. The axis of time is squeezed: a pause of seconds is not much longer than one of milliseconds,
 * or nothing of what matters could be told apart. Later is always lower, and one moment is one line.
 */
export interface TimeAxis {
  /** Pixels below the first moment. `moment` is one of those that the axis was made of. */
  y(moment: number): number;
  height: number;
  /** Moments to be written beside it, none too close to the one before. */
  marks: number[];
}

/** Pixels that a millisecond takes, and a pause at the most. */
const LEAST = 7;
const MOST = 46;
/** Between two marks, in pixels. */
const MARK_APART = 34;

/** Pixels between two moments that are so many milliseconds apart. */
function stretch(millis: number): number {
  return Math.min(MOST, LEAST * Math.log2(1 + millis));
}

export function timeAxis(moments: readonly number[]): TimeAxis {
  const places = new Map<number, number>();
  const marks: number[] = [];
  let y = 0;
  let before: number | undefined;
  let markedAt = -Infinity;
  for (const moment of [...new Set(moments)].sort((a, b) => a - b)) {
    if (before !== undefined) y += stretch(moment - before);
    places.set(moment, y);
    if (y - markedAt >= MARK_APART) {
      marks.push(moment);
      markedAt = y;
    }
    before = moment;
  }
  return { y: (moment) => places.get(moment) ?? 0, height: y, marks };
}

/** Pixels to the left of the lanes, and above the first moment. */
export const LEFT = 96;
export const TOP = 130;

export interface Drawing {
  axis: TimeAxis;
  lanes: readonly string[];
  /** Pixels from one to the next. */
  apart: number;
  /** Whether arrows have their notes beside them. */
  isNoted: boolean;
}

export function laneX(drawing: Drawing, lane: string): number {
  return LEFT + drawing.apart * (drawing.lanes.indexOf(lane) + 0.5);
}

export function yOf(drawing: Drawing, moment: number): number {
  return TOP + drawing.axis.y(moment);
}

export function secondsOf(moment: number): string {
  return `${(moment / 1000).toFixed(3)} s`;
}
