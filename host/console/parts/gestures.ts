/** Pointer, two fingers and wheel on the picture: pan, zoom, choose, open. */
import type { TreePicture } from "../picture/tree-picture.ts";

/** A pointer that moved less is a tap. Pixels. */
const TAP_PIXELS = 6;
const DOUBLE_MILLIS = 350;

export interface GestureListener {
  tap(id: string | undefined): void;
  open(id: string): void;
  hover(id: string | undefined): void;
}

export class Gestures {
  private readonly canvas: HTMLCanvasElement;
  private readonly picture: TreePicture;
  private readonly listener: GestureListener;
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private readonly ended = new AbortController();
  private moved = 0;
  private lastTap = { id: "", at: 0 };

  constructor(canvas: HTMLCanvasElement, picture: TreePicture, listener: GestureListener) {
    this.canvas = canvas;
    this.picture = picture;
    this.listener = listener;
    const { signal } = this.ended;
    canvas.addEventListener("pointerdown", (event) => this.down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.up(event, true), { signal });
    canvas.addEventListener("pointercancel", (event) => this.up(event, false), { signal });
    canvas.addEventListener("pointerleave", () => listener.hover(undefined), { signal });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
  }

  stop(): void {
    this.ended.abort();
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.moved = 0;
  }

  private move(event: PointerEvent): void {
    const finger = this.fingers.get(event.pointerId);
    if (finger === undefined) {
      if (event.pointerType === "mouse") this.listener.hover(this.picture.at(event.offsetX, event.offsetY));
      return;
    }
    const { offsetX: x, offsetY: y } = event;
    const [dx, dy] = [x - finger.x, y - finger.y];
    this.moved += Math.hypot(dx, dy);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const before = Math.hypot(finger.x - other.x, finger.y - other.y);
      const after = Math.hypot(x - other.x, y - other.y);
      this.picture.camera.zoom(after / Math.max(1, before), (x + other.x) / 2, (y + other.y) / 2);
      this.picture.camera.pan(dx / 2, dy / 2);
    } else if (this.moved > TAP_PIXELS) this.picture.camera.pan(dx, dy);
    this.fingers.set(event.pointerId, { x, y });
    if (this.moved > TAP_PIXELS) this.changed();
  }

  private up(event: PointerEvent, isDone: boolean): void {
    if (!this.fingers.delete(event.pointerId) || !isDone || this.moved > TAP_PIXELS || this.fingers.size > 0) return;
    const id = this.picture.at(event.offsetX, event.offsetY);
    if (id !== undefined && id === this.lastTap.id && event.timeStamp - this.lastTap.at < DOUBLE_MILLIS)
      return this.listener.open(id);
    this.lastTap = { id: id ?? "", at: event.timeStamp };
    this.listener.tap(id);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { camera, shape } = this.picture;
    // A wheel zooms; on an outline, which is read from the top, it scrolls as pages do.
    if (shape === "outline" && !event.ctrlKey) camera.pan(0, -event.deltaY);
    else camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.offsetX, event.offsetY);
    this.changed();
  }

  private changed(): void {
    this.picture.onView();
    this.picture.redraw();
  }
}
