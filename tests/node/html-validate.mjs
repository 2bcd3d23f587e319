// Say what html-validate finds in the HTML on standard input, with all that it recommends.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const validator = new HtmlValidate({ root: true, extends: ["html-validate:recommended"] });
const { results } = await validator.validateString(readFileSync(0, "utf8"));
const messages = results.flatMap(({ messages }) => messages);
console.log(JSON.stringify(messages.map(({ ruleId, message, line }) => ({ ruleId, message, line }))));
