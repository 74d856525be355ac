import { expect, test } from '@jest/globals';
import { runShell } from '../src/shell.js';

test('lines of standard error are heard, and still come back as they were', async () => {
  const heard: string[] = [];
  const { stderr, stdout } = await runShell('sh', ['-c', 'echo out; printf "one\\n\\ntwo\\n" >&2'], {
    heard: (line) => heard.push(line),
  });
  expect(heard).toEqual(['one', '', 'two']);
  expect({ stderr, stdout }).toEqual({ stderr: 'one\n\ntwo\n', stdout: 'out\n' });
});

test('they are heard while the program runs', async () => {
  // It ends when it reads what is written once its first line has been heard.
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
  const folder = await mkdtemp('/tmp/mln-shell-');
  const fifo = `${folder}/fifo`;
  await runShell('mkfifo', [fifo]);
  let wrote: Promise<void> | undefined;
  await runShell('sh', ['-c', 'echo begun >&2; read -r line <"$1"; echo "$line" >&2', 'sh', fifo], {
    heard(line) {
      if (line === 'begun') wrote = writeFile(fifo, 'go on\n');
    },
    timeout: 20_000,
  });
  await wrote;
  expect(wrote).toBeDefined();
  await rm(folder, { recursive: true });
});

test('a program that is nowhere is missing', async () => {
  await expect(runShell('mln-no-such-program', [])).rejects.toMatchObject({ code: 'MLN_NO_PROGRAM' });
});

test.each(['No space left on device', 'no space left on the disk that holds /x', 'Disk quota exceeded'])(
  'a script that says %j has found the disk full',
  async (words) => {
    const said = runShell('sh', ['-c', `echo ${words} >&2; exit 1`]);
    await expect(said).rejects.toMatchObject({ code: 'MLN_NO_SPACE' });
  },
);
