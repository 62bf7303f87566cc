// mozjpeg and libjpeg-turbo as sharp runs them. Arguments: the folder of the inputs, that of the files.
import { join } from "node:path";
import sharp from "sharp";

const [inputs, out] = process.argv.slice(2);
sharp.concurrency(1);

/** Writes one file. */
async function write(name, source, options, change = (picture) => picture) {
    const picture = change(sharp(join(inputs, `${source}.png`)));
    await picture.jpeg(options).toFile(join(out, `${name}.jpg`));
}

for (const source of ["astronaut", "chelsea", "noise", "one", "seven", "seventeen", "checker", "flat", "gradient"]) {
    await write(`${source}-mozjpeg`, source, { mozjpeg: true });
}
for (const quality of [1, 30, 60, 90, 100]) {
    await write(`rocket-mozjpeg-${quality}`, "rocket", { mozjpeg: true, quality });
}
for (const quantisationTable of [0, 1, 2, 4, 5, 6, 7, 8]) {
    await write(`coffee-mozjpeg-table-${quantisationTable}`, "coffee", { mozjpeg: true, quantisationTable });
}
const sequential = { progressive: false, optimiseScans: false };
await write("coffee-trellis", "coffee", { ...sequential, trellisQuantisation: true, overshootDeringing: true });
await write("coffee-trellis-444", "coffee", { ...sequential, trellisQuantisation: true, chromaSubsampling: "4:4:4" });
await write("coffee-mozjpeg-sequential", "coffee", { mozjpeg: true, ...sequential });
await write("coffee-mozjpeg-444", "coffee", { mozjpeg: true, chromaSubsampling: "4:4:4" });
await write("coffee-default", "coffee", {});
await write("coffee-not-optimised", "coffee", { optimiseCoding: false });
await write("coffee-progressive", "coffee", { progressive: true });
await write("coffee-gray", "coffee", { mozjpeg: true }, (picture) => picture.grayscale());
await write("coffee-cmyk", "coffee", { mozjpeg: true }, (picture) => picture.toColourspace("cmyk"));
await write("coffee-cmyk-sequential", "coffee", sequential, (picture) => picture.toColourspace("cmyk"));
for (const orientation of [3, 6, 7]) {
    await write(`coffee-orientation-${orientation}`, "coffee", { mozjpeg: true }, (picture) =>
        picture.withMetadata({ orientation }),
    );
}
