using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bare", worker = .worker),
    (name = "disk", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "bare")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-24",
  bindings = [(name = "OBJECT", durableObjectNamespace = "BareObject")],
  durableObjectNamespaces = [(className = "BareObject", uniqueKey = "bare", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
);
