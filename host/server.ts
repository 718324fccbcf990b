/**
 * The root's HTTP server: pages, API, and WebSockets of nodes at `/node`. Whoever has no valid token is refused before
 * anything else happens; so is whoever comes when all connections are taken.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { bearerToken, isOfOtherSite } from "./api/access.ts";
import type { Api } from "./api/routes.ts";
import { sendJson } from "./api/reply.ts";
import type { Pages } from "./pages.ts";
import { Trouble } from "./trouble.ts";
import {
  connectionToken,
  echo,
  newWebSocketServer,
  NO_TOKEN,
  OTHER_SITE,
  refuseUpgrade,
  requestUrl,
  servePage,
  TOO_MANY,
  WRONG_TOKEN,
} from "./upgrade.ts";
import { closeSocket } from "./websocket-links.ts";

/** A client has this long to send a request's head. Chosen: a chip on a poor Wi-Fi needs seconds. */
const HEAD_TIMEOUT_MILLIS = 15_000;

export interface ServerOptions {
  host: string;
  port: number;
  /** WebSockets at once. */
  connectionsMax: number;
  api: Api;
  pages: Pages;
  /** The node whose token this is. */
  idOfToken(token: string): string | undefined;
  /** A node has connected, with that node's token. */
  connected(socket: WebSocket, id: string): void;
}

export class RootServer {
  readonly url: string;
  private readonly http: Server;
  private readonly options: ServerOptions;
  private readonly sockets: Set<WebSocket>;

  /** Rejects with `Trouble` if the address cannot be listened on. */
  static async listen(options: ServerOptions): Promise<RootServer> {
    const http = createServer({ headersTimeout: HEAD_TIMEOUT_MILLIS, requestTimeout: 2 * HEAD_TIMEOUT_MILLIS });
    await new Promise<void>((resolve, reject) => {
      http.on("error", (error: NodeJS.ErrnoException) => reject(new Trouble(listenTrouble(error, options))));
      http.listen(options.port, options.host, () => resolve());
    });
    return new RootServer(http, options);
  }

  private constructor(http: Server, options: ServerOptions) {
    this.http = http;
    this.options = options;
    this.sockets = new Set();
    const { address, port, family } = http.address() as AddressInfo;
    this.url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
    const webSockets = newWebSocketServer();
    http.on("request", (request, response) => this.onRequest(request, response));
    http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => {});
      const pathname = requestUrl(request)?.pathname;
      if (pathname !== "/node" && pathname !== "/echo")
        return refuseUpgrade(socket, { status: 404, message: "nodes connect to /node; /echo sends back what it gets" });
      const token = connectionToken(request);
      if (token === undefined) return refuseUpgrade(socket, NO_TOKEN);
      if (bearerToken(request) === undefined && isOfOtherSite(request)) return refuseUpgrade(socket, OTHER_SITE);
      const id = options.idOfToken(token);
      if (id === undefined) return refuseUpgrade(socket, WRONG_TOKEN);
      if (this.sockets.size >= options.connectionsMax) return refuseUpgrade(socket, TOO_MANY);
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sockets.add(webSocket);
        webSocket.on("close", () => this.sockets.delete(webSocket));
        if (pathname === "/node") options.connected(webSocket, id);
        else echo(webSocket);
      });
    });
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Ends every connection, and resolves when the port is free. */
  close(reason: string): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      for (const socket of this.sockets) closeSocket(socket, 1001, reason);
      this.http.closeIdleConnections();
      setTimeout(() => this.http.closeAllConnections(), 500).unref();
    });
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const url = requestUrl(request);
    if (url === undefined) return sendJson(response, 400, { error: "this is no address: see docs/api.md" });
    if (url.pathname.startsWith("/api/") || url.pathname === "/healthz")
      void this.options.api.handle(request, response, url);
    else if (!this.options.pages.serve(request, response, url.pathname) && !servePage(request, response, url.pathname))
      sendJson(response, 404, {
        error: `there is no ${url.pathname.slice(0, 80)}: the API is under /api/, see docs/api.md`,
      });
  }
}

function listenTrouble(error: NodeJS.ErrnoException, { host, port }: ServerOptions): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `${host} port ${port} is in use: stop what listens there, or choose another --port`;
    case "EACCES":
      return `this user may not listen on port ${port}: choose one from 1024 on`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine: use --host 127.0.0.1, or 0.0.0.0 for every address`;
    default:
      return `cannot listen on ${host} port ${port}: ${error.message}`;
  }
}
