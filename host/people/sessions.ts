/**
 * Sessions keeps who is signed in: `sessions.json` in the data directory, by the SHA-256 of what the cookie holds, so that the file
 * opens nothing and a restart of the root signs nobody out.
 *
 * A session ends when its person signs out, is removed, or gets another password or role, and after `SESSION_MILLIS` at the latest.
 * Bounded: past `SESSIONS_MAX` the oldest ends.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeFileAtomic } from "../file.ts";
import type { PeopleFile } from "./people.ts";
import type { Role } from "./role.ts";

export const SESSIONS_FILE = "sessions.json";
/** Chosen: a screen on the wall is signed in four times a year. */
export const SESSION_MILLIS = 90 * 86_400_000;
/** Chosen: every device of everybody in a house. */
export const SESSIONS_MAX = 200;
const TOKEN_BYTES = 24;

const fileSchema = v.record(v.string(), v.strictObject({ name: v.string(), made: v.number() }));

interface Session {
  name: string;
  /** Milliseconds since 1970. */
  made: number;
}

export interface SignedIn {
  name: string;
  role: Role;
  /** What a page must say with each change, to show that it could read our answers. */
  csrf: string;
}

export class Sessions {
  private readonly path: string;
  private readonly people: PeopleFile;
  private readonly sessions: Map<string, Session>;

  constructor(directory: string, people: PeopleFile) {
    this.path = join(directory, SESSIONS_FILE);
    this.people = people;
    this.sessions = readSessions(this.path);
  }

  /** Who this cookie is, or undefined. */
  find(token: string, now: number): SignedIn | undefined {
    const session = this.sessions.get(sha256(token));
    if (session === undefined || now - session.made > SESSION_MILLIS) return undefined;
    const person = this.people.find(session.name);
    if (person === undefined || person.changed > session.made) return undefined;
    return { name: session.name, role: person.role, csrf: csrfOf(token) };
  }

  /** What the cookie is to hold: the only time it is seen. */
  begin(name: string, now: number): string {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    for (const [hash, session] of this.sessions) {
      const isOver =
        now - session.made > SESSION_MILLIS || (this.people.find(session.name)?.changed ?? now) > session.made;
      if (isOver || this.sessions.size >= SESSIONS_MAX) this.sessions.delete(hash);
    }
    this.sessions.set(sha256(token), { name, made: now });
    this.write();
    return token;
  }

  end(token: string): void {
    if (this.sessions.delete(sha256(token))) this.write();
  }

  private write(): void {
    writeFileAtomic(this.path, `${JSON.stringify(Object.fromEntries(this.sessions))}\n`, 0o600);
  }
}

function csrfOf(token: string): string {
  return sha256(`csrf of ${token}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** Damaged or absent: everybody signs in again. */
function readSessions(path: string): Map<string, Session> {
  try {
    return new Map(Object.entries(v.parse(fileSchema, JSON.parse(readFileSync(path, "utf8")))));
  } catch {
    return new Map();
  }
}
