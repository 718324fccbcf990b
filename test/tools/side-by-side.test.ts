import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";

/** Two lines with a wait between them, on both streams. */
const talker = (name: string, millis: number, code: number): string =>
  `node -e "console.log('${name} begins'); setTimeout(() => { console.error('${name} ends'); process.exit(${code}); }, ${millis})"`;

function run(scripts: { [name: string]: string }): { status: number | null; stdout: string } {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts }));
  const command = [resolve("tools/side-by-side.mjs"), ...Object.keys(scripts)];
  return spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
}

test("scripts that run side by side print in one piece each, and one that fails makes the whole fail when all have ended", () => {
  const { status, stdout } = run({ slow: talker("slow", 600, 0), broken: talker("broken", 0, 3) });
  expect(stdout).toBe("broken begins\nbroken ends\nnpm run broken: failed\nslow begins\nslow ends\n");
  expect(status).toBe(1);
});

test("when all is well the whole is", () => {
  expect(run({ one: talker("one", 0, 0) })).toMatchObject({ status: 0, stdout: "one begins\none ends\n" });
});
