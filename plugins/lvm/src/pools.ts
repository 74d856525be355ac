import { failure, formatSize, MiB, type Host } from '@mln/core';
import { groupOf, poolOf } from './store.js';
import type { Volume } from './volumes.js';

/** Percent of a thin pool: a guest whose pool is full is suspended in the middle of a write. */
const FULL = 95;
const NEARLY_FULL = 80;

/** A thin pool. */
interface Pool {
  readonly group: string;
  readonly name: string;
}

/** The pools that the disks of hosts are taken from. */
export function poolsOf(hosts: readonly Host[]): readonly Pool[] {
  const pools = hosts.flatMap((host): Pool[] => {
    const name = poolOf(host);
    return name === null ? [] : [{ group: groupOf(host), name }];
  });
  return [...new Map(pools.map((pool) => [`${pool.group}/${pool.name}`, pool])).values()];
}

/** What is wrong with a pool that volumes are to be taken from. */
export function poolErrors({ group, name }: Pool, volumes: readonly Volume[]): Error[] {
  const found = volumes.find((volume) => volume.group === group && volume.name === name);
  if (!found)
    return [
      failure('MLN_NO_GROUP', `there is no thin pool ${group}/${name}`, {
        hint: `lvcreate --type thin-pool --size SIZE --name ${name} ${group}, or leave the option thinPool out`,
      }),
    ];
  // Which volume has which chunk takes room of its own, and is not to be full either.
  const [used, noted] = [found.used ?? 0, found.noted ?? 0];
  const hint = (what: string): string =>
    `nothing was changed; ${what} ${group}/${name}: guests in a pool that is full stand still`;
  if (used > FULL)
    return [
      failure('MLN_NO_SPACE', `the thin pool ${group}/${name} is full to ${used} percent`, {
        hint: hint('lvextend --size +SIZE'),
      }),
    ];
  if (noted > FULL)
    return [
      failure('MLN_NO_SPACE', `the metadata of the thin pool ${group}/${name} is full to ${noted} percent`, {
        hint: hint('lvextend --poolmetadatasize +SIZE'),
      }),
    ];
  return [];
}

/** What is said of a pool that volumes can be taken from, and that needs somebody to look after it. */
export function poolNotes({ group, name }: Pool, volumes: readonly Volume[]): string[] {
  const found = volumes.find((volume) => volume.group === group && volume.name === name);
  if (!found) return [];
  const [used, noted] = [found.used ?? 0, found.noted ?? 0];
  const nearlyFull = Math.max(used, noted) >= NEARLY_FULL && used <= FULL && noted <= FULL;
  const left = formatSize(Math.floor((found.size * (100 - used)) / 100 / MiB) * MiB);
  return [
    ...(nearlyFull
      ? [
          `the thin pool ${group}/${name} is used to ${used} percent, its metadata to ${noted}: ${left} are left for all volumes in it`,
        ]
      : []),
    ...(found.wipes
      ? []
      : [
          `the thin pool ${group}/${name} hands out what earlier volumes held, unwiped: lvchange --zero y ${group}/${name}`,
        ]),
  ];
}
