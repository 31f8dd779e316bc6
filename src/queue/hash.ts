/**
 * A 32-bit FNV-1a hash. It serves to find and to compare, never to protect: who can put can also put under new keys.
 * Source: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
