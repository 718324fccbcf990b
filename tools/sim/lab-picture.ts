/** The tree that formed in the lab, as SVG: boards where they are on the floor, each with a line to its parent, in the colour of that link. */
import type { LabNode, LabResult } from "./lab.ts";
import { label, picture, short } from "./svg.ts";

const WIDTH = 1000;
/** Pixels for a metre; where the floor begins, and room for the legend. */
const SCALE = 22;
const LEFT = 60;
const TOP = 110;
const LEGEND_HEIGHT = 70;
const RADIUS = 13;

/** Shares of attempts that arrive, from each class on, and how its lines look: good ones dark and thick. */
const LINKS = [
  { from: 0.6, colour: "#08519c", width: 3.5, text: "over 60 % of attempts arrive" },
  { from: 0.4, colour: "#3182bd", width: 2.8, text: "over 40 %" },
  { from: 0.2, colour: "#e6850e", width: 2.2, text: "over 20 %" },
  { from: 0, colour: "#c0392b", width: 1.8, text: "fewer" },
] as const;
/** Hops to the root, the gateway being the first. */
const DEPTHS = ["#333", "#2c7fb8", "#41b6c4", "#7fcdbb", "#c7e9b4", "#edf8b1"] as const;
const AWAY = "#fff";

export function labPicture(result: LabResult): string {
  const { nodes } = result;
  const at = new Map(nodes.map((node) => [node.id, placeOf(node)]));
  const bottom = Math.max(...[...at.values()].map(({ y }) => y)) + 40;
  const title = `Intel lab: ${nodes.length} boards with ESP-NOW, and the tree they formed`;
  const { options, repairs, readings } = result;
  const lost = options.extraLoss * 100;
  const subtitles = [
    `links as measured, and ${lost} % of all attempts lost besides; a power cut each ${options.cutEvery / 1000} s; after ${options.seconds} s`,
    `${readings.stored} readings stored, ${readings.lost} lost with the power; children had a parent again after ${(repairs.median / 1000).toFixed(1)} s in the median`,
  ];
  const lines = nodes.flatMap((node) => {
    const [a, b] = [at.get(node.id), at.get(node.parent)];
    if (a === undefined || b === undefined) return [];
    const { colour, width } = classOf(node.arrives);
    return [
      `<line x1="${short(a.x)}" y1="${short(a.y)}" x2="${short(b.x)}" y2="${short(b.y)}" stroke="${colour}" stroke-width="${width}" stroke-opacity=".75"><title>${node.id} to ${node.parent}: ${Math.round(100 * node.arrives)} %</title></line>`,
    ];
  });
  const boards = nodes.flatMap((node) => drawn(node, at.get(node.id) as { x: number; y: number }));
  return picture(WIDTH, bottom + LEGEND_HEIGHT, title, "", [
    label(WIDTH / 2, 36, title, { size: 20, anchor: "middle", isBold: true }),
    ...subtitles.map((text, i) => label(WIDTH / 2, 60 + 18 * i, text, { size: 13, anchor: "middle", fill: "#555" })),
    ...lines,
    ...boards,
    ...legend(bottom),
  ]);
}

function placeOf({ x, y }: LabNode): { x: number; y: number } {
  return { x: LEFT + x * SCALE, y: TOP + y * SCALE * 0.9 };
}

function drawn(node: LabNode, { x, y }: { x: number; y: number }): string[] {
  const fill = node.depth === 0 ? AWAY : (DEPTHS[Math.min(node.depth, DEPTHS.length) - 1] as string);
  const what = node.depth === 0 ? "away" : `${node.depth} hops to the root`;
  const shape =
    node.parent === "root"
      ? `<rect x="${short(x - RADIUS - 3)}" y="${short(y - RADIUS)}" width="${2 * RADIUS + 6}" height="${2 * RADIUS}" rx="4" fill="${fill}"/>`
      : `<circle cx="${short(x)}" cy="${short(y)}" r="${RADIUS}" fill="${fill}" stroke="#444" stroke-width="1"${node.depth === 0 ? ' stroke-dasharray="3 2"' : ""}><title>${node.id}: ${what}</title></circle>`;
  const isDark = node.depth === 1 || node.depth === 2;
  const text = node.parent === "root" ? "root" : node.id.slice(1);
  return [shape, label(x, y + 4, text, { size: 11, anchor: "middle", fill: isDark ? "#fff" : "#222" })];
}

function classOf(arrives: number): (typeof LINKS)[number] {
  return LINKS.find(({ from }) => arrives >= from) ?? LINKS[3];
}

function legend(y: number): string[] {
  const links = LINKS.flatMap(({ colour, width, text }, i) => {
    const x = LEFT + 225 * i;
    return [
      `<line x1="${x}" y1="${short(y + 8)}" x2="${x + 28}" y2="${short(y + 8)}" stroke="${colour}" stroke-width="${width}"/>`,
      label(x + 36, y + 12, text, { size: 12 }),
    ];
  });
  const depths = DEPTHS.flatMap((colour, i) => {
    const x = LEFT + 150 * i;
    const text = i === 0 ? "gateway" : i === DEPTHS.length - 1 ? `${i + 1} hops or more` : `${i + 1} hops`;
    return [
      `<circle cx="${x + 8}" cy="${short(y + 36)}" r="8" fill="${colour}" stroke="#444"/>`,
      label(x + 24, y + 40, text, { size: 12 }),
    ];
  });
  return [...links, ...depths];
}
