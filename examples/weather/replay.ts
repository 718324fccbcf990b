/** A program for the chip that plays back readings from flash over WebSocket: see player.ts. */
import { withSockets } from "../../firmware/socket-carrier.ts";
import { play } from "./player.ts";

declare const SAPLINE_VERSION: string;

play("sapline-weather/" + SAPLINE_VERSION, withSockets);
