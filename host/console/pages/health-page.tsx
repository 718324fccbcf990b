/** How the root does, second by second, and what it had to drop or found missing: figures, charts, and sentences. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ask } from "../api.ts";
import { now, rootNow } from "../clock.ts";
import { counterWords } from "../parts/counter-words.ts";
import { Plot } from "../parts/plot.tsx";
import { connection } from "../store/live.ts";
import { eventWords, formatBytes, formatDuration, formatNumber, formatTime, type StoredEvent } from "../words.ts";

interface Second {
  at: number;
  stored: number;
  commits: number;
  acks: number;
  ackMillis: number | null;
  lagMillis: number | null;
  duplicates: number;
  given: number;
  nodesUp: number;
}

interface Health {
  ok: boolean;
  trouble: string;
  version: string;
  startedAt: number;
  connections: number;
  nodesUp: number;
  commits: number;
  lastCommitMillis: number | null;
  commitWaitingMillis: number | null;
  counters: { [name: string]: number };
  /** Null without a dongle. */
  radio: { trouble: string; channel: number; children: number; counters: { [name: string]: number } } | null;
  stock: { logBytes: number | null; freeBytes: number | null; nodes: number; values: number; desired: number };
  seconds: Second[];
}

/** As long as the root keeps them. */
const SECONDS_KEPT = 600;
const GAPS_FROM = "7d";
const GAPS_SHOWN = 30;
const FREE_LOW_BYTES = 1e9;

export function HealthPage() {
  const health = useSignal<Health | undefined>(undefined);
  const seconds = useSignal<Second[]>([]);
  const gaps = useSignal<StoredEvent[] | undefined>(undefined);
  const isLive = connection.value.name === "live";
  useEffect(() => {
    let isGone = false;
    const load = async (): Promise<void> => {
      const after = seconds.value.at(-1)?.at ?? 0;
      const answer = await ask<Health>("GET", `/api/health?after=${after}`).catch(() => undefined);
      if (isGone || answer === undefined) return;
      health.value = answer;
      seconds.value = [...seconds.value, ...answer.seconds].slice(-SECONDS_KEPT);
    };
    const loadGaps = async (): Promise<void> => {
      const found = await ask<{ events: StoredEvent[] }>(
        "GET",
        `/api/log?type=!gap&from=${GAPS_FROM}&limit=${GAPS_SHOWN}`,
      ).catch(() => undefined);
      if (!isGone && found !== undefined) gaps.value = found.events.reverse();
    };
    void load();
    void loadGaps();
    const timers = [
      setInterval(() => !document.hidden && void load(), 1000),
      setInterval(() => !document.hidden && void loadGaps(), 10_000),
    ];
    return () => {
      isGone = true;
      for (const timer of timers) clearInterval(timer);
    };
  }, [isLive]);
  const is = health.value;
  if (is === undefined) return <p class="loading">Asking the root …</p>;
  return (
    <>
      <header class="page-head">
        <h1>Health</h1>
        <p class={`state ${is.ok ? "is-up" : "is-bad"}`} role="status">
          <span class={`dot ${is.ok ? "is-up" : "is-bad"}`} aria-hidden="true" />
          {is.ok ? "The log takes events" : `The log takes nothing: ${is.trouble}`}
        </p>
        {is.radio !== null && is.radio.trouble !== "" && (
          <p class="state is-bad" role="status">
            <span class="dot is-bad" aria-hidden="true" />
            {`Radio: ${is.radio.trouble}`}
          </p>
        )}
      </header>
      <Tiles is={is} last={seconds.value.at(-1)} />
      <Charts seconds={seconds.value} />
      <div class="columns">
        <Gaps gaps={gaps.value} />
        <Counters counters={{ ...is.counters, ...is.radio?.counters }} startedAt={is.startedAt} />
      </div>
    </>
  );
}

function Tiles({ is, last }: { is: Health; last: Second | undefined }) {
  const { stock } = is;
  const isLow = stock.freeBytes !== null && stock.freeBytes < FREE_LOW_BYTES;
  return (
    <dl class="figures">
      <Tile name="Stored" value={formatNumber(last?.stored ?? 0)} unit="events/s" />
      <Tile name="Nodes here" value={formatNumber(is.nodesUp)} unit={`of ${formatNumber(stock.nodes)}`} />
      <Tile
        name="Last commit"
        value={is.lastCommitMillis === null ? "–" : formatNumber(Math.round(is.lastCommitMillis * 10) / 10)}
        unit="ms"
      />
      <Tile name="Log" value={stock.logBytes === null ? "–" : formatBytes(stock.logBytes)} />
      <Tile name="Disk free" value={stock.freeBytes === null ? "–" : formatBytes(stock.freeBytes)} isBad={isLow} />
      <Tile name="Values kept" value={formatNumber(stock.values)} unit={`of ${formatNumber(stock.nodes)} nodes`} />
      <Tile name="Wishes kept" value={formatNumber(stock.desired)} />
      {is.radio !== null && (
        <Tile
          name={`Radio, channel ${is.radio.channel}`}
          value={formatNumber(is.radio.children)}
          unit="children"
          isBad={is.radio.trouble !== ""}
        />
      )}
      <Tile name="Running for" value={formatDuration(now.value - is.startedAt)} />
      <Tile name="Version" value={is.version} />
    </dl>
  );
}

