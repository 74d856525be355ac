/*
 * Reads more than a hundred thousand projects that somebody has damaged, or made up, or made to do harm. Each goes the
 * whole way up to where programs would be run, plain and as a rehearsal: it is a project, or is refused with errors for
 * users, within a second, and it leaves nothing behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { root } from '../../scripts/setup.js';

/** How many inputs of each kind there are, beside the attacks. */
const counts = { bytes: 30_000, soup: 40_000, damaged: 40_000 };
/** Milliseconds that an input may take; more where it counts out hosts by the thousand, or is larger than 100 KB. */
const bound = 1000;
const perHost = 0.5;
const perAttack = 5000;

/** Gives whether all went well. */
export async function fuzz(seed = Date.now() % 2 ** 31) {
  register('./compiled.js', import.meta.url);
  const { standardKernel } = await import('../support/standard-tables.ts');
  const { fuzzInputs, realProjects } = await import('../support/fuzz-inputs.ts');
  const { inAllFormats, sharedProperties, wholeWay } = await import('../support/fuzz-way.ts');
  const { attacks } = await import('../support/fuzz-attacks.ts');
  const folder = mkdtempSync(join(tmpdir(), 'mln-fuzz-'));
  try {
    const mln = await standardKernel();
    const go = wholeWay(mln, folder);
    const before = sharedProperties();
    const inputs = fuzzInputs(mln.keywords, await inAllFormats(mln, realProjects(root)));
    let ok = true;
    for (const [kind, numRuns] of Object.entries(counts)) {
      const tally = { trees: 0, projects: 0, slowest: 0, input: undefined };
      const property = fc.asyncProperty(inputs[kind], async (input) => measured(go, input, tally));
      const run = await fc.check(property, {
        numRuns,
        seed,
        interruptAfterTimeLimit: 600_000,
        markInterruptAsFailure: true,
      });
      if (run.failed) {
        console.log(await fc.asyncDefaultReportMessage(run), run.errorInstance);
        ok = false;
      }
      tell(kind, run.numRuns, tally, !run.failed);
    }
    const tally = { trees: 0, projects: 0, slowest: 0, input: undefined };
    for (const [what, make] of attacks)
      try {
        await measured(go, { file: 'x.mln', content: make() }, tally, what, perAttack);
      } catch (error) {
        console.log(`✗ ${what}: ${error.stack}`);
        ok = false;
      }
    tell('attacks', attacks.length, tally, ok);
    if (sharedProperties() !== before) {
      console.log('✗ the prototypes of all objects have changed');
      ok = false;
    }
    console.log(`seed ${seed}`);
    return ok;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measured(go, input, tally, name = input, most = bound) {
  const begun = performance.now();
  const { trees, projects, hosts } = await go(input);
  const took = performance.now() - begun;
  tally.trees += trees;
  tally.projects += projects > 0 ? 1 : 0;
  if (took > tally.slowest) [tally.slowest, tally.input] = [took, name];
  if (took > most + hosts * perHost) throw new Error(`it took ${Math.round(took)} ms`);
}

function tell(kind, count, { trees, projects, slowest, input }, ok) {
  const example = JSON.stringify(
    typeof input === 'string' ? input : Buffer.from(input.content).toString('latin1'),
  ).slice(0, 200);
  console.log(
    `${ok ? '✓' : '✗'} ${count} ${kind}: ${trees} trees, ${projects} projects, ${count - trees} refused at once; the slowest took ${Math.round(slowest)} ms: ${example}`,
  );
}
