/**
 * Tells whether a whole text matches a pattern, in which `*` stands for any characters and `?` for one. It takes at
 * most as many steps as one is long for each character of the other.
 */
export function matches(pattern: string, text: string): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let behindStar = 0;
  while (inText < text.length) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      behindStar = inText;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText])) {
      at += 1;
      inText += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1;
      behindStar += 1;
      inText = behindStar;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
