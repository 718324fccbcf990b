/**
 * The same work by Espruino's own modules: programs that report the readings of the profiled node by `MQTT` and by `ws`, and one that carries what
 * children by WebSocket say to a parent and back, by `ws`. The modules are not ours and are not in this repository: MQTT_MODULE and WS_MODULE name their files
 * (modules/MQTT.js and modules/ws.js of EspruinoDocs).
 *
 * Each keeps so much in flight that nobody waits. What an answer says differs: MQTT's PUBACK and the answers of the other end here say that a message has
 * arrived there; what the node counts is on the root's disk, and arrived once, in order.
 */
import { readFileSync } from "node:fs";

/** About as many as the node's window of 6 KiB holds in long lines. */
const MESSAGES_IN_FLIGHT = 40;

export type StockModule = "MQTT" | "ws";

/** Why the rows of a module are left out; undefined if they are not. */
export function missing(name: StockModule): string | undefined {
  const variable = `${name.toUpperCase()}_MODULE`;
  return process.env[variable] === undefined ? `${variable} does not name EspruinoDocs' modules/${name}.js` : undefined;
}

function cached(name: StockModule): string {
  const source = readFileSync(process.env[`${name.toUpperCase()}_MODULE`] as string, "latin1");
  return `Modules.addCached(${JSON.stringify(name)}, ${JSON.stringify(source)});\n`;
}

/** Readings as the profiled node makes them, as the text of an event each. */
const EVENTS = `var made = 0, acked = 0, heads = [];
for (var i = 0; i < 5; i++) heads.push('{"type":"!update","eid":"greenhouse.temperature.' + i + '","value":');
function event() {
  var line = heads[made % 5] + (made % 1000) / 8 + ',"ts":' + Math.floor(Date.now()) + "}";
  made++;
  return line;
}
`;

/** What wraps a turn of the program, where it is measured how long those are. */
const TURN = `var turn = typeof blockRun == "function" ? blockRun : function(f, a) { f(a); };
`;

/** One event a message at QoS 1, the next one when one was acknowledged. */
export function mqttProgram(port: number, topic: string): string {
  return `${cached("MQTT")}${TURN}${EVENTS}
var mqtt = require("MQTT").create("127.0.0.1", { port: ${port}, client_id: "engine" });
function publish() { mqtt.publish(${JSON.stringify(topic)}, event(), { qos: 1 }); }
mqtt.on("puback", function() { turn(function() { acked++; publish(); }); });
mqtt.on("connected", function() { console.log("joined"); for (var i = 0; i < ${MESSAGES_IN_FLIGHT}; i++) publish(); });
mqtt.connect();
`;
}

/** So many events a message, the next one when one was answered. */
export function wsLeafProgram(port: number, eventsPerMessage: number): string {
  return `${cached("ws")}${TURN}${EVENTS}
var WebSocket = require("ws");
var ws = new WebSocket("127.0.0.1", { port: ${port}, path: "/" });
function publish() {
  var lines = [];
  for (var i = 0; i < ${eventsPerMessage}; i++) lines.push(event());
  ws.send(lines.join("\\n"));
}
ws.on("message", function(message) { turn(function() { acked = JSON.parse(message).n; publish(); }); });
ws.on("open", function() { console.log("joined"); for (var i = 0; i < ${Math.ceil(MESSAGES_IN_FLIGHT / eventsPerMessage)}; i++) publish(); });
`;
}

/** A branch without custody: what a child says goes up as it is, what comes down goes to the child that \`dst\` names. */
export function wsRelayProgram(port: number, listen: number): string {
  return `${cached("ws")}${TURN}
var WebSocket = require("ws"), children = {}, count = 0;
var up = new WebSocket("127.0.0.1", { port: ${port}, path: "/" });
up.on("message", function(message) { turn(function() {
  message.split("\\n").forEach(function(line) { if (line) children[JSON.parse(line).dst].send(line + "\\n"); });
}); });
var server = WebSocket.createServer(function(request, response) { response.end(); });
server.on("websocket", function(child) {
  var id = "";
  child.on("message", function(message) { turn(function() {
    if (id == "") { id = JSON.parse(message).id; children[id] = child; count++; }
    up.send(message);
  }); });
});
up.on("open", function() { server.listen(${listen}); console.log("joined"); });
`;
}
