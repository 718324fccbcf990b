/**
 * /api/session and /api/people: people sign in and out, change their passwords, and who administers adds and removes them.
 *
 * Guarantee: nobody signs in by a page of another site; wrong passwords are slowed down by address and by name; whether a name
 * exists shows in neither the answer nor its time.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { monotonicNow, unixNow } from "../clock.ts";
import { Attempts } from "../people/attempts.ts";
import { isPassword, randomPassword } from "../people/password.ts";
import type { PeopleFile } from "../people/people.ts";
import type { Identity } from "../people/role.ts";
import { SESSION_MILLIS, type Sessions } from "../people/sessions.ts";
import { Trouble } from "../trouble.ts";
import { type ApiAccess, clientAddress, refuseOtherSites, sessionCookieName, sessionToken } from "./access.ts";
import { ApiTrouble, readJson, sendJson } from "./reply.ts";
import { parseNewPerson, parsePassword, parsePasswordChange, parseRole, parseSignIn } from "./request.ts";

export class SignIn {
  private readonly access: ApiAccess;
  private readonly people: PeopleFile;
  private readonly sessions: Sessions;
  private readonly attempts = new Attempts();

  constructor(access: ApiAccess, people: PeopleFile, sessions: Sessions) {
    this.access = access;
    this.people = people;
    this.sessions = sessions;
  }

  /** GET: who is signed in. POST: sign in. DELETE: sign out. Open to everybody. */
  async session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    refuseOtherSites(request);
    switch (request.method) {
      case "GET":
        // Null for nobody: to ask is no error.
        return sendJson(response, 200, this.access.signedIn(request) ?? null);
      case "POST": {
        // A form of another site cannot say this type without being asked about first.
        if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
          throw new ApiTrouble(415, "send JSON, with content-type: application/json");
        const { name, password } = parseSignIn(await readJson(request));
        await this.checkPassword(request, name, password);
        return this.begin(request, response, name);
      }
      case "DELETE": {
        const token = sessionToken(request);
        if (token !== undefined) {
          this.access.check(request, "look");
          this.sessions.end(token);
        }
        response.setHeader("set-cookie", cookie(request, "", 0));
        return sendJson(response, 200, {});
      }
      default:
        throw new ApiTrouble(405, `${request.method} does nothing here: use GET, POST or DELETE`);
    }
  }

  /** PUT /api/session/password: one's own, which ends all other sessions of the person. */
  async changeOwn(request: IncomingMessage, response: ServerResponse, identity: Identity): Promise<void> {
    if (identity.kind !== "person")
      throw new ApiTrouble(400, 'only people have passwords: use "sapline person password NAME"');
    const { current, password } = parsePasswordChange(await readJson(request));
    await this.checkPassword(request, identity.name, current);
    await forPeople(() => this.people.setPassword(identity.name, password));
    this.begin(request, response, identity.name);
  }

  /** /api/people and /api/people/NAME, for who administers. */
  async persons(request: IncomingMessage, response: ServerResponse, name: string | undefined): Promise<void> {
    if (name === undefined && request.method === "GET") return sendJson(response, 200, { people: this.people.list() });
    if (name === undefined && request.method === "POST") {
      const wanted = parseNewPerson(await readJson(request));
      const password = wanted.password ?? randomPassword();
      await forPeople(() => this.people.add(wanted.name, wanted.role, password));
      return sendJson(response, 200, { name: wanted.name, role: wanted.role, password });
    }
    if (name !== undefined && request.method === "PUT") {
      const { role } = parseRole(await readJson(request));
      await forPeople(() => this.people.setRole(name, role));
      return sendJson(response, 200, { name, role });
    }
    if (name !== undefined && request.method === "DELETE") {
      await forPeople(() => this.people.remove(name));
      return sendJson(response, 200, {});
    }
    throw new ApiTrouble(
      405,
      `${request.method} does nothing here: GET and POST /api/people, PUT and DELETE /api/people/NAME`,
    );
  }

  /** PUT /api/people/NAME/password: another's, made up here if none is said. */
  async setPassword(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const password = parsePassword(await readJson(request)).password ?? randomPassword();
    await forPeople(() => this.people.setPassword(name, password));
    sendJson(response, 200, { name, password });
  }

  private async checkPassword(request: IncomingMessage, name: string, password: string): Promise<void> {
    const keys = [`address ${clientAddress(request)}`, `name ${name}`];
    const wait = this.attempts.waitMillis(keys, monotonicNow());
    if (wait > 0) throw new ApiTrouble(429, `too many wrong passwords: try again in ${Math.ceil(wait / 1000)} s`);
    this.attempts.begin(keys, monotonicNow());
    const isRight = await isPassword(password, this.people.find(name)?.password);
    if (isRight === undefined) throw new ApiTrouble(503, "too many people sign in at this moment: try again");
    if (!isRight) throw new ApiTrouble(401, "name or password is wrong");
    this.attempts.succeeded(keys);
  }

  private begin(request: IncomingMessage, response: ServerResponse, name: string): void {
    const token = this.sessions.begin(name, unixNow());
    response.setHeader("set-cookie", cookie(request, token, SESSION_MILLIS / 1000));
    sendJson(response, 200, this.sessions.find(token, unixNow()));
  }
}

function cookie(request: IncomingMessage, token: string, seconds: number): string {
  const secure = request.headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
  return `${sessionCookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/** What the file refuses is the request's fault. */
async function forPeople(change: () => void | Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    throw error instanceof Trouble ? new ApiTrouble(400, error.message) : error;
  }
}
