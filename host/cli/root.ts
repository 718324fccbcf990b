/** `sapline root`: prints its URL when it is ready, logs to stderr, ends on Ctrl-C. */
import { resolve } from "node:path";
import { parseInstallKey, readOrMakeInstallKey } from "../radio/install-key.ts";
import type { RadioOptions } from "../radio/radio-links.ts";
import { FIRST_PERSON, PeopleFile } from "../people/people.ts";
import { RootHost } from "../root-host.ts";
import type { Settings } from "../settings.ts";

export async function runRoot(settings: Settings): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const directory = resolve(settings.data);
  const host = await RootHost.start({
    host: settings.host,
    port: settings.port,
    directory,
    connectionsMax: settings.connectionsMax,
    radio: radioOptions(settings, log),
    log,
    onFailed: (message) => {
      process.stderr.write(`sapline: ${message}\n`);
      process.exit(1);
    },
  });
  let isStopping = false;
  const stop = (signal: string): void => {
    // A second Ctrl-C means now; what is acknowledged is on disk already.
    if (isStopping) process.exit(1);
    isStopping = true;
    log(`${signal}: stopping`);
    void host.stop().then(() => process.exit(0));
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  // Not before the log is ours: two roots that start at once must not both print one.
  const password = await new PeopleFile(directory).addFirst();
  if (password !== undefined)
    process.stderr.write(
      `console: sign in at ${host.url}/console as ${FIRST_PERSON}, password ${password}\n` +
        `         (seen only now; "sapline person password ${FIRST_PERSON}" makes another)\n`,
    );
  process.stdout.write(`sapline root ${host.url}\n`);
}

/** Undefined if no dongle is asked for. Throws `Trouble` about the key. */
function radioOptions(settings: Settings, log: (line: string) => void): RadioOptions | undefined {
  const { radio: port, radioChannel: channel, radioBaud: baud, radioKey } = settings;
  if (port === undefined) return undefined;
  const configured = radioKey === undefined ? undefined : parseInstallKey(radioKey);
  if (configured !== undefined) return { port, channel, baud, installKey: configured };
  const { key, path, isNew } = readOrMakeInstallKey(resolve(settings.data));
  if (isNew) log(`radio: made an install key, in ${path}: every board of this tree needs it, as radio.key`);
  return { port, channel, baud, installKey: key };
}
