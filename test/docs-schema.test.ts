import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError, printHook } from '@mln/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readProject, readTree } from '../core/src/read-project.js';
import { projectSchema } from '../scripts/docs/schema.js';
import { root, standardKernel, tablesOf } from './support/standard-tables.js';

/* The schema of projects in JSON and YAML takes what mln takes; what it refuses, mln refuses or warns of. */

const mln = await standardKernel();
// Values of several types are judged by one schema, without a type for each keyword: see scripts/docs/schema.ts.
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
const schema = projectSchema(tablesOf(mln));
const validate = ajv.compile(schema as object);

/** Where the schema finds something wrong, and with which of its keywords. */
function faults(project: unknown): string[] {
  validate(project);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

/** What mln says of a project in JSON: the codes of its errors and warnings. */
async function codesOf(project: unknown): Promise<string[]> {
  try {
    const { warnings } = await readProject(mln, '/project.json', { text: JSON.stringify(project) });
    return warnings.map(({ code }) => code);
  } catch (error) {
    if (isMlnError(error)) return error.problems.map(({ code }) => code);
    throw error;
  }
}

const written = [
  ...readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mln')),
  ...readdirSync(join(root, 'test/golden')).map((name) => `../test/golden/${name}/project.mln`),
];

test.each(written)('%s in JSON is valid', async (name) => {
  const { tree } = await readTree(mln, join(root, 'examples', name));
  expect(faults(JSON.parse(printHook(mln).call(tree, 'json') ?? ''))).toEqual([]);
});

/** A project with one host. */
const host = (values: object): object => ({ global: { project: 'demo' }, 'host a': values });
const card = (values: object): object => host({ uml: true, 'network eth0': { switch: 'lan', ...values } });
const lan = { 'switch lan': {} };

test.each<[what: string, project: object]>([
  ['numbers as numbers', host({ memory: 64, boot_order: 10, mount: ['/images/data.img /srv'] })],
  ['flags in all their spellings', host({ uml: 'on', xen: false, hvm: 'No', lvm: 0, lvm_snapshot: '' })],
  ['no takes a size away', host({ swap: false, size: 'no', free_space: '1000MB' })],
  ['variables', host({ $m: '64M', $n: 5, memory: '$m', boot_order: '$[n]', term: '$t', $t: 'screen' })],
  ['several addresses', { ...card({ address: ['10.0.0.1/24', '2001:db8::1/64'], mtu: 1400 }), ...lan }],
  ['dhcp', { ...card({ address: 'DHCP' }), ...lan }],
  ['an address alone', { ...card({ '10.0.0.1/24': true }), ...lan }],
  ['keys with the words of their statements', { ...card({ 'address 10.0.0.1/24': true }), ...lan }],
  ['rows as objects', host({ users: { jack: 'x', jill: '$6$salt$hash /home/jill' } })],
  ['rows as strings', host({ users: ['jack x', { jill: 'y' }], modules: ['loop'] })],
  ['rows as a text', host({ users: 'jack x\njill y\n' })],
  ['a text', host({ startup: 'echo ready', shutdown: 'a\nb\n' })],
  ['a block as a list', { global: [{ project: 'demo' }, { $a: 'b' }], 'host a': [[{ memory: '64M' }, 'nice 5']] }],
  ['a block as a text', { global: 'project demo\n' }],
  ['blocks by their names', { global: { project: 'demo' }, host: { a: { uml: true }, b: {} }, switch: { lan: {} } }],
  ['a project as a list', [{ global: { project: 'demo' } }, '$a = b', { 'host a': {} }]],
  ['the schema itself', { $schema: '../docs/mln.schema.json', global: { project: 'demo' } }],
])('right: %s', async (_, project) => {
  expect(faults(project)).toEqual([]);
  expect((await codesOf(project)).filter((code) => /BAD|UNKNOWN|TWICE|NO_VARIABLE/.test(code))).toEqual([]);
});

test.each<[what: string, project: unknown, fault: string, code: string]>([
  ['a flag that is neither', host({ xen: 'maybe' }), '/host a/xen pattern', 'MLN_BAD_VALUE'],
  ['a flag that is a number', host({ xen: 2 }), '/host a/xen maximum', 'MLN_BAD_VALUE'],
  ['a number that is a word', host({ boot_order: 'first' }), '/host a/boot_order pattern', 'MLN_BAD_VALUE'],
  ['a number with a fraction', host({ boot_order: 1.5 }), '/host a/boot_order type', 'MLN_BAD_VALUE'],
  ['a number out of bounds', { ...card({ mtu: 60 }), ...lan }, '/host a/network eth0/mtu minimum', 'MLN_BAD_VALUE'],
  ['no choice', host({ term: 'window' }), '/host a/term enum', 'MLN_BAD_VALUE'],
  ['a size without a unit that is', host({ memory: '64X' }), '/host a/memory pattern', 'MLN_BAD_VALUE'],
  ['a size of nothing', host({ size: 0 }), '/host a/size minimum', 'MLN_BAD_VALUE'],
  [
    'no address',
    { ...card({ address: '300.1.1.1' }), ...lan },
    '/host a/network eth0/address pattern',
    'MLN_BAD_ADDRESS',
  ],
  ['a word that is missing', host({ template: null }), '/host a/template type', 'MLN_BAD_VALUE'],
  ['a block where a value belongs', host({ memory: {} }), '/host a/memory type', 'MLN_BAD_VALUE'],
  ['a block behind a value', host({ 'superclass b': {} }), '/host a/superclass b type', 'MLN_BAD_VALUE'],
  ['a value where a block belongs', host({ 'network eth0': true }), '/host a/network eth0 type', 'MLN_BAD_VALUE'],
  ['a value where rows belong', host({ users: 'jack' }), '/host a/users pattern', 'MLN_BAD_VALUE'],
  ['a value where a text belongs', host({ startup: true }), '/host a/startup type', 'MLN_BAD_VALUE'],
  ['a host in a host', host({ 'host b': {} }), '/host a/host b false schema', 'MLN_UNKNOWN_KEYWORD'],
  ['an interface at the top', { ...host({}), 'network eth0': {} }, '/network eth0 false schema', 'MLN_UNKNOWN_KEYWORD'],
  ['autoenum in a host', host({ autoenum: {} }), '/host a/autoenum false schema', 'MLN_UNKNOWN_KEYWORD'],
  ['no project', 'host a { }', ' type', 'MLN_BAD_FILE'],
])('wrong: %s', async (_, project, fault, code) => {
  expect(faults(project)).toContain(fault);
  expect(await codesOf(project)).toContain(code);
});

test('an unknown keyword is left to mln, which warns of it', async () => {
  const project = host({ frobnicate: { a: [1, true] }, 'colour blue': true });
  expect(faults(project)).toEqual([]);
  expect(await codesOf(project)).toEqual(expect.arrayContaining(['MLN_UNKNOWN_KEYWORD']));
});

test('every keyword is described, and takes its own examples', () => {
  for (const place of mln.keywords.places()) {
    const { properties } = (schema as unknown as Members).$defs[`${place}-members`] ?? { properties: {} };
    for (const { name, help } of mln.keywords.of(place)) {
      const { description = '', examples = [] } = properties[name] ?? {};
      expect([place, name, description.startsWith(help)]).toEqual([place, name, true]);
      const judge = ajv.compile({ $defs: (schema as unknown as Members).$defs, ...properties[name] });
      for (const example of examples)
        expect([place, name, example, judge(example)]).toEqual([place, name, example, true]);
    }
  }
});

interface Members {
  readonly $defs: Readonly<
    Record<
      string,
      { properties: Record<string, { readonly description?: string; readonly examples?: readonly unknown[] }> }
    >
  >;
}
