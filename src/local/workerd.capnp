# How the Worker is served on this machine, without an account: `durable-queue dev` gives it the addresses and the directory.
# It says what wrangler.toml says, in workerd's words; a test holds the two against each other.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  # The heap at which V8 ends the process, which is then started again: V8's own default, said so that it stays. In MB.
  # And a way to collect garbage while nothing is done: src/idle-collection.ts.
  v8Flags = ["--max-old-space-size=1400", "--expose-gc"],
  services = [
    (name = "durable-queue", worker = .worker),
    (name = "disk", disk = (writable = true)),
    # What the program that started workerd knows of this machine, each a file that is there or not.
    (name = "status", disk = (writable = false)),
    # What requests to webhooks go through. The address is judged that a name resolves to.
    (name = "internet", network = (allow = ["public"], tlsOptions = (trustBrowserCas = true))),
    (name = "any-network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", http = (), service = "durable-queue"),
    # Bound in the data directory for as long as the process lives: it tells a second server that there is a first.
    (name = "lock", http = (), service = "durable-queue"),
  ],
);

const worker :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "../../dist/worker/index.js")],
  compatibilityDate = "2026-11-24",
  bindings = [
    (name = "QUEUE", durableObjectNamespace = "QueueObject"),
    (name = "DIRECTORY", durableObjectNamespace = "DirectoryObject"),
    (name = "AUTHKEY", fromEnvironment = "AUTHKEY"),
    (name = "AUTHKEYS", fromEnvironment = "AUTHKEYS"),
    (name = "STORAGE_BYTES_MAX", fromEnvironment = "STORAGE_BYTES_MAX"),
    # "true" lets webhooks have private addresses: then they go through ANY_NETWORK.
    (name = "ALLOW_PRIVATE_WEBHOOKS", fromEnvironment = "ALLOW_PRIVATE_WEBHOOKS"),
    (name = "ANY_NETWORK", service = "any-network"),
    # GET http://status/disk-nearly-full: 200 while the disk is, 404 while it is not.
    (name = "HOST_STATUS", service = "status"),
  ],
  # The files of the queues are found by these keys: changing one would hide everything that was stored.
  durableObjectNamespaces = [
    (className = "QueueObject", uniqueKey = "queue", enableSql = true),
    (className = "DirectoryObject", uniqueKey = "directory", enableSql = true),
  ],
  globalOutbound = "internet",
  durableObjectStorage = (localDisk = "disk"),
);
