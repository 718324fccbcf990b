/**
 * Who may use the HTTP API: people who are signed in, as far as their role goes; programs with the API token; and programs on this
 * machine, without one.
 *
 * A browser on this machine is a program that strangers' pages can speak through, so a loopback request must name this machine
 * in `Host` (against DNS rebinding), must not come from another site's page (against forged requests), and if it says that it comes
 * from a page at all, somebody must be signed in. A change by somebody signed in must come from a page of ours, and carry what only
 * such a page can know.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { unixNow } from "../clock.ts";
import { writeFileAtomic } from "../file.ts";
import { type Identity, mayDo, type Role } from "../people/role.ts";
import type { Sessions, SignedIn } from "../people/sessions.ts";
import { Trouble } from "../trouble.ts";
import { ApiTrouble } from "./reply.ts";

export const API_TOKEN_FILE = "api-token";
/** The header of a change that says the session's `csrf`. */
export const CSRF_HEADER = "x-sapline-csrf";
/** Methods that change nothing. */
const READING = ["GET", "HEAD"];

/** The API's token in the data directory; made, readable for this user alone, if there is none. Throws `Trouble`. */
export function readOrMakeApiToken(directory: string): string {
  const path = join(directory, API_TOKEN_FILE);
  try {
    const token = readFileSync(path, "utf8").trim();
    if (token.length >= 16) return token;
    throw new Trouble(`${path} holds no token: remove it, the next start makes a new one`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = randomBytes(24).toString("base64url");
  writeFileAtomic(path, `${token}\n`, 0o600);
  return token;
}

export class ApiAccess {
  private readonly tokenHash: Buffer;
  private readonly hostName: string;
  private readonly sessions: Sessions;

  /** `hostName` is what the server was told to listen on; it is a good name for this machine too. */
  constructor(token: string, hostName: string, sessions: Sessions) {
    this.tokenHash = sha256(token);
    this.hostName = hostName.toLowerCase();
    this.sessions = sessions;
  }

  /** Throws `ApiTrouble` 401 or 403 unless whoever asks may do what needs this role. */
  check(request: IncomingMessage, need: Role): Identity {
    const identity = this.identify(request);
    if (mayDo(identity, need)) return identity;
    throw new ApiTrouble(403, `your role lets you not do this: ask for the role "${need}"`);
  }

  /** Who is signed in on the page that asks, or undefined. Whether it may change something is not checked. */
  signedIn(request: IncomingMessage): SignedIn | undefined {
    const token = sessionToken(request);
    return token === undefined ? undefined : this.sessions.find(token, unixNow());
  }

  private identify(request: IncomingMessage): Identity {
    const token = bearerToken(request);
    if (token !== undefined) {
      if (timingSafeEqual(sha256(token), this.tokenHash)) return { kind: "program" };
      throw new ApiTrouble(
        401,
        `this is not the API token: see the file ${API_TOKEN_FILE} in the root's data directory`,
      );
    }
    const person = this.signedIn(request);
    if (person !== undefined) {
      refuseOtherSites(request);
      if (!READING.includes(request.method ?? "") && request.headers[CSRF_HEADER] !== person.csrf)
        throw new ApiTrouble(403, `a change needs the header ${CSRF_HEADER}: GET /api/session says what to put in it`);
      return { kind: "person", name: person.name, role: person.role };
    }
    if (!isLoopback(request.socket.remoteAddress) || isForwarded(request))
      throw new ApiTrouble(
        401,
        `sign in at /console; a program on another machine needs "Authorization: Bearer TOKEN": the token is in the file ${API_TOKEN_FILE} in the root's data directory`,
      );
    const host = request.headers.host ?? "";
    if (!this.isOwnName(host))
      throw new ApiTrouble(
        403,
        `"${host.slice(0, 100)}" is no name of this machine: use http://127.0.0.1, or send the API token`,
      );
    refuseOtherSites(request);
    if (request.headers["sec-fetch-site"] !== undefined)
      throw new ApiTrouble(401, "nobody is signed in on this browser: sign in at /console");
    return { kind: "program" };
  }

  private isOwnName(host: string): boolean {
    const name = host.toLowerCase().replace(/:\d+$/, "");
    return name === "localhost" || name === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(name) || name === this.hostName;
  }
}

/** The token of `Authorization: Bearer TOKEN`, or undefined if there is no such header. */
export function bearerToken(request: IncomingMessage): string | undefined {
  const found = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "");
  return found === null ? undefined : found[1];
}

/** Each port has a cookie of its own, for browsers keep one jar for all ports of a machine. */
export function sessionCookieName(request: IncomingMessage): string {
  return `sapline-session-${/:(\d+)$/.exec(request.headers.host ?? "")?.[1] ?? "web"}`;
}

/** What the session's cookie holds, or undefined. */
export function sessionToken(request: IncomingMessage): string | undefined {
  return cookieValue(request, sessionCookieName(request));
}

/** The value of a cookie; undefined if there is none or it is empty. */
export function cookieValue(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const cut = pair.indexOf("=");
    if (cut < 0 || pair.slice(0, cut).trim() !== name) continue;
    const value = pair
      .slice(cut + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
    return value === "" ? undefined : value;
  }
  return undefined;
}

/** Whether a page of another site asks, as far as the browser says. The scheme is a proxy's affair. */
export function isOfOtherSite(request: IncomingMessage): boolean {
  const { host = "", origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin.replace(/^https?:\/\//, "") !== host;
}

/** Throws `ApiTrouble` 403. */
export function refuseOtherSites(request: IncomingMessage): void {
  if (isOfOtherSite(request))
    throw new ApiTrouble(
      403,
      "this request comes from another site's page: open the root's own address, or send the API token",
    );
}

/** Where a request comes from: behind a proxy on this machine, what that proxy saw. */
export function clientAddress(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? "";
  const forwarded = String(request.headers["x-forwarded-for"] ?? "");
  return isLoopback(address) && forwarded !== "" ? (forwarded.split(",").at(-1) as string).trim() : address;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^(::ffff:)?127\./.test(address) || address === "::1");
}

/** A proxy on this machine speaks for others. */
function isForwarded(request: IncomingMessage): boolean {
  return request.headers["x-forwarded-for"] !== undefined || request.headers["forwarded"] !== undefined;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
