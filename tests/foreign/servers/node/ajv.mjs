// Validates files with a JSON Schema (2020-12): node ajv.mjs SCHEMA FILE... prints a line for each file.
import {readFileSync} from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const [schema, ...files] = process.argv.slice(2).map(path => JSON.parse(readFileSync(path, "utf8")));
// The strict mode refuses what is only unusual; formats need another package.
const validate = new Ajv2020({strict: false, validateFormats: false, allErrors: true}).compile(schema);
for (const file of files) {
  console.log(validate(file) ? "valid" : validate.errors.map(({instancePath, message}) => `${instancePath} ${message}`).join("; "));
}
