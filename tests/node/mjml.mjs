// Compile the MJML on standard input with the reference compiler, without the remote fonts that it knows by name.
import { readFileSync } from "node:fs";
import mjml2html from "mjml";

const { html, errors } = await mjml2html(readFileSync(0, "utf8"), { fonts: {} });
console.log(JSON.stringify({ html, errors: errors.map(({ formattedMessage }) => formattedMessage) }));
