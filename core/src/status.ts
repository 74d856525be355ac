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
  /** Bytes since it started. */
  readonly network: { readonly received: number; readonly sent: number } | null;
  readonly detail: string | null;
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
