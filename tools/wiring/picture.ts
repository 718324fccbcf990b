/**
 * A wiring as a picture: boards and supplies at the left, parts at the right, one wire a row between them, and what is soldered into a wire or between two. The text
 * is SVG with its own background, and colours for light and dark. What is wired to what is all it knows; pictures.ts says that.
 */

export type Colour = "red" | "black" | "yellow" | "green" | "blue" | "orange";

/** A box with pins at its inner edge, one a row from `row` on; "" where a row passes by. */
export interface Box {
  title: string;
  row: number;
  pins: readonly string[];
  /** Drawn inside: see ICONS. */
  icon?: keyof typeof ICONS;
}

export interface Picture {
  /** One sentence that says what is to be seen, for those who do not see it. */
  description: string;
  left: readonly Box[];
  right: readonly Box[];
  /** The wires' colours, from the first row on; "" where there is none. */
  wires: readonly (Colour | "")[];
  /** Between the wires of two rows. `at` is how far from the left, from 0 to 1. */
  between?: readonly {
    rows: readonly [number, number];
    kind: "resistor" | "capacitor" | "joint";
    text: string;
    at: number;
  }[];
  /** In the wire of a row. */
  inside?: readonly { row: number; text: string; at: number }[];
  /** Lines below. */
  notes: readonly string[];
}

const WIDTH = 760;
const BOX = { left: 20, width: 190, icon: 66 };
const ROW = 46;
const TOP = 64;
const NOTE = 22;

/** Wires in light and in dark; a black wire is grey there. */
const COLOURS: { readonly [colour in Colour]: readonly [string, string] } = {
  red: ["#d1242f", "#ff7b72"],
  black: ["#24292f", "#b1bac4"],
  yellow: ["#bf8700", "#e3b341"],
  green: ["#1a7f37", "#56d364"],
  blue: ["#0969da", "#79c0ff"],
  orange: ["#bc4c00", "#ffa657"],
};

/** Small drawings, 66 wide and 66 high, in the colour of lines. */
const ICONS = {
  chip: '<rect x="12" y="12" width="42" height="42" rx="3"/><path d="M20 12V6M28 12V6M38 12V6M46 12V6M20 60V54M28 60V54M38 60V54M46 60V54"/>',
  grid: '<rect x="10" y="2" width="46" height="54" rx="4"/><path d="M18 14H48M18 24H48M18 34H48M18 44H48M20 56V65M29 56V65M38 56V65M47 56V65"/>',
  transistor: '<path d="M14 40V20A19 19 0 0 1 52 20V40Z"/><path d="M22 40V64M33 40V64M44 40V64"/>',
  module:
    '<rect x="6" y="8" width="54" height="50" rx="4"/><rect x="25" y="25" width="16" height="16" rx="2"/><circle cx="15" cy="17" r="3"/><circle cx="51" cy="17" r="3"/>',
  relay:
    '<rect x="6" y="4" width="54" height="58" rx="4"/><rect x="14" y="12" width="38" height="26" rx="2"/><circle cx="17" cy="51" r="4"/><circle cx="33" cy="51" r="4"/><circle cx="49" cy="51" r="4"/>',
  button: '<rect x="8" y="8" width="50" height="50" rx="5"/><circle cx="33" cy="33" r="14"/>',
  battery: '<rect x="16" y="10" width="34" height="52" rx="4"/><path d="M26 10V4H40V10M33 20V30M28 25H38M28 50H38"/>',
  strip:
    '<rect x="2" y="20" width="62" height="26" rx="3"/><rect x="7" y="26" width="14" height="14"/><rect x="26" y="26" width="14" height="14"/><rect x="45" y="26" width="14" height="14"/>',
  supply: '<rect x="8" y="14" width="50" height="38" rx="4"/><path d="M24 14V4M42 14V4M33 24L27 34H39L33 44"/>',
} as const;

