import { codes } from '../codes.js';
import { createCheckList } from '../doctor.js';
import { addCoreChecks } from '../doctor-core.js';
import { doctorHook, printHook, type Mln } from '../kernel.js';

/** What `mln explain` explains: keywords, and error codes. */
export function explained({ keywords }: Mln): readonly string[] {
  const names = keywords.places().flatMap((place) => keywords.of(place).map(({ name }) => name));
  return [...new Set(names), ...Object.keys(codes)];
}

/** What `mln doctor` can be asked for: plug-ins, and checks. */
export async function examined(mln: Mln): Promise<readonly string[]> {
  const list = createCheckList();
  addCoreChecks(list, mln, '');
  await doctorHook(mln).promise(list);
  return [...new Set(list.all.map(({ plugin }) => plugin)), ...list.all.map(({ check }) => check.id)];
}

/** The formats that somebody prints a tree in. */
export function printed(mln: Mln): readonly string[] {
  const known = ['json', 'yaml', 'xml'].filter(
    (format) => printHook(mln).call({ file: '', items: [] }, format) !== undefined,
  );
  return ['mln', ...known];
}
