/** The profiled node with what `main.js` has. */
import { withRadio } from "#firmware/radio-carrier.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { profileNode } from "./node.ts";

profileNode((board) => {
  withRadio(board);
  withSockets(board);
});
