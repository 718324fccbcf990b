/**
 * The tokens of a project's boards, in plain: the root keeps only their hashes, and a board has to be told its own each time that it is built. They
 * are in `node-tokens.json` of the data directory, which only this user can read.
 */
import { join } from "node:path";
import * as v from "valibot";
import { makeDirectory, readEntries, withLock, writeFileAtomic } from "#host/file.ts";
import { TokenFile } from "#host/tokens.ts";
import { Trouble } from "#host/trouble.ts";

const FILE = "node-tokens.json";
/** For whoever finds it damaged. */
const REMEDY = " and build every board again";
const schema = v.record(v.string(), v.string());

/** The node's token, made if it has none. Throws `Trouble` if it has one that we do not know. */
export function nodeToken(data: string, id: string): string {
  makeDirectory(data);
  const path = join(data, FILE);
  const tokens = new TokenFile(data);
  tokens.refresh();
  const read = (): Map<string, string> => readEntries(path, schema, REMEDY);
  const known = read().get(id);
  if (known !== undefined && tokens.isTokenOf(id, known)) return known;
  if (tokens.list().some((entry) => entry.id === id))
    throw new Trouble(
      `${id} has a token that was not made here, so only the board knows it: end it by "sapline token revoke ${id}", and build again`,
    );
  const token = tokens.add(id, false);
  keepToken(data, id, token);
  return token;
}

/** The node's token, if it is known here; whether the root takes it is another matter. */
export function knownToken(data: string, id: string): string | undefined {
  return readEntries(join(data, FILE), schema, REMEDY).get(id);
}

/** A token that was made elsewhere: from now on it is known here too. */
export function keepToken(data: string, id: string, token: string): void {
  const path = join(data, FILE);
  withLock(path, () => {
    const all = readEntries(path, schema, REMEDY).set(id, token);
    writeFileAtomic(path, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`, 0o600);
  });
}
