/** The state of the world for one host or switch; null is what a back end cannot know. */
export interface Status {
  readonly state: 'up' | 'down' | 'unknown';
  /** Whether a host that is up has told on its console that its boot is over. */
  readonly ready: boolean | null;
  /** Process or domain. */
  readonly id: number | null;
  /** Bytes of the physical host's memory. */
  readonly memory: number | null;
  /** Seconds of processor time since it started. */
  readonly cpu: number | null;
  /** Percent of one processor just now, where that was asked for; a guest with several can have more than 100. */
  readonly cpuPercent?: number | null;
  /** Bytes since it started. */
  readonly network: { readonly received: number; readonly sent: number } | null;
  readonly detail: string | null;
  /** A host that is down and whose memory is kept: the next start goes on with it, so its disks must not change. */
  readonly saved?: true;
}

/** What is wanted of a look at what runs. One command's looks may share one: what is asked of the machine is asked once. */
export interface Look {
  /** Whether figures are shown that take a while: percent of a processor. */
  readonly usage: boolean;
}

export const unknownStatus: Status = {
  state: 'unknown',
  ready: null,
  id: null,
  memory: null,
  cpu: null,
  network: null,
  detail: null,
};

/** The line that a guest writes on its console when its boot is over; it may go on behind. */
export function readyMark(host: string, project: string): string {
  return `mln: ${host}.${project} is ready`;
}
