// Writes src/api/schema.d.ts from openapi.json; with --check, says whether it is stale.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../openapi.json", import.meta.url);
const schema = new URL("../src/api/schema.d.ts", import.meta.url);
const HEAD = "// Written by `npm run client` from openapi.json. Do not edit.\n\n";

const api = JSON.parse(await readFile(document, "utf8"));
for (const path of Object.values(api.paths)) {
  // Operations are called by path and method here; without ids they are written in their place.
  for (const operation of Object.values(path)) delete operation.operationId;
}
const wanted = HEAD + astToString(await openapiTS(api, { alphabetize: true }));
if (process.argv.includes("--check")) {
  const found = await readFile(schema, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error("src/api/schema.d.ts is stale: run `npm run client`.");
    process.exit(1);
  }
} else {
  await writeFile(schema, wanted);
}
