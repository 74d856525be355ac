/*
 * The paper's ring on this machine: makes what it needs, builds three routers from a template made on the spot, starts
 * them, shows them, lets each reach both others, and stops them. Everything lies in a folder that is removed at the end.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt, ensurePrograms, forGuests, root, say } from './setup.js';

const routers = ['router1', 'router2', 'router3'];
const folder = mkdtempSync(join(tmpdir(), 'mln-demo-'));
process.env.MLN_PROJECTS = join(folder, 'projects');
process.env.MLN_TEMPLATES = join(folder, 'templates');

function mln(...args) {
  process.stderr.write(`\n\u001b[36m$ mln ${args.join(' ')}\u001b[0m\n`);
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'bin/mln.js'), '--config', join(root, 'mln.config.json'), ...args],
    { stdio: ['ignore', 'inherit', 'inherit'], cwd: root },
  );
  if (status !== 0) throw new Error(`mln ${args[0]} ended with ${status}`);
}

/** Types a command on a router's console, and waits for the word that it ends with. */
async function onConsole(router, command) {
  const place = join(process.env.MLN_PROJECTS, 'ring', router);
  const shown = () => readFileSync(join(place, 'console.log'), 'utf8');
  // What is typed before the prompt is there may be thrown away.
  for (let tries = 0; tries < 100 && !/# (?:\u001b\[6n)?$/.test(shown()); tries += 1) await pause(100);
  const before = shown().length;
  // The word is put together by the guest's shell: the echo of what was typed is not the answer.
  appendFileSync(join(place, 'console.in'), `${command} && echo demo""-yes || echo demo""-no\n`);
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = /demo-(yes|no)/.exec(shown().slice(before));
    if (answer) return answer[1] === 'yes';
    await pause(100);
  }
  return false;
}

async function ping(router) {
  const others = routers.filter((other) => other !== router);
  const reached = await onConsole(router, others.map((other) => `ping -c 1 -w 10 ${other}`).join(' && '));
  process.stderr.write(
    `${reached ? '\u001b[32m✓' : '\u001b[31m✗'} ${router} reaches ${others.join(' and ')}\u001b[0m\n`,
  );
  return reached;
}

let stopped = true;
let done = false;
function cleanUp() {
  if (!stopped)
    spawnSync(process.execPath, [join(root, 'bin/mln.js'), 'stop', '-p', 'ring', '-w', '5'], { stdio: 'inherit' });
  if (done) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`What it made, with the logs of its guests, is kept in ${folder}\n`);
}
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.on('exit', cleanUp);

try {
  ensurePrograms(forGuests);
  ensureBuilt();
  const begun = Date.now();
  say('The ring of three routers');
  mln('template', 'build', 'tiny');
  mln('build', '-f', join(root, 'examples/ring.mln'));
  stopped = false;
  mln('start', '-p', 'ring', '--wait');
  mln('status');
  process.stderr.write('\n');
  const reached = [];
  for (const router of routers) reached.push(await ping(router));
  mln('stop', '-p', 'ring');
  stopped = true;
  mln('status', '-p', 'ring');
  mln('remove', '-p', 'ring', '-y');
  if (reached.includes(false)) throw new Error('the routers do not reach each other');
  done = true;
  say(`Done, in ${((Date.now() - begun) / 1000).toFixed(1)} s.`);
} catch (error) {
  process.stderr.write(`\n\u001b[31m${error.message}\u001b[0m\n`);
  process.exitCode = 1;
}
