/** Builds programs of the simulator with a bug planted in what they play. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { expect } from "vitest";
import type { PlantedBug } from "./planted-bugs.ts";

/** A program that is made of this source, which imports from the repository's root, goes into that file. */
export async function buildWith(bug: PlantedBug, source: string, outfile: string): Promise<void> {
  const root = process.cwd();
  const left = new Set(bug.edits);
  const plant: Plugin = {
    name: "plant",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]shared[\\/].*\.ts$/ }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        for (const edit of bug.edits) {
          if (join(root, edit.file) !== path) continue;
          expect(contents.split(edit.from), `places in ${edit.file} to plant the bug at`).toHaveLength(2);
          contents = contents.replace(edit.from, () => edit.to);
          left.delete(edit);
        }
        return { contents, loader: "ts" };
      });
    },
  };
  await build({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    plugins: [plant],
    logLevel: "silent",
  });
  expect(left.size, "edits that found no file").toBe(0);
}
