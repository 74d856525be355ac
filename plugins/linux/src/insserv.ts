/*
 * Debian's sysvinit starts what insserv(8) has listed in makefiles beside the scripts, and looks at the links in rcN.d
 * only for what is listed there. A script that is new has to stand in both; insserv itself would find it by its header.
 */

/** Lists a script as the last one of `.depend.start`: after all others. */
export function startLast(makefile: string, script: string): string {
  const targets = targetsOf(makefile);
  if (targets.includes(script)) return makefile;
  const rest = withTargets(makefile, [...targets, script]);
  return `${rest}${script}: ${targets.join(' ')}\n`;
}

/** Lists a script as the first one of `.depend.stop`: all others wait for it. */
export function stopFirst(makefile: string, script: string): string {
  const targets = targetsOf(makefile);
  if (targets.includes(script)) return makefile;
  return targets.reduce(
    (text, target) => {
      const line = new RegExp(`^${target.replaceAll('.', '\\.')}:.*$`, 'm');
      return line.test(text) ? text.replace(line, (found) => `${found} ${script}`) : `${text}${target}: ${script}\n`;
    },
    withTargets(makefile, [script, ...targets]),
  );
}

function targetsOf(makefile: string): string[] {
  return (/^TARGETS = (.*)$/m.exec(makefile)?.[1] ?? '').split(' ').filter((target) => target !== '');
}

function withTargets(makefile: string, targets: readonly string[]): string {
  return makefile.replace(/^TARGETS = .*$/m, () => `TARGETS = ${targets.join(' ')}`).replace(/\n*$/, '\n');
}
