/** See updatable.ts: over WebSocket and by radio. */
import { withRadio } from "#firmware/radio-carrier.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { count } from "./updatable.ts";

count((board) => {
  withRadio(board);
  withSockets(board);
});