function middle(row: number): number {
  return TOP + row * ROW + ROW / 2;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function label(x: number, y: number, text: string, more: string): string {
  return `<text x="${x}" y="${y}" ${more}>${escaped(text)}</text>`;
}

function drawBox({ title, row, pins, icon }: Box, isLeft: boolean): string[] {
  const x = isLeft ? BOX.left : WIDTH - BOX.left - BOX.width;
  const y = middle(row) - ROW / 2 - 26;
  const height = pins.length * ROW + 30;
  const inner = isLeft ? x + BOX.width : x;
  const parts = [`<rect class="box" x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="10"/>`];
  parts.push(
    label(
      isLeft ? x + 14 : x + BOX.width - 14,
      y + 21,
      title,
      `class="title" text-anchor="${isLeft ? "start" : "end"}"`,
    ),
  );
  if (icon !== undefined) {
    const iconX = isLeft ? x + 16 : x + BOX.width - 16 - BOX.icon;
    parts.push(
      `<g class="icon" transform="translate(${iconX} ${y + 26 + (height - 26 - BOX.icon) / 2 - 2})">${ICONS[icon]}</g>`,
    );
  }
  for (const [at, pin] of pins.entries()) {
    if (pin === "") continue;
    const pinY = middle(row + at);
    parts.push(`<circle class="pin" cx="${inner}" cy="${pinY}" r="5"/>`);
    parts.push(
      label(isLeft ? inner - 14 : inner + 14, pinY + 5, pin, `class="name" text-anchor="${isLeft ? "end" : "start"}"`),
    );
  }
  return parts;
}

const FROM = BOX.left + BOX.width;
const TO = WIDTH - BOX.left - BOX.width;

function across(at: number): number {
  return Math.round(FROM + (TO - FROM) * at);
}

/** What stands upright between two wires. */
function drawBetween({ rows, kind, text, at }: NonNullable<Picture["between"]>[number]): string[] {
  const x = across(at);
  const [top, bottom] = [middle(rows[0]), middle(rows[1])];
  const half = (top + bottom) / 2;
  const dots = [top, bottom].map((y) => `<circle class="dot" cx="${x}" cy="${y}" r="4.5"/>`);
  // From the left box along the upper row, where no wire is, down to the lower.
  if (kind === "joint") return [`<path class="wire black" d="M${FROM} ${top}H${x}V${bottom}"/>`, dots[1] ?? ""];
  const body =
    kind === "resistor"
      ? `<path class="line" d="M${x} ${top}V${bottom}"/><rect class="part" x="${x - 6}" y="${half - 13}" width="12" height="26" rx="2"/>`
      : `<path class="line" d="M${x} ${top}V${half - 4}M${x} ${half + 4}V${bottom}"/><path class="plate" d="M${x - 11} ${half - 4}H${x + 11}M${x - 11} ${half + 4}H${x + 11}"/>`;
  return [body, ...dots, label(x + 16, half + 5, text, 'class="value"')];
}

function drawInside({ row, text, at }: NonNullable<Picture["inside"]>[number]): string[] {
  const [x, y] = [across(at), middle(row)];
  return [
    `<rect class="part" x="${x - 15}" y="${y - 7}" width="30" height="14" rx="2"/>`,
    label(x, y - 13, text, 'class="value" text-anchor="middle"'),
  ];
}

function styles(): string {
  const theme = (at: 0 | 1): string =>
    Object.entries(COLOURS)
      .map(([name, both]) => `.${name}{stroke:${both[at]}}`)
      .join("");
  return [
    "text{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:15px;fill:#1f2328}",
    ".title{font-weight:600}.value{font-size:14px}.note{font-size:14px;fill:#59636e}",
    ".back{fill:#ffffff;stroke:#d1d9e0}.box{fill:#f6f8fa;stroke:#818b98;stroke-width:1.5}",
    ".icon{fill:none;stroke:#818b98;stroke-width:2}.pin{fill:#ffffff;stroke:#59636e;stroke-width:2}",
    ".wire{fill:none;stroke-width:4;stroke-linecap:round}.line{fill:none;stroke:#59636e;stroke-width:2.5}",
    ".plate{stroke:#59636e;stroke-width:3.5}.part{fill:#ffffff;stroke:#59636e;stroke-width:2.5}.dot{fill:#59636e}",
    theme(0),
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.back{fill:#0d1117;stroke:#3d444d}",
    ".box{fill:#151b23;stroke:#656c76}.icon{stroke:#656c76}.pin,.part{fill:#0d1117;stroke:#9198a1}.line,.plate{stroke:#9198a1}.dot{fill:#9198a1}",
    `${theme(1)}}`,
  ].join("\n");
}

/** The picture as SVG. */
export function drawPicture(picture: Picture): string {
  const { left, right, wires, between = [], inside = [], notes, description } = picture;
  const rows = Math.max(wires.length, ...[...left, ...right].map((box) => box.row + box.pins.length));
  const notesTop = TOP + rows * ROW + 34;
  const height = notesTop + notes.length * NOTE;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(description)}">`,
    `<style>${styles()}</style>`,
    `<rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="12"/>`,
    ...wires.flatMap((colour, row) =>
      colour === "" ? [] : [`<path class="wire ${colour}" d="M${FROM} ${middle(row)}H${TO}"/>`],
    ),
    ...between.flatMap(drawBetween),
    ...inside.flatMap(drawInside),
    ...left.flatMap((box) => drawBox(box, true)),
    ...right.flatMap((box) => drawBox(box, false)),
    ...notes.map((note, at) => label(BOX.left, notesTop + at * NOTE, note, 'class="note"')),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}
