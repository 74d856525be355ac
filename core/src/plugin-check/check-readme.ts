import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from './findings.js';

/** The headings of every plug-in's README, in their order. */
const headings = ['Name', 'Description', 'Syntax', 'Options', 'Hooks', 'Examples'];

/** Looks at the README of a plug-in that taps these hooks: its headings, and that it names the hooks. */
export function checkReadme(findings: Findings, folder: string, hooks: readonly string[]): void {
  const path = join(folder, 'README.md');
  if (!existsSync(path)) {
    findings.warn('README', 'there is no README.md', { hint: `its headings are ${headings.join(', ')}` });
    return;
  }
  const text = readFileSync(path, 'utf8');
  const sections = new Map(
    text.split(/^## /m).slice(1).map((part) => [part.split('\n', 1)[0]?.trim() ?? '', part] as const), // prettier-ignore
  );
  const missing = headings.filter((heading) => !sections.has(heading));
  const unnamed = hooks.filter((hook) => !new RegExp(`\\b${hook}\\b`).test(sections.get('Hooks') ?? hook));
  if (missing.length > 0)
    findings.warn('README', `it lacks the headings ${missing.join(', ')}`, {
      hint: 'readers find the same headings in every plug-in’s README',
    });
  if (unnamed.length > 0) findings.warn('README', `its heading Hooks does not name ${unnamed.join(', ')}`);
  if (missing.length === 0 && unnamed.length === 0) findings.ok('README', 'it has the usual headings');
}
