import { createCheckList, examine, type Examined } from '../doctor.js';
import { addCoreChecks } from '../doctor-core.js';
import { withScratch } from '../doctor-scratch.js';
import { doctorHook, type Mln } from '../kernel.js';

/** What the checks of `mln doctor` find that look for programs and do nothing else; no guest is booted. */
export async function lookForPrograms(mln: Mln, version: string): Promise<readonly Examined[]> {
  const list = createCheckList();
  addCoreChecks(list, mln, version);
  await doctorHook(mln).promise(list);
  const light = list.all.filter(({ check }) => check.light === true);
  return withScratch((scratch) => examine(light, scratch, () => false));
}
