/**
 * The stock program, with all there is: with `listen` in its configuration a branch for children by WebSocket, with `radio` one for children by
 * radio, and without `parent` its own way up is the radio too.
 */
import { reportHealth } from "./health.ts";
import { withRadio } from "./radio-carrier.ts";
import { withSockets } from "./socket-carrier.ts";

reportHealth((board) => {
  withRadio(board);
  withSockets(board);
});
