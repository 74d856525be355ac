import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Exit } from '../src/codes.js';
import type { Command } from '../src/commands.js';
import { loadConfiguration } from '../src/configuration.js';
import { createKeywordTable } from '../src/keywords.js';
import { configurationValues } from '../src/man/configuration-page.js';
import type { Page } from '../src/man/page.js';
import { manualFiles, manualPages, pageFor } from '../src/man/pages.js';
import { plainPage } from '../src/man/plain.js';
import { roffPage } from '../src/man/roff.js';
import { environment, exitMeanings } from '../src/man/surroundings.js';
import { fc } from '../../test/support/fast-check.js';
import { scratchFolder } from './scratch.js';

const run: Command['run'] = () => Promise.resolve(Exit.done);
const keywords = createKeywordTable();
keywords.declare({
  name: 'motd',
  in: ['host'],
  kind: 'word',
  help: 'Is shown to whoever logs in.',
  example: 'motd "It\'s \\"x\\""',
  plugin: 'motd',
});
const commands: readonly Command[] = [
  {
    name: 'greet',
    aliases: ['hello'],
    summary: 'Greets.',
    arguments: '<who> [more...]',
    plugin: 'motd',
    options: [
      { flags: '-l, --loud', help: "it's loud" },
      { flags: '--wait [seconds]', help: '.5 \\ - waits' },
      { flags: '--set <assignments>', help: 'sets', repeats: true },
    ],
    manual: { description: ['`greet` is friendly.'], examples: [['.mln greet ada', 'Greets ada.']] },
    run,
  },
  { name: 'bed make', summary: 'Makes a bed.', options: [{ flags: '--soft', help: 'softly' }], run },
  { name: 'bed sell', summary: 'Sells one.', arguments: '<bed>', run },
  { name: 'secretly', hidden: true, summary: 'Is not for people.', run },
  { name: 'build', summary: 'Builds.', run },
];

test('there is a page for each verb and for each group, for what the verbs are about, and none for what is hidden', () => {
  expect([...manualFiles({ commands, keywords }, '1.2.3').keys()]).toEqual([
    'man1/mln.1',
    'man1/mln-bed.1',
    'man1/mln-build.1',
    'man1/mln-greet.1',
    'man5/mln.config.5',
    'man5/mln-project.5',
  ]);
});

test('a page in the macros of man(7)', () => {
  expect(manualFiles({ commands, keywords }, '1.2.3').get('man1/mln-greet.1')).toBe(
    String.raw`.\" Made by mln from what its commands say of themselves.
.TH "MLN\-GREET" 1 2026-11-25 "mln 1.2.3" "mln manual"
.SH NAME
mln\-greet \- Greets
.SH SYNOPSIS
\fBmln greet\fR [\fB\-l\fR] [\fB\-\-wait\fR [\fIseconds\fR]] [\fB\-\-set\fR \fIassignments\fR]... \fIwho\fR [\fImore...\fR]
.SH DESCRIPTION
Greets.
.PP
\fBgreet\fR is friendly.
.PP
Other names: \fBhello\fR.
.PP
It is brought by the plug\-in motd.
.SH OPTIONS
.TP
\fB\-l\fR, \fB\-\-loud\fR
it\(aqs loud
.TP
\fB\-\-wait\fR [\fIseconds\fR]
\&.5 \(rs \- waits
.TP
\fB\-\-set\fR \fIassignments\fR
sets
.SH EXAMPLES
Greets ada.
.PP
.RS 4
.EX
\&.mln greet ada
.EE
.RE
.SH EXIT STATUS
0 where all is done, 1 where it failed, 64 where the command line was not understood; \fBmln\fR(1) tells the others.
.SH SEE ALSO
\fBmln\fR(1), \fBmln\-project\fR(5), \fBmln.config\fR(5)
`,
  );
});

test('a page as plain text', () => {
  const page = pageFor(manualPages({ commands, keywords }), ['bed', 'make']);
  expect(plainPage(page).split('\n\nEXIT STATUS')[0]).toBe(`NAME
       mln-bed - verbs on beds: make, sell

SYNOPSIS
       mln bed make [--soft]

       mln bed sell bed

DESCRIPTION
   mln bed make

       Makes a bed.

       --soft
              softly

   mln bed sell

       Sells one.`);
});

test.each([
  [[], 'mln'],
  [['greet'], 'mln-greet'],
  [['mln-greet'], 'mln-greet'],
  [['bed'], 'mln-bed'],
  [['bed', 'sell'], 'mln-bed'],
  [['project'], 'mln-project'],
  [['mln.config'], 'mln.config'],
])('mln man %j shows %s', (words, name) => {
  expect(pageFor(manualPages({ commands, keywords }), words).name).toBe(name);
});