function Tile({ name, value, unit, isBad = false }: { name: string; value: string; unit?: string; isBad?: boolean }) {
  return (
    <div class={`figure${isBad ? " is-bad" : ""}`}>
      <dt>{name}</dt>
      <dd>
        {value}
        {unit !== undefined && <span class="unit"> {unit}</span>}
      </dd>
    </div>
  );
}

const CHARTS: { name: string; unit: string; color: string; of: (second: Second) => number | null; hint: string }[] = [
  {
    name: "Stored per second",
    unit: "events/s",
    color: "sap",
    of: ({ stored }) => stored,
    hint: "Events that got to the disk.",
  },
  {
    name: "Acknowledged after",
    unit: "ms",
    color: "leaf",
    of: ({ ackMillis }) => ackMillis,
    hint: "From arrival to acknowledgement, the longest of each second: mostly the disk.",
  },
  {
    name: "Delay on the way",
    unit: "ms",
    color: "warn",
    of: ({ lagMillis }) => lagMillis,
    hint: "From the making of a live event to its arrival, the longest. Nodes gather for up to 2 s.",
  },
  {
    name: "Dropped duplicates and gaps",
    unit: "/s",
    color: "bad",
    of: ({ duplicates, given }) => duplicates + given,
    hint: "Sent again though known, and dropped; and events that nodes gave up.",
  },
];

function Charts({ seconds }: { seconds: Second[] }) {
  const data = useMemo(
    () => CHARTS.map(({ of }) => ({ times: seconds.map(({ at }) => at / 1000), lines: [seconds.map(of)] })),
    [seconds],
  );
  return (
    <div class="charts">
      {CHARTS.map(({ name, unit, color, hint }, i) => (
        <figure key={name} class="card chart">
          <figcaption>
            <h2>{name}</h2>
            <p class="hint">{hint}</p>
          </figcaption>
          <Plot
            data={data[i] as { times: number[]; lines: (number | null)[][] }}
            unit={unit}
            colors={[color]}
            isSparse={i === 1 || i === 2}
            height={150}
            label={chartWords(name, unit, data[i]?.lines[0] ?? [])}
          />
        </figure>
      ))}
    </div>
  );
}

function chartWords(name: string, unit: string, values: (number | null)[]): string {
  const said = values.filter((value) => value !== null);
  if (said.length === 0) return `${name}: nothing in the last ten minutes`;
  return `${name}, last ten minutes: now ${formatNumber(said.at(-1) as number)} ${unit}, at most ${formatNumber(Math.max(...said))} ${unit}`;
}

function Gaps({ gaps }: { gaps: StoredEvent[] | undefined }) {
  return (
    <section class="card" aria-labelledby="gaps-title">
      <h2 id="gaps-title">Gaps</h2>
      {gaps?.length === 0 && <p class="hint">None in the last seven days: whatever nodes sent is in the log.</p>}
      <ol class="story-lines">
        {gaps?.map((event) => (
          <li key={`${event.node}/${event.epoch}/${event.n}`} class="story-line type-bad">
            <time dateTime={new Date(event.received).toISOString()}>{formatTime(event.received)}</time>
            <span>{eventWords(event)}.</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Counters({ counters, startedAt }: { counters: { [name: string]: number }; startedAt: number }) {
  const rows = Object.entries(counters)
    .filter(([, times]) => times > 0)
    .sort(([, a], [, b]) => b - a);
  return (
    <section class="card" aria-labelledby="counters-title">
      <h2 id="counters-title">Dropped and refused</h2>
      {rows.length === 0 && (
        <p class="hint">Nothing since the root started, {formatDuration(rootNow() - startedAt)} ago.</p>
      )}
      <ul class="counters">
        {rows.map(([name, count]) => (
          <li key={name}>
            <b>{formatNumber(count)}</b>
            <span>
              {name}
              <small>{counterWords(name)}</small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
