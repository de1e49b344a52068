// PDF files for tests, written by hand: pages of lines in Helvetica, and what they should not be.

/** The objects one behind the other, with their table and the trailer. */
function assemble(objects, trailer) {
  const pieces = [Buffer.from('%PDF-1.7\n')];
  const offsets = [];
  let at = pieces[0].length;
  const push = (text) => {
    const bytes = Buffer.from(text, 'latin1');
    pieces.push(bytes);
    at += bytes.length;
  };
  objects.forEach((object, index) => {
    offsets.push(at);
    push(`${index + 1} 0 obj\n${object}\nendobj\n`);
  });
  const table = at;
  push(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`);
  for (const offset of offsets) push(`${String(offset).padStart(10, '0')} 00000 n \n`);
  push(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${table}\n%%EOF\n`);
  return Buffer.concat(pieces);
}

const escaped = (text) => text.replace(/[\\()]/g, '\\$&');

/**
 * A file of these pages, each an array of lines. Options: title (also as "<hex>"), font (what its
 * dictionary holds), hex (lines are bytes in that font), encrypted (by a password that nobody knows).
 */
export function makePdf(pages, { title, font = '/Subtype /Type1 /BaseFont /Helvetica', encrypted, hex } = {}) {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '', `<< /Type /Font ${font} >>`,
    `<< /Title ${title?.startsWith('<') ? title : `(${escaped(title ?? '')})`} >>`];
  const kids = pages.map((lines) => {
    const shown = lines.map((line) => (hex ? `<${line}> Tj 0 -14 Td` : `(${escaped(line)}) Tj 0 -14 Td`));
    const content = `BT /F1 12 Tf 72 720 Td ${shown.join('\n')} ET`;
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${objects.length} 0 R ` +
      '/Resources << /Font << /F1 3 0 R >> >> >>');
    return `${objects.length} 0 R`;
  });
  objects[1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.join(' ')}] >>`;
  const secret = `<${'5a'.repeat(32)}>`;
  return assemble(objects, `/Info 4 0 R ${encrypted
    ? `/ID [${secret} ${secret}] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ${secret} /U ${secret} >>` : ''}`);
}
