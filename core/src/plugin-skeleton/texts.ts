import { guestPath, LIMIT, type Naming } from './naming.js';

/** A project that uses the plug-in; `mln plugin check` tries it. */
export function exampleProject({ keyword }: Naming): string {
  return `global {
  project ${keyword}-example
}

host ada {
  ${keyword} "Hello from $hostname"
}
`;
}

export function readme(naming: Naming): string {
  const { packageName, keyword } = naming;
  const path = guestPath(naming);
  return `# ${packageName}

## Name

${keyword} – a text in the project file, in a file of its guests.

## Description

Writes what the keyword ${keyword} of a host says into \`${path}\` of its guest. A host that does not say it gets no
such file. A text that is longer than the option \`limit\` is refused when the project is read.

## Syntax

\`\`\`
host ada {
  ${keyword} "Hello from $hostname"
}
\`\`\`

## Options

* \`limit: NUMBER\` – how many characters a text may have; ${LIMIT} where left out.

## Hooks

keywords, resolveUnit, configureFilesystem.

## Examples

example.mln:

\`\`\`
mln plan -f example.mln ada ${path}
\`\`\`
`;
}

export function changelog({ packageName }: Naming): string {
  return `# ${packageName}\n\n## 0.1.0\n\n- The first version: the keyword and its file.\n`;
}

export const ignored = 'node_modules/\n*.tgz\n';
