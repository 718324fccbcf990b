/**
 * `npm run bench [-- --quick | --json | --check | --rounds N | --directory DIR | --only WORD]`: builds what is measured and the
 * bench itself, and runs it. Plain JavaScript, because nothing else runs before the build.
 */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
process.chdir(root);

/** Runs a Node program to its end; its standard output goes to ours, or to stderr. */
function run(args, stdout) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "inherit"] });
    // The terminal sends Ctrl-C to the whole group; the bench stops its servers and tells us by its end.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

// The firmware is measured only where there is an engine, and is built only then.
const built = await run(["tools/build.mjs", ...(process.env.ESPRUINO === undefined ? ["host"] : [])], 2);
if (built !== 0) process.exit(built);
await build({
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "linked",
  logLevel: "warning",
  entryPoints: [
    { in: "test/bench/main.ts", out: "main" },
    { in: "test/bench/ceiling.ts", out: "ceiling" },
  ],
  outdir: ".build/bench",
  outExtension: { ".js": ".mjs" },
});
process.exitCode = await run([join(".build", "bench", "main.mjs"), ...process.argv.slice(2)], "inherit");
