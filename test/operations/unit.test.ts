/** The unit of systemd: its keys, its environment, and how its program ends when it cannot start. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { containerEnvironmentOf, environmentOf, parseUnit, serviceSetting } from "./unit.ts";

const ROOT = join(import.meta.dirname, "../..");
const text = readFileSync(join(ROOT, "examples/service/durable-queue.service"), "utf8");
const unit = parseUnit(text);
const folder = mkdtempSync(join(tmpdir(), "durable-queue-unit-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** Of systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.resource-control(5), those used here. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  Unit: ["Description", "After", "StartLimitIntervalSec"],
  Service: [
    ...["Type", "ExecStart", "Restart", "RestartSec", "RestartPreventExitStatus", "TimeoutStopSec", "OOMPolicy"],
    ...["User", "WorkingDirectory", "Environment", "EnvironmentFile", "StateDirectory", "StateDirectoryMode", "UMask"],
    ...["LimitNOFILE", "KillMode", "NoNewPrivileges", "CapabilityBoundingSet", "ProtectSystem", "ProtectHome"],
    ...["PrivateTmp", "PrivateDevices", "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectProc"],
    ...["ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "RestrictAddressFamilies"],
    ...["RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "RemoveIPC"],
    ...["SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber"],
  ],
  Install: ["WantedBy"],
};

function canRun(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs `durable-queue serve`. Answers with its status and what it said. */
function serve(args: string[], environment: Record<string, string>): Promise<{ status: unknown; said: string }> {
  const program = [join(ROOT, "dist/worker-client/cli/index.js"), "serve", ...args];
  const env = { PATH: process.env.PATH, HOME: folder, DATA_DIR: join(folder, "data"), PORT: "0", ...environment };
  return new Promise((settle) => {
    execFile(process.execPath, program, { env }, (error, _, said) => settle({ status: error?.code ?? 0, said }));
  });
}

describe("the unit", () => {
  test("has only keys that systemd documents", () => {
    for (const [section, settings] of unit) {
      expect([...settings.keys()].filter((key) => KEYS[section]?.includes(key) !== true)).toEqual([]);
    }
  });

  test.skipIf(!canRun("systemd-analyze"))("is one that systemd has nothing to say about", () => {
    const path = join(folder, "durable-queue.service");
    writeFileSync(path, text.replace("/usr/bin/node", process.execPath));

    const said = execFileSync("sh", ["-c", `systemd-analyze verify --man=no ${path} 2>&1`], { encoding: "utf8" });

    expect(said.split("\n").filter((line) => line.includes("durable-queue"))).toEqual([]);
  });

  test("keeps what the program needs: V8 writes machine code, and a lock and a socket are in the directory", () => {
    const settings = unit.get("Service") ?? new Map();

    expect(settings.has("MemoryDenyWriteExecute")).toBe(false);
    expect(serviceSetting(unit, "RestrictAddressFamilies").split(" ")).toContain("AF_UNIX");
    expect(serviceSetting(unit, "Environment")).toBe(`DATA_DIR=/var/lib/${serviceSetting(unit, "StateDirectory")}`);
  });

  test("is started again after a fault that can pass, and not after a wrong argument", async () => {
    const wrong = await serve(["--prot=1"], { AUTHKEY: "key" });
    const none = await serve([], {});
    const taken = await serve(["--host=192.0.2.1"], { AUTHKEY: "key" });

    expect([wrong.status, none.status].map(String)).toEqual(
      Array(2).fill(serviceSetting(unit, "RestartPreventExitStatus")),
    );
    expect(taken.status).toBe(1);
    expect(taken.said).toContain('HOST is "192.0.2.1": this machine has no such address.');
  });
});

describe("a file of settings", () => {
  const entry = '[{"name":"a","hash":"b","scopes":["put"]}]';

  function written(line: string): string {
    const path = join(folder, "serve.env");
    writeFileSync(path, `# Keys.\n\n${line}\n`);
    return path;
  }

  test("has the same keys for systemd and for Docker, if they are written as they are printed", () => {
    const path = written(`AUTHKEYS=${entry}`);

    expect([environmentOf(path), containerEnvironmentOf(path)]).toEqual(Array(2).fill({ AUTHKEYS: entry }));
  });

  test("with quotes is refused by a server in a container, with a sentence", async () => {
    const { status, said } = await serve([], containerEnvironmentOf(written(`AUTHKEYS='${entry}'`)));

    expect(String(status)).toBe(serviceSetting(unit, "RestartPreventExitStatus"));
    expect(said).toContain("AUTHKEYS must be JSON");
  });
});
