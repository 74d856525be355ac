import { expect, test } from '@jest/globals';
import { readProject } from '../src/read-project.js';
import { fakeMln } from './fake-hypervisor.js';

/* What transformTree reads of a tree before its values are read. */

const text = `global { project p; $net = 10.0.0 }
superclass s { network eth0 { bridge $[project]-$hostname } }
host $[project]-a { superclass s; network eth0 { address $net.7 } }`;

test('a block is read with what it inherits, and with the variables that mln sets', async () => {
  const mln = await fakeMln('/');
  const seen: (string | null | undefined)[] = [];
  mln.hooks.transformTree.tap('look', (tree, context) => {
    for (const block of tree.items) {
      if (block.kind !== 'block' || block.keyword !== 'host') continue;
      const card = context.view(tree, block).named('network').get('eth0');
      seen.push(card?.word('bridge'), card?.word('address'), context.global(tree).variable('project'));
    }
    return tree;
  });
  const { project, warnings } = await readProject(mln, '/p.mln', { text });
  expect(seen).toEqual(['p-p-a', '10.0.0.7', 'p']);
  expect(project.hosts[0]?.interfaces[0]?.bridge).toBe('p-p-a');
  expect(warnings.filter(({ code }) => code === 'MLN_NO_VARIABLE')).toEqual([]);
});

test('a project without a name is told once, however often it is read', async () => {
  const mln = await fakeMln('/');
  mln.hooks.transformTree.tap('look', (tree, context) => {
    context.global(tree);
    context.global(tree);
    return tree;
  });
  await expect(readProject(mln, '/p.mln', { text: 'global { }' })).rejects.toMatchObject({
    problems: [{ code: 'MLN_NO_PROJECT_NAME' }],
  });
});
