import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Disk, Mln } from '@mln/core';
import { fakeHost, fakeProject } from '../../../../core/test/fake-project.js';
import { requireTemplates } from '../../src/operations/check-templates.js';

const templates = mkdtempSync(join(tmpdir(), 'mln-templates-'));
mkdirSync(join(templates, 'debian/1.0'), { recursive: true });
afterAll(() => {
  rmSync(templates, { recursive: true });
});

const mln = { configuration: { serviceHost: 'backend3', template: 'tiny' } } as Mln;
const root = { role: 'root', existing: false } as Disk;
const sent = { name: 'tiny', version: '1.0', blob: { sha256: '', size: 1 }, message: null };
const asked = (
  template: string | null,
  more: { sent?: boolean; server?: string; disk?: Disk; user?: boolean } = {},
) => {
  const host = fakeHost('www1', { template, disks: [more.disk ?? root], serviceHost: more.server ?? 'backend3' });
  const user = more.user === true ? { name: 'mln-guest', uid: 1, gid: 1 } : null;
  return () => {
    requireTemplates(
      mln,
      { project: fakeProject({ home: 'gateway1', hosts: [host] }), templates: more.sent === true ? [sent] : [] },
      { templates, user },
    );
  };
};

test.each<[what: string, check: () => void]>([
  ['came along', asked('tiny@1.0', { sent: true })],
  ['is here', asked('debian')],
  ['is here in this version', asked('debian@1.0')],
  ['is another server’s affair', asked('redhat', { server: 'backend4' })],
  ['is not needed', asked('redhat', { disk: { ...root, existing: true } })],
])('a template that %s is enough', (_what, check) => {
  expect(check).not.toThrow();
});

test.each(['redhat', 'debian@2.0', null])(
  'the template %j, which is nowhere, is told before anything is begun',
  (name) => {
    expect(asked(name)).toThrow(
      `www1: there is no template ${name ?? 'tiny'}, neither here nor where this was asked for`,
    );
    expect(asked(name)).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ hint: expect.stringMatching(/or on this server$/) })],
      }),
    );
    expect(asked(name, { user: true })).toThrow();
  },
);
