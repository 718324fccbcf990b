/**
 * Settings: what can be set, from where, and what is wrong with it in one sentence. Flags win over the environment, which wins over
 * the configuration file, which wins over the defaults.
 */
import * as v from "valibot";
import { Trouble } from "./trouble.ts";

const text = v.pipe(v.string(), v.nonEmpty());
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const connections = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000));

/** What a `sapline.config.ts` exports by default, or a `sapline.config.json` holds. Every field may be absent. */
export interface Configuration {
  /** Address the root listens on. */
  host?: string;
  /** Port the root listens on; 0 for any free one. */
  port?: number;
  /** Directory of the root's log and tokens; relative to the configuration file. */
  data?: string;
  /** WebSockets that the root takes at once. */
  connectionsMax?: number;
  /** Where `nodes`, `state`, `act` and `set` find the root: "http://127.0.0.1:4000". */
  url?: string;
  /** The API's token, needed from another machine. */
  apiToken?: string;
  /** For `sapline node`: its id, its token, where it connects, and the port for its own children. */
  id?: string;
  token?: string;
  parent?: string;
  listen?: number;
}

type Name = keyof Configuration;

interface Setting {
  schema: v.GenericSchema;
  /** What it must be, to end the sentence "X must be …". */
  form: string;
  environment: string;
  flag: string;
  isNumber: boolean;
}

const PORT_FORM = "a whole number from 0 to 65535";

export const SETTINGS: { readonly [name in Name]-?: Setting } = {
  host: { schema: text, form: "an address", environment: "SAPLINE_HOST", flag: "--host", isNumber: false },
  port: { schema: port, form: PORT_FORM, environment: "SAPLINE_PORT", flag: "--port", isNumber: true },
  data: { schema: text, form: "a directory", environment: "SAPLINE_DATA", flag: "--data", isNumber: false },
  connectionsMax: {
    schema: connections,
    form: "a whole number from 1 to 100000",
    environment: "SAPLINE_CONNECTIONS_MAX",
    flag: "--connections-max",
    isNumber: true,
  },
  url: {
    schema: v.pipe(text, v.regex(/^https?:\/\/[^/]+/)),
    form: 'an address such as "http://127.0.0.1:4000"',
    environment: "SAPLINE_URL",
    flag: "--url",
    isNumber: false,
  },
  apiToken: { schema: text, form: "a token", environment: "SAPLINE_API_TOKEN", flag: "--api-token", isNumber: false },
  id: { schema: text, form: "a node's id", environment: "SAPLINE_ID", flag: "--id", isNumber: false },
  token: { schema: text, form: "a token", environment: "SAPLINE_TOKEN", flag: "--token", isNumber: false },
  parent: {
    schema: v.pipe(text, v.regex(/^(ws|wss|http|https):\/\/[^/]+/)),
    form: 'an address such as "ws://127.0.0.1:4000/node"',
    environment: "SAPLINE_PARENT",
    flag: "--parent",
    isNumber: false,
  },
  listen: { schema: port, form: PORT_FORM, environment: "SAPLINE_LISTEN", flag: "--listen", isNumber: true },
};

export const DEFAULTS = { host: "127.0.0.1", port: 4000, data: ".sapline", connectionsMax: 1000 };

export type Settings = Configuration & typeof DEFAULTS;

export interface Sources {
  /** By setting, as the command line gave them. */
  flags: { readonly [name: string]: unknown };
  environment: { readonly [name: string]: string | undefined };
  /** What the configuration file holds, and its name for messages. */
  file: { [name: string]: unknown };
  fileName: string;
}

/** Throws `Trouble` naming the source that is wrong, also when another would win over it. */
export function resolveSettings({ flags, environment, file, fileName }: Sources): Settings {
  for (const name of Object.keys(file))
    if (!Object.hasOwn(SETTINGS, name))
      throw new Trouble(`${fileName}: "${name}" is no setting: there are ${Object.keys(SETTINGS).join(", ")}`);
  const settings: { [name: string]: unknown } = { ...DEFAULTS };
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const take = (value: unknown, source: string): void => {
      if (value === undefined) return;
      if (!v.is(setting.schema, value))
        throw new Trouble(`${source} must be ${setting.form}, not ${JSON.stringify(value)}`);
      settings[name] = value;
    };
    take(file[name], `${fileName}: "${name}"`);
    const fromEnvironment = environment[setting.environment];
    // Empty is how people unset a variable for one command.
    if (fromEnvironment !== "") take(fromText(fromEnvironment, setting), setting.environment);
    take(fromText(flags[name], setting), setting.flag);
  }
  return settings as unknown as Settings;
}

function fromText(value: unknown, setting: Setting): unknown {
  return setting.isNumber && typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}
