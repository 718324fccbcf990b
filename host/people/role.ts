/** What a person, or a program, may do at the root. */
import * as v from "valibot";

/** From the least to the most; each may do what those before it may. */
export const ROLES = ["look", "act", "administer"] as const;
export type Role = (typeof ROLES)[number];

export const roleSchema = v.picklist(ROLES);

/** Who asks. Whoever has the API's token, or is a program on this machine, may do everything. */
export type Identity = { kind: "program" } | { kind: "person"; name: string; role: Role };

export function mayDo(identity: Identity, need: Role): boolean {
  return identity.kind === "program" || ROLES.indexOf(identity.role) >= ROLES.indexOf(need);
}
