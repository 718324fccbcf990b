/**
 * `sapline build [NODE...]`: for each board of the project the file that it runs, and its configuration, in a folder of its own:
 * build/NODE/program.js and build/NODE/sapline.json. Nothing is written for a node whose program is at fault.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { settingsMistake } from "#host/board/settings-check.ts";
import { formatTable } from "#host/cli/output.ts";
import { loadProject } from "#host/project.ts";
import { Trouble } from "#host/trouble.ts";
import { type ProgramText, programText } from "../bundle/program-text.ts";
import { projectCommand } from "./command.ts";
import { boardConfiguration, nodeOf, partsOf } from "./node-files.ts";
import { writeTypes } from "./types.ts";

interface Flags {
  config?: string;
  out?: string;
}

async function build(ids: readonly string[], flags: Flags): Promise<void> {
  const project = await loadProject(flags.config, { workingDirectory: process.cwd(), environment: process.env });
  writeTypes(project.folder);
  const out = join(project.folder, flags.out ?? "build");
  const nodes = ids.length === 0 ? project.nodes : ids.map((id) => nodeOf(project, id));
  const rows: string[][] = [];
  for (const node of nodes) {
    const folder = join(out, node.id);
    const parts = partsOf(project, node);
    const program: ProgramText = await programText({
      entry: node.entry,
      parts,
      cache: join(project.settings.data, "base"),
    });
    const names = Object.entries(parts).flatMap(([name, isThere]) => (isThere ? [name] : []));
    if (program.faults.length > 0) {
      // What is there is of an older program: nobody is to flash it.
      rmSync(join(folder, "program.js"), { force: true });
      for (const fault of program.faults) process.stderr.write(`${fault}\n`);
      process.stderr.write(`sapline: ${node.id} was not built\n`);
      process.exitCode = 1;
      continue;
    }
    const configuration = boardConfiguration(project, node);
    const mistake = settingsMistake(configuration);
    if (mistake !== "") throw new Trouble(`${node.id}: ${mistake}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "program.js"), program.text);
    // It has the node's token, and the network's password.
    writeFileSync(join(folder, "sapline.json"), `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 });
    rows.push([
      node.id,
      String(program.bytes),
      String(program.bytes - program.baseBytes),
      names.join(" "),
      relative(".", folder),
    ]);
  }
  if (rows.length > 0) process.stdout.write(formatTable(["NODE", "BYTES", "OWN", "PARTS", "FOLDER"], rows));
}

await projectCommand("build", "make what each board of the project runs", (command) =>
  command
    .argument("[node...]", "only these")
    .option("--out <DIR>", "where to (default: build, beside the configuration)")
    .action(build),
);
