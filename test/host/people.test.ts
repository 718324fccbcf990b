import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Attempts, FAILURE_EVERY_MILLIS, FAILURES_FREE, KEYS_MAX } from "#host/people/attempts.ts";
import { hashPassword, isPassword, passwordCost, randomPassword, WAITING_MAX } from "#host/people/password.ts";
import { PeopleFile } from "#host/people/people.ts";
import { SESSION_MILLIS, Sessions, SESSIONS_MAX } from "#host/people/sessions.ts";
import { temporaryFolder } from "../temporary.ts";

const { log } = passwordCost;
beforeAll(() => {
  passwordCost.log = 4;
});
afterAll(() => {
  passwordCost.log = log;
});

test("a password is recognised, another is not, and nobody's takes as long as somebody's", async () => {
  const hash = await hashPassword("correct horse");
  expect(hash).not.toContain("correct");
  expect(await isPassword("correct horse", hash)).toBe(true);
  expect(await isPassword("correct horsf", hash)).toBe(false);
  expect(await isPassword("", hash)).toBe(false);
  expect(await isPassword("correct horse", undefined)).toBe(false);
  expect(await isPassword("correct horse", "nonsense")).toBe(false);
  expect(await hashPassword("correct horse")).not.toBe(hash);
});

test("checks beyond the limit are refused at once, not gathered", async () => {
  const checks = Array.from({ length: WAITING_MAX + 2 }, () => isPassword("x", undefined));
  const refused = (await Promise.all(checks)).filter((answer) => answer === undefined);
  expect(refused).toHaveLength(2);
});

test("a hash says what it cost, and stays good when passwords cost more", async () => {
  const cheap = await hashPassword("correct horse");
  passwordCost.log = 6;
  expect(await isPassword("correct horse", cheap)).toBe(true);
  passwordCost.log = 4;
  expect([log, cheap.split(":").slice(0, 4)]).toEqual([15, ["scrypt", "4", "8", "3"]]);
});

test("made-up passwords differ and can be read out", () => {
  const made = new Set(Array.from({ length: 50 }, randomPassword));
  expect(made.size).toBe(50);
  for (const password of made) expect(password).toMatch(/^[a-zR2-9]{4}(-[a-zR2-9]{4}){4}$/);
});

test("the file of people opens nothing, is this user's alone, and keeps one who administers", async () => {
  const directory = temporaryFolder();
  const people = new PeopleFile(directory);
  const password = (await people.addFirst()) as string;
  expect(await people.addFirst()).toBeUndefined();
  await people.add("Zoë", "look", "a long password");
  const path = join(directory, "people.json");
  expect(readFileSync(path, "utf8")).not.toMatch(new RegExp(`${password}|a long password`));
  expect(statSync(path).mode & 0o77).toBe(0);
  expect(people.list()).toEqual([
    { name: "Zoë", role: "look" },
    { name: "admin", role: "administer" },
  ]);
  expect(() => people.remove("admin")).toThrow(/nobody would be left/);
  expect(() => people.setRole("admin", "act")).toThrow(/nobody would be left/);
  expect(() => people.remove("nobody")).toThrow(/there is no nobody/);
  await expect(people.add("admin", "look", "another one")).rejects.toThrow(/already/);
  await expect(people.add("<b>", "look", "another one")).rejects.toThrow(/will not do/);
  await expect(people.add("bob", "look", "short")).rejects.toThrow(/8 to 200/);
});

test("a session outlives the program, and ends with sign-out, a new password, another role, or its time", async () => {
  const directory = temporaryFolder();
  const people = new PeopleFile(directory);
  await people.addFirst();
  const first = new Sessions(directory, people);
  const now = Date.now();
  const [one, two] = [first.begin("admin", now), first.begin("admin", now)];
  const again = new Sessions(directory, new PeopleFile(directory));
  expect(again.find(one, now)).toMatchObject({ name: "admin", role: "administer" });
  expect(again.find(one, now)?.csrf).not.toBe(again.find(two, now)?.csrf);
  expect(again.find(`${one}x`, now)).toBeUndefined();
  expect(again.find(one, now + SESSION_MILLIS + 1)).toBeUndefined();
  again.end(one);
  expect(again.find(one, now)).toBeUndefined();
  expect(readFileSync(join(directory, "sessions.json"), "utf8")).not.toContain(two);
  expect(first.find(two, now)).toBeDefined();
  await people.setPassword("admin", "something else");
  expect(first.find(two, now)).toBeUndefined();
  const later = people.find("admin")?.changed as number;
  expect(first.find(first.begin("admin", later), later)).toBeDefined();
});

test("sessions are bounded: past the limit the oldest ends", async () => {
  const directory = temporaryFolder();
  const people = new PeopleFile(directory);
  await people.addFirst();
  const sessions = new Sessions(directory, people);
  const now = Date.now() + 1000;
  const oldest = sessions.begin("admin", now);
  for (let i = 1; i <= SESSIONS_MAX; i++) sessions.begin("admin", now);
  expect(sessions.find(oldest, now)).toBeUndefined();
});

test("wrong passwords are slowed down by address and by name, and forgotten in time", () => {
  const attempts = new Attempts();
  for (let i = 0; i < FAILURES_FREE; i++) {
    expect(attempts.waitMillis(["address a", "name x"], 0)).toBe(0);
    attempts.begin(["address a", "name x"], 0);
  }
  expect(attempts.waitMillis(["address a", "name y"], 0)).toBe(FAILURE_EVERY_MILLIS);
  expect(attempts.waitMillis(["address b", "name x"], 0)).toBe(FAILURE_EVERY_MILLIS);
  expect(attempts.waitMillis(["address b", "name y"], 0)).toBe(0);
  expect(attempts.waitMillis(["address a"], FAILURE_EVERY_MILLIS)).toBe(0);
  attempts.begin(["address c"], 0);
  attempts.succeeded(["address c"]);
  for (let i = 1; i < FAILURES_FREE; i++) attempts.begin(["address c"], 0);
  expect(attempts.waitMillis(["address c"], 0)).toBe(0);
});

test("attempts are bounded: the key that failed longest ago is forgotten", () => {
  const attempts = new Attempts();
  for (let i = 0; i < FAILURES_FREE; i++) attempts.begin(["first"], 0);
  for (let i = 0; i < KEYS_MAX; i++) attempts.begin([`key ${i}`], 0);
  expect(attempts.waitMillis(["first"], 0)).toBe(0);
});
