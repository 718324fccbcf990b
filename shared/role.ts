/**
 * What a program can do besides being a node. A build may put true or false for any of these (`role` in tools/bundle/firmware-bundle.ts): whatever that rules
 * out is not in its bundle. Each stands on a line of its own, for that is how the build finds it.
 */

/** It takes children, by whatever way. */
export const TAKES_CHILDREN: boolean = true;
/** It may have WebSocket as its way up. */
export const HAS_SOCKETS: boolean = true;
/** It may have the radio as its way up, and for its children. */
export const HAS_RADIO: boolean = true;
/** It takes programs over the tree. */
export const TAKES_PROGRAMS: boolean = true;
/** It keeps its events in flash across a power cut. */
export const KEEPS: boolean = false;
/** It sees to it that it is started again when it is stuck, and says afterwards why it was. */
export const STAYS_ALIVE: boolean = false;
/** It sleeps as soon as the root has what it said, and starts again after a while. It keeps its events as well. */
export const SLEEPS: boolean = false;
