import { fc } from '../../test/support/fast-check.js';
import { TEMPLATE } from './upgrade-world.js';

/* Projects for upgrades, as pairs of texts: what a pair may not be (a disk that is lost) is made right. */

export interface ProjectPair {
  readonly from: string;
  readonly to: string;
  /** Hosts that run before the upgrade. */
  readonly running: readonly string[];
  /** Those of `from`. */
  readonly hosts: readonly string[];
  /** The way back is tried, too. */
  readonly back: boolean;
}

const choices = {
  renamed: fc.boolean(),
  stale: fc.boolean(),
  template: fc.constantFrom('tiny', 'other'),
  superclass: fc.constantFrom<readonly string[]>([], [], ['base'], ['server']),
  memory: fc.constantFrom(null, '64M', '256M'),
  size: fc.nat({ max: 4 }),
  swap: fc.constantFrom(null, null, '8K', '16K'),
  bootOrder: fc.constantFrom(null, 10, 20),
  term: fc.constantFrom(null, 'screen'),
  nameserver: fc.constantFrom(null, '10.0.0.1', '$dns'),
  password: fc.constantFrom(null, null, 'one', 'two'),
  users: fc.uniqueArray(fc.constantFrom('jack', 'jill', 'bob'), { maxLength: 2 }),
  details: fc.constantFrom('', '', ' secret', ' secret /srv/home'),
  groups: fc.subarray(['staff', 'wheel']),
  files: fc.subarray(['page /srv/www/index.html', 'tree /srv/tree', 'other /etc/app/page 600', 'other /etc/motd']),
  modules: fc.subarray(['loop', 'dummy numdummies=2']),
  startup: fc.constantFrom(null, 'echo $hostname', 'echo $dns; sync'),
  shutdown: fc.constantFrom(null, null, 'echo good night'),
  cards: fc.array(
    fc.record({
      on: fc.constantFrom('lan', 'dmz'),
      address: fc.constantFrom(null, 'dhcp', '1', '2'),
      mtu: fc.constantFrom(null, null, '1400'),
      mac: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
};
const host = fc.record(choices);
type HostChoice = typeof host extends fc.Arbitrary<infer T> ? T : never;

const project = fc.record({
  dns: fc.constantFrom('10.0.0.53', '10.0.0.54'),
  base: fc.constantFrom('memory 32M', 'startup { echo base }', 'users { carol }'),
  server: fc.constantFrom('', 'boot_order 5', 'modules { loop }'),
  hook: fc.constantFrom(null, null, 'true', 'sync'),
  hooked: fc.constantFrom('beforeProjectStart', 'afterHostsStop'),
  hub: fc.boolean(),
});
type ProjectChoice = typeof project extends fc.Arbitrary<infer T> ? T : never;

/** Nothing of a pair is random by itself: each host of the second is one of the first with some things changed. */
export const projectPairs: fc.Arbitrary<ProjectPair> = fc
  .record({
    first: project,
    second: project,
    same: fc.boolean(),
    names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
    later: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
    hosts: fc.tuple(host, host, host, host),
    changed: fc.tuple(host, host, host, host),
    taken: fc.tuple(...[0, 1, 2, 3].map(() => fc.subarray(Object.keys(choices)))),
    running: fc.constantFrom<readonly number[]>([], [], [0], [1], [0, 1, 2]),
    back: fc.constantFrom(false, false, true),
  })
  .map(({ first, second, same, names, later, hosts, changed, taken, running, back }) => {
    const before = new Map(names.map((name) => [name, hostOf(hosts, name)]));
    const free = names.filter((name) => !later.includes(name));
    const after = new Map<string, readonly [choice: HostChoice, was: string | null]>();
    for (const name of later) {
      const found = before.get(name);
      const fresh = hostOf(changed, name);
      const was = found === undefined && fresh.renamed ? (free.shift() ?? null) : null;
      const old = found ?? (was === null ? undefined : before.get(was));
      after.set(name, [old ? mixed(old, fresh, taken['abcd'.indexOf(name)] ?? []) : fresh, was]);
    }
    return {
      from: textOf(first, new Map([...before].map(([name, choice]) => [name, [choice, null]]))),
      to: textOf(same ? first : second, after),
      running: names.filter((_, index) => running.includes(index)),
      hosts: names,
      back,
    };
  });

function hostOf(of: readonly HostChoice[], name: string): HostChoice {
  const found = of['abcd'.indexOf(name)];
  if (!found) throw new Error(`there is no host ${name}`);
  return found;
}

/** A host with some things of another; it keeps its template, and its disk is no smaller. */
function mixed(old: HostChoice, fresh: HostChoice, taken: readonly string[]): HostChoice {
  const merged = Object.fromEntries(
    Object.entries(old).map(([key, value]) => [key, taken.includes(key) ? fresh[key as keyof HostChoice] : value]),
  ) as unknown as HostChoice;
  const smaller = (bytesOf[merged.size] ?? 0) < (bytesOf[old.size] ?? 0);
  return { ...merged, template: old.template, ...(smaller ? { size: old.size } : {}) };
}

const sizes = [null, `size ${TEMPLATE + 8192}`, `size ${TEMPLATE + 32768}`, 'free_space 8K', 'free_space 32K'];
const bytesOf = [0, 8192, 32768, 8192, 32768];

function textOf(
  { dns, base, server, hook, hooked, hub }: ProjectChoice,
  hosts: ReadonlyMap<string, readonly [HostChoice, string | null]>,
): string {
  const switches = new Set([...hosts.values()].flatMap(([{ cards }]) => cards.map(({ on }) => on)));
  return lines([
    'global {',
    '  project p',
    `  $dns = ${dns}`,
    hook && `  ${hooked} { ${hook} }`,
    '}',
    `superclass base { ${base} }`,
    `superclass server { superclass base; ${server} }`,
    ...[...hosts].map(([name, [choice, was]]) => hostText(name, choice, was)),
    ...[...switches].map((name) => `switch ${name} { ${hub && name === 'lan' ? 'hub' : ''} }`),
  ]);
}

function hostText(name: string, choice: HostChoice, was: string | null): string {
  const { superclass, template, memory, swap, bootOrder, term, nameserver, password, files, modules } = choice;
  const place = 'abcd'.indexOf(name) + 1;
  const users = choice.users.map((user, index) => `${user}${index === 0 ? choice.details : ''}`);
  const members = choice.users.join(' ');
  return lines([
    `host ${name} {`,
    was === null ? choice.stale && '  was nobody' : `  was ${was}`,
    ...superclass.map((each) => `  superclass ${each}`),
    `  template ${template}`,
    memory && `  memory ${memory}`,
    sizes[choice.size] && `  ${sizes[choice.size] ?? ''}`,
    swap && `  swap ${swap}`,
    bootOrder && `  boot_order ${bootOrder}`,
    term && `  term ${term}`,
    nameserver && `  nameserver ${nameserver}`,
    password && `  root_password ${password}`,
    block('users', users),
    block(
      'groups',
      choice.groups.map((group) => `${group} ${members}`),
    ),
    block('files', files),
    block('modules', modules),
    choice.startup && `  startup { ${choice.startup} }`,
    choice.shutdown && `  shutdown { ${choice.shutdown} }`,
    ...choice.cards.map(
      ({ on, address, mtu, mac }, index) =>
        [
          `  network eth${index} { switch ${on}`,
          ...(address === 'dhcp' ? ['address dhcp'] : []),
          ...(address === null || address === 'dhcp'
            ? []
            : [`address 10.${on === 'lan' ? 1 : 2}.${index}.${place * 10 + Number(address)}/16`]),
          ...(mtu === null ? [] : [`mtu ${mtu}`]),
          ...(mac ? [`mac 02:00:00:00:0${place}:0${index}`] : []),
        ].join('; ') + ' }',
    ),
    '}',
  ]);
}

function block(name: string, rows: readonly string[]): string | null {
  return rows.length === 0 ? null : `  ${name} {\n${rows.map((row) => `    ${row}\n`).join('')}  }`;
}

function lines(all: readonly (string | null | false | 0 | undefined)[]): string {
  return all.filter((line) => typeof line === 'string').join('\n');
}
