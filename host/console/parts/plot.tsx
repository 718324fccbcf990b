/** A chart by uPlot, in the page's colours: lines over time, with a band from least to most. Drawing over it zooms. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { color, isDark } from "../theme.ts";
import { formatNumber } from "../words.ts";

export interface PlotData {
  /** Seconds since 1970. */
  times: number[];
  lines: (number | null)[][];
  band?: [least: (number | null)[], most: (number | null)[]];
}

export interface PlotOptions {
  data: PlotData;
  unit: string;
  /** What a screen reader says in its place. */
  label: string;
  height?: number;
  /** Names of the colours of the lines, see base.css. */
  colors?: string[];
  /** Values come now and then: the line is drawn over what lies between. */
  isSparse?: boolean;
  /** Without a range to choose, nothing is zoomed. Milliseconds since 1970. */
  onZoom?: (from: number, to: number) => void;
}

/** Fewer values than this are drawn as points too. */
const POINTS_MAX = 40;

export function Plot({ data, unit, label, height = 220, colors = ["sap"], isSparse = false, onZoom }: PlotOptions) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const readout = useRef<HTMLParagraphElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const dark = isDark.value;
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const axis = {
      stroke: color("ink-2"),
      font: "12px Inter, system-ui, sans-serif",
      grid: { stroke: color("line"), width: 1 },
      ticks: { show: false },
    };
    const own = new uPlot(
      {
        width: element.clientWidth || 300,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: onZoom !== undefined, y: false, setScale: false }, points: { size: 7 } },
        select: { show: onZoom !== undefined, left: 0, top: 0, width: 0, height: 0 },
        scales: { x: { time: true }, y: { range: (_plot, least, most) => rangeOf(least, most) } },
        axes: [
          { ...axis, space: 80, size: 34, values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step) },
          { ...axis, size: 56, values: (_plot, splits) => splits.map((value) => formatNumber(value)) },
        ],
        series: [
          {},
          ...data.lines.map((_, i) => ({
            stroke: color(colors[i] ?? "sap"),
            width: 2,
            spanGaps: isSparse,
            points: { size: 5, show: (now: uPlot, series: number) => isFew(now.data[series] ?? []) },
          })),
          ...(data.band === undefined ? [] : [bandLine(), bandLine()]),
        ],
        ...(data.band === undefined
          ? {}
          : {
              bands: [
                { series: [data.lines.length + 2, data.lines.length + 1] as [number, number], fill: color("sap-band") },
              ],
            }),
        hooks: {
          setSelect: [
            (now) => {
              const { left, width } = now.select;
              if (width < 4) return;
              zoom.current?.(now.posToVal(left, "x") * 1000, now.posToVal(left + width, "x") * 1000);
              now.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          setCursor: [(now) => sayAt(now, readout.current, unit)],
        },
      },
      aligned(data),
      element,
    );
    plot.current = own;
    const observer = new ResizeObserver(() => own.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      own.destroy();
    };
  }, [dark, unit]);
  useEffect(() => plot.current?.setData(aligned(data)), [data]);
  return (
    <div class="plot">
      <div ref={box} role="img" aria-label={label} style={{ height: `${height}px` }} />
      <p class="plot-readout" ref={readout} aria-hidden="true">
        {unit}
      </p>
    </div>
  );
}

function aligned({ times, lines, band }: PlotData): uPlot.AlignedData {
  return [times, ...lines, ...(band ?? [])];
}

const seconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const minutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const months = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" });

/** In the reader's zone and manner. `step` is in seconds. */
function timeLabels(splits: number[], step: number): string[] {
  const format = step < 60 ? seconds : step < 86_400 ? minutes : step < 86_400 * 28 ? days : months;
  return splits.map((second, i) => {
    const date = new Date(second * 1000);
    const before = i === 0 ? undefined : new Date((splits[i - 1] as number) * 1000);
    const isNewDay = step < 86_400 && before !== undefined && before.getDate() !== date.getDate();
    return (isNewDay ? days : format).format(date);
  });
}

/** So few that a line alone would hide them. */
function isFew(values: ArrayLike<number | null | undefined>): boolean {
  let count = 0;
  for (let i = 0; i < values.length && count < POINTS_MAX; i++) if (values[i] != null) count++;
  return count < POINTS_MAX;
}

function bandLine(): uPlot.Series {
  return { stroke: "transparent", width: 0, points: { show: false } };
}

/** Room above and below, also round a line that never changes. */
function rangeOf(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.12 || Math.max(Math.abs(most) * 0.1, 1);
  return [least >= 0 && least - room < 0 ? 0 : least - room, most + room];
}

function sayAt({ cursor, data }: uPlot, place: HTMLElement | null, unit: string): void {
  if (place === null) return;
  const at = cursor.idx;
  const time = at == null ? undefined : data[0][at];
  const value = at == null ? undefined : data[1]?.[at];
  place.textContent =
    time === undefined || value == null
      ? unit
      : `${formatNumber(value)} ${unit} · ${new Date(time * 1000).toLocaleString()}`;
}
