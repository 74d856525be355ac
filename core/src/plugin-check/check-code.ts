import { createCommands } from '../commands.js';
import type { RunningPlugin } from '../guard-taps.js';
import type { LoadedPlugin, Mln } from '../kernel.js';
import { trialKernel, type Ground, type TrialKernel } from '../testing/trial-kernel.js';
import type { Findings } from './findings.js';
import { watched } from './watch-taps.js';

/**
 * Sets plug-ins up in a kernel that needs no machine, lets them bring keywords and verbs, and then once more beside the
 * others that are configured. Gives what they have brought; nothing where they cannot be set up.
 */
export async function checkCode(
  findings: Findings,
  ground: Ground,
  plugins: readonly LoadedPlugin[],
  others: readonly LoadedPlugin[],
): Promise<readonly RunningPlugin[]> {
  const kernel = await setUp(findings, ground, plugins);
  if (!kernel) return [];
  const { mln } = kernel;
  const names = plugins.map(({ name }) => name);
  const ours = mln.plugins.filter(({ name }) => names.includes(name));
  for (const plugin of ours) tellTaps(findings, plugin);
  const brought =
    attempt(findings, 'keywords', () => mln.keywords) && attempt(findings, 'verbs', () => verbsOf(kernel));
  if (!brought) return ours;
  for (const plugin of ours) {
    tellKeywords(findings, mln, plugin);
    tellVerbs(findings, kernel, plugin);
  }
  await besideOthers(findings, ground, plugins, others);
  return mln.plugins.filter(({ name }) => names.includes(name));
}

async function setUp(
  findings: Findings,
  ground: Ground,
  plugins: readonly LoadedPlugin[],
): Promise<TrialKernel | null> {
  const looked = plugins.map((plugin) => watched(plugin, findings));
  try {
    return await trialKernel(ground, looked, {});
  } catch (error) {
    findings.thrown('setup', error);
    return null;
  }
}

/** One that brings what another has already cannot be used beside it. */
async function besideOthers(
  findings: Findings,
  ground: Ground,
  plugins: readonly LoadedPlugin[],
  others: readonly LoadedPlugin[],
): Promise<void> {
  try {
    const kernel = await trialKernel(ground, [...others, ...plugins], {});
    void kernel.mln.keywords.places();
    verbsOf(kernel);
    if (others.length > 0) findings.ok('others', `it can be used beside ${others.length} that are configured`);
  } catch (error) {
    findings.thrown('others', error);
  }
}

function attempt(findings: Findings, what: string, act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    findings.thrown(what, error);
    return false;
  }
}

function verbsOf({ mln, verbs }: TrialKernel): ReturnType<typeof createCommands> {
  const commands = createCommands();
  for (const verb of verbs) commands.add(verb);
  mln.hooks.commands.call(commands);
  return commands;
}

function tellTaps(findings: Findings, { name, taps }: RunningPlugin): void {
  if (taps.length === 0)
    findings.warn('taps', `${name} taps no hook: it does nothing`, { hint: "mln.hooks.keywords.tap('…', …)" });
  else findings.ok('taps', [...new Set(taps.map(({ hook }) => hook))].join(', '));
}

function tellKeywords(findings: Findings, { keywords: table }: Mln, { keywords }: RunningPlugin): void {
  const declared = keywords.flatMap((each) => {
    const [, place = '', name = ''] = /^(.*?)\.(.*)$/s.exec(each) ?? [];
    const found = table.find(place, name);
    return found ? [{ ...found, called: each }] : [];
  });
  for (const { called, help, example, kind } of declared) {
    if (help.trim() === '')
      findings.wrong('keywords', `${called} has no help`, { hint: 'one sentence: mln explain shows it' });
    else if (!/[.!?]$/.test(help.trim()))
      findings.warn('keywords', `the help of ${called} is no whole sentence: ${help}`);
    if (example === undefined && kind !== 'flag')
      findings.warn('keywords', `${called} has no example`, { hint: 'one line of a project: mln explain shows it' });
  }
  if (declared.length > 0) findings.ok('keywords', declared.map(({ called }) => called).join(', '));
}

function tellVerbs(findings: Findings, kernel: TrialKernel, { verbs }: RunningPlugin): void {
  const own = verbsOf(kernel).all.filter(({ name }) => verbs.includes(name));
  for (const { name, summary, options = [] } of own) {
    if (summary.trim() === '')
      findings.wrong('verbs', `${name} has no summary`, { hint: 'one sentence: mln --help shows it' });
    for (const { flags, help } of options)
      if (help.trim() === '') findings.warn('verbs', `the option ${flags} of ${name} has no help`);
  }
  if (own.length > 0) findings.ok('verbs', [...new Set(own.map(({ name }) => name))].join(', '));
}
