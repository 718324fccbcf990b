/**
 * Settings: what can be set, from where, and what is wrong with it in one sentence. Flags win over the environment, which wins over
 * the configuration file, which wins over the defaults.
 */
import * as v from "valibot";
import { DONGLE_BAUD } from "#shared/radio/dongle.ts";
import { CHANNELS } from "#shared/radio/tree-limits.ts";
import type { Configuration } from "../types/sapline.d.ts";
import { parseInstallKey } from "./radio/install-key.ts";
import { Trouble } from "./trouble.ts";

const text = v.pipe(v.string(), v.nonEmpty());
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const connections = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000));

/** The settings, each by a name of its own. */
interface Flat extends Omit<Configuration, "radio" | ProjectSetting> {
  radio?: string;
  radioKey?: string;
  radioChannel?: number;
  radioBaud?: number;
}

type Name = keyof Flat;

/** What stands in the same file and is about the boards of a project: see project.ts. */
const PROJECT_SETTINGS = ["root", "wifi", "nodes"] as const;
type ProjectSetting = (typeof PROJECT_SETTINGS)[number];

/** What may stand in the file's `radio`, and which settings these are. */
const RADIO: { readonly [field: string]: Name } = {
  port: "radio",
  key: "radioKey",
  channel: "radioChannel",
  baud: "radioBaud",
};

interface Setting {
  schema: v.GenericSchema;
  /** What it must be, to end the sentence "X must be …". */
  form: string;
  environment: string;
  /** "" if it must not stand on a command line, which everybody on the machine can read. */
  flag: string;
  isNumber: boolean;
  /** Never shown, not even where it is wrong. */
  isSecret?: true;
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
  radio: {
    schema: text,
    form: "the dongle's device, such as /dev/ttyUSB0",
    environment: "SAPLINE_RADIO",
    flag: "--radio",
    isNumber: false,
  },
  radioKey: {
    schema: v.pipe(
      text,
      v.check((digits) => parseInstallKey(digits) !== undefined),
    ),
    form: "32 hexadecimal digits",
    environment: "SAPLINE_RADIO_KEY",
    flag: "",
    isNumber: false,
    isSecret: true,
  },
  radioChannel: {
    schema: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CHANNELS)),
    form: `a whole number from 1 to ${CHANNELS}`,
    environment: "SAPLINE_RADIO_CHANNEL",
    flag: "--radio-channel",
    isNumber: true,
  },
  radioBaud: {
    schema: v.pipe(v.number(), v.integer(), v.minValue(9600), v.maxValue(4_000_000)),
    form: "a whole number from 9600 to 4000000",
    environment: "SAPLINE_RADIO_BAUD",
    flag: "--radio-baud",
    isNumber: true,
  },
};

export const DEFAULTS = {
  host: "127.0.0.1",
  port: 4000,
  data: ".sapline",
  connectionsMax: 1000,
  radioChannel: 1,
  radioBaud: DONGLE_BAUD,
};

export type Settings = Flat & typeof DEFAULTS;

export interface Sources {
  /** By setting, as the command line gave them. */
  flags: { readonly [name: string]: unknown };
  environment: { readonly [name: string]: string | undefined };
  /** What the configuration file holds, and its name for messages. */
  file: { [name: string]: unknown };
  fileName: string;
}

/** Throws `Trouble` naming the source that is wrong, also when another would win over it. */
export function resolveSettings({ flags, environment, file: nested, fileName }: Sources): Settings {
  const file = flattened(nested, fileName);
  const settings: { [name: string]: unknown } = { ...DEFAULTS };
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const take = (value: unknown, source: string): void => {
      if (value === undefined) return;
      if (!v.is(setting.schema, value))
        throw new Trouble(`${source} must be ${setting.form}, not ${shown(value, setting)}`);
      settings[name] = value;
    };
    take(file[name], `${fileName}: "${nameInFile(name)}"`);
    const fromEnvironment = environment[setting.environment];
    // Empty is how people unset a variable for one command.
    if (fromEnvironment !== "") take(fromText(fromEnvironment, setting), setting.environment);
    if (setting.flag !== "") take(fromText(flags[name], setting), setting.flag);
  }
  return settings as unknown as Settings;
}

function refuse(fileName: string, name: string, names: string[]): never {
  throw new Trouble(`${fileName}: "${name}" is no setting: there are ${names.join(", ")}`);
}

/** The file's settings by their own names. */
function flattened(file: { [name: string]: unknown }, fileName: string): { [name: string]: unknown } {
  const inRadio = Object.values(RADIO);
  const ofRoot = Object.keys(SETTINGS).filter((name) => name === "radio" || !inRadio.includes(name as Name));
  const names = [...ofRoot, ...PROJECT_SETTINGS];
  for (const name of Object.keys(file)) if (!names.includes(name)) refuse(fileName, name, names);
  const { radio, ...flat } = file;
  if (typeof radio !== "object" || radio === null || Array.isArray(radio)) return file;
  for (const [field, value] of Object.entries(radio)) {
    if (!Object.hasOwn(RADIO, field)) refuse(fileName, `radio.${field}`, Object.keys(RADIO));
    flat[RADIO[field] as Name] = value;
  }
  return flat;
}

function nameInFile(name: string): string {
  const field = Object.keys(RADIO).find((one) => RADIO[one] === name);
  return field === undefined ? name : `radio.${field}`;
}

function shown(value: unknown, setting: Setting): string {
  if (setting.isSecret !== true) return JSON.stringify(value);
  return typeof value === "string" ? `a text of ${value.length} characters` : `a ${typeof value}`;
}

function fromText(value: unknown, setting: Setting): unknown {
  return setting.isNumber && typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}
