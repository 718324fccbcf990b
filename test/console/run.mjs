/**
 * `node test/console/run.mjs bench|screenshots [...]`: builds what is looked at and the program that looks, and runs it. Plain JavaScript,
 * because nothing else runs before the build.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const [name, ...rest] = process.argv.slice(2);
spawnSync(process.execPath, ["tools/build.mjs", "--quiet"], { stdio: "inherit" });
await build({
  entryPoints: [`test/console/${name}.ts`],
  outfile: `.build/console/${name}.mjs`,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
process.exitCode =
  spawnSync(process.execPath, [join(".build", "console", `${name}.mjs`), ...rest], { stdio: "inherit" }).status ?? 1;
