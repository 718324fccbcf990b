/** `sapline person add|list|password|role|remove`: who may sign in to the console. */
import { createInterface } from "node:readline/promises";
import { resolve } from "node:path";
import { randomPassword } from "../people/password.ts";
import { PeopleFile } from "../people/people.ts";
import { type Role, ROLES } from "../people/role.ts";
import type { Settings } from "../settings.ts";
import { Trouble } from "../trouble.ts";
import { formatTable } from "./output.ts";

export async function addPerson(settings: Settings, name: string, role: string, isTyped: boolean): Promise<void> {
  const password = await passwordFor(isTyped);
  await peopleOf(settings).add(name, roleFrom(role), password);
  if (!isTyped) process.stdout.write(`${password}\n`);
}

export async function setPassword(settings: Settings, name: string, isTyped: boolean): Promise<void> {
  const password = await passwordFor(isTyped);
  await peopleOf(settings).setPassword(name, password);
  if (!isTyped) process.stdout.write(`${password}\n`);
}

export function setRole(settings: Settings, name: string, role: string): void {
  peopleOf(settings).setRole(name, roleFrom(role));
}

export function removePerson(settings: Settings, name: string): void {
  peopleOf(settings).remove(name);
}

export function listPeople(settings: Settings, isJson: boolean): void {
  const people = peopleOf(settings).list();
  if (isJson) process.stdout.write(`${JSON.stringify(people)}\n`);
  else
    process.stdout.write(
      formatTable(
        ["NAME", "ROLE"],
        people.map(({ name, role }) => [name, role]),
      ),
    );
}

function peopleOf(settings: Settings): PeopleFile {
  return new PeopleFile(resolve(settings.data));
}

function roleFrom(text: string): Role {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new Trouble(`there is no role "${text}": use ${ROLES.join(", ")}`);
  return role;
}

/** One line of stdin, or made up here. An argument would be seen by every program on this machine. */
async function passwordFor(isTyped: boolean): Promise<string> {
  if (!isTyped) return randomPassword();
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new Trouble("no password came on stdin: write it there as one line");
}
