/**
 * Who may use the HTTP API. Programs on this machine may without a token; everybody else needs the API token.
 *
 * A browser on this machine is a program that strangers' pages can speak through, so a loopback request must name this machine
 * in `Host` (against DNS rebinding) and must not come from another site's page (against forged requests).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { writeFileAtomic } from "../file.ts";
import { Trouble } from "../trouble.ts";
import { ApiTrouble } from "./reply.ts";

export const API_TOKEN_FILE = "api-token";

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

  /** `hostName` is what the server was told to listen on; it is a good name for this machine too. */
  constructor(token: string, hostName: string) {
    this.tokenHash = sha256(token);
    this.hostName = hostName.toLowerCase();
  }

  /** Throws `ApiTrouble` 401 or 403 unless the request may go on. */
  check(request: IncomingMessage): void {
    const token = bearerToken(request);
    if (token !== undefined) {
      if (timingSafeEqual(sha256(token), this.tokenHash)) return;
      throw new ApiTrouble(
        401,
        `this is not the API token: see the file ${API_TOKEN_FILE} in the root's data directory`,
      );
    }
    if (!isLoopback(request.socket.remoteAddress) || isForwarded(request))
      throw new ApiTrouble(
        401,
        `from another machine the API needs "Authorization: Bearer TOKEN": the token is in the file ${API_TOKEN_FILE} in the root's data directory`,
      );
    const host = request.headers.host ?? "";
    if (!this.isOwnName(host))
      throw new ApiTrouble(
        403,
        `"${host.slice(0, 100)}" is no name of this machine: use http://127.0.0.1, or send the API token`,
      );
    const { origin } = request.headers;
    if ((origin !== undefined && origin !== `http://${host}`) || request.headers["sec-fetch-site"] === "cross-site")
      throw new ApiTrouble(
        403,
        "this request comes from another site's page: open the root's own address, or send the API token",
      );
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
