/**
 * What stands in the first `<name>` of an XML text, as it stands there. This is no XML parser, on purpose: it expands no entities, knows no
 * nesting and takes two scans (T40).
 */
export function xmlElement(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return undefined;
  const from = start + name.length + 2;
  const end = xml.indexOf(`</${name}>`, from);
  return end === -1 ? undefined : xml.slice(from, end);
}
