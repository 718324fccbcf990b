/**
 * Painter draws the tree into a canvas: links, nodes, names with their values; and, over that, what moves. It decides nothing about
 * places. Names are text here: `fillText` knows no markup.
 */
import { color } from "../theme.ts";
import type { Camera, Size } from "./camera.ts";
import { type Curve, curve, type Placed, pointOn, type Shape } from "./layout.ts";
import { type Drop, HOP_MILLIS } from "./drops.ts";

/** A node as it is drawn now, on its way to its place. */
export interface Sprite extends Placed {
  nowX: number;
  nowY: number;
  /** From 0, not there, to 1. */
  presence: number;
  isUp: boolean;
  isStale: boolean;
  isDim: boolean;
  /** From 1 just after an event to 0. */
  glow: number;
  label: string;
  value: string;
  /** How well its link does: 0 good, 1 slow, 2 bad. */
  trouble: 0 | 1 | 2;
  isRadio: boolean;
  /** All that is drawn of it in one text, to see whether it changed. */
  look: string;
}

export interface Palette {
  ink: string;
  soft: string;
  line: string;
  surface: string;
  sap: string;
  leaf: string;
  away: string;
  warn: string;
  bad: string;
}

export function palette(): Palette {
  return {
    ink: color("ink"),
    soft: color("ink-2"),
    line: color("twig"),
    surface: color("ground"),
    sap: color("sap"),
    leaf: color("leaf"),
    away: color("away"),
    warn: color("warn"),
    bad: color("bad"),
  };
}

export interface View {
  camera: Camera;
  size: Size;
  shape: Shape;
  colors: Palette;
  selected: string | undefined;
  /** Pixels between two rows, or two names of a crown, at scale 1. */
  room: number;
}

const FONT = "500 13px Inter, ui-sans-serif, system-ui, sans-serif";
const FONT_VALUE = "400 12.5px Inter, ui-sans-serif, system-ui, sans-serif";
/** Names are drawn where rows are at least this far apart, in pixels. */
const NAME_ROOM = 9;

/** Whether there is room for values beside names. */
export function showsValues({ shape, room, camera }: View): boolean {
  return room * camera.scale > (shape === "crown" ? 16 : 30) || shape === "outline";
}

export function paintTree(context: CanvasRenderingContext2D, sprites: Map<string, Sprite>, view: View): void {
  const { camera, size } = view;
  context.clearRect(0, 0, size.width, size.height);
  context.lineCap = "round";
  for (const sprite of sprites.values()) {
    const parent = sprite.parent === undefined ? undefined : sprites.get(sprite.parent);
    if (parent !== undefined) paintLink(context, linkOf(sprite, parent, view), sprite, view);
  }
  const room = view.room * camera.scale;
  for (const sprite of sprites.values()) {
    const x = sprite.nowX * camera.scale + camera.x;
    const y = sprite.nowY * camera.scale + camera.y;
    if (x < -220 || y < -60 || x > size.width + 220 || y > size.height + 60) continue;
    paintNode(context, sprite, x, y, view);
    if (room >= NAME_ROOM || sprite.depth < 2) paintName(context, sprite, x, y, view, room);
  }
  context.globalAlpha = 1;
}

export function linkOf(sprite: Sprite, parent: Sprite, { camera, shape }: View): Curve {
  const c = curve(shape, sprite.nowX, sprite.nowY, parent.nowX, parent.nowY);
  return c.map((value, at) => value * camera.scale + (at % 2 === 0 ? camera.x : camera.y)) as Curve;
}

function paintLink(context: CanvasRenderingContext2D, c: Curve, sprite: Sprite, { camera, colors }: View): void {
  context.globalAlpha = sprite.presence * (sprite.isDim ? 0.25 : 1);
  context.strokeStyle = sprite.isUp
    ? ([colors.line, colors.warn, colors.bad][sprite.trouble] ?? colors.line)
    : colors.away;
  context.lineWidth = Math.max(1, (sprite.isLeaf ? 2 : 3.2) * Math.min(1, camera.scale));
  context.setLineDash(sprite.isUp ? (sprite.isRadio ? [1, 6] : []) : [2, 5]);
  context.beginPath();
  context.moveTo(c[0], c[1]);
  context.bezierCurveTo(c[2], c[3], c[4], c[5], c[6], c[7]);
  context.stroke();
  context.setLineDash([]);
}

export function radiusOf({ depth, isLeaf }: { depth: number; isLeaf: boolean }, scale: number): number {
  const radius = depth === 0 ? 13 : isLeaf ? 5.5 : 8;
  return radius * Math.min(1.2, Math.max(0.45, scale));
}

