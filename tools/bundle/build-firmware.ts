/** Builds the programs for the chip into a folder, and says how large each is: `node tools/build.mjs firmware`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { bundleFirmware, type FileSize } from "./firmware-bundle.ts";
import { programText } from "./program-text.ts";
import type { Program } from "./programs.ts";

export { FIRMWARE } from "./programs.ts";

export interface Built {
  text: string;
  bytes: number;
  gzipBytes: number;
  counters: string[];
  faults: string[];
  sizes: () => FileSize[];
}

/** One of the programs. */
export async function buildProgram(program: Program, version: string): Promise<Built> {
  const { entry, bytesMax, isLeaf, isSilent, isWhole, parts } = program;
  if (parts === undefined)
    return bundleFirmware({
      declarations: "firmware/espruino.d.ts",
      entry,
      version,
      bytesMax,
      isLeaf: isLeaf === true,
      isWhole: isWhole === true,
      isSilent: isSilent === true,
    });
  const { baseBytes, ...made } = await programText({ entry, parts });
  const faults = made.bytes > bytesMax ? [`${entry} makes ${made.bytes} bytes; the limit is ${bytesMax}`] : [];
  const sizes = (): FileSize[] => [
    { file: "firmware/program.ts and what it needs", bytes: baseBytes },
    { file: entry, bytes: made.bytes - baseBytes },
  ];
  return { ...made, faults: [...made.faults, ...faults], counters: [], sizes };
}

/**
 * Builds programs into a folder, each with a list of what its counters' numbers stand for, and says what came out: with `hasSizes`, of each
 * file. False if one of them must not be flashed; that one is not written.
 */
export async function buildFirmware(
  programs: readonly Program[],
  folder: string,
  version: string,
  hasSizes: boolean,
): Promise<boolean> {
  let ok = true;
  for (const program of programs) {
    const { name, bytesMax } = program;
    const bundle = await buildProgram(program, version);
    const file = `${folder}/${name}.js`;
    console.log(`${file}: ${bundle.bytes} bytes of ${bytesMax}, ${bundle.gzipBytes} gzipped`);
    if (hasSizes) for (const size of bundle.sizes()) console.log(`${String(size.bytes).padStart(7)}  ${size.file}`);
    for (const fault of bundle.faults) console.error(`  ${fault}`);
    if (bundle.faults.length > 0) ok = false;
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bundle.text);
      writeFileSync(`${folder}/${name}.counters.json`, `${JSON.stringify(bundle.counters, null, 2)}\n`);
    }
  }
  return ok;
}
