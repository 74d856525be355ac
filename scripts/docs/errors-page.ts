import { Exit } from '@mln/core';
import { madeBy, type Tables } from './tables.js';

const endings: Readonly<Record<keyof typeof Exit, string>> = {
  done: 'done',
  failed: 'failed',
  asked: 'only where asked for, as by `mln status --check`',
  partly: 'partly done',
  usage: 'usage',
  badProject: 'bad project',
  noServer: 'server not reachable',
  locked: 'locked',
  notAllowed: 'not allowed',
  badConfiguration: 'bad configuration',
};

/** The reference of all error codes, docs/errors.md: a chapter for each exit code. */
export function errorsPage({ codes, advice }: Tables): string {
  const exits = Object.entries(endings).map(([name, ending]): [number, string] => [
    Exit[name as keyof typeof Exit],
    ending,
  ]);
  const withCode = (exit: number): string[] => Object.keys(codes).filter((code) => codes[code]?.[0] === exit);
  const section = (code: string): string[] => {
    const [, meaning = ''] = codes[code] ?? [];
    return ['', `### ${code}`, '', meaning, ...(advice[code] === undefined ? [] : ['', advice[code]])];
  };
  const lines = [
    '# Errors',
    '',
    madeBy,
    'An error is told with its place, its code, a sentence and mostly a hint; `mln explain CODE` tells what stands here.',
    'Many codes are warnings too; a warning changes no exit code.',
    '',
    '| exit code | means | error codes |',
    '| --- | --- | --- |',
    ...exits.map(([exit, ending]) => {
      const links = withCode(exit).map((code) => `[${code}](#${code.toLowerCase()})`);
      return `| ${exit} | ${ending} | ${links.join(' ') || '–'} |`;
    }),
    ...exits.flatMap(([exit, ending]) => {
      const found = withCode(exit);
      return found.length === 0 ? [] : ['', `## Exit code ${exit}: ${ending}`, ...found.flatMap(section)];
    }),
  ];
  return `${lines.join('\n')}\n`;
}
