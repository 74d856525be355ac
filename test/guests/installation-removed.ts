import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** After a run of jest: takes away what its tests have copied, see installation.ts. */
export default function teardown(): void {
  const made = process.env['MLN_TEST_INSTALLATION'];
  if (made !== undefined) rmSync(dirname(made), { recursive: true, force: true });
}
