/** `sapline sim --project`: builds a project's boards, plays them, and tells what came of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadProject } from "#host/project.ts";
import { thousands } from "../statistics-table.ts";
import { boardPlans } from "./board-plans.ts";
import { type ProjectProgress, runProject } from "./project-run.ts";
import { projectTable } from "./project-table.ts";

export interface PlayFlags {
  directory: string;
  seed?: number;
  lasts?: number;
  faults?: boolean;
  trace?: boolean;
  json?: boolean;
}

/** Of a run for which nobody names one: the same each time. */
const USUAL_SEED = 1;
/** Milliseconds that are played if nobody says how long. */
const USUAL_LASTS = 3_600_000;
/** Progress is told so often, in milliseconds. */
const TELL_EVERY = 2000;

/** Whether every promise was kept. Rejects with `Trouble` if the project cannot be played. */
export async function playProject(flags: PlayFlags): Promise<boolean> {
  const { directory, seed = USUAL_SEED, lasts = USUAL_LASTS, faults = false, trace = false, json = false } = flags;
  const project = await loadProject(undefined, { workingDirectory: resolve(directory), environment: process.env });
  const folder = mkdtempSync(join(tmpdir(), "sapline-sim-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      remove();
      process.exit(1);
    });
  }
  const note = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  process.on("unhandledRejection", (reason) =>
    note(`a promise of a board failed, and nobody caught it: ${String(reason)}`),
  );
  try {
    const boards = await boardPlans(project, join(folder, "programs"), note);
    note(`${boards.map(({ id }) => id).join(", ")}: seed ${seed}`);
    const startedAt = performance.now();
    const result = await runProject(
      {
        boards,
        folder: join(folder, "flash"),
        seed,
        lastsMillis: lasts,
        hasFaults: faults,
        ...(trace && !json ? { tell: (line: string) => void process.stdout.write(`${line}\n`) } : {}),
      },
      teller(lasts, startedAt, note),
    );
    const wallMillis = performance.now() - startedAt;
    note(`played in ${(wallMillis / 1000).toFixed(1)} s, ${thousands(lasts / wallMillis)} × real time`);
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${projectTable(result)}\n`);
    if (!json && result.violation !== undefined)
      process.stdout.write(`\nBROKEN: ${result.violation}\nreplay with --seed ${seed}\n`);
    return result.violation === undefined;
  } finally {
    remove();
  }
}

function teller(lasts: number, startedAt: number, note: (line: string) => void): (progress: ProjectProgress) => void {
  let toldAt = startedAt;
  return ({ virtualMillis, stored }) => {
    const now = performance.now();
    if (now - toldAt < TELL_EVERY) return;
    toldAt = now;
    const share = Math.min(100, Math.floor((virtualMillis / lasts) * 100));
    const factor = virtualMillis / (now - startedAt);
    note(`${share} %, ${thousands(stored)} events stored, ${thousands(factor)} × real time`);
  };
}
