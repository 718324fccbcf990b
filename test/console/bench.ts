/**
 * `npm run bench:console`: the tree's page with 500 simulated nodes at 1000 events a second, on a real root, in a real browser. It measures
 * the time to the first picture, frames a second, memory, and whether the page knows what the API knows when all is quiet again.
 * With `--check`, a target that is missed makes the exit code 1. `--seconds N` measures for longer.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import { PeopleFile } from "#host/people/people.ts";
import { Bench, freePort, until } from "../e2e/processes.ts";
import { CHROMIUM, SKIP_REASON, startBrowser } from "./chromium.ts";
import { Crowd, crowdIds, writeTokens } from "./crowd.ts";

const BRANCHES = 20;
const LEAVES = 24;
const EVENTS_PER_SECOND = 1000;
const PASSWORD = "a password of tests";

const TARGETS = { framesPerSecond: 30, megabytes: 150, firstViewMillis: 1000 };

interface Known {
  up: string[];
  values: { [key: string]: unknown };
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({ options: { check: { type: "boolean" }, seconds: { type: "string" } } });
  if (CHROMIUM === "") throw new Error(SKIP_REASON);
  const bench = new Bench();
  mkdirSync(bench.data, { recursive: true });
  const browser = await startBrowser();
  let crowd: Crowd | undefined;
  try {
    writeTokens(bench.data, crowdIds(BRANCHES, LEAVES));
    await new PeopleFile(bench.data).add("look", "look", PASSWORD);
    const port = await freePort();
    await bench.root(port);
    const url = `http://127.0.0.1:${port}`;
    crowd = await Crowd.join(`ws://127.0.0.1:${port}/node`, BRANCHES, LEAVES);
    crowd.start(EVENTS_PER_SECOND);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.request.post(`${url}/api/session`, { data: { name: "look", password: PASSWORD } });
    const page = await context.newPage();
    await page.goto(`${url}/console/`);
    await page.getByText(`all ${crowd.size} nodes here`).waitFor();
    // Before anything is warm: the page anew, without what the browser kept of it.
    const session = await context.newCDPSession(page);
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    await page.reload();
    await page.waitForFunction(() => performance.getEntriesByName("tree-drawn").length > 0);
    const firstViewMillis = await page.evaluate(() => performance.getEntriesByName("tree-drawn")[0]?.startTime ?? 0);
    // Time of the page's own thread: how long frames would take if nobody else used this machine.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const work = await workSeconds(session);
    const before = crowd.events;
    const frames = await countFrames(page, Number(flags.seconds ?? 15));
    const perSecond = Math.round((crowd.events - before) / Number(flags.seconds ?? 15));
    const workMillis = ((await workSeconds(session)) - work) * 1000;
    const { metrics } = await session.send("Performance.getMetrics");
    const heap = (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0) / 1e6;
    const process_ = rendererMegabytes(browser);
    crowd.pause();
    const lost = await compare(page, url, crowd);
    const result = {
      nodes: crowd.size,
      eventsPerSecond: perSecond,
      firstViewMillis: Math.round(firstViewMillis),
      framesPerSecond: Math.round(frames.mean * 10) / 10,
      worstSecondFrames: frames.least,
      longestFrameMillis: Math.round(frames.longestMillis),
      workMillisOfEachFrame: Math.round((workMillis / frames.count) * 10) / 10,
      heapMegabytes: Math.round(heap),
      pageMegabytes: await process_,
      lost,
    };
    console.log(JSON.stringify(result, null, 2));
    const isMissed =
      result.framesPerSecond < TARGETS.framesPerSecond ||
      result.heapMegabytes > TARGETS.megabytes ||
      result.firstViewMillis > TARGETS.firstViewMillis ||
      lost.length > 0;
    if (isMissed && flags.check === true) process.exitCode = 1;
  } finally {
    crowd?.close();
    await browser.close();
    await bench.close();
  }
}

interface Frames {
  count: number;
  mean: number;
  /** Of whole seconds, the one with the fewest. */
  least: number;
  longestMillis: number;
}

/** Processor time of the page's own thread so far. */
async function workSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}

function countFrames(page: Page, seconds: number): Promise<Frames> {
  return page.evaluate(
    (wanted) =>
      new Promise<Frames>((resolve) => {
        const times: number[] = [];
        const step = (now: number): void => {
          times.push(now);
          const first = times[0] as number;
          if (now - first < wanted * 1000) return void requestAnimationFrame(step);
          const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
          const bySecond = Array.from({ length: wanted }, () => 0);
          for (const time of times.slice(1)) {
            const second = Math.floor((time - first) / 1000);
            if (second < wanted) bySecond[second] = (bySecond[second] ?? 0) + 1;
          }
          resolve({
            count: times.length - 1,
            mean: ((times.length - 1) * 1000) / (now - first),
            least: Math.min(...bySecond),
            longestMillis: Math.max(...gaps),
          });
        };
        requestAnimationFrame(step);
      }),
    seconds,
  );
}

/** What the processes of the browser that draw pages hold for themselves, in megabytes; null where that cannot be told. */
async function rendererMegabytes(browser: Awaited<ReturnType<typeof startBrowser>>): Promise<number | null> {
  try {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const sizes = processInfo
      .filter(({ type }) => type === "renderer")
      .map(({ id }) =>
        Number(/Private_Dirty:\s+(\d+)/.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))?.[1] ?? 0),
      );
    return Math.round(Math.max(...sizes) / 1000);
  } catch {
    return null;
  }
}

/** What page and API do not agree on once nothing more comes: nodes that are here, and values. */
async function compare(page: Page, url: string, crowd: Crowd): Promise<string[]> {
  const ofApi = async (): Promise<Known> => {
    const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
    const { nodes } = (await get("/api/nodes")) as { nodes: { id: string; up: boolean }[] };
    const { entities } = (await get("/api/entities")) as { entities: { node: string; eid: string; value: unknown }[] };
    return {
      up: nodes.filter(({ up }) => up).map(({ id }) => id),
      values: Object.fromEntries(entities.map(({ node, eid, value }) => [`${node} ${eid}`, value])),
    };
  };
  const said = [...crowd.said];
  await until(
    async () => {
      const { values } = await ofApi();
      return said.every(([key, value]) => values[key] === value);
    },
    20_000,
    () => "the root has not stored all",
  );
  const ofPage = (): Promise<Known> =>
    page.evaluate(() => (globalThis as unknown as { sapline: { known(): Known } }).sapline.known());
  const api = await ofApi();
  let lost: string[] = [];
  await until(
    async () => {
      const shown = await ofPage();
      lost = [
        ...api.up.filter((id) => !shown.up.includes(id)),
        ...Object.entries(api.values).flatMap(([key, value]) =>
          shown.values[key] === value ? [] : [`${key}: ${String(shown.values[key])} for ${String(value)}`],
        ),
      ];
      return lost.length === 0;
    },
    5000,
    () => "",
  ).catch(() => {});
  return lost.slice(0, 10);
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
