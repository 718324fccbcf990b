/** `sapline new NAME`: a project of two nodes that runs at once, by `sapline dev`. It overwrites nothing, and needs no network. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { isNodeId } from "#shared/wire/message.ts";
import { Trouble } from "#host/trouble.ts";
import { projectCommand } from "./command.ts";
import { TYPES_FOLDER, writeTypes } from "./types.ts";

const CONFIG = `import type { Configuration } from "sapline";

export default {
  port: 4000,
  data: ".sapline",
  // For boards: where they find this machine, and the network that they sign in to.
  // root: "192.168.1.10",
  // wifi: { ssid: "", password: "" },
  nodes: {
    kitchen: { program: "kitchen.ts" },
    cellar: { program: "cellar.ts", parent: "kitchen" },
  },
} satisfies Configuration;
`;

const KITCHEN = `import { node } from "sapline";

const kitchen = node("kitchen");

// Put a sensor where the chance is, and a pin where the lamp is: digitalWrite(D2, on).
kitchen.entity("temperature", { unit: "°C", every: 2000, read: () => Math.round(200 + Math.random() * 20) / 10 });
const lamp = kitchen.entity("lamp", { type: "boolean", act: (on) => on });
lamp.update(false);
`;

const CELLAR = `import { node } from "sapline";

const cellar = node("cellar");
let target = 12;

cellar.entity("humidity", { unit: "%", every: 5000, deadband: 1, read: () => 60 + Math.round(Math.random() * 10) });
const thermostat = cellar.entity("target", { type: "number", unit: "°C", set: (value) => (target = value) });
thermostat.update(target);
cellar.onRootUp(() => cellar.log("the cellar is in the tree"));
`;

const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    module: "preserve",
    // What the chip has of JavaScript.
    lib: ["es5", "es2015.core", "es2015.promise", "es2017.object", "es2017.string"],
    types: [],
    paths: { sapline: [`./${TYPES_FOLDER}/sapline.d.ts`] },
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  },
  include: ["*.ts", `${TYPES_FOLDER}/*.d.ts`],
};

function readme(name: string): string {
  return `# ${name}

Boards of a Sapline tree. kitchen.ts and cellar.ts are their programs, sapline.config.ts names them.

    sapline dev                    # a root and both nodes on this PC; save a file, and its node starts anew
    sapline state                  # last values (in another terminal)
    sapline act kitchen lamp true  # ask a node to do something
    sapline sim --project --faults # an hour of it in seconds, with power cuts
    sapline build                  # what the boards will run, in build/
`;
}

function create(directory: string): void {
  const folder = resolve(directory);
  const name = basename(folder);
  if (!isNodeId(name)) throw new Trouble(`"${name}" will not do as a name: use letters, digits, ".", "_" and "-"`);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Trouble(`${directory} is there already, and not empty: choose another name`);
  mkdirSync(folder, { recursive: true });
  const files: { [name: string]: string } = {
    "sapline.config.ts": CONFIG,
    "kitchen.ts": KITCHEN,
    "cellar.ts": CELLAR,
    "tsconfig.json": `${JSON.stringify(TSCONFIG, null, 2)}\n`,
    "package.json": `${JSON.stringify({ name: name.toLowerCase(), private: true, type: "module" }, null, 2)}\n`,
    "README.md": readme(name),
    ".gitignore": ".sapline/\nbuild/\nnode_modules/\n",
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { flag: "wx" });
  writeTypes(folder);
  const place = relative(".", folder);
  process.stdout.write(`${place}: a project with two nodes. Next:\n\n  cd ${place}\n  sapline dev\n`);
}

await projectCommand("new", "make a project with two nodes, ready for sapline dev", (command) =>
  command.argument("<name>", "folder that is made").action(create),
);
