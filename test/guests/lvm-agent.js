/*
 * Does inside a guest what the tests ask for: each line that comes over the serial line is a request, each line that goes
 * back is what came of it. To begin a process takes a guest seconds, so mln is loaded once.
 */
import { spawn } from 'node:child_process';
import { createReadStream, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const installation = process.env.INSTALLATION;
const { main } = await import(pathToFileURL(join(installation, 'node_modules/@mln/core/dist/cli/main.js')).href);
const distribution = { version: '1.0.0', configuration: join(installation, 'mln.config.json') };
process.chdir(process.env.HOME);
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
process.setMaxListeners(0);

/** Runs mln in this process. */
async function mln(args) {
  const [{ write: out }, { write: error }] = [process.stdout, process.stderr];
  const said = { stdout: '', stderr: '' };
  const keep = (name) => (bytes, encoding, done) => {
    said[name] += bytes.toString();
    [encoding, done].find((each) => typeof each === 'function')?.();
    return true;
  };
  process.stdout.write = keep('stdout');
  process.stderr.write = keep('stderr');
  try {
    const code = await main(args, distribution);
    await endChildren();
    return { code, ...said };
  } finally {
    process.stdout.write = out;
    process.stderr.write = error;
  }
}

/** Ends what would have ended with mln's own process: programs that it talks to. */
async function endChildren() {
  const children = processes(({ parent }) => parent === process.pid);
  for (const pid of children) process.kill(pid, 'SIGKILL');
  while (processes(({ pid }) => children.includes(pid)).length > 0) await pause(10);
}

/** Runs a program, and waits for all that it has begun. */
async function run([program, ...args], env = {}) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (bytes) => (said[name] += bytes.toString()));
  const ended = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, stderr: String(error) }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  while (processes(({ group }) => group === child.pid).length > 0) await pause(20);
  return { ...said, ...ended };
}

/** The processes that a look finds, proc_pid_stat(5); none that are dead already. */
function processes(look) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '');
        const [state, parent, group] = stat.split(' ');
        return state !== 'Z' && look({ pid, parent: Number(parent), group: Number(group) });
      } catch {
        return false;
      }
    });
}

const line = openSync('/dev/ttyS0', 'r+');
function answer(value) {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(line, bytes, at);
}

answer({ ready: true });
for await (const request of createInterface({ input: createReadStream('', { fd: line, autoClose: false }) })) {
  const { mln: args, run: command, env } = JSON.parse(request);
  answer(await (args ? mln(args) : run(command, env)));
}
