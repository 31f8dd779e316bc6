/**
 * `systemctl`, as far as docs/operations.md uses it, for one unit in a folder that stands for the root of a machine. It
 * starts ExecStart with the environment of the unit and nothing else, and stops it as KillMode=mixed does.
 */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environmentOf, parseUnit, serviceSetting, type Unit } from "./unit.ts";

const ROOT = process.env.MACHINE_ROOT ?? "";
const [command = "", ...args] = process.argv.slice(2);
const name = args.filter((arg) => !arg.startsWith("--")).at(-1) ?? "";
const pidFile = join(ROOT, `run/${name}.pid`);

function unit(): Unit {
  return parseUnit(readFileSync(join(ROOT, `etc/systemd/system/${name}.service`), "utf8"));
}

function pid(): number {
  return Number(readFileSync(pidFile, "utf8"));
}

function start(): void {
  for (const folder of ["run", "var/log", `var/lib/${serviceSetting(unit(), "StateDirectory")}`]) {
    mkdirSync(join(ROOT, folder), { recursive: true, mode: 0o700 });
  }
  const [file = "", ...rest] = serviceSetting(unit(), "ExecStart").split(" ");
  const [variable = "", value = ""] = serviceSetting(unit(), "Environment").split("=");
  const fromFile = environmentOf(serviceSetting(unit(), "EnvironmentFile"));
  // systemd's own default of PATH, and HOME, which it sets where there is a User.
  const own = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: ROOT };
  const log = openSync(join(ROOT, `var/log/${name}.log`), "a");
  const options = { cwd: serviceSetting(unit(), "WorkingDirectory"), env: { ...own, [variable]: value, ...fromFile } };
  const child = spawn(file, rest, { ...options, detached: true, stdio: ["ignore", log, log] });
  writeFileSync(pidFile, String(child.pid));
  child.unref();
}

function isAlive(process_: number): boolean {
  try {
    // A process that has ended, and whose parent has not looked, is one still.
    return !/^\S+ \(.*\) Z/s.test(readFileSync(`/proc/${process_}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function stop(): Promise<void> {
  const main = pid();
  if (isAlive(main)) process.kill(main, "SIGTERM");
  const seconds = Number(serviceSetting(unit(), "TimeoutStopSec"));
  for (let tries = 0; isAlive(main); tries += 1) {
    if (tries > seconds * 20) throw new Error(`${name} did not end within ${seconds} s.`);
    await sleep(50);
  }
  rmSync(pidFile);
}

const COMMANDS: Readonly<Record<string, () => unknown>> = {
  "daemon-reload": () => undefined,
  enable: start,
  start,
  stop,
  restart: async () => {
    await stop();
    start();
  },
  // The freezer of a control group stops all processes of the service; so does this signal, to its group.
  freeze: () => process.kill(-pid(), "SIGSTOP"),
  thaw: () => process.kill(-pid(), "SIGCONT"),
};

const act = COMMANDS[command];
if (act === undefined) throw new Error(`This systemctl has no ${command}.`);
await act();
