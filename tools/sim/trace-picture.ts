/**
 * A run's trace as a picture: time runs downwards, each node has a lane, frames are arrows from their sending to their arrival (lost
 * ones end in a cross), and what else happened stands beside the lanes.
 *
 * For two to fifteen nodes. It draws a bounded number of arrows: the first of the run or, where the end is what matters, the last;
 * and says what was left out, and from when on.
 */
import { escaped, label, picture, short } from "./svg.ts";
import type { WorldPlan } from "./plan.ts";
import type { TraceKind, TraceRecord } from "./trace.ts";
import { arrow, arrowLegend, arrowStyle, cross, isArrow } from "./trace-arrow.ts";
import { type Drawing, laneX, LEFT, secondsOf, type TimeAxis, timeAxis, TOP, yOf } from "./trace-layout.ts";

export interface TracePictureOptions {
  title?: string;
  /** Frames drawn at most. */
  arrowsMax?: number;
  /** Whether to draw the end of the run rather than its beginning. If left out: the end, where a promise was broken. */
  isEnd?: boolean;
}

/** What is drawn, and what is not. */
interface Part {
  drawn: readonly TraceRecord[];
  left: Left | undefined;
  isEnd: boolean;
}

/** Chosen: some thirty screens, a megabyte. */
const ARROWS_MAX = 1000;
/** Marks beside lanes drawn at most, for a world without frames: chosen. */
const MARKS_MAX = 4000;
/** Above this many arrows their notes are titles alone. */
const NOTED_ARROWS_MAX = 200;

/** How the record of a broken promise begins: run.ts. */
const VIOLATION = "VIOLATION";

const BOTTOM = 64;
const LANE_APART_MIN = 96;
const LANE_APART_MAX = 190;
const WIDTH_AIM = 1200;

interface Left {
  /** Frames that are not drawn, and since or until when. */
  arrows: number;
  moment: number;
}

export function tracePicture(
  plan: WorldPlan,
  records: readonly TraceRecord[],
  options: TracePictureOptions = {},
): string {
  const title = options.title ?? `The world of seed ${plan.seed}`;
  const lanes = lanesOf(plan, records);
  const { drawn, left, isEnd } = partOf(records, options);
  const axis = timeAxis(drawn.flatMap((record) => (isArrow(record) ? [record.sentAt, record.at] : [record.at])));
  const apart = Math.min(LANE_APART_MAX, Math.max(LANE_APART_MIN, (WIDTH_AIM - 2 * LEFT) / Math.max(1, lanes.length)));
  const arrows = drawn.filter(isArrow);
  const drawing: Drawing = { axis, lanes, apart, isNoted: arrows.length <= NOTED_ARROWS_MAX };
  const width = Math.max(760, 2 * LEFT + apart * Math.max(1, lanes.length));
  const parts = [
    label(16, 30, title, { size: 18, isBold: true }),
    label(
      16,
      52,
      "Time runs down and is squeezed where little happens; hover over an arrow or a mark for what it is.",
      {
        fill: "#666",
      },
    ),
    ...legend(),
    ...marksOfTime(axis, width),
    ...drawLanes(records, drawn, drawing),
    ...arrows.map((record) => arrow(record, drawing)),
    ...drawn.filter((record) => !isArrow(record)).flatMap((record) => mark(record, drawing, width)),
    ...headings(drawing),
    ...(left === undefined ? [] : [leftNote(left, isEnd, axis)]),
  ];
  return picture(width, TOP + axis.height + BOTTOM, title, style(), parts);
}

/** The root first, then as the plan has them, then others (boards with another's id) in the order in which they were met. */
function lanesOf(plan: WorldPlan, records: readonly TraceRecord[]): string[] {
  const met = new Set<string>(["root", ...plan.nodes.map((node) => node.id)]);
  for (const record of records) {
    if (record.node !== "") met.add(record.node);
    if (isArrow(record) && record.peer !== "") met.add(record.peer);
  }
  return [...met];
}

/** None is drawn from the first arrow on that is over the bound; or, of the end, before the last that is not. */
function partOf(records: readonly TraceRecord[], options: TracePictureOptions): Part {
  const most = options.arrowsMax ?? ARROWS_MAX;
  const isEnd = options.isEnd ?? records.some(({ kind, note }) => kind === "fault" && note.startsWith(VIOLATION));
  const ordered = isEnd ? [...records].reverse() : records;
  let arrows = 0;
  let marks = 0;
  let end = 0;
  for (; end < ordered.length; end++) {
    if (isArrow(ordered[end] as TraceRecord)) arrows += 1;
    else marks += 1;
    if (arrows > most || marks > MARKS_MAX) break;
  }
  const drawn = ordered.slice(0, end);
  if (isEnd) drawn.reverse();
  const first = ordered[end];
  const left = first && { arrows: ordered.slice(end).filter(isArrow).length, moment: first.at };
  return { drawn, left, isEnd };
}

function leftNote(left: Left, isEnd: boolean, axis: TimeAxis): string {
  const when = isEnd ? `up to ${secondsOf(left.moment)}` : `from ${secondsOf(left.moment)} on`;
  const note = `${left.arrows} more frames, and all else ${when}, are not drawn.`;
  return label(16, isEnd ? TOP - 36 : TOP + axis.height + 44, note, { isBold: true, fill: "#a11" });
}

