/** The profiled node with what `leaf.js` has. */
import { withRadio } from "#firmware/radio-carrier.ts";
import { profileNode } from "./node.ts";

profileNode(withRadio);
