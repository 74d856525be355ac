import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import { pack, type Header } from 'tar-stream';
import type { Contents } from '../src/contents.js';
import { addTemplate, buildLab, machine, scratch, sh, type Machine } from './lab.js';

/* Archives that somebody has made to do harm: each is refused, and nothing of it is left anywhere. */

type Member = Partial<Header> & { readonly name: string; readonly body?: Buffer };
/** What is to stand somewhere in mln.json; a function is given what stands there. */
type Change = unknown;

let there: Machine;
let contents: Contents;
const members = scratch();
let made = 0;

beforeAll(async () => {
  const home = await machine();
  await addTemplate(home);
  await buildLab(home);
  const archive = join(scratch(), 'lab.mlnx');
  await home.ok('export', [archive], { project: 'lab', withDisks: true });
  sh('tar', '--zstd', '-C', members, '-xf', archive);
  contents = JSON.parse(readFileSync(join(members, 'mln.json'), 'utf8')) as Contents;
  there = await machine();
});

const plain = (name: string, body: Buffer): Member => ({ name, body, type: 'file', size: body.length });
const head = (text: string): Member => plain('mln.json', Buffer.from(text));
const blobsOf = ({ blobs }: Contents): Member[] =>
  blobs.map(({ sha256 }) => plain(`blobs/${sha256}`, readFileSync(join(members, 'blobs', sha256))));

/** What an archive is made of where nothing is changed. */
const whole = (): Member[] => [head(JSON.stringify(contents)), ...blobsOf(contents)];

/** The same without its disks. */
function diskless(): Member[] {
  const { blobs, disks, records } = contents;
  const gone = new Set([...disks, ...records].map(({ blob }) => blob.sha256));
  const small = { ...contents, disks: [], records: [], blobs: blobs.filter(({ sha256 }) => !gone.has(sha256)) };
  return [head(JSON.stringify(small)), ...blobsOf(small)];
}

async function tarOf(all: readonly Member[]): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar as AsyncIterable<Buffer>);
  for (const { body, ...header } of all)
    if (body === undefined) tar.entry(header).end(null);
    else tar.entry(header, body);
  tar.finalize();
  return bytes;
}

function write(tar: Buffer): string {
  const path = join(scratch(), `${(made += 1)}.mlnx`);
  writeFileSync(path, execFileSync('zstd', ['-q', '-1', '-c'], { input: tar, maxBuffer: 2 ** 30 }));
  return path;
}

/** Everything that there is on a machine. */
function all({ folder }: Machine): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

/** Imports an archive that is refused; gives what is said. Nothing has changed. */
async function refused(path: string, code = 'MLN_BAD_ARCHIVE'): Promise<string> {
  const before = all(there).filter((name) => !/^(projects|templates)$/.test(name));
  const ran = await there.run('import', [path], { yes: true });
  expect([ran.code, ran.stderr]).toEqual([code, ran.stderr]);
  expect(all(there).filter((name) => !/^(projects|templates)$/.test(name))).toEqual(before);
  return ran.stderr;
}

test('the archive that all others are made of is taken', async () => {
  const fresh = await machine();
  await fresh.ok('import', [write(await tarOf(whole()))]);
});

/** mln.json with something else at a place. */
function changed(place: string, change: Change): Contents {
  const all = structuredClone(contents);
  const words = place.split('.');
  const last = words.pop() ?? '';
  const at = words.reduce<unknown>((inner, word) => (inner as Record<string, unknown>)[word], all) as Record<
    string,
    unknown
  >;
  at[last] = typeof change === 'function' ? (change as (old: unknown) => unknown)(at[last]) : change;
  return all;
}

const more = (each: unknown) => (list: unknown[]) => [...list, each];
const fewer = (list: unknown[]): unknown[] => list.slice(0, -1);

