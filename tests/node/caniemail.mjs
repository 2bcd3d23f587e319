// Say which features of the HTML on standard input mail programs lack, by the data of caniemail.com.
//
// Two things that the package leaves out are added: what stands inside of @media, and Outlook.com, which is in
// its data but not in its list of programs; the new Outlook for Windows shows mail as Outlook.com does.
// One is left out: Windows Mail, which is no more.
import { readFileSync } from "node:fs";
import { caniemail, parseHtml, rawData } from "caniemail";
import { clientNames } from "./node_modules/caniemail/dist/clients.js";

clientNames.push("outlook.outlook-com");
const clients = clientNames.filter((name) => /^(apple-mail|gmail|outlook|yahoo)\.(?!windows-mail)/.test(name));

const html = readFileSync(0, "utf8");
const media = parseHtml(html).stylesheets.flatMap(({ stylesheet }) =>
  stylesheet.rules.filter(({ type }) => type === "media"),
);
const inside = media.flatMap(({ rules }) => rules.map(written)).join("\n");
const lacking = [...checked({ html }), ...checked({ css: inside }), ...media.flatMap(queried)];
console.log(JSON.stringify(lacking));

function checked(source) {
  const { issues } = caniemail({ clients, ...source });
  return [...issues.errors, ...issues.warnings].flatMap(([client, found]) =>
    found.map(({ title, support }) => ({ client, title, support })),
  );
}

function written({ selectors, declarations }) {
  return `${selectors} { ${declarations.map(({ property, value }) => `${property}: ${value};`).join(" ")} }`;
}

function queried({ media: query }) {
  const names = [...query.matchAll(/\(([a-z-]+)/g)].map(([, name]) => `@media (${name})`);
  return rawData.data
    .filter(({ title }) => names.includes(title))
    .flatMap(({ title, stats }) =>
      clients.map((client) => ({ client, title, support: newest(stats, ...client.split(".")) })),
    )
    .filter(({ support }) => support !== "full");
}

function newest(stats, family, platform) {
  const said = Object.entries(stats[family][platform]).sort().at(-1)[1];
  return { y: "full", n: "none" }[said[0]] ?? "partial";
}
