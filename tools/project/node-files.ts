/**
 * What a board of a project is given: which parts its program has, and its `sapline.json` (docs/board.md). `sapline build`, `flash` and `update` ask
 * here, so that they agree.
 */
import { networkInterfaces } from "node:os";
import { readOrMakeInstallKey } from "#host/radio/install-key.ts";
import { AUTO_PARENT, isParent, LISTEN_PORT, type Project, type ProjectNode, ROOT_PARENT } from "#host/project.ts";
import { Trouble } from "#host/trouble.ts";
import { readUpdateKey } from "#host/update/signing-key.ts";
import type { Parts } from "../bundle/program-text.ts";
import { nodeToken } from "./node-tokens.ts";

export interface Address {
  host: string;
  port: number;
}

/** What stands in a board's `sapline.json`. */
export type BoardConfiguration = { [name: string]: unknown };

/** Throws `Trouble` for an id that the project does not have. */
export function nodeOf(project: Project, id: string): ProjectNode {
  const found = project.nodes.find((node) => node.id === id);
  if (found !== undefined) return found;
  throw new Trouble(`there is no node "${id}": there is ${project.nodes.map((node) => node.id).join(", ")}`);
}

export function partsOf(project: Project, node: ProjectNode): Parts {
  const { radio = false, children, outgress, listen, updates = true, alive = true, keep = false, sleep } = node.given;
  const isSleepy = typeof radio === "object" && radio.sleepy === true;
  const isByRadio = radio !== false;
  return {
    sockets: node.parent !== AUTO_PARENT || outgress !== undefined,
    radio: isByRadio,
    children: children ?? (isParent(project, node.id) || listen !== undefined || (isByRadio && !isSleepy)),
    updates,
    alive,
    keeps: keep !== false,
    sleeps: sleep !== undefined,
  };
}

/** Throws `Trouble` where the configuration does not say what a board has to know. Makes the node's token, and the radio's key, if need be. */
export function boardConfiguration(project: Project, node: ProjectNode): BoardConfiguration {
  return { ...boardSettings(project, node), token: nodeToken(project.settings.data, node.id) };
}

/** The same without its token. */
export function boardSettings(project: Project, node: ProjectNode): BoardConfiguration {
  const { id, given } = node;
  const parts = partsOf(project, node);
  const configuration: BoardConfiguration = { ...given.settings, id };
  if (parts.updates === true) configuration["updateKey"] = readUpdateKey(project.settings.data);
  if (parts.sockets) {
    configuration["parent"] = parentOf(project, node);
    const listen = listenPort(project, node);
    if (listen !== undefined) configuration["listen"] = listen;
    const wifi = given.wifi ?? project.wifi;
    if (wifi !== undefined && wifi !== false) {
      // Between the router's beacons, a station that saves power hears nothing of its children by radio.
      const powersave = wifi.powersave ?? (parts.radio ? "none" : undefined);
      configuration["wifi"] = { ssid: wifi.ssid, password: wifi.password ?? "", ...(powersave && { powersave }) };
    }
  }
  if (typeof given.keep === "object") configuration["keep"] = given.keep;
  if (given.sleep !== undefined) configuration["sleep"] = given.sleep;
  if (given.limits !== undefined) configuration["limits"] = given.limits;
  if (given.outgress !== undefined) configuration["outgress"] = given.outgress;
  if (given.radio !== undefined && given.radio !== false) {
    const radio = given.radio === true ? {} : given.radio;
    configuration["radio"] = {
      key:
        project.settings.radioKey ??
        Buffer.from(readOrMakeInstallKey(project.settings.data).key, "latin1").toString("hex"),
      channel: radio.channel ?? project.settings.radioChannel,
      ...(parts.children ? {} : { children: false }),
      ...(radio.open === true ? { open: true } : {}),
      ...(radio.sleepy === true ? { sleepy: true } : {}),
    };
  }
  return configuration;
}

/** The port on which it takes children by WebSocket, if it does. */
export function listenPort(project: Project, node: ProjectNode): number | undefined {
  const bySocket = project.nodes.some((child) => child.parent === node.id);
  return node.given.listen ?? (bySocket ? LISTEN_PORT : undefined);
}

function parentOf(project: Project, node: ProjectNode): Address {
  if (node.parent === ROOT_PARENT || node.parent === AUTO_PARENT) {
    if (project.root !== undefined) return addressFrom(project.root, project.settings.port, "root");
    throw new Trouble(
      `${node.id} connects to the root, and nothing says where that is: write root: "${ownAddress()}" into the configuration, with this machine's address`,
    );
  }
  const parent = nodeOf(project, node.parent);
  if (parent.given.address !== undefined)
    return addressFrom(parent.given.address, listenPort(project, parent) ?? LISTEN_PORT, `${parent.id}.address`);
  throw new Trouble(
    `${node.id} connects to ${parent.id}, and nothing says where that is: give ${parent.id} an address, such as address: "192.168.1.21"`,
  );
}

function addressFrom(text: string, port: number, name: string): Address {
  const [, host, own] = /^([^:/]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined)
    throw new Trouble(`${name} must be an address such as "192.168.1.10" or "192.168.1.10:4000", not "${text}"`);
  return { host, port: own === undefined ? port : Number(own) };
}

/** This machine's address in its network, as far as that can be told. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "192.168.1.10";
}
