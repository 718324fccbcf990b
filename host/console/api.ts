/**
 * Requests to the root's API as the person who is signed in. A refusal is an `ApiError` with the root's own sentence; a root that does
 * not answer is one with status 0.
 */
import { signal } from "@preact/signals";

export type Role = "look" | "act" | "administer";

export interface Person {
  name: string;
  role: Role;
  csrf: string;
}

/** Who is signed in; null: nobody; undefined: not known yet. */
export const person = signal<Person | null | undefined>(undefined);

export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, message: string, body: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** An answer is waited for this long. An action may take its own time on top. */
const ANSWER_MILLIS = 20_000;

/** Rejects with `ApiError`. A 401 signs this page out. */
export async function ask<Answer>(method: string, path: string, body?: unknown, moreMillis = 0): Promise<Answer> {
  const headers: { [name: string]: string } = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (person.value && method !== "GET") headers["x-sapline-csrf"] = person.value.csrf;
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_MILLIS + moreMillis),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    answer = await response.json();
  } catch {
    throw new ApiError(0, "The root does not answer. This page tries again by itself.", undefined);
  }
  if (response.ok) return answer as Answer;
  const said = (answer as { error?: unknown }).error;
  if (response.status === 401 && person.value && !path.startsWith("/api/session")) person.value = null;
  throw new ApiError(response.status, typeof said === "string" ? sentence(said) : `status ${response.status}`, answer);
}

/** Finds out who is signed in, by the cookie. */
export async function recall(): Promise<void> {
  try {
    person.value = await ask<Person | null>("GET", "/api/session");
  } catch {
    setTimeout(() => void recall(), 2000);
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  person.value = await ask<Person>("POST", "/api/session", { name, password });
}

export async function signOut(): Promise<void> {
  await ask("DELETE", "/api/session");
  person.value = null;
}

const RANK = ["look", "act", "administer"];

/** Whether the person's role lets them do this. */
export function may(role: Role): boolean {
  return person.value != null && RANK.indexOf(person.value.role) >= RANK.indexOf(role);
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
