// Prints how fast each way of hashing is in Chromium, in MB/s: the median and the best of many short runs, taken in turn
// so that a busy moment of the machine meets all of them. The ratios are of the best, which others' load disturbs least.
// `node hash.mjs FOLDER`, with what `cargo xtask bench-hash` built in FOLDER.
import { page } from './module.mjs';

const ROUNDS = 4;
const RUNS = 41;

const measured = await page(process.argv[2], (opened) => opened.evaluate(measure, { rounds: ROUNDS, runs: RUNS }));

console.log(`${'MB/s'.padEnd(42)} ${'median'.padStart(6)} ${'best'.padStart(6)}`);
for (const { name, median, best } of measured) {
  console.log(`${name.padEnd(42)} ${String(Math.round(median)).padStart(6)} ${String(Math.round(best)).padStart(6)}`);
}
const of = (name) => measured.find((one) => one.name === name).best;
console.log(`four lanes / sha2 crate without SIMD        ${(of('four lanes') / of('sha2 crate')).toFixed(2)}`);
console.log(`four lanes / sha2 crate with simd128        ${(of('four lanes') / of('sha2 crate, simd128')).toFixed(2)}`);

async function measure({ rounds, runs }) {
  const load = async (folder) => {
    const glue = await import(`/${folder}/sealmark_bench_module.js`);
    await glue.default();
    return new glue.Bytes();
  };
  const plain = await load('plain');
  const simd = await load('simd');
  const part = crypto.getRandomValues(new Uint8Array(65_536));
  const parts = Array.from({ length: 4 }, () => {
    const bytes = new Uint8Array(rounds << 20);
    for (let at = 0; at < bytes.length; at += part.length) bytes.set(part, at);
    return bytes;
  });
  const ways = {
    'sha2 crate': () => plain.sha2_crate(rounds),
    'sha2 crate, simd128': () => simd.sha2_crate(rounds),
    'one lane': () => simd.one_lane(rounds),
    'four lanes': () => simd.four_lanes(rounds),
    'four lanes without simd128': () => plain.four_lanes(rounds),
    'crypto.subtle, four parts at once': () => Promise.all(parts.map((bytes) => crypto.subtle.digest('SHA-256', bytes))),
    'CRC64NVME': () => simd.crc64nvme(rounds),
  };
  const digests = ['sha2 crate', 'sha2 crate, simd128', 'one lane', 'four lanes'].map((name) => ways[name]().join());
  if (new Set(digests).size !== 1) throw new Error(`digests differ: ${digests.join('\n')}`);
  const speeds = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const begun = performance.now();
      await way();
      speeds[name].push((4 * rounds * 1.048576) / ((performance.now() - begun) / 1000));
    }
  }
  return Object.entries(speeds).map(([name, of]) => {
    of.sort((a, b) => a - b);
    return { name, median: of[runs >> 1], best: of[runs - 1] };
  });
}
