import { loadExeca } from '../shell.js';

/** Programs that show a page, given on standard input, by a pager. */
const readers = [
  ['man', '-l', '-'],
  ['mandoc', '-a'],
] as const;

/** Shows a page of man(7) on the terminal; false where no program here can. */
export async function showPage(roff: string): Promise<boolean> {
  const execa = await loadExeca();
  for (const [program, ...args] of readers) {
    const shown = await execa(program, args, {
      input: roff,
      stdout: 'inherit',
      stderr: 'inherit',
      reject: false,
      cleanup: false,
    });
    if (shown.exitCode === 0) return true;
  }
  return false;
}
