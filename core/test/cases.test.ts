import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { isMlnError, type Problem } from '../src/errors.js';
import { parseProject } from '../src/grammar.js';
import { readProject } from '../src/read-project.js';
import { reasonOf } from '../src/why.js';
import { fakeMln } from './fake-hypervisor.js';
import { outlineOfItems, outlineOfProblems, outlineOfProject, outlineOfReason } from './outline.js';

/*
 * A case is a file: what to do, the project, a line of dashes, what comes of it.
 *
 *   # parse            the tree (`raw`: with the text of its blocks)      # resolve      the project
 *   # resolve --set name=value --strict --rehearse --template x                         # why PATH     what set a value
 *
 * `===== PATH` begins a file that the project includes. UPDATE_GOLDEN=1 writes anew what is expected: read `git diff` then. ␀ ␍ ⍽ ␠ stand for NUL, CR, a no-break space and a blank,
 * ⟣ for a byte order mark, ⟢ (as the last thing) for a file that does not end with a newline.
 */
const cases = join(import.meta.dirname, 'cases');
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'mln-cases-')));

afterAll(() => {
  rmSync(scratch, { recursive: true });
});

test.each(readdirSync(cases).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
  const [, head = '', input = '', expected] =
    /^# (.*)\n([^]*?)^-----\n([^]*)$/m.exec(readFileSync(join(cases, name), 'utf8')) ?? [];
  const [verb = '', ...options] = head.split(' ');
  const outline = `${(await outlineOf(join(scratch, name), verb, options, unescaped(input))).join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] && outline !== expected)
    writeFileSync(join(cases, name), `# ${head}\n${input}-----\n${outline}`);
  else expect(outline).toBe(expected);
});

async function outlineOf(folder: string, verb: string, options: readonly string[], input: string): Promise<string[]> {
  const [text = '', ...included] = input.split(/^===== /m);
  const main = join(folder, 'x.mln');
  write(main, text);
  for (const file of included) {
    const [path = ''] = file.split('\n', 1);
    write(join(folder, path), file.slice(path.length + 1));
  }
  try {
    if (verb === 'parse') return outlineOfItems(parseProject(read(main), main).items, options.includes('raw'));
    const mln = await fakeMln(folder);
    const template = options[options.indexOf('--template') + 1];
    const settled = {
      ...(options.includes('--template') && template !== undefined ? { template } : {}),
      set: settings(options),
      strict: options.includes('--strict'),
      rehearse: options.includes('--rehearse'),
    };
    const found = await readProject(mln, main, settled);
    if (verb === 'why') return outlineOfReason(reasonOf(found, mln.keywords, options[0] ?? ''), folder, main);
    const { project, warnings } = found;
    return [...outlineOfProject(project), ...outlineOfProblems(warnings, folder, main)];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return outlineOfProblems(sorted(error.problems), folder, main);
  }
}

function settings(options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    options.flatMap((option, index) => {
      const [name, value] = (options[index - 1] === '--set' ? option : '').split('=');
      return name !== undefined && value !== undefined ? [[name, value]] : [];
    }),
  );
}

/** Cases list problems by line, however the core happens to look for them. */
function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((one, other) => (one.place?.line ?? 0) - (other.place?.line ?? 0));
}

function unescaped(text: string): string {
  const meanings: Record<string, string> = { '␀': '\0', '␍': '\r', '⍽': '\u00a0', '␠': ' ', '⟣': '\ufeff' };
  return text.replace(/[␀␍⍽␠⟣]/g, (sign) => meanings[sign] ?? sign).replace(/⟢\n/g, '');
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
