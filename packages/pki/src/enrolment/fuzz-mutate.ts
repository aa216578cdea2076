// For the tests: changes bytes at random, in ways that parsers trip over. The same seed gives the same changes.

export type Random = (below: number) => number

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  // Mulberry32: small and good enough to choose test inputs.
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T
}

/** One to four changes. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let mutated = Buffer.from(bytes)
  for (let left = 1 + random(4); left > 0; left -= 1) mutated = pick(random, changes)(random, mutated)
  return mutated
}

/** One octet is another one: the lengths around it stay right. */
export function flip(random: Random, bytes: Buffer): Buffer {
  const at = random(bytes.length)
  return replaced(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random(8))))
}

type Change = (random: Random, bytes: Buffer) => Buffer<ArrayBuffer>
const noise = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => random(256)))
const replaced = (bytes: Buffer, at: number, length: number, by: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])
const changes: Change[] = [
  (random, bytes) => replaced(bytes, random(bytes.length), 1, noise(random, 1)),
  (random, bytes) => Buffer.from(flip(random, bytes)),
  // What lengths and tags are often confused with.
  (random, bytes) =>
    replaced(bytes, random(bytes.length), 1, Buffer.of(pick(random, [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xa0, 0xff]))),
  (random, bytes) => replaced(bytes, random(bytes.length), 2, Buffer.of(0x84, 0xff, 0xff, 0xff, 0xff)),
  (random, bytes) => Buffer.from(bytes.subarray(0, random(bytes.length))),
  (random, bytes) => replaced(bytes, random(bytes.length), random(32), Buffer.alloc(0)),
  (random, bytes) => replaced(bytes, random(bytes.length), 0, noise(random, 1 + random(64))),
  (random, bytes) => {
    const [from, length] = [random(bytes.length), 1 + random(64)]
    return replaced(bytes, random(bytes.length), 0, bytes.subarray(from, from + length))
  },
  (random, bytes) =>
    replaced(
      bytes,
      random(bytes.length),
      0,
      Buffer.alloc(1 + random(2_000), pick(random, ['0', 'A', '\0', '\r\n', ' '])),
    ),
  (_, bytes) => Buffer.concat([bytes, bytes]),
]
