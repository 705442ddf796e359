/** What the host that a URL asks may be called in an option: `api.example.com` and `api.example.com:443`; none for no URL. */
export function hostNames(url: string): readonly string[] {
  if (!URL.canParse(url)) return [];
  const { protocol, hostname, port } = new URL(url);
  return [hostname, `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`];
}
