import * as schema from "../../src/contract/schema.ts";
import * as commands from "../../src/http/commands.ts";
import type { Command } from "../../src/queue/commands.ts";
import type { Verb } from "./json-driver.ts";

/** A request as a command, for the levels below HTTP. */
export function commandOf(verb: Verb, request: Record<string, unknown>, key: string | undefined, now: number): Command {
  switch (verb) {
    case "put":
      return commands.putCommand(schema.putRequest.parse(request), key, now);
    case "receive":
      return commands.receiveCommand(schema.receiveRequest.parse(request));
    case "ack":
      return commands.ackCommand(schema.ackRequest.parse(request));
    case "retry":
      return commands.retryCommand(schema.retryRequest.parse(request));
    case "extend":
      return commands.extendCommand(schema.extendRequest.parse(request));
    case "done":
      return commands.doneCommand(schema.doneRequest.parse(request), key);
    case "join":
      return commands.joinCommand(schema.joinRequest.parse(request));
    case "configure":
      return commands.configureCommand(schema.configureRequest.parse(request));
    case "list":
      return { verb, ...schema.messagesQuery.parse(request) };
    case "look":
    case "cancel":
      return { verb, id: String(request.id) };
    case "redrive":
      return { verb, ...schema.redriveRequest.parse(request) };
    case "purge":
      return { verb, ...schema.purgeRequest.parse(request) };
    case "shutdown":
      return { verb, ...schema.shutdownRequest.parse(request) };
    case "pause":
    case "resume":
      return commands.pauseCommand(schema.pauseRequest.parse(request), verb === "pause");
    case "inspect":
      return { verb };
    case "delete":
      return { verb, nextIncarnation: `next${now}` };
    default:
      return verb satisfies never;
  }
}
