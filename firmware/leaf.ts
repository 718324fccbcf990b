/**
 * The stock program of a leaf by radio: no children, no WebSocket, no Wi-Fi. A leaf that has WebSocket as its way up has no need of the radio, and what
 * it can do without is memory for its application.
 */
import { reportHealth } from "./health.ts";
import { withRadio } from "./radio-carrier.ts";

reportHealth(withRadio);
