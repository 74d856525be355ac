import { afterEach, expect, jest, test } from '@jest/globals';
import { fakeShell, found } from '../../../test/support/examine.js';
import lvm from '../src/index.js';

afterEach(() => {
  jest.restoreAllMocks();
});

// vgs --reportformat json of LVM 2.03.
const report = JSON.stringify({
  report: [
    {
      vg: [
        { vg_name: 'lab', vg_free: '1073741824' },
        { vg_name: 'mln-images', vg_free: '0' },
      ],
    },
  ],
});

const cases: readonly [options: Record<string, unknown>, vgs: string | null, state: string, detail: string][] = [
  [{}, report, 'ok', 'mln-images, 0 B free'],
  [{ volumeGroup: 'lab' }, report, 'ok', 'lab, 1 GiB free'],
  [{ volumeGroup: 'other' }, report, 'missing', 'there is no volume group other; there are: lab, mln-images'],
  [{}, '{"report":[{"vg":[]}]}', 'absent', 'there is no volume group mln-images; there are: none'],
  [{}, null, 'absent', 'not here: LVM is not installed'],
  [{ volumeGroup: 'lab' }, null, 'missing', 'not here: LVM is not installed'],
];

test.each(cases)('with options %j and groups %s the group is %s', async (options, vgs, state, detail) => {
  jest.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(0);
  const shell = fakeShell((program) => (program === 'vgs' ? vgs : ''));
  expect((await found(lvm, { shell, options })).get('group')).toMatchObject({ state, detail });
});

test('an ordinary user is told that LVM answers root', async () => {
  jest.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(1000);
  const shell = fakeShell(() => report);
  expect((await found(lvm, { shell })).get('group')).toMatchObject({
    state: 'absent',
    remedy: expect.stringMatching('root'),
  });
});