/** A lane is a line while its process lives, and dotted while it does not. */
function drawLanes(all: readonly TraceRecord[], drawn: readonly TraceRecord[], drawing: Drawing): string[] {
  const end = TOP + drawing.axis.height + 14;
  return drawing.lanes.flatMap((lane) => {
    const x = short(laneX(drawing, lane));
    const parts: string[] = [];
    let from = TOP - 8;
    let isUp = isUpBefore(all, drawn, lane);
    const line = (to: number): void => {
      if (to > from) parts.push(`<path class="${isUp ? "lane" : "lane off"}" d="M${x} ${short(from)}V${short(to)}"/>`);
      from = to;
    };
    for (const record of drawn) {
      if (record.node !== lane || !isLife(record.kind)) continue;
      line(yOf(drawing, record.at));
      isUp = record.kind === "boot";
    }
    line(end);
    return parts;
  });
}

/** Whether a process lives when the picture begins. One of which nothing is told is taken for alive. */
function isUpBefore(all: readonly TraceRecord[], drawn: readonly TraceRecord[], lane: string): boolean {
  const lives = all.filter((record) => record.node === lane && isLife(record.kind));
  const begin = drawn[0] === undefined ? 0 : all.indexOf(drawn[0]);
  const last = all.slice(0, begin).findLast((record) => record.node === lane && isLife(record.kind));
  return last === undefined ? lives[0]?.kind !== "boot" : last.kind === "boot";
}

function isLife(kind: TraceKind): boolean {
  return kind === "boot" || kind === "crash";
}

function headings(drawing: Drawing): string[] {
  return drawing.lanes.map((lane) =>
    label(laneX(drawing, lane), TOP - 16, lane, { size: 14, anchor: "middle", isBold: true, hasHalo: true }),
  );
}

function marksOfTime(axis: TimeAxis, width: number): string[] {
  return axis.marks.flatMap((moment) => {
    const y = TOP + axis.y(moment);
    return [
      `<path class="time" d="M${LEFT - 20} ${short(y)}H${short(width - 12)}"/>`,
      label(LEFT - 26, y + 4, secondsOf(moment), { size: 11, anchor: "end", fill: "#777" }),
    ];
  });
}

/** What is no frame. */
function mark(record: TraceRecord, drawing: Drawing, width: number): string[] {
  const y = yOf(drawing, record.at);
  const title = `<title>${escaped(`${secondsOf(record.at)} ${record.node} ${record.kind}: ${record.note}`)}</title>`;
  if (record.node === "") {
    const isBad = record.kind === "fault";
    const text =
      record.kind === "heal" ? "all is well from here on" : record.kind === "settled" ? "settled" : record.note;
    return [
      `<g class="${isBad ? "bad" : "good"}">${title}<path class="across" d="M${LEFT - 20} ${short(y)}H${short(width - 12)}"/>`,
      label(width - 14, y - 4, text, { anchor: "end", hasHalo: true, isBold: true }),
      "</g>",
    ];
  }
  const shape = shapeOf(record, laneX(drawing, record.node), y);
  if (shape === undefined) return [];
  return [`<g class="${shape.look}">${title}${shape.drawn}`, shape.text, "</g>"];
}

interface Shape {
  look: string;
  drawn: string;
  text: string;
}

function shapeOf({ kind, note }: TraceRecord, x: number, y: number): Shape | undefined {
  const beside = (text: string, up = 4): string => label(x + 9, y + up, text, { size: 11, hasHalo: true });
  const dot = (radius: number): string => `<circle cx="${short(x)}" cy="${short(y)}" r="${radius}"/>`;
  switch (kind) {
    case "fault":
      return { look: "bad", drawn: flag(x, y), text: beside(note) };
    case "crash":
      return { look: "bad", drawn: cross(x, y), text: beside(note === "" ? "crash" : `crash: ${note}`) };
    case "boot":
      return { look: "good hollow", drawn: dot(5), text: beside("on") };
    case "status":
      return { look: note === "joined" ? "good" : "away", drawn: dot(4), text: beside(note) };
    case "commit":
      return { look: "commit", drawn: diamond(x, y), text: "" };
    case "act":
    case "set":
    case "outcome":
      // Above the line: the frame that says it begins here.
      return { look: "word", drawn: dot(3), text: beside(kind === "outcome" ? note : `${kind}: ${note}`, -6) };
    case "close":
      // Why is mostly told by the status in the same moment.
      return { look: "away", drawn: dot(2.5), text: "" };
    default:
      // Dials and openings are told by what follows them.
      return undefined;
  }
}

function diamond(x: number, y: number): string {
  return `<path d="M${short(x)} ${short(y - 5)}l5 5l-5 5l-5 -5Z"/>`;
}

function flag(x: number, y: number): string {
  return `<path d="M${short(x)} ${short(y + 5)}v-13l9 4l-9 4Z"/>`;
}

function legend(): string[] {
  const { parts, end } = arrowLegend(16, 70);
  parts.push(`<g class="commit">${diamond(end + 6, 70)}</g>`, label(end + 16, 74, "on the disk", { size: 12 }));
  parts.push(`<g class="bad">${flag(end + 88, 71)}</g>`, label(end + 101, 74, "fault", { size: 12 }));
  return parts;
}

function style(): string {
  return [
    arrowStyle(),
    ".lane{stroke:#444;stroke-width:1.6}.off{stroke:#bbb;stroke-dasharray:1 5}",
    ".time{stroke:#eee}.across{stroke-width:1.4;stroke-dasharray:7 4;fill:none}",
    ".bad{fill:#d0342c}.bad .cross,.bad .across{stroke:#d0342c}.good{fill:#2c9a5b}.good .across{stroke:#2c9a5b}",
    ".away{fill:#c27a12}.commit{fill:#2c9a5b}.word{fill:#c27a12}.hollow circle{fill:#fff;stroke:#2c9a5b;stroke-width:2}",
  ].join("");
}
