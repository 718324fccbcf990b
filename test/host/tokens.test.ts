import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TokenFile } from "#host/tokens.ts";
import { sapline, temporaryDirectory } from "./built.ts";

let directory: { path: string; remove(): void };
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

test("a token opens for its own node only, also to another process, until it is revoked", () => {
  const tokens = new TokenFile(directory.path);
  const kitchen = tokens.add("kitchen", false);
  const porch = tokens.add("porch", false);
  const root = new TokenFile(directory.path);
  expect(root.refresh()).toEqual([]);
  expect([root.idOf(kitchen), root.idOf(porch), root.idOf(""), root.idOf(`${kitchen}x`)]).toEqual([
    "kitchen",
    "porch",
    undefined,
    undefined,
  ]);
  expect([
    root.isTokenOf("kitchen", kitchen),
    root.isTokenOf("kitchen", porch),
    root.isTokenOf("nobody", porch),
  ]).toEqual([true, false, false]);
  tokens.revoke("kitchen");
  expect(root.refresh()).toEqual(["kitchen"]);
  expect(root.idOf(kitchen)).toBeUndefined();
  expect(root.idOf(porch)).toBe("porch");
});

test("the file holds hashes and never a token, and only this user may read it", () => {
  const token = new TokenFile(directory.path).add("kitchen", false);
  const path = join(directory.path, "tokens.json");
  expect(token).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(readFileSync(path, "utf8")).not.toContain(token);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a second token for a node is refused, unless it is to replace the first, which then ends", () => {
  const tokens = new TokenFile(directory.path);
  const first = tokens.add("kitchen", false);
  expect(() => tokens.add("kitchen", false)).toThrow("--replace");
  expect(tokens.idOf(first)).toBe("kitchen");
  const root = new TokenFile(directory.path);
  root.refresh();
  const second = tokens.add("kitchen", true);
  expect(root.refresh()).toEqual(["kitchen"]);
  expect([root.idOf(first), root.idOf(second)]).toEqual([undefined, "kitchen"]);
});

test("ids that cannot be a node's are refused, so is a revocation of nothing", () => {
  const tokens = new TokenFile(directory.path);
  for (const id of ["", "root", "-x", "a b", "ä", "x".repeat(29), "../x"])
    expect(() => tokens.add(id, false), id).toThrow("cannot be a node's id");
  expect(() => tokens.revoke("kitchen")).toThrow("has no token");
});

test("a damaged file is told once and changes nothing for those who are known", () => {
  const tokens = new TokenFile(directory.path);
  const token = tokens.add("kitchen", false);
  writeFileSync(join(directory.path, "tokens.json"), '{"kitchen":{"hash":"no"');
  expect(() => tokens.refresh()).toThrow("is damaged");
  expect(tokens.refresh()).toEqual([]);
  expect(tokens.idOf(token)).toBe("kitchen");
});

test("a file that disappears ends every token", () => {
  const tokens = new TokenFile(directory.path);
  tokens.add("kitchen", false);
  rmSync(join(directory.path, "tokens.json"));
  expect(tokens.refresh()).toEqual(["kitchen"]);
});

test("programs that add tokens at the same time lose none", async () => {
  const ids = Array.from({ length: 6 }, (_, i) => `node${i}`);
  const made = await Promise.all(ids.map((id) => sapline(["token", "add", id, "--data", directory.path])));
  expect(made.map(({ code }) => code)).toEqual(ids.map(() => 0));
  const tokens = new TokenFile(directory.path);
  tokens.refresh();
  expect(made.map(({ stdout }) => tokens.idOf(stdout.trim()))).toEqual(ids);
});
