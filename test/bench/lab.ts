/** The Intel lab in simulated air, for a day: see docs/radio.md. What it promises is a test; here is what it takes, and what came of it. */
import { LAB_DEFAULTS, type LabResult, readLab, runLab } from "#tools/sim/lab.ts";
import { labLine } from "#tools/sim/lab-table.ts";

export function labBench(seconds: number, say: (line: string) => void): LabResult {
  say(`the Intel lab in simulated air, ${seconds / 3600} hours of it`);
  return runLab({ ...LAB_DEFAULTS, ...readLab("data/intel-lab"), seconds }, (far) => say(labLine(far)));
}
