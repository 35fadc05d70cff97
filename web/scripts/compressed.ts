import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** What gains from being compressed. */
const TEXT = /\.(?:js|css|html|svg|json)$/;
/** What is smaller than this fits into one packet anyhow. */
const LEAST_BYTES = 1_024;

/** Lays `.br` and `.gz` beside each built text, for servers that hand them out as they are. */
export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle(options) {
      const folder = options.dir;
      if (!folder) return;
      const names = await readdir(folder, { recursive: true });
      await Promise.all(
        names.filter((name) => TEXT.test(name)).map((name) => compress(join(folder, name))),
      );
    },
  };
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length < LEAST_BYTES) return;
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params: quality }),
    promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
}
