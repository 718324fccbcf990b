/**
 * What is put around `node` in a simulated board's program, so that the simulator knows what the node has taken: the program and the base under it stay as they are. It is text, for it
 * runs in the program's own world.
 *
 * It sees what goes by the names of types/node.d.ts. A value that is answered to a desired one, and the node's own words, go by other ways: nobody asks for them here.
 */

/** The name under which the probe finds whom to tell; it takes it away before the program sees it. */
export const PROBE_NAME = "$saplineProbe";

/** Told of values of entities, and of events of other types, whose `eid` is "". */
export type ProbeListener = (eid: string, value: unknown, isTaken: boolean) => void;

export const PROBE = String.raw`
(function () {
  var tell = global["${PROBE_NAME}"], make = sapline.node;
  delete global["${PROBE_NAME}"];
  function isNear(value, last, deadband) {
    if (deadband === undefined) return false;
    if (typeof value === "number" && typeof last === "number") return Math.abs(value - last) <= deadband;
    return value === last && (value === null || typeof value !== "object");
  }
  function isValue(value) {
    return value !== undefined && (typeof value !== "number" || value - value === 0);
  }
  sapline.node = function (id) {
    var program = make(id), entity = program.entity, emit = program.emit;
    program.entity = function (eid, options) {
      var made = entity.call(program, eid, options), update = made.update, last;
      made.update = function (value) {
        var near = isNear(value, last, options === undefined ? undefined : options.deadband);
        var isTaken = update.call(made, value);
        if (!near && isValue(value)) tell(eid, value, isTaken);
        if (!near && isTaken) last = value;
        return isTaken;
      };
      return made;
    };
    program.emit = function (event) {
      var isTaken = emit.call(program, event);
      if (event.type === "!update") tell(event.eid, event.value, isTaken);
      else tell("", event, isTaken);
      return isTaken;
    };
    return program;
  };
})();
`;
