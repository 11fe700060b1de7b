// Reads the collections in a folder with Bruno's own parser. It prints each file as JSON: {"path": ..., "read": ...}.
const fs = require("node:fs");
const path = require("node:path");
const { bruToEnvJsonV2, bruToJsonV2, collectionBruToJson } = require("@usebruno/lang");

for (const name of fs.readdirSync(process.argv[2], { recursive: true })) {
  if (!name.endsWith(".bru")) continue;
  const parse = name.includes("environments") ? bruToEnvJsonV2 : name.endsWith("collection.bru") ? collectionBruToJson : bruToJsonV2;
  const read = parse(fs.readFileSync(path.join(process.argv[2], name), "utf8"));
  console.log(JSON.stringify({ path: name, read }));
}