const wrongContents: readonly (readonly [what: string, place: string, change: Change, said: RegExp])[] = [
  ['of another form', 'form', 2, /of form 2/],
  ['of no form', 'form', undefined, /of form none/],
  ['with a field that nobody knows', 'more', 1, /more/],
  ['with a field __proto__', 'plugins', JSON.parse('{"__proto__": "x"}'), /__proto__/],
  ['whose project is called ..', 'project.name', '..', /project\.name/],
  ['whose project is called a path', 'project.name', '../../lab', /project\.name/],
  ['with a host that is a path', 'project.hosts.0.name', '../db', /hosts\.0\.name/],
  ['with a host that takes a file’s place', 'project.hosts.0.name', 'state.json', /cannot be the name/],
  ['with a disk that leads out', 'project.hosts.0.disks.0.path', '../../x', /disks\.0\.path/],
  ['with a disk at a path', 'project.hosts.0.disks.0.path', '/etc/passwd', /disks\.0/],
  ['with an image that leads out', 'project.hosts.0.disks.0.share', { image: '../x' }, /share/],
  ['that says what a disk stands on', 'project.hosts.0.disks.0.standsOn', '/etc/passwd', /standsOn/],
  ['with a template that is a path', 'project.hosts.0.template', '/etc/passwd', /template/],
  ['with a template’s name that leads out', 'templates.0.name', '../../x', /templates\.0\.name/],
  ['with a template’s version that leads out', 'templates.0.version', '../x', /templates\.0\.version/],
  ['with a template nobody needs', 'templates.0.version', '9', /no host is made from/],
  ['with a source of this machine', 'project.hosts.0.lists.files.0.words.0', '/etc', /not sent along/],
  ['with a source that leads out', 'project.hosts.0.lists.files.0.words.0', 'files/0/../..', /not sent along/],
  ['with a file that leads out', 'entries.1.path', 'files/0/../../x', /without \. and \.\./],
  ['with a file at a path', 'entries.1.path', '/etc/x', /files\/0\/NAME/],
  ['with a file in no folder', 'entries.1.path', 'files/7/a/b', /lies in no folder/],
  [
    'with a file through a link',
    'entries',
    more({ path: 'files/0/www/home.html/x', kind: 'directory', mode: 0o755 }),
    /home\.html\/x lies in no folder/,
  ],
  ['with a set-uid file', 'entries.2.mode', 0o4755, /entries\.2\.mode/],
  ['with a disk of no host', 'disks.0.host', 'nobody', /has no disk/],
  ['with a disk twice', 'disks', (disks: unknown[]) => [...disks, disks[0]], /there twice/],
  ['without a disk', 'disks', fewer, /not all disks/],
  ['with a record of no host', 'records.0.host', 'nobody', /there is no host/],
  ['with a file of no size', 'blobs.0.size', -1, /blobs\.0\.size/],
  ['with sizes that differ', 'blobs.0.size', (size: number) => size + 1, /is not there/],
  ['with more data than bytes', 'blobs.0.data', 2 ** 40, /more data than bytes/],
  ['with a file nobody needs', 'blobs', more({ sha256: '0'.repeat(64), size: 1, data: 1 }), /nothing needs/],
  ['with a digest that is a path', 'blobs.0.sha256', `../../${'x'.repeat(58)}`, /blobs\.0\.sha256/],
  ['with a keyword nobody knows', 'project.hosts.0.keywords.frobnicate', 'x', /frobnicate/],
  ['of a hypervisor nobody has', 'project.hosts.0.hypervisor', 'vax', /vax/],
  ['with a store nobody has', 'project.hosts.0.disks.0.store', 'tape', /tape/],
];

test.each(wrongContents)('an archive %s', async (_what, place, change, said) => {
  // It is refused before anything else in it is read.
  expect(await refused(write(await tarOf([head(JSON.stringify(changed(place, change)))])))).toMatch(said);
});

const at = (index: number, change: (member: Member) => Member | Member[]) => (): Member[] =>
  diskless().flatMap((member, position) => (position === index ? change(member) : [member]));
const asType = (type: Header['type'], linkname?: string) =>
  at(1, ({ name }) => ({ name, type, ...(linkname === undefined ? {} : { linkname }), size: 0 }));

