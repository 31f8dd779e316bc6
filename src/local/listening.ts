import { once } from "node:events";
import { createServer } from "node:net";
import { codeOf } from "./directory-lock.ts";

/**
 * Why a server cannot listen there, in one sentence; `undefined` if it can. To be called after a failure: it tries to
 * listen, and puts the error of the operating system into words.
 */
export async function listeningProblem(host: string, port: number): Promise<string | undefined> {
  const probe = createServer();
  try {
    probe.listen(host === "*" ? { port } : { host, port });
    await once(probe, "listening");
    return undefined;
  } catch (error) {
    return sentence(host, port, codeOf(error));
  } finally {
    probe.close();
  }
}

function sentence(host: string, port: number, code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is taken: stop the process that listens there, or choose another, as with --port 8788.`;
    case "EACCES":
      return `Port ${port} of ${host} is not open to this user: set PORT to 1024 or more.`;
    case "EADDRNOTAVAIL":
      return `HOST is "${host}": this machine has no such address.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `HOST is "${host}": no address is known for that name.`;
    default:
      return `HOST is "${host}": this machine cannot listen there (${code}).`;
  }
}

/** The address at which a client on this machine reaches a server that listens on `host`. */
export function addressOf(host: string, port: number): string {
  const isWildcard = host === "0.0.0.0" || host === "*" || host === "::";
  const name = isWildcard ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
