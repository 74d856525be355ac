import { guestPath, LIMIT, type Naming } from './naming.js';

/** The tests: of what is written, of what is refused, and that a guest configured twice stays as it is. */
export function testFile(naming: Naming): string {
  const { keyword, identifier } = naming;
  const path = guestPath(naming);
  return `// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMlnError } from '@mln/core';
import { tryPlugin } from '@mln/core/testing';
import ${identifier} from '../src/index.js';

/**
 * A project of one host.
 *
 * @param {string} lines what the host says
 */
const project = (lines) => \`global { project lab }
host ada {
  \${lines}
}
\`;

test('the text lies in the guest', async () => {
  const { file, entry, warnings } = await tryPlugin(${identifier}, project('${keyword} "Hello from $hostname"'));
  assert.equal(file('ada', '${path}'), 'Hello from ada\\n');
  assert.equal(entry('ada', '${path}')?.mode, 0o644);
  assert.deepEqual(warnings, []);
});

test('a host that does not say it has no such file', async () => {
  const { file } = await tryPlugin(${identifier}, project(''));
  assert.equal(file('ada', '${path}'), null);
});

test('a text that is too long is refused, and its line is named', async () => {
  const long = project(\`${keyword} "\${'x'.repeat(${LIMIT + 1})}"\`);
  await assert.rejects(tryPlugin(${identifier}, long), (error) => {
    assert.ok(isMlnError(error));
    assert.equal(error.code, 'MLN_BAD_VALUE');
    assert.match(error.message, /ada: ${keyword} has ${LIMIT + 1} characters, and may have ${LIMIT}/);
    assert.equal(error.problems[0]?.place?.line, 3);
    return true;
  });
});

test('the option limit says what is too long', async () => {
  const long = project('${keyword} "more than eight"');
  await assert.rejects(tryPlugin(${identifier}, long, { options: { limit: 8 } }), { code: 'MLN_BAD_VALUE' });
  await tryPlugin(${identifier}, long, { options: { limit: 15 } });
});

test('the same configuration on top of itself changes nothing', async () => {
  const { again } = await tryPlugin(${identifier}, project('${keyword} "Hello"'));
  assert.deepEqual(await again(), new Map([['ada', []]]));
});
`;
}
