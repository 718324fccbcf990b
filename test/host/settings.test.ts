import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "#host/configuration.ts";
import { parseMoment } from "#host/moment.ts";
import { DEFAULTS, resolveSettings, SETTINGS } from "#host/settings.ts";
import { temporaryDirectory } from "./built.ts";

describe("settings", () => {
  const resolve = (flags: object, environment: object, file: object) =>
    resolveSettings({
      flags: { ...flags },
      environment: { ...environment },
      file: { ...file },
      fileName: "sapline.config.json",
    });

  test("come from flags over environment over file over defaults, each setting by itself", () => {
    const settings = resolve(
      { port: "1" },
      { SAPLINE_PORT: "2", SAPLINE_HOST: "b" },
      { port: 3, host: "c", data: "d" },
    );
    expect(settings).toEqual({ ...DEFAULTS, port: 1, host: "b", data: "d" });
    expect(resolve({}, {}, {})).toEqual(DEFAULTS);
    expect(resolve({}, { SAPLINE_PORT: "" }, { port: 3 }).port).toBe(3);
  });

  test("every setting has a flag and a variable of its own, but for a secret, which a command line would show", () => {
    const all = Object.values(SETTINGS);
    const flags = all.filter(({ isSecret }) => isSecret !== true).map(({ flag }) => flag);
    expect(new Set(flags).size).toBe(flags.length);
    expect(flags).not.toContain("");
    expect(new Set(all.map(({ environment }) => environment)).size).toBe(all.length);
  });

  test("a wrong one is refused by the name of where it stands, also when another wins over it", () => {
    expect(() => resolve({ port: "0" }, {}, { port: "80" })).toThrow(
      'sapline.config.json: "port" must be a whole number from 0 to 65535, not "80"',
    );
    expect(() => resolve({ port: "0" }, { SAPLINE_PORT: "65536" }, {})).toThrow("SAPLINE_PORT must be");
    expect(() => resolve({ port: "-1" }, {}, {})).toThrow('--port must be a whole number from 0 to 65535, not "-1"');
    expect(() => resolve({ parent: "kitchen" }, {}, {})).toThrow("--parent must be an address such as");
    expect(() => resolve({}, {}, { data: 5 })).toThrow("must be a directory, not 5");
  });

  test("of the radio stand together in the file, or are the dongle's device alone", () => {
    const key = "00112233445566778899AABBCCDDEEFF";
    expect(resolve({}, {}, { radio: "/dev/a" })).toEqual({ ...DEFAULTS, radio: "/dev/a" });
    const all = { port: "/dev/a", key, channel: 11, baud: 115_200 };
    expect(resolve({}, {}, { radio: all })).toEqual({
      ...DEFAULTS,
      radio: "/dev/a",
      radioKey: key,
      radioChannel: 11,
      radioBaud: 115_200,
    });
    expect(
      resolve({ radio: "/dev/c", radioChannel: "3" }, { SAPLINE_RADIO: "/dev/b", SAPLINE_RADIO_KEY: key }, {}),
    ).toEqual({ ...DEFAULTS, radio: "/dev/c", radioKey: key, radioChannel: 3 });
    expect(() => resolve({}, {}, { radio: { channel: 14 } })).toThrow(
      'sapline.config.json: "radio.channel" must be a whole number from 1 to 13, not 14',
    );
    expect(() => resolve({}, {}, { radio: { prot: 1 } })).toThrow('"radio.prot" is no setting: there are port, key');
    expect(() => resolve({}, {}, { radioKey: key })).toThrow('"radioKey" is no setting');
    expect(() => resolve({}, {}, { radio: 5 })).toThrow('"radio.port" must be the dongle\'s device');
  });

  test("a key that is wrong is refused without being shown", () => {
    for (const key of ["0011223344556677", "zz112233445566778899aabbccddeeff", 17, ["secret"], ""]) {
      const complaint = (): unknown => resolve({}, {}, { radio: { key } });
      expect(complaint).toThrow(/"radio.key" must be 32 hexadecimal digits, not a/);
      expect(complaint).not.toThrow(/0011|secret|17|zz/);
    }
    expect(() => resolve({}, { SAPLINE_RADIO_KEY: "5ecret" }, {})).toThrow(
      "SAPLINE_RADIO_KEY must be 32 hexadecimal digits, not a text of 6 characters",
    );
  });

  test("one that does not exist is refused with the list of those that do", () => {
    expect(() => resolve({}, {}, { prot: 1 })).toThrow(/"prot" is no setting: there are host, port, data/);
    expect(() => resolve({}, {}, JSON.parse('{"__proto__": 1}'))).toThrow("is no setting");
  });
});

describe("the configuration file", () => {
  let directory: { path: string; remove(): void };
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());
  const write = (name: string, text: string): void => writeFileSync(join(directory.path, name), text);
  const load = (named?: string) => loadSettings({}, named, { workingDirectory: directory.path, environment: {} });

  test("may be TypeScript that imports, and `data` is relative to it", async () => {
    write("place.ts", "export const port: number = 4100;");
    write("sapline.config.ts", 'import { port } from "./place.ts";\nexport default { port, data: "here" };');
    expect(await load()).toMatchObject({ port: 4100, data: join(directory.path, "here") });
  });

  test("may be JSON, or named by hand", async () => {
    write("sapline.config.json", '{"host":"0.0.0.0"}');
    write("other.json", '{"host":"::"}');
    expect((await load()).host).toBe("0.0.0.0");
    expect((await load("other.json")).host).toBe("::");
    expect((await loadSettings({}, undefined, { workingDirectory: "/", environment: {} })).host).toBe(DEFAULTS.host);
  });

  test("is refused with a sentence when it is missing, doubled, damaged or no object", async () => {
    await expect(load("absent.json")).rejects.toThrow("there is no absent.json");
    write("bad.json", "{");
    await expect(load("bad.json")).rejects.toThrow("cannot read bad.json");
    write("bad.ts", "export default {");
    await expect(load("bad.ts")).rejects.toThrow("cannot read bad.ts");
    write("list.json", "[]");
    await expect(load("list.json")).rejects.toThrow("list.json must hold an object");
    write("empty.ts", "export const x = 1;");
    await expect(load("empty.ts")).rejects.toThrow("empty.ts must export by default an object");
    write("sapline.config.json", "{}");
    write("sapline.config.ts", "export default {}");
    await expect(load()).rejects.toThrow("remove one");
  });
});

test("moments may be written in three ways, and nothing else is one", () => {
  const now = 1_000_000_000;
  expect(parseMoment("1732345678123", now)).toBe(1732345678123);
  expect(parseMoment("2026-11-23T08:00:00Z", now)).toBe(Date.UTC(2026, 10, 23, 8));
  expect([parseMoment("90s", now), parseMoment("15m", now), parseMoment("2h", now), parseMoment("7d", now)]).toEqual(
    [90_000, 900_000, 7_200_000, 604_800_000].map((ago) => now - ago),
  );
  for (const text of ["", "yesterday", "5", "5x", "m", "2026-13-01"].filter((one) => one !== "5"))
    expect(parseMoment(text, now), text).toBeUndefined();
});
