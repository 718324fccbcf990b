/**
 * The console's files, as they were built into a folder beside the program: read once, kept in memory, packed, and answered with
 * headers that let the page load and ask nothing but this root.
 *
 * Every address under /console that is no file is the page itself, so that links to a node can be kept.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { sendJson } from "./api/reply.ts";

const TYPES: { readonly [name: string]: string } = {
  "index.html": "text/html; charset=utf-8",
  "console.js": "text/javascript; charset=utf-8",
  "console.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "manifest.json": "application/manifest+json",
  "firmware.js": "text/javascript; charset=utf-8",
  "loader.js": "text/javascript; charset=utf-8",
};
/** What lies elsewhere: the plain program for boards and its loader, which the console writes to them. */
const PLACES: { readonly [name: string]: string } = {
  "firmware.js": "../firmware/wifi.js",
  "loader.js": "../firmware/loader.js",
};

/** Nothing from elsewhere, no script in the page, no frame around it, and no text that becomes markup. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

interface Page {
  type: string;
  bytes: Buffer;
  packed: Buffer;
  tag: string;
}

export class Pages {
  private readonly folder: URL;
  private readonly pages = new Map<string, Page>();

  constructor(folder = new URL("./console/", import.meta.url)) {
    this.folder = folder;
  }

  /** Returns whether the address is one of the console's. */
  serve(request: IncomingMessage, response: ServerResponse, pathname: string): boolean {
    const wantsPage = pathname === "/" && (request.headers.accept ?? "").includes("text/html");
    if (wantsPage || pathname === "/console") {
      response.writeHead(303, { location: "/console/", "cache-control": "no-store" }).end();
      return true;
    }
    if (!pathname.startsWith("/console/")) return false;
    const name = pathname.slice("/console/".length);
    const page = this.page(Object.hasOwn(TYPES, name) ? name : "index.html");
    if (request.method !== "GET" && request.method !== "HEAD")
      sendJson(response, 405, { error: "this is a page: use GET" });
    else if (page === undefined)
      sendJson(response, 404, { error: 'the console is not built: run "npm run prepare", then start the root again' });
    else send(request, response, page);
    return true;
  }

  private page(name: string): Page | undefined {
    let page = this.pages.get(name);
    if (page !== undefined) return page;
    let bytes: Buffer;
    try {
      bytes = readFileSync(new URL(PLACES[name] ?? name, this.folder));
    } catch {
      return undefined;
    }
    const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    page = { type: TYPES[name] as string, bytes, packed: gzipSync(bytes, { level: 9 }), tag };
    this.pages.set(name, page);
    return page;
  }
}

function send(request: IncomingMessage, response: ServerResponse, { type, bytes, packed, tag }: Page): void {
  const headers = {
    "content-type": type,
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    // Asked about each time, answered by 304: a new version is seen at once.
    "cache-control": "no-cache",
    vary: "accept-encoding",
    etag: tag,
  };
  if (request.headers["if-none-match"] === tag) return void response.writeHead(304, headers).end();
  const isPacked = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = isPacked ? packed : bytes;
  response.writeHead(200, {
    ...headers,
    "content-length": body.length,
    ...(isPacked ? { "content-encoding": "gzip" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