function paintNode(context: CanvasRenderingContext2D, sprite: Sprite, x: number, y: number, view: View): void {
  const { colors, camera, selected } = view;
  const radius = radiusOf(sprite, camera.scale) * (0.6 + 0.4 * sprite.presence);
  context.globalAlpha = sprite.presence * (sprite.isDim ? 0.25 : 1);
  if (sprite.id === selected) {
    context.strokeStyle = colors.ink;
    context.lineWidth = 2;
    disc(context, x, y, radius + 5);
    context.stroke();
  }
  if (sprite.depth === 0) return paintRoot(context, x, y, radius, colors);
  const fill = sprite.isStale ? colors.warn : colors.leaf;
  context.fillStyle = sprite.isUp ? fill : colors.surface;
  context.strokeStyle = sprite.isUp ? fill : colors.away;
  context.lineWidth = 2;
  disc(context, x, y, radius);
  context.fill();
  context.stroke();
  if (sprite.isUp && sprite.isStale && sprite.hidden === 0) {
    // Not by colour alone: late ones have a hole.
    context.fillStyle = colors.surface;
    disc(context, x, y, radius * 0.4);
    context.fill();
  }
  if (sprite.hidden > 0) {
    context.fillStyle = colors.surface;
    context.font = `700 ${Math.max(8, radius * 1.2)}px Inter, system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("+", x, y + 0.5);
  }
}

/** The root is a drop: where all of it arrives. */
function paintRoot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colors: Palette): void {
  context.fillStyle = colors.sap;
  context.beginPath();
  context.moveTo(x, y - radius * 1.5);
  context.bezierCurveTo(x + radius * 0.6, y - radius * 0.6, x + radius, y - radius * 0.2, x + radius, y + radius * 0.3);
  context.arc(x, y + radius * 0.3, radius, 0, Math.PI);
  context.bezierCurveTo(x - radius, y - radius * 0.2, x - radius * 0.6, y - radius * 0.6, x, y - radius * 1.5);
  context.fill();
}

function paintName(
  context: CanvasRenderingContext2D,
  sprite: Sprite,
  x: number,
  y: number,
  view: View,
  room: number,
): void {
  const { colors, shape, camera, size } = view;
  const gap = radiusOf(sprite, camera.scale) + 8;
  context.textBaseline = "middle";
  context.font = FONT;
  context.fillStyle = sprite.isUp || sprite.depth === 0 ? colors.ink : colors.soft;
  if (shape === "crown" && sprite.depth > 0) {
    const isLeft = Math.cos(sprite.angle) < 0;
    context.save();
    context.translate(x, y);
    context.rotate(isLeft ? sprite.angle + Math.PI : sprite.angle);
    context.textAlign = isLeft ? "right" : "left";
    context.font = `500 ${Math.min(13, Math.max(7, room * 0.62))}px Inter, system-ui, sans-serif`;
    const value = sprite.isLeaf && showsValues(view) && sprite.value !== "" ? `  ${sprite.value}` : "";
    if (sprite.isLeaf) context.fillText(isLeft ? value + sprite.label : sprite.label + value, isLeft ? -gap : gap, 0);
    context.restore();
    if (!sprite.isLeaf) badge(context, sprite.label, x, y - gap - 4, colors);
    return;
  }
  if (shape === "outline") {
    context.textAlign = "left";
    context.fillText(sprite.label, x + gap, y);
    const width = context.measureText(sprite.label).width;
    context.font = FONT_VALUE;
    context.fillStyle = sprite.isStale ? colors.warn : colors.soft;
    context.textAlign = "right";
    if (x + gap + width + context.measureText(sprite.value).width + 24 < size.width)
      context.fillText(sprite.value, size.width - 14, y);
    return;
  }
  const isInner = !sprite.isLeaf;
  context.textAlign = isInner ? "center" : "left";
  if (isInner)
    return badge(
      context,
      sprite.label,
      x,
      y - gap - (sprite.depth === 0 ? 14 : 5),
      colors,
      sprite.isUp || sprite.depth === 0,
    );
  const hasTwo = showsValues(view) && sprite.value !== "";
  context.fillText(sprite.label, x + gap, hasTwo ? y - 7.5 : y);
  if (!hasTwo) return;
  context.font = FONT_VALUE;
  context.fillStyle = sprite.isStale && sprite.isUp ? colors.warn : colors.soft;
  context.fillText(sprite.value, x + gap, y + 8.5);
}

/** A name over links, which are kept off it. */
function badge(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colors: Palette,
  isUp = true,
): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = FONT;
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = colors.surface;
  context.strokeText(text, x, y);
  context.fillStyle = isUp ? colors.ink : colors.soft;
  context.fillText(text, x, y);
}

/** More drops than this have no tails. */
const TAILS_MAX = 80;
/** More nodes than this do not glow: all of them would, all the time. */
const GLOWS_MAX = 150;

/** What moves: glowing nodes and drops. */
export function paintMotion(
  context: CanvasRenderingContext2D,
  sprites: Map<string, Sprite>,
  drops: readonly Drop[],
  now: number,
  view: View,
): void {
  const { camera, size, colors } = view;
  context.fillStyle = colors.sap;
  const isCrowd = sprites.size > GLOWS_MAX;
  for (const sprite of sprites.values()) {
    if (sprite.glow < 0.05 || sprite.isDim || (isCrowd && sprite.depth > 0)) continue;
    const x = sprite.nowX * camera.scale + camera.x;
    const y = sprite.nowY * camera.scale + camera.y;
    if (x < -20 || y < -20 || x > size.width + 20 || y > size.height + 20) continue;
    context.globalAlpha = sprite.glow * 0.35;
    disc(context, x, y, radiusOf(sprite, camera.scale) + 2 + 5 * sprite.glow);
    context.fill();
  }
  const links = new Map<string, Curve>();
  const tails = drops.length > TAILS_MAX ? 0 : 2;
  for (const { way, bornAt, size: dropSize } of drops) {
    const along = (now - bornAt) / HOP_MILLIS;
    const hop = Math.floor(along);
    const child = sprites.get(way[hop] ?? "");
    const parent = sprites.get(way[hop + 1] ?? "");
    if (child === undefined || parent === undefined) continue;
    let link = links.get(child.id);
    if (link === undefined) {
      link = linkOf(child, parent, view);
      links.set(child.id, link);
    }
    const t = along - hop;
    const radius = dropSize * Math.min(1.2, Math.max(0.6, camera.scale));
    for (let tail = tails; tail >= 0; tail--) {
      const [x, y] = pointOn(link, Math.max(0, t - tail * 0.045));
      context.globalAlpha = [1, 0.45, 0.2][tail] ?? 0;
      disc(context, x, y, radius * (1 - tail * 0.22));
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}
