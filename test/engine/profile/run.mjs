/**
 * `npm run profile [-- --json | --raise]`: the chip's profile alone, as a table, or as one JSON object on standard output. With `--raise` what is measured becomes the budget.
 * ESPRUINO names a chip-like engine; MQTT_MODULE and WS_MODULE Espruino's own modules. Plain JavaScript, because it only starts what does the work.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const REPORT = ".build/report/chip-profile";
const wanted = process.argv.slice(2);
const unknown = wanted.find((word) => word !== "--json" && word !== "--raise");
if (unknown !== undefined || !process.env.ESPRUINO) {
  console.error(
    unknown === undefined
      ? "set ESPRUINO to a chip-like espruino binary: see docs/chip-profile.md"
      : `no such option: ${unknown}; there is --json and --raise`,
  );
  process.exit(2);
}
if (wanted.includes("--raise")) process.env.SAPLINE_BUDGET = "raise";
const args = ["vitest", "run", "--project", "engine", "test/engine/profile.test.ts"];
// The table is printed when all tests have run; with --json it goes where progress goes.
const { status } = spawnSync("npx", args, { stdio: ["ignore", wanted.includes("--json") ? 2 : "inherit", "inherit"] });
if (wanted.includes("--json")) process.stdout.write(readFileSync(`${REPORT}.json`, "utf8"));
process.exitCode = status ?? 1;
