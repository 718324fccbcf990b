/** What a request may say, checked field by field; what is wrong is told in one sentence. */
import * as v from "valibot";
import { ACT_TTL, ENTITY_ID_BYTES_MAX } from "#shared/limits.ts";
import { MOMENT_FORMS, parseMoment } from "../moment.ts";
import { roleSchema } from "../people/role.ts";
import { ApiTrouble } from "./reply.ts";

/** Events in one answer, at most and if the request does not say. Chosen. */
export const EVENTS_MAX = 10_000;
const EVENTS_USUAL = 1000;
/** Longest life of an action. Chosen: a minute later nobody waits at the switch any more. */
export const TTL_MILLIS_MAX = 60_000;

const eid = v.pipe(
  v.string('"eid" must be the name of an entity, a text'),
  v.nonEmpty('"eid" must not be empty'),
  v.check(
    (text) => Buffer.byteLength(text) <= ENTITY_ID_BYTES_MAX,
    `"eid" must be at most ${ENTITY_ID_BYTES_MAX} bytes long`,
  ),
);
const ttlWords = `"ttl" must be a whole number of milliseconds from 1 to ${TTL_MILLIS_MAX}`;
const actSchema = v.strictObject({
  eid,
  value: v.optional(v.unknown(), null),
  ttl: v.optional(
    v.pipe(v.number(ttlWords), v.integer(ttlWords), v.minValue(1, ttlWords), v.maxValue(TTL_MILLIS_MAX, ttlWords)),
    ACT_TTL as number,
  ),
});
const setSchema = v.strictObject({ eid, value: v.unknown() });

export type ActRequest = v.InferOutput<typeof actSchema>;
export type SetRequest = v.InferOutput<typeof setSchema>;

const name = v.string();
const password = v.string();
const signInSchema = v.strictObject({ name, password });
const passwordChangeSchema = v.strictObject({ current: password, password });
const newPersonSchema = v.strictObject({ name, role: roleSchema, password: v.optional(password) });
const passwordSchema = v.strictObject({ password: v.optional(password) });
const roleChangeSchema = v.strictObject({ role: roleSchema });
const newTokenSchema = v.strictObject({ id: v.string(), replace: v.optional(v.boolean(), false) });

const nodesWords = '"nodes" must be a list of ids, or "all"';
const updateSchema = v.strictObject({
  nodes: v.optional(v.union([v.array(v.string()), v.literal("all")], nodesWords)),
  canaries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  version: v.optional(v.string()),
  program: v.pipe(v.string(), v.base64()),
});

/** All of these throw `ApiTrouble` 400. */
export const parseSignIn = (body: unknown) => parse(signInSchema, body, "name, password");
export const parsePasswordChange = (body: unknown) => parse(passwordChangeSchema, body, "current, password");
export const parseNewPerson = (body: unknown) =>
  parse(newPersonSchema, body, "name, role (look, act or administer), password");
export const parsePassword = (body: unknown) => parse(passwordSchema, body, "password");
export const parseRole = (body: unknown) => parse(roleChangeSchema, body, "role (look, act or administer)");
export const parseNewToken = (body: unknown) => parse(newTokenSchema, body, "id, replace");

export const parseUpdate = (body: unknown) => parse(updateSchema, body, "nodes, program (base64), canaries, version");

export function parseAct(body: unknown): ActRequest {
  return parse(actSchema, body, "eid, value, ttl");
}

export function parseSet(body: unknown): SetRequest {
  return parse(setSchema, body, "eid, value");
}

/** Columns of a chart, at most and if the request does not say. Chosen: a pixel or two each on a wall screen. */
export const BUCKETS_MAX = 2000;
const BUCKETS_USUAL = 300;

export interface EventsRequest {
  from: number | undefined;
  to: number | undefined;
  limit: number;
}

/** Refuses parameters that nobody reads, so that a typing error is not taken for "everything". */
export function parseEventsRequest(
  parameters: URLSearchParams,
  more: readonly string[],
  nowMillis: number,
): EventsRequest {
  checkNames(parameters, [...more, "from", "to", "limit"]);
  const limit = parameters.get("limit");
  if (limit !== null && !(/^\d{1,6}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= EVENTS_MAX))
    throw new ApiTrouble(
      400,
      `"limit" must be a whole number from 1 to ${EVENTS_MAX}; ask for more in parts, by "from" and "to"`,
    );
  const [from, to] = [momentOf(parameters, "from", nowMillis), momentOf(parameters, "to", nowMillis)];
  return { from, to, limit: limit === null ? EVENTS_USUAL : Number(limit) };
}

/** A chart's bounds (undefined: as far as there is something) and number of columns. Throws `ApiTrouble` 400. */
export function parseChartRequest(
  parameters: URLSearchParams,
  nowMillis: number,
): { from: number | undefined; to: number | undefined; buckets: number } {
  checkNames(parameters, ["from", "to", "buckets"]);
  const buckets = Number(parameters.get("buckets") ?? BUCKETS_USUAL);
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > BUCKETS_MAX)
    throw new ApiTrouble(400, `"buckets" must be a whole number from 1 to ${BUCKETS_MAX}`);
  return { from: momentOf(parameters, "from", nowMillis), to: momentOf(parameters, "to", nowMillis), buckets };
}

/** A time in a parameter, or undefined if it is not there. Throws `ApiTrouble` 400. */
export function momentOf(parameters: URLSearchParams, name: string, nowMillis: number): number | undefined {
  const text = parameters.get(name);
  if (text === null) return undefined;
  const found = parseMoment(text, nowMillis);
  if (found === undefined) throw new ApiTrouble(400, `"${name}" is not a time: use ${MOMENT_FORMS}`);
  return found;
}

export function checkNames(parameters: URLSearchParams, known: readonly string[]): void {
  for (const name of parameters.keys())
    if (!known.includes(name))
      throw new ApiTrouble(
        400,
        `unknown parameter "${name.slice(0, 40)}": ${known.length === 0 ? "there is none here" : `use ${known.join(", ")}`}`,
      );
}

function parse<Schema extends v.GenericSchema>(schema: Schema, body: unknown, fields: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  if (issue.kind === "validation" || (path === "eid" && issue.received !== "undefined") || path === "ttl")
    throw new ApiTrouble(400, issue.message);
  if (path === null) throw new ApiTrouble(400, `send a JSON object with the fields ${fields}`);
  if (issue.received === "undefined" && issue.expected !== "never")
    throw new ApiTrouble(400, `"${path}" is missing: the fields are ${fields}`);
  if (issue.expected !== "never")
    throw new ApiTrouble(400, `"${path}" is not what it should be: the fields are ${fields}`);
  throw new ApiTrouble(400, `unknown field "${path.slice(0, 40)}": the fields are ${fields}`);
}
