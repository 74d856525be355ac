import type { Shell } from '../shell.js';
import type { Item } from './items.js';

type Account = Extract<Item, { kind: 'account' }>;

/** Whether the system has such a user or group, wherever it keeps them: getent(1). */
export async function isAccount({ account, name }: Account, shell: Shell): Promise<boolean> {
  const table = account === 'user' ? 'passwd' : 'group';
  // 2: there is none.
  const { exitCode } = await shell('getent', [table, name], { accept: [0, 2], ignoreStdout: true });
  return exitCode === 0;
}

/** Makes a user of the system, who has a group of the same name and logs in nowhere, or a group: useradd(8), groupadd(8). */
export async function makeAccount({ account, name, what }: Account, shell: Shell): Promise<void> {
  if (account === 'group') await shell('groupadd', ['--system', name]);
  else {
    const nowhere = ['--home-dir', '/nonexistent', '--no-create-home', '--shell', '/bin/false'];
    await shell('useradd', ['--system', '--user-group', ...nowhere, '--comment', what, name]);
  }
}
