/** The Worker: its default export serves requests, its classes are the Durable Objects named in wrangler.toml. */

export { app as default } from "./http/app.ts";
export { DirectoryObject } from "./object/directory-object.ts";
export { QueueObject } from "./object/queue-object.ts";
