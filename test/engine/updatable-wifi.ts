/** See updatable.ts: over WebSocket. */
import { withSockets } from "#firmware/socket-carrier.ts";
import { count } from "./updatable.ts";

count(withSockets);
