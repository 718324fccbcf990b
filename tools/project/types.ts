/**
 * The types of "sapline" and of the chip, put into a project, so that an editor knows them without an installation of its own: `.sapline/types`,
 * which tsconfig.json names.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packageFolder } from "../bundle/program-text.ts";

const FILES = [
  "types/sapline.d.ts",
  "types/node.d.ts",
  "types/chip.d.ts",
  "firmware/espruino.d.ts",
  "firmware/pins.d.ts",
];
export const TYPES_FOLDER = ".sapline/types";

/** Also brings those of an older version up to date. */
export function writeTypes(project: string): void {
  const folder = join(project, TYPES_FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) {
    const from = join(packageFolder(), file);
    const to = join(folder, basename(file));
    if (!existsSync(to) || !readFileSync(to).equals(readFileSync(from))) copyFileSync(from, to);
  }
}
