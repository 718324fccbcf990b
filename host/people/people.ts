/**
 * PeopleFile keeps who may sign in to the console: `people.json` in the data directory, by name, with the role and the password's hash.
 *
 * Guarantee: a change is whole or absent on disk, and two programs that change it at once lose neither change; a running root takes
 * what another program changed within a second. People have nothing to do with nodes and their tokens.
 */
import { join } from "node:path";
import * as v from "valibot";
import { fileStamp, readEntries, withLock, writeFileAtomic } from "../file.ts";
import { Trouble } from "../trouble.ts";
import { hashPassword, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, randomPassword } from "./password.ts";
import { type Role, roleSchema } from "./role.ts";

export const PEOPLE_FILE = "people.json";
/** People in the file. Chosen: a household and its guests, a workshop and its pupils. */
export const PEOPLE_MAX = 200;
/** The first one's name. */
export const FIRST_PERSON = "admin";
/** The file is looked at no more often than this. */
const LOOK_EVERY_MILLIS = 1000;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,39}$/u;

const personSchema = v.strictObject({ role: roleSchema, password: v.string(), changed: v.number() });
const fileSchema = v.record(v.string(), personSchema);
/** For whoever finds it damaged. */
const REMEDY = ": the next start makes a new first person";

export interface Person {
  role: Role;
  /** See password.ts. */
  password: string;
  /** When role or password were last changed, milliseconds since 1970: sessions from before have ended. */
  changed: number;
}

export class PeopleFile {
  private readonly path: string;
  private people = new Map<string, Person>();
  private seen = "";
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.path = join(directory, PEOPLE_FILE);
  }

  /** Undefined for a name that is not there. A damaged file leaves those who were read before. */
  find(name: string): Person | undefined {
    this.look();
    return this.people.get(name.normalize("NFC"));
  }

  list(): { name: string; role: Role }[] {
    this.look();
    return [...this.people].map(([name, { role }]) => ({ name, role })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The password of the first person if there is nobody yet; undefined otherwise. Throws `Trouble`. */
  async addFirst(): Promise<string | undefined> {
    if (readEntries(this.path, fileSchema, REMEDY).size > 0) return undefined;
    const password = randomPassword();
    await this.add(FIRST_PERSON, "administer", password);
    return password;
  }

  /** Throws `Trouble` if the name is taken, or it or the password will not do. */
  async add(name: string, role: Role, password: string): Promise<void> {
    const key = name.normalize("NFC");
    if (!NAME.test(key))
      throw new Trouble(
        `"${name.slice(0, 60)}" will not do as a name: use 1 to 40 letters, digits, ".", "_", "-" or "@"`,
      );
    checkPassword(password);
    const hash = await hashPassword(password);
    this.change((people) => {
      if (people.has(key)) throw new Trouble(`there is a ${key} already: choose another name`);
      if (people.size >= PEOPLE_MAX) throw new Trouble(`there are ${PEOPLE_MAX} people already: remove one first`);
      people.set(key, { role, password: hash, changed: Date.now() });
    });
  }

  /** Ends the person's sessions. Throws `Trouble` if there is no such person. */
  async setPassword(name: string, password: string): Promise<void> {
    checkPassword(password);
    const hash = await hashPassword(password);
    this.change((people) => people.set(name, { ...existing(people, name), password: hash, changed: Date.now() }));
  }

  /** Throws `Trouble` if nobody would be left to administer. */
  setRole(name: string, role: Role): void {
    this.change((people) => {
      people.set(name, { ...existing(people, name), role, changed: Date.now() });
      keepOne(people);
    });
  }

  remove(name: string): void {
    this.change((people) => {
      existing(people, name);
      people.delete(name);
      keepOne(people);
    });
  }

  private look(): void {
    const now = performance.now();
    if (now - this.lookedAt < LOOK_EVERY_MILLIS) return;
    this.lookedAt = now;
    const stamp = fileStamp(this.path);
    if (stamp === this.seen) return;
    this.seen = stamp;
    try {
      this.people = readEntries(this.path, fileSchema, REMEDY);
    } catch {
      // Whoever changes or adds somebody is told; those who are signed in stay.
    }
  }

  private change(edit: (people: Map<string, Person>) => void): void {
    withLock(this.path, () => {
      const people = readEntries(this.path, fileSchema, REMEDY);
      edit(people);
      writeFileAtomic(this.path, `${JSON.stringify(Object.fromEntries(people), null, 2)}\n`, 0o600);
      this.people = people;
    });
  }
}

function existing(people: Map<string, Person>, name: string): Person {
  const person = people.get(name);
  if (person === undefined) throw new Trouble(`there is no ${name.slice(0, 60)}: see "sapline person list"`);
  return person;
}

function keepOne(people: Map<string, Person>): void {
  if (![...people.values()].some(({ role }) => role === "administer"))
    throw new Trouble("nobody would be left who may administer: give somebody else that role first");
}

function checkPassword(password: string): void {
  const chars = [...password].length;
  if (chars < PASSWORD_CHARS_MIN || chars > PASSWORD_CHARS_MAX)
    throw new Trouble(`a password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters: choose another`);
}
