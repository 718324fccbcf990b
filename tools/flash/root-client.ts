/** What the tools for boards ask of a root that may run or not: who is here, and for a token. */
import { resolve } from "node:path";
import type { Settings } from "#host/settings.ts";
import { TokenFile } from "#host/tokens.ts";
import { Trouble } from "#host/trouble.ts";

/** A root answers in this time, in milliseconds. Chosen. */
const ANSWER_WITHIN_MILLIS = 5000;

export interface NodeSeen {
  up: boolean;
  epoch: number;
}

export class RootClient {
  readonly address: string;
  private readonly settings: Settings;
  private readonly headers: { [name: string]: string };

  constructor(settings: Settings) {
    const { url, host, port, apiToken } = settings;
    const usual = `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${port}`;
    this.address = (url ?? usual).replace(/\/+$/, "");
    this.settings = settings;
    this.headers = apiToken === undefined ? {} : { authorization: `Bearer ${apiToken}` };
  }

  /** A node as the root sees it; undefined if it has never joined; "away" if no root answers. */
  async node(id: string): Promise<NodeSeen | undefined | "away"> {
    try {
      const { nodes } = (await this.ask("GET", "/api/nodes")) as { nodes: (NodeSeen & { id: string })[] };
      return nodes.find((node) => node.id === id);
    } catch {
      return "away";
    }
  }

  /** Whether `token` is this node's, as far as can be known from here. */
  isTokenOf(id: string, token: string): boolean {
    // Of another machine's root only hashes could tell, and it keeps them to itself: a token that a board has is believed.
    if (this.settings.url !== undefined) return true;
    return new TokenFile(resolve(this.settings.data)).isTokenOf(id, token);
  }

  /** Makes a token, which ends an older one; `isReplacing`: also that of a node which is up. Rejects with `Trouble`. */
  async newToken(id: string, isReplacing: boolean): Promise<string> {
    const seen = await this.node(id);
    if (seen !== undefined && seen !== "away" && seen.up && !isReplacing)
      throw new Trouble(
        `${id} is up, and a new token would end it: if this board is to take its place, add --replace; otherwise choose another name`,
      );
    if (this.settings.url === undefined) return new TokenFile(resolve(this.settings.data)).add(id, true);
    const answer = await this.ask("POST", "/api/tokens", { id, replace: true });
    return String((answer as { token: unknown }).token);
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${this.address}${path}`, {
        method,
        headers: { ...this.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MILLIS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new Trouble(
        `no root answers at ${this.address}: start one by "sapline root", or name its address by --url`,
      );
    }
    const answer = (await response.json().catch(() => ({}))) as { error?: string };
    if (response.ok) return answer;
    throw new Trouble(answer.error ?? `the root answered with status ${response.status}`);
  }
}
