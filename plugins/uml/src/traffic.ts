import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status, Unit } from '@mln/core';
import { tapOf } from './uplink.js';

/**
 * Bytes that went through a unit's taps since it was started, as the guest sees them: what the physical host sends it
 * receives. The counters are those of the network namespace that the process lives in, minus what the start script
 * found. Null where the unit has no tap.
 */
export function trafficOf(unit: Unit, folder: string, pid: number): Status['network'] {
  const taps = unit.kind === 'host' ? unit.interfaces.flatMap((card) => tapOf(card) ?? []) : [unit.tap ?? []].flat();
  if (taps.length === 0) return null;
  const now = counters(`/proc/${pid}/net/dev`);
  const before = counters(join(folder, 'net.before'));
  const found = taps.flatMap((tap) => {
    const present = now.get(tap);
    if (!present) return [];
    const past = before.get(tap) ?? { received: 0, sent: 0 };
    return [{ received: present.sent - past.sent, sent: present.received - past.received }];
  });
  if (found.length === 0) return null;
  const sum = (which: 'received' | 'sent'): number => found.reduce((total, each) => total + each[which], 0);
  return { received: sum('received'), sent: sum('sent') };
}

/** Bytes received and sent by each interface, from /proc/net/dev, proc(5): the first and the ninth number. */
function counters(path: string): ReadonlyMap<string, { received: number; sent: number }> {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // It was never started, or has just ended.
  }
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name = '', numbers] = line.split(':');
      if (numbers === undefined) return [];
      const fields = numbers.trim().split(/\s+/).map(Number);
      return [[name.trim(), { received: fields[0] ?? 0, sent: fields[8] ?? 0 }]];
    }),
  );
}
