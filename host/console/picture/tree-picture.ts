/**
 * TreePicture keeps a canvas showing the tree: nodes glide to their places, drops run down the links, fingers and wheel move it about.
 *
 * It draws only while something moves. What stands still is on a canvas of its own below, so that a frame costs the drops alone.
 */
import { rootNow } from "../clock.ts";
import { type Entity, isStale, linkOf, type Model, type TreeNode } from "../store/model.ts";
import { formatValue } from "../words.ts";
import { Camera, type Size } from "./camera.ts";
import { Drops } from "./drops.ts";
import { layOut, roomOf, ROWS_MAX, type Shape } from "./layout.ts";
import { type Palette, paintMotion, paintTree, palette, showsValues, type Sprite, type View } from "./painter.ts";

/** A node is at its new place after about this long. Chosen: one sees from where to where. */
const GLIDE_MILLIS = 650;
/** Names and values are drawn anew this often: faster, nobody can read. */
const VALUES_EVERY_MILLIS = 500;
const GLOW_MILLIS = 700;
/** Slower than this on the way to the root is worth a colour. A line waits up to 2 s for company. */
const SLOW_MILLIS = 6000;
const BAD_MILLIS = 20_000;

export class TreePicture {
  readonly camera = new Camera();
  readonly folded = new Set<string>();
  /** Undefined: as fits the number of nodes and the place there is. */
  wantedShape: Shape | undefined;
  selected: string | undefined;
  /** Nodes that a search has found; undefined: there is no search. */
  found: Set<string> | undefined;
  /** Told when the shape or whether the camera is held may have changed. */
  onView: () => void = () => {};
  /** Frames drawn, for those who measure. */
  frames = 0;
  private readonly canvas: HTMLCanvasElement;
  private readonly still: HTMLCanvasElement;
  private readonly model: Model;
  private readonly sprites = new Map<string, Sprite>();
  private readonly drops = new Drops();
  private readonly calm = matchMedia("(prefers-reduced-motion: reduce)");
  private colors: Palette = palette();
  private size: Size = { width: 0, height: 0 };
  private shapeNow: Shape = "rows";
  private room = 0;
  private isStillDue = true;
  private stillAt = 0;
  private drawnAt = 0;
  private frame = 0;
  private glidingUntil = 0;

  /** `still` lies under `canvas`: what stands, and what moves. */
  constructor(canvas: HTMLCanvasElement, still: HTMLCanvasElement, model: Model) {
    this.canvas = canvas;
    this.still = still;
    this.model = model;
  }

  get shape(): Shape {
    return this.shapeNow;
  }

  resize(size: Size): void {
    const scale = Math.min(2, devicePixelRatio);
    for (const canvas of [this.canvas, this.still]) {
      canvas.width = Math.round(size.width * scale);
      canvas.height = Math.round(size.height * scale);
    }
    this.size = size;
    this.place();
  }

  recolor(): void {
    this.colors = palette();
    this.redraw();
  }

  redraw(): void {
    this.isStillDue = true;
    this.wake();
  }

  fit(): void {
    this.camera.fit(this.sprites.values(), this.shapeNow, this.size);
    this.onView();
    this.redraw();
  }

  /** Brings a node into the middle. */
  show(id: string): void {
    const sprite = this.sprites.get(id);
    if (sprite === undefined) return;
    this.camera.show(sprite.x, sprite.y, this.size);
    this.onView();
    this.redraw();
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
  }

  /** Somebody came, went, moved, or was folded: new places for all. */
  place(): void {
    if (this.size.width === 0) return;
    const nodes = [...this.model.nodes.values()];
    const isNarrow = this.size.width < 560;
    this.shapeNow = this.wantedShape ?? (isNarrow ? "outline" : leavesOf(nodes) > ROWS_MAX ? "crown" : "rows");
    this.room = roomOf(this.shapeNow, leavesOf(nodes));
    const placed = layOut(nodes, this.folded, this.shapeNow);
    const isFirst = this.sprites.size === 0;
    for (const id of this.sprites.keys()) if (!placed.has(id)) this.sprites.delete(id);
    for (const place of placed.values()) {
      const sprite = this.sprites.get(place.id);
      if (sprite !== undefined) Object.assign(sprite, place);
      else {
        // A newcomer grows out of its parent.
        const from = isFirst ? undefined : this.sprites.get(place.parent ?? "");
        this.sprites.set(place.id, {
          ...newSprite,
          ...place,
          label: place.id,
          nowX: from?.nowX ?? place.x,
          nowY: from?.nowY ?? place.y,
          presence: isFirst ? 1 : 0,
        });
      }
    }
    if (!this.camera.isHeld) this.camera.fit(placed.values(), this.shapeNow, this.size);
    this.glidingUntil = performance.now() + 4 * GLIDE_MILLIS;
    this.read();
    this.onView();
    this.redraw();
  }

  /** What came since the last frame: drops, and values once in a while. */
  flow(): void {
    const now = performance.now();
    for (const node of this.model.nodes.values()) {
      if (node.fresh === 0) continue;
      const sprite = this.sprites.get(node.id);
      if (sprite !== undefined) sprite.glow = 1;
      if (this.calm.matches) node.fresh = 0;
      else if (sprite === undefined || document.hidden) node.fresh = 0;
      else if (this.drops.add([node.id, ...this.model.way(node.id), "root"], node.fresh, now)) node.fresh = 0;
    }
    this.refresh(now);
    this.wake();
  }

  /** Values and ages, if it is time. */
  refresh(now = performance.now()): void {
    if (now - this.stillAt < VALUES_EVERY_MILLIS) return;
    this.stillAt = now;
    if (this.read()) this.redraw();
  }

