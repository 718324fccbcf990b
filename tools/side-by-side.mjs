/**
 * Runs scripts of package.json beside each other: `node tools/side-by-side.mjs format types unit`. What each prints comes in one
 * piece, when it ends. Ends with 1 if one of them fails, and only when all have ended: who mends one mistake sees the others too.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";

const scripts = JSON.parse(readFileSync("package.json", "utf8")).scripts;
const environment = { ...process.env, PATH: resolve("node_modules/.bin") + delimiter + process.env.PATH };
// They write into pipes, and would leave out their colours.
if (process.stdout.isTTY) environment.FORCE_COLOR ??= "1";

for (const name of process.argv.slice(2)) {
  if (scripts[name] === undefined) throw new Error(`package.json has no script "${name}"`);
  const child = spawn(scripts[name], { shell: true, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => printed.push(bytes));
  child.on("close", (code) => {
    process.stdout.write(Buffer.concat(printed));
    if (code === 0) return;
    process.stdout.write(`npm run ${name}: failed\n`);
    process.exitCode = 1;
  });
}
