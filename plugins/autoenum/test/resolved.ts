import { isMlnError, type Plugin, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import uml from '@mln/plugin-uml';
import { readProject, type ReadProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

/** What is at hand for a block: a superclass `node`, on a switch, and what else is given. */
export interface Around {
  readonly others?: string;
  readonly scale?: string | readonly string[];
  readonly plugins?: readonly Plugin[];
}

/** Reads a project whose global block holds this, from its second line on. */
export async function read(inGlobal: string, { others = '', scale, plugins = [] }: Around = {}): Promise<ReadProject> {
  const mln = await testKernel([...plugins, autoenum, [uml, { default: true }]]);
  const superclass = 'superclass node { memory 64M; network eth0 { switch lan } }';
  const text = `global { project p\n${inGlobal}\n}\n${superclass}\nswitch lan { }\n${others}`;
  return readProject(mln, '/x.mln', { text, options: { scale } });
}

/** Each host as `name address server`; or, where something is wrong, its errors as `line:column code message | hint`. */
export async function outline(inGlobal: string, around: Around = {}): Promise<string[]> {
  try {
    return outlineOf((await read(inGlobal, around)).project);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ code, message, place, hint }) => {
        const where = place ? `${place.line}:${place.column}` : '-';
        return `${where} ${code} ${message}${hint === undefined ? '' : ` | ${hint}`}`;
      });
  }
}

function outlineOf({ hosts }: Project): string[] {
  return hosts.map(({ name, interfaces, serviceHost }) => {
    const addresses = interfaces.flatMap((each) => each.addresses.map(({ address, prefix }) => `${address}/${prefix}`));
    return [name, ...addresses, ...(serviceHost === null ? [] : [serviceHost])].join(' ');
  });
}