  /** The node at a point of the canvas, or undefined. */
  at(x: number, y: number): string | undefined {
    let best: string | undefined;
    let least = 18;
    for (const sprite of this.sprites.values()) {
      const dx = x - (sprite.nowX * this.camera.scale + this.camera.x);
      const dy = y - (sprite.nowY * this.camera.scale + this.camera.y);
      // Names can be touched as well.
      const isOnName =
        this.shapeNow !== "crown" && sprite.isLeaf && dx > 0 && dx < 150 && Math.abs(dy) < 15 * this.camera.scale;
      const distance = isOnName ? Math.min(17, Math.abs(dy)) : Math.hypot(dx, dy);
      if (distance < least) {
        least = distance;
        best = sprite.id;
      }
    }
    return best;
  }

  /** Where a node is on the canvas now. */
  placeOf(id: string): { x: number; y: number } | undefined {
    const sprite = this.sprites.get(id);
    return sprite === undefined
      ? undefined
      : { x: sprite.nowX * this.camera.scale + this.camera.x, y: sprite.nowY * this.camera.scale + this.camera.y };
  }

  /** Looks at the nodes again. Returns whether that is to be seen. */
  private read(): boolean {
    const now = rootNow();
    const hasValues = showsValues(this.view());
    let isChanged = false;
    for (const sprite of this.sprites.values()) {
      const before = sprite.look;
      const node = this.model.nodes.get(sprite.id);
      sprite.isDim = this.found !== undefined && !this.found.has(sprite.id);
      if (node !== undefined) readNode(sprite, node, now, hasValues);
      sprite.look = `${sprite.isUp}${sprite.isStale}${sprite.isDim}${sprite.trouble}${sprite.isRadio}${sprite.value}`;
      isChanged ||= before !== sprite.look;
    }
    return isChanged;
  }

  private view(): View {
    const { camera, size, shapeNow: shape, colors, selected, room } = this;
    return { camera, size, shape, colors, selected, room };
  }

  private wake(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.frame = 0;
    const elapsed = Math.min(100, now - this.drawnAt);
    this.drawnAt = now;
    this.frames++;
    const isGliding = now < this.glidingUntil && this.glide(elapsed);
    const arrived = this.drops.settle(now);
    const root = this.sprites.get("root");
    if (arrived > 0 && root !== undefined) root.glow = 1;
    let isGlowing = false;
    for (const sprite of this.sprites.values()) {
      sprite.glow = Math.max(0, sprite.glow - elapsed / GLOW_MILLIS);
      isGlowing ||= sprite.glow > 0;
    }
    const view = this.view();
    if (isGliding || this.isStillDue) {
      this.isStillDue = false;
      this.stillAt = now;
      paintTree(scaled(this.still, this.size), this.sprites, view);
    }
    const context = scaled(this.canvas, this.size);
    context.clearRect(0, 0, this.size.width, this.size.height);
    if (this.frames === 1) performance.mark("tree-drawn");
    paintMotion(context, this.sprites, this.drops.alive, now, view);
    if (isGliding || isGlowing || this.drops.alive.length > 0 || this.isStillDue) this.wake();
  }

  /** One step towards the places. Returns whether there is way left. */
  private glide(elapsed: number): boolean {
    const share = this.calm.matches ? 1 : 1 - Math.exp((-4.5 * elapsed) / GLIDE_MILLIS);
    let isMoving = false;
    for (const sprite of this.sprites.values()) {
      sprite.nowX += (sprite.x - sprite.nowX) * share;
      sprite.nowY += (sprite.y - sprite.nowY) * share;
      sprite.presence += (1 - sprite.presence) * share;
      isMoving ||= Math.abs(sprite.x - sprite.nowX) + Math.abs(sprite.y - sprite.nowY) > 0.2 || sprite.presence < 0.99;
    }
    return isMoving;
  }
}

function readNode(sprite: Sprite, node: TreeNode, now: number, hasValue: boolean): void {
  const entity = mainEntity(node);
  sprite.isUp = node.isUp;
  sprite.isStale = entity !== undefined && node.isUp && isStale(node, entity, now);
  if (!node.isUp) sprite.value = "away";
  else if (entity === undefined || !hasValue) sprite.value = "";
  else sprite.value = `${formatValue(entity.value).slice(0, 18)}${entity.unit === null ? "" : ` ${entity.unit}`}`;
  sprite.trouble = node.lagMillis === null || node.lagMillis < SLOW_MILLIS ? 0 : node.lagMillis < BAD_MILLIS ? 1 : 2;
  sprite.isRadio = linkOf(node) === "esp-now";
}

const newSprite = {
  look: "",
  isUp: true,
  isStale: false,
  isDim: false,
  glow: 0,
  value: "",
  trouble: 0 as const,
  isRadio: false,
};

function leavesOf(nodes: readonly TreeNode[]): number {
  const parents = new Set(nodes.map(({ parent }) => parent));
  return nodes.filter(({ id }) => !parents.has(id)).length;
}

/** What the stock program says of itself. */
const HOUSEKEEPING = ["memory.free", "uptime"];

/** The one value that stands for a node: of what it measures the first by name, for that does not jump about. */
export function mainEntity(node: TreeNode): Entity | undefined {
  let best: Entity | undefined;
  for (const entity of node.entities.values()) {
    if (entity.received === null || entity.eid.startsWith("sapline.") || HOUSEKEEPING.includes(entity.eid)) continue;
    if (best === undefined || entity.eid < best.eid) best = entity;
  }
  return best;
}

function scaled(canvas: HTMLCanvasElement, size: Size): CanvasRenderingContext2D {
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const scale = size.width === 0 ? 1 : canvas.width / size.width;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}
