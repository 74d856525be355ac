import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import { readProject, readTree } from '../../../core/src/read-project.js';
import { outlineOfProblems, outlineOfProject } from '../../../core/test/outline.js';
import { scratchFolder } from '../../../core/test/scratch.js';
import { kernel } from './trees.js';

/*
 * A case is a file: what to read, the files, a line of dashes, what comes of it.
 *
 *   # parse x.yaml      in the mln language, includes in place      # resolve x.yaml      the project
 *
 * `===== PATH` begins a file that is included. Errors are `line:column CODE message`, and their hints. UPDATE_GOLDEN=1
 * writes anew what is expected: read `git diff` then. ␀ ␁ ␍ ␠ stand for NUL, another control character, CR and a blank, ⟣ for a byte order mark, ⟢
 * (as the last thing) for a file that does not end with a newline.
 */
const cases = join(import.meta.dirname, 'cases');
const scratch = scratchFolder();

test.each(readdirSync(cases))('%s', async (name) => {
  const [, verb = '', file = '', input = '', expected] =
    /^# (parse|resolve) (\S+)\n([^]*?)^-----\n([^]*)$/m.exec(readFileSync(join(cases, name), 'utf8')) ?? [];
  const folder = join(scratch, name);
  for (const each of `${file}\n${input}`.split(/^===== /m)) {
    const [path = ''] = each.split('\n', 1);
    write(join(folder, path), unescaped(each.slice(path.length + 1)));
  }
  const outline = `${(await outlineOf(folder, file, verb)).join('\n')}\n`.replaceAll('\r', '␍');
  if (process.env['UPDATE_GOLDEN'] && outline !== expected)
    writeFileSync(join(cases, name), `# ${verb} ${file}\n${input}-----\n${outline}`);
  else expect(outline).toBe(expected);
});

async function outlineOf(folder: string, file: string, verb: string): Promise<string[]> {
  const path = join(folder, file);
  try {
    if (verb === 'parse') return [(await readTree(kernel, path)).text.replace(/\n$/, '')];
    const { project, warnings } = await readProject(kernel, path);
    return [...outlineOfProject(project), ...outlineOfProblems(warnings, folder, path)];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return outlineOfProblems(error.problems, folder, path);
  }
}

function unescaped(text: string): string {
  const meanings: Record<string, string> = { '␀': '\0', '␁': '\u0001', '␍': '\r', '␠': ' ', '⟣': '\ufeff' };
  return text.replace(/[␀␁␍␠⟣]/g, (sign) => meanings[sign] ?? sign).replace(/⟢\n/g, '');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
