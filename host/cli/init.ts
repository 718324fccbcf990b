/** `sapline init`: the first things somebody needs. It overwrites nothing: what is there already is a refusal. */
import { existsSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { CONFIGURATION_FILES } from "../configuration.ts";
import { makeDirectory } from "../file.ts";
import { INSTALL_KEY_FILE, readOrMakeInstallKey } from "../radio/install-key.ts";
import { DEFAULTS } from "../settings.ts";
import { TOKENS_FILE, TokenFile } from "../tokens.ts";
import { Trouble } from "../trouble.ts";
import { makeUpdateKey } from "../update/signing-key.ts";

const FIRST_NODE = "kitchen";

const CONFIGURATION = `import type { Configuration } from "sapline";

/** Flags win over SAPLINE_* in the environment, which wins over this file. */
export default {
  host: "${DEFAULTS.host}", // "0.0.0.0" lets boards in your network connect
  port: ${DEFAULTS.port},
  data: "${DEFAULTS.data}",
  // radio: "/dev/ttyUSB0", // takes nodes by ESP-NOW through a dongle; their key is in ${DEFAULTS.data}/${INSTALL_KEY_FILE}
} satisfies Configuration;
`;

export function init(directory: string, id = FIRST_NODE): void {
  const place = resolve(directory);
  const data = join(place, DEFAULTS.data);
  const present = [...CONFIGURATION_FILES.map((name) => join(place, name)), join(data, TOKENS_FILE)].find((path) =>
    existsSync(path),
  );
  if (present !== undefined)
    throw new Trouble(
      `${relative(process.cwd(), present) || present} is there already: init overwrites nothing; choose another directory`,
    );
  makeDirectory(place);
  const token = new TokenFile(data).add(id, false);
  readOrMakeInstallKey(data);
  makeUpdateKey(data);
  const configuration = join(place, CONFIGURATION_FILES[0] as string);
  writeFileSync(configuration, CONFIGURATION, { flag: "wx" });
  process.stderr.write(
    `wrote ${relative(process.cwd(), configuration) || configuration} and ${relative(process.cwd(), data)}; the token of ${id}, seen only now, is:\n`,
  );
  process.stdout.write(`${token}\n`);
}
