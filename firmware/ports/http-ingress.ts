/**
 * The chip's web server: `/` says hello, `/ping` says pong, `/echo` is a WebSocket echo behind this node's own token, `/node` is where
 * children connect. Over `net`, not `http`: Espruino's http neither bounds the head of a request nor can pause a socket.
 *
 * A child's token is not looked at here: the root checks it, from `?hello`. What a link's texts mean is decided in shared/node.ts.
 */
import { acceptKey, bearerToken, header, HeadReader, type HttpHead } from "./http-head.ts";
import { SocketPort } from "./socket.ts";
import { WebSocketLink } from "./websocket-link.ts";

/** Sockets at once, of all kinds. Chosen: lwIP has 10, of which the listener, the parent and telnet take up to 3. */
export const INGRESS_SOCKETS_MAX = 7;
/** Echo sockets at once, so that they never keep the children out. Chosen. */
export const ECHO_SOCKETS_MAX = 1;
/** A request whose head is not whole by then is cut, in milliseconds. Chosen. */
export const REQUEST_TIMEOUT = 10000;

/** A child has connected. `rest` are bytes that came behind its request: give them to `link.take` once the callbacks are set. */
export type OnChild = (link: WebSocketLink, rest: string) => void;

/** `status` is a number, its name, and a header behind it where HTTP asks for one. */
function answer(socket: SocketPort, status: string, body: string): void {
  const head = "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ";
  socket.write("HTTP/1.1 " + status + head + body.length + "\r\n\r\n" + body);
  socket.end();
}

function echo(link: WebSocketLink, rest: string): void {
  link.onText = (text) => {
    // One message at a time: the next is read when this one is out.
    link.pause();
    link.send(text);
  };
  link.onDrained = () => link.resume();
  link.take(rest);
}

export class HttpIngress {
  private onChild: OnChild;
  private token: string;
  private sockets: number;
  private echoes: number;

  /** `token`: this node's own, which opens `/echo`; "" keeps it shut. */
  constructor(token: string, onChild: OnChild) {
    this.onChild = onChild;
    this.token = token;
    this.sockets = 0;
    this.echoes = 0;
  }

  /** Throws if the port is taken. */
  listen(port: number): void {
    require("net")
      .createServer((raw) => this.accept(new SocketPort(raw)))
      .listen(port);
  }

  private accept(socket: SocketPort): void {
    this.sockets++;
    const timer = setTimeout(() => socket.cut(), REQUEST_TIMEOUT);
    const head = new HeadReader();
    socket.onClosed = () => {
      this.sockets--;
      clearTimeout(timer);
    };
    socket.onData = (chunk) => {
      const request = head.feed(chunk);
      if (request === undefined) return;
      clearTimeout(timer);
      this.route(socket, request);
    };
    if (this.sockets > INGRESS_SOCKETS_MAX) answer(socket, "503 Service Unavailable", "too many connections");
  }

  private route(socket: SocketPort, request: HttpHead | "long"): void {
    if (request === "long") answer(socket, "431 Request Header Fields Too Large", "headers are too long");
    else if (request.start.length !== 3) answer(socket, "400 Bad Request", "not HTTP");
    else if (request.start[0] !== "GET") answer(socket, "405 Method Not Allowed", "only GET");
    else {
      switch ((request.start[1] as string).split("?")[0]) {
        case "/":
          answer(socket, "200 OK", "Hello leaf!");
          break;
        case "/ping":
          answer(socket, "200 OK", "pong");
          break;
        case "/echo":
          if (this.token.length === 0 || bearerToken(request) !== this.token) {
            answer(
              socket,
              "401 Unauthorized\r\nWWW-Authenticate: Bearer",
              "send this node's token, as cookie leaf-token or Authorization: Bearer",
            );
          } else if (this.echoes >= ECHO_SOCKETS_MAX) answer(socket, "503 Service Unavailable", "echo is in use");
          else this.upgrade(socket, request, true);
          break;
        case "/node":
          this.upgrade(socket, request, false);
          break;
        default:
          answer(socket, "404 Not Found", "there is /, /ping, /echo and /node");
      }
    }
  }

  private upgrade(socket: SocketPort, request: HttpHead, isEcho: boolean): void {
    const key = header(request, "sec-websocket-key");
    if (header(request, "upgrade").toLowerCase() !== "websocket") {
      return answer(socket, "426 Upgrade Required\r\nUpgrade: websocket", "connect with a WebSocket");
    }
    if (key.length === 0 || header(request, "sec-websocket-version") !== "13") {
      return answer(socket, "400 Bad Request", "WebSocket version 13 and a key are needed");
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        acceptKey(key) +
        "\r\n\r\n",
    );
    const link = new WebSocketLink(socket, true);
    // The link has taken the socket's callbacks: count through it.
    socket.onClosed = () => {
      this.sockets--;
      if (isEcho) this.echoes--;
      link.onClosed();
    };
    if (isEcho) {
      this.echoes++;
      echo(link, request.rest);
    } else this.onChild(link, request.rest);
  }
}
