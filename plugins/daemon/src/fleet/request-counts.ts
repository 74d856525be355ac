/** How many requests a daemon has answered since it was begun. */
export interface RequestCounts {
  count(method: string, status: number): void;
  all(): readonly { readonly method: string; readonly status: number; readonly count: number }[];
}

/** Whoever connects may name a method of any kind: these are told apart. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);

const known = new WeakMap<object, RequestCounts>();

/** The counts of a daemon. */
export function requestCounts(daemon: object): RequestCounts {
  const found = known.get(daemon) ?? createCounts();
  known.set(daemon, found);
  return found;
}

function createCounts(): RequestCounts {
  const counts = new Map<string, { readonly method: string; readonly status: number; count: number }>();
  return {
    count(given, status) {
      const method = methods.has(given) ? given : 'other';
      const key = `${method} ${status}`;
      const found = counts.get(key) ?? { method, status, count: 0 };
      found.count += 1;
      counts.set(key, found);
    },
    all: () => [...counts.values()],
  };
}
