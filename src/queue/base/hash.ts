/**
 * A 32-bit hash after FNV-1a, two characters at a time, because every put is hashed. It serves to find and to compare, not
 * to protect: a client that can put can also put under new keys.
 * Source: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function hashText(text: string, seed = 0x811c9dc5): number {
  const { length } = text;
  let hash = seed ^ length;
  for (let index = 1; index < length; index += 2) {
    const pair = text.charCodeAt(index - 1) | (text.charCodeAt(index) << 16);
    hash = Math.imul(hash ^ pair, 0x01000193);
    // The upper half of a pair would never reach the lower half of the hash.
    hash ^= hash >>> 15;
  }
  if (length % 2 === 1) hash = Math.imul(hash ^ text.charCodeAt(length - 1), 0x01000193);
  return hash >>> 0;
}

/**
 * Spreads a difference in any bits over all bits: the last step of murmur3. The last characters of a text reach only few
 * bits of `hashText`, which is enough to compare, but not to use the hash as a random number.
 * Source: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp, fmix32
 */
export function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
