/** What a request may say, checked field by field; what is wrong is told in one sentence. */
import * as v from "valibot";
import { ACT_TTL, ENTITY_ID_BYTES_MAX } from "#shared/limits.ts";
import { MOMENT_FORMS, parseMoment } from "../moment.ts";
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

/** All three throw `ApiTrouble` 400. */
export function parseAct(body: unknown): ActRequest {
  return parse(actSchema, body, "eid, value, ttl");
}

export function parseSet(body: unknown): SetRequest {
  return parse(setSchema, body, "eid, value");
}

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
  const moment = (name: string): number | undefined => {
    const text = parameters.get(name);
    if (text === null) return undefined;
    const found = parseMoment(text, nowMillis);
    if (found === undefined) throw new ApiTrouble(400, `"${name}" is not a time: use ${MOMENT_FORMS}`);
    return found;
  };
  const limit = parameters.get("limit");
  if (limit !== null && !(/^\d{1,6}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= EVENTS_MAX))
    throw new ApiTrouble(
      400,
      `"limit" must be a whole number from 1 to ${EVENTS_MAX}; ask for more in parts, by "from" and "to"`,
    );
  return { from: moment("from"), to: moment("to"), limit: limit === null ? EVENTS_USUAL : Number(limit) };
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
  throw new ApiTrouble(400, `unknown field "${path.slice(0, 40)}": the fields are ${fields}`);
}
