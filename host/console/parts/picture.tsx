/** The canvas of the tree in the page: its size, its colours, and what fingers, wheel and pointer do to it. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Shape } from "../picture/layout.ts";
import { TreePicture } from "../picture/tree-picture.ts";
import { go } from "../route.ts";
import { connection, frameListeners, movedShown, shown } from "../store/live.ts";
import { isDark } from "../theme.ts";
import { plural } from "../words.ts";
import { Gestures } from "./gestures.ts";
import { Icon } from "./icons.tsx";
import type { TreeState } from "./tree-state.ts";

const SHAPES: { shape: Shape; name: string }[] = [
  { shape: "rows", name: "Rows" },
  { shape: "outline", name: "Outline" },
  { shape: "crown", name: "Crown" },
];

export function Picture({ state }: { state: TreeState }) {
  const model = state.model.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const picture = useRef<TreePicture | undefined>(undefined);
  const view = useSignal({ isHeld: false, shape: "rows" as Shape });
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement;
    const own = new TreePicture(element, still.current as HTMLCanvasElement, model);
    picture.current = own;
    own.onView = () => {
      const { isHeld } = own.camera;
      if (view.value.isHeld !== isHeld || view.value.shape !== own.shape) view.value = { isHeld, shape: own.shape };
    };
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = (entry as ResizeObserverEntry).contentRect;
      if (width > 0 && height > 0) own.resize({ width, height });
    });
    observer.observe(element);
    const flow = (): void => own.flow();
    frameListeners.add(flow);
    const gestures = new Gestures(element, own, {
      tap: (id) => {
        state.selected.value = id;
      },
      open: (id) => {
        if (id !== "root") go("node", id);
      },
      hover: (id) => {
        element.style.cursor = id === undefined ? "grab" : "pointer";
        state.hovered.value = id;
      },
    });
    return () => {
      frameListeners.delete(flow);
      observer.disconnect();
      gestures.stop();
      own.stop();
    };
  }, []);
  useSignalEffect(() => {
    void movedShown.value;
    const { current } = picture;
    if (current === undefined) return;
    current.folded.clear();
    for (const id of state.folded.value) current.folded.add(id);
    current.place();
  });
  useSignalEffect(() => {
    void shown.value;
    picture.current?.refresh();
  });
  useSignalEffect(() => {
    void isDark.value;
    picture.current?.recolor();
  });
  useSignalEffect(() => {
    const { current } = picture;
    if (current === undefined) return;
    current.found = state.found.value;
    current.selected = state.selected.value;
    const first = state.found.value?.values().next().value;
    if (first !== undefined && state.found.value?.size === 1) current.show(first);
    current.refresh(Number.POSITIVE_INFINITY);
  });
  const words = useComputed(() => {
    void movedShown.value;
    return `Picture of the tree: ${plural(model.nodes.size, "node")}. The list has the same.`;
  });
  const zoom = (factor: number): void => {
    const { current } = picture;
    const element = canvas.current;
    if (current === undefined || element === null) return;
    current.camera.zoom(factor, element.clientWidth / 2, element.clientHeight / 2);
    current.onView();
    current.redraw();
  };
  return (
    <section class={`picture${connection.value.name === "lost" ? " is-old" : ""}`}>
      <canvas ref={still} aria-hidden="true" />
      <canvas ref={canvas} role="img" aria-label={words.value} />
      <div class="picture-tools" role="toolbar" aria-label="Picture">
        <button class="plain picture-zoom" type="button" aria-label="Larger" onClick={() => zoom(1.3)}>
          <Icon name="plus" />
        </button>
        <button class="plain picture-zoom" type="button" aria-label="Smaller" onClick={() => zoom(1 / 1.3)}>
          <Icon name="minus" />
        </button>
        <button
          class="plain"
          type="button"
          aria-label="Show all"
          disabled={!view.value.isHeld}
          onClick={() => picture.current?.fit()}
        >
          <Icon name="fit" />
        </button>
        <button
          class="plain picture-zoom"
          type="button"
          aria-label="Whole screen"
          onClick={() => void wholeScreen(canvas.current)}
        >
          <Icon name="screen" />
        </button>
        <select
          aria-label="Shape of the tree"
          value={view.value.shape}
          onChange={(event) => {
            const { current } = picture;
            if (current === undefined) return;
            current.wantedShape = event.currentTarget.value as Shape;
            current.camera.isHeld = false;
            current.place();
          }}
        >
          {SHAPES.map(({ shape, name }) => (
            <option key={shape} value={shape}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <p class="legend" aria-hidden="true">
        <span>
          <i class="dot is-up" /> here
        </span>
        <span>
          <i class="dot is-stale" /> late
        </span>
        <span>
          <i class="dot is-away" /> away
        </span>
        <span>
          <i class="dot is-drop" /> events
        </span>
      </p>
    </section>
  );
}

/** For walls: the picture alone, and back. */
async function wholeScreen(canvas: HTMLCanvasElement | null): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else await canvas?.parentElement?.requestFullscreen();
}
