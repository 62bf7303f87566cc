// Hashing by our own module, on a page without crypto.subtle: the scalar crate and the four lanes.

const load = async name => {
  const glue = await import(`/module/${name}/sealmark_bench_module.js`);
  await glue.default();
  return new glue.Bytes();
};

globalThis.bench = {
  /** MB/s of each way, median of `runs`, the ways in turn; `rounds` MiB in each of four lanes. */
  async measure(rounds, runs) {
    const plain = await load('plain');
    const simd = await load('simd');
    const ways = {
      'sha2 crate 0.10': () => plain.sha2_crate_0_10(rounds),
      'sha2 crate 0.11': () => plain.sha2_crate(rounds),
      'sha2 crate 0.11, simd128': () => simd.sha2_crate(rounds),
      'four lanes': () => simd.four_lanes(rounds),
    };
    const digests = Object.values(ways).map(way => way().join());
    if (new Set(digests).size !== 1) throw new Error('digests differ');
    const speeds = Object.fromEntries(Object.keys(ways).map(name => [name, []]));
    for (let run = 0; run < runs; run++) {
      for (const [name, way] of Object.entries(ways)) {
        const begun = performance.now();
        way();
        speeds[name].push(4 * rounds * 1.048576 / (performance.now() - begun) * 1000);
      }
    }
    const medians = Object.entries(speeds).map(([name, all]) => [name, all.sort((a, b) => a - b)[runs >> 1]]);
    return { secure: isSecureContext, subtle: !!globalThis.crypto?.subtle, speeds: Object.fromEntries(medians) };
  },
};
