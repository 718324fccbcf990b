/**
 * Knows what is built already, so that `make test` after `npm ci`, or a second `make run`, does not build it once more: for each part a note
 * in `.build`, of the sources as they were when its building began, and of the files that came of it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Whatever a part may be made of, or by. */
const SOURCES = ["shared", "firmware", "host", "tools", "types", "examples", "package.json", "package-lock.json"];
const NOTES = ".build";

export class Built {
  /** `root`: of the repository. */
  constructor(root) {
    this.root = root;
    this.sources = createHash("sha256");
    for (const source of SOURCES) {
      const path = join(root, source);
      if (!existsSync(path)) continue;
      const files = statSync(path).isFile() ? [""] : filesIn(path, true);
      for (const file of files) this.sources.update(`${source}/${file}\0`).update(readFileSync(join(path, file)));
    }
    this.sources = this.sources.update(process.version).digest("hex");
  }

  /** Whether a part is there, all of it, as it would be made now. `folder` has its files. */
  has(part, folder) {
    const note = join(this.root, NOTES, `built-${part}`);
    return existsSync(note) && readFileSync(note, "utf8") === this.note(folder);
  }

  /** It was made, without a fault. */
  made(part, folder) {
    mkdirSync(join(this.root, NOTES), { recursive: true });
    writeFileSync(join(this.root, NOTES, `built-${part}`), this.note(folder));
  }

  note(folder) {
    const path = join(this.root, folder);
    const files = existsSync(path) ? filesIn(path, false) : [];
    return [this.sources, ...files.map((file) => `${file} ${statSync(join(path, file)).size}`)].join("\n");
  }
}

function filesIn(folder, recursive) {
  const entries = readdirSync(folder, { recursive, encoding: "utf8" });
  return entries.filter((entry) => statSync(join(folder, entry)).isFile()).toSorted();
}
