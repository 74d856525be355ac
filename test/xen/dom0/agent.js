/*
 * Does inside the dom0 what the tests ask for. Each line that comes over the serial line is a request, each line that goes
 * back is what came of one: several may be at work at a time. Ends with the tests: then nothing comes any more.
 */
import { spawn } from 'node:child_process';
import { createReadStream, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const line = openSync(process.argv[2], 'r+');

function answer(value) {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(line, bytes, at);
}

/** Runs a program; one that takes longer than its seconds is killed, with those of its process group. */
function run({ id, command: [program, ...args], input = '', seconds }) {
  const child = spawn(program, args, { cwd: '/root', detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text) => (said[name] += text));
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended, and others hold what it wrote to.
    }
    for (const name of ['stdout', 'stderr']) child[name].destroy();
  }, seconds * 1000);
  child.on('error', (error) => answer({ id, code: 127, ...said, stderr: String(error) }));
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    answer({
      id,
      code,
      ...said,
      stderr: late ? `${said.stderr}\nkilled after ${seconds} s` : said.stderr || (signal ?? ''),
    });
  });
}

answer({ id: 0 });
for await (const request of createInterface({ input: createReadStream('', { fd: line, autoClose: false }) }))
  run(JSON.parse(request));
process.exit();
