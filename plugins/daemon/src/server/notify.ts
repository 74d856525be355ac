import type { Shell } from '@mln/core';

/** What systemd is told: sd_notify(3). */
export interface Notify {
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  status(text: string): Promise<void>;
}

/**
 * Tells systemd how the daemon does, where it has begun it, by systemd-notify(1): Node has no unix datagram sockets. That it
 * cannot be told is no reason to end.
 */
export function createNotify(shell: Shell, environment: NodeJS.ProcessEnv = process.env, pid = process.pid): Notify {
  const tell = async (...words: readonly string[]): Promise<void> => {
    if (!environment['NOTIFY_SOCKET']) return;
    await shell('systemd-notify', [`--pid=${pid}`, ...words], { timeout: 5000 }).catch(() => undefined);
  };
  // Since the machine started; the clock that systemd compares with.
  const now = (): string => String(process.hrtime.bigint() / 1000n);
  return {
    ready: () => tell('READY=1'),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${now()}`),
    stopping: () => tell('STOPPING=1'),
    status: (text) => tell(`STATUS=${text}`),
  };
}
