import type { Found, Place, View } from '@mln/core';

/** Finds the row of a list that stands at a place, to tell of it; the keyword itself where no file holds it. */
export function rowAt(block: View, keyword: string, place: Place | null): Found | string {
  const rows = block.layers.flatMap((layer, index) =>
    layer.items.flatMap((item) =>
      item.kind === 'block' ? item.items.map((row) => ({ item: row, layer: index })) : [],
    ),
  );
  return rows.find(({ item }) => item.place !== null && item.place === place) ?? keyword;
}
