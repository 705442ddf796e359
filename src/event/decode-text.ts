/** `bytes` as text, undefined where the charset is unknown. */
export function decodeText(bytes: Buffer, charset: string): string | undefined {
  if (charset === '' || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii') {
    const text = bytes.toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined;
  }
}
