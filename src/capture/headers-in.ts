/** The headers in the text of a message's head: name, value, name, value …, as sent. */
export function headersIn(head: string): string[] {
  const headers: string[] = [];
  let start = head.indexOf('\r\n') + 2;
  for (let end = head.indexOf('\r\n', start); end > start; end = head.indexOf('\r\n', start)) {
    const colon = head.indexOf(': ', start);
    headers.push(head.slice(start, colon), head.slice(colon + 2, end));
    start = end + 2;
  }
  return headers;
}
