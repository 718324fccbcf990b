/**
 * In which order files of tests begin. Within a group of projects the worlds of `sim` compute, and the others mostly wait for real
 * time to pass: some of the workers are for each, so that computing and waiting go on beside each other from the first to the last;
 * and of both what takes longest begins first, so that none is left running alone at the end.
 *
 * Every worker takes the next file of one list. So both parts are played through beforehand, with the seconds below, and the list
 * has the files in the order in which they began. Wrong seconds cost time and nothing else.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Workers that compute. Chosen: as many as the smallest machine has cores. */
const COMPUTING = 2;
/** How much longer those take beside the others, which come first wherever they do not wait. Measured. Too much is better than too little: what is left to compute keeps all cores busy. */
const SLOWED = 2.5;

/** Seconds that files take with a core to themselves, of those that take long. Measured; a file that is not here takes one. */
const SECONDS: { [file: string]: number } = {
  "sim/explore": 50,
  "sim/swarm": 20,
  "sim/command": 16,
  "sim/project": 12,
  "sim/explore-states": 9,
  "sim/planted": 17,
  "sim/radio/radio-tree": 8,
  "sim/radio/lab": 14,
  "sim/radio/scenarios": 13,
  "sim/parts": 8,
  "sim/air-calibration": 5,
  "sim/radio/radio-guard": 5,
  "sim/radio/goodput": 4,
  "sim/radio/session": 4,
  "sim/tree-plan": 4,
  "sim/seeds": 4,
  "sim/kept": 3,
  "sim/identities": 3,
  "e2e/radio-tree": 85,
  "e2e/python-client": 20,
  "console/console": 38,
  "e2e/replay": 75,
  "e2e/project": 30,
  "e2e/dongle": 38,
  "e2e/update": 32,
  "e2e/cli": 10,
  "e2e/dongle-process": 21,
  "e2e/node-api": 9,
  "e2e/emulated-tree": 20,
  "e2e/power-cuts": 11,
  "e2e/sleep": 11,
  "e2e/flash": 12,
  "e2e/failing-disk": 8,
  "e2e/driver-programs": 8,
  "e2e/programs": 6,
  "e2e/short-lines": 4,
  "native/espnow": 4,
  "tools/flash": 5,
  "shared/link/outbox": 4,
  "host/update-api": 4,
  "shared/tree/reading": 3,
  "firmware/entities": 3,
  "shared/update/signature": 2,
  "shared/link/short": 2,
  "shared/fuzz": 2,
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const groups = new Set(sorted.map(groupOf));
    return [...groups].flatMap((group) => ordered(sorted.filter((file) => groupOf(file) === group)));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function ordered(files: TestSpecification[]): TestSpecification[] {
  const isComputing = ({ project }: TestSpecification) => project.name === "sim";
  const all = files[0]?.project.config.maxWorkers as number;
  const computing = files.filter(isComputing);
  const waiting = files.filter((file) => !isComputing(file));
  return [...begins(waiting, Math.max(1, all - COMPUTING), 1), ...begins(computing, COMPUTING, SLOWED)]
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file);
}

/** When each file begins, in seconds, if so many workers take them, longest first. */
function begins(
  files: TestSpecification[],
  workers: number,
  slowed: number,
): { file: TestSpecification; at: number }[] {
  const freeAt = Array.from({ length: workers }, () => 0);
  return files
    .map((file) => ({ file, seconds: secondsOf(file) * slowed }))
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ file, seconds }) => {
      const at = Math.min(...freeAt);
      freeAt[freeAt.indexOf(at)] = at + seconds;
      return { file, at };
    });
}

function secondsOf({ moduleId }: TestSpecification): number {
  return SECONDS[/\/test\/(.*)\.test\.ts$/.exec(moduleId)?.[1] ?? ""] ?? 1;
}
