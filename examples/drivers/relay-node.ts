/** A relay on D23. Its page: docs/drivers/relay.md. */
import { node } from "sapline";
import { Relay } from "./relay.ts";

const shed = node();
const relay = new Relay(D23, { isOnLow: false, offAfter: 3_600_000 });
const pump = shed.entity("pump", { type: "boolean", class: "switch", act: (isOn) => relay.set(isOn) });
relay.onOff = () => pump.update(false);
pump.update(false);
