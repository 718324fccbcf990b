/**
 * TokenFile keeps who may connect: `tokens.json` in the data directory, one entry per node, with the SHA-256 of its token
 * and never the token itself.
 *
 * Guarantee: a change is whole or absent on disk, and two programs that change it at once lose neither change.
 * Tokens are 192 random bits, so a plain hash is enough: there is nothing to guess that a slow hash would protect.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { NODE_ID_CHARS_MAX } from "#shared/limits.ts";
import { isNodeId } from "#shared/wire/message.ts";
import { fileStamp, readEntries, withLock, writeFileAtomic } from "./file.ts";
import { Trouble } from "./trouble.ts";

export const TOKENS_FILE = "tokens.json";
/** Random bytes of a token; base64url makes 32 characters of them. Chosen: far beyond guessing, short enough to type once. */
const TOKEN_BYTES = 24;
/** Longest token looked at; a longer one is no token of ours. */
const TOKEN_CHARS_MAX = 256;

const entrySchema = v.strictObject({ hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), created: v.string() });
const fileSchema = v.record(v.string(), entrySchema);
/** For whoever finds it damaged. */
const REMEDY = " and give each node a new token";

export interface TokenEntry {
  /** SHA-256 of the token, in hexadecimal. */
  hash: string;
  /** ISO 8601. */
  created: string;
}

export class TokenFile {
  private readonly path: string;
  private entries = new Map<string, TokenEntry>();
  private idsByHash = new Map<string, string>();
  private seen = "";
  private seenForNew = "";

  constructor(directory: string) {
    this.path = join(directory, TOKENS_FILE);
  }

  /** Reads the file if it has changed since the last time. Returns the ids whose token is gone or another. Throws `Trouble`. */
  refresh(): string[] {
    const stamp = fileStamp(this.path);
    if (stamp === this.seen) return [];
    // Also when it cannot be read: the same trouble is told once, not once a second.
    this.seen = stamp;
    const entries = readEntries(this.path, fileSchema, REMEDY);
    const gone = [...this.entries].filter(([id, { hash }]) => entries.get(id)?.hash !== hash).map(([id]) => id);
    this.entries = entries;
    this.idsByHash = new Map([...entries].map(([id, { hash }]) => [hash, id]));
    return gone;
  }

  /** The node whose token this is. The look-up is by hash, so its time tells nothing about the token. */
  idOf(token: string): string | undefined {
    if (token === "" || token.length > TOKEN_CHARS_MAX) return undefined;
    const hash = hashOf(token);
    if (!this.idsByHash.has(hash)) this.takeNew();
    return this.idsByHash.get(hash);
  }

  /** Whether `token` is this node's. */
  isTokenOf(id: string, token: string): boolean {
    if (!this.entries.has(id)) this.takeNew();
    const entry = this.entries.get(id);
    if (entry === undefined || token === "" || token.length > TOKEN_CHARS_MAX) return false;
    return timingSafeEqual(Buffer.from(entry.hash), Buffer.from(hashOf(token)));
  }

  list(): { id: string; created: string }[] {
    return [...this.entries].map(([id, { created }]) => ({ id, created })).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Makes a token for `id` and returns it: the only time it is seen. Throws `Trouble` if it has one, unless `isReplacing`. */
  add(id: string, isReplacing: boolean): string {
    if (!isNodeId(id) || id === "root")
      throw new Trouble(
        `"${id}" cannot be a node's id: use 1 to ${NODE_ID_CHARS_MAX} letters, digits, ".", "_" or "-", and not "root"`,
      );
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.change((entries) => {
      if (entries.has(id) && !isReplacing)
        throw new Trouble(`${id} has a token already: add --replace to give it a new one, which ends the old one`);
      entries.set(id, { hash: hashOf(token), created: new Date().toISOString() });
    });
    return token;
  }

  /** Throws `Trouble` if it has none. */
  revoke(id: string): void {
    this.change((entries) => {
      if (!entries.delete(id)) throw new Trouble(`${id} has no token: see sapline token list`);
    });
  }

  /**
   * A token that is not known may be newer than the last look: whoever made it connects at once, and would wait long if refused.
   * What is gone is left to `refresh`, which tells of it.
   */
  private takeNew(): void {
    const stamp = fileStamp(this.path);
    if (stamp === this.seen || stamp === this.seenForNew) return;
    this.seenForNew = stamp;
    try {
      for (const [id, entry] of readEntries(this.path, fileSchema, REMEDY)) {
        if (this.entries.has(id)) continue;
        this.entries.set(id, entry);
        this.idsByHash.set(entry.hash, id);
      }
    } catch {
      // `refresh` tells of a damaged file.
    }
  }

  private change(edit: (entries: Map<string, TokenEntry>) => void): void {
    withLock(this.path, () => {
      const entries = readEntries(this.path, fileSchema, REMEDY);
      edit(entries);
      writeFileAtomic(this.path, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`, 0o600);
    });
    this.refresh();
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
