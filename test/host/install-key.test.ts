import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INSTALL_KEY_FILE, parseInstallKey, readOrMakeInstallKey } from "#host/radio/install-key.ts";
import { UPDATE_KEY_FILE } from "#host/update/signing-key.ts";
import { sapline, temporaryDirectory } from "./built.ts";

test("a key is 32 hexadecimal digits, in either case, and 16 bytes", () => {
  expect(parseInstallKey("00ff10203040506070809fABCDEF0a0b")).toBe(
    "\0\xff\x10\x20\x30\x40\x50\x60\x70\x80\x9f\xab\xcd\xef\x0a\x0b",
  );
  for (const digits of ["", "00", "0".repeat(31), "0".repeat(33), `${"0".repeat(31)}g`, `${"0".repeat(32)}\n`])
    expect(parseInstallKey(digits)).toBeUndefined();
});

test("the file is made once, for this user alone, and read from then on; a damaged one is refused and not shown", () => {
  const directory = temporaryDirectory();
  const made = readOrMakeInstallKey(join(directory.path, "data"));
  expect(made).toMatchObject({ isNew: true, path: join(directory.path, "data", INSTALL_KEY_FILE) });
  expect(made.key.length).toBe(16);
  expect(statSync(made.path).mode & 0o777).toBe(0o600);
  expect(readOrMakeInstallKey(join(directory.path, "data"))).toEqual({ ...made, isNew: false });
  writeFileSync(made.path, "5ecret\n");
  const read = (): unknown => readOrMakeInstallKey(join(directory.path, "data"));
  expect(read).toThrow(/radio\.key must hold 32 hexadecimal digits/);
  expect(read).not.toThrow(/5ecret/);
  expect(readFileSync(made.path, "utf8")).toBe("5ecret\n");
  directory.remove();
});

test("`sapline init` makes the keys of radio and updates, and prints them nowhere", async () => {
  const directory = temporaryDirectory();
  const { code, stdout, stderr } = await sapline(["init", directory.path]);
  expect(code).toBe(0);
  const digits = readFileSync(join(directory.path, ".sapline", INSTALL_KEY_FILE), "utf8").trim();
  expect(parseInstallKey(digits)).toBeDefined();
  const printed = stdout + stderr + readFileSync(join(directory.path, "sapline.config.ts"), "utf8");
  expect(printed).not.toContain(digits);
  const { seed } = JSON.parse(readFileSync(join(directory.path, ".sapline", UPDATE_KEY_FILE), "utf8")) as {
    seed: string;
  };
  expect(seed).toMatch(/^[0-9a-f]{64}$/);
  expect(printed).not.toContain(seed);
  directory.remove();
});

test("`sapline root` with a key of a wrong length ends with a sentence that does not show it", async () => {
  const directory = temporaryDirectory();
  writeFileSync(
    join(directory.path, "sapline.config.json"),
    JSON.stringify({ radio: { port: "/dev/null", key: "5ecret" } }),
  );
  const { code, stderr } = await sapline(["root", "--port", "0"], { cwd: directory.path });
  expect(code).toBe(1);
  expect(stderr).toBe(
    'sapline: sapline.config.json: "radio.key" must be 32 hexadecimal digits, not a text of 6 characters\n',
  );
  directory.remove();
});