const wrongMembers: readonly (readonly [what: string, make: () => Member[], said: RegExp])[] = [
  ['nothing', () => [], /is empty/],
  ['no mln.json', () => diskless().slice(1), /stands where mln\.json is expected/],
  ['an mln.json that is none', () => [head('{'), ...blobsOf(contents)], /no JSON/],
  ['an mln.json that is null', () => [head('null')], /of form none/],
  ['mln.json twice', at(0, (member) => [member, member]), /"mln\.json" stands where/],
  ['a file that leads out', at(1, (member) => ({ ...member, name: '../x' })), /"\.\.\/x" stands where/],
  ['a file at a path', at(1, (member) => ({ ...member, name: '/etc/cron.d/x' })), /stands where/],
  ['a file twice', at(1, (member) => [member, member]), /stands where/],
  ['files in another order', () => [...diskless().slice(0, 1), ...diskless().slice(1).reverse()], /stands where/],
  ['one file more', () => [...diskless(), plain('blobs/x', Buffer.from('x'))], /does not name/],
  ['a file less', () => diskless().slice(0, -1), /ends before/],
  ['a symbolic link', asType('symlink', '/etc/passwd'), /no plain file/],
  ['a hard link', asType('link', 'mln.json'), /no plain file/],
  ['a folder', asType('directory'), /no plain file/],
  ['a device', asType('block-device'), /no plain file/],
  ['a character device', asType('character-device'), /no plain file/],
  ['a pipe', asType('fifo'), /no plain file/],
  [
    'a header that says more (a sparse file)',
    at(1, (member) => ({ ...member, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '1' } })),
    /no plain file/,
  ],
  ['a header that says another name', at(1, (member) => ({ ...member, pax: { path: '../x' } })), /no plain file/],
  [
    'a larger file than it says',
    at(1, ({ name, body = Buffer.alloc(0) }) => plain(name, Buffer.concat([body, Buffer.from('x')]))),
    /bytes, not/,
  ],
  [
    'another file than it says',
    at(1, ({ name, body = Buffer.alloc(0) }) => plain(name, Buffer.concat([body.subarray(1), Buffer.from([7])]))),
    /has the SHA-256|more data/,
  ],
];

test.each(wrongMembers)('an archive that holds %s', async (_what, make, said) => {
  expect(await refused(write(await tarOf(make())))).toMatch(said);
});

test('an archive that unpacks to more data than it says', async () => {
  const large = contents.blobs.findIndex(({ size }) => size > 1024 * 1024);
  const text = JSON.stringify(changed(`blobs.${large}.data`, 4096));
  expect(await refused(write(await tarOf([head(text), ...blobsOf(contents)])))).toMatch(
    /more data than mln\.json says/,
  );
});

test('an archive with a long tail behind its end, or before its beginning', async () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  const tar = await tarOf(whole());
  expect(await refused(write(Buffer.concat([tar, zeros])))).toMatch(/holds more than it says/);
  expect(await refused(write(Buffer.concat([zeros, tar])))).toMatch(/holds more than it says/);
});

test('an archive whose mln.json is endless', async () => {
  const tar = await tarOf([{ name: 'mln.json', type: 'file', size: 0, body: Buffer.alloc(0) }]);
  // The size in octal, and the sum of the header's bytes.
  tar.write('77777777777\0', 124, 'latin1');
  tar.write(' '.repeat(8), 148, 'latin1');
  const sum = tar.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect(await refused(write(tar))).toMatch(/mln\.json is larger than/);
});

test('an archive that takes more than there is', async () => {
  const size = 1024 ** 5;
  const [disk] = contents.disks;
  const sized = <B extends { readonly sha256: string }>(blob: B): B =>
    blob.sha256 === disk?.blob.sha256 ? { ...blob, size, ...('data' in blob ? { data: size } : {}) } : blob;
  const large: Contents = {
    ...contents,
    disks: contents.disks.map((each) => ({ ...each, blob: sized(each.blob) })),
    blobs: contents.blobs.map(sized),
  };
  expect(await refused(write(await tarOf([head(JSON.stringify(large))])), 'MLN_NO_SPACE')).toMatch(
    /the archive takes 1/,
  );
});

test('an archive with a damaged record of what mln wrote', async () => {
  const [record] = contents.records;
  const file = contents.entries.find((each) => each.kind === 'file');
  if (!record || !file) throw new Error('the archive has no such thing');
  const records = contents.records.map((each) => (each === record ? { ...each, blob: file.blob } : each));
  const used = new Set(records.map(({ blob }) => blob.sha256));
  const blobs = contents.blobs.filter(({ sha256 }) => sha256 !== record.blob.sha256 || used.has(sha256));
  const damaged = { ...contents, records, blobs };
  const path = write(await tarOf([head(JSON.stringify(damaged)), ...blobsOf(damaged)]));
  expect(await refused(path)).toMatch(/what mln wrote into \S+ cannot be read/);
});

test('what is no archive at all, and one that was cut', async () => {
  const folder = scratch();
  const text = join(folder, 'text');
  writeFileSync(text, 'hello\n'.repeat(1000));
  expect(await refused(text)).toMatch(/cannot be read/);
  expect(await refused(folder)).toMatch(/is a folder/);
  expect(await refused(join(folder, 'none'), 'MLN_IO')).toMatch(/cannot be read/);
  const cut = write(await tarOf(whole()));
  truncateSync(cut, 60_000);
  expect(await refused(cut)).toMatch(/cannot be read|ends before/);
});
