/**
 * What the engine tests measured, kept until all of them have run, and then printed as one table (see vitest.config.ts).
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";

const FOLDER = ".build/report";
const FILE = `${FOLDER}/engine.jsonl`;
/** Written by the chip's profile, for people. */
const PROFILE = `${FOLDER}/chip-profile.txt`;

/** One line of the table. */
export function figure(name: string, value: string | number): void {
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(FILE, `${JSON.stringify([name, String(value)])}\n`);
}

/** Runs before all engine tests; what it returns runs after them. */
export function setup(): () => void {
  rmSync(FILE, { force: true });
  rmSync(PROFILE, { force: true });
  const engine = process.env["ESPRUINO"] ?? "";
  return () => {
    if (engine === "") {
      console.log(
        "\nThe tests on the real interpreter were SKIPPED: set ESPRUINO to an espruino binary to run them,\n" +
          "  make engine ESPRUINO=/path/to/espruino\n",
      );
      return;
    }
    if (!existsSync(FILE)) return;
    const lines = readFileSync(FILE, "utf8").trim().split("\n");
    const rows = lines.map((line) => JSON.parse(line) as [string, string]);
    const width = Math.max(...rows.map(([name]) => name.length));
    console.log(`\nOn ${engine}:`);
    for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
    if (existsSync(PROFILE)) console.log(`\n${readFileSync(PROFILE, "utf8")}`);
  };
}
