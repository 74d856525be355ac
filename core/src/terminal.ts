import pc from 'picocolors';
import { failure } from './errors.js';
import type { Progress, Report } from './operation.js';

/** How a verb speaks with the user: data on stdout, everything else on stderr. */
export interface Terminal {
  print(text: string): void;
  json(value: unknown): void;
  note(text: string): void;
  /** Asks before something is destroyed. Throws MLN_NOT_CONFIRMED on any answer but yes, and where nobody can be asked. */
  confirm(question: string): Promise<void>;
  /** Shows the progress of an operation: one line for each thing that ends. */
  readonly report: Report;
}

export function createTerminal(): Terminal {
  return {
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    json: (value) => {
      process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
    async confirm(question) {
      const hint = 'confirm with -y';
      if (!process.stdin.isTTY) throw failure('MLN_NOT_CONFIRMED', `${question} Nobody can be asked here.`, { hint });
      const { createInterface } = await import('node:readline/promises');
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await lines.question(`${question} (y/N) `);
      lines.close();
      if (!/^y(es)?$/i.test(answer.trim())) throw failure('MLN_NOT_CONFIRMED', 'nothing was done', { hint });
    },
    report: (progress) => {
      const line = progressLine(progress);
      if (line !== null) process.stderr.write(`${line}\n`);
    },
  };
}

function progressLine({ server, unit, state, text }: Progress): string | null {
  if (state === 'begun') return null;
  const where = [unit, server === null ? null : `(${server})`].filter((part) => part !== null).join(' ');
  const mark = { done: pc.green('✓'), failed: pc.red('✗'), note: pc.dim('·') }[state];
  return `${mark} ${where}${where && ' '}${text}`;
}

/** Lays rows out in columns; the last column is not filled up. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
