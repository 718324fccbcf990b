/** The profiled node with what `wifi.js` has. */
import { withSockets } from "#firmware/socket-carrier.ts";
import { profileNode } from "./node.ts";

profileNode(withSockets);