test('a page that is not there is an error that says which one may be meant', () => {
  let thrown: unknown;
  try {
    pageFor(manualPages({ commands, keywords }), ['gret']);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'MLN_USAGE', problems: [{ hint: 'did you mean greet?' }] });
});

test('every exit code, and every environment variable that any package reads, is in mln(1)', () => {
  const text = plainPage(pageFor(manualPages({ commands, keywords }), []));
  for (const code of Object.values(Exit)) {
    expect(text).toMatch(new RegExp(`^ {7}${code}$`, 'm'));
    expect(exitMeanings[code]).toMatch(/\.$/);
  }
  const root = join(import.meta.dirname, '../..');
  const sources = ['core', ...readdirSync(join(root, 'plugins')).map((name) => join('plugins', name))].flatMap((name) =>
    readdirSync(join(root, name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(root, name, 'src', path), 'utf8')),
  );
  const read = sources.flatMap((source) =>
    [...source.matchAll(/(?:env|environment)(?:\[|\.)'?([A-Z][A-Z_]+)/g)].map(([, name]) => name),
  );
  // What every program has, what Node itself and its own debugging read, what systemd and a daemon tell their processes.
  const known = new Set([...Object.keys(environment), 'PATH', 'NODE_DEBUG', 'HOME', 'NOTIFY_SOCKET', 'RELAY_VARIABLE']);
  expect(read).toContain('MLN_PROJECTS');
  expect([...new Set(read)].filter((name) => !known.has(name ?? ''))).toEqual([]);
  for (const name of Object.keys(environment)) expect(text).toContain(name);
});

test('mln.config(5) tells what counts where a configuration says nothing', async () => {
  const empty = join(scratchFolder(), 'mln.config.json');
  writeFileSync(empty, '{}');
  const { template, stopWait, serviceHost, folders } = await loadConfiguration({ config: empty }, empty, {});
  const usual = Object.fromEntries(configurationValues().map(({ name, usual: value }) => [name, value]));
  expect(usual).toMatchObject({ template, stop_wait: String(stopWait) });
  expect([serviceHost, usual['service_host']]).toEqual([null, 'none: every host runs here']);
  for (const [name, path] of Object.entries(folders)) {
    expect(usual[name]).toBe(`~/.local/share/mln/${name}, of root /var/lib/mln/${name}`);
    expect([`/var/lib/mln/${name}`, join(homedir(), '.local/share/mln', name)]).toContain(path);
  }
  expect(Object.keys(usual)).toEqual([
    'projects',
    'templates',
    'files',
    'template',
    'stop_wait',
    'service_host',
    'plugins',
  ]);
});

const hasMandoc = spawnSync('mandoc', ['-h']).error === undefined;
const checked = hasMandoc ? test : test.skip;
const why = hasMandoc ? '' : ' (skipped: no mandoc here)';

checked(`whatever a text is, mandoc has nothing against it and prints it again${why}`, () => {
  const text = fc
    .string({
      unit: fc.constantFrom(...Array.from('.\'"\\-`^~|&%{}()[]#$ abfRBeH’–äß✓'), '.TH ', '\\fB', '\\"', '.\\"'),
      maxLength: 40,
    })
    .map((each) => each.replaceAll('<', '').replace(/\s+/g, ' ').trim())
    .filter((each) => !/`[^`]+`/.test(each));
  fc.assert(
    fc.property(fc.array(text, { minLength: 30, maxLength: 30 }), (texts) => {
      const page: Page = {
        name: 'x',
        section: 1,
        summary: 'x',
        chapters: [
          { title: 'TEXTS', blocks: texts.map((each) => ({ text: `begin ${each} end` })) },
          { title: 'LINES', blocks: [{ lines: texts.filter((each) => each !== '') }] },
        ],
      };
      const roff = roffPage(page, '1');
      const said = spawnSync('mandoc', ['-Tlint', '-W', 'warning'], { input: roff, encoding: 'utf8' });
      expect(said.stdout + said.stderr).toBe('');
      const printed = spawnSync('mandoc', ['-Tutf8', '-Owidth=200'], { input: roff, encoding: 'utf8' }).stdout;
      // bold is a character, a backspace and the character again
      const lines = printed
        .replace(/.\u0008/gu, '')
        .split('\n')
        .map((each) => each.trim());
      for (const each of texts) expect(lines).toContain(`begin ${each} end`.replace(/\s+/g, ' '));
      for (const each of texts) expect(lines).toContain(each);
    }),
    { numRuns: 10 },
  );
});
