/**
 * The budget: what each program may take of the chip, and how fast it has to be. A figure that is worse than its budget by more than a tenth fails `make engine`;
 * `npm run profile -- --raise` writes what was measured as the new budget, to be committed with the reason why. Figures that are better stay unmentioned
 * until then, so that what was won can be held by the same command.
 *
 * All are of the chip-like engine. None depends on how fast this machine is: speeds are ratios of what was measured in turn.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Share by which a figure may be worse. Spec. */
export const SLACK = 0.1;
const FILE = "test/engine/budget.json";

/** What is measured of one program. Speeds only where there is something to compare with. */
export interface Figures {
  bytes?: number;
  variablesAtRest?: number;
  variablesMost?: number;
  variablesPerEvent?: number;
  variablesPerChild?: number;
  variablesPerRadioChild?: number;
  /** Of the 25000 that the chip has. */
  stackBytes?: number;
  /** The longest turn of the interpreter, in statements like `sum = sum + i`. */
  blockStatements?: number;
  leafTimesMqtt?: number;
  leafTimesWs?: number;
  branchTimesWs?: number;
}

export type Profile = { [program: string]: Figures };

/** Those that are better when they are larger. */
const SPEEDS: readonly (keyof Figures)[] = ["leafTimesMqtt", "leafTimesWs", "branchTimesWs"];

export function budget(): Profile {
  return JSON.parse(readFileSync(FILE, "utf8")) as Profile;
}

/** Writes what was measured; what was not measured this time stays. */
export function raise(measured: Profile): void {
  const raised = budget();
  for (const [program, figures] of Object.entries(measured)) raised[program] = { ...raised[program], ...figures };
  writeFileSync(FILE, `${JSON.stringify(raised, null, 2)}\n`);
}

/** One sentence for each figure that is worse than its budget allows. */
export function overspent(measured: Profile, allowed: Profile): string[] {
  const sentences: string[] = [];
  for (const [program, figures] of Object.entries(measured)) {
    for (const [name, value] of Object.entries(figures) as [keyof Figures, number][]) {
      const most = allowed[program]?.[name];
      if (most === undefined) {
        sentences.push(`${program}: ${name} has no budget; npm run profile -- --raise makes one`);
        continue;
      }
      const isWorse = SPEEDS.includes(name) ? value < most * (1 - SLACK) : value > most * (1 + SLACK);
      if (isWorse) sentences.push(`${program}: ${name} is ${value}, the budget is ${most}`);
    }
  }
  return sentences;
}
