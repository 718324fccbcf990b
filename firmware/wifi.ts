/** The stock program without the radio, for trees that have none, or chips with little memory. */
import { reportHealth } from "./health.ts";
import { withSockets } from "./socket-carrier.ts";

reportHealth(withSockets);
