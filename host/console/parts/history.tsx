/** What an entity was: a chart over any range, zoomed by drawing over it, and the same as a table. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ask } from "../api.ts";
import { rootNow } from "../clock.ts";
import type { Entity } from "../store/model.ts";
import { formatTime, formatValue, LATE_MILLIS, plural } from "../words.ts";
import { Plot, type PlotData } from "./plot.tsx";

interface Bucket {
  at: number;
  count: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  last: unknown;
}

interface Chart {
  from: number;
  to: number;
  bucketMillis: number;
  buckets: Bucket[];
  isTruncated: boolean;
}

const RANGES = [
  { name: "15 min", millis: 900_000 },
  { name: "1 h", millis: 3_600_000 },
  { name: "24 h", millis: 86_400_000 },
  { name: "7 days", millis: 604_800_000 },
  { name: "All", millis: undefined },
];
/** Columns asked for. Chosen: one for each three pixels of a wide card. */
const BUCKETS = 300;
/** A chart that ends now is asked for again this often. */
const AGAIN_MILLIS = 5000;
const ROWS_SHOWN = 50;

export function History({ node, entity }: { node: string; entity: Entity }) {
  const isPast = entity.ts !== null && rootNow() - entity.ts > LATE_MILLIS;
  const range = useSignal(isPast ? 4 : 1);
  const zoom = useSignal<[from: number, to: number] | undefined>(undefined);
  const found = useSignal<Chart | undefined>(undefined);
  const trouble = useSignal("");
  const [at, window] = [range.value, zoom.value];
  useEffect(() => {
    let isGone = false;
    const load = async (): Promise<void> => {
      const { millis } = RANGES[at] as (typeof RANGES)[number];
      // Replayed history lies in the past: a range then ends with its last value.
      const end = isPast ? (entity.ts ?? 0) + 1 : rootNow();
      const [from, to] = window ?? (millis === undefined ? [undefined, undefined] : [end - millis, end]);
      const bounds = from === undefined ? "" : `&from=${Math.floor(from)}&to=${Math.ceil(to as number)}`;
      const path = `/api/nodes/${encodeURIComponent(node)}/entities/${encodeURIComponent(entity.eid)}/chart`;
      try {
        const chart = await ask<Chart>("GET", `${path}?buckets=${BUCKETS}${bounds}`);
        if (!isGone) [found.value, trouble.value] = [chart, ""];
      } catch (error) {
        if (!isGone) trouble.value = (error as Error).message;
      }
    };
    void load();
    const timer = window === undefined ? setInterval(() => !document.hidden && void load(), AGAIN_MILLIS) : 0;
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [node, entity.eid, at, window]);
  const chart = found.value;
  const data = useMemo(() => chart && plotData(chart), [chart]);
  const hasNumbers = chart?.buckets.some(({ mean }) => mean !== null) === true;
  return (
    <div class="history">
      <div class="history-head">
        <div class="segmented" role="group" aria-label="Range">
          {RANGES.map(({ name }, i) => (
            <button
              key={name}
              type="button"
              aria-pressed={zoom.value === undefined && range.value === i}
              onClick={() => {
                zoom.value = undefined;
                range.value = i;
              }}
            >
              {name}
            </button>
          ))}
        </div>
        {zoom.value !== undefined && (
          <button class="plain" type="button" onClick={() => (zoom.value = undefined)}>
            Zoom out
          </button>
        )}
      </div>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      {data !== undefined && hasNumbers && (
        <Plot
          data={data}
          unit={entity.unit ?? ""}
          label={`${entity.eid} from ${formatTime(chart?.from ?? 0)} to ${formatTime(chart?.to ?? 0)}`}
          onZoom={(from, to) => (zoom.value = [from, to])}
        />
      )}
      {chart !== undefined && chart.buckets.length === 0 && (
        <p class="hint history-none">
          Nothing was said in this range.{" "}
          {entity.ts !== null && `The last value is of ${formatTime(entity.ts)}: take a longer range.`}
        </p>
      )}
      {chart?.isTruncated === true && (
        <p class="hint">The log is long: older values of this range are left out. Zoom in to see them.</p>
      )}
      {chart !== undefined && chart.buckets.length > 0 && <HistoryTable chart={chart} unit={entity.unit} />}
    </div>
  );
}

function HistoryTable({ chart, unit }: { chart: Chart; unit: string | null }) {
  const newest = chart.buckets.slice(-ROWS_SHOWN).reverse();
  return (
    <details class="history-table">
      <summary>As a table</summary>
      <div class="table-box" role="region" aria-label="Values" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Last{unit === null ? "" : ` (${unit})`}</th>
              <th scope="col">Least</th>
              <th scope="col">Most</th>
              <th scope="col">Count</th>
            </tr>
          </thead>
          <tbody>
            {newest.map(({ at, count, min, max, last }) => (
              <tr key={at}>
                <td>{formatTime(at)}</td>
                <td>{formatValue(last)}</td>
                <td>{formatValue(min)}</td>
                <td>{formatValue(max)}</td>
                <td>{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chart.buckets.length > ROWS_SHOWN && (
        <p class="hint">
          The newest {ROWS_SHOWN} of {plural(chart.buckets.length, "row")}.
        </p>
      )}
    </details>
  );
}

/** Where nothing was said for a while the line is broken, so that a gap is seen as one. */
function plotData({ buckets, bucketMillis }: Chart): PlotData {
  const [times, means, leasts, mosts]: [number[], (number | null)[], (number | null)[], (number | null)[]] = [
    [],
    [],
    [],
    [],
  ];
  const steps = buckets.slice(1).map(({ at }, i) => at - (buckets[i] as Bucket).at);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? bucketMillis;
  let before: number | undefined;
  for (const { at, min, max, mean } of buckets) {
    if (before !== undefined && at - before > 6 * usual) {
      times.push((before + usual) / 1000);
      for (const column of [means, leasts, mosts]) column.push(null);
    }
    times.push(at / 1000);
    means.push(mean);
    leasts.push(min);
    mosts.push(max);
    before = at;
  }
  return { times, lines: [means], band: [leasts, mosts] };
}
