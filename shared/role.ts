/**
 * What a program can be besides a node. The build of a leaf puts leaf-role.ts in this file's place: whatever that rules out is not in
 * its bundle.
 */

/** It takes children, by whatever way. */
export const TAKES_CHILDREN: boolean = true;
/** It may have WebSocket as its way up. */
export const HAS_SOCKETS: boolean = true;
