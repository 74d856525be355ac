/* The language: reading text, and whole commands on projects of many hosts. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { root } from '../../scripts/setup.js';
import { bareNode, compare, environment, folder, isWanted, median, mln, tell, time } from './measure.js';

const megabyte = 1e6;

/** A project of so many hosts, one block a line or (as people write) one statement a line. */
function manyHosts(count) {
  const hosts = Array.from(
    { length: count },
    (_, index) => `host g${index + 1} {
  superclass all
  network eth0 {
    switch lan
    address 10.${1 + Math.floor(index / 50_000)}.${Math.floor(index / 200) % 250}.${(index % 200) + 1}/8
  }
}
`,
  );
  return `global {
  project many
}
superclass all {
  memory 64M
  users {
    jack
  }
  startup {
    echo $hostname is up
  }
}
${hosts.join('')}switch lan { }
`;
}

function fileOf(name, text) {
  const file = join(folder, `${name}.mln`);
  writeFileSync(file, text);
  return file;
}

/** The paper's projects, again and again, up to a size in bytes. */
function paperProjects(size) {
  const examples = join(root, 'examples');
  const text = readdirSync(examples)
    .filter((name) => name.endsWith('.mln'))
    .map((name) => readFileSync(join(examples, name), 'utf8').replace(/^\s*#include.*$/gm, ''))
    .join('\n');
  return text.repeat(Math.ceil(size / text.length)).slice(0, size - (size % text.length || text.length)) + text;
}

/** Reading text, beside JSON.parse of the tree that comes of it. */
async function benchParse() {
  const { parseProject } = await import('../../core/build/grammar.js');
  for (const [name, text] of [
    ['parse of 1 MB of the paper’s projects', paperProjects(megabyte)],
    ['parse of 1 MB of hosts', manyHosts(11_000)],
  ]) {
    if (!isWanted(name)) continue;
    const file = fileOf('text', text);
    const source = readFileSync(file, 'utf8');
    const [seconds, ...others] = timesOf(() => parseProject(source, file));
    const json = JSON.stringify(parseProject(source, file).items);
    const [byJson] = timesOf(() => JSON.parse(json));
    const inMs = (time) => `${(time * 1000).toFixed(0)} ms`;
    const more = `; ${inMs(seconds)}, median ${inMs(median(others))}; JSON.parse of its tree ${inMs(byJson)}, node -e 0 ${inMs(bareNode())}`;
    tell(name, source.length / megabyte / seconds, { bound: 10, unit: 'MB/s', atLeast: true, more });
  }
}

/**
 * The times of 21 calls in seconds, quickest first; none has to clear away what those before have left. Whatever else
 * runs on the machine only adds to them: the quickest says most.
 */
function timesOf(act) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  const times = Array.from({ length: 21 }, () => {
    collectGarbage();
    const begun = performance.now();
    act();
    return (performance.now() - begun) / 1000;
  });
  return times.sort((one, other) => one - other);
}

const farm = `global {
  project farm
  autoenum {
    superclass node
    addresses enum
    numhosts 254
    network 10.0.0.0
  }
}
superclass node {
  memory 64M
  network eth0 {
    switch lan
    netmask 255.255.254.0
  }
}
switch lan { }
`;

/** Benchmarks of the language. */
export async function benchLanguage() {
  await benchParse();
  const [one, fiveHundred, thousand, tenThousand] = [1, 500, 1000, 10_000].map((count) =>
    fileOf(`hosts${count}`, manyHosts(count)),
  );
  const validate = (file) => time([...mln, 'validate', '-f', file]);
  const farmFile = fileOf('farm', farm);
  for (const [name, file, bound, runs] of [
    ['validate of a 254-node autoenum farm', farmFile, 3, 21],
    ['validate of 500 hosts', fiveHundred, 4, 21],
    ['validate of 10,000 hosts', tenThousand, 30, 7],
  ])
    compare({ name: `${name} beside node -e 0`, bound, runs, ours: () => validate(file), theirs: bareNode });

  const growth = 'validate grows from 1,000 to 10,000 hosts';
  if (isWanted(growth)) {
    const above = () => {
      const start = validate(one);
      return (validate(tenThousand) - start) / (validate(thousand) - start) / 10;
    };
    tell(growth, median([above(), above(), above(), above(), above()]), { bound: 1.3, unit: 'times the linear' });
  }

  const edits = 'guest edits of 10,000 hosts beside those of 500';
  if (isWanted(edits)) {
    const plan = (file) => time([...mln, 'plan', '-f', file]) - validate(file);
    const ratios = Array.from({ length: 3 }, () => plan(tenThousand) / plan(fiveHundred));
    tell(edits, median(ratios), { bound: 25, unit: 'times', more: `; plan takes ${memoryOf(tenThousand)} MiB` });
  }
}

/** The most memory that a plan takes, in MiB. */
function memoryOf(file) {
  const hook =
    'data:text/javascript,process.on("exit",()=>process.stderr.write(`rss ${process.resourceUsage().maxRSS}`))';
  const { stderr } = spawnSync(mln[0], [`--import=${hook}`, ...mln.slice(1), 'plan', '-f', file], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return Math.round(Number(/rss (\d+)$/.exec(stderr)?.[1]) / 1024);
}
