/** Frames in a trace's picture: an arrow from the sending to the arrival, coloured by what it carries; a lost one ends in a cross. */
import { escaped, label, short } from "./svg.ts";
import type { TraceRecord } from "./trace.ts";
import { type Drawing, laneX, secondsOf, yOf } from "./trace-layout.ts";

type ArrowKind = "event" | "ack" | "hello" | "ping" | "down" | "lost";

const ARROW_COLOURS: { [kind in ArrowKind]: string } = {
  event: "#2f63b8",
  ack: "#2c9a5b",
  hello: "#8a4fc0",
  ping: "#b3b3b3",
  down: "#c27a12",
  lost: "#d0342c",
};
const ARROW_NAMES: { [kind in ArrowKind]: string } = {
  event: "events",
  ack: "!ack",
  hello: "joining",
  ping: "pings",
  down: "?act, ?set and others",
  lost: "lost",
};

export function isArrow(record: TraceRecord): boolean {
  return record.kind === "arrive" || record.kind === "lost";
}

export function arrow(record: TraceRecord, drawing: Drawing): string {
  const kind = arrowKind(record);
  const [x1, y1] = [laneX(drawing, record.peer), yOf(drawing, record.sentAt)];
  const [x2, y2] = [laneX(drawing, record.node), yOf(drawing, record.at)];
  const isLost = kind === "lost";
  // A lost frame never came: its cross stands before the lane.
  const share = isLost ? 0.82 : 1;
  const [endX, endY] = [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
  const title = `${record.peer} to ${record.node}: ${record.note}, sent ${secondsOf(record.sentAt)}, ${
    isLost ? "lost" : `arrived ${secondsOf(record.at)}`
  }`;
  const end = isLost ? cross(endX, endY) : `<path class="head" d="${head(x1, y1, endX, endY)}"/>`;
  const note = drawing.isNoted && kind !== "ping" ? noteAlong(x1, y1, x2, y2, record.note) : "";
  const line = `<path class="shaft" d="M${short(x1)} ${short(y1)}L${short(endX)} ${short(endY)}"/>`;
  return `<g class="${kind}"><title>${escaped(title)}</title>${line}${end}${note}</g>`;
}

/** One arrow of each kind with its name; and where the next may stand. */
export function arrowLegend(left: number, y: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  let x = left;
  for (const kind of Object.keys(ARROW_COLOURS) as ArrowKind[]) {
    parts.push(`<g class="${kind}"><path class="shaft" d="M${x} ${y}h18"/>`);
    parts.push(kind === "lost" ? cross(x + 22, y) : `<path class="head" d="${head(x, y, x + 24, y)}"/>`, "</g>");
    parts.push(label(x + 30, y + 4, ARROW_NAMES[kind], { size: 12 }));
    x += 44 + 6.6 * ARROW_NAMES[kind].length;
  }
  return { parts, end: x };
}

export function arrowStyle(): string {
  const colours = Object.entries(ARROW_COLOURS).map(
    ([kind, colour]) =>
      `.${kind} .shaft,.${kind} .cross{stroke:${colour}}.${kind} .head,.${kind} .note{fill:${colour}}`,
  );
  const shapes = ".shaft{fill:none;stroke-width:1.3}.lost .shaft{stroke-dasharray:4 3}.note{font-size:10px}";
  return `${colours.join("")}${shapes}.cross{fill:none;stroke-width:2}`;
}

/** The note near the sender's end, along the arrow: frames of two lanes mostly cross in the middle. */
function noteAlong(x1: number, y1: number, x2: number, y2: number, note: string): string {
  const room = Math.abs(x2 - x1) - 30;
  const most = Math.max(4, Math.floor(room / 5.2));
  const text = note.length > most ? `${note.slice(0, most - 1)}…` : note;
  const isRight = x2 > x1;
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  const turn = short(isRight ? angle : angle > 0 ? angle - 180 : angle + 180);
  const [x, y] = [short(x1 + (isRight ? 10 : -10)), short(y1)];
  const anchor = isRight ? "start" : "end";
  return `<text class="halo note" transform="translate(${x} ${y}) rotate(${turn})" dy="-2.5" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function head(x1: number, y1: number, x2: number, y2: number): string {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [backX, backY] = [x2 - 7 * dx, y2 - 7 * dy];
  const corner = (side: number): string => `${short(backX - 3 * side * dy)} ${short(backY + 3 * side * dx)}`;
  return `M${short(x2)} ${short(y2)}L${corner(1)}L${corner(-1)}Z`;
}

export function cross(x: number, y: number): string {
  const [a, b, c, d] = [short(x - 4), short(x + 4), short(y - 4), short(y + 4)];
  return `<path class="cross" d="M${a} ${c}L${b} ${d}M${a} ${d}L${b} ${c}"/>`;
}

function arrowKind(record: TraceRecord): ArrowKind {
  if (record.kind === "lost") return "lost";
  const { note } = record;
  if (/\?ack/.test(note)) return "event";
  if (/!ack/.test(note)) return "ack";
  if (/[?!]hello|!root|!gone|!bye/.test(note)) return "hello";
  return /[?!]ping/.test(note) ? "ping" : "down";
}
