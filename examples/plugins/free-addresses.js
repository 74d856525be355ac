// @ts-check
/** @import { Address, Block, Mln } from '@mln/core' */

export const manifest = { name: 'free-addresses', version: '1.0.0', api: '^1.0.0' };

/** Finds addresses that no host has: by a verb, and for `address auto 10.0.0.0/24` in a project. @param {Mln} mln */
export default function freeAddresses(mln) {
  const { addressesOf, addressRows, addressText, failure, inNetwork, readNetwork, usableRange } = mln.core;
  /** @param {Address} network @param {Set<string | undefined>} taken @returns {Generator<string, undefined>} */
  function* freeIn(network, taken) {
    for (let [number, last] = usableRange(network); number <= last; number += 1)
      if (!taken.has(addressText(number))) yield addressText(number);
  }

  mln.hooks.commands.tap('free-addresses', (commands) => {
    commands.add({
      name: 'free-addresses',
      summary: 'Shows the addresses of a network that no host of a built project has.',
      arguments: '<network>',
      options: [{ flags: '--json', help: 'print one JSON document' }],
      async run({ terminal }, [network = ''], { json }) {
        const built = (await mln.projects()).flatMap(addressesOf);
        const free = freeIn(readNetwork(network), new Set(built.map(({ address }) => address)));
        if (json) terminal.json({ network, free: [...free] });
        else for (const address of free) terminal.print(address);
        return mln.core.Exit.done;
      },
    });
  });

  // At a late stage: the hosts of autoenum and others are there by then.
  mln.hooks.transformTree.tapPromise({ name: 'free-addresses', stage: 50 }, async (tree, context) => {
    const cards = context.interfaces(tree);
    const built = (await mln.projects()).flatMap(addressesOf);
    const own = built.filter(({ project }) => project === context.global(tree).word('project'));
    const others = built.filter((each) => !own.includes(each)).map(({ address }) => address);
    const words = cards.flatMap(({ view }) => [view.word('gateway'), ...addressRows(view).flatMap((row) => row.words)]);
    const taken = new Set([...others, ...words.map((word) => word?.replace(/\/.*/, ''))]);
    const wanted = cards.flatMap(({ host, name, block, view }) => {
      const [auto, text = ''] = view.words('address') ?? [];
      if (auto !== 'auto') return [];
      const network = readNetwork(text, view.placeOf('address'));
      const old = own.find((each) => each.host === host && each.interface === name && inNetwork(each.address, network));
      return [{ name, block, view, network, address: taken.has(old?.address) ? undefined : old?.address }];
    });
    // Those that have one keep it, whoever comes before them.
    for (const { address } of wanted) if (address) taken.add(address);
    /** @type {Map<unknown, Block>} */
    const hosts = new Map();
    for (const { name, block, view, network, address = freeIn(network, taken).next().value } of wanted) {
      const place = view.placeOf('address');
      if (!address) throw failure('MLN_BAD_ADDRESS', 'the network has no free address left', { place });
      taken.add(address);
      const line = mln.core.statement('address', `${address}/${network.prefix}`);
      hosts.set(block, mln.core.withStatement(hosts.get(block) ?? block, [['network', name]], line));
    }
    return { ...tree, items: tree.items.map((item) => hosts.get(item) ?? item) };
  });
}
