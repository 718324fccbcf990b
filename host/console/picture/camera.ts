/** Which part of the drawing is seen, and how large. Screen = place × scale + shift. Pixels are the page's own. */
import type { Placed, Shape } from "./layout.ts";

const SCALE_MIN = 0.08;
const SCALE_MAX = 4;

export interface Size {
  width: number;
  height: number;
}

export class Camera {
  scale = 1;
  x = 0;
  y = 0;
  /** Somebody has moved it: it stays there. */
  isHeld = false;

  zoom(factor: number, atX: number, atY: number): void {
    const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, this.scale * factor));
    this.x = atX - ((atX - this.x) * scale) / this.scale;
    this.y = atY - ((atY - this.y) * scale) / this.scale;
    this.scale = scale;
    this.isHeld = true;
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.isHeld = true;
  }

  /** Brings a place to the middle. */
  show(x: number, y: number, { width, height }: Size): void {
    this.scale = Math.max(this.scale, 0.8);
    this.x = width / 2 - x * this.scale;
    this.y = height / 2 - y * this.scale;
    this.isHeld = true;
  }

  fit(placed: Iterable<Placed>, shape: Shape, { width, height }: Size): void {
    let [left, right, top, bottom] = [0, 0, 0, 0];
    for (const { x, y } of placed) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    this.isHeld = false;
    if (shape === "outline") {
      // Read from the top, scrolled with the finger.
      this.scale = 1;
      this.x = 30;
      this.y = 34;
      return;
    }
    // Room for names: beside the last column, or round the crown.
    const [before, behind, over] = shape === "rows" ? [44, 190, 36] : [70, 70, 70];
    const scale = Math.min(
      (width - before - behind) / Math.max(1, right - left),
      (height - 2 * over) / Math.max(1, bottom - top),
    );
    this.scale = Math.min(shape === "rows" ? 1.5 : 1.2, Math.max(SCALE_MIN, scale));
    this.x = before + (width - before - behind - (right - left) * this.scale) / 2 - left * this.scale;
    this.y = (height - (bottom - top) * this.scale) / 2 - top * this.scale;
  }
}
