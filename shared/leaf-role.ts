/** Takes the place of role.ts in a program that is a leaf by radio, and nothing else. */
export const TAKES_CHILDREN: boolean = false;
export const HAS_SOCKETS: boolean = false;
